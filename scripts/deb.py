#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the Debian package of what `make` has built.

    deb.py OUT

The same build gives the same bytes: times are that of packaging/changelog,
owners and permissions are set here. docs/install.md says what is in it.
"""
import email.utils
import gzip
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import man
from source_package import CACHE, RECIPES, fetch
from sources import ROOT

PACKAGING, BUILD = ROOT / "packaging", ROOT / "build"
DOC = "usr/share/doc/tenon"

# Where each file goes, and its permissions.
FILES = (
    (BUILD / "tenon", "boot/tenon/tenon", 0o644),
    (BUILD / "tenon-dom0", "boot/tenon/tenon-dom0", 0o644),
    (BUILD / "hello", "usr/lib/tenon/guests/hello", 0o644),
    (BUILD / "guests/pvgrub", "usr/lib/tenon/guests/pvgrub", 0o644),
    (ROOT / "guests/hello.cfg", "etc/tenon/guests/hello.cfg", 0o644),
    (PACKAGING / "tenon.default", "etc/default/tenon", 0o644),
    (PACKAGING / "21_tenon", "etc/grub.d/21_tenon", 0o755),
    (PACKAGING / "update-tenon", "usr/sbin/update-tenon", 0o755),
    (PACKAGING / "lintian-overrides", "usr/share/lintian/overrides/tenon",
     0o644),
)
DOCUMENTS = ("SUPPORT.md", *(f"docs/{name}.md" for name in (
    "install", "admin-guide", "boot", "devices", "guest-config", "metrics",
    "network", "scheduling", "toolstack", "xenstore")))
# Kernels whose symbols stay at home.
STRIPPED = ("boot/tenon/tenon-dom0", "usr/lib/tenon/guests/hello")
LINKED = ("newlib", "zlib", "xz", "lz4", "zstd", "lwip")


def changelog():
    """(version, maintainer, seconds) of the newest entry."""
    text = (PACKAGING / "changelog").read_text(encoding="utf-8")
    version = re.match(r"tenon \((\S+)\)", text)[1]
    maintainer, date = re.search(r"^ -- (.+>)  (.+)$", text, re.M).groups()
    return version, maintainer, int(
        email.utils.parsedate_to_datetime(date).timestamp())


def write(path, data, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


def compress(data):
    return gzip.compress(data, 9, mtime=0)


def library_copyright(name):
    """What Debian's package says of the licences of a library of ours."""
    recipe = RECIPES[name]
    folder = fetch(recipe.package, recipe.version, recipe.binary,
                   CACHE / f"{name}.log")
    if recipe.binary:
        packed = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", next(folder.glob("*.deb"))],
            check=True, capture_output=True).stdout
        member = f"./usr/share/doc/{recipe.package}/copyright"
        return subprocess.run(["tar", "-xO", member], input=packed, check=True,
                              capture_output=True).stdout
    with tarfile.open(next(folder.glob("*.debian.tar.*"))) as archive:
        return archive.extractfile("debian/copyright").read()


def write_copyrights(doc):
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    words = licence[licence.index("Permission is"):].strip()
    lines = [" " + (line or ".") for line in words.splitlines()]
    text = (PACKAGING / "copyright").read_text(encoding="utf-8")
    write(doc / "copyright", text.replace("@LICENSE@",
                                          "\n".join(lines)).encode())
    for name in LINKED:
        write(doc / f"copyright-{name}", library_copyright(name))
    write(doc / "copyright-grub", pathlib.Path(
        "/usr/share/doc/grub-xen-bin/copyright").read_bytes())


def stage(root):
    """Lay the files out as on the server."""
    for source, name, mode in FILES:
        write(root / name, source.read_bytes(), mode)
    for name in STRIPPED:
        subprocess.run(["strip", "--strip-unneeded",
                        "--remove-section=.comment", root / name], check=True)
    (root / "etc/tenon/guests/auto").mkdir()
    for name in DOCUMENTS:
        # All in one folder: so are the links.
        write(root / DOC / pathlib.Path(name).name, re.sub(
            rb"\]\((\.\./|docs/)", b"](", (ROOT / name).read_bytes()))
    write(root / DOC / "changelog.gz",
          compress((PACKAGING / "changelog").read_bytes()))
    write_copyrights(root / DOC)
    for path in man.pages():
        write(root / f"usr/share/man/man{path.suffix[1:]}/{path.name}.gz",
              compress(man.page(path).encode()))
    for folder in (root, *(p for p in root.rglob("*") if p.is_dir())):
        folder.chmod(0o755)


def built_using():
    """Debian's source package of PV GRUB: its licence asks for it."""
    return subprocess.run(
        ["dpkg-query", "-W", "-f",
         "${source:Package} (= ${source:Version})", "grub-xen-bin"],
        check=True, capture_output=True, text=True).stdout


def write_control(root, version, maintainer):
    files = sorted(p for p in root.rglob("*") if p.is_file())
    size = sum(-(-p.stat().st_size // 1024) for p in files)
    control = (PACKAGING / "control").read_text(encoding="utf-8")
    for key, value in (("VERSION", version), ("MAINTAINER", maintainer),
                       ("SIZE", str(size)), ("BUILT_USING", built_using())):
        control = control.replace(f"@{key}@", value)
    sums = "".join(f"{hashlib.md5(p.read_bytes()).hexdigest()}  "
                   f"{p.relative_to(root)}\n" for p in files
                   if not p.is_relative_to(root / "etc"))
    conffiles = "".join(f"/{p.relative_to(root)}\n" for p in files
                        if p.is_relative_to(root / "etc"))
    debian = root / "DEBIAN"
    write(debian / "control", control.encode())
    write(debian / "md5sums", sums.encode())
    write(debian / "conffiles", conffiles.encode())
    for name in ("postinst", "postrm"):
        write(debian / name, (PACKAGING / name).read_bytes(), 0o755)
    debian.chmod(0o755)


def set_times(root, seconds):
    for path in (root, *root.rglob("*")):
        os.utime(path, (seconds, seconds))


def main():
    out = pathlib.Path(sys.argv[1])
    version, maintainer, seconds = changelog()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "root"
        stage(root)
        write_control(root, version, maintainer)
        package = pathlib.Path(folder) / "tenon.deb"
        set_times(root, seconds)
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build",
                        root, package], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "SOURCE_DATE_EPOCH": str(seconds)})
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(package, out)


if __name__ == "__main__":
    main()
