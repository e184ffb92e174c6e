# SPDX-License-Identifier: MIT
"""docs/admin-guide.md, typed: its configurations, with less memory and Debian's
kernels in place of PV GRUB, on a disk with its partitions, and its commands at
the prompt. What it types in Debian: test_server_guide.py."""
import re
import shutil
import subprocess

import gpt
from cli_control import Control
from guide import Guide
from testenv import DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT

MIB = 1 << 20
# Name and MiB.
PARTITIONS = (("db", 4), ("web1", 4), ("backup", 6), ("data", 4),
              ("core", 320))
# Eighths of the guide's, and no less than a Debian guest takes.
GUIDE = Guide({"8192": "192", "1536": "192", "1280": "160", "1024": "128"})
KERNEL = ('kernel = "/guests/{}"\nramdisk = "/guests/initramfs.gz"\n'
          'extra = "console=hvc0 quiet"')


def debug_kernel(env):
    """Where a kernel and its symbols are as their packages put them."""
    return env.built("kernels/debug")


def configurations(env):
    """The guide's files, of db, whose kernel has symbols, and of the first of
    the web servers; its settings."""
    files = {}
    for name, text in GUIDE.configurations().items():
        kernel = "debug" if name.endswith("-db.cfg") else "vmlinuz"
        text = text.replace('kernel = "/guests/pvgrub"', KERNEL.format(kernel))
        files[f"auto/{name}".replace("$i", "1")] = text.replace("$i", "1")
    assert sorted(files) == ["auto/10-db.cfg", "auto/21-web1.cfg"], files
    name, text = re.search(r"file\s+`(\S+)`\s+beside `auto/` that says `(.*)`",
                           GUIDE.section("Limit memory")).groups()
    files[name] = text + "\n"
    files["debug"] = next(debug_kernel(env).glob("boot/vmlinuz-*"))
    return files


