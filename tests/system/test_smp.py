# SPDX-License-Identifier: MIT
"""Guests with several vCPUs: they boot, work, and get and lose vCPUs.

As elsewhere a scenario runs on the reference, too, which so judges it.
"""
import re
import time

from debian_files import program_files, run_line
from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config,
                     stable_free_pages)

# What each vCPU did, and whatever the kernel complains about.
SCRIPT = """
/smp {seconds}
/workload 1
echo online $(cat /sys/devices/system/cpu/online)
steal() {{ awk '/^cpu /{{print $9}}' /proc/stat; }}
before=$(steal)
for i in 1 2 3 4; do (for j in $(seq {loops}); do :; done) & done
wait
echo steal $(($(steal) - before))
"""
COMPLAIN = """
dmesg -r | sed -n 's/^<[0-4]>\\[[^]]*\\] /complaint: /p'
echo the end
"""
STRESS = "/usr/bin/stress-ng"
# Each kind checks what it did. It goes on until a line is typed.
STRESS_SCRIPT = f"""
while [ ! -e /stop ]; do
	{run_line(STRESS)} --verify --timeout {{seconds}} --cpu {{vcpus}} \\
		--vm 2 --vm-bytes 16M --fork 2 --futex 2 --timer 2 --switch 2 \\
		--mmap 2 --mmap-bytes 8M >log 2>&1 || {{{{ echo stress: failed; cat log; }}}}
	echo stress: round
done &
echo begin
read line
touch /stop
wait
/smp {{seconds}}
"""

# What the kernel says as loudly on the reference.
HARMLESS = (r"cpu \d+ spinlock event irq|Grant table initialized"
            r"|mce: Unable to init MCE device|hrtimer: interrupt took"
            r"|RETBleed|Spectre|Speculat|MDS|MMIO Stale|hvc_open|TAA|GDS|SRBDS")


