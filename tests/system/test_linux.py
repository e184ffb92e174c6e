# SPDX-License-Identifier: MIT
"""The command line as a program of Linux: in the reference's control domain,
beside the reference's own tools, which judge what it did."""
import json
import re

import schema

# Each `t` shows a call and what came of it between marks. What a call prints
# goes to a file first: it would mix with the guest's lines.
BEGIN = """chmod +x /guest/tenon
t() {
	/guest/tenon "$@" </dev/null >/tmp/out 2>/tmp/err; s=$?
	echo "@@ $*"; cat /tmp/out /tmp/err; echo "@@ status $s"
}
x() { xl "$@" >/tmp/out 2>&1; echo "@@ xl $*"; cat /tmp/out; echo "@@ status $?"; }
# What a command needs to become true takes as long as it takes.
until_true() { n=0; until eval "$1"; do n=$((n+1)); [ $n = 1500 ] && return; sleep 0.2; done; }
"""

# Who watches a guest may find it gone: another process destroys what has ended.
END = "(poweroff|destroyed)"
HELLO = "name = '{}'\nkernel = '/guest/hello'\nmemory = 32\n{}\n"

# One guest, from its creation to its end.
QUICK = BEGIN + """
t list
t info
t vcpu-list
/guest/tenon dmesg >/tmp/out; s=$?
echo "@@ dmesg"; sed 's/^/ /' /tmp/out | tail -3; echo "@@ status $s"
t domid Domain-0
t domname 0
t pause nobody
t disks
t poweroff
t create -n /guest/idle.cfg
t create /guest/bad.cfg
t create -p /guest/idle.cfg
t create -p /guest/idle.cfg
t list
t list --json
x list
t domid idle
t xenstore-ls /local/domain/1/memory
t xenstore-read /local/domain/1/name
t xenstore-write /tool/x 1
t xenstore-rm /tool/x
t xenstore-watch -n 1 /vm
t mem-max idle 40
t rename idle sleeper
t dump-core sleeper /tmp/core
dd if=/tmp/core bs=4 count=1 2>/dev/null | grep -q ELF && echo "a core"
t config show sleeper
mkfifo /tmp/in
/guest/tenon console sleeper </tmp/in >/tmp/console 2>&1 &
exec 3>/tmp/in
t unpause sleeper
wait $!
echo "@@ console"; cat /tmp/console; echo "@@ status $?"
t list
t xenstore-ls /vm
xl create -p /guest/idle.cfg >/dev/null
t pause idle
t destroy idle
x list
t xenstore-ls /local/domain/0/backend
pidof tenon || echo "nobody left"
"""


def calls(shown):
    """[(call, status, what it printed)] of a script's output."""
    found = re.findall(r"^@@ (.*)\n((?:(?!@@ ).*\n)*)@@ status (\d+)$",
                       shown.replace("\r", ""), re.M)
    return [(call, int(status), text) for call, text, status in found]


class Calls:
    """Takes the calls of a script one after another."""

    def __init__(self, shown):
        self.shown, self.left = shown, calls(shown)

    def next(self, call, pattern="", status=0):
        """The next call must be this one and print this."""
        assert self.left, f"no call {call}:\n{self.shown}"
        name, code, text = self.left.pop(0)
        assert (name, code) == (call, status), (name, code, text, self.shown)
        assert re.search(pattern, text, re.M), (name, text)
        return text

    def names(self, call):
        """The domains that a list shows."""
        return re.findall(r"^(\S+) +\d", self.next(call), re.M)


def run(env, script, files, *more, timeout):
    """The calls of a script in the reference's control domain."""
    folder = env.tmp / "files"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    path = env.tmp / "run.sh"
    path.write_text(script)
    add = [env.built("linux/tenon"), env.built("hello"), *folder.iterdir(),
           *(env.built(f"guests/{name}") for name in
             ("vmlinuz", "initramfs.gz") if "deb.cfg" in files)]
    words = [word for file in add for word in ("--add", file)]
    # Counting instructions, as two CPUs of a busy machine lose each other.
    shown = env.reference("--script", path, "--icount", *words, *more,
                          timeout=timeout)
    assert "reference: control domain done" in shown, shown
    return Calls(shown)


