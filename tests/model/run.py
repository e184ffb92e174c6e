#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the scenarios of the model checker, two at a time, and add up.

    run.py           those that take a second or two
    run.py --long    all of them

Prints `ok NAME: what was seen`, or `not ok NAME: what does not hold` with the
steps that lead there.
"""
import concurrent.futures
import re
import subprocess
import sys
import time

PROGRAM = "build/model/explore"


def scenarios(long):
    lines = subprocess.run([PROGRAM], capture_output=True, text=True,
                           check=False).stdout.splitlines()
    return [line.split()[0] for line in lines if long or "long" not in line]


def explore(name):
    done = subprocess.run([PROGRAM, name], capture_output=True, text=True,
                          check=False)
    if done.returncode and not done.stdout:
        return f"not ok {name}: exit status {done.returncode}"
    return done.stdout.strip()


def main():
    start, states, failed = time.monotonic(), 0, False
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for text in pool.map(explore, scenarios("--long" in sys.argv)):
            print(text, flush=True)
            failed |= not text.startswith("ok ")
            found = re.search(r": (\d+) states", text)
            states += int(found[1]) if found else 0
    print(f"{states} states in {time.monotonic() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
