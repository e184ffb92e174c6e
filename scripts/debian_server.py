#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the disk of a server: Debian 12 with GRUB for BIOS and UEFI.

    debian_server.py OUT     OUT becomes a raw image with a GPT

tests/system/test_server.py installs our package on it. It is what Debian's
installer leaves, as far as the package can see: the kernel, systemd, GRUB in
/boot/grub, a login on the serial line as root without a password. mmdebstrap
makes the system, mke2fs and mtools the file systems, and GRUB's first sectors
are written here, so nothing is mounted and no loop device is used. The result
is kept in the user's cache, named by a hash of this recipe.
"""
import hashlib
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile

import gpt
from debian_image import LEFT_OUT, system_sources
from source_package import CACHE, locked, run

SECTOR, MIB = 512, 1 << 20
ROOT_MIB = 900
# label, type, first MiB, MiB
PARTITIONS = (("bios", gpt.BIOS_BOOT, 1, 1), ("esp", gpt.EFI_SYSTEM, 2, 8),
              ("root", gpt.LINUX, 10, ROOT_MIB),
              ("spare", gpt.LINUX, 10 + ROOT_MIB, 32))
DISK_MIB = 11 + ROOT_MIB + 32

PACKAGES = """
systemd systemd-sysv udev kmod login passwd procps cpio
linux-image-amd64 initramfs-tools zstd e2fsprogs
grub-pc grub-efi-amd64-bin
""".split()

FILES = {
    "etc/hostname": "server\n",
    "etc/hosts": "127.0.0.1 localhost server\n",
    "etc/fstab": "LABEL=root / ext4 errors=remount-ro 0 1\n",
    # The disk of the machine, and that of a guest which boots this system.
    "etc/initramfs-tools/conf.d/server": "MODULES=list\n",
    "etc/initramfs-tools/modules":
        "virtio_pci\nvirtio_blk\nxen-blkfront\next4\ncrc32c_generic\n",
    # Emulated machines are slow: the console's device may take its time.
    "etc/systemd/system.conf.d/slow.conf":
        "[Manager]\nDefaultDeviceTimeoutSec=20min\n"
        "DefaultTimeoutStartSec=20min\n",
    "etc/default/grub.d/serial.cfg":
        'GRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX="console=ttyS0"\n'
        'GRUB_CMDLINE_LINUX_DEFAULT=""\nGRUB_TERMINAL=serial\n'
        'GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"\n',
}
# Behind the packages: with a menu there, theirs would run update-grub, which
# needs the running system.
LATE_FILES = {
    "boot/grub/grub.cfg": """serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
search --no-floppy --set=root --label root
linux /vmlinuz root=LABEL=root console=ttyS0
initrd /initrd.img
boot
""",
    "tmp/early.cfg": "search --no-floppy --set=root --label root\n"
                     "set prefix=($root)/boot/grub\n",
}

MODULES = "part_gpt ext2 search search_label"
HOOKS = [
    'chroot "$1" passwd -d root',
    'chroot "$1" systemctl mask apt-daily.timer apt-daily-upgrade.timer '
    'e2scrub_all.timer fstrim.timer',
    # What grub-install copies and makes.
    'for p in i386-pc x86_64-efi; do mkdir -p "$1/boot/grub/$p" && '
    'cp "$1"/usr/lib/grub/$p/*.mod "$1"/usr/lib/grub/$p/*.lst '
    '"$1/boot/grub/$p/"; done',
    'cp "$1/usr/lib/grub/i386-pc/boot.img" "$1/boot/grub/i386-pc/"',
    'chroot "$1" grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img '
    f'-p /boot/grub -c /tmp/early.cfg biosdisk {MODULES}',
    'chroot "$1" grub-mkimage -O x86_64-efi -o /boot/grub/x86_64-efi/core.efi '
    f'-p /boot/grub -c /tmp/early.cfg {MODULES}',
    'rm "$1/tmp/early.cfg"',
    'chroot "$1" grub-editenv /boot/grub/grubenv create',
    'chroot "$1" apt-get clean; rm -rf "$1"/var/lib/apt/lists/*',
]


def overlay(folder, files):
    """The hook that copies these files, laid out in `folder` as on the server."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return f'cp -dr --no-preserve=ownership "{folder}/." "$1/"'


