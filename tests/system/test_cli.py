# SPDX-License-Identifier: MIT
"""Every verb of the command line, as a user sees it, two guests alive."""
import json
import re
import shutil
import subprocess

import schema
from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config,
                     hello_config)

# What needs no more than to be asked; the text holds this.
READING = {
    "list": r"^deb +1 +128 +1 +\S+ +\d+\.\d$",
    "list deb idle": r"^idle +2 +32 +1 +--p--- +0\.0$",
    "list -v": r"^deb .* [0-9a-f]{8}-[0-9a-f-]{27} +- +-$",
    "vm-list": r"^[0-9a-f-]{36}  1    deb",
    "domid deb": r"^1$",
    "domname 2": r"^idle$",
    "uptime": r"^Domain-0 +0 +\d+:\d\d:\d\d$",
    "uptime -s deb": r"^ up +\d+:\d\d, deb \(1\)$",
    "vcpu-list": r"^deb +1 +0 +\d +\S+ +\d+\.\d  all / all$",
    "sched-credit2": r"^deb +1 +256 +0$",
    "sched-credit2 -d deb": r"^deb +1 +256 +0$",
    "block-list deb": r"^51712 0   1      4     \d+ +\d+ +/local/domain/0/",
    "network-list deb": r"^0   0  00:16:3e:\S+ +0 +4 +\d+ +\d+/\d+ +/local/",
    "info": r"^free_memory +: \d+$",
    "info nr_cpus": r"^2$",
    "pci": r"^\S+",
    "disks": r"^Name +Size",
    "network": r"^vif1\.0 +xenbr0 ",
    "ls": r"^ +\d+ /guests/auto/deb\.cfg$",
    "cat idle.cfg": r"^name = 'idle'$",
    "dmesg": r"^\((TENON|XEN)\) ",
    "xenstore-ls /local/domain/1/memory": r"/memory/target = \"131072\"$",
    "xenstore-read /local/domain/2/name": r"^idle$",
    "xenstore-watch -n 1 /vm": r"^/vm$",
    "events --past": r" deb \(1\) created$",
    "top -b -n 2 -d 1": r"^ +deb \S{6} +\d+ +\d+\.\d +131072 ",
    "config show idle.cfg": r'"name": "idle"',
    "config show deb": r'"vdev": "xvda"',
}
# Lines of one object each instead of one result.
STREAMS = ("events", "xenstore-watch")
TEXT_ONLY = ("list -v", "uptime -s", "info nr_cpus", "cat", "dmesg")


# Where the schema is not called like the verb.
SCHEMAS = {"domid": "domain", "domname": "domain", "list -l": "list-long",
           "config show": "config", "sched-credit2 -d": "sched-credit2-domain",
           "inspect idle --frames": "inspect-frames",
           "inspect deb --walk": "inspect-walk",
           "inspect deb --memory": "inspect-memory"}


def check_schema(line, value):
    name = [SCHEMAS[start] for start in SCHEMAS if line.startswith(start)]
    wrong = schema.check(value, schema.load(name[0] if name
                                            else line.split()[0]))
    assert not wrong, f"{line} --json: {wrong}"
    return value


def as_json(vm, line, option=" --json"):
    """What a verb says with --json, a list for streams."""
    text = vm.command(line + option, timeout=60).split("\n", 1)[1]
    text = text[:text.rindex("\n") + 1] if "\n" in text else text
    if line.startswith(STREAMS):
        return [check_schema(line, json.loads(one))
                for one in text.splitlines() if one]
    return check_schema(line, json.loads(text))


def ask_all(vm):
    for line, pattern in READING.items():
        shown = vm.command(line, timeout=60)
        assert re.search(pattern, shown, re.M), f"{line}: {shown}"
        assert "error:" not in shown, shown
        if not line.startswith(TEXT_ONLY):
            as_json(vm, line.replace(" -n 2 -d 1", ""))
    domains = {d["name"]: d for d in as_json(vm, "list")}
    assert domains["deb"]["domid"] == 1 and \
        domains["idle"]["state"] == "--p---", domains
    long = as_json(vm, "list -l deb", "")
    assert long[0]["config"]["b_info"]["target_memkb"] == 131072, long


def check_help(vm):
    """`help` lists verbs; the help of each has an example."""
    verbs = re.findall(r"^  ([a-z0-9-]+) ", vm.command("help"), re.M)
    assert len(verbs) > 40, verbs
    for verb in ("create", "top", "vcpu-pin"):
        assert f"\nexample: {verb}" in vm.command(f"help {verb}"), vm.text