def smp_guest(env, where, vcpus, seconds=1, more="", **machine):
    """What one guest prints while all of its vCPUs work."""
    initramfs = env.initramfs((SCRIPT + COMPLAIN).format(
        seconds=seconds, loops=seconds * 50000),
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


def scenario_work(env, where, vcpus, seconds=1, **machine):
    shown = smp_guest(env, where, vcpus, seconds, **machine)
    last = vcpus - 1
    assert f"\nonline 0-{last}\n" in shown, shown
    assert f"smp: {vcpus} vcpus, 0 mistakes" in shown, shown
    assert "workload: 1 rounds, 0 mistakes" in shown, shown
    steal = int(re.search(r"^steal (\d+)", shown, re.M)[1])
    if vcpus > machine["smp"]:
        assert steal > 0, shown
    check_complaints(shown)


def check_complaints(shown):
    complaints = [line for line in re.findall(r"^complaint: (.*)", shown, re.M)
                  if not re.search(HARMLESS, line)]
    assert not complaints, shown


def ask_guest(vm, command):
    """The output of a command in the guest's shell, from our prompt and back."""
    vm.send("console deb")
    vm.send("")
    vm.expect(DEBIAN_PROMPT)
    shown = vm.command(command, DEBIAN_PROMPT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    return shown


def wait_online(vm, cpus):
    """The guest follows xenstore in its own time: its kernel takes vCPUs out
    of use, but leaves it to a udev rule to put new ones to use."""
    ask_guest(vm, "cd /sys/devices/system/cpu; "
                  f"until [ $(cat present) = {cpus} ]; do usleep 100000; done; "
                  "for i in 1 2 3; do [ ! -e cpu$i/online ] || "
                  "echo 1 > cpu$i/online; done; "
                  f"until [ $(cat online) = {cpus} ]; do usleep 100000; done")


def scenario_hotplug(env, where, **machine):
    """vCPUs come and go while the guest runs; it says so, and so do we."""
    disk = env.ramdisk({"d.cfg": debian_config(
        "deb", more="vcpus = 2\nmaxvcpus = 4\ncpu_weight = 512")})
    vm = env.control(where, disk, timeout=700, **machine)
    vm.send("create /guests/d.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    wait_online(vm, "0-1")
    listed = vm.command("vcpu-list deb")
    assert re.search(r"^deb +\d+ +1 +\d ", listed, re.M), listed
    assert re.search(r"^deb +\d+ +3 +- +--p ", listed, re.M), listed
    vm.command("vcpu-set -i deb 4")
    wait_online(vm, "0-3")
    vm.command("vcpu-pin deb all 0 -")
    ask_guest(vm, "for i in 1 2 3 4; do (for j in $(seq 20000); do :; done) &"
                  " done; wait")
    rows = re.findall(r"^deb +\d+ +\d +(\d) +\S+ +\S+ +(\S+) / all",
                      vm.command("vcpu-list deb"), re.M)
    assert rows == [("0", "0")] * 4, vm.text
    vm.command("vcpu-set deb 1")
    wait_online(vm, "0")
    shown = vm.command("sched-credit2 -d deb")
    assert re.search(r"^deb +\d+ +512 +0\b", shown, re.M), shown
    vm.command("sched-credit2 -d deb -c 50")
    assert re.search(r"^deb +\d+ +512 +50\b", vm.command("sched-credit2"),
                     re.M), vm.text
    assert "Oops" not in ask_guest(vm, "dmesg | grep -c ."), vm.text
    vm.command("destroy deb")
    env.switch_off(vm, where)


def set_memory(vm, memory, tries=600):
    """However long the balloon driver takes among all that stress."""
    vm.command(f"mem-set work {memory}")
    for _ in range(tries):
        shown = vm.command("list work")
        if abs(int(re.search(r"^work +\d+ +(\d+) ", shown, re.M)[1])
               - memory) <= 1:
            return
        time.sleep(1)
    vm.fail(f"the guest does not come to {memory} MiB")


def scenario_stress(env, where, vcpus, kernel, seconds, **machine):
    """stress-ng and the clocks, while the guest's memory goes down to a quarter
    and back."""
    programs = program_files(env.built("debian.img"), STRESS, env.tmp / "stress")
    script = (STRESS_SCRIPT + COMPLAIN).format(seconds=seconds, vcpus=vcpus)
    initramfs = env.initramfs(script, [env.built("tests/smp"), *programs])
    disk = env.ramdisk({
        "work.gz": initramfs, "vmlinuz": env.built(f"kernels/{kernel}"),
        "w.cfg": debian_config("work", ramdisk="work.gz", memory=1024,
                               more=f"vcpus = {vcpus}")}, base=False)
    vm = env.control(where, disk, timeout=2000, mem="3G", **machine)
    before = stable_free_pages(vm)
    vm.send("create /guests/w.cfg -c")
    vm.expect(r"^begin$", DEBIAN_BOOT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    for memory in (256, 1024, 256, 1024):
        set_memory(vm, memory)
    vm.send("console work")
    vm.send("")
    vm.expect(r"the end$", 1500)
    vm.expect(PROMPT, 100)
    env.check_pages(vm, where, before)
    shown = vm.command("console --history work")
    assert re.search(r"^stress: round$", shown, re.M), shown
    assert "stress: failed" not in shown, shown
    assert f"smp: {vcpus} vcpus, 0 mistakes" in shown, shown
    check_complaints(shown)
    env.switch_off(vm, where)


def test_two_on_two(env):
    scenario_work(env, "tenon", 2, smp=2)


def test_four_on_one(env):
    scenario_work(env, "tenon", 4, smp=1, cpu="max")


def test_hotplug(env):
    scenario_hotplug(env, "tenon", smp=2)


def test_two_on_reference(env):
    scenario_work(env, "reference", 2, smp=2)


def test_four_on_four(env):
    scenario_work(env, "tenon", 4, smp=4, cpu="max", seconds=30)


def test_sixteen_on_two(env):
    scenario_work(env, "tenon", 16, smp=2, seconds=5)


def test_sixteen_on_one(env):
    scenario_work(env, "tenon", 16, smp=1, seconds=2)


def test_clock_for_a_minute(env):
    scenario_stress(env, "tenon", 4, "cloud-amd64", 60, smp=2, cpu="max")


def test_stress_on_reference(env):
    scenario_stress(env, "reference", 2, "cloud-amd64", 10, smp=2)


for _test in (test_two_on_reference, test_four_on_four, test_sixteen_on_two,
              test_sixteen_on_one, test_clock_for_a_minute,
              test_stress_on_reference):
    _test.is_soak = True


def stress_test(kernel, vcpus, cpus):
    def test(env):
        scenario_stress(env, "tenon", vcpus, f"{kernel}-amd64".lstrip("-"), 10,
                        smp=cpus, cpu="max" if cpus == 2 else "qemu64")

    test.is_soak = True
    return test


for _kernel in ("cloud", ""):
    for _vcpus in (1, 2, 4, 16):
        for _cpus in (1, 2, 4):
            globals()[f"test_stress_{_kernel or 'generic'}_{_vcpus}_on_{_cpus}"
                      ] = stress_test(_kernel, _vcpus, _cpus)
