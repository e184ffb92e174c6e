#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a PV kernel on the reference hypervisor, Debian's Xen 4.17, in QEMU.

    reference.py KERNEL [--ramdisk FILE] [--extra TEXT] [--memory MiB]
    reference.py --script FILE [--add FILE ...]     commands for a control
                 domain with the reference's tools; FILEs are under /guest
    reference.py --dom0 KERNEL [--ramdisk FILE]     KERNEL as control domain
    reference.py KERNEL --disk FILE                 and with a disk, whose
                 contents are FILE, and two network cards on a bridge: all on
                 Linux's own back ends

The hypervisor, its tools and the Debian kernel of its control domain are
Debian packages, downloaded and unpacked under the user's cache and never
installed. The console is printed as it comes, without the hypervisor's own
lines (--xen-log shows them).

Exit status: 0 ended by itself, 124 ran past --timeout, 77 the packages cannot
be had.
"""
import argparse
import gzip
import hashlib
import lzma
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from cpio import Archive  # noqa: E402
from debian_kernel import image_package  # noqa: E402
from source_package import CACHE, apt_get, locked, updated_apt  # noqa: E402
from vm import Machine, boot_direct  # noqa: E402

XEN = "xen-hypervisor-4.17-amd64"
TOOLS = """
xen-utils-4.17 libxenmisc4.17 libxencall1 libxenevtchn1 libxenforeignmemory1
libxengnttab1 libxenstore4 libxentoollog1 libxendevicemodel1 libxentoolcore1
libxenhypfs1 xenstore-utils xen-utils-common libyajl2 libncurses6 libtinfo6
libc6 libgcc-s1 zlib1g libbz2-1.0 liblzma5 liblzo2-2 libzstd1 libuuid1
libnl-3-200 libnl-route-3-200 libaio1 busybox-static
""".split()
MODULES = "xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xenfs".split()
# For guests with devices, in the order in which they need each other.
BACKENDS = "llc stp bridge brd loop xen-blkback xen-netback".split()
LINUX_EXTRA = "console=hvc0 quiet"
XEN_OPTIONS = "console=com1 com1=115200,8n1 dom0_mem={} noreboot "

INIT = """#!/bin/busybox sh
export PATH=/usr/lib/xen-4.17/bin:/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run
mount -t devpts devpts /dev/pts
mount -t tmpfs run /run
rm -rf /var/run /var/lock
mkdir -p /var/log/xen /run/xen /run/xenstored /run/lock /var/lib/xen \\
	/var/lib/xenstored /log
ln -s /run /var/run
ln -s /run/lock /var/lock
for m in MODULES; do insmod /mod/$m.ko; done
mount -t xenfs xenfs /proc/xen
xenstored --pid-file /run/xen/xenstored.pid && xen-init-dom0 >/dev/null &&
	xenconsoled --log=guest --log-dir=/log
sh /guest/run.sh
echo "reference: control domain done"
poweroff -f
""".replace("MODULES", " ".join(MODULES))

RUN_GUEST = """: > /log/guest-guest.log
tail -f /log/guest-guest.log &
tail=$!
xl create /guest/guest.cfg >/dev/null || echo "reference: create failed"
while xl list guest >/dev/null 2>&1; do sleep 0.2; done
sleep 1
kill $tail
echo
echo "reference: guest gone"
"""

# The disk, of 8 MiB, is in memory below Linux's block layer: as cheap as one
# can be there.
RUN_DEVICES = """for m in BACKENDS; do
	insmod /mod/$m.ko $([ $m = brd ] && echo rd_nr=1 rd_size=8192)
done
dd if=/guest/disk of=/dev/ram0 bs=1M 2>/dev/null
brctl addbr xenbr0
ip addr add 10.0.2.2/24 dev xenbr0
ip link set xenbr0 up
cat >/run/block <<'END'
#!/bin/sh
[ "$1" = add ] || exit 0
xenstore-write "$XENBUS_PATH/physical-device-path" /dev/ram0 \\
	"$XENBUS_PATH/physical-device" 1:0 \\
	"$XENBUS_PATH/hotplug-status" connected
