# SPDX-License-Identifier: MIT
"""PV GRUB as an ordinary guest: a kernel that we did not write, which talks to
xenstore before it shows its prompt."""
import shutil
import subprocess

from testenv import PROMPT, Skip, stable_free_pages

GRUB_PROMPT = r"grub> "


def grub_image(env):
    if not shutil.which("grub-mkstandalone"):
        raise Skip("grub-mkstandalone is missing (Debian: grub-common)")
    image = env.tmp / "grub"
    config = env.tmp / "grub.cfg"
    config.write_text("set pager=0\n")
    subprocess.run(["grub-mkstandalone", "-O", "x86_64-xen", "-o", image,
                    f"boot/grub/grub.cfg={config}"], check=True,
                   capture_output=True)
    return image


def scenario(env, where, **machine):
    disk = env.ramdisk({
        "grub": grub_image(env),
        "grub.cfg": "name = 'grub'\nkernel = '/guests/grub'\nmemory = 64\n"})
    vm = env.control(where, disk, **machine)
    before = stable_free_pages(vm)
    vm.send("create /guests/grub.cfg -c")
    vm.expect(GRUB_PROMPT, 60)
    vm.send("echo $grub_cpu on $grub_platform")
    vm.expect(r"x86_64 on xen\b")
    vm.expect(GRUB_PROMPT)
    vm.send("ls")
    vm.expect(r"\(memdisk\)|\(proc\)")
    vm.expect(GRUB_PROMPT)
    vm.send("help halt")
    vm.expect(r"Usage: halt")
    vm.expect(GRUB_PROMPT)
    vm.send("halt")
    vm.expect(r"grub ended: ", 30)
    vm.expect(PROMPT)
    env.check_pages(vm, where, before)
    env.switch_off(vm, where)


def test_grub(env):
    scenario(env, "tenon")


def test_grub_on_reference(env):
    scenario(env, "reference")