def change(vm):
    """Verbs that change something, and what shows it."""
    for line in ("rename idle sleeper", "rename sleeper idle",
                 "vcpu-pin deb 0 0 -", "sched-credit2 -d deb -w 300",
                 "xenstore-write /tool/x 1", "xenstore-rm /tool/x",
                 "pause deb", "unpause deb", "mem-max deb 140",
                 "mem-set -w deb 112", "network-attach deb",
                 "network-detach deb 1", "block-attach deb ram:1M,xvdb,w",
                 "block-detach deb xvdb", "vcpu-set deb 1"):
        shown = vm.command(line, timeout=60)
        assert "error:" not in shown, shown
    vm.command("debug-keys hq")
    assert re.search(r"domain 1\b", vm.command("dmesg")), vm.text
    memory = {d["name"]: d["memory_mib"] for d in as_json(vm, "list")}
    assert abs(memory["deb"] - 112) <= 1, memory
    assert "idle fits" not in vm.command("create -n idle.cfg name=third "
                                         "memory=100000"), vm.text
    assert "third fits: it needs 33 MiB" in \
        vm.command("create -n idle.cfg name=third"), vm.text


def check_frames(vm):
    """All frames of a guest have a type, and its tables are pinned."""
    frames = {f["type"]: f["frames"] for f in as_json(vm, "inspect idle "
                                                      "--frames")}
    assert frames["pinned L4"] == 1 and frames["L1"] >= 1, frames
    memory = {d["name"]: d["memory_kib"] for d in as_json(vm, "top")}
    assert sum(frames.values()) * 4 == memory["idle"], (frames, memory)


def reach_kernel(vm):
    """SysRq and NMI arrive in the guest's kernel; we look into it."""
    for line, answer in (("sysrq deb h", r"sysrq: HELP"),
                         ("trigger deb nmi", r"NMI received")):
        vm.command(line)
        vm.send("console deb")
        vm.expect(answer, 30)
        vm.send_raw(b"\x1d")
        vm.expect(PROMPT)
    shown = vm.command("inspect deb")
    assert re.search(r"^rip ffffffff8[0-9a-f]{7} ", shown, re.M), shown
    assert re.search(r"^  ffffffff8[0-9a-f]{7}  \?$", shown, re.M), shown
    rip = as_json(vm, "inspect deb")["rip"]
    assert as_json(vm, f"inspect deb --walk {rip}")["outcome"] == \
        "mapped to frame", vm.text
    as_json(vm, f"inspect deb --memory {rip}")
    shown = vm.command(f"inspect deb --memory {rip} --bytes 16")
    assert re.search(rf"^{rip}( [0-9a-f]{{2}}){{16}}  ", shown, re.M), shown
    check_frames(vm)
    shown = vm.command("inspect idle")
    assert re.search(r"^rip \S+ \w+\+0x0$", shown, re.M), shown


def check_core(env, image):
    """A debugger finds the guest that had not run yet at its entry."""
    assert image.read_bytes()[:7] == b"\x7fELF\2\1\1", "no core"
    if not shutil.which("gdb"):
        return
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "info registers rip", "-ex",
         "x/s $rsi", str(env.built("hello")), str(image)],
        capture_output=True, text=True, errors="replace", check=False)
    assert re.search(r"^rip .* <_start>", done.stdout, re.M), done
    assert '"xen-3.0-x86_64"' in done.stdout, done


def scenario(env, where):
    image = env.tmp / "core.img"
    image.write_bytes(bytes(96 << 20))
    disk = env.ramdisk({
        "auto/deb.cfg": debian_config(
            "deb", memory=128,
            more="vif = ['']\ndisk = ['ram:16M,xvda,w']\n"),
        "idle.cfg": hello_config("idle")})
    vm = env.control(where, disk, timeout=700, disk=image)
    assert "\nstarted deb\n" in vm.text, vm.text
    vm.send("console deb")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    vm.command("echo 8 > /proc/sys/kernel/printk; "
               "echo 1 > /proc/sys/kernel/sysrq; "
               "modprobe -a xen-netfront xen-blkfront; "
               "until [ -e /sys/class/net/eth0 -a -e /dev/xvda ]; do "
               "usleep 100000; done; ifconfig eth0 up", DEBIAN_PROMPT, 60)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    vm.command("create -p idle.cfg")
    ask_all(vm)
    check_help(vm)
    change(vm)
    reach_kernel(vm)
    shown = vm.command("dump-core idle vd0", timeout=120)
    assert re.search(r"^idle: \d+ bytes on vd0$", shown, re.M), shown
    vm.command("destroy idle")
    assert "ended: destroyed" in vm.command("events --past"), vm.text
    # A guest of /guests/auto is asked to stop, and does.
    vm.send("poweroff")
    vm.expect(r"^stopping deb$")
    env.expect_off(vm, where)
    assert "does not stop" not in vm.text, vm.text
    check_core(env, image)


def test_all_verbs(env):
    scenario(env, "tenon")


def test_all_verbs_on_reference(env):
    scenario(env, "reference")


test_all_verbs_on_reference.is_soak = True
