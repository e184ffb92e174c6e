# SPDX-License-Identifier: MIT
"""Write cpio archives in the "newc" format, which Linux and Tenon read.

Archives are reproducible: no times, no owners, inode numbers in order.
"""
import stat

MAGIC = b"070701"


class Archive:
    """Collects members; bytes() is the finished archive."""

    def __init__(self):
        self.parts, self.inode, self.folders = [], 0, set()

    def _member(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        name = name.encode() + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self.inode, mode, 0, 0, links, 0, len(data), 0, 0, *device,
                  len(name), 0)
        head = MAGIC + b"".join(b"%08X" % f for f in fields) + name
        self.parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]

    def folder(self, name):
        """Add a folder and the folders above it, each once."""
        name = name.strip("/")
        if not name or name in self.folders:
            return
        self.folder(name.rpartition("/")[0])
        self.folders.add(name)
        self._member(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        name = name.strip("/")
        self.folder(name.rpartition("/")[0])
        self._member(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        name = name.strip("/")
        self.folder(name.rpartition("/")[0])
        self._member(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name, major, minor, mode=0o600):
        name = name.strip("/")
        self.folder(name.rpartition("/")[0])
        self._member(name, stat.S_IFCHR | mode, device=(major, minor))

    def __bytes__(self):
        end = Archive()
        end._member("TRAILER!!!", 0)
        return b"".join(self.parts + end.parts)
