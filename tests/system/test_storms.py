# SPDX-License-Identifier: MIT
"""Eight guests at once do what they can to the hypervisor and the control
domain; a ninth, which only computes, keeps its share of the CPU.
"""
import re

from testenv import DEBIAN_BOOT, PROMPT, debian_config, stable_free_pages

STORMS = ("event", "grant", "pte", "console", "flush", "fault", "balloon")
# The shell that begins it forks no more: a fork that fails would end the guest.
FORK_BOMB = "echo armed; read go; f() { f | f & }; f; exec sleep 1000000\n"
SECONDS = 6
LOSS = 0.02

LINE = r"^ran (\d+) of (\d+) us, (\d+) rounds"


def config(name, kernel, more=""):
    return (f"name = '{name}'\nkernel = '/guests/{kernel}'\n"
            f"memory = 24\nmaxmem = 40\n{more}\n")


def watch(vm, seconds):
    """What the ninth guest says of so many seconds: the rows of its table."""
    vm.send("console share")
    vm.expect(LINE, 600)  # one that may have begun earlier
    rows = [tuple(map(int, vm.expect(LINE, 600).groups()))
            for _ in range(seconds)]
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT, 300)
    return rows


def cpu_seconds(vm):
    """{guest: seconds of CPU}, as list says it."""
    rows = re.findall(r"^(\w+) +\d+ +\d+ +\d+ +\S+ +([\d.]+)$",
                      vm.command("list", timeout=300), re.M)
    return {name: float(seconds) for name, seconds in rows}


def arm_fork_bomb(vm):
    vm.send("create /guests/fork.cfg -c")
    vm.expect(r"^armed", DEBIAN_BOOT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)


def release(vm):
    for name in STORMS:
        vm.command(f"unpause {name}", timeout=300)
    vm.send("console fork")
    vm.send("go")
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT, 300)


def scenario_storms(env, where, **machine):
    files = {f"{name}.cfg": config(name, "storm", f"extra = '{name}'")
             for name in STORMS}
    files["storm"] = env.built("tests/guest/storm")
    files["share"] = env.built("tests/guest/share")
    files["share.cfg"] = config("share", "share")
    files["bomb.gz"] = env.initramfs(FORK_BOMB)
    files["fork.cfg"] = debian_config("fork", ramdisk="bomb.gz", memory=128)
    vm = env.control(where, env.ramdisk(files), timeout=2400, **machine)
    before = stable_free_pages(vm)
    arm_fork_bomb(vm)
    for name in STORMS:
        vm.command(f"create -p /guests/{name}.cfg", timeout=120)
    vm.command("create /guests/share.cfg", timeout=120)
    alone = watch(vm, 2)
    release(vm)
    watch(vm, 2)  # until all are in full swing
    had = cpu_seconds(vm)
    beset = watch(vm, SECONDS)
    now = cpu_seconds(vm)
    missing = {"fork", *STORMS} - now.keys()
    assert not missing, (missing, vm.text)
    for name in ("fork", *STORMS):  # none of them sleeps
        assert now[name] - had[name] > SECONDS / 20, (name, had, now)
    for name in ("share", "fork", *STORMS):
        vm.command(f"destroy {name}", timeout=300)
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)
    return alone, beset


def test_storms(env):
    """Shares are equal, the control domain's too, which the flood of its
    consoles keeps busy."""
    alone, beset = scenario_storms(env, "tenon", smp=1, icount=True)
    entitled = sum(of for _, of, _ in beset) / (len(STORMS) + 3)
    ran = sum(ran for ran, _, _ in beset)
    assert ran >= entitled * (1 - LOSS), (entitled, beset)
    speed = [sum(row[2] for row in rows) / sum(row[0] for row in rows)
             for rows in (alone, beset)]
    assert speed[1] >= speed[0] * (1 - LOSS), (speed, alone, beset)


test_storms.is_soak = True
