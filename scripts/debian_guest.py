#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a guest's system with debootstrap, as docs/admin-guide.md types it.

    debian_guest.py OUT      OUT becomes a tar archive of it

On an emulated server, where a test types the rest of the guide, it would take
hours. It needs root, and mounts nothing but in a namespace of its own. The
result is kept in the user's cache, named by a hash of this recipe and of the
command.
"""
import os
import pathlib
import re
import sys

from debian_disk import provide
from source_package import CACHE, apt_get, run, updated_apt
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
    done = apt_get(updated_apt(log), [
        "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
        f"Codename: {suite}", "Component: main"], CACHE)
    if done.returncode or not done.stdout:
        sys.exit(f"debian_guest: no mirror of {suite}: {done.stderr.strip()}")
    return done.stdout.split()[0]


def build(work, log):
    options, suite = guides_command()
    as_root = ["sudo"] if os.geteuid() else []
    try:
        run([*as_root, "unshare", "--mount", "--pid", "--fork", "sh", "-ec",
             SCRIPT, "sh", *options.split(), suite, work / "root",
             mirror(suite, log)], work, log)
    finally:
        run([*as_root, "rm", "-rf", work / "root"], work, log)
    return work / "system.tar"


def main():
    provide("guest", __file__, build, pathlib.Path(sys.argv[1]),
            " ".join(guides_command()))


if __name__ == "__main__":
    main()
