#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count instructions of the hypervisor's paths, on Tenon and on the reference.

    bench.py [--only tenon|reference] [--part PART] [--json FILE]

Boots build/tests/bench-paths as the first domain of each, and guests with a
disk and two network cards: Debian's kernel, which runs
build/tests/bench-linux, and build/tests/bench-devices. All on one CPU with
-icount, where the time stamp counter counts instructions: the same numbers on
every run and on every host. The control domain is ours on Tenon, Debian's
Linux on the reference; the disk is in its memory either way. The goals are
those of docs/performance.md.
"""
import argparse
import contextlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from cpio import Archive
from vm import ROOT, VM, Machine, boot_direct

KERNEL = ROOT / "build/tests/bench-paths"
CREATE_DOM0 = ROOT / "build/tests/bench-dom0"
IDLE = ROOT / "build/tests/guest/idle"
DEVICES = ROOT / "build/tests/bench-devices"
LINUX = ROOT / "build/guests/vmlinuz"
LINUX_RAMDISK = ROOT / "build/tests/bench-linux.gz"
# Nobody else sends anything on the bridge.
LINUX_OPTIONS = "console=hvc0 quiet ipv6.disable=1"
REFERENCE = ROOT / "tests/reference"
RESULT = ROOT / "build/bench.json"
LINE = re.compile(r"^bench (\w+) (\d+)\s*$", re.M)
LIMIT = 900  # seconds, on a busy machine

# Instructions, at most.
GOALS = {
    "hc_null": 120, "hc_multi": 60, "hc_timer": 200,
    "ev_send": 220, "ev_send_pending": 220, "sched_yield": 400,
    "mm_uvm": 420, "mm_uvm_same_invlpg": 420, "mm_update1": 450,
    "mm_batch32": 250, "mm_ptwr": 700, "mm_pin512": 26000,
    "mm_unpin512": 18000, "mm_pin0": 4000, "mm_unpin0": 4000,
    "mm_flush": 250, "mm_invlpg": 250, "mm_baseptr": 300,
    "trap_ud": 400, "trap_pf": 400, "trap_cr0": 500, "trap_clts": 500,
    "trap_rdmsr": 500, "gnt_map": 550, "gnt_unmap": 600,
    "gnt_copy64_x16": 150, "gnt_copy1500_x16": 290, "gnt_copy4096_x16": 620,
    "dom_new": 15000, "dom_populate": 700, "dom_populate_recycled": 700,
    "dom_destroy": 120, "dens_bytes": 20000,
    "dom_create_0": 250000, "dom_create_16": 250000, "dom_create_63": 250000,
}

# How many others there are while one is made, and how often it is made.
CREATE_OTHERS = (0, 16, 63)
CREATE_ROUNDS = 5
CREATE_CONFIG = '''kernel = "/guests/idle"
name = "bench"
memory = 1
'''

# At most half of the reference's.
HALVES = ("syscall", "blk_4k", "blk_4k_x32", "net_1500", "net_1500_x32",
          "net_64", "net_64_x32", "lib_blk_4k", "lib_blk_4k_x32",
          "lib_blk_4k_map", "lib_blk_4k_map_x32", "lib_net_1500",
          "lib_net_1500_x32", "lib_net_64", "lib_net_64_x32")

GUEST_CONFIG = """name = "bench"
kernel = "/guests/kernel"
disk = ["file:/guests/numbers,xvda,w"]
vif = ["mac=02:00:00:00:00:01", "mac=02:00:00:00:00:02"]
"""
LIBRARY_CONFIG = GUEST_CONFIG + "memory = 32\n"
LINUX_CONFIG = GUEST_CONFIG + f"""memory = 256
ramdisk = "/guests/ramdisk"
extra = "{LINUX_OPTIONS}"
"""


def numbers():
    """A disk of 1 MiB: 32-bit word i of it is i."""
    return struct.pack(f"<{1 << 18}I", *range(1 << 18))


def parse(text):
    """{name: count} of a guest's output, which has to be complete."""
    if "bench done" not in text:
        sys.exit(f"{text}\nbench: the guest did not come to its end")
    return {name: int(count) for name, count in LINE.findall(text)}


def paths_on_tenon():
    boot = boot_direct(ROOT / "build/tenon", "console=com1", [(KERNEL, "")])
    with VM(Machine(smp=1, icount=True), boot, LIMIT) as vm:
        vm.expect(r"^bench done", LIMIT)
        return parse(vm.text)


@contextlib.contextmanager
def prompt_on_tenon(files, dom0=ROOT / "build/tenon-dom0"):
    """The control domain's prompt, with these files in /guests."""
    archive = Archive()
    for name, data in files.items():
        archive.file("guests/" + name, data)
    with tempfile.TemporaryDirectory() as folder:
        ramdisk = pathlib.Path(folder) / "ramdisk"
        ramdisk.write_bytes(bytes(archive))
        boot = boot_direct(ROOT / "build/tenon", "console=com1",
                           [(dom0, ""), (ramdisk, "")])
        with VM(Machine(smp=1, icount=True), boot, LIMIT) as vm:
            vm.expect(r"^tenon> ", LIMIT)
            yield vm


