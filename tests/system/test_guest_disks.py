# SPDX-License-Identifier: MIT
"""Disks of guests: Linux's block front end on our back end."""
import hashlib
import random
import re
import subprocess
import zlib

from testenv import DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config

SUM = "md5sum </mnt/data"


def disks(*specs):
    return "disk = [" + ", ".join(f"'{spec}'" for spec in specs) + "]\n"


def shell(vm, line, limit=60):
    """A line in the guest's shell; what it printed."""
    return vm.command(line, DEBIAN_PROMPT, limit)


def leave(vm):
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)


def holds(vm):
    """What the control domain holds: grants, ports, pages. Not its heap: how
    much that is for the same contents depends on where they lie; leaks there
    are the host tests' business."""
    shown = vm.command("info")
    return {name: int(number) for name, number in re.findall(
        r"^(free_pages|control_(?:pages|grants|ports)) *: (\d+)", shown,
        re.M)}


# The hypervisor's table of grant mappings only grows, with what a guest has
# mapped at once: up to 1056 pages a disk, 8 KiB for 256 of them.
MAPPINGS_GROW = 18


def check_holds(vm, before, driver_pages=0):
    """The control domain holds what it held, but for pages that a disk's
    driver keeps for its next commands; the machine too, but for
    MAPPINGS_GROW. test_hostile_front_end counts it all to the page."""
    after = holds(vm)
    limits = {"free_pages": (-MAPPINGS_GROW, 0), "control_grants": (0, 0),
              "control_pages": (0, driver_pages), "control_ports": (0, 0)}
    for name, (least, most) in limits.items():
        if not least <= after[name] - before[name] <= most:
            vm.fail(f"held before {before}, after {after}")


def boot_guest(vm, line="create /guests/d.cfg -c"):
    vm.send(line)
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)


def warm_up(vm, name="deb"):
    """A first guest: page tables for windows on its pages are there then."""
    boot_guest(vm)
    leave(vm)
    vm.command(f"destroy {name}")
    return holds(vm)


def write_data(vm):
    """A file system with checksummed data that must come from the disk."""
    shell(vm, "mke2fs /dev/xvda >/dev/null && mount -t ext4 /dev/xvda /mnt")
    shell(vm, "dd if=/dev/urandom of=/mnt/data bs=1M count=8 2>/dev/null")
    first = shell(vm, SUM)
    shell(vm, "umount /mnt; echo 3 >/proc/sys/vm/drop_caches")
    shell(vm, "mount -t ext4 /dev/xvda /mnt")
    assert shell(vm, SUM) == first, vm.text
    return first


def guest_disks(env, *specs, more="", **options):
    """A machine at its prompt, and what is held after a first guest."""
    image = bytes(range(256)) * 4096  # 1 MiB
    config = debian_config("deb", more=disks(*specs) + more)
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(
        {"image": image, "d.cfg": config}), **options)
    return vm, hashlib.md5(image).hexdigest(), warm_up(vm)


def test_disks(env):
    """Two disks: a file system on one; the other can only be read."""
    vm, digest, before = guest_disks(env, "ram:64M,xvda,w",
                                     "file:/guests/image,xvdb,r")
    boot_guest(vm)
    shown = shell(vm, "cat /proc/partitions")
    assert re.search(r"65536 xvda\n.* 1024 xvdb\n", shown), vm.text
    shown = shell(vm, "dmesg | grep -i blkfront")
    assert shown.count("flush diskcache: enabled; persistent grants: enabled; "
                       "indirect descriptors: enabled") == 2, vm.text
    write_data(vm)
    shown = shell(vm, "fstrim -v /mnt; umount /mnt")
    assert re.search(r"/mnt: \d+ bytes", shown), vm.text
    assert digest in shell(vm, "md5sum </dev/xvdb"), vm.text
    shown = shell(vm, "cat /sys/block/xvdb/ro; blockdev --setrw /dev/xvdb; "
                  "dd if=/dev/zero of=/dev/xvdb bs=4k count=1; sync")
    assert re.search(r"^1$", shown, re.M), vm.text
    shell(vm, "echo 3 >/proc/sys/vm/drop_caches")
    assert digest in shell(vm, "md5sum </dev/xvdb"), vm.text
    leave(vm)
    shown = vm.command("block-list deb")
    assert re.search(r"^51712 0 +\d+ +4 +\d+ +\d+ +/local/domain/0/backend/"
                     r"vbd/\d+/51712$", shown, re.M), vm.text
    assert "deb ended: poweroff" in vm.command("shutdown -w deb"), vm.text
    check_holds(vm, before)
    env.switch_off(vm, "tenon")


