#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generate the binary seeds of the fuzzers: make_corpus.py FOLDER.

The tree holds no binaries, so small kernels in every form that the loaders
know are made here, by the standard library alone. It has neither LZ4 nor
zstd; both formats can store data uncompressed, which is enough for a seed.
"""
import gzip
import lzma
import pathlib
import struct
import sys

import call_seeds

VIRT_BASE = 0xffffffff80000000
PADDR = 0x100000
CONTENTS = 0x400
SIZE = 0x600


def note(kind, contents):
    padding = bytes(-len(contents) % 4)
    return struct.pack("<III4s", 4, len(contents), kind,
                       b"Xen\0") + contents + padding


def number(kind, value):
    return note(kind, struct.pack("<Q", value))


def text(kind, value):
    return note(kind, value.encode() + b"\0")


IDENTITY = (text(5, "xen-3.0") + text(6, "linux") + text(8, "generic")
            + number(3, VIRT_BASE) + number(1, VIRT_BASE + PADDR + 0x10))
MORE = (number(2, VIRT_BASE + PADDR + 0x1000) + number(4, 0)
        + number(15, 0x8000000000) + number(16, 1) + number(14, 1)
        + number(17, 0x8801) + number(13, 1) + text(7, "2.6")
        + text(10, "!writable_page_tables|pae_pgdir_above_4gb"))
LEGACY = (b"GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,"
          b"ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x101,LOADER=generic,"
          b"FEATURES=!writable_page_tables|dom0\0")


def program_header(kind, offset, paddr, file_size, mem_size):
    return struct.pack("<IIQQQQQQ", kind, 7, offset, 0, paddr, file_size,
                       mem_size, 0x1000)


def section_header(name, kind, offset, size):
    return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 0,
                       0)


def elf(program_headers, notes, section=None):
    """Headers at 0, contents at CONTENTS, notes and sections behind."""
    names = b"\0" + (section[0] if section else b"") + b"\0"
    notes_at = SIZE
    names_at = notes_at + len(notes)
    sections_at = names_at + len(names)
    sections = b""
    if section:
        sections = (section_header(0, 3, names_at, len(names))
                    + section_header(1, section[1], notes_at, len(notes)))
    headers = b"".join(program_headers(notes_at, len(notes)))
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1,
                       VIRT_BASE + PADDR, 64, sections_at if section else 0,
                       0, 64, 56, len(headers) // 56, 64, len(sections) // 64,
                       0)
    image = (head + headers).ljust(CONTENTS, b"\0")
    image += bytes(i * 7 & 0xff for i in range(SIZE - CONTENTS))
    return image + notes + names + sections


def load(offset, paddr, mem_size):
    return program_header(1, offset, paddr, 0x100, mem_size)


def with_notes(offset, size):
    return [load(CONTENTS, PADDR, 0x3000),
            program_header(4, offset, 0, size, size)]


def two_segments(offset, size):
    return [load(CONTENTS, PADDR + 0x3000, 0x100)] + with_notes(offset, size)


def without_notes(_offset, _size):
    return [load(CONTENTS, PADDR, 0x3000)]


def elf_with_symbols():
    """An ELF file of a symbol table with two names, and nothing else."""
    names = b"\0start\0next\0"
    table = bytes(24) + struct.pack("<IBBHQQ", 1, 2, 0, 1, 0x1000, 16) + \
        struct.pack("<IBBHQQ", 7, 0, 0, 1, 0x1040, 0)
    at = 64 + 3 * 64

    def section(kind, offset, size, link=0):
        return struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, size, link,
                           0, 0, 0)

    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 64, 0, 64, 0, 0, 64, 3, 0)
    return header + section(0, 0, 0) + section(2, at, len(table), 2) + \
        section(3, at + len(table), len(names)) + table + names


ELF_SEEDS = {
    "least": elf(with_notes, IDENTITY),
    "all-notes": elf(two_segments, IDENTITY + MORE),
    "section": elf(without_notes, IDENTITY + MORE, (b".notes", 7)),
    "legacy": elf(without_notes, LEGACY, (b"__xen_guest", 1)),
    "no-notes": elf(without_notes, b""),
}


def pack_xz(data):
    filters = [{"id": lzma.FILTER_X86},
               {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    return lzma.compress(data, lzma.FORMAT_XZ, lzma.CHECK_CRC32,
                         filters=filters)


def pack_lz4(data):
    """One block: a single run of literals."""
    length = len(data) - 15
    block = b"\xf0" + b"\xff" * (length // 255) + bytes([length % 255]) + data
    return struct.pack("<II", 0x184c2102, len(block)) + block


def pack_zstd(data, run=False):
    """One frame with one block that is stored, or one byte repeated."""
    head = b"\x28\xb5\x2f\xfd" + b"\x00\x50"  # 1 MiB window, no checksum
    if run:
        return head + struct.pack("<I", 1 | 1 << 1 | 65536 << 3)[:3] + b"x"
    return head + struct.pack("<I", 1 | len(data) << 3)[:3] + data


def bzimage(payload):
    head = bytearray(3 * 512)
    head[0x1f1] = 1
    head[0x1fe:0x208] = b"\x55\xaa\0\0HdrS\x0f\x02"
    struct.pack_into("<II", head, 0x248, 0x200, len(payload))
    return bytes(head) + payload


def sized(stream, size):
    return stream + struct.pack("<I", size)


def bzimage_seeds():
    kernel = ELF_SEEDS["all-notes"]
    packed_gzip = gzip.compress(kernel, mtime=0)
    return {
        "plain": kernel,
        "gzipped": packed_gzip,
        "bz-plain": bzimage(kernel),
        "bz-gzip": bzimage(packed_gzip),
        "bz-xz": bzimage(sized(pack_xz(kernel), len(kernel))),
        "bz-lz4": bzimage(sized(pack_lz4(kernel), len(kernel))),
        "bz-zstd": bzimage(sized(pack_zstd(kernel), len(kernel))),
        "bz-zstd-run": bzimage(sized(pack_zstd(b"", run=True), 65536)),
    }


def xenstore_message(kind, payload, transaction=0, guest=0):
    return bytes([kind, transaction, guest, len(payload)]) + payload


def xenstore_seeds():
    message = xenstore_message
    return {
        "nodes": message(2, b"name\0") + message(11, b"data/a/b\0value") +
        message(1, b"data\0") + message(14, b"data/a\0n1\0r2\0") +
        message(3, b"data/a\0") + message(12, b"data/c\0") +
        message(13, b"data/a\0") + message(10, b"5\0"),
        "watches": message(4, b"data\0w\0") + message(11, b"data/x\0v") +
        message(4, b"/local/domain/2\0w\0") +
        message(11, b"data/y\0v", guest=1) + message(5, b"data\0w\0") +
        message(21, b"\0"),
        "transaction": message(6, b"\0") + message(11, b"data/x\0v", 1) +
        message(7, b"T\0", 1) + message(6, b"\0") +
        message(13, b"data/x\0", 2) + message(7, b"F\0", 2),
        "broken": message(255, b"\0" * 0, 0) + message(2, b"name\0"),
    }


def netback_step(*values):
    return bytes(values).ljust(8, b"\0")


def netback_seeds():
    step, work = netback_step, netback_step(7, 20)
    packet = step(0, 0, 1, 9, 0, 0, 200, 1)
    batch = (step(0, 0, 13, 1, 0, 30, 0, 1) + step(2, 1, 0, 1, 0, 1)
             + step(0, 1, 4, 2, 0, 16, 0, 1) + step(0, 2, 0, 3, 0, 13, 0, 1))
    return {
        "packets": b"\0" + work + packet * 5 + work + packet + work,
        "batch": b"\7" + work + batch + work,
        "receive": b"\7" + step(3, 1, 1, 20) + step(6, 0, 30, 0, 2, 90)
        + step(6, 3, 3, 0, 1) + step(3, 1, 2, 31) + work,
        "cut": b"\0" + step(3, 1, 1, 31) * 3 + step(6, 1, 30, 0, 2, 90) + work,
        "multicast": b"\x11" + step(0, 0, 8, 1) + step(2, 2, 0, 51) + work,
        "broken": b"\x20" + packet * 3 + step(4, 0, 100) + work
        + step(5, 1, 0) + work,
    }


DISK_SEEDS = {
    "places": b"/dev/vg/vol,raw,xvda,rw",
    "empty-format": b"/guests/x,,hdc,r,cdrom",
    "prefix": b"phy:vd0p2,sdb1,w",
    "ram": b"ram:64M/4096,xvdaa16",
    "names": b"format=raw, vdev=d1p3, access=ro, devtype=disk,"
             b"backendtype=phy,no-discard,target=/dev/a,b",
}


def blkback_seeds():
    """Steps of blkback_fuzz.c: requests, a run, completions, a reconnect."""
    segments = b"".join(bytes([n, 0, 7]) for n in range(11))
    read, write = b"\x01\x00\x0b\x00" + segments, b"\x01\x01\x02\x08" + segments
    barrier, flush = b"\x01\x02\x01\x00" + segments, b"\x01\x03\x00\x00"
    entries = b"".join(struct.pack("<IBBH", 32 + n, 0, 7, 0) for n in range(8))
    indirect = b"\x09\x05\x00" + entries + b"\x02\x00\x08\x00\x05"
    run, done = b"\x05\x04", b"\x07\x00\x01"
    again = b"\x06\x05\x06\x06\x06\x01\x04" + struct.pack("<4I", 0, 1, 0, 1) \
        + b"\x06\x03"
    seeds = {}
    for how in (0, 1, 2, 4, 5, 12):
        seeds[f"requests-{how}"] = bytes([how]) + read + write + run + \
            indirect + barrier + flush + run + done * 6 + again + read + run
    seeds["indices"] = b"\x05" + read + run + b"\x03\xff\xff\xff\xff" + run
    seeds["queues"] = b"\x04\x06\x06\x0a\x05\x02\x0a\x06\x05\x0a\x07\x03" \
        b"\x0a\x08\x06\x0a\x09\x04\x06\x01\x06\x03" + read + run
    seeds["death"] = b"\x05" + read + write + run + b"\x0b\x01"
    return seeds


def mbr_sector(*entries):
    """Entries are (type, first, count)."""
    table = b"".join(struct.pack("<B3xB3xII", 0, *e) for e in entries)
    return bytes(0x1be) + table.ljust(64, b"\0") + b"\x55\xaa"


def partition_seeds():
    """The fuzzer's disks: checksums are 0, sectors repeat to the end."""
    sizes = struct.pack("<BB", 0, 6)
    entry = b"\1" * 16 + b"\2" * 16 + struct.pack("<QQQ", 34, 50, 0)
    entry = (entry + "root".encode("utf-16le")).ljust(128, b"\0")
    header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0,
                         1, 63, 34, 60, b"\3" * 16, 2, 4, 128, 0)
    chain = mbr_sector((0x83, 1, 5), (5, 1, 2))
    return {
        "gpt": sizes + mbr_sector((0xee, 1, 63)) + header.ljust(512, b"\0")
        + entry + bytes(128) + entry + entry,
        "mbr": sizes + mbr_sector((0x83, 1, 3), (0x0f, 1, 60)) + chain + chain,
    }


def write(folder, seeds):
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in seeds.items():
        (folder / name).write_bytes(contents)


def numbered(seeds):
    return {f"{i:03}": seed for i, seed in enumerate(seeds)}


def main():
    root = pathlib.Path(sys.argv[1])
    write(root / "blkback", blkback_seeds())
    write(root / "disk", DISK_SEEDS)
    write(root / "elf", ELF_SEEDS)
    write(root / "symbols", {"elf": elf_with_symbols()})
    write(root / "bzimage", bzimage_seeds())
    write(root / "xenstore", xenstore_seeds())
    write(root / "netback", netback_seeds())
    write(root / "partition", partition_seeds())
    for name in call_seeds.SETS:
        write(root / name, numbered(call_seeds.seeds(name)))
    write(root / "emulate", numbered(call_seeds.emulate_seeds()))
    write(root / "pte", numbered(call_seeds.pte_seeds()))


if __name__ == "__main__":
    main()
