# SPDX-License-Identifier: MIT
"""What is typed at both control domains' command lines, and what shows that it
was done: the built-in one's and Debian's (cli_control.py). Guest `deb` has
domain number 1, `idle` 2, and waits for its first instruction.

A line that only DEBIAN's has another answer stands there too, with its reason.
"""
from typing import NamedTuple


class Asked(NamedTuple):
    """A line that needs no more than to be asked."""
    line: str
    shows: str            # its text holds this
    schema: str = ""      # its --json fits docs/schema/; "": there is none
    alive: bool = False   # `deb` has to run for it
    stream: bool = False  # JSON is an object on each line


READING = [
    Asked("list", r"^deb\s+1\s+128\s+1\s+\S+\s+\d+\.\d$", "list"),
    Asked("list deb idle", r"^idle\s+2\s+32\s+1\s+--p---\s+0\.0$", "list"),
    Asked("list -v", r"^deb .* [0-9a-f]{8}-[0-9a-f-]{27} +- +-$"),
    Asked("list -l deb", r'"target_memkb": 131072', "list-long"),
    Asked("vm-list", r"^[0-9a-f-]{36}  1    deb", "vm-list"),
    Asked("domid deb", r"^1$", "domain"),
    Asked("domid Domain-0", r"^0$", "domain"),
    Asked("domname 2", r"^idle$", "domain"),
    Asked("uptime", r"^Domain-0 +0 +\d+:\d\d:\d\d$", "uptime"),
    Asked("uptime -s deb", r"^ up +\d+:\d\d, deb \(1\)$"),
    Asked("vcpu-list", r"^deb +1 +0 +\d +\S+ +\d+\.\d  all / all$",
          "vcpu-list", alive=True),
    Asked("vcpu-list idle", r"^idle +2 +0 .* 0\.0  all / all$", "vcpu-list"),
    Asked("sched-credit2", r"^deb +1 +256 +0$", "sched-credit2"),
    Asked("sched-credit2 -d deb", r"^deb +1 +256 +0$", "sched-credit2-domain"),
    Asked("block-list deb", r"^51712 0   1      4     \d+ +\d+ +/local/domain/0"
          "/backend/vbd/1/51712", "block-list", alive=True),
    Asked("network-list deb", r"^0   0  00:16:3e:\S+ +0 +4 +\d+ +\d+/\d+ +"
          "/local/domain/0/backend/vif/1/0", "network-list", alive=True),
    Asked("info", r"^free_memory +: \d+$", "info"),
    Asked("info nr_cpus", r"^\d$"),
    Asked("pci", r"^\S+", "pci"),
    Asked("disks", r"^Name +Size", "disks"),
    Asked("network", r"^vif1\.0 +xenbr0 ", "network"),
    Asked("ls", r"^ +\d+ /guests/auto/deb\.cfg$", "ls"),
    Asked("cat idle.cfg", r"^name = 'idle'$"),
    Asked("dmesg", r"^\((TENON|XEN)\) "),
    Asked("xenstore-ls /local/domain/1/memory", r"/target = \"131072\"$",
          "xenstore-ls"),
    Asked("xenstore-read /local/domain/2/name", r"^idle$", "xenstore-read"),
    Asked("xenstore-watch -n 1 /vm", r"^/vm$", "xenstore-watch", stream=True),
    Asked("events --past", r" deb \(1\) created$", "events", stream=True),
    Asked("top -b -n 1", r"^ +deb \S{6} +\d+ +\d+\.\d +131072 ", "top"),
    Asked("top -b -n 2 -d 1", r"^ +deb [\s\S]*^ +deb "),
    Asked("config show idle.cfg", r'"name": "idle"', "config"),
    Asked("config show deb", r'"vdev": "xvda"', "config"),
    Asked("create -n idle.cfg name=third", r"^third fits: it needs 33 MiB"),
    Asked("inspect idle", r"^rip \S+ _start\+0x0$", "inspect"),
    Asked("help", r"^  vcpu-pin \.\.\. "),
    Asked("help create", r"^example: create"),
]


class Refused(NamedTuple):
    """A line that is refused in one line, which holds `why`."""
    line: str
    why: str
    status: int = 1  # 2: for words that make no sense


