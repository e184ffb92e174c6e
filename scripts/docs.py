#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare what documents say with the sources, where a machine can.

    docs.py [CHECK ...]       all of them by default

Prints one line per disagreement; exit status 1 when there is one.
"""
import re
import sys

import man
from sources import ROOT, files

MAX_LINES = 200
# Rules that comments cite, as in "HC-4": docs/security-model.md has them.
RULE = re.compile(r"\b(?:HC|UA|IL|PT|TL|PG|EM|BF|FP|GT|EV|MO|DC|SC|LG|SP|XS|TB|"
                  r"PI|BE)"
                  r"-\d+\b")
# Names of sub-operations in the public headers.
OPERATION = re.compile(
    r"XENMEM_(?!resource_)[a-z]\w+|EVTCHNOP_\w+|GNTTABOP_(?!error)\w+|"
    r"XEN_DOMCTL_[a-z]\w+|XEN_SYSCTL_(?!cpu_[fp])[a-z]\w+|SCHEDOP_\w+|"
    r"VCPUOP_\w+|PHYSDEVOP_[a-z]\w+|XENPF_[a-z]\w+|XENVER_\w+|MMUEXT_\w+|"
    r"CALLBACKOP_\w+|XENNMI_\w+|CONSOLEIO_\w+|VMASST_CMD_\w+")


def text(name):
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def code(name):
    """A C source without its comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text(name), flags=re.S)


def rows(name, section=""):
    """The cells of every table row of a document, backquotes removed; only of
    the section that begins with the line `section` when it is given."""
    found = []
    words = text(name)
    if section:
        words = words.partition(section + "\n")[2].partition("\n## ")[0]
    for line in words.splitlines():
        if line.startswith("|") and not re.match(r"^\|[-| :]+\|$", line):
            found.append([cell.strip().replace("`", "")
                          for cell in line.strip("|").split("|")])
    return found


def differences(what, in_code, in_document):
    for name in sorted(set(in_code) - set(in_document)):
        yield f"{what}: {name} is missing in the document"
    for name in sorted(set(in_document) - set(in_code)):
        yield f"{what}: {name} is not in the code"


# --- Checks: each yields what is wrong ------------------------------------------

def check_locks():
    """docs/locking.md has the ranks of lib/spinlock.h in their order."""
    body = re.search(r"enum lock_rank \{(.*?)\}",
                     code("hypervisor/lib/spinlock.h"), re.S)[1]
    ranks = re.findall(r"\bRANK_\w+", body)
    told = [row[0] for row in rows("docs/locking.md")
            if row[0].startswith("RANK_")]
    if ranks != told:
        yield (f"docs/locking.md: ranks are {' '.join(ranks)}, "
               f"not {' '.join(told)}")


def check_hypercalls():
    """docs/abi.md names every hypercall of the ABI, and those of the table as
    done, with the same number and caller."""
    table = {(name, number, who) for number, name, who in re.findall(
        r"^HYPERCALL\((\d+),\s*(\w+),\s*(\w+)\)",
        code("hypervisor/core/hypercall_table.h"), re.M)}
    told = [row for row in rows("docs/abi.md") if row[0].isdigit()]
    callers = {"any": "ANY_DOMAIN", "control": "CONTROL_DOMAIN"}
    done = {(row[1], row[0], callers[row[2]]) for row in told
            if row[2] in callers}
    yield from differences("docs/abi.md, hypercalls",
                           [" ".join(c) for c in table],
                           [" ".join(c) for c in done])
    numbers = re.findall(r"^#define __HYPERVISOR_(\w+)\s+(\d+)",
                         code("include/public/xen.h"), re.M)
    yield from differences("docs/abi.md, numbers",
                           [f"{number} {name}" for name, number in numbers
                            if not name.startswith("arch_")],
                           [f"{row[0]} {row[1]}" for row in told
                            if not row[1].startswith("arch_")])


def implemented():
    """Sub-operations with a table row or a case in the hypervisor."""
    found = set()
    for name in files(".c"):
        if not name.startswith("hypervisor/"):
            continue
        source = code(name)
        # ROW(name) where the macro adds the prefix: [EVTCHNOP_##op]
        prefix = re.search(r"\[(\w+_)##", source)
        if prefix:
            source = re.sub(r"\bROW\((\w+)", rf"[{prefix[1]}\1",
                            re.sub(r"#define ROW.*", "", source))
        found |= set(re.findall(
            r"(?:\[|\bcase\s+|\bROW\(|[=!]=\s*)(\w+)", source))
    return {name for name in found if OPERATION.fullmatch(name)}


def declared():
    """Sub-operations of the public headers; aliases are not counted."""
    return {name for header in files(".h")
            if header.startswith("include/public/")
            for name, value in re.findall(r"^#define\s+(\w+)\s+(\S+)",
                                          code(header), re.M)
            if OPERATION.fullmatch(name) and not OPERATION.fullmatch(value)}


