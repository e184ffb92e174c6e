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
    shell(vm, "until networkctl --no-pager status | grep Address:; do sleep 1; "
          "done", r"Address: 10\.0\.2\.15", 600)
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
    vm.expect(r"Booting `Debian'", BOOT)


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


# Seconds of each part of the campaign: ten minutes in all.
FIO_SECONDS = 75
FIO_DISKS = {"xvdb": ("virtio", "vd1"), "xvdc": ("nvme", "nvme0n1"),
             "xvdd": ("ahci", "sd0"), "xvde": ("virtio", "vd2")}
# Reads and writes of all sizes with flushes between them; then blocks that
# are discarded, written and read. Whatever is read back is verified.
FIO_KINDS = {"rw": "--rw=randrw --bsrange=4k-128k --fsync=32",
             "trim": "--rw=randtrimwrite --bs=16k"}


def fio(vm, kind, depth, disks):
    """One part of the campaign; returns requests read, written, discarded."""
    jobs = " ".join(f"--name={disk} --filename=/dev/{disk}" for disk in disks)
    shell(vm, f"fio --ioengine=libaio --direct=1 --iodepth={depth} "
          "--verify=crc32c --verify_backlog=64 --verify_fatal=1 "
          "--serialize_overlap=1 --randrepeat=0 --time_based "
          f"--runtime={FIO_SECONDS} {FIO_KINDS[kind]} {jobs} >log 2>&1; "
          'echo "fio ended: $?"', r"^fio ended: \d+", FIO_SECONDS + 300)
    shell(vm, "cat log; echo the end", r"^the end")
    log = vm.text[vm.text.rindex("fio ended: "):]
    assert log.startswith("fio ended: 0\n"), log
    assert len(re.findall(r": err= 0: ", log)) == len(disks), log
    issued = re.findall(r"issued rwts: total=(\d+),(\d+),(\d+),", log)
    totals = [sum(int(job[i]) for job in issued) for i in range(3)]
    print(f"fio {kind}, depth {depth}, {len(disks)} disks: "
          "{} read, {} written, {} discarded".format(*totals), flush=True)
    assert totals[0] and totals[1] and (totals[2] or kind == "rw"), log
    return totals


def test_fio_campaign(env):
    """Disks of all kinds: one of them alone, and four at once."""
    disk = own_disk(env)
    files = direct_files(disk, env.tmp, "vd0")
    more = "".join(f", 'phy:{name},{guest},w'"
                   for guest, (_, name) in FIO_DISKS.items())
    files["system.cfg"] = files["system.cfg"].replace(
        "'phy:vd0,xvda,w'", "'phy:vd0,xvda,w'" + more)
    arguments = disk_image(disk, "virtio")
    for guest, (kind, _) in FIO_DISKS.items():
        image = env.tmp / f"{guest}.img"
        with image.open("wb") as file:
            file.truncate(64 << 20)
        arguments += disk_image(image, kind, guest)
    vm = env.control("tenon", env.ramdisk(files, base=False), mem="3G",
                     timeout=3000, qemu_args=" ".join(arguments), cpu="max")
    vm.send("create /guests/system.cfg -c")
    log_in(vm)
    for kind in FIO_KINDS:
        for depth in (1, 32):
            fio(vm, kind, depth, ["xvdb"])
            fio(vm, kind, depth, list(FIO_DISKS))
    leave(env, "tenon", vm, disk)


test_virtio_pvgrub.is_long = True
for _test in (test_nvme_e1000e, test_ahci, test_virtio_on_reference,
              test_fio_campaign):
    _test.is_soak = True
