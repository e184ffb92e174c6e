#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetch a stock Debian kernel for guests to boot.

    debian_kernel.py FLAVOUR OUT     FLAVOUR: amd64, cloud-amd64, 6.12-amd64

The package is what linux-image-FLAVOUR stands for today (the variant without
a Secure Boot signature: the same file otherwise). Only the kernel file is kept,
in the user's cache.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from source_package import CACHE, apt_get, run, updated_apt


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


def fetch(flavour, target):
    log = CACHE / f"kernel-{flavour}.log"
    options = updated_apt(log)
    name = image_package(flavour, options)
    print(f"debian_kernel: downloading {name}", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        work = pathlib.Path(folder)
        done = apt_get(options, ["download", name], work)
        if done.returncode:
            sys.exit(f"debian_kernel: {name}: {done.stderr.strip()}")
        run(["dpkg-deb", "-x", next(work.glob("*.deb")), "x"], work, log)
        target.parent.mkdir(parents=True, exist_ok=True)
        next(work.glob("x/boot/vmlinuz-*")).rename(target)


def main():
    flavour, out = sys.argv[1:]
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / "kernels" / f"vmlinuz-{flavour}"
    if not kept.exists():
        fetch(flavour, kept)
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, out)


if __name__ == "__main__":
    main()
