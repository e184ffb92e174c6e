#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compile every header alone, and fail on include cycles.

A header that only compiles after another one hides a dependency; a cycle means
that two subjects are really one.
"""
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sources import ROOT, files

INCLUDES = ["include", "hypervisor", "pv-guest-lib/include", "pv-guest-lib/src",
            "dom0-tools", "dom0-tools/toolstack", "build/gen"]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
# A list that is included several times with different macros (X-macros) has no
# include guard, and means nothing by itself.
GUARD = re.compile(r"^\s*#\s*(ifndef|pragma once)", re.M)


def folders(name):
    """Include path of a header's component, so that equal names in two
    components do not meet."""
    top = name.split("/")[0]
    mine = [i for i in INCLUDES if i.split("/")[0] in (top, "include", "build")]
    if top == "tests":
        mine = INCLUDES + ["tests/unit", str(pathlib.Path(name).parent)]
    if top == "dom0-tools":
        mine += ["pv-guest-lib/include"]
    return mine


def compile_alone(name):
    flags = [f"-I{i}" for i in folders(name)]
    hosted = [] if name.startswith(("dom0-tools", "tests")) else [
        "-ffreestanding"]
    done = subprocess.run(
        [os.environ.get("CC", "gcc"), "-std=gnu11", "-fsyntax-only", "-Wall",
         "-Wextra", "-Werror", "-Wno-unused-function",
         "-Wno-unused-parameter", "-mgeneral-regs-only",
         *hosted, *flags, "-x", "c", "-include", name, "/dev/null"],
        cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stderr


def resolve(name, target):
    """The tree's file that an #include line means, or None."""
    for folder in [str(pathlib.Path(name).parent), *folders(name)]:
        path = os.path.normpath(os.path.join(folder, target))
        if (ROOT / path).is_file():
            return path
    return None


def find_cycle(graph):
    """A list of headers that include each other in a ring, or None."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return None
        path.append(name)
        for target in graph.get(name, ()):
            ring = visit(target)
            if ring:
                return ring
        path.pop()
        done.add(name)
        return None

    for name in graph:
        ring = visit(name)
        if ring:
            return ring
    return None


def main():
    texts = {n: (ROOT / n).read_text(encoding="utf-8") for n in files(".h")}
    names = [n for n in texts if GUARD.search(texts[n])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = [e for e in pool.map(compile_alone, names) if e]
    print("\n".join(errors), end="")
    graph = {n: [r for t in INCLUDE.findall(texts[n]) if (r := resolve(n, t))]
             for n in texts}
    # The ABI headers keep the file names of the reference, where xen.h and
    # arch-x86/xen.h belong together; they are left out.
    ring = find_cycle({n: t for n, t in graph.items()
                       if not n.startswith("include/public/")})
    if ring:
        print("include cycle:", " -> ".join(ring))
    print(f"headers: {len(names)} compiled alone, {len(errors)} failed"
          f"{', a cycle' if ring else ''}")
    return bool(errors or ring)


if __name__ == "__main__":
    sys.exit(main())
