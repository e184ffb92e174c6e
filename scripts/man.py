#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages of docs/man as they are installed.

    man.py FOLDER      writes them there

In a page, the line `.\\" VERBS` is replaced by the verbs of the command line,
with their options and examples as the tables in dom0-tools/cli have them, and
`.\\" OTHER KEYS` by the keys of xl that are not taken, and why, as in
dom0-tools/toolstack/config_keys.c.
"""
import pathlib
import re
import sys

from sources import ROOT, files

STRING = r'"((?:[^"\\]|\\.)*)"'


def source(name):
    """A C source without its comments, adjacent strings joined."""
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r'"\s*\n\s*"', "", text)


def option_tables(text):
    """{table: [(letter or "", long name or "", argument or "")]}"""
    found = {}
    for name, body in re.findall(r"struct command_option (\w+)\[\] = \{(.*?)\};",
                                 text, re.S):
        found[name] = [
            (letter, long.strip('"').replace("NULL", ""),
             argument.strip('"').replace("NULL", ""))
            for letter, long, argument in re.findall(
                r"\{\s*(?:'(\w)'|OPTION_\w+),\s*(\S+),\s*(\S+)\s*\}", body)]
    return found


def command_tables():
    """{table: [verb's fields]} of all files of the command line."""
    found = {}
    for name in files(".c"):
        if not name.startswith("dom0-tools/cli/"):
            continue
        text = source(name)
        options = option_tables(text)
        for table, body in re.findall(
                r"struct command (\w+)\[\] = \{(.*?)\n\};", text, re.S):
            found[table] = [read_row(row, options)
                            for row in re.split(r"\n\t\{ ", body)
                            if ".name" in row]
    return found


def read_row(row, options):
    texts = dict(re.findall(r"\.(\w+) = " + STRING, row))
    table = re.search(r"\.options = (\w+)", row)
    chosen = list(options[table[1]]) if table else []
    if ".reads = true" in row:
        chosen.append(("", "json", ""))
    return {"alias": "", **{key: re.sub(r"\\(.)", r"\1", text)
                            for key, text in texts.items()},
            "options": chosen}


def groups():
    """[(title, verbs)] in the order of `help`."""
    tables, found = command_tables(), []
    for title, table in re.findall(
            r'\{ (?:"([^"]+)"|NULL), (\w+_commands) \}',
            source("dom0-tools/cli/commands.c")):
        if title:
            found.append((title, []))
        found[-1][1].extend(tables[table])
    return found


def roff(text):
    """Protect what has a meaning to roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def option_text(letter, long, argument):
    names = ([f"-{letter}"] if letter else []) + ([f"--{long}"] if long else [])
    return ", ".join(f"\\fB{roff(name)}\\fR" for name in names) + (
        f" \\fI{roff(argument)}\\fR" if argument else "")


def verb_lines(verb):
    yield ".TP"
    yield f"\\fB{roff(verb['name'])}\\fR {roff(verb['arguments'])}".rstrip()
    alias = f" (also called {verb['alias']})" if verb["alias"] else ""
    yield roff(verb["help"][0].upper() + verb["help"][1:] + alias + ".")
    if verb["options"]:
        yield ".br"
        yield "Options:"
        yield ";\n".join(option_text(*o) for o in verb["options"])
    yield ".br"
    yield f"Example: \\fB{roff(verb['example'])}\\fR"


def verbs():
    lines = []
    for title, members in groups():
        lines.append(f".SS {title}")
        for verb in members:
            lines += verb_lines(verb)
    return "".join(line + "\n" for line in lines)


def other_keys():
    """{(fate, why): [key]} of the keys that have no reader."""
    text = source("dom0-tools/toolstack/config_keys.c")
    reasons = {name: (fate, why) for name, fate, why in re.findall(
        r"#define (\w+)\s+(FATE_\w+), " + STRING,
        re.sub(r'"\s*\\\n\s*"', "", text))}
    body = re.search(r"other_keys\[\] = \{(.*?)\n\};", text, re.S)[1]
    found = {}
    for key, fate, why in re.findall(
            r'\{\s*"(\w+)",\s*(\w+)(?:,\s*(?:' + STRING + r"|NULL))?\s*\}",
            body):
        reason = reasons.get(fate, (fate, why))
        found.setdefault(reason, []).append(key)
    return found


FATES = (("FATE_NOTICE", "Ignored, with a notice"),
         ("FATE_REFUSE", "Refused"),
         ("FATE_QUIET", "Without effect on a PV guest"))


def other_key_lines():
    keys, lines = other_keys(), []
    for fate, title in FATES:
        lines.append(f".SS {title}")
        for (of, why), names in sorted(keys.items()):
            if of == fate:
                lines += [".PP"] + [f".B {name}" for name in names]
                lines += [f"({why.removeprefix('is ')})"] if why else []
    # mandoc: a paragraph right behind a heading is none
    return re.sub(r"(\.SS .*\n)\.PP\n", r"\1",
                  "".join(line + "\n" for line in lines))


MARKS = {'.\\" VERBS\n': verbs, '.\\" OTHER KEYS\n': other_key_lines}


def page(path):
    text = path.read_text(encoding="utf-8")
    for mark, content in MARKS.items():
        if mark in text:
            text = text.replace(mark, content())
    return text


def pages():
    return sorted((ROOT / "docs/man").iterdir())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in pages():
        (folder / path.name).write_text(page(path), encoding="utf-8")


if __name__ == "__main__":
    main()
