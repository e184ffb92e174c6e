# SPDX-License-Identifier: MIT
"""Guests with several vCPUs: they boot, work, and get and lose vCPUs.

As elsewhere a scenario runs on the reference, too, which so judges it. Whatever
a kernel complains about on Tenon, it has to have complained about there, as
tests/reference/complaints.expected records.

    test_smp.py record      adds what it complains about there now
"""
import itertools
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

from debian_files import program_files, run_line  # noqa: E402
from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, ROOT,  # noqa: E402
                     Env, debian_config, stable_free_pages)

RECORD = ROOT / "tests/reference/complaints.expected"
HEADER = """# SPDX-License-Identifier: MIT
# What Debian's kernels complain about on the reference; by tests/system/test_smp.py
# record.
"""

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
# Warnings and worse.
COMPLAIN = """
dmesg -r | sed -n 's/^<[0-4]>\\[[^]]*\\] /complaint: /p'
echo the end
"""
KERNELS = {"cloud": "kernels/cloud-amd64", "generic": "guests/vmlinuz"}
STRESS = "/usr/bin/stress-ng"
# Each kind checks what it did; a round is starved when a worker took so long to end
# that it was killed, as on a slow machine: status 3, or 7 when its counts lack the
# copy to compare them with, which is made at the end. Meanwhile lines are read that
# say what memory and vCPUs are to come, until one says that they have. Putting vCPUs
# to use that the kernel has found is otherwise a udev rule's work.
STRESS_SCRIPT = f"""
dd if=/dev/urandom of=/held bs=1M count=32 2>/dev/null
md5sum /held >/sum
while [ ! -e /stop ]; do
	{run_line(STRESS)} --verify --timeout 5 --cpu {{vcpus}} \\
		--vm 2 --vm-bytes 2M --fork 2 --futex 2 --timer 2 --switch 2 \\
		--mmap 2 --mmap-bytes 2M >log 2>&1
	status=$?
	if [ $status = 7 ] && ! grep fail: log | grep -v metrics-check: | grep -qv ' vs 0$'
	then
		status=3
	fi
	case $status in
	0) echo stress: round ;;
	3) echo stress: starved ;;
	*) echo stress: failed; cat log ;;
	esac
done &
/smp clocks 60 >/clocks &
clocks=$!
until [ -s /clocks ]; do usleep 100000; done
cd /sys/devices/system
reached() {{{{
	for c in cpu/cpu*/online; do
		[ $(cat $c) != 0 ] || echo 1 >$c
	done 2>/dev/null
	kib=$(cat xen_memory/xen_memory0/info/current_kb)
	[ $kib -ge $((($1 - 1) * 1024)) ] && [ $kib -le $((($1 + 1) * 1024)) ] &&
		[ $(cat cpu/present) = $2 ] && [ $(cat cpu/online) = $2 ]
}}}}
echo begin
while read memory cpus && [ $memory != end ]; do
	until reached $memory $cpus; do usleep 200000; done
	echo reached $memory $cpus
done
wait $clocks
cat /clocks
md5sum -c /sum
touch /stop
wait
/smp 1
"""


# --- What the kernel complains about ---------------------------------------------

def complaints(shown):
    """The lines that COMPLAIN printed, without numbers, each once; but not that
    more of one kind were not printed, of which some always are."""
    number = r"0x[0-9a-f]+|(?<=APIC: )[0-9a-f]+|\b[0-9a-f]{4,}\b|\d+"
    return {re.sub(number, "N", line.strip())
            for line in re.findall(r"^complaint: (.*)", shown, re.M)
            if not line.rstrip().endswith(" callbacks suppressed")}


def recorded():
    """{kernel: what it has complained about on the reference}."""
    found = {}
    for line in RECORD.read_text().splitlines() if RECORD.exists() else ():
        if line.startswith("= "):
            lines = found.setdefault(line[2:], set())
        elif not line.startswith("# "):
            lines.add(line)
    return found


def check_complaints(kernel, shown):
    """There may be nothing that the reference has not seen."""
    new = complaints(shown) - recorded().get(kernel, set())
    assert not new, "\n".join(["new complaints:", *sorted(new), shown])


