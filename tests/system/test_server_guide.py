# SPDX-License-Identifier: MIT
"""What docs/admin-guide.md tells to type in Debian, typed on a Debian server: a
partition, a system on it, the guests' configurations, from which Tenon starts
them; a backup, and what happens when the hypervisor crashes. With less memory
and smaller disks, and with the system that debootstrap made when the tests were
built (scripts/debian_guest.py)."""
import re

from guide import Guide
from server import (BOOT, Server, back_to_debian, choose_tenon, install,
                    load_tenon, shell, type_lines)
from testenv import PROMPT

GUIDE = Guide({"8192": "96", "1536": "512", "1024": "384"})
PASSWORD = "a long one"
# Emulated machines are slow: the console's device may take its time.
SLOW = ("mkdir /mnt/etc/systemd/system.conf.d && printf '[Manager]\\n"
        "DefaultDeviceTimeoutSec=20min\\nDefaultTimeoutStartSec=20min\\n' "
        "> /mnt/etc/systemd/system.conf.d/slow.conf")


def set_password(vm, line):
    vm.send(line)
    for question in ("New password: ", "Retype new password: "):
        vm.expect(question, 60)
        vm.send(PASSWORD)
    vm.expect("password updated successfully")


def make_disks(vm):
    """One with a system, and one that only has a few files."""
    for line in GUIDE.in_debian("Make a disk for each guest"):
        if "debootstrap" in line:
            shell(vm, "tar -C /mnt -xf /dev/vdc", 1800)
            shell(vm, SLOW)
        elif "passwd" in line:
            set_password(vm, line.strip())
        else:
            type_lines(vm, line.replace("+20G", "+2G"), 600)
            if "sgdisk" in line:
                type_lines(vm, line.replace("+20G", "+32M")
                           .replace("web1", "db"))
    shell(vm, "mkfs.ext4 -q -d /etc/default /dev/disk/by-partlabel/db")


def describe_guests(vm):
    for line in GUIDE.in_debian("Describe the guests"):
        type_lines(vm, line)
    shell(vm, "cd")


def see_guests(vm):
    """The two that have disks were started; the one with a system can be used
    and has an address."""
    load_tenon(vm, 600)
    for line in ("started db", "started web1"):
        assert f"\n{line}\n" in vm.text, vm.text
    assert re.search(r"^error: web2: .*by-partlabel/web2.*no such disk",
                     vm.text, re.M), vm.text
    vm.send("console web1")
    vm.expect(r"^web1 login: ", 2 * BOOT)
    vm.send("root")
    vm.expect("Password: ")
    vm.send(PASSWORD)
    vm.expect(r"root@web1:\S+# ", 120)
    vm.send("ip -4 -brief address show enX0; findmnt -n /")
    vm.expect(r"^enX0 +UP +10\.0\.2\.15/24")
    vm.expect(r"^/ +/dev/xvda +ext4 +rw")
    vm.send("poweroff")
    vm.expect(r"^\[web1 ended: poweroff\]", BOOT)
    vm.expect(PROMPT)
    vm.command("destroy db")
    back_to_debian(vm)


def back_up(vm):
    """Another machine is a folder here."""
    shell(vm, "mkdir backup; ssh() { (cd $1 && sh -c \"$2\"); }")
    for line in GUIDE.in_debian("Back up a guest's disk"):
        type_lines(vm, line)
    shell(vm, "zstd -dc backup/db.zst | cmp - /dev/disk/by-partlabel/db")


def crash(server):
    """The machine starts again, and Debian is what it starts then."""
    vm = server.start_debian()
    shell(vm, "sed -i 's/^TENON_CMDLINE=\"/&dom0_mem=2M /' /etc/default/tenon")
    shell(vm, "update-grub")
    choose_tenon(vm)
    vm = server.start()
    vm.expect(r"^\(TENON\) PANIC .*dom0_mem gives 2 MiB", BOOT)
    vm.process.wait(60 * vm.scale)
    vm.monitor.join(60)
    assert vm.monitor.reason == "guest-reset", vm.text
    return server.start_debian()


def test_guide(env):
    server = Server(env, {}, env.built("guest.tar"), net="user")
    vm = server.start_debian()
    install(vm)
    make_disks(vm)
    describe_guests(vm)
    choose_tenon(vm)
    see_guests(server.start())
    vm = server.start_debian()
    back_up(vm)
    vm.send("poweroff")
    vm.wait_off(BOOT)
    crash(server)


test_guide.is_soak = True
