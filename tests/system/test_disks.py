# SPDX-License-Identifier: MIT
"""Disks of the control domain: each driver reads, writes and discards an image
that the host compares afterwards; errors, silence, partitions, interrupts of
every kind. On Tenon, and where it says so on the reference."""
import random
import re
import zlib

import gpt
from testenv import PROMPT
from vm import disk_device, disk_image

MIB = 1 << 20
# What the first disk of each kind is called.
NAMES = {"virtio": "vd{}", "nvme": "nvme{}n1", "ahci": "sd{}"}
ROOT_UUID = "11111111-2222-3333-4444-555555555555"
DATA_UUID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


def random_image(env, name, mib=8, seed=1):
    path = env.tmp / name
    path.write_bytes(random.Random(seed).randbytes(mib * MIB))
    return path


def empty_image(env, name, mib=8):
    path = env.tmp / name
    with path.open("wb") as image:
        image.truncate(mib * MIB)
    return path


def crc(data):
    return f"{zlib.crc32(data):08x}"


def qemu(*lists):
    return " ".join(word for words in lists for word in words)


def boot(env, where, arguments, **machine):
    return env.control(where, env.ramdisk(base=False), qemu_args=arguments,
                       **machine)


def check(vm, name, data):
    """The disk's contents are these, says the checksum."""
    shown = vm.command(f"disks --check {name}", timeout=60)
    sectors = len(data) // 512
    assert f"CRC-32 {crc(data)}" in shown and \
        f"\n{sectors} of {sectors} sectors, 0 errors" in shown, shown


def copy(vm, source, target, sectors):
    shown = vm.command(f"disks --copy {source} {target}", timeout=60)
    assert f"\n{sectors} of {sectors} sectors, 0 errors" in shown, shown


