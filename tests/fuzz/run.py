#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run one fuzzer and report one line, `ok NAME` or `not ok NAME: why`.

    run.py NAME --runs N       from a fixed seed, keeping nothing
    run.py NAME --runs N --twice       does it find the same both times?
    run.py NAME --seconds N    keeping new inputs in build/fuzz/found/NAME

The input that broke something is left as build/fuzz/crash-NAME-*.
"""
import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"


def seed_folders(name):
    folders = [ROOT / "tests/fuzz/corpus" / name, BUILD / "corpus" / name]
    return [str(f) for f in folders if f.is_dir()]


def command(name, args, found):
    words = [str(BUILD / name), "-timeout=20", "-rss_limit_mb=1500",
             "-max_len=65536", f"-artifact_prefix={BUILD}/crash-{name}-"]
    dictionary = ROOT / "tests/fuzz" / f"{name}.dict"
    if dictionary.exists():
        words.append(f"-dict={dictionary}")
    if args.runs:
        # The seed is not enough: by default the folder of what was found is
        # read again every second.
        words += [f"-runs={args.runs}", "-seed=1", "-reload=0"]
    else:
        words.append(f"-max_total_time={args.seconds}")
    return words + [str(found)] + seed_folders(name)


def run(name, args):
    found = BUILD / "found" / name
    if args.runs:
        with tempfile.TemporaryDirectory() as scratch:
            result = start(fixed_addresses() + command(name, args, scratch))
            result.found = digest(pathlib.Path(scratch))
            return result
    found.mkdir(parents=True, exist_ok=True)
    return start(command(name, args, found))


def fixed_addresses():
    """Addresses are compared with others, and so become part of inputs."""
    words = ["setarch", "-R"]
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return []  # not allowed here
    return words


def digest(folder):
    """Of all inputs that were kept; their names are hashes of them."""
    names = sorted(p.name for p in folder.iterdir())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def start(words):
    return subprocess.run(words, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace", cwd=ROOT)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--twice", action="store_true")
    args = parser.parse_args()
    result = run(args.name, args)
    if args.twice and run(args.name, args).found != result.found:
        print(f"not ok fuzz_{args.name}: found something else this time")
        return 1
    if result.returncode:
        print(result.stdout)
        print(f"not ok fuzz_{args.name}: exit status {result.returncode}")
        return 1
    lines = result.stdout.strip().splitlines()
    if not args.runs and lines:
        print(f"{args.name}: {lines[-1]}")
    print(f"ok fuzz_{args.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
