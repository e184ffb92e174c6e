#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the disk of a server: Debian 12 with GRUB for BIOS and UEFI.

    debian_server.py OUT     OUT becomes a raw image with a GPT

tests/system/test_server.py installs our package on it. It is what Debian's
installer leaves, as far as the package can see: the kernel, systemd, GRUB in
/boot/grub, a login on the serial line as root without a password. The system
is made as debian_disk.py says, the boot partition by mtools, and GRUB's first
sectors are written here. The result is kept in the user's cache, named by a hash
of this recipe.
"""
import pathlib
import struct
import sys
import tarfile

import gpt
from debian_disk import bootstrap, make_root, overlay, provide
from source_package import run

SECTOR, MIB = 512, 1 << 20
ROOT_MIB = 900
# label, type, first MiB, MiB
PARTITIONS = (("bios", gpt.BIOS_BOOT, 1, 1), ("esp", gpt.EFI_SYSTEM, 2, 8),
              ("root", gpt.LINUX, 10, ROOT_MIB),
              ("spare", gpt.LINUX, 10 + ROOT_MIB, 32))
# The rest of it is nobody's: docs/admin-guide.md makes partitions there.
DISK_MIB = 11 + ROOT_MIB + 32 + 3072

PACKAGES = """
systemd systemd-sysv udev kmod login passwd procps cpio
linux-image-amd64 initramfs-tools zstd e2fsprogs
grub-pc grub-efi-amd64-bin
gdisk
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


def build(work, log):
    tar = bootstrap(work, log, PACKAGES,
                    f"--essential-hook={overlay(work / 'early', FILES)}",
                    f"--customize-hook={overlay(work / 'late', LATE_FILES)}",
                    *(f"--customize-hook={h}" for h in HOOKS))
    with tarfile.open(tar) as archive:
        boot, core, efi = (
            archive.extractfile(f"./boot/grub/{name}").read() for name in
            ("i386-pc/boot.img", "i386-pc/core.img", "x86_64-efi/core.efi"))
    image = work / "disk.img"
    partition(image)
    write_bios_grub(image, boot, core)
    write_esp(image, work, log, efi)
    make_root(work, log, tar, image, f"{ROOT_MIB}M",
              f"-E offset={place('root')[0] * SECTOR}")
    return image


if __name__ == "__main__":
    provide("server", __file__, build, pathlib.Path(sys.argv[1]))
