# SPDX-License-Identifier: MIT
"""Run the hypervisor in QEMU: the machine, its console and how it ended.

Machine describes the hardware and gives QEMU's command line. VM runs one,
with the serial console as a stream to search and type into; run.py shares the
description and the control channel (Monitor).
"""
import dataclasses
import json
import pathlib
import re
import shlex
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
OVMF = "/usr/share/ovmf/OVMF.fd"
PANIC = "(TENON) PANIC"


@dataclasses.dataclass
class Machine:
    """The hardware, named as the variables of `make run`."""
    cpu: str = "qemu64"
    smp: int = 2
    mem: str = "2G"
    machine: str = "pc"
    firmware: str = "bios"
    icount: bool = False
    disk: str = ""
    disk_type: str = "virtio"
    net: str = "none"
    net_type: str = "virtio"
    qemu_args: str = ""

    def command(self):
        # One host thread per CPU, except with -icount, which has only one.
        accel = "tcg" if self.icount else "tcg,thread=multi"
        argv = ["qemu-system-x86_64", "-accel", accel, "-machine", self.machine,
                "-cpu", self.cpu, "-smp", str(self.smp), "-m", str(self.mem),
                "-display", "none", "-nodefaults", "-vga", "none",
                "-chardev", "stdio,id=console,signal=off",
                "-serial", "chardev:console"]
        if self.firmware == "uefi":
            argv += ["-bios", OVMF]
        elif self.firmware != "bios":
            raise ValueError(f"FIRMWARE={self.firmware}: bios or uefi")
        if self.icount:
            argv += ["-icount", "shift=0,sleep=off"]
        if self.disk:
            argv += disk_image(self.disk, self.disk_type)
        if self.net != "none":
            argv += network_card(self.net, self.net_type)
        return argv + shlex.split(self.qemu_args)


DISK_DEVICES = {
    "virtio": ["-device", "virtio-blk-pci,drive={0}"],
    "nvme": ["-device", "nvme,drive={0},serial={0}"],
    "ahci": ["-device", "ahci,id=ahci-{0}",
             "-device", "ide-hd,drive={0},bus=ahci-{0}.0"],
}


def disk_device(drive, kind):
    """Arguments for a device of this kind over QEMU's drive or block node."""
    if kind not in DISK_DEVICES:
        raise ValueError(f"DISK_TYPE={kind}: {', '.join(DISK_DEVICES)}")
    return [word.format(drive) for word in DISK_DEVICES[kind]]


def disk_image(file, kind, name="disk", options=""):
    """Arguments that attach an image file as a disk of this kind."""
    image = "qcow2" if str(file).endswith(".qcow2") else "raw"
    name_of_file = str(file).replace(",", ",,")
    return ["-drive", f"file={name_of_file},if=none,id={name},format={image},"
            f"discard=unmap{options}", *disk_device(name, kind)]


NET_DEVICES = {"virtio": "virtio-net-pci", "e1000e": "e1000e"}


def network_card(net, kind, options=""):
    """Arguments for a card of this kind, called `card`, on QEMU's own network:
    10.0.2.0/24 with DHCP, where 10.0.2.2 is this machine's loopback."""
    if net != "user":
        raise ValueError(f"NET={net}: user or none")
    if kind not in NET_DEVICES:
        raise ValueError(f"NET_TYPE={kind}: {', '.join(NET_DEVICES)}")
    return ["-netdev", "user,id=net", "-device",
            f"{NET_DEVICES[kind]},netdev=net,id=card{options}"]


def boot_iso(iso):
    """Arguments that boot an image by the machine's firmware."""
    return ["-drive", f"file={iso},media=cdrom,readonly=on,format=raw",
            "-boot", "order=d"]


def boot_direct(hypervisor, cmdline, modules):
    """Arguments for QEMU's own Multiboot 1 loader: no GRUB, a second faster.

    `modules` are (file, arguments); a comma separates modules in -initrd and
    is doubled to stand for itself.
    """
    texts = [f"{file} {args}".strip().replace(",", ",,")
             for file, args in modules]
    return ["-kernel", str(hypervisor), "-append", cmdline,
            "-initrd", ",".join(texts)]