def scenario(env, where, kind, block=512, device="", **machine):
    """One disk is partitioned, one is written, one is emptied."""
    names = [NAMES[kind].format(i) for i in range(3)]
    files = [random_image(env, "a"), empty_image(env, "b"),
             random_image(env, "c", seed=3)]
    gpt.write(files[0], [("root", ROOT_UUID, 64, 127),
                         ("my data", DATA_UUID, 128, 1023)], block)
    arguments = []
    for i, file in enumerate(files):
        words = disk_image(file, kind, f"d{i}")
        words[-1] += device
        arguments += words
    vm = boot(env, where, qemu(arguments), **machine)
    before = [file.read_bytes() for file in files]

    shown = vm.command("disks")
    for name in names:
        assert re.search(rf"^{name} +8\.0 MiB +{block} rw,flush,discard", shown,
                         re.M), shown
    assert f"{names[0]}p1 " in shown and f"PARTUUID={ROOT_UUID}" in shown
    check(vm, names[0], before[0])
    check(vm, f"{names[0]}p1", before[0][64 * block:128 * block])
    check(vm, "PARTLABEL=root", before[0][64 * block:128 * block])
    check(vm, f"PARTUUID={DATA_UUID.upper()}",
          before[0][128 * block:1024 * block])
    copy(vm, names[0], names[1], 8 * MIB // 512)
    check(vm, names[1], before[0])
    shown = vm.command(f"disks --copy {names[0]}p1 {names[2]}")
    assert " 0 errors" in shown, shown
    shown = vm.command(f"disks --discard {names[0]}p2")
    assert "error" not in shown, shown
    env.switch_off(vm, where)
    vm.kill()

    assert files[1].read_bytes() == before[0]
    part = before[0][64 * block:128 * block]
    assert files[2].read_bytes() == part + before[2][len(part):]
    after = files[0].read_bytes()
    assert after[:128 * block] == before[0][:128 * block]
    assert after[1024 * block:] == before[0][1024 * block:]
    # A disk may keep what does not fill a larger unit of its own.
    kept = after[128 * block:1024 * block]
    assert kept.count(0) > len(kept) * 9 // 10, kept.count(0)


def test_virtio(env):
    scenario(env, "tenon", "virtio")


def test_virtio_q35(env):
    scenario(env, "tenon", "virtio", machine="q35", cpu="max", smp=1)


def test_virtio_legacy(env):
    scenario(env, "tenon", "virtio", device=",disable-modern=on")


def test_virtio_shared_line(env):
    """Three disks without messages: two of them share a line."""
    scenario(env, "tenon", "virtio", device=",vectors=0")


def test_virtio_legacy_line_q35(env):
    scenario(env, "tenon", "virtio", machine="q35",
             device=",vectors=0,disable-modern=on")


def test_virtio_4k(env):
    scenario(env, "tenon", "virtio", block=4096,
             device=",logical_block_size=4096,physical_block_size=4096")


def test_virtio_plain_ring(env):
    """Without indirect descriptors and event indices."""
    scenario(env, "tenon", "virtio", device=",indirect_desc=off,event_idx=off,"
             "queue-size=64,seg-max-adjust=on")


def test_nvme(env):
    scenario(env, "tenon", "nvme")


def test_nvme_4k_q35(env):
    scenario(env, "tenon", "nvme", block=4096, machine="q35", cpu="max",
             device=",logical_block_size=4096,physical_block_size=4096")


def test_ahci(env):
    scenario(env, "tenon", "ahci")


def test_ahci_q35(env):
    scenario(env, "tenon", "ahci", machine="q35", smp=4)


def test_virtio_on_reference(env):
    scenario(env, "reference", "virtio")


def test_virtio_line_on_reference(env):
    scenario(env, "reference", "virtio", device=",vectors=0,disable-modern=on")


def test_nvme_on_reference(env):
    scenario(env, "reference", "nvme", machine="q35")


def test_ahci_on_reference(env):
    scenario(env, "reference", "ahci")


def faulty(file, name, read, write):
    """A block node that fails at one sector, differently for each direction."""
    rules = [f"inject-error.{i}.event=none,inject-error.{i}.iotype={kind},"
             f"inject-error.{i}.sector={sector},inject-error.{i}.errno=5"
             for i, (kind, sector) in enumerate((("read", read),
                                                 ("write", write)))]
    return ["-blockdev", f"driver=blkdebug,node-name={name},image.driver=file,"
            f"image.filename={file}," + ",".join(rules)]


def scenario_errors(env, where, kind):
    """A bad sector fails the request that has it, and nothing else."""
    name, source = NAMES[kind].format(0), "PARTUUID=" + ROOT_UUID
    bad, good = random_image(env, "bad"), random_image(env, "good", seed=2)
    gpt.write(good, [("all", ROOT_UUID, 64, 12287)])
    device = disk_device("bad", kind)
    if kind != "nvme":
        device[-1] += ",rerror=report,werror=report"
    if kind == "virtio":  # QEMU would make one of several requests
        device[-1] += ",request-merging=off"
    vm = boot(env, where, qemu(
        faulty(bad, "bad", 5000, 9000), device,
        disk_image(good, "nvme" if kind == "virtio" else "virtio", "good")))
    for _ in range(2):
        shown = vm.command(f"disks --check {name}", timeout=60)
        assert f"error: {name}: sectors 4992 to 5119: input/output error" in \
            shown and shown.count("error:") == 1, shown
        assert "16384 of 16384 sectors, 1 errors" in shown, shown
    shown = vm.command(f"disks --copy {source} {name}", timeout=60)
    assert f"error: {name}: sectors 8960 to 9087: input/output error" in \
        shown and shown.count("error:") == 1, shown
    env.switch_off(vm, where)
    vm.kill()
    written, wanted = bad.read_bytes(), good.read_bytes()[64 * 512:]
    assert written[:8960 * 512] == wanted[:8960 * 512]
    assert written[9088 * 512:12224 * 512] == wanted[9088 * 512:12224 * 512]


def test_errors_virtio(env):
    scenario_errors(env, "tenon", "virtio")


def test_errors_nvme(env):
    scenario_errors(env, "tenon", "nvme")


def test_errors_ahci(env):
    scenario_errors(env, "tenon", "ahci")


def test_errors_ahci_on_reference(env):
    scenario_errors(env, "reference", "ahci")


def silent_disk(env, kind):
    """Its first request may be answered, then nothing comes for a while."""
    if kind != "ahci":  # a byte a second
        return disk_image(random_image(env, "slow", 1), kind, "slow",
                          ",throttling.bps-total=1")
    # When QEMU resets this one it waits for the answer, so one has to come.
    return ["-blockdev", "driver=null-co,node-name=slow,size=1048576,"
            "read-zeroes=on,latency-ns=8000000000", *disk_device("slow", kind)]


def scenario_silence(env, kind):
    """A device that stops answering is reset; its request fails, the control
    domain goes on, and so does another disk."""
    name, other = NAMES[kind].format(0), random_image(env, "other", 1)
    other_kind = "nvme" if kind == "virtio" else "virtio"
    vm = boot(env, "tenon", qemu(silent_disk(env, kind),
                                 disk_image(other, other_kind, "other")),
              dom0_cmdline="disk-timeout=1")
    if "(-110)" not in vm.text:  # nor while partitions were read
        vm.command(f"disks --check {name}", timeout=120)
    assert f"{name.replace('n1', '')}: no answer for 1 s, resetting" in vm.text
    assert "no answer in time (-110)" in vm.text or \
        "no partitions can be read (-110)" in vm.text, vm.text
    assert "does not come back" not in vm.text, vm.text
    check(vm, NAMES[other_kind].format(0), other.read_bytes())
    env.switch_off(vm, "tenon")


def test_silent_virtio(env):
    scenario_silence(env, "virtio")


def test_silent_nvme(env):
    scenario_silence(env, "nvme")


def test_silent_ahci(env):
    scenario_silence(env, "ahci")


def test_damaged_table(env):
    """The copy at the end serves; without it there are no partitions."""
    one, two = random_image(env, "one"), random_image(env, "two")
    for image in (one, two):
        gpt.write(image, [("root", ROOT_UUID, 64, 127)])
        data = bytearray(image.read_bytes())
        data[512:1024] = bytes(512)
        if image is two:
            data[-512:] = bytes(512)
        image.write_bytes(data)
    vm = boot(env, "tenon", qemu(disk_image(one, "virtio", "one"),
                                 disk_image(two, "virtio", "two")))
    shown = vm.command("disks")
    assert "vd0p1 " in shown and "vd1p1" not in shown, shown
    assert "vd1: no partitions can be read (-22)" in vm.text, vm.text
    check(vm, "vd0p1", one.read_bytes()[64 * 512:128 * 512])
    env.switch_off(vm, "tenon")


def test_read_only(env):
    """A disk that must not be written is not."""
    image = random_image(env, "image", 1)
    words = disk_image(image, "virtio", "d0", ",readonly=on")
    vm = boot(env, "tenon", qemu(words, disk_image(
        random_image(env, "other", 1, seed=2), "virtio", "d1")))
    shown = vm.command("disks --copy vd1 vd0")
    assert "error: vd0 is read-only" in shown, shown
    assert "ro" in vm.command("disks")
    env.switch_off(vm, "tenon")


def test_many_devices(env):
    """Twelve disks of all kinds on one machine, each with its own."""
    kinds = ["virtio", "nvme", "ahci"] * 4
    images = [random_image(env, f"i{i}", 1, seed=i) for i in range(12)]
    vm = boot(env, "tenon", qemu(*(disk_image(image, kind, f"d{i}")
                                   for i, (image, kind) in
                                   enumerate(zip(images, kinds)))))
    for i, image in enumerate(images):
        check(vm, NAMES[kinds[i]].format(i // 3), image.read_bytes())
    shown = vm.command("pci")
    assert shown.count("virtio-blk   MSI-X") == 4, shown
    assert shown.count("nvme         MSI-X") == 4, shown
    assert shown.count("ahci         MSI") == 4, shown
    env.switch_off(vm, "tenon")


def test_uefi_high_memory(env):
    """UEFI firmware puts registers above 4 GiB, and memory is there too."""
    kinds = ("virtio", "nvme", "ahci")
    images = [random_image(env, kind, 4) for kind in kinds]
    vm = env.boot(ramdisk=env.ramdisk(base=False), firmware="uefi",
                  machine="q35", cpu="max", mem="6G",
                  qemu_args=qemu(*(disk_image(image, kind, kind) for
                                   image, kind in zip(images, kinds))))
    vm.expect(PROMPT, 90)
    for image, kind in zip(images, kinds):
        check(vm, NAMES[kind].format(0), image.read_bytes())
    env.switch_off(vm, "tenon")
