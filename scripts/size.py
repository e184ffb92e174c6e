#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print how big the code is: lines per folder, longest files and functions.

A line counts when something is left of it without comments and blanks.
hypervisor/ has a budget; going over it fails.
"""
import collections
import re
import sys

from sources import ROOT, files

BUDGET = 12000
CODE = (".c", ".h", ".S", ".lds", ".py", ".mk")
TOP = 10
C_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.S)
FUNCTION = re.compile(r"^(?!struct|union|enum|typedef)[A-Za-z_][^;={}]*?"
                      r"\b(\w+)\([^;{}]*\)[^;={}]*\n\{", re.M)


def strip_c(text):
    """Blank out comments; keep line breaks and strings."""
    def blank(match):
        token = match[0]
        return re.sub(r"[^\n]", "", token) if token[0] == "/" else token
    return C_TOKENS.sub(blank, text)


def code_text(name):
    text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
    if name.endswith((".py", ".mk")):
        return re.sub(r"^\s*#.*$", "", text, flags=re.M)
    return strip_c(text)


def count(text):
    return sum(1 for line in text.splitlines() if line.strip())


def functions(text):
    """(name, lines) of each C function; its body ends at a brace in column 0."""
    for match in FUNCTION.finditer(text):
        end = text.find("\n}", match.end())
        yield match[1], text.count("\n", match.start(), end) + 2


def report(title, rows):
    print(f"\n{title}")
    for number, what in sorted(rows, reverse=True)[:TOP]:
        print(f"{number:7}  {what}")


def main():
    folders, sizes, lengths = collections.Counter(), [], []
    for name in files(*CODE):
        text = code_text(name)
        lines = count(text)
        parts = name.split("/")
        folders["/".join(parts[:2]) if len(parts) > 2 else parts[0]] += lines
        sizes.append((lines, name))
        if name.endswith(".c"):
            lengths += [(n, f"{f}()  {name}") for f, n in functions(text)]
    print("lines of code per folder")
    for folder, lines in sorted(folders.items()):
        print(f"{lines:7}  {folder}")
    report("longest files", sizes)
    report("longest functions (lines from name to brace)", lengths)
    short = sorted(n for n, _ in lengths)
    if short:
        print(f"\nfunctions: {len(short)}, median {short[len(short) // 2]}, "
              f"95th percentile {short[len(short) * 95 // 100]}")
    total = sum(n for n, name in sizes if name.startswith("hypervisor/"))
    print(f"hypervisor/: {total} of {BUDGET} lines")
    return total > BUDGET


if __name__ == "__main__":
    sys.exit(main())
