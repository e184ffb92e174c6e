#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pack the control domain's ramdisk: files that appear under /guests.

    ramdisk.py OUT PATH ...      each PATH a file, or a folder whose files
                                 are all taken; a later file replaces an
                                 earlier one of the same name

OUT is only rewritten when its content changes.
"""
import pathlib
import sys

from cpio import Archive


def collect(paths):
    """{name under /guests: path}"""
    found = {}
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            for file in sorted(p for p in path.rglob("*") if p.is_file()):
                found[str(file.relative_to(path))] = file
        elif path.is_file():
            found[path.name] = path
        else:
            sys.exit(f"ramdisk: {path}: no such file or folder")
    return found


def pack(paths):
    archive = Archive()
    archive.folder("guests")
    for name, path in sorted(collect(paths).items()):
        archive.file("guests/" + name, path.read_bytes())
    return bytes(archive)


def write_if_changed(target, data):
    target = pathlib.Path(target)
    if not target.exists() or target.read_bytes() != data:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


if __name__ == "__main__":
    write_if_changed(sys.argv[1], pack(sys.argv[2:]))
