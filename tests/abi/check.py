#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare include/public with the Xen 4.17 headers of Debian's libxen-dev.

    check.py [--headers DIR] [--mutate-self-test]

For every header of ours: it compiles alone as C90 (with GNU extensions), C11,
C++ and assembly; every constant has the value, size and signedness of the
reference's constant of that name; every structure and union has its size, and
every field its offset and size.

What to compare is read from our headers: constants by their #define lines,
structures by parsing the preprocessed declarations. The values themselves come
from the compiler, by two generated programs that differ only in the headers
that they include. Names that only we have must be listed in OURS.

A self-test follows: it changes every constant and then every structure in a
copy of the headers, and fails unless each single change is found.
--mutate-self-test does only that.

Prints `ok NAME`, `not ok NAME: why` or `skip NAME: why`.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CC = os.environ.get("HOST_CC", "gcc")
REFERENCE = pathlib.Path("/usr/include/xen")

# Names of ours that the reference does not have, or only as something else.
OURS = re.compile(r"""
    XEN_PUBLIC_\w+_H | __xen_mk_\w+ | __ASSEMBLY__ |
    XEN_RING_FILL_\d+ | XEN_RING_UNANSWERED_ROOM | XEN_RING_PUSH_ |
    XEN_RING_FINAL_CHECK_ | XEN_REG64 |
    TENON_\w+ |                             # beyond the reference
    XEN_FLEX_ARRAY_DIM |                    # empty in C11
    GNTTABOP_error_msgs                     # texts are ours
    """, re.X)

# Macros that stand for a type or a field, compared by the structures.
NAMES = re.compile(r"""
    console_mfn | console_evtchn | xen_wc_sec_hi | xen_vga_console_info(_t)? |
    xenpf_settime | blkif_vdev_t | blkif_sector_t | u?int64_aligned_t
    """, re.X)

GUEST_ONLY = "(struct cpu_user_regs, "

# Uses of macros with arguments, by header.
CALLS = {
    "arch-x86/xen.h": ["xen_pfn_to_cr3(5)", "xen_cr3_to_pfn(0x5000)",
                       "TI_GET_DPL(&trap)", "TI_GET_IF(&trap)"],
    "domctl.h": ["XEN_DOMCTL_GRANT_version(0x12)"],
    "memory.h": ["XENMEMF_address_bits(32)", "XENMEMF_get_address_bits(0x120)",
                 "XENMEMF_node(3)", "XENMEMF_get_node(0x400)",
                 "XENMEMF_exact_node(3)",
                 "XENMEM_resource_ioreq_server_frame_ioreq(2)"],
    "vcpu.h": ["xen_vcpu_physid_to_x86_apicid(0x500000003ull)",
               "xen_vcpu_physid_to_x86_acpiid(0x500000003ull)"],
    "xen.h": ["xen_mk_ulong(1)", "xen_mk_uint(1)", "xen_mk_ullong(1)"],
    "io/console.h": ["MASK_XENCONS_IDX(2049, "
                     "((struct xencons_interface *)0)->out)"],
    "io/ring.h": [f"(int)__RD32({n})" for n in (1, 2, 3, 31, 32, 33, 65535)],
    "io/xs_wire.h": ["MASK_XENSTORE_IDX(1025)"],
    "io/blkif.h": ["__CONST_RING_SIZE(blkif, 4096)",
                   "__CONST_RING_SIZE(blkif, 16384)"],
    "io/netif.h": ["__CONST_RING_SIZE(netif_tx, 4096)",
                   "__CONST_RING_SIZE(netif_rx, 4096)"],
}

LANGUAGES = [("c90", ["-x", "c", "-std=gnu90"]), ("c11", ["-x", "c", "-std=c11"]),
             ("c++", ["-x", "c++", "-std=c++11"]),
             ("assembly", ["-x", "assembler-with-cpp", "-D__ASSEMBLY__"])]


def compile_text(text, args):
    """Run the compiler on `text`; (status, errors)."""
    done = subprocess.run([CC, *args, "-"], input=text, text=True,
                          capture_output=True, check=False)
    return done.returncode, done.stderr


# --- Reading our headers -----------------------------------------------------

def headers_of(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*.h"))


def macros_of(text):
    """([constants], [names with arguments]) that a header defines."""
    plain, calls = [], []
    for name, bracket in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\(?)",
                                    text, re.M):
        if not OURS.fullmatch(name) and not NAMES.fullmatch(name):
            into = calls if bracket else plain
            if name not in into:
                into.append(name)
    return plain, calls


