# SPDX-License-Identifier: MIT
"""Programs of Debian for guests of the tests, out of the file system of the
Debian image (scripts/debian_image.py) and without mounting it."""
import re
import subprocess

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
LOADER = "ld-linux-x86-64.so.2"


def debugfs(image, request):
    return subprocess.run(["/sbin/debugfs", "-R", request, image], check=True,
                          capture_output=True, text=True).stdout


def needed(path):
    """The names of the libraries that a program or library is linked with."""
    shown = subprocess.run(["readelf", "-d", path], check=True, text=True,
                           capture_output=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", shown)


def program_files(image, program, folder):
    """Puts a program ("/usr/bin/NAME"), all its libraries and their loader into
    `folder`, and returns the paths there."""
    folder.mkdir()
    there = re.findall(r"/(lib[^/]*|ld-[^/]*)/\d*/$",
                       debugfs(image, f"ls -p {LIBRARIES}"), re.M)
    first = folder / program.rsplit("/", 1)[1]
    debugfs(image, f"dump {program} {first}")
    files = [first]
    for file in files:  # which grows
        for name in needed(file):
            if folder / name in files:
                continue
            # The file itself has the longest of its names.
            real = max((n for n in there if n.startswith(name)), key=len)
            debugfs(image, f"dump {LIBRARIES}/{real} {folder}/{name}")
            files.append(folder / name)
    return files


def run_line(program):
    """How a shell starts the program when all its files are in /."""
    name = program.rsplit("/", 1)[1]
    return f"/{LOADER} --library-path / /{name}"
