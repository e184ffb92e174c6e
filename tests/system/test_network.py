# SPDX-License-Identifier: MIT
"""Networks of guests: Linux's front end on our back end, the bridge, and the
cards below it. Guests run scripts; what they print is judged."""
import concurrent.futures
import hashlib
import random
import re
import socket
import urllib.error
import urllib.request

from debian_files import program_files, run_line
from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, debian_config,
                     file_server)
from vm import network_card

FILE_SIZE = 4 << 20
MACS = [f"02:00:00:00:00:0{i}" for i in (1, 2, 3)]

def guest_files(env, name, script, vif="", memory=128):
    return {f"{name}.gz": env.initramfs(script),
            f"{name}.cfg": debian_config(name, ramdisk=f"{name}.gz",
                                         memory=memory,
                                         more=f"vif = ['{vif}']")}


def history(vm, name):
    return vm.command(f"console --history {name}")


def holds(vm):
    """What is held of guests: grants, ports, pages of packets; and what the
    hypervisor has left."""
    shown = vm.command("info") + vm.command("network")
    found = dict(re.findall(
        r"^(free_pages|control_grants|control_ports) *: (\d+)", shown, re.M))
    found["packets"] = re.search(r"^(\d+) of \d+ pages in use", shown, re.M)[1]
    return found


def breaker_files(env):
    """The guest that breaks every rule, and two cards that keep them."""
    vifs = ", ".join(f"'mac={mac}'" for mac in MACS)
    return {"breaker": env.built("tests/guest/netfront"),
            "breaker.cfg": "name='breaker'\nkernel='/guests/breaker'\n"
                           f"memory=32\nvif=[{vifs}]\n"}


def warm_up(vm):
    """A first guest with cards: tables that only grow (the hypervisor's of
    grant mappings) have grown then."""
    vm.send("create /guests/breaker.cfg -c")
    vm.expect(r"^ok both ways", 120)
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    vm.command("destroy breaker")
    return holds(vm)


def check_holds(vm, before):
    after = holds(vm)
    if after != before:
        vm.fail(f"held before {before}, after {after}")