def own_declarations(folder, name):
    """The preprocessed text that comes from this header itself."""
    done = subprocess.run(
        [CC, "-E", "-x", "c", "-std=gnu11", f"-I{folder.parent}",
         str(folder / name)], capture_output=True, text=True, check=True)
    lines, mine = [], False
    for line in done.stdout.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            mine = os.path.realpath(marker[1]) == os.path.realpath(folder / name)
        elif mine:
            lines.append(line)
    return "\n".join(lines)


class Declarations:
    """Structures, enumerations and type names of a piece of plain C.

    types: ["struct foo", "foo_t", ...]
    fields: {"struct foo": ["a", "u", "u.b", ...]}
    enumerators: [...]
    """

    def __init__(self, text):
        self.tokens = re.findall(r"\w+|[^\w\s]", text)
        self.at = 0
        self.types, self.fields, self.enumerators = [], {}, []
        while self.at < len(self.tokens):
            self.declaration()

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self):
        return self.tokens[self.at]

    def declaration(self):
        """One declaration at file scope, up to its semicolon."""
        typedef = self.peek() == "typedef"
        members, names = self.specifier_and_names()
        if typedef:
            for name in names:
                self.types.append(name)
                if members:
                    self.fields[name] = members

    def specifier_and_names(self):
        """([member paths of an aggregate written here], [declared names])."""
        members, names, last, aggregate, depth = [], [], None, False, 0
        while True:
            token = self.take()
            if token in ("struct", "union", "enum"):
                members = self.aggregate(token) or members
                aggregate = True
                last = None
            elif token == "[":
                depth += 1
            elif token == "]":
                depth -= 1
            elif depth:
                pass
            elif token in (",", ";"):
                if last:
                    names.append(last)
                last = None
                if token == ";":
                    break
            elif re.match(r"[A-Za-z_]", token):
                last = token
            elif token == "(":  # a prototype or attribute: of no interest
                self.skip(")")
        if aggregate and not names and members:
            return members, [""]  # a member without a name
        return members, names

    def skip(self, end):
        while self.take() != end:
            pass

    def aggregate(self, kind):
        """After "struct", "union" or "enum"; member paths if it has a body."""
        tag = self.take() if re.match(r"\w", self.peek()) else None
        if self.peek() != "{":
            return []
        self.take()
        if kind == "enum":
            self.enumeration()
            return []
        paths = []
        while self.peek() != "}":
            members, names = self.specifier_and_names()
            for name in names:
                if name:
                    paths.append(name)
                paths += [f"{name}.{m}" if name else m for m in members]
        self.take()
        if tag:
            self.types.append(f"{kind} {tag}")
            self.fields[f"{kind} {tag}"] = paths
        return paths

    def enumeration(self):
        fresh = True
        while True:
            token = self.take()
            if token == "}":
                return
            if fresh:
                self.enumerators.append(token)
            fresh = token == ","


class Header:
    """What one of our headers promises."""

    def __init__(self, folder, name):
        text = (folder / name).read_text(encoding="utf-8")
        declared = Declarations(own_declarations(folder, name))
        self.name = name
        self.constants, self.calls = macros_of(text)
        self.constants += declared.enumerators
        self.types = declared.types
        self.fields = {t: f for t, f in declared.fields.items() if f}


# --- Asking the compiler -----------------------------------------------------

PROGRAM_HEAD = """
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#define xen_mb() __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()
"""
PROGRAM_MAIN = """
static struct trap_info trap = { 0, 7, 0, 0 };
#define NUMBER(name) printf("%s\\t%lld, %d bytes%s\\n", #name, \\
	(long long)(name), (int)sizeof(name), \\
	(__typeof__(name))-1 > (__typeof__(name))0 ? ", unsigned" : "");
#define TEXT(name) printf("%s\\t\\"%s\\"\\n", #name, name);
#define SIZE(type) printf("%s\\t%d bytes\\n", #type, (int)sizeof(type));
#define FIELD(type, path) printf("%s.%s\\tat %d, %d bytes\\n", #type, #path, \\
	(int)offsetof(type, path), (int)sizeof(((type *)0)->path));
#define OPEN(type, path) printf("%s.%s\\tat %d\\n", #type, #path, \\
	(int)offsetof(type, path));
int main(void)
{
	(void)trap;
"""


def includes_ours(names):
    return "".join(f"#include <public/{n}>\n" for n in names)


def includes_reference(names, for_tools=True):
    # Two errors exist only inside the hypervisor; errno.h depends on nothing.
    return ("#define __XEN_INTERFACE_VERSION__ 0x00040e00\n#define __XEN__\n"
            "#include <xen/errno.h>\n#undef __XEN__\n"
            + for_tools * "#define __XEN_TOOLS__\n"
            + "".join(f"#include <xen/{n}>\n" for n in names if n != "errno.h"))


