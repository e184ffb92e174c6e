# SPDX-License-Identifier: MIT
"""The command line as a program of Linux: in the reference's control domain,
beside the reference's own tools. What it has in common with the built-in one
is asked by the same scenarios; what only makes sense there is here."""
import re

from cli_control import Debian, configs
from cli_scenarios import (all_verbs, ask_all, change, check_core, dump,
                           follow_events, run_to_end)
from linux_disks import disks, released
from testenv import DEBIAN_PROMPT, hello_config

NOT_OURS = r"that ends the whole machine: here that is Linux, "
DEVICE, IMAGE = "phy:/dev/ram0", "/guest/deb.img,raw"


def same_list(control):
    """The reference's tool shows the same domains in the same words."""
    ours, theirs = (
        [line.split()[:5] for line in shown.splitlines()[1:]]
        for shown in (control.ask("list"), control.shell("xl list")))
    assert [row[:4] for row in ours] == [row[:4] for row in theirs], \
        (ours, theirs)


def same_sizes(control):
    """What is asked of a guest later, the reference's tool says in its long
    list as well."""
    control.shell("xl mem-max idle 48; xl mem-set idle 24")
    ours, theirs = (
        re.findall(r'"(?:max|target)_memkb": \d+,', shown) for shown in
        (control.ask("list -l idle"), control.shell("xl list -l idle")))
    assert ours == theirs and '"max_memkb": 49152,' in ours, (ours, theirs)


def nothing_left(control):
    """No guest, no process that looks after one, no node, no disk of one."""
    released(control)
    control.shell("while pidof tenon; do usleep 200000; done")
    for tool in ("tenon", "xl"):
        shown = control.shell(f"{tool} list")
        assert re.findall(r"^(\S+) +\d", shown, re.M) == ["Domain-0"], shown
    assert control.ask("xenstore-ls /vm") == '/vm = ""\n'
    shown = control.ask("xenstore-ls /local/domain/0/backend")
    assert not re.search(r"/v[bi][df]/\d", shown), shown


def test_quick(env):
    """In short: two guests that do not run, whose devices find nobody."""
    control = Debian(env, configs(DEVICE, hello_config), smp=1, icount=True)
    for line in ("create -p auto/deb.cfg", "create -p idle.cfg"):
        control.ask(line)
    ask_all(control, alive=False, with_json=False)
    control.json("list", "list")
    same_list(control)
    change(control, alive=False)
    disks(control)
    dump(control)
    run_to_end(control)
    follow_events(control)
    control.ask("destroy deb")
    for line in ("poweroff", "reboot"):
        control.refuse(line, NOT_OURS)
    control.shell("xl create -p idle.cfg >/dev/null")
    same_sizes(control)
    control.ask("pause idle")
    control.ask("destroy idle")
    nothing_left(control)
    control.end()


def written(control):
    """What the guest writes is in the file."""
    with control.console("deb") as guest:
        guest.command("echo Written >/dev/xvda; sync", DEBIAN_PROMPT, 60)
    assert control.shell("head -n 1 deb.img") == "Written\n"


def no_bridge(control):
    """Where a bridge is to be made first; nothing stays of the guest."""
    control.refuse("create idle.cfg name=lost \"vif=['bridge=none']\"",
                   r"lost: vif\d+\.0: no bridge none")
    control.refuse("domid lost", "no guest lost")


def kill_client(control):
    """A console whose client is killed goes on for the next one."""
    control.shell("mkfifo /tmp/in; tenon console deb <>/tmp/in >/tmp/said 2>&1 "
                  "& echo $! >/tmp/client")
    control.shell("echo 'echo Back$((1+1))' >/tmp/in")
    control.shell("until grep Back2 /tmp/said; do usleep 100000; done")
    control.say("!kill $(cat /tmp/client); wait $(cat /tmp/client)")
    with control.console("deb") as guest:
        guest.send("echo Again$((1+1))")
        guest.expect("^Again2")


def restart_too_often(control):
    control.ask("create again.cfg")
    control.shell("until grep '^again: it restarts again and again: it is left"
                  " as it is' /var/log/tenon.log; do usleep 100000; done", 300)


def test_debian(env):
    """A stock Debian guest with a file as disk and a network card beside one that
    waits; then one that restarts until that is too often."""
    control = Debian(env, configs(IMAGE) | {
        "vmlinuz": env.built("guests/vmlinuz"),
        "initramfs.gz": env.built("guests/initramfs.gz"),
        "again.cfg": hello_config("again", more="on_poweroff = 'restart'")},
        icount=True)
    all_verbs(control)
    written(control)
    check_core(control)
    same_list(control)
    no_bridge(control)
    kill_client(control)
    shown = control.ask("shutdown -w deb", 120)
    assert re.search(rf"^deb ended: {control.ended}$", shown, re.M), shown
    restart_too_often(control)
    nothing_left(control)
    control.end()


test_debian.is_soak = True
