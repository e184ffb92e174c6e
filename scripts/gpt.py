# SPDX-License-Identifier: MIT
"""Partition tables for disk images [UEFI 2.10, chapter 5], for tests."""
import struct
import uuid
import zlib

ENTRIES, ENTRY_SIZE = 128, 128
LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
BIOS_BOOT = "21686148-6449-6e6f-744e-656564454649"
EFI_SYSTEM = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"


def _header(mine, other, table, entries, blocks, disk, block):
    table_blocks = ENTRIES * ENTRY_SIZE // block

    def fields(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc,
                           0, mine, other, 2 + table_blocks,
                           blocks - table_blocks - 2, disk, table, ENTRIES,
                           ENTRY_SIZE, zlib.crc32(entries))

    return fields(zlib.crc32(fields(0))).ljust(block, b"\0")


def write(path, partitions, block=512):
    """Partition the image: (label, uuid text, first block, last block[, type])."""
    blocks = path.stat().st_size // block
    table_blocks = ENTRIES * ENTRY_SIZE // block
    entries = b"".join(
        struct.pack("<16s16sQQQ72s",
                    uuid.UUID(kind[0] if kind else LINUX).bytes_le,
                    uuid.UUID(guid).bytes_le, first, last, 0,
                    label.encode("utf-16-le"))
        for label, guid, first, last, *kind in partitions)
    entries = entries.ljust(ENTRIES * ENTRY_SIZE, b"\0")
    protective = struct.pack("<B3xB3xII", 0, 0xee, 1,
                             min(blocks - 1, 0xffffffff))
    mbr = (bytes(446) + protective.ljust(64, b"\0") + b"\x55\xaa")
    disk = uuid.uuid5(uuid.NAMESPACE_URL, path.name).bytes_le
    end = blocks - 1
    with path.open("r+b") as image:
        image.write(mbr.ljust(block, b"\0"))
        image.write(_header(1, end, 2, entries, blocks, disk, block) + entries)
        image.seek((end - table_blocks) * block)
        image.write(entries + _header(end, 1, end - table_blocks, entries,
                                      blocks, disk, block))
