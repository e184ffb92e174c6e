# SPDX-License-Identifier: MIT
"""What system tests get: machines to boot, ramdisks, the reference.

TENON_TEST_SCALE multiplies every time limit (default 1), for slow machines.
"""
import contextlib
import hashlib
import http.server
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from iso import make_iso
from ramdisk import collect
from cpio import Archive
from vm import ROOT, VM, Machine, boot_direct, boot_iso

BUILD = ROOT / "build"
REFERENCE = ROOT / "tests/reference"
SCALE = float(os.environ.get("TENON_TEST_SCALE") or 1)
PROMPT = r"^tenon> "


DEBIAN_PROMPT = r"^debian# "
# A Debian guest boots in 10 seconds on an idle machine; this is for busy ones.
DEBIAN_BOOT = 150


def debian_config(name, kernel="vmlinuz", ramdisk="initramfs.gz", memory=256,
                  extra=(), more=""):
    """The text of a configuration for a Debian guest."""
    cmdline = " ".join(["console=hvc0 quiet", *extra])
    return (f"name = '{name}'\nkernel = '/guests/{kernel}'\n"
            f"ramdisk = '/guests/{ramdisk}'\nmemory = {memory}\n"
            f"extra = '{cmdline}'\n{more}\n")


def hello_config(name="hello", memory=32, more=""):
    return (f"name = '{name}'\nkernel = '/guests/hello'\n"
            f"memory = {memory}\n{more}\n")


def free_pages(vm):
    """What the hypervisor says of its free memory, in pages."""
    text = vm.command("info")
    return int(re.search(r"^free_pages\s*: (\d+)", text, re.M)[1])


def stable_free_pages(vm, wanted=None, tries=8):
    """Free memory once it no longer changes, or is as wanted: a domain's
    memory may be given back in the background."""
    last = None
    for _ in range(tries):
        now = free_pages(vm)
        if now == wanted or (now == last and wanted is None):
            break
        last = now
        time.sleep(0.3)
    return now


