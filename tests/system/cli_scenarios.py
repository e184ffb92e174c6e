# SPDX-License-Identifier: MIT
"""Every verb of the command line, as a user sees it, two guests alive: what is
the same in all control domains (cli_control.py) and is asked of each."""
import re
import shutil
import subprocess

from cli_verbs import CHANGES, READING, REFUSED
from testenv import DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT

# Devices are there before anybody asks for them.
PREPARE = ("echo 8 > /proc/sys/kernel/printk; "
           "echo 1 > /proc/sys/kernel/sysrq; "
           "modprobe -a xen-netfront xen-blkfront; "
           "until [ -e /sys/class/net/eth0 -a -e /dev/xvda ]; do "
           "usleep 100000; done; ifconfig eth0 up")


def start(control):
    """Debian, with its devices, and one that waits."""
    control.start_deb()
    with control.console("deb") as guest:
        guest.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
        guest.command(PREPARE, DEBIAN_PROMPT, 60)
    control.ask("create -p idle.cfg")


def ask(control, row, with_json):
    other = control.others.get(row.line)
    text, status = control.say(row.line)
    shows = other.shows if other else row.shows
    assert re.search(shows, text, re.M), (row.line, text)
    assert status == ("error:" in shows), (row.line, status, text)
    if with_json and row.schema and not other:
        control.json(row.line, row.schema, row.stream)


def ask_all(control, alive=True, with_json=True):
    for row in READING:
        if alive or not row.alive:
            ask(control, row, with_json)


def refuse_all(control):
    for row in REFUSED:
        control.refuse(row.line, row.why, row.status)


def shows(control, line, pattern):
    text, _ = control.say(line)
    assert re.search(pattern, text, re.M), (line, text)


def until_shown(control, line, pattern):
    """Asks again until it is so."""
    for _ in range(200):
        if re.search(pattern, control.ask(line), re.M):
            return
    shows(control, line, pattern)


def change(control, alive=True):
    for row in CHANGES:
        if alive or not row.alive:
            control.ask(row.line.format(spare=control.spare))
            shows(control, row.ask, row.shows)
            control.judge(row.ask, row.shows)


def check_frames(control):
    """All frames of a guest have a type, and its tables are pinned."""
    frames = {f["type"]: f["frames"] for f in
              control.json("inspect idle --frames", "inspect-frames")}
    assert frames["pinned L4"] == 1 and frames["L1"] >= 1, frames
    memory = {d["name"]: d["memory_kib"] for d in control.json("top", "top")}
    assert sum(frames.values()) * 4 == memory["idle"], (frames, memory)


def reach_kernel(control):
    """SysRq and NMI arrive in the guest's kernel."""
    for line, answer in (("sysrq deb h", r"sysrq: HELP"),
                         ("trigger deb nmi", r"NMI received")):
        control.ask(line)
        with control.console("deb") as guest:
            guest.expect(answer, 30)


def look_into_kernel(control):
    shown = control.ask("inspect deb")
    assert re.search(r"^rip ffffffff8[0-9a-f]{7} ", shown, re.M), shown
    assert re.search(r"^  ffffffff8[0-9a-f]{7}  \?$", shown, re.M), shown
    rip = control.json("inspect deb", "inspect")["rip"]
    assert control.json(f"inspect deb --walk {rip}", "inspect-walk")[
        "outcome"] == "mapped to frame"
    control.json(f"inspect deb --memory {rip}", "inspect-memory")
    shown = control.ask(f"inspect deb --memory {rip} --bytes 16")
    assert re.search(rf"^{rip}( [0-9a-f]{{2}}){{16}}  ", shown, re.M), shown


def dump(control):
    shown = control.ask(f"dump-core idle {control.core}", 120)
    assert re.search(control.dumped, shown, re.M), shown


def check_core(control):
    """A debugger finds the guest that had not run yet at its entry."""
    core = control.core_file()
    assert core.read_bytes()[:7] == b"\x7fELF\2\1\1", "no core"
    if not shutil.which("gdb"):
        return
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "info registers rip", "-ex",
         "x/s $rsi", str(control.env.built("hello")), str(core)],
        capture_output=True, text=True, errors="replace", check=False)
    assert re.search(r"^rip .* <_start>", done.stdout, re.M), done
    assert '"xen-3.0-x86_64"' in done.stdout, done


def run_to_end(control):
    """What idles is let go on and followed to its end."""
    for line in ("wait idle", "events", "xenstore-watch /vm"):
        control.give_up(line)
    control.ask("create -p idle.cfg name=other")
    control.vm.send("create -c idle.cfg name=third")
    control.vm.expect(rf"^Goodbye\.\n\n\[third ended: {control.ended}\]$")
    control.vm.expect(PROMPT)
    control.ask("unpause idle")
    until_shown(control, "list", r"\A(?![\s\S]*^idle )(?=[\s\S]*^deb )")
    control.ask("destroy other")


def follow_events(control):
    """The life of a guest, as whoever follows it reads it."""
    with control.events() as read:
        control.ask("create -p idle.cfg name=seen")
        for line in ("pause seen", "rename seen known", "unpause known",
                     "destroy known"):
            control.ask(line)
    lines = re.findall(r"^ *[\d.]+ (?:seen|known) \(\d+\) (.*)$", read(), re.M)
    assert lines == ["created", "paused", "renamed: known", "unpaused",
                     "ended: destroyed"], (lines, read())


def restart(control):
    """Asked to, `deb` makes place for another of its name."""
    shown = control.ask("reboot -w deb", DEBIAN_BOOT)
    assert re.search(rf"^deb {control.restarted}$", shown, re.M), shown
    until_shown(control, "list", r"^deb\s+[2-9]\s")
    with control.console("deb") as guest:
        guest.expect(DEBIAN_PROMPT, DEBIAN_BOOT)


def check_verbs(control):
    """Each verb that there is has been asked for, and helps with an example."""
    verbs = set(re.findall(r"^  ([a-z0-9-]+) ", control.ask("help"), re.M))
    assert len(verbs) > 40, verbs
    left = verbs - control.verbs - {"poweroff"}  # which ends all this
    assert not left, left
    for verb in verbs:
        assert f"\nexample: {verb}" in control.ask(f"help {verb}"), verb


def all_verbs(control):
    start(control)
    ask_all(control)
    refuse_all(control)
    change(control)
    reach_kernel(control)
    look_into_kernel(control)
    check_frames(control)
    dump(control)
    run_to_end(control)
    follow_events(control)
    restart(control)
    check_verbs(control)
