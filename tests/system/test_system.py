# SPDX-License-Identifier: MIT
"""A whole Debian system as a guest: its root file system on a disk of the
machine, its network on the bridge. It boots to its login prompt, fetches a
file, and leaves a clean file system behind."""
import hashlib
import random
import re
import subprocess

from testenv import PROMPT, file_server
from vm import disk_image, network_card

LOGIN = r"^guest login: "
SHELL = r"root@guest:~# "
# A tenth of this on an idle machine.
BOOT = 400
FILE_SIZE = 64 << 20


def own_disk(env):
    """A copy of the system's disk, which the machine may write to."""
    disk = env.tmp / "system.img"
    subprocess.run(["cp", "--sparse=always", env.built("debian.img"), disk],
                   check=True)
    return disk


def kernel_files(disk, folder):
    """The kernel and initrd of the system, taken from its disk."""
    shown = subprocess.run(["/sbin/debugfs", "-R", "ls -p /boot", disk],
                           capture_output=True, text=True, check=True).stdout
    names = {}
    for kind in ("vmlinuz", "initrd"):
        name = re.search(rf"/({kind}[^/]*)/", shown)[1]
        names[kind] = folder / kind
        subprocess.run(["/sbin/debugfs", "-R",
                        f"dump /boot/{name} {names[kind]}", disk],
                       capture_output=True, check=True)
    return names


def direct_files(disk, folder, device):
    """A configuration that takes the kernel from the control domain."""
    taken = kernel_files(disk, folder)
    return {"system-kernel": taken["vmlinuz"],
            "system-initrd": taken["initrd"],
            "system.cfg": "name = 'system'\nmemory = 512\n"
                          "kernel = '/guests/system-kernel'\n"
                          "ramdisk = '/guests/system-initrd'\n"
                          "extra = 'root=/dev/xvda console=hvc0 quiet'\n"
                          f"disk = ['phy:{device},xvda,w']\nvif = ['']\n"}


def shipped_files(env):
    """The configuration that `make run` offers: PV GRUB's menu."""
    return {name: env.built("guests/" + name)
            for name in ("system.cfg", "pvgrub")}


def log_in(vm):
    vm.expect(LOGIN, BOOT)
    vm.send("root")
    vm.expect(SHELL, 120)


def shell(vm, line, pattern, limit=120):
    vm.send(line)
    match = vm.expect(pattern, limit)
    vm.expect(SHELL, limit)
    return match


def fetch(vm, content, port):
    """The guest has its address by DHCP, and what it fetches is right."""
    shell(vm, "networkctl --no-pager status | cat", r"Address: 10\.0\.2\.15")
    shell(vm, f"wget -q -O - http://10.0.2.2:{port}/file | sha256sum",
          hashlib.sha256(content).hexdigest(), 600)


def leave(env, where, vm, disk):
    """The guest is shut down by the toolstack; its disk is clean."""
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    vm.send("shutdown -w system")
    vm.expect(PROMPT, BOOT)
    env.switch_off(vm, where)
    vm.kill()
    done = subprocess.run(["/sbin/e2fsck", "-fn", disk], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def pass_menu(vm):
    """The menu is that of the guest's disk, and nobody touches it."""
    vm.expect(r"GNU GRUB .*(.*\n)*?.*Debian, rescue shell", 120)
    vm.expect(r"will be executed automatically in \ds", 60)
    vm.expect(r"Booting `Debian'", 60)


def scenario(env, where, disk_kind, device, card, **machine):
    """`device` is where the disk is, or None to use PV GRUB's menu."""
    content = random.Random(2).randbytes(FILE_SIZE)
    disk = own_disk(env)
    files = direct_files(disk, env.tmp, device) if device else \
        shipped_files(env)
    arguments = disk_image(disk, disk_kind) + network_card("user", card)
    with file_server(content) as port:
        vm = env.control(where, env.ramdisk(files, base=False), mem="3G",
                         timeout=1200, qemu_args=" ".join(arguments),
                         **machine)
        vm.send("create /guests/system.cfg -c")
        if not device:
            pass_menu(vm)
        log_in(vm)
        fetch(vm, content, port)
    leave(env, where, vm, disk)


def test_virtio_pvgrub(env):
    """As `make run` offers it."""
    scenario(env, "tenon", "virtio", None, "virtio", cpu="max")


def test_nvme_e1000e(env):
    scenario(env, "tenon", "nvme", "nvme0n1", "e1000e", cpu="max")


def test_ahci(env):
    scenario(env, "tenon", "ahci", "sd0", "virtio", smp=4)


def test_virtio_on_reference(env):
    scenario(env, "reference", "virtio", "vd0", "virtio")


for _test in (test_virtio_pvgrub, test_nvme_e1000e, test_ahci,
              test_virtio_on_reference):
    _test.is_long = True