REFUSED = [
    Refused("lst", r"no command lst; see help"),
    Refused("list --nonsense", r"unknown option --nonsense", 2),
    Refused("pause nobody", r"no guest nobody;"),
    Refused("console nobody", r"no guest nobody;"),
    Refused("console -t hvm deb", r"a PV guest has only pv"),
    Refused("create none.cfg", r"none.cfg: no such file"),
    Refused("create bad.cfg", r"kernel /guests/none: no such file"),
    Refused("create idle.cfg", r"idle: the name is in use by domain 2"),
    Refused("create -n idle.cfg name=third memory=100000",
            r"third: not enough memory: 100000 MiB wanted, .* missing; Domain-0"
            r" has \d+ MiB, deb has 128 MiB, idle has 32 MiB"),
    Refused("rename deb idle", r'name "idle": another domain has it'),
    Refused("vcpu-pin deb 7 0", r"deb has no vcpu 7"),
    Refused("vcpu-set deb 9", r"deb can have 1 to 2 vcpus"),
    Refused("mem-set idle 100", r"is above its maximum of 32 MiB; see mem-max"),
    Refused("sysrq deb hh", r'"hh" is not one letter', 2),
    Refused("trigger deb init", r"a PV guest has only nmi"),
    Refused("block-detach deb xvdz", r"deb: no disk xvdz"),
    Refused("network-detach deb 7", r"deb: no card 7"),
    Refused("xenstore-read /nothing", r"/nothing: no such node"),
    Refused("config shw deb", r'"shw" is nothing to do with', 2),
    Refused("shutdown", r"either a name or --all", 2),
]


class Change(NamedTuple):
    """A line that changes something, and one that shows that it did."""
    line: str
    ask: str
    shows: str
    alive: bool = False


def absent(pattern):
    return rf"\A(?![\s\S]*{pattern})"


# On one CPU, which is enough for what does not run, no pinning is seen.
# {spare} is a disk of the control domain that nobody has.
CHANGES = [
    Change("rename idle sleeper", "domid sleeper", r"^2$"),
    Change("rename sleeper idle", "list idle", r"^idle\s+2\s"),
    Change("vcpu-pin deb all 0 -", "vcpu-list deb", r"^deb .*  0 / all$",
           alive=True),
    Change("vcpu-pin deb all all", "vcpu-list deb", r"^deb .*  all / all$",
           alive=True),
    Change("sched-credit2 -d deb -w 300", "sched-credit2 -d deb",
           r"^deb +1 +300 +0$"),
    Change("xenstore-write /tool/x 1", "xenstore-read /tool/x", r"^1$"),
    Change("xenstore-rm /tool/x", "xenstore-read /tool/x", r"no such node$"),
    Change("pause deb", "list deb", r"^deb\s+1\s+128\s+\d\s+-[b-]p---\s"),
    Change("unpause deb", "list deb", r"^deb\s+1\s+128\s+\d\s+[r-][b-]----\s",
           alive=True),
    Change("debug-keys hq", "dmesg", r"domain 1\b"),
    Change("mem-max deb 140", "xenstore-read /local/domain/1/memory/static-max",
           r"^143360$"),
    Change("mem-max deb 144", "list -l deb", r'"max_memkb": 147456,$'),
    Change("mem-set -w deb 112", "list deb", r"^deb\s+1\s+11[123]\s",
           alive=True),
    Change("network-attach deb", "network-list deb", r"^1   0  ", alive=True),
    Change("network-detach deb 1", "network-list deb", absent("^1   0  "),
           alive=True),
    Change("block-attach deb {spare},xvdb,w", "block-list deb", r"^51728 0 ",
           alive=True),
    Change("block-detach deb xvdb", "block-list deb", absent("^51728 0 "),
           alive=True),
    Change("vcpu-set -i deb 2",
           "xenstore-read /local/domain/1/cpu/1/availability", r"^online$"),
    Change("vcpu-set -i deb 2", "list -l deb",
           r'"avail_vcpus": \[\s*0,\s*1\s*\]'),
    Change("vcpu-set deb 1",
           "xenstore-read /local/domain/1/cpu/1/availability", r"^offline$"),
]


class Other(NamedTuple):
    """What Debian's control domain says instead."""
    shows: str
    reason: str


def elsewhere(verb, instead):
    return rf"^error: {verb} is Linux's own affair here: see {instead}$"


DEBIAN = {
    "ls": Other(elsewhere("ls", "ls"), "its files are Linux's"),
    "cat idle.cfg": Other(elsewhere("cat", "cat"), "its files are Linux's"),
    "pci": Other(elsewhere("pci", "lspci"), "its devices are Linux's"),
    "disks": Other(elsewhere("disks", "lsblk"), "its devices are Linux's"),
    "network": Other(elsewhere("network", "ip addr"), "Linux has the bridges"),
}
