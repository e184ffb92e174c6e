# SPDX-License-Identifier: MIT
"""The control domain seen from outside: its own address on the bridge, and the
metrics that it serves. This machine fetches them through QEMU's network."""
import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from testenv import (DEBIAN_BOOT, DEBIAN_PROMPT, PROMPT, SCALE,
                     debian_config)
from vm import network_card

# Seconds. QEMU's network lets two clients wait to be taken: the others knock
# again after one second, three, seven and so on, until a busy QEMU has time.
LIMIT = 60 * SCALE
OPEN = "application/openmetrics-text"
SERVING = r"metrics: serving on http://10\.0\.2\.\d+/metrics"
# OpenMetrics 1.0.0, "ABNF", without exemplars and time stamps.
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})((?:\{{{LABEL}(?:,{LABEL})*\}})?) "
                    r"(\d+(?:\.\d+)?)")
HEADS = re.compile(rf"# (HELP|TYPE|UNIT) ({NAME}) (.+)")
SUFFIXES = {"gauge": "", "counter": "_total", "info": "_info"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def boot(env, setting, address="10.0.2.15", **machine):
    """A machine, and the port of this one that leads to its address."""
    port = free_port()
    card = network_card("user", "virtio")
    card[1] += f",hostfwd=tcp:127.0.0.1:{port}-{address}:80"
    vm = env.boot(dom0_cmdline=f"metrics={setting}",
                  qemu_args=" ".join(card), **machine)
    vm.expect(SERVING, 90)  # behind a prompt, which is drawn again
    vm.expect(PROMPT)
    return vm, port


def fetch(port, path="/metrics", method="GET", **headers):
    """Status, type and text of a page."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}",
                                     method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as page:
            return page.status, page.headers["Content-Type"], \
                page.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, "", ""


def parse(text):
    """The samples of a text in OpenMetrics, which has to be right in all."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""] and text.count("# EOF") == 1, text
    family, kind, seen, samples = None, None, [], {}
    for line in lines[:-2]:
        head = HEADS.fullmatch(line)
        if head:
            what, name, value = head.groups()
            if what == "HELP":
                assert name not in seen, line
                family, kind = name, None
                seen.append(name)
            assert name == family, line
            if what == "TYPE":
                kind = value
            if what == "UNIT":
                assert kind and name.endswith("_" + value), line
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample[1] == family + SUFFIXES[kind], line
        key = sample[1] + sample[2]
        assert key not in samples, line
        samples[key] = float(sample[3])
    return samples


def fetch_parsed(port):
    status, kind, text = fetch(port, Accept=f"{OPEN}; version=1.0.0")
    assert status == 200 and kind.startswith(OPEN), (status, kind)
    return parse(text)


def check_with_promtool(text):
    """The judge of the format that we did not write, where it is installed."""
    promtool = shutil.which("promtool")
    if not promtool:
        print("promtool is not installed: the format was checked here only")
        return
    done = subprocess.run([promtool, "check", "metrics"], input=text,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stdout + done.stderr, done.stdout + done.stderr


def heap(vm):
    return int(re.search(r"\d+", vm.command("info control_heap"))[0])


def check_guests(before, after):
    """Values of both guests, around work of the one with disk and card."""
    deb = '{domain="deb",domid="1"'
    http = '{domain="http",domid="2"'
    for guest, mib in ((deb, 128), (http, 32)):
        assert after["tenon_domain_memory_bytes" + guest + "}"] == mib << 20
        assert after["tenon_domain_cpu_seconds_total" + guest + "}"] > 0
        assert after["tenon_domain_paused" + guest + "}"] == 0
    disk = deb + ',disk="xvdb"}'
    grown = {name: after[f"tenon_domain_disk_{name}_total{disk}"]
             - before[f"tenon_domain_disk_{name}_total{disk}"]
             for name in ("read_bytes", "written_bytes", "reads", "writes",
                          "flushes", "errors")}
    assert grown["written_bytes"] == 3 << 20, grown
    assert grown["read_bytes"] == 2 << 20, grown
    assert grown["reads"] > 0 and grown["writes"] > 0, grown
    assert grown["flushes"] > 0 and grown["errors"] == 0, grown
    for guest, card in ((deb, "vif1.0"), (http, "vif2.0")):
        sent = f'tenon_domain_network_sent_bytes_total{guest},card="{card}"}}'
        assert after[sent] > before.get(sent, 0), (sent, after)
    sent = 'tenon_domain_network_sent_packets_total' + deb + ',card="vif1.0"}'
    assert after[sent] - before[sent] >= 3, after


def check_top(vm, after):
    """The verb has the disk's numbers, too."""
    shown = vm.command("top --json")
    row = [d for d in json.loads(shown[shown.index("["):shown.rindex("]") + 1])
           if d["name"] == "deb"][0]
    for key, name, unit in (("disk_reads", "reads", 1),
                            ("disk_writes", "writes", 1),
                            ("disk_read_sectors", "read_bytes", 512),
                            ("disk_written_sectors", "written_bytes", 512)):
        number = after[f'tenon_domain_disk_{name}_total{{domain="deb",'
                       'domid="1",disk="xvdb"}']
        assert row[key] * unit == number > 0, (row, name, number)


def check_hypercalls(before, after):
    grown = {name: after[f'tenon_hypercalls_total{{hypercall="{name}"}}']
             - before[f'tenon_hypercalls_total{{hypercall="{name}"}}']
             for name in ("domctl", "sysctl", "event_channel_op", "iret",
                          "mmu_update")}
    assert all(grown.values()), grown
    for name in ("set_gdt", "nmi_op"):
        assert f'tenon_hypercalls_total{{hypercall="{name}"}}' in after


def check_steal(vm, port):
    """A guest that always wants the CPU on which the control domain is waits
    whenever that works."""
    vm.command("vcpu-pin deb all 0")
    vm.command("vcpu-pin Domain-0 all 0")
    names = [f'tenon_domain_steal_seconds_total{{domain="{name}",'
             f'domid="{domid}"}}'
             for domid, name in enumerate(("Domain-0", "deb", "http"))]
    before, after = fetch_parsed(port), fetch_parsed(port)
    for name in names:
        assert after[name] >= before[name] >= 0, (name, before, after)
    assert after[names[1]] > before[names[1]], (before, after)


def check_host(before, after):
    for name, value in before.items():
        if "_total{" in name:
            assert after[name] >= value, (name, value, after[name])
    assert after["tenon_host_uptime_seconds"] > \
        before["tenon_host_uptime_seconds"]
    assert after["tenon_host_cpus"] == 2
    assert after['tenon_host_cpu_idle_seconds_total{cpu="1"}'] > 0
    assert after['tenon_host_network_received_bytes_total{card="eth0"}'] > \
        before['tenon_host_network_received_bytes_total{card="eth0"}']
    assert 0 < after["tenon_host_memory_free_bytes"] < \
        after["tenon_host_memory_bytes"]


def test_metrics_of_guests(env):
    """Two guests alive; what one does with its disk and card is counted."""
    files = {"deb.cfg": debian_config(
        "deb", memory=128, more="vif = ['']\ndisk = ['ram:16M,xvdb,w']")}
    vm, port = boot(env, "dhcp", ramdisk=env.ramdisk(files), smp=2)
    vm.send("create /guests/deb.cfg -c")
    vm.expect(DEBIAN_PROMPT, DEBIAN_BOOT)
    before = fetch_parsed(port)
    vm.command("(while :; do :; done) &", DEBIAN_PROMPT)
    for line in ("dd if=/dev/zero of=/dev/xvdb bs=1M count=3 oflag=direct "
                 "conv=fsync",
                 "dd if=/dev/xvdb of=/dev/null bs=1M count=2 skip=8 "
                 "iflag=direct",
                 "ip addr add 10.0.2.99/24 dev eth0; ping -c 3 10.0.2.2"):
        vm.command(line, DEBIAN_PROMPT, 60)
    vm.send_raw(b"\x1d")  # Ctrl-]
    vm.expect(PROMPT)
    vm.send("create /guests/http.cfg -c")
    vm.expect(r"^http: serving on", 60)
    after = fetch_parsed(port)
    check_guests(before, after)
    check_host(before, after)
    check_hypercalls(before, after)
    vm.send_raw(b"\x1d")
    vm.expect(PROMPT)
    check_top(vm, after)
    check_steal(vm, port)
    vm.command("pause deb")
    assert fetch_parsed(port)[
        'tenon_domain_paused{domain="deb",domid="1"}'] == 1
    vm.command("destroy deb")
    assert not any('"deb"' in name for name in fetch_parsed(port))
    status, kind, text = fetch(port)
    assert status == 200 and kind.startswith("text/plain"), (status, kind)
    check_with_promtool(text)
    env.switch_off(vm, "tenon")


def attack(port):
    """What clients should not do; each leaves its connection open."""
    sockets = []
    for i in range(50):
        sockets.append(socket.create_connection(("127.0.0.1", port), LIMIT))
        if i % 2:
            sockets[-1].sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    for request in (b"GET /metr", b"POST", b"\0" * 64):
        sockets.append(socket.create_connection(("127.0.0.1", port), LIMIT))
        sockets[-1].sendall(request)
    return sockets


def long_header(port):
    """The answer to 64 KiB of header."""
    with socket.create_connection(("127.0.0.1", port), LIMIT) as client:
        try:
            client.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 65536)
        except OSError:
            pass  # it has answered and closed by then
        try:
            return client.recv(100)
        except ConnectionResetError:
            return b""


def test_bad_clients(env):
    vm, port = boot(env, "10.0.2.77/24,10.0.2.2", address="10.0.2.77")
    assert fetch(port, "/")[0] == 404
    assert fetch(port, method="POST")[0] == 405
    fetch_parsed(port)
    before = heap(vm)
    for _ in range(3):
        sockets = attack(port)
        assert long_header(port)[:12] in (b"HTTP/1.1 431", b"")
        fetch_parsed(port)
        assert "Domain-0" in vm.command("list")
        for client in sockets:
            client.close()
    # A connection that stands still is given up after ten seconds.
    # What the first fetch took may have been part of `before`.
    deadline = time.monotonic() + 60 * vm.scale
    while heap(vm) > before:
        assert time.monotonic() < deadline, vm.text
    assert re.search(r"^dom0 +xenbr0 .* up ", vm.command("network"), re.M), \
        vm.text
    env.switch_off(vm, "tenon")


test_bad_clients.is_soak = True


def test_off(env):
    """Without the setting there is no port, with a wrong one a reason."""
    vm = env.boot_to_prompt(net="user", net_type="virtio")
    assert "dom0" not in vm.command("network"), vm.text
    env.switch_off(vm, "tenon")
    vm = env.boot(dom0_cmdline="metrics=10.0.2.15", net="user",
                  net_type="virtio")
    vm.expect(r"^metrics: off, .*192\.168\.1\.5/24", 90)
    vm.expect(PROMPT)
    env.switch_off(vm, "tenon")