def record():
    """What was seen once counts: some complaints come by chance."""
    seen = recorded()
    for kernel, (vcpus, cpus) in itertools.product(KERNELS, ((1, 1), (4, 2))):
        with Env("record") as env:
            shown = stress_guest(env, "reference", vcpus, kernel, smp=cpus)
        seen[kernel] = seen.get(kernel, set()) | complaints(shown)
        RECORD.write_text(HEADER + "".join(
            "\n".join([f"= {name}", *sorted(lines), ""])
            for name, lines in sorted(seen.items())))


# --- Guests ----------------------------------------------------------------------

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
    check_complaints("generic", shown)


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
    ask_guest(vm, "for i in 1 2 3 4; do (for j in $(seq 5000); do :; done) &"
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


def change(vm, memory, vcpus):
    """However long the guest takes to follow among all that stress."""
    vm.command(f"mem-set work {memory}")
    vm.command(f"vcpu-set -i work {vcpus}")
    cpus = f"0-{vcpus - 1}" if vcpus > 1 else "0"
    vm.send("console work")
    vm.send(f"{memory} {cpus}")
    vm.expect(rf"^reached {memory} {cpus}$", 600)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    listed = re.search(r"^work +\d+ +(\d+) ", vm.command("list work"), re.M)
    assert abs(int(listed[1]) - memory) <= 1, vm.text


def patience(env):
    """A kernel waits as many times longer as this machine is slow until it
    says that a CPU is stuck. It says, too, when its look at clocks is half a
    second late: only where the machine is not slow."""
    if env.scale <= 1:
        return ()
    return (f"rcupdate.rcu_cpu_stall_timeout={int(21 * env.scale)}",
            f"watchdog_thresh={min(60, int(10 * env.scale))}",
            "tsc=nowatchdog")


def stress_guest(env, where, vcpus, kernel, **machine):
    """What a guest prints under stress-ng and the clocks, while its memory goes
    down to a quarter and back, and all its vCPUs but one go and come."""
    programs = program_files(env.built("debian.img"), STRESS, env.tmp / "stress")
    script = (STRESS_SCRIPT + COMPLAIN).format(vcpus=vcpus)
    initramfs = env.initramfs(script, [env.built("tests/smp"), *programs],
                              modules=False)
    disk = env.ramdisk({
        "work.gz": initramfs, "vmlinuz": env.built(KERNELS[kernel]),
        "w.cfg": debian_config("work", ramdisk="work.gz", memory=1024,
                               extra=patience(env),
                               more=f"vcpus = {vcpus}")}, base=False)
    vm = env.control(where, disk, timeout=2000, mem="3G", **machine)
    before = stable_free_pages(vm)
    vm.send("create /guests/w.cfg -c")
    vm.expect(r"^begin$", DEBIAN_BOOT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    change(vm, 256, 1)
    change(vm, 1024, vcpus)
    vm.send("console work")
    vm.send("end")
    vm.expect(r"the end$", 1500)
    vm.expect(PROMPT, 100)
    env.check_pages(vm, where, before)
    shown = vm.command("console --history work")
    env.switch_off(vm, where)
    return shown


def scenario_stress(env, where, vcpus, kernel, **machine):
    shown = stress_guest(env, where, vcpus, kernel, **machine)
    assert re.search(r"^stress: round$", shown, re.M), shown
    assert "stress: failed" not in shown, shown
    assert "/held: OK" in shown, shown
    for what in (f"clocks of {vcpus} vcpus", "smp: .*, 0 mistakes"):
        assert len(re.findall(f"^{what}$", shown, re.M)) == 2, shown
    check_complaints(kernel, shown)


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


def test_cloud_on_reference(env):
    scenario_stress(env, "reference", 4, "cloud", smp=2)


def test_generic_on_reference(env):
    scenario_stress(env, "reference", 4, "generic", smp=2)


for _test in (test_two_on_reference, test_four_on_four, test_sixteen_on_two,
              test_sixteen_on_one, test_cloud_on_reference,
              test_generic_on_reference):
    _test.is_soak = True


def stress_test(kernel, vcpus, cpus):
    def test(env):
        scenario_stress(env, "tenon", vcpus, kernel, smp=cpus,
                        cpu="max" if cpus == 2 else "qemu64")

    test.is_soak = True
    return test


for _kernel in KERNELS:
    for _vcpus in (1, 2, 4, 16):
        for _cpus in (1, 2, 4):
            globals()[f"test_stress_{_kernel}_{_vcpus}_on_{_cpus}"
                      ] = stress_test(_kernel, _vcpus, _cpus)


if __name__ == "__main__":
    record()