def guest_on_tenon(config, files):
    with prompt_on_tenon({**files, "numbers": numbers(),
                          "bench.cfg": config.encode()}) as vm:
        vm.send("create /guests/bench.cfg -c")
        vm.expect(r"^bench done", LIMIT)
        return parse(vm.text)


def create_once(vm, name):
    """From the end of the line to the new guest's first instruction.

    The machine has nothing to do for a second before: what is done then, free
    pages that are cleared, is done each time.
    """
    vm.command("top -b -d 1 -n 2", timeout=LIMIT)
    shown = vm.command(f"create bench.cfg name={name}", timeout=LIMIT)
    start = int(re.search(r"^line read at (\d+)", shown, re.M)[1])
    for _ in range(100):  # it prints when it is its turn
        shown = vm.command(f"console --history {name}", timeout=LIMIT)
        first = re.search(r"^first instruction at (\d+)", shown, re.M)
        if first:
            return int(first[1]) - start
    sys.exit(f"{vm.text}\nbench: the guest did not begin")


def create_on_tenon():
    """What the control domain's `create` costs, all told."""
    counts, others = {}, 0
    with prompt_on_tenon({"idle": IDLE.read_bytes(),
                          "bench.cfg": CREATE_CONFIG.encode()},
                         CREATE_DOM0) as vm:
        for wanted in CREATE_OTHERS:
            for others in range(others, wanted):
                create_once(vm, f"other{others}")
            others = wanted
            rounds = []
            for _ in range(CREATE_ROUNDS):
                rounds.append(create_once(vm, "bench"))
                vm.command("destroy bench", timeout=LIMIT)
            counts[f"dom_create_{wanted}"] = min(rounds)
    return counts


def reference(*args):
    """What a run on the reference counts; nothing when it cannot be had."""
    done = subprocess.run(
        [sys.executable, REFERENCE / "reference.py", *args, "--icount",
         "--smp", "1", "--timeout", str(LIMIT), "--until", "bench done"],
        capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == 77:
        print(done.stderr.strip())
        return {}
    return parse(done.stdout.replace("\r", ""))


def guest_on_reference(kernel, *args):
    with tempfile.TemporaryDirectory() as folder:
        disk = pathlib.Path(folder) / "disk"
        disk.write_bytes(numbers())
        return reference(str(kernel), "--disk", str(disk), *args)


# How the rows of each part come about: here, and on the reference.
PARTS = {
    "paths": (paths_on_tenon, lambda: reference("--dom0", str(KERNEL))),
    "create": (create_on_tenon, dict),
    "linux": (
        lambda: guest_on_tenon(LINUX_CONFIG, {
            "kernel": LINUX.read_bytes(),
            "ramdisk": LINUX_RAMDISK.read_bytes()}),
        lambda: guest_on_reference(LINUX, "--ramdisk", str(LINUX_RAMDISK),
                                   "--extra", LINUX_OPTIONS)),
    "library": (
        lambda: guest_on_tenon(LIBRARY_CONFIG, {
            "kernel": DEVICES.read_bytes()}),
        lambda: guest_on_reference(DEVICES)),
}


def counts(side, parts):
    """All rows of these parts on one side: 0 is here, 1 the reference."""
    return {name: count for part in parts
            for name, count in PARTS[part][side]().items()}


def goal_of(name, theirs):
    if name in HALVES and name in theirs:
        return theirs[name] // 2
    return GOALS.get(name)


def table(ours, theirs):
    yield f"{'path':22} {'Tenon':>9} {'reference':>9} {'ratio':>6} {'goal':>7}"
    for name in ours or theirs:
        count, other, goal = ours.get(name), theirs.get(name), goal_of(name, theirs)
        ratio = f"{count / other:.2f}" if count and other else ""
        missed = "  missed" if count and goal and count > goal else ""
        yield (f"{name:22} {count or '-':>9} {other or '-':>9} {ratio:>6} "
               f"{goal or '':>7}{missed}")
    goals = {n: goal_of(n, theirs) for n in [*GOALS, *HALVES]}
    met = [n for n, g in goals.items() if g and ours.get(n, g + 1) <= g]
    worse = [n for n in theirs if ours.get(n, 0) > theirs[n]]
    yield f"{len(met)} of {len(goals)} goals met" + (
        f"; worse than the reference: {', '.join(worse)}" if worse else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("tenon", "reference"))
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--json", default=RESULT)
    args = parser.parse_args()
    parts = args.part or PARTS
    ours = counts(0, parts) if args.only != "reference" else {}
    theirs = counts(1, parts) if args.only != "tenon" else {}
    print("\n".join(table(ours, theirs)))
    with open(args.json, "w", encoding="utf-8") as out:
        json.dump({"tenon": ours, "reference": theirs}, out, indent=1)


if __name__ == "__main__":
    main()
