#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take one rule at a time out of the hypervisor or the control domain; the
attack concerned must notice. From the top of the tree:

    run.py [--filter REGEX]        all of RULES, one build and machine each

For each, a copy of the tree is changed, built, and booted with the hostile
guest of tests/guest/attack and its victim, or with what a system test wants.
Caught is a check that fails, a panic, a limit that was exceeded, or a victim
that was disturbed. A rule whose text no longer fits, or whose loss nobody
notices, is a failure. Takes minutes, so it is no part of `make test`.
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
# Nothing that a mutant's machine needs, and much of the build.
LEFT_OUT = shutil.ignore_patterns("server.img", "debian.img", "lint", "fuzz",
                                  "host", "model", "*.deb")
SCENARIO = """
import importlib, sys
sys.path[:0] = ["scripts", "tests/system"]
from testenv import Env
import test_attack as t
what, test = sys.argv[1:]
with Env("mutant") as env:
    if test:
        module, name = test.split(".")
        getattr(importlib.import_module(module), name)(env)
    else:
        vm = t.with_victim(env, {"all": (what, 5)}, cpu="max", smp=2)
        (t.attack_to_crash if "stack=" in what else t.attack)(vm, "all", 60)
        t.ask_victim(vm)
"""


def apply(tree, rule):
    path = tree / rule.path
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
                 "packaging", "pv-guest-lib", "dom0-tools", "guests", "build"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, symlinks=True,
                            ignore=LEFT_OUT if name == "build" else None)
        else:
            shutil.copy2(ROOT / name, to / name)


def how_caught(output):
    """What gave the loss away, in a few words."""
    for sign in (r"not ok ([^'\n]*)", r"(PANIC .*)", r"(victim: .*)",
                 r"(\d+ pages free before, \d+ after)",
                 r"(held before .*, after .*);",
                 r"(ended: crash)", r"AssertionError: (.*)"):
        match = re.search(sign, output)
        if match:
            return match[1].strip()
    return "the machine hung or fell"


def is_verdict(output):
    """A failure of the machine or of a check, not of the test's own code."""
    last = output.rstrip().rpartition("Traceback")[2]
    return re.search(r"^(AssertionError|vm\.VMError)", last, re.M) is not None


def build_of(tree, rule):
    """What is made of the rule's file, built."""
    product = "tenon" if rule.path.parts[0] == "hypervisor" else "tenon-dom0"
    return subprocess.run(["make", "-j2", f"build/{product}"], cwd=tree,
                          capture_output=True, text=True, check=False)


def judge(tree, rule):
    """(is the rule's loss noticed?, how or why not)."""
    if not apply(tree, rule):
        return False, "does not fit the source any more"
    built = build_of(tree, rule)
    if built.returncode:
        return False, "does not build:\n" + built.stderr[-1000:]
    done = subprocess.run([sys.executable, "-c", SCENARIO, rule.attacks,
                           rule.test],
                          cwd=tree, capture_output=True, text=True,
                          errors="replace", check=False)
    if not done.returncode:
        return False, "not caught"
    if not is_verdict(done.stderr):
        return False, "the test broke:\n" + done.stderr[-300:]
    return True, how_caught(done.stderr)


def try_rule(tree, rule):
    """As judge(); afterwards the rule is back, its product too if another
    rule's machine would have it."""
    path = tree / rule.path
    before = path.read_text()
    result = judge(tree, rule)
    path.write_text(before)
    if rule.path.parts[0] != "hypervisor":
        build_of(tree, rule)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--filter", default="")
    args = parser.parse_args()
    os.environ.pop("MAKEFLAGS", None)
    os.environ.pop("CI", None)  # what is unused then is no error
    wanted = [r for r in RULES
              if re.search(args.filter, f"{r.name} {r.attacks}")]
    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        tree.mkdir()
        copy_tree(tree)
        for rule in wanted:
            caught, how = try_rule(tree, rule)
            problems += not caught
            print(f"{'ok' if caught else 'not ok'} {rule.name} "
                  f"({rule.attacks}): {how}", flush=True)
    print(f"{len(wanted) - problems} of {len(wanted)} rules are missed "
          "when they are gone")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
