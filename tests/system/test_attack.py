# SPDX-License-Identifier: MIT
"""The attacks of tests/guest/attack, each from an ordinary guest beside a
victim: the hypervisor stays, what it answers is what the ABI says, all memory
comes back, and the victim notices nothing.
"""
import re

from testenv import PROMPT, stable_free_pages

LIMIT = 120

# Stacks on which an exception must end the domain, and nothing else (T09).
BAD_STACKS = ["1", "2", "3", "40", "ffff800000000010", "ffff818040001000",
              "ffff87ffffffffff", "ffff880000000010", "800000000020"]


def config(name, kernel, extra, more=""):
    return (f"name = '{name}'\nkernel = '/guests/{kernel}'\n"
            f"memory = 24\nextra = '{extra}'\n{more}\n")


def with_victim(env, configs, victim="", **machine):
    """The machine at its prompt, the victim running, attackers ready to start:
    configs is {name: (what is on the command line, vcpus)}."""
    files = {"attack": env.built("tests/guest/attack"),
             "victim": env.built("tests/guest/victim"),
             "victim.cfg": config("victim", "victim", victim)}
    for name, (extra, vcpus) in configs.items():
        files[f"{name}.cfg"] = config(name, "attack", extra + " victim=1",
                                      f"vcpus = {vcpus}")
    vm = env.boot(ramdisk=env.ramdisk(files, base=False), **machine)
    vm.expect(PROMPT, 60)
    vm.before = stable_free_pages(vm)
    vm.send("create victim.cfg -c")
    vm.expect(r"^victim ready", LIMIT)
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    vm.beside_victim = stable_free_pages(vm)
    return vm


def check_pages(vm, wanted):
    after = stable_free_pages(vm, wanted)
    if after != wanted:
        vm.fail(f"{wanted} pages free before, {after} after")


def attack(vm, name, limit=LIMIT):
    """Run an attacker, whose last line tells how many checks have failed."""
    start = vm.seen
    vm.send(f"create {name}.cfg -c")
    failed = vm.expect(r"^done (\d+) failed", limit).group(1)
    lines = vm.text[start:vm.seen].splitlines()
    assert failed == "0", [line for line in lines if "not ok" in line]
    vm.expect(PROMPT, LIMIT)
    check_pages(vm, vm.beside_victim)


def attack_to_crash(vm, name, limit=LIMIT):
    """An attacker that must end in a crash of its domain, at once: because of
    the first frame, which would lie right below the stack pointer."""
    vm.send(f"create {name}.cfg -c")
    stack = vm.expect(r"^stack at (\w+)", limit).group(1)
    end = vm.expect(r"^\[\w+ ended: (\w+)\]", limit).group(1)
    assert end == "crash", end
    vm.expect(PROMPT, LIMIT)
    place = f"{(int(stack, 16) & ~15) - 56:x}"
    reasons = re.findall(r"kernel stack (\w+) not writable",
                         vm.command("dmesg"))
    assert reasons[-1:] == [place], (place, reasons)
    check_pages(vm, vm.beside_victim)


def ask_victim(vm):
    """By how many microseconds it was late, if it has measured that."""
    vm.send("console victim")
    vm.send("well?")
    late = vm.expect(r"^victim (?:late by (\d+) us|undisturbed)", LIMIT)
    vm.seen = late.start()
    vm.expect(r"^victim undisturbed", LIMIT)
    vm.expect(PROMPT, LIMIT)
    check_pages(vm, vm.before)
    vm.send("poweroff")
    vm.wait_off()
    return int(late[1] or 0)


def test_all(env):
    crashes = {f"stack{i}": (f"T09 stack={where}", 1)
               for i, where in enumerate(BAD_STACKS)}
    vm = with_victim(env, {"all": ("", 5), **crashes}, cpu="max", smp=2)
    attack(vm, "all")
    for name in crashes:
        attack_to_crash(vm, name)
    ask_victim(vm)


def test_one_vcpu(env):
    vm = with_victim(env, {"all": ("", 1)}, cpu="qemu64", smp=1)
    attack(vm, "all")
    ask_victim(vm)


def test_destroyed_in_the_middle(env):
    """Tables that are half promoted when their domain is destroyed (T03)."""
    vm = with_victim(env, {"endless": ("T03 endless", 4)}, smp=2)
    for _ in range(5):
        vm.send("create endless.cfg -c")
        vm.expect(r"^T03 goes on", LIMIT)
        vm.send_raw(b"\x1d")  # Ctrl-]
        vm.expect(PROMPT)
        vm.send("destroy endless")
        vm.expect(PROMPT, LIMIT)
        check_pages(vm, vm.beside_victim)
    ask_victim(vm)


def test_broken_rings(env):
    """Rings of xenstore and the console, broken for good by one domain after
    the other; each next one is served (T25)."""
    names = [f"break{how}" for how in range(1, 8)]
    vm = with_victim(env, {name: (f"T25 break={name[-1]}", 1)
                           for name in names} | {"sane": ("T25", 1)})
    for name in names[:-1]:
        attack(vm, name)
    vm.send(f"create {names[-1]}.cfg -c")
    vm.expect(r"the guest broke its console ring", LIMIT)
    vm.expect(r"ended: poweroff", LIMIT)
    vm.expect(PROMPT)
    attack(vm, "sane")
    ask_victim(vm)


def latency(env, what, victim, before="list"):
    """By how many microseconds the victim was late while an attack went on, on
    the clock of a machine whose time is its instructions. Measured once the
    attacker is built, and a line was typed: the control domain, which takes
    the attacker away, may run for 3 ms before the victim, as both are light
    (docs/scheduling.md); with a small weight it does not."""
    vm = with_victim(env, {"long": (what, 1)}, victim=victim, smp=1,
                     cpu="qemu64", icount=True)
    vm.send("create long.cfg")
    vm.expect(PROMPT, LIMIT)
    vm.command(before)
    vm.send("console victim")
    vm.send("from now on")
    vm.expect(r"^victim goes on", LIMIT)
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    vm.send("wait long")
    vm.expect(r"^long ended: poweroff", LIMIT)
    vm.expect(PROMPT)
    return ask_victim(vm)


def test_latency(env):
    """T23 cannot keep a victim from running for 1 ms."""
    late = latency(env, "T23", "latency", "sched-credit2 -d 0 -w 16")
    assert late < 1000, late


def test_store_latency(env):
    """T25 cannot keep xenstore from answering a victim for 100 ms."""
    late = latency(env, "T25", "store")
    assert 0 < late < 100000, late
