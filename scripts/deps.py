#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Install the Debian packages that are missing, saying which and why.

    deps.py GROUP ...        groups of scripts/packages.txt: build run test lint image

When everything is there this does nothing and needs no network.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

LIST = pathlib.Path(__file__).parent / "packages.txt"


def wanted(groups):
    """{package: reason} of the groups asked for."""
    found, group = {}, None
    for line in LIST.read_text(encoding="utf-8").splitlines():
        name, _, why = (part.strip() for part in line.partition("#"))
        if name.startswith("["):
            group = name.strip("[]")
        elif name and group in groups:
            found[name] = why
    return found


def is_installed(names):
    """The subset of `names` that dpkg has, or that something provides."""
    out = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${db:Status-Status}\n", *names],
        capture_output=True, text=True, check=False).stdout
    return {m[1] for m in re.finditer(r"^(\S+)\tinstalled$", out, re.M)}


def as_root(argv):
    if os.geteuid():
        argv = ["sudo", *argv]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(argv, check=False, env=env).returncode


def install(names):
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "-qq"]
    command = [*apt, "install", "-y", "--no-install-recommends", *names]
    if as_root([*apt, "update"]) and as_root(command):
        return False
    return as_root(command) == 0


def main():
    if not shutil.which("dpkg-query"):
        print("deps: not a Debian system; install by hand what is missing:",
              ", ".join(wanted(sys.argv[1:])))
        return 0
    need = wanted(sys.argv[1:])
    missing = [name for name in need if name not in is_installed(need)]
    if not missing:
        return 0
    print("Tenon needs Debian packages that are not installed:")
    for name in missing:
        print(f"  {name:20} {need[name]}")
    sys.stdout.flush()
    if install(missing):
        return 0
    print("deps: could not install them; as root, run\n  apt-get install",
          " ".join(missing), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