def scenario_download(env, kind, options="", **machine):
    """An address by DHCP, and a file from outside through the card and back."""
    # As text: busybox's wget sends a file up to its first NUL.
    content = random.Random(1).randbytes(FILE_SIZE // 2).hex().encode()
    with file_server(content) as port:
        script = ("udhcpc -n -q -t 20 -T 2\n"
                  "ping -c 2 10.0.2.2 | grep received\n"
                  f"wget -q -O /tmp/file http://10.0.2.2:{port}/file\n"
                  "sha256sum </tmp/file\n"
                  "wget -q -O - --post-file=/tmp/file "
                  f"http://10.0.2.2:{port}/\n")
        disk = env.ramdisk(guest_files(env, "deb", script))
        vm = env.boot_to_prompt(
            ramdisk=disk,
            qemu_args=" ".join(network_card("user", kind, options)), **machine)
        shown = vm.command("network")
        assert re.search(r"^eth0 +xenbr0 +52:54:00:12:34:56 up ", shown,
                         re.M), shown
        shown = vm.command("create /guests/deb.cfg -c", PROMPT, 300)
    assert "lease of 10.0.2.15 obtained" in shown, shown
    assert "2 packets received" in shown, shown
    assert shown.count(hashlib.sha256(content).hexdigest()) == 2, shown
    assert "vif" not in vm.command("network"), vm.text
    env.switch_off(vm, "tenon")


def test_download_virtio(env):
    scenario_download(env, "virtio", cpu="max")


def test_download_virtio_modern_q35(env):
    scenario_download(env, "virtio", ",disable-legacy=on", machine="q35")


def test_download_virtio_legacy(env):
    scenario_download(env, "virtio", ",disable-modern=on,mrg_rxbuf=off")


def test_download_e1000e(env):
    scenario_download(env, "e1000e", cpu="max")


def scenario_cable(env, kind):
    """A cable that is pulled and plugged in again."""
    disk = env.ramdisk({"d.cfg": debian_config("deb", more="vif = ['']")})
    vm = env.boot_to_prompt(ramdisk=disk, net="user", net_type=kind)
    vm.send("create /guests/d.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    vm.command("ip addr add 10.0.2.15/24 dev eth0", DEBIAN_PROMPT)
    shown = vm.command("ping -c 3 10.0.2.2", DEBIAN_PROMPT, 60)
    assert " 0% packet loss" in shown, shown

    vm.monitor.execute("set_link", name="card", up=False)
    shown = vm.command("ping -c 2 10.0.2.2", DEBIAN_PROMPT, 60)
    assert "100% packet loss" in shown, shown
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    assert re.search(r"^eth0 .* down ", vm.command("network"), re.M), vm.text
    assert 'carrier = "0"' in vm.command("xenstore-ls"), vm.text

    vm.monitor.execute("set_link", name="card", up=True)
    vm.send("console deb")
    vm.send("while ! ping -c 1 -W 1 10.0.2.2; do :; done")
    vm.expect(r"1 packets received", 60)
    vm.expect(DEBIAN_PROMPT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    assert re.search(r"^eth0 .* up ", vm.command("network"), re.M), vm.text
    assert 'carrier = "1"' in vm.command("xenstore-ls"), vm.text
    vm.command("destroy deb")
    env.switch_off(vm, "tenon")


def test_cable_virtio(env):
    scenario_cable(env, "virtio")


def test_cable_e1000e(env):
    scenario_cable(env, "e1000e")


test_cable_e1000e.is_soak = True


def test_attach_and_detach(env):
    """A second card for a guest that runs, and without it again."""
    files = breaker_files(env)
    files["d.cfg"] = debian_config("deb", more="vif = ['']")
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(files))
    before = warm_up(vm)
    vm.send("create /guests/d.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    vm.command("network-attach deb bridge=inner mac=02:00:00:00:00:09")
    assert "has this mac" in vm.command(
        "network-attach deb bridge=inner mac=02:00:00:00:00:09"), vm.text
    vm.send("console deb")
    vm.send("while ! grep 02:00:00:00:00:09 /sys/class/net/*/address; do :; "
            "done; ip link set eth1 up")
    vm.expect(r"eth1/address:02:00:00:00:00:09", 60)
    vm.expect(DEBIAN_PROMPT)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    shown = vm.command("network-list deb")
    assert re.search(r"^1 +0 +02:00:00:00:00:09 +1 +4 +\d+ +\d+/\d+ +"
                     r"/local/domain/0/backend/vif/\d+/1$", shown, re.M), shown
    assert re.search(r"^vif\d+\.1 +inner ", vm.command("network"), re.M), \
        vm.text
    shown = vm.command("network-detach deb 02:00:00:00:00:09")
    assert "error" not in shown, shown
    assert "inner" not in vm.command("network"), vm.text
    vm.command("destroy deb")
    check_holds(vm, before)
    env.switch_off(vm, "tenon")


def scenario_breaker(env, **machine):
    """After each broken rule the two other cards talk as before, and nothing
    is left when the guest is gone, whether it ends or is destroyed."""
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(breaker_files(env)), **machine)
    before = warm_up(vm)
    shown = vm.command("create /guests/breaker.cfg -c", PROMPT, 300)
    assert "done 0 failed" in shown and "not ok" not in shown, shown
    assert shown.count("ok others") >= 12, shown
    check_holds(vm, before)
    for last in ("ok too many slots", "ok answers to odd references"):
        vm.send("create /guests/breaker.cfg -c")
        vm.expect(last, 120)
        vm.send_raw(b"\x1d")
        vm.expect(PROMPT)
        vm.command("destroy breaker")
        check_holds(vm, before)
    env.switch_off(vm, "tenon")


def test_breaker_on_two_cpus(env):
    scenario_breaker(env, smp=2, cpu="max")


def test_breaker_on_one_cpu(env):
    scenario_breaker(env, smp=1)


# Each ends when bob has told it to.
ALICE_SCRIPT = """ip addr add 10.1.0.1/24 dev eth0
mkdir /tmp/www
dd if=/dev/urandom of=/tmp/www/blob bs=1M count=4 2>/dev/null
sha256sum /tmp/www/blob
echo small >/tmp/www/small
httpd -p 80 -h /tmp/www
nc -l -p 6000 >/tmp/from-bob
sha256sum /tmp/from-bob
nc -l -p 6001
"""

BOB_SCRIPT = """ip addr add 10.1.0.2/24 dev eth0
while ! ping -c 1 -W 1 10.1.0.1 >/dev/null; do :; done
while ! ping -c 1 -W 1 10.1.0.3 >/dev/null; do :; done
for size in 1 56 1472 1473 9000 32768 65507; do
	echo "size $size: $(ping -c 2 -s $size 10.1.0.1 | grep received)"
done
wget -q -O /tmp/blob http://10.1.0.1/blob
sha256sum /tmp/blob
for i in $(seq 100); do
	wget -q -O /tmp/small$i http://10.1.0.1/small &
done
wait
echo "fetched $(cat /tmp/small* | grep -c small)"
nc 10.1.0.1 6000 </tmp/blob

echo "as carol:"
ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:03
ip link set eth0 up
ping -c 2 -W 2 10.1.0.1 | grep received
ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:02
ip link set eth0 up
while ! ping -c 1 -W 1 10.1.0.1 >/dev/null; do :; done
while ! nc 10.1.0.3 6002 </dev/null; do sleep 1; done
while ! nc 10.1.0.1 6001 </dev/null; do sleep 1; done
"""

CAROL_SCRIPT = """ip link set eth0 up promisc on
ip addr add 10.1.0.3/24 dev eth0
nc -l -p 6002
echo "saw $(cat /sys/class/net/eth0/statistics/rx_packets) packets"
"""


def scenario_bridge(env, **machine):
    """Three guests on a bridge: two talk, one listens to what it can."""
    files = breaker_files(env)
    for name, mac, script in (("alice", MACS[0], ALICE_SCRIPT),
                              ("bob", MACS[1], BOB_SCRIPT),
                              ("carol", MACS[2], CAROL_SCRIPT)):
        files.update(guest_files(env, name, script, f"mac={mac}"))
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(files), **machine)
    before = warm_up(vm)
    for name in ("alice", "carol", "bob"):
        vm.command(f"create /guests/{name}.cfg", PROMPT, 60)
    for name in ("bob", "carol", "alice"):
        vm.command(f"wait {name}", PROMPT, 400)
    alice, bob, carol = (history(vm, n) for n in ("alice", "bob", "carol"))
    for size in (1, 56, 1472, 1473, 9000, 32768, 65507):
        assert f"size {size}: 2 packets transmitted, 2 packets received" \
            in bob, bob
    sums = re.findall(r"^([0-9a-f]{64})", alice + bob, re.M)
    assert len(sums) == 3 and len(set(sums)) == 1, (alice, bob)
    assert "fetched 100" in bob, bob
    assert re.search(r"as carol:\s+2 packets transmitted, 0 packets", bob), bob
    # Its own, and broadcasts; thousands of packets went by.
    seen = int(re.search(r"saw (\d+) packets", carol)[1])
    assert 0 < seen < 150, carol
    check_holds(vm, before)
    env.switch_off(vm, "tenon")


def test_bridge_on_two_cpus(env):
    scenario_bridge(env, smp=2, cpu="max")


def test_bridge_on_one_cpu(env):
    scenario_bridge(env, smp=1)


test_bridge_on_one_cpu.is_soak = True


IPERF3 = "/usr/bin/iperf3"
# Streams one way, streams back, more datagrams than can be carried.
IPERF_RUNS = ["-P 4 -n 64M", "-P 4 -n 64M -R", "-u -b 0 -l 1400 -n 8M"]


def iperf_scripts():
    server = ["ip addr add 10.1.0.1/24 dev eth0"]
    client = ["ip addr add 10.1.0.2/24 dev eth0",
              "while ! ping -c 1 -W 1 10.1.0.1 >/dev/null; do :; done"]
    for options in IPERF_RUNS:
        server.append(f"{run_line(IPERF3)} -s -1")
        client.append(f"until {run_line(IPERF3)} -c 10.1.0.1 {options} >log 2>&1; do\n"
                      "grep -q refused log || { cat log; exit; }; done\n"
                      "tail -n 30 log")
    return "\n".join(server), "\n".join(client)


def test_iperf3(env):
    """Two Debian guests load the bridge with streams and datagrams."""
    programs = program_files(env.built("debian.img"), IPERF3,
                             env.tmp / "iperf3")
    files = {}
    for i, script in enumerate(iperf_scripts()):
        name = ("server", "client")[i]
        files[f"{name}.gz"] = env.initramfs(script, programs)
        files[f"{name}.cfg"] = debian_config(
            name, ramdisk=f"{name}.gz", more=f"vif = ['mac={MACS[i]}']")
    vm = env.boot_to_prompt(ramdisk=env.ramdisk(files), cpu="max")
    vm.command("create /guests/server.cfg", PROMPT, 60)
    vm.command("create /guests/client.cfg -c", PROMPT, 400)
    shown = history(vm, "client")
    assert shown.count("iperf Done.") == len(IPERF_RUNS), shown
    sums = re.findall(r"^\[SUM\].* ([0-9.]+) MBytes .* receiver$", shown, re.M)
    # What is still on the way when the sender is done does not count: up to
    # 4 MiB in each of the four streams' send buffers (tcp_wmem).
    assert len(sums) == 2 and min(map(float, sums)) > 64 - 4 * 4, shown
    assert re.search(r" [1-9][0-9.]* MBytes .*%\)  receiver$", shown, re.M), \
        shown
    env.switch_off(vm, "tenon")


test_iperf3.is_soak = True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(port, path):
    """Status and text of a page; a few tries, for connections that were made
    before the guest's network was there are reset."""
    for _ in range(5):
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}{path}", timeout=60) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError as error:
            last = error
    raise last