def bootstrap(work, log):
    """A tar archive of the system; ownership is right in it whoever we are."""
    sources, tar = work / "sources", work / "system.tar"
    sources.write_text(system_sources(), encoding="utf-8")
    with open(sources, encoding="utf-8") as source, \
            open(log, "a", encoding="utf-8") as out:
        done = subprocess.run(
            ["mmdebstrap", "--variant=minbase",
             "--include=" + ",".join(PACKAGES),
             *(f"--dpkgopt=path-exclude={p}" for p in LEFT_OUT),
             f"--essential-hook={overlay(work / 'early', FILES)}",
             f"--customize-hook={overlay(work / 'late', LATE_FILES)}",
             *(f"--customize-hook={h}" for h in HOOKS), "bookworm", tar, "-"],
            stdin=source, stdout=out, stderr=out, cwd=work, check=False)
    if done.returncode:
        text = pathlib.Path(log).read_text(encoding="utf-8", errors="replace")
        sys.exit(f"{text[-4000:]}\ndebian_server: mmdebstrap failed")
    return tar


def place(label):
    """(first sector, number of sectors) of a partition."""
    first, size = next(p[2:] for p in PARTITIONS if p[0] == label)
    return first * MIB // SECTOR, size * MIB // SECTOR


def partition(image):
    with image.open("wb") as file:
        file.truncate(DISK_MIB * MIB)
    gpt.write(image, [(label, f"00000000-0000-4000-8000-{i:012}", first,
                       first + count - 1, kind)
                      for i, (label, kind, first, count) in enumerate(
                          (p[0], p[1], *place(p[0])) for p in PARTITIONS)])


def write_bios_grub(image, boot, core):
    """GRUB's first sector finds the second's; that finds the rest, which lies
    behind it [GRUB's boot.S and diskboot.S: kernel_sector, firstlist]."""
    start = place("bios")[0]
    boot, core = bytearray(boot), bytearray(core)
    struct.pack_into("<Q", boot, 0x5c, start)
    struct.pack_into("<Q", core, SECTOR - 12, start + 1)
    with image.open("r+b") as file:
        file.write(boot[:440])  # what is behind belongs to the partitions
        file.seek(start * SECTOR)
        file.write(core)


def write_esp(image, work, log, program):
    start, count = place("esp")
    (work / "grub.efi").write_bytes(program)
    at = f"{image}@@{start * SECTOR}"
    run(["mformat", "-i", at, "-v", "ESP", "-T", str(count), "::"], work, log)
    run(["mmd", "-i", at, "::/EFI", "::/EFI/BOOT"], work, log)
    run(["mcopy", "-i", at, "grub.efi", "::/EFI/BOOT/BOOTX64.EFI"], work, log)


def make_image(target):
    log = CACHE / "debian-server.log"
    log.unlink(missing_ok=True)
    print(f"debian_server: making a Debian server (log: {log})", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        work = pathlib.Path(folder)
        tar, image = bootstrap(work, log), work / "disk.img"
        with tarfile.open(tar) as archive:
            boot, core, efi = (
                archive.extractfile(f"./boot/grub/{name}").read() for name in
                ("i386-pc/boot.img", "i386-pc/core.img", "x86_64-efi/core.efi"))
        partition(image)
        write_bios_grub(image, boot, core)
        write_esp(image, work, log, efi)
        start = place("root")[0] * SECTOR
        # Ownership and device nodes exist for fakeroot's children alone.
        script = (f"mkdir root && tar -C root --numeric-owner -xf {tar} && "
                  f"mke2fs -q -t ext4 -L root -d root -E offset={start} "
                  f"{image} {ROOT_MIB}M && rm -rf root")
        run(["fakeroot", "sh", "-ec", script], work, log,
            {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        target.parent.mkdir(parents=True, exist_ok=True)
        image.rename(target)


def main():
    out = pathlib.Path(sys.argv[1])
    recipe = pathlib.Path(__file__).read_bytes()
    name = f"server-{hashlib.sha256(recipe).hexdigest()[:12]}.img"
    kept = CACHE / "images" / name
    CACHE.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with locked("debian-server"):
        if not kept.exists():
            make_image(kept)
    # Sparse, and atomic: a half-written image would look like a whole one.
    part = out.with_name(out.name + ".part")
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", kept, part],
                   check=True)
    part.rename(out)


if __name__ == "__main__":
    main()
