#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the tests, print every failure in full and a count at the end.

    test.py [--only-host] [--filter REGEX] [--jobs N] [HOST_TEST ...]

Host test programs (and tests/abi/check.py) print lines `ok NAME`,
`not ok NAME: why` or `skip NAME: why` and exit non-zero after a failure.
System tests are the functions test_*(env) of tests/system/test_*.py; env
(class Env in testenv.py) starts machines, and raise Skip(reason) skips.

The last line is always `N passed, N failed, N skipped`; the exit status is 1
when something failed.
"""
import argparse
import concurrent.futures
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from testenv import ROOT, Env, Skip  # noqa: E402

HOST_LIMIT = 300  # seconds


class Results:
    """Counts, and prints each result as it comes."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], 0
        self.lock = threading.Lock()

    def add(self, name, outcome, detail="", seconds=None):
        took = "" if seconds is None else f" ({seconds:.1f} s)"
        with self.lock:
            if outcome == "ok":
                self.passed += 1
                print(f"ok {name}{took}", flush=True)
            elif outcome == "skip":
                self.skipped += 1
                print(f"skip {name}: {detail}", flush=True)
            else:
                self.failed.append(name)
                print(f"FAILED {name}{took}\n{detail}\n", flush=True)

    def finish(self):
        for name in self.failed:
            print("failed:", name)
        print(f"{self.passed} passed, {len(self.failed)} failed, "
              f"{self.skipped} skipped", flush=True)
        return 1 if self.failed else 0


# --- Host programs -----------------------------------------------------------

LINE = re.compile(r"^(ok|not ok|skip) ([^:\n]+)(?:: (.*))?$")


def run_host(program, results):
    """Run one program and take over the lines that it prints."""
    short = os.path.basename(program[-1])
    if short == "check.py":
        short = "abi"
    start = time.monotonic()
    try:
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True,
                              errors="replace", timeout=HOST_LIMIT, check=False,
                              stdin=subprocess.DEVNULL)
        output, code = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace")
        code = f"more than {HOST_LIMIT} s"
    except OSError as error:
        output, code = str(error), "no start"
    reported, failures = 0, 0
    for line in output.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        reported += 1
        outcome, name, why = match.groups()
        failures += outcome == "not ok"
        results.add(f"{short}/{name}", outcome, why or "")
    seconds = time.monotonic() - start
    if code != 0 and not failures:
        results.add(short, "failed", f"{output}\n(exit: {code})", seconds)
    elif not reported:
        results.add(short, "ok", seconds=seconds)
    elif failures:
        print(f"--- all of {short}:\n{output}")


# --- System tests --------------------------------------------------------------

def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def system_tests():
    """[(name, function)] of tests/system, in order of file and definition."""
    found = []
    sys.path.append(str(ROOT / "tests/system"))  # what several files share
    for path in sorted((ROOT / "tests/system").glob("test_*.py")):
        module = load(path)
        short = path.stem.removeprefix("test_")
        found += [(f"{short}/{name.removeprefix('test_')}", function)
                  for name, function in vars(module).items()
                  if name.startswith("test_") and callable(function)]
    # The longest first: none is left to run alone at the end.
    return sorted(found, key=lambda t: not getattr(t[1], "is_long", False))


def run_system(name, function, results):
    start = time.monotonic()
    try:
        with Env(name) as env:
            function(env)
        outcome, detail = "ok", ""
    except Skip as why:
        outcome, detail = "skip", str(why)
    except Exception:  # whatever a test raises is its failure, never ours
        outcome, detail = "failed", traceback.format_exc()
    results.add(name, outcome, detail, time.monotonic() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only-host", action="store_true")
    parser.add_argument("--only-system", action="store_true")
    parser.add_argument("--soak", action="store_true",
                        help="system tests that run for long, and only those")
    parser.add_argument("--filter", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("programs", nargs="*")
    args = parser.parse_args()
    wanted = re.compile(args.filter)
    programs = [[p] for p in args.programs]
    if not args.only_host and (ROOT / "tests/abi/check.py").exists():
        programs.append([sys.executable, "tests/abi/check.py"])
    if args.only_system:
        programs = []
    jobs = [(run_host, p) for p in programs if wanted.search(p[-1])]
    if not args.only_host:
        jobs += [(run_system, *t) for t in system_tests()
                 if wanted.search(t[0]) and
                 getattr(t[1], "is_soak", False) == args.soak]
    results = Results()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in [pool.submit(*job, results) for job in jobs]:
            done.result()
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
