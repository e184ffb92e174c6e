#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a disk with a Debian 12 system on it, for a guest to boot.

    debian_image.py OUT      OUT becomes a raw image: one ext4 file system

mmdebstrap makes the system from Debian's packages and mke2fs the file system
around it, so nothing is mounted and no loop device is used. The system has
systemd, a login on the console as root without a password, an address by DHCP,
its own kernel and initrd under /boot with a menu for PV GRUB, and the programs
that our tests run in it. Its kernel is not the "cloud" one: that is packed with
lz4, and PV GRUB unpacks gzip and xz. The result is kept in the user's cache,
named by a hash of this recipe.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from source_package import CACHE, apt_options, locked, run

SIZE = "1536M"
PACKAGES = """
systemd systemd-sysv udev kmod login passwd procps dbus
linux-image-amd64 initramfs-tools zstd e2fsprogs
iproute2 iputils-ping wget iperf3 fio stress-ng
""".split()
# Nobody reads these in a guest of a test, nor has it such devices.
LEFT_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*",
            *(f"/lib/modules/*/kernel/{folder}/*" for folder in
              ("drivers/gpu", "drivers/infiniband", "drivers/media",
               "drivers/net/ethernet", "drivers/net/wireless", "drivers/scsi",
               "drivers/staging", "sound"))]

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
    'e2scrub_all.timer fstrim.timer',
    'ln -sf /run/systemd/resolve/resolv.conf "$1/etc/resolv.conf" || true',
]


def system_sources():
    """The system's own package sources, as mmdebstrap reads them."""
    apt_options(CACHE / "apt")  # gathers them, also from sources.list
    parts = sorted((CACHE / "apt/sources.list.d").iterdir())
    return "\n\n".join(p.read_text(encoding="utf-8")
                       for p in parts).replace("deb deb-src", "deb")


def overlay(folder):
    """Our files, laid out as in the guest; and the hook that copies them."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.symlink_to("/dev/null")
        else:
            path.write_text(text, encoding="utf-8")
    return f'cp -dr --no-preserve=ownership "{folder}/." "$1/"'


def bootstrap(work, log):
    """A tar archive of the system; ownership is right in it whoever we are."""
    files = work / "files"
    files.mkdir()
    sources = work / "sources"
    sources.write_text(system_sources(), encoding="utf-8")
    with open(log, "a", encoding="utf-8") as out:
        done = subprocess.run(
            ["mmdebstrap", "--variant=minbase", "--include=" +
             ",".join(PACKAGES),
             *(f"--dpkgopt=path-exclude={p}" for p in LEFT_OUT),
             # Before the kernel's package, which makes the initrd.
             f"--essential-hook={overlay(files)}",
             *(f"--customize-hook={h}" for h in HOOKS),
             "bookworm", work / "system.tar", "-"],
            stdin=open(sources, encoding="utf-8"), stdout=out, stderr=out,
            cwd=work, check=False)
    if done.returncode:
        text = pathlib.Path(log).read_text(encoding="utf-8", errors="replace")
        sys.exit(f"{text[-4000:]}\ndebian_image: mmdebstrap failed")
    return work / "system.tar"


def make_image(target):
    log = CACHE / "debian-image.log"
    log.unlink(missing_ok=True)
    print(f"debian_image: making a Debian system (log: {log})", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        work = pathlib.Path(folder)
        tar = bootstrap(work, log)
        image = work / "disk.img"
        # Ownership and device nodes exist for fakeroot's children alone.
        script = (f"mkdir root && tar -C root --numeric-owner -xf {tar} && "
                  f"mke2fs -q -t ext4 -L root -d root {image} {SIZE} && "
                  "rm -rf root")
        run(["fakeroot", "sh", "-ec", script], work, log,
            {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        target.parent.mkdir(parents=True, exist_ok=True)
        image.rename(target)


def cached():
    """The image in the cache, made if it is not there."""
    recipe = pathlib.Path(__file__).read_bytes()
    name = f"debian-{hashlib.sha256(recipe).hexdigest()[:12]}.img"
    kept = CACHE / "images" / name
    with locked("debian-image"):
        if not kept.exists():
            make_image(kept)
    return kept


def main():
    out = pathlib.Path(sys.argv[1])
    CACHE.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    kept = cached()
    # Sparse, and atomic: a half-written image would look like a whole one.
    part = out.with_name(out.name + ".part")
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", kept, part],
                   check=True)
    part.rename(out)


if __name__ == "__main__":
    main()