class Program:
    """Evaluates names with one of the two sets of headers."""

    def __init__(self, folder, includes, parent):
        self.folder = folder
        self.includes = PROGRAM_HEAD + includes
        self.flags = ["-x", "c", "-std=gnu11", "-w", f"-I{parent}"]

    def refused(self, lines, before="", after=""):
        """The numbers of the lines that do not compile."""
        head = self.includes + PROGRAM_MAIN + before
        first = head.count("\n") + 1
        _, errors = compile_text(head + "\n".join(lines) + "\n" + after + "}\n",
                                 [*self.flags, "-fsyntax-only",
                                  "-fmax-errors=0"])
        bad = set()
        for number in re.findall(r"^(?:<stdin>|.*from <stdin>):(\d+):\d+: "
                                 r"(?:error|note: in expansion)", errors, re.M):
            bad.add(int(number) - first)
        # -pedantic is off, but gcc also names the expansion's own line
        return {n for n in bad if 0 <= n < len(lines)}

    def values(self, lines):
        """{name: description} for macro calls that print their value."""
        source = self.includes + PROGRAM_MAIN + "\n".join(lines) + "\n}\n"
        binary = os.path.join(self.folder, "values")
        status, errors = compile_text(source, [*self.flags, "-o", binary])
        if status:
            raise RuntimeError(errors[:4000])
        out = subprocess.run([binary], capture_output=True, text=True,
                             check=True).stdout
        return dict(line.split("\t", 1) for line in out.splitlines())


def questions(header, ours):
    """[(what, name, line of C)] for a header; what is constants or layout.

    Constants are numbers or texts; gcc says which when asked on our side.
    """
    asked = []
    numbers = [f"{{ static const long long v = (long long)({n}); "
               f"(void)v; char c[1 + (sizeof({n}) > 16)]; (void)c;"
               f" __typeof__({n}) x = 0; (void)x; }}"
               for n in header.constants]
    for index, name in enumerate(header.constants):
        kind = "NUMBER"
        if index in ours.cached_refused(header.name, numbers):
            kind = "TEXT"
        asked.append(("constants", name, f"{kind}({name})"))
    for call in CALLS.get(header.name, ()):
        asked.append(("constants", call, f"NUMBER(({call}))"))
    for type_name in header.types:
        if (re.search(r"\w", type_name)):
            asked.append(("layout", type_name, f"SIZE({type_name})"))
    for type_name, paths in header.fields.items():
        for path in paths:
            asked.append(("layout", f"{type_name}.{path}",
                          f"FIELD({type_name}, {path})"))
    return asked


def add_cache(program):
    """Classify the constants of a header only once."""
    seen = {}

    def cached(name, lines):
        if name not in seen:
            seen[name] = program.refused(lines)
        return seen[name]

    program.cached_refused = cached
    return program


# --- Checks --------------------------------------------------------------------

class Report:
    def __init__(self, quiet=False):
        self.quiet, self.failed, self.count = quiet, {}, 0

    def result(self, name, why=""):
        self.count += 1
        if why:
            self.failed[name] = why
        if not self.quiet:
            print(f"not ok {name}: {why}" if why else f"ok {name}", flush=True)


def check_alone(folder, name, report):
    for language, flags in LANGUAGES:
        text = (folder / name).read_text(encoding="utf-8")
        if language == "assembly" and "__ASSEMBLY__" not in text and re.search(
                r"^(typedef|struct|enum)\b", text, re.M):
            continue  # a header for C only
        status, errors = compile_text(
            f"#include <public/{name}>\n",
            [*flags, "-Wall", "-Wextra", "-Werror", f"-I{folder.parent}",
             *(["-c", "-o", "/dev/null"] if language == "assembly"
               else ["-fsyntax-only"])])
        report.result(f"alone/{name} as {language}",
                      " ".join(errors.split())[:300] if status else "")