def check_reading(did):
    assert did.names("list") == ["Domain-0"]
    did.next("info", r"^xen_version +: 4\.17")
    did.next("vcpu-list", r"^Domain-0 +0 +0 +\d ")
    did.next("dmesg", r"^ \(XEN\) ")
    did.next("domid Domain-0", r"^0$")
    did.next("domname 0", r"^Domain-0$")
    did.next("pause nobody", r"^error: no guest nobody;", 1)
    did.next("disks", r"^error: disks is Linux's own affair .* lsblk$", 1)
    did.next("poweroff", r"^error: that ends the whole machine: ", 1)


def check_paused(did):
    did.next("create -n /guest/idle.cfg", r"^idle fits: it needs 33 MiB")
    did.next("create /guest/bad.cfg",
             r"^error: kernel /guest/none: no such file$", 1)
    did.next("create -p /guest/idle.cfg")
    did.next("create -p /guest/idle.cfg", r"^error: idle: the name is in use "
             r"by domain 1$", 1)
    did.next("list", r"^idle +1 +32 +1 +--p--- +0\.0$")
    domains = json.loads(did.next("list --json"))
    assert not schema.check(domains, schema.load("list")), domains
    did.next("xl list", r"^idle +1 +32 +1\s+--p--- +0\.0$")
    did.next("domid idle", r"^1$")
    did.next("xenstore-ls /local/domain/1/memory", r'/target = "32768"$')
    did.next("xenstore-read /local/domain/1/name", r"^idle$")
    did.next("xenstore-write /tool/x 1")
    did.next("xenstore-rm /tool/x")
    did.next("xenstore-watch -n 1 /vm", r"^/vm$")
    did.next("mem-max idle 40")
    did.next("rename idle sleeper")
    did.next("dump-core sleeper /tmp/core")
    assert "\na core" in did.shown.replace("\r", ""), did.shown
    did.next("config show sleeper", r'"max_memkb": 40960')


def test_quick(env):
    """Verbs that read, and a guest made and watched to its end."""
    did = run(env, QUICK, {
        "idle.cfg": HELLO.format("idle", ""),
        "bad.cfg": HELLO.format("bad", "kernel = '/guest/none'")},
        "--smp", "1", timeout=300)
    check_reading(did)
    check_paused(did)
    did.next("unpause sleeper")
    did.next("console", rf"^Goodbye\.\n\n\[sleeper ended: {END}\]$")
    assert did.names("list") == ["Domain-0"]
    did.next("xenstore-ls /vm", r'^/vm = ""\n$')
    did.next("pause idle")
    did.next("destroy idle")
    assert did.names("xl list") == ["Domain-0"]
    assert "/2" not in did.next("xenstore-ls /local/domain/0/backend")
    assert "nobody left" in did.shown, did.shown


