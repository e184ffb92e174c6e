# SPDX-License-Identifier: MIT
"""tests/guest/abi prints what the hypervisor answers, property by property.

Tenon has to answer what tests/reference/abi.expected records of the reference,
but for what docs/abi-differences.md explains; there, each row has to be about
a difference that there is. The reference, where its packages can be had, has
to answer what is recorded still.

    test_abi.py tenon|reference [only=NAME|end=NAME]     show the answers
    test_abi.py record                          record the reference's anew
    test_abi.py differences                     those that no row explains
"""
import difflib
import fnmatch
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from testenv import PROMPT, ROOT, Env  # noqa: E402

LIMIT = 60
RECORD = ROOT / "tests/reference/abi.expected"
LIST = ROOT / "tests/guest/abi/list.h"
HEADER = """# SPDX-License-Identifier: MIT
# What tests/guest/abi prints on the reference; by tests/system/test_abi.py record.
"""
DOCUMENT = ROOT / "docs/abi-differences.md"


# --- Running the guest -----------------------------------------------------------

def config(name, extra):
    return (f"name = '{name}'\nkernel = '/guests/abi'\nmemory = 24\n"
            f"vcpus = 4\nextra = '{extra}'\non_reboot = 'destroy'\n"
            f"on_crash = 'destroy'\n")


def endings():
    """The properties that end the domain: each has a machine of its own."""
    return re.findall(r"^ENDING\((\w+)\)", LIST.read_text(), re.M)


def all_properties():
    return set(re.findall(r"^(?:PROPERTY|ENDING)\((\w+)\)", LIST.read_text(),
                          re.M))


def run_guest(vm, name, end):
    start = vm.seen
    vm.send(f"create {name}.cfg -c")
    vm.expect(end, LIMIT)
    text = vm.text[start:vm.seen] + "\n"
    vm.expect(PROMPT, LIMIT)
    return text


def run(env, where, extra=""):
    """{property: lines} of all properties, or of those that `extra` names."""
    files = {"abi": env.built("tests/guest/abi"), "abi.cfg": config("abi", extra)}
    for name in endings():
        files[f"{name}.cfg"] = config(name, f"end={name}")
    # Two CPUs of the reference lose each other at times when the emulator gives
    # each a thread: then nothing more comes. Counting instructions it has one.
    vm = env.control(where, env.ramdisk(files, base=False),
                     icount=where == "reference")
    text = run_guest(vm, "abi", r"^done$|^\[abi ended: crash\]|^error: ")
    for name in endings() if not extra else ():
        text += run_guest(vm, name, r"^\[\w+ ended: [^]]+\]")
    env.switch_off(vm, where)
    return parse(text)


def parse(text):
    """{property: lines}, without what others say on the console."""
    text = re.sub(r"\((XEN|TENON)\) [^\n]*\n", "", text)
    found, lines = {}, []
    for line in text.splitlines():
        if line.startswith("= "):
            lines = found.setdefault(line[2:], [])
        elif ended := re.match(r"^\[\w+ (ended: .*)\]$", line):
            lines.append(ended[1])
        elif not re.match(r"$|done$|tenon>|\s*create ", line):
            lines.append(line)
    return found


def as_text(answers):
    return "".join(f"= {name}\n" + "".join(f"{line}\n" for line in lines)
                   for name, lines in answers.items())


# --- Comparing -------------------------------------------------------------------

CHANGE = "{}: {}: {} became {}"


def split(line):
    label, _, value = line.rpartition(": ")
    return label, value


def compare(reference, tenon):
    """Where two properties' lines differ: [(label, reference's, Tenon's)]. A
    line that one has alone has "nothing" for the other."""
    here, there = [split(r) for r in reference], [split(t) for t in tenon]
    matcher = difflib.SequenceMatcher(None, [r[0] for r in here],
                                      [t[0] for t in there], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            for (label, was), (_, now) in zip(here[a:b], there[c:d]):
                if was != now:
                    yield label, was, now
        else:
            yield from ((label, was, "nothing") for label, was in here[a:b])
            yield from ((label, "nothing", now) for label, now in there[c:d])


def differences(reference, tenon):
    """(property, label, reference's, Tenon's), wherever they differ."""
    for name in reference.keys() | tenon.keys():
        for found in compare(reference.get(name, []), tenon.get(name, [])):
            yield name, *found


def explanations():
    """The document's rows: (properties, label, reference's, Tenon's), each a
    pattern as of file names."""
    found = []
    for line in DOCUMENT.read_text().splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("| `"):
            names, *rest = [re.findall(r"`([^`]*)`", c) for c in cells[:4]]
            found.append((names, *(cell[0] for cell in rest)))
    return found


def judge(reference, tenon):
    """What is wrong: differences without a row, and rows without one."""
    rows, used, wrong = explanations(), set(), []
    for name, *found in differences(reference, tenon):
        fits = [i for i, (names, *patterns) in enumerate(rows)
                if name in names and
                all(map(fnmatch.fnmatchcase, found, patterns))]
        used |= {(i, name) for i in fits}
        if not fits:
            wrong.append(CHANGE.format(name, *found))
    return sorted(wrong) + [
        f"{name}: explained as {row[1:]}, but not so"
        for i, row in enumerate(rows) for name in row[0]
        if (i, name) not in used]


def test_tenon(env):
    answers = run(env, "tenon")
    missing = all_properties() - answers.keys()
    assert not missing, f"did not run: {missing}"
    wrong = judge(parse(RECORD.read_text()), answers)
    assert not wrong, "\n".join(wrong)


def test_reference(env):
    answers = run(env, "reference")
    wrong = [CHANGE.format(*change) for change in
             differences(parse(RECORD.read_text()), answers)]
    assert not wrong, "\n".join(wrong)


def main():
    what, extra = sys.argv[1], " ".join(sys.argv[2:])
    with Env("abi") as environment:
        where = "tenon" if what == "differences" else what
        answers = run(environment, "reference" if what == "record" else where,
                      extra)
    if what == "record":
        RECORD.write_text(HEADER + as_text(answers))
    elif what == "differences":
        print("\n".join(judge(parse(RECORD.read_text()), answers)))
    else:
        print(as_text(answers), end="")


if __name__ == "__main__":
    main()
