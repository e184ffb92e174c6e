#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a guest's system with debootstrap, as docs/admin-guide.md types it.

    debian_guest.py OUT      OUT becomes a tar archive of it

On an emulated server, where a test types the rest of the guide, it would take
hours. It needs root, and mounts nothing but in a namespace of its own. The
result is kept in the user's cache, named by a hash of this recipe and of the
command.
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from source_package import CACHE, locked, run, updated_apt
from sources import ROOT

SCRIPT = """
debootstrap "$@"
tar -C root --numeric-owner --one-file-system -cf system.tar .
chmod 644 system.tar
"""


def guides_command():
    """(options, suite) of the guide's debootstrap."""
    text = (ROOT / "docs/admin-guide.md").read_text(encoding="utf-8")
    return re.search(r"^    # debootstrap (.*) (\S+) /mnt$", text,
                     re.M).groups()


def mirror(suite, log):
    """Where the system gets this suite's packages from."""
    return subprocess.run(
        ["apt-get", *updated_apt(log), "indextargets", "--format",
         "$(REPO_URI)", "Created-By: Packages", f"Codename: {suite}",
         "Component: main"],
        check=True, capture_output=True, text=True).stdout.split()[0]


def make(options, suite, target, log):
    log.unlink(missing_ok=True)
    print(f"debian_guest: making a Debian system (log: {log})", flush=True)
    as_root = ["sudo"] if os.geteuid() else []
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as folder:
        try:
            run([*as_root, "unshare", "--mount", "--pid", "--fork", "sh", "-ec",
                 SCRIPT, "sh", *options.split(), suite, f"{folder}/root",
                 mirror(suite, log)], folder, log)
        finally:
            run([*as_root, "rm", "-rf", f"{folder}/root"], folder, log)
        target.parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder, "system.tar").rename(target)


def main():
    out = pathlib.Path(sys.argv[1])
    options, suite = guides_command()
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes() +
                            f"{options} {suite}".encode()).hexdigest()
    kept = CACHE / "images" / f"guest-{digest[:12]}.tar"
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked("guest-system"):
        if not kept.exists():
            make(options, suite, kept, CACHE / "guest-system.log")
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, out)


if __name__ == "__main__":
    main()