def test_restart_keeps_a_disk(env):
    """What was written outlives a restart, but not the guest."""
    vm, digest, before = guest_disks(env, "file:/guests/image,xvda,w")
    boot_guest(vm)
    assert digest in shell(vm, "md5sum </dev/xvda"), vm.text
    shell(vm, "echo changed >/dev/xvda; sync")
    leave(vm)
    assert "deb restarted" in vm.command("reboot -w deb", timeout=60), vm.text
    boot_guest(vm, "console deb")
    assert "changed" in shell(vm, "head -c 8 /dev/xvda"), vm.text
    leave(vm)
    vm.command("destroy deb")
    check_holds(vm, before)
    boot_guest(vm)
    assert digest in shell(vm, "md5sum </dev/xvda"), vm.text
    leave(vm)
    vm.command("destroy deb")
    check_holds(vm, before)
    env.switch_off(vm, "tenon")


def test_large_sectors_and_hotplug(env):
    """4096-byte sectors; a disk that comes and goes while the guest runs."""
    vm, digest, before = guest_disks(env, "ram:32M/4096,xvda,w", smp=1)
    boot_guest(vm)
    assert "4096" in shell(vm, "blockdev --getss /dev/xvda"), vm.text
    write_data(vm)
    leave(vm)
    vm.command("block-attach deb file:/guests/image,xvdf,r")
    vm.send("console deb")
    vm.send("")
    vm.expect(DEBIAN_PROMPT)
    shell(vm, "until [ -b /dev/xvdf ]; do :; done")
    assert digest in shell(vm, "md5sum </dev/xvdf"), vm.text
    leave(vm)
    vm.command("block-detach deb xvdf")
    assert "51792" not in vm.command("block-list deb"), vm.text
    # A disk in use stays until it is forced.
    vm.command("block-detach deb xvda --force")
    assert "51712" not in vm.command("block-list deb"), vm.text
    vm.command("destroy deb")
    check_holds(vm, before)
    env.switch_off(vm, "tenon")


BAD = {
    "file:/guests/none,xvda": "deb: xvda: /guests/none: no such file",
    "phy:/dev/none,xvda": "deb: xvda: /dev/none: no such disk",
    "ram:lots,xvda": "deb: xvda: ram:lots: not a size",
}


def test_bad_disks(env):
    """A disk that cannot be had: one line, and nothing is left."""
    files = {f"{i}.cfg": debian_config("deb", more=disks("ram:1M,xvdc", spec))
             for i, spec in enumerate(BAD)}
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(files))
    vm.command("create /guests/0.cfg")
    before = holds(vm)
    for i, text in enumerate(BAD.values()):
        assert f"error: {text}" in vm.command(f"create /guests/{i}.cfg"), \
            vm.text
    check_holds(vm, before)
    env.switch_off(vm, "tenon")


def numbered_image():
    """32-bit word i of the disk is i."""
    return b"".join(i.to_bytes(4, "little") for i in range(1 << 18))


