# SPDX-License-Identifier: MIT
"""The two control domains that have our command line, as one thing to talk to:
the built-in one at its prompt, and Debian's, where it is a program.

What differs between them is here, each with its reason, and in DEBIAN of
cli_verbs.py; all else is asked of both.
"""
import base64
import contextlib
import gzip
import json
import re

import schema
from cli_verbs import DEBIAN
from testenv import PROMPT, REFERENCE, debian_config, hello_config
from vm import VMError

LEAVE = b"\x1d"  # Ctrl-]
INTERRUPT = b"\x03"


def configs(disk, deb=debian_config):
    """Both guests' files under /guests, of which `deb` has this disk."""
    return {
        "auto/deb.cfg": deb("deb", memory=128, more="maxvcpus = 2\nvif = ['']\n"
                            f"disk = ['{disk},xvda,w']\n"),
        "idle.cfg": hello_config("idle"),
        "bad.cfg": hello_config("bad", more="kernel = '/guests/none'\n")}


class Control:
    """A control domain at its prompt. `vm` is its console."""
    others = {}  # {line: Other}

    def __init__(self, vm):
        self.vm = vm
        self.verbs = set()  # that were asked for

    def say(self, line, timeout=60):
        """(what a line prints, its exit status)"""
        self.verbs.add(line.split()[0])
        text = self.vm.command(line, timeout=timeout)
        # Between the line as it was typed and the next prompt.
        return self.take_status(text[text.index("\n") + 1:
                                     text.rindex("\n") + 1])

    def ask(self, line, timeout=60):
        """What it prints; it has to succeed."""
        text, status = self.say(line, timeout)
        assert status == 0 and "error:" not in text, (line, status, text)
        return text

    def refuse(self, line, why, expected=1):
        text, status = self.say(line)
        assert status == expected, (line, status, text)
        assert re.search(rf"^error: .*{why}", text, re.M), (line, text)

    def json(self, line, name, stream=False):
        """Its result; a list where each line is one."""
        text = self.ask(f"{line} --json")
        values = [json.loads(one) for one in
                  (text.splitlines() if stream else [text])]
        for value in values:
            wrong = schema.check(value, schema.load(name))
            assert not wrong, f"{line} --json: {wrong}"
        return values if stream else values[0]

    @contextlib.contextmanager
    def console(self, guest):
        """A guest's console, which is left at the end."""
        self.verbs.add("console")
        self.vm.send(f"console {guest}")
        yield self.vm
        self.vm.send_raw(LEAVE)
        self.vm.expect(r"^\[left the console of ")
        self.vm.expect(PROMPT)

    def give_up(self, line):
        """Ctrl-C ends what waits."""
        self.verbs.add(line.split()[0])
        self.vm.send(line)
        self.interrupt()


class BuiltIn(Control):
    """Has no exit status but what is seen, starts the guests of /guests/auto
    itself, has disks in memory, and dumps a core to a disk of the machine."""
    spare = "ram:1M"
    core, dumped = "vd0", r"^idle: \d+ bytes on vd0$"
    ended, restarted = "poweroff", "restarted"

    def __init__(self, env, where):
        self.env, self.where = env, where
        self.image = env.tmp / "core.img"
        self.image.write_bytes(bytes(96 << 20))
        super().__init__(env.control(
            where, env.ramdisk(configs("ram:16M")), timeout=900,
            disk=self.image))

    @staticmethod
    def take_status(text):
        error = re.search(r"^error: (.*)", text, re.M)
        usage = error and "; usage: " in error[1]
        return text, 2 if usage else 1 if error else 0

    def interrupt(self):
        self.vm.send_raw(INTERRUPT)
        self.vm.expect(PROMPT)

    def judge(self, line, shows):
        """There is nobody else to ask."""

    @contextlib.contextmanager
    def events(self):
        """Yields what says, later, what happened: there is one prompt, so it is
        read when all is over."""
        yield lambda: self.ask("events --past")

    def start_deb(self):
        assert "\nstarted deb\n" in self.vm.text, self.vm.text

    def end(self):
        """A guest of /guests/auto is asked to stop, and does."""
        self.vm.send("poweroff")
        self.vm.expect(r"^stopping deb$")
        self.env.expect_off(self.vm, self.where)
        assert "does not stop" not in self.vm.text, self.vm.text

    def core_file(self):
        return self.image


class Debian(Control):
    """The reference's own control domain, with its own tools beside ours, which
    judge what was done. A core is a file. Each call is a process: one that
    waits for a guest may find it gone, as another acts on its end, and does
    not see what comes after it."""
    spare = "phy:ram1"
    core, dumped = "/tmp/core", r"\A\Z"
    ended, restarted = "(poweroff|destroyed)", "ended: (reboot|destroyed)"
    others = DEBIAN
    xl = ("list", "vcpu-list", "domid", "sched-credit2")

    def __init__(self, env, files, **machine):
        self.env = env
        super().__init__(env.boot_linux(
            {"run.sh": REFERENCE / "prompt.sh",
             "tenon": env.built("linux/tenon"),
             "hello": env.built("hello")} | files,
            timeout=900, **machine))
        self.vm.expect(PROMPT, 120)

    @staticmethod
    def take_status(text):
        found = re.search(r"^status (\d+)\n\Z", text, re.M)
        return text[:found.start()], int(found[1])

    def shell(self, line, timeout=60):
        """A command that is not ours."""
        return self.ask("!" + line, timeout)

    def interrupt(self):
        """One that comes before the program is there is lost, so again; those
        that were too many only bring a prompt."""
        for _ in range(20):
            self.vm.send_raw(INTERRUPT)
            try:
                self.vm.expect(r"status \d+\n", 1)
                break
            except VMError:
                pass
        self.vm.send("!echo again")
        self.vm.expect(r"^again\nstatus 0\ntenon> ")

    def judge(self, line, shows):
        """The reference's tool says the same of what was done."""
        if line.split()[0] in self.xl and "-l" not in line.split():
            text = self.shell(f"xl {line}")
            assert re.search(shows, text, re.M), (line, text)

    @contextlib.contextmanager
    def events(self):
        """The same, read by a process that follows from before the beginning;
        and one that comes later reads as much."""
        self.shell("tenon events >/tmp/events & echo $! >/tmp/client; "
                   "until grep ' deb ' /tmp/events; do usleep 100000; done")
        yield lambda: self.shell("cat /tmp/events")
        self.shell("until grep 'ended: destroyed' /tmp/events; "
                   "do usleep 100000; done; kill $(cat /tmp/client)")
        later, live = ([line.split()[1:] for line in shown.splitlines()] for
                       shown in (self.ask("events --past"),
                                 self.shell("cat /tmp/events")))
        assert later == live, (later, live)

    def start_deb(self):
        self.ask("create auto/deb.cfg", 120)

    def end(self):
        self.vm.send("!exit")
        self.vm.wait_off()

    def core_file(self):
        text = self.shell(f"gzip -9 <{self.core} | base64", 120)
        path = self.env.tmp / "core"
        path.write_bytes(gzip.decompress(base64.b64decode(text)))
        return path
