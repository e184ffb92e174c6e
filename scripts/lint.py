#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check the tree: builds, format, static analysis, spelling, licences, links.

    lint.py [CHECK ...]       all of them by default; --list names them

Each compiler builds a copy of the sources under build/lint/ with warnings as
errors; clang's build also says how each file is compiled, for clang-tidy. What
clang-tidy found clean is not looked at again until something changes.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import man
from sources import ROOT, files

WORK = ROOT / "build/lint"
JOBS = os.cpu_count() or 2
C_FOLDERS = ("hypervisor", "pv-guest-lib", "dom0-tools")


def run(argv, cwd=ROOT):
    """(succeeded, output) of a command."""
    done = subprocess.run([str(a) for a in argv], cwd=cwd, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", check=False)
    return done.returncode == 0, done.stdout


def first_bytes(name, count=600):
    with open(ROOT / name, "rb") as file:
        return file.read(count)


# --- Checks: each returns the text of what is wrong, "" when nothing is --------

def check_spdx():
    # The last three are of formats without comments.
    exempt = ("tests/fuzz/corpus/", "packaging/changelog", "packaging/control",
              "packaging/copyright")
    lines = [f"{name}: no SPDX line" for name in files()
             if b"SPDX-License-Identifier" not in first_bytes(name)
             and not name.startswith(exempt)]
    return "\n".join(lines)


def check_format():
    names = files(".c", ".h")
    ok, out = run(["clang-format", "--dry-run", "-Werror", *names]) \
        if names else (True, "")
    bad = sorted({line.split(":")[0] for line in out.splitlines()
                  if ": error: " in line})
    return "" if ok else "\n".join(
        f"{name}: not formatted (make format)" for name in bad) or out


def check_spelling():
    names = [n for n in files() if not n.startswith("tests/fuzz/corpus/")]
    ok, out = run(["codespell", "--ignore-words-list", ",".join(WORDS), *names])
    return "" if ok else out


# Words of the trade that codespell takes for mistakes.
WORDS = ("crate", "sring", "inout", "hda", "ba", "te", "ot", "fo", "nd", "som", "ue",
         "uint", "iself", "parms", "mis", "wit", "lod", "clen", "sring", "ist", "extraversion",
         "memroy", "kernal", "bridg")  # mistakes that tests make on purpose

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def check_links():
    """Relative links in documents lead somewhere."""
    lines = []
    for name in files(".md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in LINK.findall(text):
            if re.match(r"[a-z]+:", target):
                continue
            if not (ROOT / name).parent.joinpath(target).exists():
                lines.append(f"{name}: link to {target} leads nowhere")
    return "\n".join(lines)


def check_docs():
    """Documents say what the sources say, where that can be compared."""
    ok, out = run([sys.executable, "scripts/docs.py"])
    return "" if ok else out


def check_man():
    """Manual pages as two readers of them see them."""
    lines = []
    for path in man.pages():
        made = WORK / "man" / path.name
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(man.page(path), encoding="utf-8")
        for argv in (["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", made],
                     ["mandoc", "-Tlint", made]):
            done = subprocess.run(argv, capture_output=True, text=True,
                                  check=False)
            said = done.stderr + (done.stdout if argv[0] == "mandoc" else "")
            lines += [f"{path.name}: {line}" for line in said.splitlines()]
    return "\n".join(lines)


def check_headers():
    ok, out = run([sys.executable, "scripts/headers.py"])
    return "" if ok else out


def mirror(target):
    """Make `target` hold the tree's files, touching only changed ones."""
    wanted = set(files())
    for name in wanted:
        source, copy = ROOT / name, target / name
        if copy.exists() and copy.read_bytes() == source.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    for old in [p for p in target.rglob("*") if p.is_file()]:
        name = str(old.relative_to(target))
        if name not in wanted and not name.startswith(("build/", "cdb/")):
            old.unlink()


def build_with(compiler, *variables):
    target = WORK / compiler
    target.mkdir(parents=True, exist_ok=True)
    mirror(target)
    ok, out = run(["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "-sk",
                   f"-j{JOBS}", f"CC={compiler}", f"HOST_CC={compiler}",
                   "CI=1", *variables, "all", "host-tests"], target)
    return "" if ok else out


def check_gcc():
    return build_with("gcc")


def check_clang():
    (WORK / "clang/cdb").mkdir(parents=True, exist_ok=True)
    return build_with("clang", "EXTRA_CFLAGS=-gen-cdb-fragment-path "
                      + str(WORK / "clang/cdb"))


def check_cppcheck():
    folders = [f for f in C_FOLDERS if (ROOT / f).is_dir()]
    includes = [f"-I{i}" for i in ("include", "hypervisor",
                                   "pv-guest-lib/include", "dom0-tools")]
    ok, out = run(["cppcheck", "-q", f"-j{JOBS}", "--inline-suppr",
                   "--enable=warning,performance,portability",
                   "--std=c11", "--platform=unix64", "--error-exitcode=1",
                   "-D__cppcheck__",  # where it cannot parse the code itself
                   "--suppress=missingInclude", "--suppress=unknownMacro",
                   "--suppress=preprocessorErrorDirective",
                   "--suppress=pointerLessThanZero",
                   # the linker script's symbols are compared on purpose
                   "--suppress=comparePointers",
                   # taken for shifts of 32-bit values, which they are not
                   "--suppress=shiftTooManyBits",
                   "--suppress=shiftTooManyBitsSigned",
                   "--template={file}:{line}: {id}: {message}",
                   *includes, *folders]) if folders else (True, "")
    return "" if ok else out


def compile_commands():
    """{source: command} from clang's fragments, the newest for each file."""
    found = {}
    fragments = sorted((WORK / "clang/cdb").glob("*.json"),
                       key=lambda p: p.stat().st_mtime)
    for path in fragments:
        entry = json.loads(path.read_text(encoding="utf-8").rstrip(" ,\n"))
        name = entry["file"]
        if (WORK / "clang" / name).exists() and name.endswith(".c") and \
                name.startswith(C_FOLDERS):
            found[name] = entry
    return found


def tidy(entry):
    """Findings in one file; "" also when it is known to be clean."""
    folder, name = WORK / "clang", entry["file"]
    argv = entry["arguments"]
    ok, text = run([argv[0], "-E", *[a for a in argv[1:] if a != "-c"],
                    "-o", "-"], folder)
    stamp = hashlib.sha256((text + shlex.join(argv) + (
        ROOT / ".clang-tidy").read_text(encoding="utf-8")).encode())
    known = WORK / "clean" / stamp.hexdigest()
    if ok and known.exists():
        return ""
    ok, out = run(["clang-tidy", "--quiet", "-p", WORK / "clang", name], folder)
    if ok:
        known.parent.mkdir(exist_ok=True)
        known.touch()
        return ""
    return "\n".join(line for line in out.splitlines()
                     if not re.match(r"\d+ warnings? ", line))


def check_tidy():
    entries = compile_commands()
    (WORK / "clang/compile_commands.json").write_text(
        json.dumps(list(entries.values())), encoding="utf-8")
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return "\n".join(filter(None, pool.map(tidy, entries.values())))


CHECKS = {f.__name__[6:]: f for f in (
    check_spdx, check_links, check_docs, check_man, check_format, check_spelling,
    check_headers, check_gcc, check_clang, check_cppcheck, check_tidy)}


def main():
    if "--list" in sys.argv:
        print("\n".join(CHECKS))
        return 0
    failed = []
    for name in sys.argv[1:] or CHECKS:
        start = time.monotonic()
        wrong = CHECKS[name]()
        print(f"{'FAILED' if wrong else 'ok':6} {name} "
              f"({time.monotonic() - start:.1f} s)", flush=True)
        if wrong:
            failed.append(name)
            print(wrong.replace(str(WORK / "clang") + "/", ""), flush=True)
    print(f"lint: {len(failed)} of {len(sys.argv[1:] or CHECKS)} checks failed"
          if failed else "lint: clean")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
