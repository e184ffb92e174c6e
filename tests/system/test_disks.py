# SPDX-License-Identifier: MIT
"""Disks of guests: Linux's block front end on our back end."""
import re

from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config,
                     stable_free_pages)


def disks(*specs):
    return "disk = [" + ", ".join(f"'{spec}'" for spec in specs) + "]\n"


def shell(vm, line, limit=60):
    return vm.command(line, DEBIAN_PROMPT, limit)


def test_disks(env):
    """File system, checksums, two disks, one of them read-only."""
    image = bytes(range(256)) * 4096  # 1 MiB
    disk = env.ramdisk({
        "image": image,
        "d.cfg": debian_config("deb", more=disks(
            "ram:64M,xvda,w", "file:/guests/image,xvdb,r"))})
    vm = env.boot_to_prompt(ramdisk=disk)
    before = stable_free_pages(vm)
    vm.send("create /guests/d.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    shown = shell(vm, "cat /proc/partitions; dmesg | grep -i blk")
    print(shown)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    vm.command("destroy deb")
    env.check_pages(vm, "tenon", before)
    env.switch_off(vm, "tenon")
