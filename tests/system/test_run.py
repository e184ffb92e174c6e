# SPDX-License-Identifier: MIT
"""`make run` as a user or a script calls it, with stdin closed.

All in one test function at a time: `make run` writes build/tenon.iso.
"""
import os
import subprocess
import threading
import zlib

from testenv import ROOT, hello_config

# What `make test` leaves in the environment; a user's make would not see it.
MAKE_VARIABLES = set("""MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GUESTS DOM0
DOM0_RAMDISK DOM0_CMDLINE CMDLINE CPU SMP MEM MACHINE FIRMWARE DISK
DISK_TYPE QEMU_ARGS ICOUNT""".split())

ONE_AT_A_TIME = threading.Lock()


def make_run(env, limit=120, **variables):
    """(exit status, output) of `make run VARIABLES`."""
    env.built("tenon")
    clean = {k: v for k, v in os.environ.items()
             if k not in MAKE_VARIABLES}
    argv = ["timeout", str(int(limit * env.scale)), "make", "-s", "run",
            *(f"{name}={value}" for name, value in variables.items())]
    with ONE_AT_A_TIME:
        done = subprocess.run(argv, cwd=ROOT, env=clean, check=False,
                              stdin=subprocess.DEVNULL, text=True,
                              errors="replace", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def guests_folder(env, autorun):
    folder = env.tmp / "guests"
    folder.mkdir()
    (folder / "mine.cfg").write_text(hello_config("mine"))
    (folder / "autorun").write_text(autorun)
    return folder


def test_guests_and_autorun(env):
    folder = guests_folder(env, "ls /guests\ncreate /guests/mine.cfg\n"
                           "wait mine\nconsole --history mine\npoweroff\n")
    status, output = make_run(env, GUESTS=folder)
    for text in ("/guests/mine.cfg", "/guests/vmlinuz", "Goodbye"):
        assert text in output, output
    assert status == 0, f"exit status {status}\n{output}"


def test_reset_is_no_success(env):
    status, output = make_run(env, GUESTS=guests_folder(env, "reboot\n"))
    assert status != 0 and "the machine was reset" in output, output


def test_panic_is_no_success(env):
    """A control domain that is no kernel at all stops the hypervisor."""
    text = env.tmp / "text"
    text.write_text("not a kernel\n" * 100)
    status, output = make_run(env, DOM0=text)
    assert status != 0 and "(TENON) PANIC" in output, output


def test_dom0_variables(env):
    """A user's own kernel as control domain, with its command line."""
    status, output = make_run(env, DOM0=env.built("hello"),
                              DOM0_CMDLINE="some words", SMP=1, MEM="1G",
                              CPU="qemu64", MACHINE="q35")
    assert status == 0 and "Hello from a control domain" in output, output


def test_disk(env):
    """An image as a disk of a chosen kind; the ISO's drive is not one."""
    image = env.tmp / "disk.img"
    image.write_bytes(bytes(range(256)) * 4096)
    crc = f"CRC-32 {zlib.crc32(image.read_bytes()):08x}"
    folder = guests_folder(env, "disks\ndisks --check nvme0n1\npoweroff\n")
    status, output = make_run(env, GUESTS=folder, DISK=image,
                              DISK_TYPE="nvme", MACHINE="q35")
    assert status == 0 and f"nvme0n1: {crc}" in output, output
    assert "sd0" not in output, output


def test_icount(env):
    status, output = make_run(env, DOM0=env.built("hello"), ICOUNT=1,
                              QEMU_ARGS="-name tenon")
    assert status == 0 and "Goodbye" in output, output
