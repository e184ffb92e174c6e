#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `make model` and `make mutants` replace is in the sources, once.

They take too long for every change; that a text has come loose is seen here.
Run from the top of the tree.
"""
import sys

sys.path[:0] = ["tests/model", "tests/mutants"]
from mutants import MISTAKES, MM  # noqa: E402
from rules import RULES  # noqa: E402


def mistakes():
    """Of each its name, its file, and its edits: (text, what comes instead)."""
    for name, _, _, file, *edits in MISTAKES:
        yield name, MM / (file if "." in file else f"{file}.c"), edits
    for rule in RULES:
        edits = [(rule.text, rule.instead)] + ([rule.also] if rule.also else [])
        yield rule.name, rule.path, edits


def misfits():
    for name, path, edits in mistakes():
        text = path.read_text()
        for old, new in edits:
            if text.count(old) != 1:
                yield f"{name}: {old!r} is in {path} {text.count(old)} times"
            text = text.replace(old, new)


def main():
    wrong = list(misfits())
    for line in wrong:
        print(f"not ok {line}")
    if not wrong:
        print(f"ok {len(list(mistakes()))} mistakes fit their sources")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
