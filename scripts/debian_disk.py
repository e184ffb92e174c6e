# SPDX-License-Identifier: MIT
"""Debian systems on disks, for tests to boot: what debian_image.py,
debian_server.py and debian_guest.py share. mmdebstrap makes a system from Debian's packages and
mke2fs the file system around it, so nothing is mounted and no loop device is
used."""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

from source_package import CACHE, apt_options, locked, run

# Nobody reads these in a guest of a test, nor has it such devices.
LEFT_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*",
            *(f"/lib/modules/*/kernel/{folder}/*" for folder in
              ("drivers/gpu", "drivers/infiniband", "drivers/media",
               "drivers/net/ethernet", "drivers/net/wireless", "drivers/scsi",
               "drivers/staging", "sound"))]


def system_sources():
    """The system's own package sources, as mmdebstrap reads them."""
    apt_options(CACHE / "apt")  # gathers them, also from sources.list
    parts = sorted((CACHE / "apt/sources.list.d").iterdir())
    return "\n\n".join(p.read_text(encoding="utf-8")
                       for p in parts).replace("deb deb-src", "deb")


def overlay(folder, files):
    """A hook that copies these files, {path: text}, into the system; they are
    laid out in `folder` first."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return f'cp -dr --no-preserve=ownership "{folder}/." "$1/"'


def bootstrap(work, log, packages, *hooks):
    """A tar archive of the system; ownership is right in it whoever we are."""
    sources, tar = work / "sources", work / "system.tar"
    sources.write_text(system_sources(), encoding="utf-8")
    with open(sources, encoding="utf-8") as source, \
            open(log, "a", encoding="utf-8") as out:
        done = subprocess.run(
            ["mmdebstrap", "--variant=minbase",
             "--include=" + ",".join(packages),
             *(f"--dpkgopt=path-exclude={p}" for p in LEFT_OUT), *hooks,
             "bookworm", tar, "-"],
            stdin=source, stdout=out, stderr=out, cwd=work, check=False)
    if done.returncode:
        text = pathlib.Path(log).read_text(encoding="utf-8", errors="replace")
        sys.exit(f"{text[-4000:]}\n{pathlib.Path(sys.argv[0]).name}: "
                 "mmdebstrap failed")
    return tar


def make_root(work, log, tar, image, size, options=""):
    """A file system labelled root with what is in the archive."""
    # Ownership and device nodes exist for fakeroot's children alone.
    script = (f"mkdir root && tar -C root --numeric-owner -xf {tar} && "
              f"mke2fs -q -t ext4 -L root -d root {options} {image} {size} && "
              "rm -rf root")
    run(["fakeroot", "sh", "-ec", script], work, log,
        {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})


def make_image(name, log, build, target):
    log.unlink(missing_ok=True)
    print(f"{name}: making a Debian system (log: {log})", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        image = build(pathlib.Path(folder), log)
        target.parent.mkdir(parents=True, exist_ok=True)
        image.rename(target)


def provide(name, recipe, build, out, more=""):
    """`out` becomes a copy of the image that build(folder, log) makes. That is
    kept in the cache, by a hash of the recipe: the file that calls, this, and
    what else it depends on."""
    digest = hashlib.sha256(b"".join(
        pathlib.Path(p).read_bytes() for p in (recipe, __file__)) +
        more.encode())
    kept = CACHE / "images" / f"{name}-{digest.hexdigest()[:12]}{out.suffix}"
    CACHE.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with locked(f"{name}-image"):
        if not kept.exists():
            make_image(name, CACHE / f"{name}-image.log", build, kept)
    # Sparse, and atomic: a half-written image would look like a whole one.
    part = out.with_name(out.name + ".part")
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", kept, part],
                   check=True)
    part.rename(out)