def check_operations():
    """docs/abi.md: each sub-operation of the headers once, under done, partly
    or refused exactly when the hypervisor has a row or a case for it."""
    told = [(name, row[0]) for row in rows("docs/abi.md")
            if row[0] in ("done", "partly", "refused", "later", "never")
            for name in OPERATION.findall(row[1])]
    names = [name for name, _ in told]
    yield from differences("docs/abi.md, sub-operations", declared(), names)
    yield from (f"docs/abi.md: {name} is there twice"
                for name in sorted(set(names)) if names.count(name) > 1)
    yield from differences(
        "docs/abi.md, implemented sub-operations", implemented(),
        [name for name, state in told if state in ("done", "partly", "refused")])


def check_rules():
    """Every rule that a source cites is in docs/security-model.md."""
    defined = {row[0] for name in files(".md") if name.startswith("docs/security")
               for row in rows(name) if RULE.fullmatch(row[0])}
    for name in files(".c", ".h", ".S", ".py"):
        if name == "scripts/docs.py":
            continue
        for rule in sorted(set(RULE.findall(text(name))) - defined):
            yield f"{name}: cites {rule}, which no document defines"


def check_options():
    """docs/boot.md has the hypervisor's options."""
    options = re.findall(r'strcmp\(word, "(\w+)"\)',
                         code("hypervisor/boot/options.c"))
    told = [row[0].split("=")[0] for row in rows("docs/boot.md", "## Options")
            if re.fullmatch(r"[a-z0-9_]+(=.*)?", row[0])]
    yield from differences("docs/boot.md, options", options, told)


def check_variables():
    """README.md has the variables that mk/images.mk passes to run.py."""
    source = text("mk/images.mk")
    exported = re.search(r"^export ((?:.*\\\n)*.*)$", source, re.M)
    chosen = re.findall(r"^RAMDISK := \$\(or \$\((\w+)\)", source, re.M)
    told = [row[0].split("=")[0] for row in rows("README.md")
            if re.match(r"[A-Z0-9_]+=", row[0])]
    yield from differences("README.md, variables",
                           exported[1].replace("\\", " ").split() + chosen,
                           told)


def check_verbs():
    """The manual page finds every verb of the command line, and SUPPORT.md
    names those that there are."""
    verbs = [verb["name"] for _, members in man.groups() for verb in members]
    rows_there = sum(len(re.findall(r"\.run = ", code(name)))
                     for name in files(".c")
                     if name.startswith("dom0-tools/cli/"))
    if len(verbs) != rows_there:
        yield (f"scripts/man.py: finds {len(verbs)} verbs, "
               f"the tables have {rows_there}")
    told = re.search(r"^Commands: `([^`]+)`", text("SUPPORT.md"), re.M)
    yield from differences("SUPPORT.md, commands", verbs, told[1].split())


def check_keys():
    """Documents have the keys of guests' configurations; the manual page has
    those that are taken, the others it is given by scripts/man.py."""
    source = code("dom0-tools/toolstack/config_keys.c")
    rules = re.search(r"key_rules\[\] = \{(.*?)\n\};", source, re.S)[1]
    taken = re.findall(r'^\t(?:\w+\(|\{ ")(\w+)', rules, re.M)
    page = text("docs/man/tenon.cfg.5").partition(".SH KEYS")[2]
    told = re.findall(r"^\.T[PQ]\n\.B (\w+)$", page, re.M)
    yield from differences("docs/man/tenon.cfg.5, keys", taken, told)
    other = [key for names in man.other_keys().values() for key in names]
    table = re.search(r"other_keys\[\] = \{(.*?)\n\};", source, re.S)[1]
    if len(other) != table.count("{"):
        yield (f"scripts/man.py: finds {len(other)} other keys, "
               f"the table has {table.count('{')}")
    known = set(taken) | set(other)
    told = {word for line in text("docs/guest-config.md").splitlines()
            for word in re.findall(r"`(\w+)`", line) if word in known}
    yield from differences("docs/guest-config.md, keys", known, told)


def check_names():
    """Documents that sources name are there."""
    for name in files(".c", ".h", ".S", ".py", ".mk", ".lds"):
        for path in re.findall(r"\b(?:docs/[\w/-]+\.md|SUPPORT\.md)\b",
                               text(name)):
            if not (ROOT / path).exists():
                yield f"{name}: names {path}, which is not there"


def check_length():
    for name in files(".md"):
        lines = text(name).count("\n")
        if lines > MAX_LINES:
            yield f"{name}: {lines} lines, more than {MAX_LINES}"


CHECKS = {f.__name__[6:]: f for f in (
    check_locks, check_hypercalls, check_operations, check_rules,
    check_options, check_variables, check_verbs,
    check_keys, check_names, check_length)}


def main():
    wrong = [line for name in sys.argv[1:] or CHECKS
             for line in CHECKS[name]()]
    print("\n".join(wrong), end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
