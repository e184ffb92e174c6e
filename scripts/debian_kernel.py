#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetch a stock Debian kernel for guests to boot.

    debian_kernel.py FLAVOUR OUT [MODULES]
    debian_kernel.py --debug FLAVOUR OUT

FLAVOUR: amd64, cloud-amd64, 6.12-amd64. The package is what
linux-image-FLAVOUR stands for today (the variant without a Secure Boot
signature: the same file otherwise). The kernel file and a few of its modules
are kept in the user's cache; MODULES is a folder for these, with their names
in the order in which they must be loaded in a file `order`.

With --debug, OUT is a folder with a kernel and its symbols, both at the places
where their packages put them.
"""
import lzma
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from source_package import CACHE, apt_get, locked, run, updated_apt

# What a guest's initramfs needs: its devices and a file system.
WANTED = ("xen-blkfront", "xen-netfront", "ext4", "crc32c_generic")


def image_package(flavour, options):
    """The package with the kernel itself, unsigned where there is one."""
    out = subprocess.run(
        ["apt-cache", *options, "depends", f"linux-image-{flavour}"],
        check=True, capture_output=True, text=True).stdout
    name = re.search(r"Depends: (linux-image-\d\S+)", out)
    if not name:
        sys.exit(f"debian_kernel: the archive has no linux-image-{flavour}")
    unsigned = name[1] + "-unsigned"
    known = subprocess.run(["apt-cache", *options, "show", unsigned],
                           check=False, capture_output=True).returncode == 0
    return unsigned if known else name[1]


def depends_on(module):
    """Names of the modules that this one (its bytes) needs, as it says."""
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    return [name for name in found[1].decode().split(",") if name] \
        if found else []


def keep_modules(tree, target):
    """Copy what WANTED needs out of an unpacked package, in order."""
    files = {}
    for path in tree.glob("lib/modules/*/kernel/**/*.ko*"):
        files[path.name.split(".")[0].replace("-", "_")] = path
    order = []

    def add(name):
        name = name.replace("-", "_")
        if name in order or name not in files:
            return  # what is no module is part of the kernel
        data = files[name].read_bytes()
        if files[name].suffix == ".xz":
            data = lzma.decompress(data)
        for other in depends_on(data):
            add(other)
        order.append(name)
        (target / f"{name}.ko").write_bytes(data)

    target.mkdir(parents=True)
    for name in WANTED:
        add(name)
    (target / "order").write_text("".join(f"{name}\n" for name in order))


def download(name, options, folder):
    """The package's file, there."""
    done = apt_get(options, ["download", name], folder)
    if done.returncode:
        sys.exit(f"debian_kernel: {name}: {done.stderr.strip()}")
    return next(folder.glob(f"{name}_*.deb"))


def fetch(flavour, target, modules):
    log = CACHE / f"kernel-{flavour}.log"
    options = updated_apt(log)
    name = image_package(flavour, options)
    print(f"debian_kernel: downloading {name}", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        work = pathlib.Path(folder)
        package = download(name, options, work)
        run(["dpkg-deb", "-x", package, "x"], work, log)
        keep_modules(work / "x", work / "modules")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(modules, ignore_errors=True)
        (work / "modules").rename(modules)
        next(work.glob("x/boot/vmlinuz-*")).rename(target)


def unpack_member(package, pattern, folder, log):
    """One file of a package that is large: the others stay packed."""
    run(["sh", "-ec", "dpkg-deb --fsys-tarfile \"$0\" | "
         "tar -x -C \"$1\" --wildcards \"$2\"", package, folder, pattern],
        folder, log)


def fetch_debug(flavour, target):
    log = CACHE / f"kernel-debug-{flavour}.log"
    options = updated_apt(log)
    image = image_package(flavour, options)
    symbols = image.removesuffix("-unsigned") + "-dbg"
    print(f"debian_kernel: downloading {image}, {symbols}", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        work = pathlib.Path(folder)
        (work / "out").mkdir()
        for name, pattern in ((image, "./boot/vmlinuz-*"),
                              (symbols, "./usr/lib/debug/boot/vmlinux-*")):
            unpack_member(download(name, options, work), pattern,
                          work / "out", log)
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / "out").rename(target)


def provide_debug(flavour, out):
    """A link: symbols are large."""
    kept = CACHE / "kernels" / f"debug-{flavour}"
    with locked(f"kernel-debug-{flavour}"):
        if not kept.exists():
            fetch_debug(flavour, kept)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    out.symlink_to(kept)


def main():
    if sys.argv[1] == "--debug":
        provide_debug(sys.argv[2], pathlib.Path(sys.argv[3]))
        return
    flavour, out, *modules = sys.argv[1:]
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / "kernels" / f"vmlinuz-{flavour}"
    kept_modules = CACHE / "kernels" / f"modules-{flavour}"
    with locked(f"kernel-{flavour}"):
        if not (kept.exists() and kept_modules.exists()):
            fetch(flavour, kept, kept_modules)
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, out)
    if modules:
        shutil.rmtree(modules[0], ignore_errors=True)
        shutil.copytree(kept_modules, modules[0])


if __name__ == "__main__":
    main()
