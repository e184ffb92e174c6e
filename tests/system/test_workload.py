# SPDX-License-Identifier: MIT
"""A demanding program in Debian guests gives the same output everywhere."""
import re

from testenv import PROMPT, debian_config, stable_free_pages

SCRIPT = """
/workload {rounds}
for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; done | sha256sum
dd if=/dev/zero bs=64k count=32 2>/dev/null | tee /tmp/zero | sha256sum
sha256sum < /tmp/zero
echo the end
"""


def guest_output(env, where, rounds=1, **machine):
    """What one guest prints from its first line of work on."""
    initramfs = env.initramfs(SCRIPT.format(rounds=rounds),
                              [env.built("tests/workload")])
    disk = env.ramdisk({"work.gz": initramfs, "w.cfg": debian_config(
        "work", ramdisk="work.gz")})
    vm = env.control(where, disk, **machine)
    vm.send("create /guests/w.cfg -c")
    vm.expect(r"the end$", 240)
    vm.expect(PROMPT, 30)
    shown = vm.command("console --history work")
    env.switch_off(vm, where)
    return shown[shown.index("exec"):shown.index("the end")]


def expected(env):
    """The reference's output, which has no mistakes in it."""
    output = guest_output(env, "reference")
    assert "WRONG" not in output and "0 mistakes" in output, output
    return output


def test_same_as_reference(env):
    env.built("tenon")
    ours, theirs = guest_output(env, "tenon"), expected(env)
    assert ours == theirs, f"ours:\n{ours}\nthe reference's:\n{theirs}"


def test_with_avx(env):
    output = guest_output(env, "tenon", cpu="max")
    assert "WRONG" not in output and "0 mistakes" in output, output


def scenario_two_compete(env, where, rounds, **machine):
    """Two guests on one CPU, many rounds; no mistake in either."""
    initramfs = env.initramfs(SCRIPT.format(rounds=rounds),
                              [env.built("tests/workload")])
    disk = env.ramdisk({"work.gz": initramfs,
                        "a.cfg": debian_config("a", ramdisk="work.gz"),
                        "b.cfg": debian_config("b", ramdisk="work.gz")})
    vm = env.control(where, disk, timeout=480, **machine)
    before = stable_free_pages(vm)
    vm.command("create /guests/a.cfg")
    vm.command("create /guests/b.cfg")
    vm.command("wait a", timeout=450)
    vm.command("wait b", timeout=450)
    for name in "ab":
        shown = vm.command(f"console --history {name}")
        assert re.search(f"workload: {rounds} rounds, 0 mistakes", shown), shown
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)


def test_two_compete(env):
    scenario_two_compete(env, "tenon", 6, smp=1)


def test_two_compete_for_long(env):
    scenario_two_compete(env, "tenon", 50, smp=1)


test_two_compete.is_long = True
test_two_compete_for_long.is_soak = True


def test_reference_judges(env):
    expected(env)
