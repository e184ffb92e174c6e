#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Put a 64-bit hypervisor image into a 32-bit ELF container.

    mkelf32.py build/tenon.elf build/tenon

Multiboot loaders (GRUB, `qemu -kernel`) want a 32-bit ELF file. Every PT_LOAD
of the input becomes one PT_LOAD at its physical address, and the entry point
becomes physical too. The Multiboot headers have to lie near the start of the
file (8 KiB for version 1, 32 KiB for version 2); this is checked here, because
a loader would only say "no multiboot header found". Sections that the linker
script lists fill whole pages: one that it does not list shows.
"""
import struct
import sys

PT_LOAD = 1
EHDR64 = "<16sHHIQQQIHHHHHH"
PHDR64 = "<IIQQQQQQ"
EHDR32 = "<16sHHIIIIIHHHHHH"
PHDR32 = "<IIIIIIII"
PAGE = 4096


def load_segments(data):
    ehdr = struct.unpack_from(EHDR64, data)
    if data[:6] != b"\x7fELF\x02\x01" or ehdr[2] != 62:
        sys.exit("mkelf32: input is not a little-endian x86-64 ELF file")
    entry, phoff, phentsize, phnum = ehdr[4], ehdr[5], ehdr[9], ehdr[10]
    segments = []
    for i in range(phnum):
        segment = struct.unpack_from(PHDR64, data, phoff + i * phentsize)
        if segment[0] == PT_LOAD and segment[6]:
            segments.append(segment)
    return entry, sorted(segments, key=lambda s: s[4])


def physical_entry(entry, segments):
    for _, _, _, vaddr, paddr, _, memsz, _ in segments:
        if vaddr <= entry < vaddr + memsz:
            entry += paddr - vaddr
            break
    if entry >= 1 << 32:
        sys.exit(f"mkelf32: entry point {entry:#x} is not below 4 GiB")
    return entry


def check_multiboot(image):
    """Find both headers where loaders look for them."""
    one = [at for at in range(0, min(8192, len(image)) - 12, 4)
           if image[at:at + 4] == struct.pack("<I", 0x1BADB002)
           and sum(struct.unpack_from("<3I", image, at)) & 0xFFFFFFFF == 0]
    two = [at for at in range(0, min(32768, len(image)) - 16, 8)
           if image[at:at + 4] == struct.pack("<I", 0xE85250D6)
           and sum(struct.unpack_from("<4I", image, at)) & 0xFFFFFFFF == 0]
    if not one:
        sys.exit("mkelf32: no Multiboot 1 header in the first 8 KiB")
    if not two:
        sys.exit("mkelf32: no Multiboot 2 header in the first 32 KiB")


def convert(data):
    entry, segments = load_segments(data)
    if not segments:
        sys.exit("mkelf32: nothing to load")
    flags = {4: 4, 5: 5, 6: 6, 7: 7}
    headers, body, offset = b"", b"", PAGE
    for _, pflags, start, vaddr, paddr, filesz, memsz, _ in segments:
        if paddr + memsz > 1 << 32:
            sys.exit(f"mkelf32: segment at {vaddr:#x} has no physical address "
                     f"below 4 GiB ({paddr:#x}); use AT() in the linker script")
        if (filesz | memsz) % PAGE:
            sys.exit(f"mkelf32: the segment at {vaddr:#x} has a section that "
                     "the linker script does not list: see the map")
        body += bytes(offset + paddr % PAGE - PAGE - len(body))
        at = PAGE + len(body)
        headers += struct.pack(PHDR32, PT_LOAD, at, paddr, paddr, filesz, memsz,
                               flags.get(pflags, 7), PAGE)
        body += data[start:start + filesz]
        offset = (PAGE + len(body) + PAGE - 1) // PAGE * PAGE
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    ehdr = struct.pack(EHDR32, ident, 2, 3, 1, physical_entry(entry, segments),
                       52, 0, 0, 52, 32, len(segments), 40, 0, 0)
    image = (ehdr + headers).ljust(PAGE, b"\0") + body
    check_multiboot(image)
    return image


def main():
    source, target = sys.argv[1:]
    image = convert(open(source, "rb").read())
    with open(target, "wb") as out:
        out.write(image)


if __name__ == "__main__":
    main()