def scenario_http(env, kind, **machine):
    """The library's example with lwIP: this machine fetches its page, often
    and at once, through QEMU's network, the card, the bridge and the guest's
    own front end."""
    port = free_port()
    card = network_card("user", kind)
    card[1] += f",hostfwd=tcp:127.0.0.1:{port}-:80"
    vm = env.boot_to_prompt(qemu_args=" ".join(card), **machine)
    before = holds(vm)
    vm.send("create /guests/http.cfg -c")
    vm.expect(r"^http: serving on http://10\.0\.2\.15/", 60)
    status, text = fetch(port, "/")
    assert status == 200 and "made with pv-guest-lib" in text, text
    assert fetch(port, "/other")[0] == 404
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: fetch(port, "/"), range(40)))
    assert all(status == 200 for status, _ in pages), pages
    counts = {re.search(r"Request (\d+)", text)[1] for _, text in pages}
    assert len(counts) == 40, counts
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    vm.command("destroy http")
    for name in ("control_grants", "control_ports"):
        assert holds(vm)[name] == before[name], vm.text
    env.switch_off(vm, "tenon")


def test_example_http_virtio(env):
    scenario_http(env, "virtio")


def test_example_http_e1000e(env):
    scenario_http(env, "e1000e", smp=1, cpu="max")
