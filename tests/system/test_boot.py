# SPDX-License-Identifier: MIT
"""The machine matrix: every kind of machine reaches a Debian guest's shell.

The rows cover each pair of values of interest at least once, not the whole
product: that would be 100 boots.
"""
from testenv import DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config

#        cpu       smp mem    machine firmware
ROWS = (("qemu64", 1, "1G",  "pc",   "bios"),
        ("max",    2, "2G",  "q35",  "bios"),
        ("qemu64", 4, "4G",  "q35",  "uefi"),
        ("max",    1, "12G", "pc",   "uefi"),
        ("max",    4, "1G",  "pc",   "uefi"),
        ("qemu64", 2, "12G", "pc",   "bios"),
        ("max",    4, "3G",  "pc",   "bios"),
        ("qemu64", 1, "2G",  "q35",  "uefi"))


def boot_row(row):
    cpu, smp, mem, machine, firmware = row

    def test(env):
        disk = env.ramdisk({"deb.cfg": debian_config("deb")})
        vm = env.boot(ramdisk=disk, iso=True, cpu=cpu, smp=smp, mem=mem,
                      machine=machine, firmware=firmware, timeout=400)
        vm.expect(PROMPT, 120)
        shown = vm.command("info")
        assert f"nr_cpus                : {smp}\n" in shown, shown
        vm.send("create /guests/deb.cfg -c")
        vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
        vm.command("uname -s", r"^Linux$")
        vm.send("poweroff")
        vm.expect(PROMPT, 30)
        vm.send("poweroff")
        vm.wait_off()
    return test


for _row in ROWS:
    globals()["test_" + "_".join(map(str, _row))] = boot_row(_row)


def test_direct_kernel(env):
    """QEMU's own Multiboot 1 loader, no GRUB."""
    vm = env.boot_to_prompt()
    vm.send("poweroff")
    vm.wait_off()


def test_unknown_option_is_reported(env):
    vm = env.boot_to_prompt(cmdline="console=com1 no-such-option=1")
    assert "no-such-option" in vm.text[:vm.seen], vm.text
