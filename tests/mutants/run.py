#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take one rule at a time out of the hypervisor; the attack concerned must
notice. From the top of the tree:

    run.py [--filter REGEX]        all of RULES, one build and machine each

For each, a copy of the tree is changed, built, and booted with the hostile
guest of tests/guest/attack and its victim. Caught is a check that fails, a
panic, or a victim that was disturbed. A rule whose text no longer fits, or
whose loss nobody notices, is a failure. Takes minutes, so it is no part of
`make test`.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from rules import RULES

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCENARIO = """
import sys
sys.path[:0] = ["scripts", "tests/system"]
from testenv import Env
import test_attack as t
with Env("mutant") as env:
    vm = t.with_victim(env, {"all": (sys.argv[1], 5)}, cpu="max", smp=2)
    t.attack(vm, "all", 60)
    t.ask_victim(vm)
"""


def apply(tree, rule):
    path = tree / "hypervisor" / rule.file
    text = path.read_text()
    for old, new in [(rule.text, rule.instead)] + ([rule.also] if rule.also else []):
        if text.count(old) != 1:
            return False
        text = text.replace(old, new)
    path.write_text(text)
    return True


def copy_tree(to):
    """The sources and what is built of them, so that little is built again."""
    for name in ("hypervisor", "include", "mk", "scripts", "tests", "Makefile",
                 "pv-guest-lib", "dom0-tools", "guests", "build"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, symlinks=True)
        else:
            shutil.copy2(ROOT / name, to / name)


def how_caught(output):
    """What gave the loss away, in a few words."""
    for sign in (r"not ok ([^'\n]*)", r"(PANIC .*)", r"(victim: .*)",
                 r"(\d+ pages free before, \d+ after)",
                 r"(ended: crash)"):
        match = re.search(sign, output)
        if match:
            return match[1].strip()
    return "the machine hung"


def judge(tree, rule):
    """(is the rule's loss noticed?, how or why not)."""
    if not apply(tree, rule):
        return False, "does not fit the source any more"
    built = subprocess.run(["make", "-j2", "build/tenon", "EXTRA_CFLAGS=-w"],
                           cwd=tree, capture_output=True, text=True,
                           check=False)
    if built.returncode:
        return False, "does not build:\n" + built.stderr[-1000:]
    done = subprocess.run([sys.executable, "-c", SCENARIO, rule.attacks],
                          cwd=tree, capture_output=True, text=True,
                          errors="replace", check=False)
    if "testenv.Skip" in done.stderr:
        return False, done.stderr[-300:]
    if not done.returncode:
        return False, "not caught"
    return True, how_caught(done.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--filter", default="")
    args = parser.parse_args()
    os.environ.pop("MAKEFLAGS", None)
    wanted = [r for r in RULES if re.search(args.filter, r.name)]
    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        tree.mkdir()
        copy_tree(tree)
        for rule in wanted:
            path = tree / "hypervisor" / rule.file
            before = path.read_text()
            caught, how = judge(tree, rule)
            path.write_text(before)
            problems += not caught
            print(f"{'ok' if caught else 'not ok'} {rule.name} "
                  f"({rule.attacks}): {how}", flush=True)
    print(f"{len(wanted) - problems} of {len(wanted)} rules are missed "
          "when they are gone")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
