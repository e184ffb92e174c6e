# SPDX-License-Identifier: MIT
"""docs/admin-guide.md, for tests that type what it tells to type."""
import re

from testenv import ROOT


class Guide:
    """`sizes` are what is typed instead of some of its numbers of MiB."""

    def __init__(self, sizes):
        text = (ROOT / "docs/admin-guide.md").read_text(encoding="utf-8")
        self.text = re.sub(r"\b\d{4}\b", lambda m: sizes.get(m[0], m[0]), text)

    def section(self, heading):
        return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", self.text,
                         re.M | re.S)[1]

    def typed(self, heading, prompt="tenon>"):
        """What a section types at this prompt, without what it says about
        that."""
        lines = re.findall(rf"^    {re.escape(prompt)} (.*?)(?:  .*)?$",
                           self.section(heading), re.M)
        assert lines, heading
        return lines

    def named(self, heading, verbs):
        """Commands in its sentences and tables."""
        named = [" ".join(c.split())
                 for c in re.findall(r"`([^`]+)`", self.section(heading))]
        return [c for c in named if re.match(rf"({verbs}) ", c)]

    def in_debian(self, heading):
        """What it types in Debian: commands, each with the lines that go on
        with it."""
        lines = re.findall(r"^    # (.*\n(?:    (?!# |tenon> |\(gdb\) ).*\n)*)",
                           self.section(heading), re.M)
        assert lines, heading
        return [re.sub("^    ", "", line, flags=re.M) for line in lines]

    def configurations(self):
        """{name: text} of the files that it describes guests with."""
        return {name: re.sub("^    ", "", text, flags=re.M)
                for name, text in re.findall(
                    r"cat > (\S+) <<END\n(.*?)^    END$",
                    self.section("Describe the guests"), re.M | re.S)}