END
cat >/run/vif <<'END'
#!/bin/sh
[ "$1" = online ] || exit 0
brctl addif xenbr0 "$vif"
ip link set "$vif" up
xenstore-write "$XENBUS_PATH/hotplug-status" connected
END
chmod +x /run/block /run/vif
""".replace("BACKENDS", " ".join(BACKENDS))

DEVICES = """disk=['format=raw,vdev=xvda,access=rw,script=/run/block,target=/dev/ram0']
vif=['mac=02:00:00:00:00:01,bridge=xenbr0,script=/run/vif',
     'mac=02:00:00:00:00:02,bridge=xenbr0,script=/run/vif']
tsc_mode='native'
"""

# What the cached control domain is made of.
HOME = CACHE / ("reference-" + hashlib.sha256(repr(
    (TOOLS, MODULES, BACKENDS, INIT)).encode()).hexdigest()[:12])


class Unavailable(Exception):
    """The reference's packages cannot be had here."""


# --- Making the control domain, once -----------------------------------------

def fetch(packages, into, options):
    """Download and unpack Debian packages under `into`."""
    into.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        done = apt_get(options, ["download", *packages], folder)
        if done.returncode:
            raise Unavailable(done.stderr.strip().replace("\n", "; "))
        for deb in pathlib.Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", deb, into], check=True)


def pack(root):
    """The tree `root` as a cpio archive."""
    archive = Archive()
    for path in sorted(root.rglob("*")):
        name, mode = str(path.relative_to(root)), path.lstat().st_mode
        if stat.S_ISLNK(mode):
            archive.link(name, os.readlink(path))
        elif stat.S_ISDIR(mode):
            archive.folder(name)
        elif stat.S_ISREG(mode):
            archive.file(name, path.read_bytes(), stat.S_IMODE(mode))
    return bytes(archive)


def add_modules(linux, root):
    (root / "mod").mkdir()
    for name in MODULES + BACKENDS:
        path = next(linux.glob(f"lib/modules/**/{name}.ko*"))
        data = path.read_bytes()
        if path.suffix == ".xz":
            data = lzma.decompress(data)
        (root / "mod" / f"{name}.ko").write_bytes(data)


