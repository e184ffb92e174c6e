# SPDX-License-Identifier: MIT
"""A Debian server that our package is installed on."""
import subprocess
import tarfile

from testenv import PROMPT, package
from vm import VM, Machine, disk_image

LOGIN = r"^server login: "
SHELL = r"root@server:\S+# "
BOOT = 600


class Server:
    """A machine with the server's disk, switched on as often as need be, with
    firmware of either kind: GRUB is there for both. `luggage`, {name: path}, is
    what an administrator would have copied to it, besides our package; `more`
    is one more disk, that is only read."""

    def __init__(self, env, luggage, more=None, **machine):
        self.env, self.more, self.machine = env, more, machine
        self.disk = env.tmp / "server.img"
        subprocess.run(["cp", "--sparse=always", env.built("server.img"),
                        self.disk], check=True)
        self.luggage = env.tmp / "luggage.tar"
        with tarfile.open(self.luggage, "w") as archive:
            for name, path in {"tenon.deb": package(env), **luggage}.items():
                archive.add(path, name)

    def start(self, firmware="bios"):
        # Nothing here is about what a flush is for, and dpkg makes thousands.
        drives = (disk_image(self.disk, "virtio", "disk", ",cache=unsafe") +
                  disk_image(self.luggage, "virtio", "luggage", ",readonly=on"))
        if self.more:
            drives += disk_image(self.more, "virtio", "more", ",readonly=on")
        vm = VM(Machine(mem="1536M", cpu="max", firmware=firmware,
                        qemu_args=" ".join(drives), **self.machine),
                [], 6000, self.env.scale)
        self.env.machines.append(vm)
        return vm

    def start_debian(self, firmware="bios"):
        vm = self.start(firmware)
        log_in(vm)
        return vm


def log_in(vm):
    vm.expect(LOGIN, BOOT)
    vm.send("root")
    vm.expect(SHELL, 120)


def succeeded(vm, limit):
    start = vm.seen
    assert vm.expect(r"^status: (\d+)", limit)[1] == "0", vm.text[start:]
    vm.expect(SHELL)
    return vm.text[start:vm.seen]


def shell(vm, line, limit=120):
    """What the command prints; it has to succeed."""
    vm.send(f"{line}; echo status: $?")
    return succeeded(vm, limit)


def type_lines(vm, text, limit=120):
    """The same of a command with lines that go on with it."""
    for line in [*text.splitlines(), "echo status: $?"]:
        vm.send(line)
    return succeeded(vm, limit)


def install(vm):
    shell(vm, "tar -C /root -xf /dev/vdb")
    assert "Found Tenon: /boot/tenon/tenon" in \
        shell(vm, "apt-get install -y /root/tenon.deb", BOOT)


def choose_tenon(vm):
    shell(vm, "grub-reboot tenon")
    vm.send("reboot")
    vm.wait_off(BOOT, "guest-reset")


def load_tenon(vm, limit=120):
    vm.expect(r"Loading Tenon", BOOT)
    vm.expect(PROMPT, limit)


def back_to_debian(vm):
    vm.send("reboot")
    vm.wait_off(60, "guest-reset")