def test_hostile_front_end(env):
    """A guest that breaks every rule, and dies in three ways."""
    config = ("name = '{0}'\nkernel = '/guests/blkfront'\nmemory = 16\n"
              "extra = '{0}'\n" + disks("file:/guests/numbers,xvda,w"))
    ends = ("end", "crash", "hang")
    disk = env.ramdisk({
        "blkfront": env.built("tests/guest/blkfront"),
        "numbers": numbered_image(),
        **{f"{end}.cfg": config.format(end) for end in ends}}, base=False)
    vm = env.boot_to_prompt(ramdisk=disk)
    before = None
    for end in (*ends, *ends):
        vm.send(f"create /guests/{end}.cfg -c")
        start = vm.seen
        failed = vm.expect(r"^done (\d+) failed", 120).group(1)
        lines = vm.text[start:vm.seen].splitlines()
        bad = [line for line in lines if line.startswith("not ok")]
        assert failed == "0" and not bad, bad
        assert len([li for li in lines if li.startswith("ok ")]) > 60, lines
        if end == "hang":
            vm.expect(r"^hanging")
            leave(vm)
            vm.command("destroy hang")
        else:
            vm.expect(PROMPT)
        now = holds(vm)
        before = before or now
        if now != before:
            vm.fail(f"{end}: held before {before}, after {now}")
    env.switch_off(vm, "tenon")


# A page or two for each of up to 128 commands at once.
DRIVER_PAGES = 256


