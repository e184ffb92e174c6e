# SPDX-License-Identifier: MIT
"""tests/guest/entry tries every way in and out of a guest with what must not
work; each attempt has to end in an error or in an exception of the guest.

Not on the reference, which is laxer in a few points: it keeps NT, takes call
gates, and handlers in its own addresses.
"""
from testenv import PROMPT

LEAST = 50


def judge(vm):
    start = vm.seen
    failed = vm.expect(r"^done (\d+) failed", 60).group(1)
    lines = vm.text[start:vm.seen].splitlines()
    assert failed == "0", [line for line in lines if "not ok" in line]
    assert sum(line.startswith("ok ") for line in lines) >= LEAST, lines


def as_first(env, **machine):
    vm = env.boot(dom0=env.built("tests/guest/entry"), **machine)
    judge(vm)
    vm.wait_off()


def test_first(env):
    as_first(env, cpu="qemu64")


def test_first_all_features(env):
    as_first(env, cpu="max", smp=2)


def test_guest(env):
    disk = env.ramdisk({
        "entry": env.built("tests/guest/entry"),
        "e.cfg": 'kernel = "/guests/entry"\nname = "e"\nmemory = 16\n'},
        base=False)
    vm = env.boot(ramdisk=disk)
    vm.expect(PROMPT, 60)
    vm.send("create /guests/e.cfg -c")
    judge(vm)
    vm.expect(PROMPT)
