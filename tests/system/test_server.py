# SPDX-License-Identifier: MIT
"""Our package on a Debian server: its menu entry boots Tenon with guests whose
configurations lie on the server's disk, once; then Debian is back, and lets go
of the package. What docs/install.md says, typed."""
import re
import subprocess
import tarfile

from testenv import PROMPT, ROOT, package
from vm import VM, Machine, disk_image

LOGIN = r"^server login: "
SHELL = r"root@server:~# "
BOOT = 600


def first_guest():
    """What docs/install.md tells to type, up to the restart."""
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    section = text.partition("## The first guest\n")[2]
    lines = re.findall(r"^    (.*\n)", section, re.M)
    return "".join(lines[:lines.index("update-tenon\n") + 1])


class Server:
    """A machine with the server's disk, switched on as often as need be, with
    firmware of either kind: GRUB is there for both."""

    def __init__(self, env):
        self.env = env
        self.disk = env.tmp / "server.img"
        subprocess.run(["cp", "--sparse=always", env.built("server.img"),
                        self.disk], check=True)
        # What an administrator would have copied to the server.
        script = env.tmp / "first-guest"
        script.write_text(first_guest(), encoding="utf-8")
        self.luggage = env.tmp / "luggage.tar"
        with tarfile.open(self.luggage, "w") as archive:
            archive.add(package(env), "tenon.deb")
            archive.add(script, "first-guest")

    def start(self, firmware):
        drives = disk_image(self.luggage, "virtio", "luggage", ",readonly=on")
        vm = VM(Machine(mem="1536M", cpu="max", firmware=firmware,
                        disk=str(self.disk), qemu_args=" ".join(drives)),
                [], 3000, self.env.scale)
        self.env.machines.append(vm)
        return vm

    def start_debian(self, firmware):
        vm = self.start(firmware)
        log_in(vm)
        return vm


def log_in(vm):
    vm.expect(LOGIN, BOOT)
    vm.send("root")
    vm.expect(SHELL, 120)


def shell(vm, line, limit=120):
    """What the command prints; it has to succeed."""
    vm.send(f"{line}; echo status: $?")
    start = vm.seen
    assert vm.expect(r"^status: (\d+)", limit)[1] == "0", vm.text[start:]
    vm.expect(SHELL)
    return vm.text[start:vm.seen]


def choose_tenon(vm):
    shell(vm, "grub-reboot tenon")
    vm.send("reboot")
    vm.wait_off(BOOT, "guest-reset")


def install(vm):
    shell(vm, "tar -C /root -xf /dev/vdb")
    assert "Found Tenon: /boot/tenon/tenon" in \
        shell(vm, "apt-get install -y /root/tenon.deb", BOOT)
    shell(vm, "sh -e first-guest")


def boot_tenon(vm):
    vm.expect(r"Loading Tenon", BOOT)
    vm.expect(PROMPT, 120)
    vm.send("create hello.cfg -c")
    vm.expect(r"^\[hello ended: poweroff\]")
    vm.expect(PROMPT)


def run_server_as_guest(vm):
    vm.send("create server.cfg -c")
    log_in(vm)
    assert "xen" in shell(vm, "cat /sys/hypervisor/type")
    vm.send("poweroff")
    vm.expect(r"^\[server ended: poweroff\]", BOOT)
    vm.expect(PROMPT)


def back_to_debian(vm):
    vm.send("reboot")
    vm.wait_off(60, "guest-reset")


def remove(vm):
    shell(vm, "grep -q tenon /boot/grub/grub.cfg")
    shell(vm, "apt-get purge -y tenon", BOOT)
    shell(vm, "! grep -q tenon /boot/grub/grub.cfg")
    left = shell(vm, "find / -xdev -path '*tenon*' -not -path '/root/*' "
                     "-not -path '/var/*' | sed 's/^/left: /'")
    assert not re.findall("^left: ", left, re.M), left


def test_package(env):
    server = Server(env)
    vm = server.start_debian("bios")
    install(vm)
    choose_tenon(vm)
    vm = server.start("bios")
    boot_tenon(vm)
    run_server_as_guest(vm)
    back_to_debian(vm)
    # Nobody chose: it is the default.
    choose_tenon(server.start_debian("bios"))
    vm = server.start("uefi")
    boot_tenon(vm)
    back_to_debian(vm)
    vm = server.start_debian("uefi")
    remove(vm)
    vm.send("poweroff")
    vm.wait_off(BOOT)
    done = subprocess.run(
        ["/sbin/e2fsck", "-fn", f"{server.disk}?offset={10 << 20}"],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


test_package.is_soak = True