DEBIAN = BEGIN + """
for m in llc stp bridge brd xen-blkback xen-netback; do
	insmod /mod/$m.ko $([ $m = brd ] && echo rd_nr=1 rd_size=8192)
done
await() { until_true "grep -q '$1' /tmp/console"; }
say() { echo "$1" >&3; }
mkfifo /tmp/in
t create /guest/deb.cfg
brctl addbr xenbr0
ip link set xenbr0 up
/guest/tenon create -c /guest/deb.cfg </tmp/in >/tmp/console 2>&1 &
client=$!
exec 3>/tmp/in
await 'debian#'
say 'until [ -e /sys/class/net/eth0 -a -e /dev/xvda ]; do
	modprobe -a xen-netfront xen-blkfront; usleep 100000; done
	ifconfig eth0 up; echo Ready$((1+1))'
await Ready2
say "$(printf '\\035')"
wait $client
echo "@@ console"; cat /tmp/console; echo "@@ status $?"
t create -p /guest/idle.cfg
t list
x list
t block-list deb
t network-list deb
t vcpu-list deb
t vcpu-pin deb all 0 -
x vcpu-list deb
t pause deb
x list deb
t unpause deb
x list deb
t mem-set -w deb 200
x list deb
t block-detach deb xvda
t block-attach deb phy:ram0,xvdb,r
t block-list deb
t network-detach deb 0
t network-list deb
t top -b -n 1
t uptime
t destroy idle
/guest/tenon console deb </tmp/in >/tmp/console 2>&1 &
client=$!
exec 3>/tmp/in
say 'echo Back$((1+1))'
await Back2
kill $client
wait $client
echo "@@ again"; cat /tmp/console; echo "@@ status $?"
t shutdown -w deb
until_true '! pidof tenon >/dev/null'
t list
t xenstore-ls /local/domain/0/backend
t create /guest/again.cfg
until_true 'grep -q "again and again" /var/log/tenon.log'
echo "@@ log"; cat /var/log/tenon.log; echo "@@ status 0"
until_true '! pidof tenon >/dev/null'
t list
"""


def check_devices(did):
    disk, card = (r"^51712 0   2      4 ",
                  r"^0   0  02:00:00:00:00:01 +0 +4 .*backend/vif/2/0$")
    did.next("block-list deb", disk)
    did.next("network-list deb", card)


def test_debian(env):
    """A stock Debian guest with a disk and a network card; then one that
    restarts until that is too often."""
    did = run(env, DEBIAN, {
        "idle.cfg": HELLO.format("idle", ""),
        "deb.cfg": "name = 'deb'\nkernel = '/guest/vmlinuz'\nmemory = 256\n"
                   "ramdisk = '/guest/initramfs.gz'\nvcpus = 2\n"
                   "extra = 'console=hvc0 quiet'\n"
                   "disk = ['phy:/dev/ram0,xvda,w']\n"
                   "vif = ['mac=02:00:00:00:00:01,bridge=xenbr0']\n",
        "again.cfg": HELLO.format("again", "on_poweroff = 'restart'")},
        timeout=600)
    did.next("create /guest/deb.cfg", r"^error: deb: vif1\.0: no bridge", 1)
    did.next("console", r"^\[left the console of deb\]$")
    did.next("create -p /guest/idle.cfg")
    assert did.names("list") == did.names("xl list") == \
        ["Domain-0", "deb", "idle"]
    check_devices(did)
    did.next("vcpu-list deb", r"^deb +2 +1 .* all / all$")
    did.next("vcpu-pin deb all 0 -")
    did.next("xl vcpu-list deb", r"^deb +2 +1 .* 0 / all$")
    did.next("pause deb")
    did.next("xl list deb", r"^deb +2 +256 +2\s+-[b-]p---")
    did.next("unpause deb")
    did.next("xl list deb", r"^deb +2 +256 +2\s+[r-][b-]----")
    did.next("mem-set -w deb 200")
    did.next("xl list deb", r"^deb +2 +(199|200|201) ")
    did.next("block-detach deb xvda")
    did.next("block-attach deb phy:ram0,xvdb,r")
    did.next("block-list deb", r"^51728 0   2 ")
    did.next("network-detach deb 0")
    assert did.next("network-list deb").count("\n") == 1, did.shown
    # It has looked for partitions on its disk, which it cannot write.
    did.next("top -b -n 1",
             r"^ +deb .* 1 +\d+ +[1-9]\d* +0 +[1-9]\d* +0 +0$")
    did.next("uptime", r"^deb +2 +\d+:\d\d:\d\d$")
    did.next("destroy idle")
    did.next("again", r"Back2")
    did.next("shutdown -w deb", rf"^deb ended: {END}$")
    assert did.names("list") == ["Domain-0"]
    assert "vbd/" not in did.next("xenstore-ls /local/domain/0/backend")
    did.next("create /guest/again.cfg")
    did.next("log", r"^again: it restarts again and again: it is left as it is")
    assert did.names("list") == ["Domain-0"]


test_debian.is_soak = True