def build():
    work = HOME.with_name(HOME.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(HOME, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        options = updated_apt(CACHE / "reference.log")
    except SystemExit as error:
        raise Unavailable("apt-get update failed") from error
    root, linux = work / "root", work / "linux"
    fetch(TOOLS, root, options)
    fetch([XEN], work / "xen", options)
    fetch([image_package("amd64", options)], linux, options)
    image = next((work / "xen").glob("boot/xen-*.gz"))
    (work / "xen.elf").write_bytes(gzip.decompress(image.read_bytes()))
    next(linux.glob("boot/vmlinuz-*")).rename(work / "vmlinuz")
    for name in ("proc", "sys", "dev", "guest", "tmp", "log"):
        (root / name).mkdir(exist_ok=True)
    add_modules(linux, root)
    shutil.rmtree(root / "usr/share", ignore_errors=True)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    (work / "dom0.cpio.gz").write_bytes(gzip.compress(pack(root), 1))
    for folder in (root, linux, work / "xen"):
        shutil.rmtree(folder)
    work.rename(HOME)


def prepare():
    """The folder with xen.elf, vmlinuz and dom0.cpio.gz, made when missing."""
    with locked("reference"):
        if not HOME.exists():
            build()
    return HOME


# --- Running ---------------------------------------------------------------------

def guest_config(args):
    lines = ["name='guest'", "kernel='/guest/kernel'",
             f"memory={args.memory}", f"extra={args.extra!r}"]
    lines += [f"on_{e}='destroy'" for e in ("poweroff", "reboot", "crash")]
    if args.ramdisk:
        lines.append("ramdisk='/guest/ramdisk'")
    return "\n".join(lines) + "\n" + (DEVICES if args.disk else "")


def ramdisk_with(files):
    """The control domain's ramdisk with {name: bytes} under /guest, of which
    run.sh is what it shall run."""
    archive = Archive()
    for folder in sorted({os.path.dirname(name) for name in files} - {""}):
        archive.folder(f"guest/{folder}")
    for name, data in files.items():
        archive.file(f"guest/{name}", data)
    return (HOME / "dom0.cpio.gz").read_bytes() + gzip.compress(
        bytes(archive), 1)


def control_ramdisk(args):
    """That ramdisk for the command line's words."""
    paths = {os.path.basename(path): path for path in args.add}
    texts = {}
    if args.script:
        paths["run.sh"] = args.script
    else:
        paths |= {name: path for name, path in (
            ("kernel", args.kernel), ("ramdisk", args.ramdisk),
            ("disk", args.disk)) if path}
        texts["guest.cfg"] = guest_config(args)
        texts["run.sh"] = RUN_DEVICES + RUN_GUEST if args.disk else RUN_GUEST
    return ramdisk_with(
        {name: pathlib.Path(path).read_bytes() for name, path in paths.items()}
        | {name: text.encode() for name, text in texts.items()})


def boot_arguments(kernel, ramdisk, extra="", options="", dom0_mem="1G"):
    """QEMU's arguments for `kernel` as the reference's control domain."""
    modules = [(kernel, extra)] + ([(ramdisk, "")] if ramdisk else [])
    return boot_direct(prepare() / "xen.elf",
                       XEN_OPTIONS.format(dom0_mem) + options, modules)


def run_qemu(machine, boot, timeout, show_log, until):
    qemu = subprocess.Popen(
        ["timeout", str(timeout), *machine.command(), "-no-reboot", *boot],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    for line in qemu.stdout:
        text = line.decode(errors="replace").rstrip("\r\n")
        if show_log or not text.startswith("(XEN)"):
            print(text, flush=True)
        if until and text.startswith(until):
            qemu.terminate()
    return 124 if qemu.wait() == 124 else 0


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("kernel", nargs="?")
    parser.add_argument("--ramdisk")
    parser.add_argument("--extra", default="")
    parser.add_argument("--memory", type=int, default=256)
    parser.add_argument("--script")
    parser.add_argument("--add", action="append", default=[])
    parser.add_argument("--dom0", metavar="KERNEL")
    parser.add_argument("--disk", metavar="FILE")
    parser.add_argument("--dom0-mem", default="1G")
    parser.add_argument("--xen-options", default="")
    parser.add_argument("--xen-log", action="store_true")
    parser.add_argument("--cpu", default="qemu64",
                        help="with max, QEMU 7.2 crashes PV domains (SMAP)")
    parser.add_argument("--smp", type=int, default=2)
    parser.add_argument("--icount", action="store_true")
    parser.add_argument("--timeout", type=int, default=300)
    parser.add_argument("--until", metavar="TEXT",
                        help="end the machine at a line that begins so")
    args = parser.parse_args()
    if not (args.kernel or args.script or args.dom0):
        parser.error("give a KERNEL, --script or --dom0")
    return args


def main():
    args = arguments()
    machine = Machine(cpu=args.cpu, smp=args.smp, mem="3G", icount=args.icount)
    try:
        home = prepare()
    except Unavailable as why:
        print(f"reference: packages cannot be had: {why}", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        if args.dom0:
            kernel, ramdisk, extra = args.dom0, args.ramdisk, args.extra
        else:
            kernel, extra = home / "vmlinuz", LINUX_EXTRA
            ramdisk = pathlib.Path(folder) / "ramdisk"
            ramdisk.write_bytes(control_ramdisk(args))
        boot = boot_arguments(kernel, ramdisk, extra, args.xen_options,
                              args.dom0_mem)
        return run_qemu(machine, boot, args.timeout, args.xen_log, args.until)


if __name__ == "__main__":
    sys.exit(main())