def compare(folder, reference, report):
    """Values of every header in `folder` against the reference's."""
    names = headers_of(folder)
    headers = [Header(folder, n) for n in names]
    with tempfile.TemporaryDirectory() as scratch:
        ours = add_cache(Program(scratch, includes_ours(names), folder.parent))
        theirs = Program(scratch, includes_reference(names), reference.parent)
        # The reference spells the registers differently for its tools; ours
        # are the guests'.
        guests = Program(scratch, includes_reference(["xen.h"], False),
                         reference.parent)
        asked = [(h.name, *q) for h in headers for q in questions(h, ours)]
        lines = [q[3] for q in asked]
        # A trailing array has an offset but no size.
        open_fields = ours.refused(lines)
        lines = [line.replace("FIELD(", "OPEN(", 1) if n in open_fields
                 and line.startswith("FIELD(") else line
                 for n, line in enumerate(lines)]
        missing_ours = ours.refused(lines)
        for_guests = [GUEST_ONLY in line for line in lines]
        missing = theirs.refused([line * (not guest) for line, guest
                                  in zip(lines, for_guests)])
        missing |= guests.refused([line * guest for line, guest
                                   in zip(lines, for_guests)])
        usable = [line for n, line in enumerate(lines)
                  if n not in missing | missing_ours]
        mine = ours.values(usable)
        reference_values = theirs.values(
            [line for line in usable if GUEST_ONLY not in line])
        reference_values |= guests.values(
            [line for line in usable if GUEST_ONLY in line])
    wrong = {}
    for number, (header, what, name, _) in enumerate(asked):
        problems = wrong.setdefault((header, what), [])
        key = next((k for k in (name, f"({name})") if k in mine), None)
        if number in missing_ours:
            problems.append(f"{name} has no value")
        elif number in missing:
            problems.append(f"{name} is not in the reference")
        elif mine[key] != reference_values[key]:
            problems.append(f"{name} is {mine[key]}, not "
                            f"{reference_values[key]}")
    for (header, what), problems in wrong.items():
        report.result(f"{what}/{header}", "; ".join(problems))
    return asked


# --- Self-test -----------------------------------------------------------------

def mutated_copy(folder, scratch, change):
    """A copy of the headers with `change(text)` applied to each."""
    copy = pathlib.Path(scratch) / "public"
    shutil.copytree(folder, copy)
    for name in headers_of(copy):
        path = copy / name
        path.write_text(change(path.read_text(encoding="utf-8")),
                        encoding="utf-8")
    return copy


def found_names(report):
    """Names of the single values that a report complains about."""
    text = "; ".join(report.failed.values())
    return {part.split(" ", 1)[0] if not part.startswith(("struct ", "union "))
            else " ".join(part.split(" ", 2)[:2])
            for part in text.split("; ") if part}


def change_constant(text):
    """Add 1 to the first number in each constant, enumerators included."""
    def plus_one(match):
        return f"{match[1]}{int(match[2], 0) + 1}"
    text = re.sub(r"^(#define \w+[ \t]+(?:(?!/\*)[^\n\"])*?\b)"
                  r"(0x[0-9a-fA-F]+|\d+)(?=[uUlL]*\b)",
                  plus_one, text, flags=re.M)
    return re.sub(r"^(\t\w+ = )(\d+)(?=,|\s)", plus_one, text, flags=re.M)


def change_structures(text):
    """Put a new first field into each named structure."""
    return re.sub(r"^((?:typedef )?struct \w+ \{)$", r"\1 uint32_t mutant_[2];",
                  text, flags=re.M)


def self_test(folder, reference, report):
    """Each mutation must be noticed."""
    numbers, structures = set(), set()
    for name in headers_of(folder):
        text = (folder / name).read_text(encoding="utf-8")
        for old, new in zip(text.splitlines(), change_constant(text).splitlines()):
            if old != new:
                constant = old.replace("#define ", "").split()[0]
                in_assembly_only = " .byte" in old
                if not OURS.fullmatch(constant) and not in_assembly_only:
                    numbers.add(constant)
        structures |= set(re.findall(r"^(?:typedef )?(struct \w+) \{$", text,
                                     re.M))
    for title, change, expected in (
            ("constants", change_constant, numbers),
            ("structures", change_structures, structures)):
        with tempfile.TemporaryDirectory() as scratch:
            inner = Report(quiet=True)
            compare(mutated_copy(folder, scratch, change), reference, inner)
        found = {f.split(".", 1)[0] for f in found_names(inner)}
        missed = sorted(expected - found)
        report.result(f"mutation/{title} ({len(expected)})",
                      "not noticed: " + " ".join(missed) if missed else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--headers", type=pathlib.Path,
                        default=ROOT / "include/public")
    parser.add_argument("--mutate-self-test", action="store_true")
    args = parser.parse_args()
    report = Report()
    if not args.mutate_self_test:
        for name in headers_of(args.headers):
            check_alone(args.headers, name, report)
    if not (REFERENCE / "xen.h").exists():
        print("skip reference: libxen-dev is not installed and cannot be had")
    else:
        if not args.mutate_self_test:
            compare(args.headers, REFERENCE, report)
        self_test(args.headers, REFERENCE, report)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
