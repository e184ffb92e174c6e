#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the Debian guest's initramfs: busybox and a shell on the console.

    initramfs.py OUT [NAME=FILE ...]    each FILE is added as /NAME, executable
    initramfs.py --modules DIR OUT ...  and the kernel modules of DIR, which
                                        are loaded before anything else

A file /autorun is run on the console before the shell; when it ends, the guest
powers off. Tests use this for their workloads.
"""
import argparse
import gzip
import pathlib
import shutil
import subprocess
import sys

from cpio import Archive

INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /bin /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
hostname debian
for m in $(cat /lib/modules/order 2>/dev/null); do
	insmod /lib/modules/$m.ko 2>/dev/null
done
[ -e /sys/class/net/eth0 ] && ip link set eth0 up
exec /sbin/init
"""

# busybox's init gives the shell its terminal and makes `poweroff` work.
INITTAB = """::sysinit:/etc/rc
hvc0::respawn:-/bin/sh
::ctrlaltdel:/sbin/reboot
"""

RC = """#!/bin/sh
[ -x /autorun ] && { /autorun; poweroff -f; }
cat /etc/motd
"""

PROFILE = """export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root TERM=vt100
export PS1='debian# '
cd /root
"""

# `udhcpc` calls it with what it has learned.
DHCP = """#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr replace "$ip/$mask" dev "$interface"
[ -z "$router" ] || ip route replace default via "${router%% *}"
"""

MOTD = """
A Debian kernel as a paravirtualized guest, with busybox as its user space.
`udhcpc` asks for an address on a network card. `poweroff` ends it.

"""


def busybox():
    path = shutil.which("busybox")
    if not path:
        sys.exit("initramfs: busybox is missing (Debian: busybox-static)")
    shown = subprocess.run(["readelf", "-l", path], capture_output=True,
                           text=True, check=True).stdout
    if "INTERP" in shown:
        sys.exit(f"initramfs: {path} is not static (Debian: busybox-static)")
    return pathlib.Path(path).read_bytes()


def add_modules(archive, folder):
    """Those of another kernel do no harm: loading them fails."""
    archive.folder("lib")
    archive.folder("lib/modules")
    for path in sorted(folder.iterdir()):
        archive.file(f"lib/modules/{path.name}", path.read_bytes())


def build(extra, modules):
    archive = Archive()
    for folder in ("dev", "etc", "mnt", "proc", "root", "sys", "tmp"):
        archive.folder(folder)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    archive.file("bin/busybox", busybox(), 0o755)
    archive.file("init", INIT.encode(), 0o755)
    archive.file("etc/rc", RC.encode(), 0o755)
    archive.file("etc/inittab", INITTAB.encode())
    archive.file("etc/profile", PROFILE.encode())
    archive.file("etc/motd", MOTD.encode())
    archive.folder("etc/udhcpc")
    archive.file("etc/udhcpc/default.script", DHCP.encode(), 0o755)
    archive.file("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    if modules:
        add_modules(archive, modules)
    for name, path in extra.items():
        archive.file(name, pathlib.Path(path).read_bytes(), 0o755)
    return gzip.compress(bytes(archive), 6, mtime=0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--modules", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    extra = dict(text.split("=", 1) for text in args.files)
    args.out.write_bytes(build(extra, args.modules))


if __name__ == "__main__":
    main()
