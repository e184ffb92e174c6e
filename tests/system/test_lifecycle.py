# SPDX-License-Identifier: MIT
"""What a guest's end leads to: on_reboot and on_crash, names that stay."""
import re

from testenv import DEBIAN_PROMPT, PROMPT, debian_config, stable_free_pages

LIMIT = 90


def scenario(env, where, **machine):
    disk = env.ramdisk({
        "again.cfg": debian_config("again", more="on_reboot = 'restart'"),
        "keep.cfg": debian_config("keep",
                                  more="on_crash = 'rename-restart'")})
    vm = env.control(where, disk, **machine)
    before = stable_free_pages(vm)

    vm.send("create again.cfg -c")
    vm.expect(DEBIAN_PROMPT, LIMIT)
    first = re.search(r"^again +(\d+)", _list(vm), re.M)[1]
    vm.send("console again")
    vm.send("reboot -f")
    vm.expect(DEBIAN_PROMPT, LIMIT)
    assert re.search(r"^again +(\d+)", _list(vm), re.M)[1] != first, vm.text
    vm.command("destroy again")
    env.check_pages(vm, where, before)

    vm.send("create keep.cfg -c")
    vm.expect(DEBIAN_PROMPT, LIMIT)
    vm.send("echo c > /proc/sysrq-trigger")
    vm.expect(PROMPT, LIMIT)
    shown = vm.command("list")
    assert re.search(r"^keep-1 .* crash$", shown, re.M), vm.text
    assert re.search(r"^keep +\d+", shown, re.M), vm.text
    assert "sysrq triggered crash" in vm.command("console --history keep-1")
    vm.command("destroy keep")
    vm.command("destroy keep-1")
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)


def _list(vm):
    """The list, from inside an attached console."""
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    return vm.command("list")


def test_restart(env):
    scenario(env, "tenon")


def test_restart_on_reference(env):
    scenario(env, "reference")


test_restart_on_reference.is_soak = True
