#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The files of the tree, as git knows them (new ones included).

    sources.py [SUFFIX ...]        default: .c .h
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def files(*suffixes):
    """Paths relative to the root, sorted; every file when no suffix is given."""
    try:
        out = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True).stdout.decode()
        names = [name for name in out.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")
                 if p.is_file() and p.relative_to(ROOT).parts[0]
                 not in ("build", ".git")]
    return sorted(n for n in names if (ROOT / n).is_file()
                  and (not suffixes or n.endswith(suffixes)))


if __name__ == "__main__":
    print("\n".join(files(*(sys.argv[1:] or (".c", ".h")))))
