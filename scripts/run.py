#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boot build/tenon.iso in QEMU with the terminal as its serial console.

The machine is described by the environment, as `make run` passes it: CPU, SMP,
MEM, MACHINE, FIRMWARE, DISK, DISK_TYPE, NET, NET_TYPE, QEMU_ARGS, ICOUNT. Every
key goes to the machine, Ctrl-C too; Ctrl-A x ends the run, Ctrl-A Ctrl-A sends Ctrl-A.

Exit status: 0 the machine powered itself off, 1 the hypervisor panicked, 2 the
run was ended from outside, 3 the machine was reset (at a terminal a reset is
carried out instead).
"""
import contextlib
import os
import select
import subprocess
import sys
import termios
import time

from vm import PANIC, ROOT, Machine, Monitor, boot_iso

ESCAPE = 1  # Ctrl-A
DRAIN_SECONDS = 2


def machine(env):
    given = {name: env[name.upper()] for name in
             ("cpu", "smp", "mem", "machine", "firmware", "disk",
              "disk_type", "net", "net_type", "qemu_args")
             if env.get(name.upper())}
    return Machine(**{"cpu": "max", "net": "user", **given},
                   icount=env.get("ICOUNT") not in (None, "", "0"))


@contextlib.contextmanager
def raw_terminal(fd):
    """Pass on every key as it is pressed; leave output processing alone."""
    if not os.isatty(fd):
        yield
        return
    saved = termios.tcgetattr(fd)
    mode = termios.tcgetattr(fd)
    mode[0] &= ~(termios.ICRNL | termios.INLCR | termios.IXON | termios.ISTRIP)
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    termios.tcsetattr(fd, termios.TCSADRAIN, mode)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, saved)


class Console:
    """Carries bytes between this terminal and QEMU."""

    def __init__(self, process, keyboard):
        self.process, self.keyboard = process, keyboard
        self.escaped = self.ended = False
        self.tail, self.panicked_at = b"", None

    def typed(self, data):
        """Pass on keys; handles the escape key. True: go on."""
        out = bytearray()
        for byte in data:
            if self.escaped and byte in b"xX":
                self.ended = True
                return False
            if byte == ESCAPE and not self.escaped and self.keyboard.isatty():
                self.escaped = True
                continue
            self.escaped = False
            out.append(byte)
        self.process.stdin.write(out)
        self.process.stdin.flush()
        return True

    def shown(self, data):
        os.write(sys.stdout.fileno(), data)
        # A mark may be split between two reads.
        recent = self.tail + data
        self.tail = recent[-len(PANIC):]
        if self.panicked_at is None and PANIC.encode() in recent:
            self.panicked_at = time.monotonic()

    def pump(self):
        """Until the machine ends, a panic has been shown, or Ctrl-A x."""
        screen = self.process.stdout
        sources = [screen, self.keyboard]
        while True:
            ready, _, _ = select.select(sources, [], [], 0.5)
            if screen in ready:
                data = screen.read1(65536)
                if not data:
                    return
                self.shown(data)
            if self.keyboard in ready:
                data = os.read(self.keyboard.fileno(), 4096)
                if not data:
                    sources.remove(self.keyboard)
                elif not self.typed(data):
                    return
            if self.panicked_at is not None and \
                    time.monotonic() > self.panicked_at + DRAIN_SECONDS:
                return


def end(process):
    if process.poll() is None:
        process.terminate()
    process.wait()


def verdict(console, monitor):
    """(exit status, explanation or None)"""
    if console.panicked_at is not None:
        return 1, "the hypervisor panicked"
    if console.ended:
        return 2, "ended by Ctrl-A x"
    monitor.join(2)
    if monitor.reason == "guest-shutdown":
        return 0, None
    if monitor.reason == "guest-reset":
        return 3, "the machine was reset"
    return 2, f"QEMU ended ({monitor.reason or 'see above'})"


def main():
    keyboard = sys.stdin or open(os.devnull, encoding="ascii")
    argv = machine(os.environ).command() + boot_iso(ROOT / "build/tenon.iso")
    if not keyboard.isatty():
        argv.append("-no-reboot")
    monitor = Monitor()
    process = monitor.popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    console = Console(process, keyboard)
    try:
        with raw_terminal(keyboard.fileno()):
            console.pump()
    except KeyboardInterrupt:
        console.ended = True
    finally:
        end(process)
    status, why = verdict(console, monitor)
    if why:
        print(f"\nrun: {why}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
