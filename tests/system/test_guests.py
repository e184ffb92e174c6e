# SPDX-License-Identifier: MIT
"""Guests from the control domain's prompt, on Tenon and on the reference.

Each scenario is one function of (env, where, machine options), so that the
reference judges the scenario itself, and the control domain, first.
"""
import random
import re
import struct

from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config,
                     hello_config, stable_free_pages)


def scenario_hello(env, where, **machine):
    """A guest's output, its end and its history; memory comes back."""
    disk = env.ramdisk({"h.cfg": hello_config(memory=1)})
    vm = env.control(where, disk, **machine)
    before = stable_free_pages(vm)
    shown = vm.command("create /guests/h.cfg -c")
    for text in ("Hello from a guest domain", "tick 5", "Goodbye",
                 "hello ended: poweroff"):
        assert text in shown, vm.text
    shown = vm.command("console --history hello")
    assert "Hello from a guest domain" in shown and "Goodbye" in shown, vm.text
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)


def scenario_debian(env, where, kernel=None, **machine):
    """The shell of a stock kernel on the guest's console."""
    files = {"h.cfg": hello_config(),
             "d.cfg": debian_config("deb", "kernel" if kernel else "vmlinuz")}
    if kernel:
        files["kernel"] = env.built(kernel)
    vm = env.control(where, env.ramdisk(files), **machine)
    before = stable_free_pages(vm)
    vm.send("create /guests/d.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    shown = vm.command("echo $((6 * 7)); cat /sys/hypervisor/type",
                       DEBIAN_PROMPT)
    assert "\n42\n" in shown and "\nxen\n" in shown, vm.text
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(r"left the console of deb")
    vm.expect(PROMPT)
    assert re.search(r"^deb +\d+ +256 +1 ", vm.command("list"), re.M), vm.text
    vm.send("console deb")
    vm.send("")
    vm.expect(DEBIAN_PROMPT)
    vm.send("poweroff")
    vm.expect(r"deb ended: poweroff", 30)
    vm.expect(PROMPT)
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)


def scenario_three_guests(env, where, **machine):
    """One panics, one is destroyed while it boots, one must not notice."""
    disk = env.ramdisk({
        "a.cfg": debian_config("a", more="on_crash = 'preserve'"),
        "b.cfg": debian_config("b"), "h.cfg": hello_config()})
    vm = env.control(where, disk, **machine)
    before = stable_free_pages(vm)
    vm.send("create /guests/a.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    vm.command("create /guests/b.cfg")
    vm.command("create /guests/h.cfg")
    vm.command("destroy b")
    assert not re.search(r"^b ", vm.command("list"), re.M), vm.text
    vm.command("wait hello", PROMPT, 30)
    assert "Goodbye" in vm.command("console --history hello"), vm.text

    vm.send("console a")
    vm.send("")
    vm.expect(DEBIAN_PROMPT)
    vm.send("echo c > /proc/sysrq-trigger")
    vm.expect(r"a ended: crash", 30)
    vm.expect(PROMPT)
    assert re.search(r"^a +\d+ .*s?c.* crash", vm.command("list"), re.M), \
        vm.text
    assert "sysrq triggered crash" in vm.command("console --history a")
    vm.command("destroy a")

    vm.send("create /guests/b.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    vm.send("poweroff")
    vm.expect(PROMPT, 30)
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)




def scenario_pause(env, where, **machine):
    """-p leaves a guest paused; unpause lets it go."""
    disk = env.ramdisk({"h.cfg": hello_config(memory=1)})
    vm = env.control(where, disk, **machine)
    vm.command("create /guests/h.cfg -p")
    assert re.search(r"^hello +\d+ .* --p---", vm.command("list"), re.M), \
        vm.text
    assert "Hello" not in vm.command("console --history hello"), vm.text
    vm.command("unpause hello")
    vm.command("wait hello")
    assert "Goodbye" in vm.command("console --history hello"), vm.text
    env.switch_off(vm, where)


def scenario_autorun(env, where, **machine):
    """Lines of /guests/autorun are typed at boot."""
    disk = env.ramdisk({
        "h.cfg": hello_config(),
        "autorun": "create /guests/h.cfg\nwait hello\n"
                   "console --history hello\npoweroff\n"})
    vm = env.boot(ramdisk=disk, **machine) if where == "tenon" else \
        env.boot_reference(env.built("tenon-dom0"), disk, **machine)
    vm.expect("Goodbye", 60)
    env.expect_off(vm, where)


def test_hello(env):
    scenario_hello(env, "tenon")


def test_debian_xz_kernel(env):
    scenario_debian(env, "tenon")


def test_debian_lz4_kernel(env):
    scenario_debian(env, "tenon", kernel="kernels/cloud-amd64", cpu="max")


def test_debian_zstd_kernel(env):
    scenario_debian(env, "tenon", kernel="kernels/6.12-amd64", cpu="max")


def test_three_guests_on_one_cpu(env):
    scenario_three_guests(env, "tenon", smp=1)


def test_three_guests_on_two_cpus(env):
    scenario_three_guests(env, "tenon", smp=2, cpu="max")


def test_pause(env):
    scenario_pause(env, "tenon")


def test_autorun(env):
    scenario_autorun(env, "tenon")


def test_hello_on_reference(env):
    scenario_hello(env, "reference")


def test_debian_on_reference(env):
    scenario_debian(env, "reference")


def test_three_guests_on_reference(env):
    scenario_three_guests(env, "reference")


test_three_guests_on_reference.is_soak = True


def test_autorun_on_reference(env):
    scenario_autorun(env, "reference")


def garbage_kernel(env, seed):
    """hello with nonsense in place of its first instructions."""
    image = bytearray(env.built("hello").read_bytes())
    entry, phoff = struct.unpack_from("<QQ", image, 24)
    count, = struct.unpack_from("<H", image, 56)
    for at in range(phoff, phoff + 56 * count, 56):
        kind, _, offset, vaddr, _, size = struct.unpack_from("<IIQQQQ", image, at)
        if kind == 1 and vaddr <= entry < vaddr + size:
            start = offset + entry - vaddr
            junk = random.Random(seed).randbytes(4096)
            end = min(start + len(junk), offset + size)
            image[start:end] = junk[:end - start]
            return bytes(image)
    raise AssertionError("hello has no segment with its entry point")


def scenario_garbage(env, where, count, **machine):
    """Guests that execute nonsense in kernel mode crash alone. A few may loop
    for ever instead; those are destroyed."""
    names = [f"g{i}" for i in range(count)]
    files = {"h.cfg": hello_config()}
    for seed, name in enumerate(names):
        files[name] = garbage_kernel(env, seed)
        files[name + ".cfg"] = hello_config(name).replace("/hello", "/" + name)
    vm = env.control(where, env.ramdisk(files), **machine)
    before = stable_free_pages(vm)
    for name in names:
        vm.command(f"create /guests/{name}.cfg")
    shown = vm.command("create /guests/h.cfg -c", timeout=60)
    assert "Goodbye" in shown, vm.text
    for name in re.findall(r"^(g\d+) ", vm.command("list"), re.M):
        vm.command(f"destroy {name}")
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)


def test_garbage(env):
    scenario_garbage(env, "tenon", 12)


def test_garbage_on_reference(env):
    scenario_garbage(env, "reference", 6)
