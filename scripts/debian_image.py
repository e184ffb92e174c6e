#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a disk with a Debian 12 system on it, for a guest to boot.

    debian_image.py OUT      OUT becomes a raw image: one ext4 file system

It is made as debian_disk.py says, and has systemd, a login on the console as
root without a password, an address by DHCP, its own kernel and initrd under
/boot with a menu for PV GRUB, and the programs that our tests run in it. Its
kernel is not the "cloud" one: that is packed with lz4, and PV GRUB unpacks gzip
and xz. The result is kept in the user's cache, named by a hash of this recipe.
"""
import pathlib
import sys

from debian_disk import bootstrap, make_root, overlay, provide

SIZE = "1536M"
PACKAGES = """
systemd systemd-sysv udev kmod login passwd procps dbus
linux-image-amd64 initramfs-tools zstd e2fsprogs
iproute2 iputils-ping wget iperf3 fio stress-ng
""".split()

FILES = {
    "etc/hostname": "guest\n",
    "etc/hosts": "127.0.0.1 localhost guest\n",
    "etc/fstab": "LABEL=root / ext4 errors=remount-ro 0 1\n",
    "etc/systemd/network/80-guest.network":
        "[Match]\nType=ether\n\n[Network]\nDHCP=ipv4\n",
    # An initrd for this guest, not for any machine: a tenth of the size.
    "etc/initramfs-tools/conf.d/guest": "MODULES=list\n",
    "etc/initramfs-tools/modules": "xen-blkfront\next4\ncrc32c_generic\n",
    # Emulated machines are slow: the console's device may take its time.
    "etc/systemd/system.conf.d/slow.conf":
        "[Manager]\nDefaultDeviceTimeoutSec=20min\n"
        "DefaultTimeoutStartSec=20min\n",
    "boot/grub/grub.cfg": """set timeout=3
set default=0
menuentry "Debian" {
	linux /vmlinuz root=LABEL=root console=hvc0
	initrd /initrd.img
}
menuentry "Debian, rescue shell" {
	linux /vmlinuz root=LABEL=root console=hvc0 systemd.unit=rescue.target
	initrd /initrd.img
}
""",
}

HOOKS = [
    'chroot "$1" passwd -d root',
    'chroot "$1" systemctl enable systemd-networkd',
    'chroot "$1" systemctl mask apt-daily.timer apt-daily-upgrade.timer '
    'e2scrub_all.timer e2scrub_reap.service fstrim.timer',
    'ln -sf /run/systemd/resolve/resolv.conf "$1/etc/resolv.conf" || true',
]


def build(work, log):
    # The files before the kernel's package, which makes the initrd.
    tar = bootstrap(work, log, PACKAGES,
                    f"--essential-hook={overlay(work / 'files', FILES)}",
                    *(f"--customize-hook={h}" for h in HOOKS))
    image = work / "disk.img"
    make_root(work, log, tar, image, SIZE)
    return image


if __name__ == "__main__":
    provide("debian", __file__, build, pathlib.Path(sys.argv[1]))
