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


def config(kernel, more=""):
    return (f"name = 'system'\nkernel = '/guests/{kernel}'\nmemory = 512\n"
            "disk = ['phy:DISK,xvda,w']\n"
            "vif = ['mac=00:16:3e:00:00:01']\n" + more)


def boot_machine(env, files, disk, disk_kind, card):
    arguments = disk_image(disk, disk_kind) + network_card("user", card)
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(files), cpu="max", mem="3G",
                            timeout=1200, qemu_args=" ".join(arguments))
    return vm


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


def leave(env, vm, disk):
    """The guest is shut down by the toolstack; its disk is clean."""
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    vm.send("shutdown -w system")
    vm.expect(PROMPT, BOOT)
    env.switch_off(vm, "tenon")
    done = subprocess.run(["/sbin/e2fsck", "-fn", disk], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def scenario(env, disk_kind, device, card):
    content = random.Random(2).randbytes(FILE_SIZE)
    disk = own_disk(env)
    taken = kernel_files(disk, env.tmp)
    files = {"system-kernel": taken["vmlinuz"], "system-initrd":
             taken["initrd"],
             "system.cfg": config("system-kernel", "ramdisk = "
                                  "'/guests/system-initrd'\nextra = "
                                  "'root=/dev/xvda console=hvc0 quiet'\n"
                                  ).replace("DISK", device)}
    with file_server(content) as port:
        vm = boot_machine(env, files, disk, disk_kind, card)
        vm.send("create /guests/system.cfg -c")
        log_in(vm)
        fetch(vm, content, port)
    leave(env, vm, disk)


def test_virtio(env):
    scenario(env, "virtio", "vd0", "virtio")


def test_nvme_e1000e(env):
    scenario(env, "nvme", "nvme0n1", "e1000e")


for _test in (test_virtio, test_nvme_e1000e):
    _test.is_long = True