@contextlib.contextmanager
def file_server(content):
    """The port of a web server on this machine's loopback with one file, that
    answers what is sent to it with its checksum."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.answer(content)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(hashlib.sha256(body).hexdigest().encode() + b"\n")

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def package(env):
    """The Debian package of this tree."""
    version = re.match(r"tenon \((\S+)\)", (
        ROOT / "packaging/changelog").read_text(encoding="utf-8"))[1]
    return env.built(f"tenon_{version}_amd64.deb")


def as_bytes(content):
    """Of a file: bytes, text or the path of what it is a copy of."""
    if isinstance(content, pathlib.Path):
        return content.read_bytes()
    return content.encode() if isinstance(content, str) else content


class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


class Env:
    """One test's surroundings; everything it makes is gone at its end."""

    def __init__(self, name):
        self.name = name
        self.scale = SCALE
        self.folder = tempfile.TemporaryDirectory(prefix="tenon-test-")
        self.tmp = pathlib.Path(self.folder.name)
        self.machines = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for vm in self.machines:
            vm.kill()
        self.folder.cleanup()

    def built(self, name):
        """A product of the build; the test is skipped where it is missing."""
        path = BUILD / name
        if not path.exists():
            raise Skip(f"build/{name} is not built")
        return path

    def ramdisk(self, files=(), base=True):
        """A control domain's ramdisk: the shipped guests (when `base`) and
        `files`, {name: bytes, text or path}."""
        archive = Archive()
        archive.folder("guests")
        members = collect([BUILD / "guests"]) if base else {}
        members["hello"] = self.built("hello")
        members.update(dict(files))
        for name, content in sorted(members.items()):
            archive.file("guests/" + name, as_bytes(content))
        out = self.tmp / f"ramdisk{len(list(self.tmp.iterdir()))}.cpio"
        out.write_bytes(bytes(archive))
        return out

    def initramfs(self, autorun, programs=(), modules=True):
        """The Debian guest's initramfs with a script that runs in it, and
        `programs` of the build as /NAME. `modules` are the generic kernel's."""
        script = self.tmp / "autorun.sh"
        script.write_text("#!/bin/sh\n" + autorun)
        out = self.tmp / f"initramfs{len(list(self.tmp.iterdir()))}.gz"
        with_modules = ["--modules", self.built("modules")] if modules else []
        subprocess.run([sys.executable, ROOT / "scripts/initramfs.py",
                        *with_modules, out,
                        f"autorun={script}",
                        *(f"{p.name}={p}" for p in programs)], check=True)
        return out

    def boot(self, ramdisk=None, dom0=None, cmdline="console=com1",
             dom0_cmdline="", iso=False, timeout=400, **machine):
        """Start a machine: Tenon with the built-in control domain, or `dom0`.
        iso=True goes through firmware and GRUB. Machine's fields by name."""
        hypervisor = self.built("tenon")
        if ramdisk is None and dom0 is None:
            ramdisk = self.built("dom0-ramdisk.cpio")
        dom0 = dom0 or self.built("tenon-dom0")
        if iso or machine.get("firmware") == "uefi":
            image = self.tmp / f"boot{len(self.machines)}.iso"
            make_iso(image, hypervisor, dom0, ramdisk, cmdline, dom0_cmdline)
            boot = boot_iso(image)
        else:
            modules = [(dom0, dom0_cmdline)]
            modules += [(ramdisk, "")] if ramdisk else []
            boot = boot_direct(hypervisor, cmdline, modules)
        vm = VM(Machine(**machine), boot, timeout, self.scale)
        self.machines.append(vm)
        return vm

    def boot_to_prompt(self, limit=90, **options):
        vm = self.boot(**options)
        vm.expect(PROMPT, limit)
        return vm

    def control(self, where, ramdisk, limit=90, **machine):
        """The built-in control domain at its prompt; where: "tenon" or
        "reference"."""
        if where == "tenon":
            vm = self.boot(ramdisk=ramdisk, **machine)
        else:
            vm = self.boot_reference(self.built("tenon-dom0"), ramdisk,
                                     **machine)
        vm.expect(PROMPT, limit)
        return vm

    @staticmethod
    def check_pages(vm, where, before):
        """All memory came back: to the page on Tenon. The reference keeps a
        page from its first guest on and gives some back late."""
        after = stable_free_pages(vm, before)
        slack = 0 if where == "tenon" else 32
        if abs(after - before) > slack:
            vm.fail(f"{before} pages free before, {after} after")

    def switch_off(self, vm, where):
        vm.send("poweroff")
        self.expect_off(vm, where)

    @staticmethod
    def expect_off(vm, where):
        """The machine ends; the reference leaves switching off to a control
        domain with ACPI and halts instead."""
        if where == "tenon":
            vm.wait_off()
        else:
            vm.expect(r"halted: halting machine")

    def reference(self, *args, timeout=200):
        """What tests/reference/reference.py prints with these arguments."""
        self._prepare_reference()
        done = subprocess.run(
            [sys.executable, REFERENCE / "reference.py",
             "--timeout", str(int(timeout * self.scale)), *map(str, args)],
            capture_output=True, text=True, errors="replace", check=False)
        return done.stdout

    def boot_reference(self, dom0, ramdisk, timeout=400, dom0_mem="1G",
                       extra="", **machine):
        """Start `dom0` as the control domain of the reference."""
        reference = self._prepare_reference()
        boot = reference.boot_arguments(dom0, ramdisk, extra,
                                        dom0_mem=dom0_mem)
        vm = VM(Machine(**machine), boot, timeout, self.scale)
        self.machines.append(vm)
        return vm

    def boot_linux(self, files, **options):
        """Start the reference's control domain, a Debian kernel with its
        tools; `files`, as of ramdisk(), are under /guest, run.sh is run."""
        reference = self._prepare_reference()
        out = self.tmp / "linux.cpio"
        out.write_bytes(reference.ramdisk_with(
            {name: as_bytes(content) for name, content in files.items()}))
        return self.boot_reference(reference.HOME / "vmlinuz", out,
                                   extra=reference.LINUX_EXTRA, mem="3G",
                                   **options)

    @staticmethod
    def _prepare_reference():
        if str(REFERENCE) not in sys.path:
            sys.path.append(str(REFERENCE))
        import reference  # only when needed: it lives with the tests
        try:
            reference.prepare()
        except reference.Unavailable as why:
            raise Skip(f"the reference's packages cannot be had: {why}")
        return reference
