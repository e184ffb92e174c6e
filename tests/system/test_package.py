# SPDX-License-Identifier: MIT
"""The Debian package: what is in it, and that what it packs boots. On a Debian
that boots it by its menu: test_server.py."""
import os
import shutil
import subprocess
import sys

from testenv import PROMPT, ROOT, Skip, package


def unpack(env):
    root = env.tmp / "root"
    subprocess.run(["dpkg-deb", "-x", package(env), root], check=True)
    return root


def update_tenon(root):
    return subprocess.run([root / "usr/sbin/update-tenon"], check=False,
                          capture_output=True, text=True,
                          env={**os.environ, "DPKG_ROOT": str(root)})


def test_contents(env):
    listing = subprocess.run(["dpkg-deb", "-c", package(env)], check=True,
                             capture_output=True, text=True).stdout
    names = {line.split()[5].removeprefix(".") for line in
             listing.splitlines()}
    for name in ("/boot/tenon/tenon", "/boot/tenon/tenon-dom0",
                 "/etc/default/tenon", "/etc/grub.d/21_tenon",
                 "/etc/tenon/guests/hello.cfg", "/usr/sbin/update-tenon",
                 "/usr/share/doc/tenon/install.md",
                 "/usr/share/doc/tenon/changelog.gz",
                 "/usr/share/man/man8/update-tenon.8.gz"):
        assert name in names, name
    # Debian's own script would take it for another hypervisor.
    assert not [n for n in names if n.startswith("/boot/xen")]
    owners = {line.split()[1] for line in listing.splitlines()}
    assert owners == {"root/root"}, owners


def test_same_again(env):
    again = env.tmp / "again.deb"
    subprocess.run([sys.executable, ROOT / "scripts/deb.py", again],
                   check=True)
    assert again.read_bytes() == package(env).read_bytes()


def test_lintian(env):
    if not shutil.which("lintian"):
        raise Skip("lintian is missing (Debian: lintian)")
    done = subprocess.run(["lintian", "--fail-on", "error,warning",
                           package(env)], check=False, capture_output=True,
                          text=True)
    assert done.returncode == 0 and not done.stdout, done.stdout + done.stderr


def test_guests_folder(env):
    """The administrator's folder counts more, links are followed, what cannot
    be packed leaves the old archive."""
    root = unpack(env)
    guests, out = root / "etc/tenon/guests", root / "boot/tenon/guests.cpio"
    kernel = env.tmp / "a kernel"
    kernel.write_bytes(b"the kernel")
    (guests / "kernel").symlink_to(kernel)
    (guests / "pvgrub").write_bytes(b"of our own")
    (guests / "nothing").symlink_to(env.tmp / "nothing")
    (guests / "auto/web 1.cfg").write_text("name = 'web'\n")
    done = update_tenon(root)
    assert done.returncode == 0, done.stderr
    assert "guests/nothing leads nowhere" in done.stderr, done.stderr
    names = subprocess.run(["cpio", "--quiet", "-t"], stdin=out.open("rb"),
                           check=True, capture_output=True, text=True).stdout
    assert names.splitlines() == [
        "guests/auto/web 1.cfg", "guests/hello", "guests/hello.cfg",
        "guests/kernel", "guests/pvgrub"], names
    data = out.read_bytes()
    assert b"the kernel" in data and b"of our own" in data
    assert out.stat().st_mode & 0o777 == 0o600
    assert update_tenon(root).returncode == 0
    assert out.read_bytes() == data  # nothing in it is of the moment
    shutil.rmtree(guests)
    done = update_tenon(root)
    assert done.returncode == 1 and "is no folder" in done.stderr, done.stderr
    assert out.read_bytes() == data


def test_boots(env):
    root = unpack(env)
    (root / "etc/tenon/guests/auto/first.cfg").write_text(
        "name = 'first'\nkernel = '/guests/hello'\nmemory = 16\n")
    assert update_tenon(root).returncode == 0
    boot = root / "boot/tenon"
    vm = env.boot(dom0=boot / "tenon-dom0", ramdisk=boot / "guests.cpio")
    vm.expect(r"^started first", 90)
    vm.expect(PROMPT)
    vm.send("create hello.cfg -c")
    vm.expect(r"^\[hello ended: poweroff\]")
    vm.expect(PROMPT)
    vm.send("poweroff")
    vm.wait_off()
