# SPDX-License-Identifier: MIT
"""What a guest was told is on the disk is there, whatever happens to the
machine afterwards. Soak tests: minutes each."""
import random
import re
import subprocess

from testenv import DEBIAN_BOOT, debian_config

ROUNDS = 20
SEED = 4
BLOCK = 4096
NAMES = {"virtio": "vd0", "nvme": "nvme0n1", "ahci": "sd0"}

# Block n of the disk is full of the number n + 1. While they are written and
# flushed one by one, another process writes behind the first 16 MiB without
# flushing.
WRITER = """
dd if=/dev/urandom of=/tmp/noise bs=64k count=4 2>/dev/null
while :; do
	dd if=/tmp/noise of=/dev/xvda bs=64k seek=$((256 + RANDOM % 700)) \\
		conv=notrunc 2>/dev/null
done &
n=0
while :; do
	yes $((n + 1)) | head -c 4096 >/tmp/block
	dd if=/tmp/block of=/dev/xvda bs=4k seek=$n conv=notrunc,fsync \\
		2>/dev/null || { echo "write failed"; exit; }
	n=$((n + 1))
	echo "flushed $n"
done
"""


def numbered(n):
    text = f"{n}\n".encode()
    return (text * (BLOCK // len(text) + 1))[:BLOCK]


def qemu_img(*words):
    """What it says; qcow2 files may hold space that nothing uses (3)."""
    done = subprocess.run(["qemu-img", *map(str, words)], capture_output=True,
                          text=True, check=False)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return done.stdout


def kill_after(env, kind, mark):
    """The machine dies once the guest has seen `mark` blocks flushed. Its disk
    is a qcow2 file: QEMU keeps in its memory where new blocks of it are, until
    a flush. Returns how many flushes the guest had seen."""
    image = env.tmp / f"{mark}-{kind}.qcow2"
    qemu_img("create", "-f", "qcow2", image, "64M")
    files = {"w.gz": env.initramfs(WRITER), "w.cfg": debian_config(
        "w", ramdisk="w.gz", memory=128,
        more=f"disk = ['phy:{NAMES[kind]},xvda,w']")}
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(files), disk=str(image),
                            disk_type=kind)
    vm.send("create w.cfg -c")
    vm.expect(rf"^flushed {mark}\n", DEBIAN_BOOT)
    vm.kill()
    flushed = int(re.findall(r"^flushed (\d+)\n", vm.text, re.M)[-1])
    raw = image.with_suffix(".raw")
    qemu_img("check", image)
    qemu_img("convert", "-O", "raw", image, raw)
    data = raw.read_bytes()
    for path in (image, raw):
        path.unlink()
    lost = [n for n in range(1, flushed + 1)
            if data[(n - 1) * BLOCK:n * BLOCK] != numbered(n)]
    assert not lost, f"{kind}: {flushed} flushed, lost of these: {lost}"
    return flushed


def test_kill_after_flush(env):
    """A flushed write outlives the machine: 20 rounds, the end of each at a
    moment of its own."""
    chance = random.Random(SEED)
    for i in range(ROUNDS):
        kind = list(NAMES)[i % len(NAMES)]
        flushed = kill_after(env, kind, chance.randrange(1, 120))
        print(f"round {i + 1}: {kind}, killed after {flushed} flushes",
              flush=True)


test_kill_after_flush.is_soak = True
