#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a bootable image: GRUB for BIOS and UEFI, hypervisor, control domain.

    iso.py OUT         the parts come from the environment, as `make iso`
                       passes it: DOM0, DOM0_RAMDISK, DOM0_CMDLINE, CMDLINE

Nothing on the image is called xen*: Debian's GRUB scripts would take such a
file in /boot for a Xen hypervisor.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEFAULT_CMDLINE = "console=com1"

GRUB_CFG = """set timeout=0
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
menuentry Tenon {{
	multiboot2 /boot/tenon {cmdline}
	module2 /boot/tenon-dom0 {dom0_cmdline}
{ramdisk}}}
"""


def grub_words(text):
    """Protect what GRUB's shell would interpret."""
    return "".join("\\" + c if c in "\\'\"$;|&<>{}#" else c for c in text)


def make_iso(out, hypervisor, dom0, ramdisk, cmdline, dom0_cmdline):
    """Write the image `out`; `ramdisk` may be None."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "boot/grub").mkdir(parents=True)
        shutil.copy(hypervisor, root / "boot/tenon")
        shutil.copy(dom0, root / "boot/tenon-dom0")
        if ramdisk:
            shutil.copy(ramdisk, root / "boot/tenon-dom0.ramdisk")
        (root / "boot/grub/grub.cfg").write_text(GRUB_CFG.format(
            cmdline=grub_words(cmdline), dom0_cmdline=grub_words(dom0_cmdline),
            ramdisk="\tmodule2 /boot/tenon-dom0.ramdisk\n" if ramdisk else ""))
        # Only what a machine needs to boot: the image is made at every run.
        done = subprocess.run(
            ["grub-mkrescue", "-o", str(out), "--locales=", "--themes=",
             "--fonts=", "--compress=no", str(root)],
            capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("iso: grub-mkrescue failed:\n" + done.stderr)


def parts(env):
    """What `make` variables choose as control domain."""
    dom0 = env.get("DOM0") or str(ROOT / "build/tenon-dom0")
    ramdisk = env.get("DOM0_RAMDISK")
    for path in filter(None, (dom0, ramdisk)):
        if not os.path.isfile(path):
            sys.exit(f"iso: {path}: no such file")
    return dom0, ramdisk


def main():
    env = os.environ
    dom0, ramdisk = parts(env)
    make_iso(sys.argv[1], ROOT / "build/tenon", dom0, ramdisk,
             env.get("CMDLINE") or DEFAULT_CMDLINE,
             env.get("DOM0_CMDLINE", ""))


if __name__ == "__main__":
    main()