def machine_disk(env, kind):
    """A guest's file system on a disk of the machine; afterwards the host
    finds it sound, and a partition cannot be had twice."""
    image = env.tmp / "disk.img"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    name = {"virtio": "vd0", "nvme": "nvme0n1", "ahci": "sd0"}[kind]
    disk = env.ramdisk({
        "d.cfg": debian_config("deb", more=disks(f"phy:/dev/{name},xvda,w")),
        "e.cfg": debian_config("two", more=disks(f"phy:{name},xvda,r"))})
    vm = env.boot_to_prompt(ramdisk=disk, disk=str(image), disk_type=kind)
    before = warm_up(vm)
    boot_guest(vm)
    write_data(vm)
    leave(vm)
    shown = vm.command("create /guests/e.cfg")
    assert f"error: two: xvda: {name}: in use by another guest" in shown, shown
    # Its end in the middle of writing.
    vm.send("console deb")
    vm.send("")
    vm.expect(DEBIAN_PROMPT)
    vm.send("while :; do dd if=/dev/urandom of=/mnt/more bs=1M count=8 "
            "conv=fsync; done 2>/dev/null")
    leave(vm)
    vm.command("destroy deb")
    check_holds(vm, before, DRIVER_PAGES)
    boot_guest(vm)
    shell(vm, "mount -t ext4 /dev/xvda /mnt")
    assert re.search(r"^[0-9a-f]{32} ", shell(vm, SUM), re.M), vm.text
    shell(vm, "umount /mnt")
    leave(vm)
    vm.command("shutdown -w deb", timeout=60)
    check_holds(vm, before, DRIVER_PAGES)
    env.switch_off(vm, "tenon")
    done = subprocess.run(["/sbin/e2fsck", "-fn", image], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_virtio_disk(env):
    machine_disk(env, "virtio")


def test_nvme_disk(env):
    machine_disk(env, "nvme")


def test_ahci_disk(env):
    machine_disk(env, "ahci")


# tests/system/test_system.py has a whole system on virtio-blk, in
# `make soak` on NVMe and AHCI, too.
test_virtio_disk.is_soak = test_nvme_disk.is_soak = True
test_ahci_disk.is_soak = test_restart_keeps_a_disk.is_soak = True


def example_config(disk):
    return ("name = 'sum'\nkernel = '/guests/disk-checksum'\nmemory = 16\n"
            + disks(disk))


def test_example_checksum(env):
    """The library's example reads a disk to its end, and what it makes of it
    is what this machine makes of it."""
    image = random.Random(3).randbytes((3 << 20) + 5 * 512)
    file = env.tmp / "disk.img"
    file.write_bytes(image)
    disk = env.ramdisk({"image": image, "disk-checksum":
                        env.built("disk-checksum"),
                        "f.cfg": example_config("file:/guests/image,xvda,r"),
                        "p.cfg": example_config("phy:vd0,xvda,w")})
    vm = env.boot_to_prompt(ramdisk=disk, disk=str(file), smp=1)
    expected = (f"disk-checksum: {len(image)} bytes, "
                f"CRC-32 {zlib.crc32(image):08x}")
    for name in ("f", "p", "f"):
        shown = vm.command(f"create /guests/{name}.cfg -c", PROMPT, 60)
        assert expected in shown, shown
    held = holds(vm)
    assert held["control_grants"] == 0, held
    env.switch_off(vm, "tenon")


# On one CPU: on a busy machine two take ages to wait for each other.
ON_REFERENCE = ("--smp", "1", "--icount")


def test_example_on_reference(env):
    """The library's front ends on Linux's back ends: the checksum of a disk."""
    size = 8 << 20
    image = numbered_image().ljust(size, b"\0")
    file = env.tmp / "disk.img"
    file.write_bytes(image)
    shown = env.reference(env.built("disk-checksum"), "--disk", file,
                          *ON_REFERENCE)
    assert (f"disk-checksum: {size} bytes, CRC-32 {zlib.crc32(image):08x}"
            in shown), shown


def test_devices_on_reference(env):
    """Requests, alone and many, and frames from one card to another, whose
    contents the guest checks."""
    file = env.tmp / "disk.img"
    file.write_bytes(numbered_image().ljust(8 << 20, b"\0"))
    shown = env.reference(env.built("tests/bench-devices"), "--disk", file,
                          *ON_REFERENCE, "--extra", "quick")
    assert "bench lib_net_64_x32" in shown and "bench done" in shown, shown


test_example_on_reference.is_soak = True
test_devices_on_reference.is_soak = True

# Instructions of the whole machine, at most, for what tests/bench/devices and
# tests/bench/linux do on disks in memory and on a bridge; about a sixth above
# what was measured.
COSTS = {"lib_blk_4k": 6350, "lib_blk_4k_x32": 1780, "lib_blk_4k_map": 8000,
         "lib_blk_4k_map_x32": 3450, "lib_net_1500": 13600,
         "lib_net_1500_x32": 4050, "lib_net_64": 12950, "lib_net_64_x32": 3400}
LINUX_COSTS = {"blk_4k": 28000, "blk_4k_x32": 19700, "net_1500": 25200,
               "net_1500_x32": 25200, "net_64": 23500, "net_64_x32": 23600}


def scenario_costs(env, most, files, more):
    """Counted with -icount, so it is the same on every host."""
    config = ("name = 'bench'\nkernel = '/guests/bench'\n" + more +
              "vif = ['mac=02:00:00:00:00:01', 'mac=02:00:00:00:00:02']\n"
              + disks("file:/guests/numbers,xvda,w"))
    disk = env.ramdisk({**files, "numbers": numbered_image(),
                        "b.cfg": config}, base=False)
    vm = env.boot_to_prompt(ramdisk=disk, icount=True, smp=1, cpu="qemu64")
    vm.send("create /guests/b.cfg -c")
    vm.expect(r"^bench done", 300)
    costs = dict(re.findall(r"^bench (\w+) (\d+)", vm.text, re.M))
    assert costs.keys() == most.keys(), vm.text
    for name, cost in costs.items():
        assert int(cost) <= most[name], costs


def test_costs(env):
    scenario_costs(env, COSTS, {"bench": env.built("tests/bench-devices")},
                   "memory = 32\n")


def test_costs_linux(env):
    """The same of Debian's kernel and its front ends."""
    scenario_costs(env, LINUX_COSTS, {
        "bench": env.built("guests/vmlinuz"),
        "initramfs": env.built("tests/bench-linux.gz"),
    }, "memory = 256\nramdisk = '/guests/initramfs'\n"
       "extra = 'console=hvc0 quiet ipv6.disable=1'\n")


test_costs_linux.is_soak = True
