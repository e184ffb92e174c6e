# SPDX-License-Identifier: MIT
"""Guests with several vCPUs: they boot, work, and get and lose vCPUs.

As elsewhere a scenario runs on the reference, too, which so judges it.
"""
import re

from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config,
                     stable_free_pages)

# What each vCPU did, and whatever the kernel complains about.
SCRIPT = """
/smp {seconds}
/workload 1
for i in 1 2 3 4; do (while :; do :; done) & done
sleep {seconds}
kill $!
echo online $(cat /sys/devices/system/cpu/online)
echo steal $(awk '/^cpu /{{print $9}}' /proc/stat)
dmesg -r | sed -n 's/^<[0-4]>\\[[^]]*\\] /complaint: /p'
echo the end
"""

# Of every PV guest, on the reference too.
HARMLESS = (r"RETBleed|Spectre|MDS|MMIO|Speculat|x86/cpu: |hvc_open: request_irq"
            r"|TSC ADJUST|Cannot get hvm|TAA|Unstable clock|GDS|SRBDS"
            r"|do_IRQ: |random: ")


def smp_guest(env, where, vcpus, seconds=1, more="", **machine):
    """What one guest prints while all of its vCPUs work."""
    initramfs = env.initramfs(SCRIPT.format(seconds=seconds),
                              [env.built("tests/smp"),
                               env.built("tests/workload")])
    disk = env.ramdisk({"work.gz": initramfs, "w.cfg": debian_config(
        "work", ramdisk="work.gz", more=f"vcpus = {vcpus}\n{more}")})
    vm = env.control(where, disk, timeout=700, **machine)
    before = stable_free_pages(vm)
    vm.send("create /guests/w.cfg -c")
    vm.expect(r"the end$", 400)
    vm.expect(PROMPT, 60)
    env.check_pages(vm, where, before)
    shown = vm.command("console --history work")
    env.switch_off(vm, where)
    return shown


def scenario_work(env, where, vcpus, **machine):
    shown = smp_guest(env, where, vcpus, **machine)
    last = vcpus - 1
    assert f"\nonline 0-{last}\n" in shown, shown
    assert f"smp: {vcpus} vcpus, 0 mistakes" in shown, shown
    assert "workload: 1 rounds, 0 mistakes" in shown, shown
    steal = int(re.search(r"^steal (\d+)", shown, re.M)[1])
    if vcpus > machine["smp"]:
        assert steal > 0, shown
    complaints = [line for line in re.findall(r"^complaint: (.*)", shown, re.M)
                  if not re.search(HARMLESS, line)]
    assert not complaints, shown


def test_two_on_two(env):
    scenario_work(env, "tenon", 2, smp=2)


def test_four_on_one(env):
    scenario_work(env, "tenon", 4, smp=1, cpu="max")
