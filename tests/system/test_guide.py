# SPDX-License-Identifier: MIT
"""docs/admin-guide.md, typed: its configurations, with less memory and Debian's
kernel in place of PV GRUB, on a disk with its partitions, and its commands at
the prompt, in its order, up to the backup."""
import re

import gpt
from cli_control import Control
from testenv import DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, ROOT

MIB = 1 << 20
# Name and MiB.
PARTITIONS = (("db", 4), ("web1", 4), ("backup", 6), ("data", 4),
              ("core", 320))
# Eighths of the guide's, and no less than a Debian guest takes.
MEMORY = {"8192": "192", "1536": "192", "1280": "160", "1024": "128"}
KERNEL = ('kernel = "/guests/vmlinuz"\nramdisk = "/guests/initramfs.gz"\n'
          'extra = "console=hvc0 quiet"')


def smaller(text):
    return re.sub(r"\b\d{4}\b", lambda m: MEMORY.get(m[0], m[0]), text)


def guide():
    return smaller((ROOT / "docs/admin-guide.md").read_text(encoding="utf-8"))


def configurations():
    """The guide's two files, of db and of the first of the web servers."""
    files = {}
    for name, text in re.findall(r"cat > (\S+) <<END\n(.*?)^    END$", guide(),
                                 re.M | re.S):
        text = re.sub("^    ", "", text, flags=re.M)
        text = text.replace('kernel = "/guests/pvgrub"', KERNEL)
        files[f"auto/{name}".replace("$i", "1")] = text.replace("$i", "1")
    assert sorted(files) == ["auto/10-db.cfg", "auto/21-web1.cfg"], files
    return files


def section(heading):
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", guide(),
                     re.M | re.S)[1]


def commands(heading):
    """What a section types at the prompt, without what it says about that."""
    typed = re.findall(r"^    tenon> (.*?)(?:  .*)?$", section(heading), re.M)
    assert typed, heading
    return typed


def commands_within(heading, verbs):
    """The same of its sentences and tables."""
    named = [" ".join(c.split())
             for c in re.findall(r"`([^`]+)`", section(heading))]
    return [c for c in named if re.match(rf"({verbs}) ", c)]


def disk(env):
    path = env.tmp / "disk.img"
    first, rows = 1, []
    for i, (name, size) in enumerate(PARTITIONS):
        rows.append((name, f"00000000-0000-4000-8000-{i:012}",
                     first * MIB // 512, (first + size) * MIB // 512 - 1))
        first += size
    with path.open("wb") as image:
        image.truncate((first + 1) * MIB)
        image.seek(MIB)
        image.write(bytes(range(256)) * (4 * MIB // 256))
    gpt.write(path, rows)
    return path


def run(vm, line, limit=120):
    shown = vm.command(line, timeout=limit)
    assert "error:" not in shown, shown
    return shown


def visit(vm, name):
    """To its shell and back."""
    with Control(vm).console(name):
        vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)


def look(vm):
    for line in commands("Look"):
        if line == "console web1":
            visit(vm, "web1")
        elif line == "top":
            vm.send(line)
            vm.expect(r"by id \(keys")
            vm.send_raw(b"q")
            vm.expect(PROMPT)
        else:
            assert "web1" in run(vm, line), vm.text


def share(vm):
    lines = commands_within("Share the CPUs", "sched-credit2|vcpu-pin|vcpu-set")
    assert len(lines) == 6, lines
    for line in lines:
        run(vm, line)
    weights = {row[0]: row[1] for row in re.findall(
        r"^(\S+) +\d+ +(\d+) +\d+", run(vm, "sched-credit2"), re.M)}
    assert weights["db"] == "512", vm.text


def change(vm):
    lines = commands_within("Change something", "block-attach|block-detach")
    assert len(lines) == 2, lines
    for line in lines:
        run(vm, line)


def back_up(vm):
    sums = []
    for line in commands("Back up a guest's disk"):
        shown = run(vm, line)
        sums += re.findall(r"CRC-32 (\w+)", shown)
    assert "4.0 MiB" in run(vm, "disks"), vm.text
    assert sums, vm.text


def test_guide(env):
    vm = env.control("tenon", env.ramdisk(configurations()), smp=4, net="user",
                     net_type="virtio", disk=disk(env), timeout=1500)
    assert "started db\nstarted web1\n" in vm.text, vm.text
    run(vm, commands("Plan memory and CPUs")[0])
    shown = run(vm, "disks")
    for name, _ in PARTITIONS:
        assert f"PARTLABEL={name}" in shown, shown
    visit(vm, "db")
    look(vm)
    for line in commands("Limit memory"):
        run(vm, line, 300)
    share(vm)
    change(vm)
    back_up(vm)


test_guide.is_soak = True
