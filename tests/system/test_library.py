# SPDX-License-Identifier: MIT
"""pv-guest-lib's test kernels, as first domain and as guests of the control
domain, on Tenon and on the reference.

tests/guest/library prints a line for each promise that it checks, and
tests/guest/trap dies of a page fault that it does not handle.
"""
from testenv import PROMPT

DONE = r"^done (\d+) failed"


def kernel(env, name):
    return env.built(f"tests/guest/{name}")


def judge(vm, least):
    """The library kernel's lines: all good, and not fewer than expected."""
    start = vm.seen
    failed = vm.expect(DONE, 60).group(1)
    lines = vm.text[start:vm.seen].splitlines()
    bad = [line for line in lines if line.startswith("not ok")]
    good = [line for line in lines if line.startswith("ok ")]
    assert failed == "0" and not bad, bad
    assert len(good) >= least, good


def see_crash(vm):
    vm.expect(r"^about to fault", 60)
    vm.expect(r"^Exception 14 \(page fault\), error code [26]")
    vm.expect(r"cr2 00007000deadb000")
    vm.expect(r"^called from [0-9a-f ]+")


def as_guests(env, boot):
    config = 'kernel = "/guests/{0}"\nname = "{0}"\nmemory = 48\n' \
             'on_crash = "preserve"\n'
    disk = env.ramdisk({**{name: kernel(env, name)
                           for name in ("library", "trap")},
                        **{f"{name}.cfg": config.format(name)
                           for name in ("library", "trap")}}, base=False)
    vm = boot(disk)
    vm.expect(PROMPT, 60)
    vm.send("create /guests/library.cfg -c")
    judge(vm, 42)
    vm.expect(PROMPT)
    vm.send("create /guests/trap.cfg -c")
    see_crash(vm)
    vm.expect(PROMPT)
    shown = vm.command("list")
    assert "crash" in shown, shown


def test_library_first(env):
    vm = env.boot(dom0=kernel(env, "library"))
    judge(vm, 47)
    vm.wait_off()


def test_library_first_smap(env):
    vm = env.boot(dom0=kernel(env, "library"), cpu="max", smp=1)
    judge(vm, 47)
    vm.wait_off()


def test_trap_first(env):
    see_crash(env.boot(dom0=kernel(env, "trap")))


def test_guests(env):
    as_guests(env, lambda disk: env.boot(ramdisk=disk))


def test_library_first_on_reference(env):
    judge(env.boot_reference(kernel(env, "library"), None), 47)


def test_guests_on_reference(env):
    as_guests(env, lambda disk: env.boot_reference(
        env.built("tenon-dom0"), disk, dom0_mem="256M"))
