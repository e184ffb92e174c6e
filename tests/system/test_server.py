# SPDX-License-Identifier: MIT
"""Our package on a Debian server: its menu entry boots Tenon with guests whose
configurations lie on the server's disk, once; then Debian is back, and lets go
of the package. What docs/install.md says, typed."""
import re
import subprocess

from server import (BOOT, Server, back_to_debian, choose_tenon, install,
                    load_tenon, log_in, shell)
from testenv import PROMPT, ROOT


def first_guest():
    """What docs/install.md tells to type, up to the restart."""
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    section = text.partition("## The first guest\n")[2]
    lines = re.findall(r"^    (.*\n)", section, re.M)
    return "".join(lines[:lines.index("update-tenon\n") + 1])


def boot_tenon(vm):
    load_tenon(vm)
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


def remove(vm):
    shell(vm, "grep -q tenon /boot/grub/grub.cfg")
    shell(vm, "apt-get purge -y tenon", BOOT)
    shell(vm, "! grep -q tenon /boot/grub/grub.cfg")
    left = shell(vm, "find / -xdev -path '*tenon*' -not -path '/root/*' "
                     "-not -path '/var/*' | sed 's/^/left: /'")
    assert not re.findall("^left: ", left, re.M), left


def test_package(env):
    script = env.tmp / "first-guest"
    script.write_text(first_guest(), encoding="utf-8")
    server = Server(env, {"first-guest": script})
    vm = server.start_debian("bios")
    install(vm)
    shell(vm, "sh -e first-guest")
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