def disk(env):
    path = env.tmp / "disk.img"
    first, rows = 1, []
    for i, (name, size) in enumerate(PARTITIONS):
        rows.append((name, f"00000000-0000-4000-8000-{i:012}",
                     first * MIB // 512, (first + size) * MIB // 512 - 1))
        first += size
    with path.open("wb") as image:
        image.truncate((first + 1) * MIB)
        image.seek(MIB)
        image.write(bytes(range(256)) * (4 * MIB // 256))
    gpt.write(path, rows)
    return path


def run(vm, line, limit=120):
    shown = vm.command(line, timeout=limit)
    assert "error:" not in shown, shown
    return shown


def visit(vm, name):
    """To its shell and back."""
    with Control(vm).console(name):
        vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)


def make_room(vm):
    """A guest that would not fit gets what web1 can spare, and no more; who
    has it is said."""
    free = int(re.search(r"^free_memory *: (\d+)", run(vm, "info"), re.M)[1])
    bigger = "create -p auto/21-web1.cfg name=web2 disk=[] memory={}"
    shown = vm.command(bigger.format(free + 200), timeout=120)
    assert re.search(r"^error: web2: not enough memory: .*, db has 192 MiB",
                     shown, re.M), shown
    shown = run(vm, bigger.format(free + 20))
    assert re.search(r"^web1 is asked for \d+ MiB$", shown, re.M), shown
    memory = dict(re.findall(r"^(\S+) +\d+ +(\d+)", run(vm, "list"), re.M))
    assert memory["db"] == "192" and 128 <= int(memory["web1"]) < 192, memory
    run(vm, "destroy web2")


def look(vm):
    for line in GUIDE.typed("Look"):
        if line == "console web1":
            visit(vm, "web1")
        elif line == "top":
            vm.send(line)
            vm.expect(r"by id \(keys")
            vm.send_raw(b"q")
            vm.expect(PROMPT)
        else:
            assert "web1" in run(vm, line), vm.text


def share(vm):
    lines = GUIDE.named("Share the CPUs", "sched-credit2|vcpu-pin|vcpu-set")
    assert len(lines) == 6, lines
    for line in lines:
        run(vm, line)
    weights = {row[0]: row[1] for row in re.findall(
        r"^(\S+) +\d+ +(\d+) +\d+", run(vm, "sched-credit2"), re.M)}
    assert weights["db"] == "512", vm.text


def change(vm):
    lines = GUIDE.named("Change something", "block-attach|block-detach")
    assert len(lines) == 2, lines
    for line in lines:
        run(vm, line)


def back_up(vm):
    sums = []
    for line in GUIDE.typed("Back up a guest's disk"):
        shown = run(vm, line)
        sums += re.findall(r"CRC-32 (\w+)", shown)
    assert "4.0 MiB" in run(vm, "disks"), vm.text
    assert sums, vm.text


CRASHED = {"list": r"^db .* ---sc- ", "events --past": r" db \(\d+\) ended: crash$",
           "console --history db": r"sysrq: Trigger a crash",
           "dmesg": r"domain \d+ has shut down, reason 3$",
           "inspect db": r"^rip ffffffff8", "destroy db": "",
           "dump-core db PARTLABEL=core": r"^db: \d+ bytes on ",
           "create auto/10-db.cfg": ""}


def crash(vm):
    vm.send("console db")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    vm.send("echo c > /proc/sysrq-trigger")
    vm.expect(r"^\[db ended: crash\]", 60)
    vm.expect(PROMPT)
    lines = GUIDE.typed("A guest has crashed")
    assert set(lines) == set(CRASHED), lines
    for line in lines:
        shown = run(vm, line, 300)
        assert re.search(CRASHED[line], shown, re.M), shown


def debug(env, image):
    """A debugger finds out why db crashed."""
    gdb, = GUIDE.in_debian("A guest has crashed")
    vmlinux, where = re.fullmatch(r"gdb /(\S+) (\S+)\n", gdb).groups()
    assert where == "/dev/disk/by-partlabel/core", gdb
    symbols = next(debug_kernel(env).glob(vmlinux.replace("VERSION", "*")))
    core = env.tmp / "core"
    with image.open("rb") as source, core.open("wb") as copy:
        source.seek(-(PARTITIONS[-1][1] + 1) * MIB, 2)
        shutil.copyfileobj(source, copy, MIB)
    request, = GUIDE.typed("A guest has crashed", "(gdb)")
    shown = subprocess.run(["gdb", "-nx", "-batch", "-ex", request, symbols,
                            core], capture_output=True, text=True,
                           errors="replace", check=False).stdout
    assert re.search(r"panic \(fmt=.* \"sysrq triggered crash\\n\"\) at "
                     r".*\n#.* sysrq_handle_crash \(", shown), shown
    assert len(re.findall(r"^Thread \d+ ", shown, re.M)) == 4, shown


ANSWERS = {"sysrq web1 w": r"sysrq: Show Blocked State",
           "sysrq web1 s": r"sysrq: Emergency Sync",
           "sysrq web1 h": r"sysrq: HELP",
           "trigger web1 nmi": r"NMI received"}


def until_shown(vm, line, pattern):
    """Asks again until it is so."""
    for _ in range(200):
        if re.search(pattern, run(vm, line), re.M):
            return
    vm.fail(f"{line}: no {pattern}")


def hang(vm):
    allow, = GUIDE.named("A guest hangs", "sysctl")
    with Control(vm).console("web1"):
        vm.send(allow)
        vm.expect(r"^kernel.sysrq = 1$")
    gentle = GUIDE.named("A guest hangs", "sysrq")
    show, = GUIDE.named("A guest hangs", "console")
    assert len(gentle) == 2, gentle
    *lines, last = GUIDE.typed("A guest hangs")
    for line in (*lines, "sysrq web1 h", *gentle):
        shown = run(vm, line)
        if line in ANSWERS:
            until_shown(vm, show, ANSWERS[line])
    until_shown(vm, "events --past", r" web1 \(\d+\) ended: reboot")
    until_shown(vm, "list", r"^web1 ")
    run(vm, last)
    assert not re.search("^web1 ", run(vm, "list"), re.M), vm.text


def test_guide(env):
    image = disk(env)
    vm = env.control("tenon", env.ramdisk(configurations(env)), smp=4,
                     net="user", net_type="virtio", disk=image, timeout=2500)
    assert "started db\nstarted web1\n" in vm.text, vm.text
    run(vm, GUIDE.typed("Plan memory and CPUs")[0])
    shown = run(vm, "disks")
    for name, _ in PARTITIONS:
        assert f"PARTLABEL={name}" in shown, shown
    visit(vm, "db")
    look(vm)
    make_room(vm)
    for line in GUIDE.typed("Limit memory"):
        run(vm, line, 300)
    share(vm)
    change(vm)
    back_up(vm)
    crash(vm)
    debug(env, image)
    hang(vm)


def test_hypervisor_crash(env):
    """With no room for the first domain."""
    option, = re.findall(r"with\s+`(\w+)` in `TENON_CMDLINE` the machine halts",
                         GUIDE.section("The hypervisor has crashed"))
    vm = env.boot(cmdline=f"console=com1 dom0_mem=2M {option}")
    vm.expect(r"^\(TENON\) PANIC on CPU 0: first domain: dom0_mem gives 2 MiB"
              r".*\n(.*\n)*.* boot_main\+\w+\n\(TENON\) halted$")


test_guide.is_soak = True
