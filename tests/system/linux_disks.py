# SPDX-License-Identifier: MIT
"""Disks that are files, in a Linux control domain: what one types, what Linux
makes of it, and that nothing of it stays. Guest `idle` has number 2."""
import re

BACK = "/local/domain/0/backend/vbd/2/51728"  # xvdb of idle
WHOLE = "/guest/deb.img"

# An entry; whether the device can only be read, None: it is no file; the path.
FILES = (
    ("file:/guest/deb.img,xvdb,w", 0, WHOLE),
    ("/guest/deb.img,raw,xvdb,r", 1, WHOLE),
    ("format=raw,vdev=xvdb,access=rw,target=./deb.img", 0, WHOLE),
    ("phy:/guest/deb.img,xvdb,r", 1, WHOLE),
    ("file:/dev/ram1,xvdb,w", None, "/dev/ram1"),
)
REFUSED = (
    ("/guest/none,raw,xvdb,w", "/guest/none: No such file or directory"),
    ("/guest/auto,raw,xvdb,w", "/guest/auto: neither a file nor a block dev"),
    ("/guest/short,raw,xvdb,w", "/guest/short: its 6 bytes are not even one"),
    ("/guest/frozen,raw,xvdb,w", "/guest/frozen: nobody may write to it "
     r"\(mode 0444\): chmod it, or say r instead of w"),
    ("phy:/dev/sda9,xvdb,w", "/dev/sda9: No such file or directory"),
    ("phy:/dev/frozen,xvdb,w",
     "/dev/frozen: can only be read: say r instead of w"),
    ("phy:/dev/gone,xvdb,w", "/dev/gone: No such device or address"),
    ("ram:1M,xvdb,w", "ram:1M: only the built-in control domain has disks in"),
)
DISKS = "\"disk=['/guest/deb.img,raw,xvda,w'{}]\""
MORE = ",'/guest/other.img,raw,xvdb,w'"


def released(control):
    """No file is a block device any more: the last who has it open is Linux's
    back end, which lets go in its own time."""
    control.shell('until [ -z "$(losetup -a)" ]; do usleep 10000; done')


def attach_each(control):
    for spec, read_only, path in FILES:
        control.ask(f"block-attach idle {spec}")
        assert control.ask(f"xenstore-read {BACK}/params") == path + "\n"
        number = control.ask(f"xenstore-read {BACK}/physical-device")
        if read_only is None:
            assert number == "1:1\n", (spec, number)
        else:
            assert number == "7:0\n", (spec, number)
            shown = control.shell("losetup -a; cat /sys/block/loop0/ro")
            assert shown == f"/dev/loop0: 0 {path}\n{read_only}\n", shown
        control.ask("block-detach --force idle xvdb")
        released(control)


def refuse_each(control):
    control.shell("echo short >short; cp hello frozen; chmod 444 frozen; "
                  "losetup -r /dev/loop7 frozen; ln -s loop7 /dev/frozen; "
                  "mknod /dev/gone b 200 0")
    for spec, why in REFUSED:
        control.refuse(f"block-attach idle {spec}", f"idle: xvdb: {why}")
    control.shell("! xenstore-ls /local/domain/0/error 2>/dev/null | grep /vbd/")
    control.shell("losetup -d /dev/loop7")
    released(control)


def share(control):
    """By those who only read."""
    for guest in ("idle", "deb"):
        control.ask(f"block-attach {guest} /guest/deb.img,raw,xvdb,r")
    control.refuse("block-attach deb /guest/deb.img,raw,xvdc,w",
                   r"xvdc: /guest/deb.img: in use as /dev/loop[01];")
    for guest in ("idle", "deb"):
        control.ask(f"block-detach --force {guest} xvdb")
    released(control)


def half_made(control):
    """A guest that is not made after all leaves no device behind; nor does one
    whose client is killed, when it is taken away: it waits for a second file,
    which somebody has, and the first one is there."""
    control.refuse(f"create idle.cfg name=half {DISKS.format('')} "
                   "\"vif=['bridge=none']\"", "no bridge none")
    released(control)
    control.shell("dd if=/dev/zero of=other.img bs=1M count=1; "
                  "losetup /dev/loop7 other.img")
    create = f"create idle.cfg name=half {DISKS.format(MORE)}"
    control.refuse(create, "half: xvdb: /guest/other.img: in use as /dev/loop7")
    control.shell(f"tenon {create} & echo $! >/tmp/client; "
                  "until losetup -a | grep deb.img; do usleep 10000; done")
    control.say("!kill -9 $(cat /tmp/client); wait $(cat /tmp/client)")
    control.ask("destroy half")
    control.shell("losetup -d /dev/loop7")
    released(control)


def nobody_alive(control):
    """The process that looks after a guest is no part of its disks."""
    control.ask(f"create -p idle.cfg name=kept {DISKS.format('')}")
    control.shell("kill -9 $(pidof tenon | tr ' ' '\\n' | sort -n | tail -n 1)")
    assert WHOLE in control.shell("losetup -a")
    control.ask("destroy kept")
    released(control)


def disks(control):
    attach_each(control)
    refuse_each(control)
    share(control)
    half_made(control)
    nobody_alive(control)