class Monitor(threading.Thread):
    """Listens on QEMU's control channel for how the machine ends.

    `reason` becomes "guest-shutdown" (power off), "guest-reset", ... or stays
    None when QEMU ended for another cause. `resets` counts resets survived.
    """

    def __init__(self):
        super().__init__(daemon=True)
        self.ours, self.theirs = socket.socketpair()
        self.reason, self.resets = None, 0

    def arguments(self):
        fd = self.theirs.fileno()
        return ["-chardev", f"socket,id=control,fd={fd}",
                "-mon", "chardev=control,mode=control"]

    def popen(self, argv, **kw):
        process = subprocess.Popen(argv + self.arguments(),
                                   pass_fds=[self.theirs.fileno()], **kw)
        self.theirs.close()
        self.start()
        return process

    def execute(self, command, **arguments):
        """Give QEMU a command; commands are done in order."""
        message = {"execute": command, "arguments": arguments}
        self.ours.sendall(json.dumps(message).encode() + b"\n")

    def run(self):
        try:
            self.ours.sendall(b'{"execute":"qmp_capabilities"}\n')
            with self.ours.makefile("r", encoding="utf-8") as stream:
                for line in stream:
                    self._event(json.loads(line))
        except (OSError, ValueError):
            pass  # QEMU is gone

    def _event(self, message):
        if message.get("event") == "SHUTDOWN":
            self.reason = message["data"]["reason"]
        elif message.get("event") == "RESET":
            self.resets += message["data"].get("guest", False)


class VMError(Exception):
    """The machine did not do what was expected; the text holds its console."""


# Line editors move the cursor about; tests look at the text alone.
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78cDEHM])|\r")


class VM:
    """One running machine; use it in a `with` statement."""

    TYPED_AT_ONCE = 64

    def __init__(self, machine, boot, timeout=120.0, scale=1.0):
        """`timeout` limits the whole life in seconds; `scale` multiplies
        every limit, for machines that are slow or busy."""
        self.scale = scale
        self.deadline = time.monotonic() + timeout * scale
        self.monitor = Monitor()
        self.raw, self.text, self.seen = bytearray(), "", 0
        self.changed, self.at_end = threading.Condition(), False
        self.process = self.monitor.popen(
            machine.command() + ["-no-reboot"] + boot, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def _read(self):
        stream = self.process.stdout
        while data := stream.read1(65536):
            with self.changed:
                self.raw += data
                self.text = ESCAPES.sub("", self.raw.decode(errors="replace"))
                self.changed.notify_all()
        with self.changed:
            self.at_end = True
            self.changed.notify_all()

    def fail(self, why):
        where = f"looking from character {self.seen} of the console:"
        raise VMError(f"{why}; {where}\n{self.text}\n--- end of console")

    def _wait(self, ready, what, timeout):
        """Wait with `changed` held until ready() is true; returns its value."""
        limit = min(time.monotonic() + timeout * self.scale, self.deadline)
        with self.changed:
            while not (found := ready()):
                left = limit - time.monotonic()
                if self.at_end:
                    self.fail(f"the machine ended before {what}")
                if left <= 0:
                    self.fail(f"no {what} within {timeout * self.scale:.0f} s")
                if PANIC in self.text and "PANIC" not in what:
                    self.changed.wait(1)
                    self.fail(f"the hypervisor panicked before {what}")
                self.changed.wait(min(left, 1))
            return found

    def expect(self, pattern, timeout=30.0):
        """Wait for the regular expression; later searches begin behind it."""
        regex = re.compile(pattern, re.M)
        match = self._wait(lambda: regex.search(self.text, self.seen),
                           f"match of {pattern!r}", timeout)
        self.seen = match.end()
        return match

    def send(self, line):
        """Type a line."""
        self.send_raw(line.encode() + b"\r")

    def send_raw(self, data):
        """Type bytes. The reference keeps 128 of them for a control domain
        that is slow to read, and drops the rest: no faster than that."""
        for start in range(0, len(data), self.TYPED_AT_ONCE):
            if start:
                time.sleep(0.25)
            self.process.stdin.write(data[start:start + self.TYPED_AT_ONCE])
            self.process.stdin.flush()

    def command(self, line, prompt=r"^tenon> ", timeout=30.0):
        """Type a line, wait for the next prompt, return what came between."""
        self.send(line)
        start = self.seen
        self.expect(prompt, timeout)
        return self.text[start:self.seen]

    def wait_off(self, timeout=30.0, reason="guest-shutdown"):
        """Wait for the machine to power itself off, or end as `reason` says."""
        self._wait(lambda: self.at_end, "the end", timeout)
        self.process.wait()
        for _ in range(20):  # the event may arrive after the console's end
            if self.monitor.reason:
                break
            time.sleep(0.05)
        if self.monitor.reason != reason:
            self.fail(f"the machine ended by {self.monitor.reason}")
        if PANIC in self.text:
            self.fail("the hypervisor panicked")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
