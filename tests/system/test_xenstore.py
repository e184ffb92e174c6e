# SPDX-License-Identifier: MIT
"""Xenstore through the eyes of a stock kernel: Linux reads and writes its
nodes while it boots, and its programs talk to the server through
/dev/xen/xenbus. The reference judges the scenario first."""
import re

from testenv import DEBIAN_PROMPT, PROMPT, debian_config, stable_free_pages

READ, TRANSACTION_START, TRANSACTION_END, WRITE, RM = 2, 6, 7, 11, 13


# od shows the header; the length in it says how much more to read. Words of
# one letter keep the guest's terminal from wrapping the command.
SHELL = r"""a() { printf "$1" >&3; dd bs=16 count=1 <&3 2>/dev/null | od -An -tu4 >/tmp/h
read k i t n </tmp/h; echo "reply $k $(dd bs=1 count=$n <&3 2>/dev/null | tr '\0' ' ')"; }
exec 3<>/dev/xen/xenbus
"""


def ask(vm, kind, payload, transaction=0):
    """Send one message from the guest's shell; (kind, text) of the reply."""
    words = (kind, 1, transaction, len(payload))
    message = b"".join(w.to_bytes(4, "little") for w in words) + payload
    escaped = "".join(f"\\{byte:03o}" for byte in message)
    shown = vm.command(f"a '{escaped}'", DEBIAN_PROMPT)
    reply = re.search(r"^reply (\d+) (.*)$", shown, re.M)
    if not reply:
        vm.fail(f"no reply in {shown!r}")
    return int(reply[1]), reply[2].strip()


def talk(vm, domid):
    assert ask(vm, READ, b"domid\0") == (READ, str(domid))
    assert ask(vm, READ, b"name\0") == (READ, "deb")
    assert ask(vm, READ, b"none\0") == (16, "ENOENT")
    assert ask(vm, READ, b"/local/domain/0/name\0") == (16, "EACCES")
    assert ask(vm, WRITE, b"name\0x") == (16, "EACCES")
    assert ask(vm, WRITE, b"data/x\0from-linux") == (WRITE, "OK")
    kind, number = ask(vm, TRANSACTION_START, b"\0")
    assert kind == TRANSACTION_START
    number = int(number)
    assert ask(vm, WRITE, b"data/x\0within", number) == (WRITE, "OK")
    assert ask(vm, READ, b"data/x\0", number) == (READ, "within")
    assert ask(vm, TRANSACTION_END, b"T\0", number) == (TRANSACTION_END, "OK")
    assert ask(vm, READ, b"data/x\0") == (READ, "within")


def scenario(env, where, **machine):
    disk = env.ramdisk({"d.cfg": debian_config("deb")})
    vm = env.control(where, disk, **machine)
    before = stable_free_pages(vm)
    vm.send("create /guests/d.cfg -c")
    vm.expect(DEBIAN_PROMPT, 90)
    shown = vm.command("dmesg | grep -i xenbus", DEBIAN_PROMPT)
    assert not re.search(r"timeout|fail|error", shown, re.I), shown
    domid = int(re.search(r"/local/domain/(\d+)", vm.command(
        "grep . /sys/hypervisor/uuid; echo /local/domain/1",
        DEBIAN_PROMPT))[1])
    vm.command("cat >/tmp/a <<.\n" + SHELL.replace("$", r"\$") + ".", DEBIAN_PROMPT)
    vm.command(". /tmp/a", DEBIAN_PROMPT)
    talk(vm, domid)
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    shown = vm.command(f"xenstore-ls /local/domain/{domid}")
    for line in ('/data/x = "within"', '/control/feature-poweroff = "1"',
                 '/name = "deb"'):
        assert f"/local/domain/{domid}{line}" in shown, shown
    vm.command("destroy deb")
    shown = vm.command("xenstore-ls")
    assert f"/local/domain/{domid}" not in shown, shown
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)


def test_xenstore(env):
    scenario(env, "tenon")


def test_xenstore_on_reference(env):
    scenario(env, "reference")
