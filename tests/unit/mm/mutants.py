#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seed one mistake at a time into hypervisor/mm; the oracle must catch each.

Run from the top of the tree. A mistake that survives is a hole in the test,
one that no longer fits the source has to be written anew.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

MM = pathlib.Path("hypervisor/mm")
TEST = pathlib.Path("tests/unit")
FLAGS = ("-std=gnu11 -O1 -g -fno-strict-aliasing -D_GNU_SOURCE -w "
         "-DTENON_HOSTED -DTENON_DEBUG -Itests/unit/mm/fake -Itests/unit/mm "
         "-Iinclude").split()
SOURCES = ("alloc domain_mm l1_access memory_op mmu_ops pagetype "
           "reservation tlb").split()

# (invariant, file, text, what replaces it)
MISTAKES = [
    ("PT-1", "pagetype", "if (!(old & TYPE_COUNT)) /", "if (!(old & TYPE_BUSY)) /"),
    ("PT-3", "pagetype", "rc = frame_get_type(f, TYPE_WRITABLE);", "rc = 0;"),
    ("PT-3 put", "pagetype", "if (c.writable)\n\t\tframe_put_type(f);", ""),
    ("PT-4", "pagetype", "if (counted)\n\t\tentry_put(d, was, kept);", ""),
    ("PT-5", "pte.h", "a.frame == b.frame &&", ""),
    ("PT-5 get", "pagetype", "bool get = moved && (value & PTE_WRITE),",
     "bool get = false,"),
    ("PT-5 put", "pagetype", "if (put)\n\t\tframe_put_type(f);", ""),
    ("PT-6", "pte.h", "if (unlikely(raw & (CACHE_BITS | PTE_GLOBAL)))", "if (0)"),
    ("PT-7", "pte.h", "if (unlikely(c.frame >= pte_frame_limit))", "if (0)"),
    ("PT-8 write", "pagetype", "if (!slot_is_guests(level, index_of(s->pte)))",
     "if (0)"),
    ("PT-8 promote", "pagetype", "if (level == 4)", "if (0)"),
    ("PT-9", "pagetype",
     "? table_begin(d, mfn_of(c.frame), level - 1)",
     "? table_begin(d, mfn_of(c.frame), level)"),
    ("PT-11", "pagetype", "!frame_get(f, owner)", "!frame_get(f, f->owner)"),
    ("PT-12", "pagetype", "tlb_flush_since(read_once(f->stamp));", ";"),
    ("PT-13 undo", "pagetype", "w->demoting = true;\n\t} else",
     "w->depth = 0;\n\t} else"),
    ("PT-13 done", "pagetype", "table_put(d, root);", ""),
    ("PT-13 enter", "pagetype.h", "|| !walker_run(d)", "|| true"),
    ("PT-17 pin", "domain_mm", "if (old & TYPE_PINNED) {", "if (0) {"),
    ("PT-17 unpin", "domain_mm", "if (!(old & TYPE_PINNED))", "if (0)"),
    ("PT-19", "mmu_ops", "if (u->ptr & 4)", "if (0)"),
    ("TL-2 leaf", "pagetype", "frame_stamp(f);\n\tASSERT", "ASSERT"),
    ("TL-2 later", "pagetype", "while (old < epoch", "while (old > epoch"),
    ("TL-3", "alloc", "tlb_flush_since(f->stamp);", ";"),
    ("TL-5", "pagetype", "tlb_flush_domain(d);", ""),
    ("TL-6", "domain_mm", "mm_load_root(v);", ";"),
    ("PG-3", "pagetype", "if (!(old & REF_ALLOCATED))", "if (0)"),
    ("PG-4", "domain_mm", "uint64_t alone = REF_ALLOCATED | 2;",
     "uint64_t alone = f->ref;"),
    ("PG-6", "alloc", "if (!f[i].is_zero)\n\t\t\tclear_page(&f[i]);", ""),
    ("IL-4 ahead", "alloc", "f[i].is_zero = false;", ""),
    ("PG-6 ahead", "alloc", "if (f->stamp < least)", "if (1)"),
    ("PG-7", "domain_mm", "n <= d->max_pages - d->tot_pages", "true"),
]


def compile_to(target, source, before="."):
    subprocess.run([os.environ.get("HOST_CC", "gcc"), *FLAGS, f"-I{before}",
                    "-Ihypervisor", "-c", "-o", target, source], check=True)


def compile_all(work, sources, before="."):
    """Objects by name of the source; headers in `before` come first."""
    objects = {s.stem: str(pathlib.Path(work, s.stem + ".o"))
               for s in sources}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda s: compile_to(objects[s.stem], s, before),
                      sources))
    return objects


def run_with(objects, work):
    program = str(pathlib.Path(work, "test"))
    subprocess.run([os.environ.get("HOST_CC", "gcc"), "-o", program,
                    *objects.values()], check=True)
    return subprocess.run([program, "1", "600"], timeout=120,
                          capture_output=True, text=True, check=False)


def try_mistake(objects, mistake):
    """None when it is caught, else what is wrong."""
    name, file, old, new = mistake
    file = pathlib.Path("mm", file if "." in file else f"{file}.c")
    text = (MM.parent / file).read_text()
    if text.count(old) != 1:
        return f"{name}: does not fit {file} any more"
    with tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work, file)
        source.parent.mkdir()
        source.write_text(text.replace(old, new))
        # A header is found in the copy's folder by all that include it.
        sources = [source] if file.suffix == ".c" else \
            [MM / f"{name}.c" for name in SOURCES]
        objects = {**objects, **compile_all(work, sources, work)}
        try:
            result = run_with(objects, work)
        except subprocess.TimeoutExpired:
            return None  # it hung: caught
    if "-v" in sys.argv:
        print(f"{name}: {result.stdout.strip()}{result.stderr.strip()}")
    return None if result.returncode else f"{name}: not caught"


def main():
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        sources = [MM / f"{name}.c" for name in SOURCES]
        sources += [TEST / f"{name}.c" for name in
                    ("mm/pagetype_test", "mm/machine", "mm/oracle",
                     "fake/guest_memory")]
        objects = compile_all(work, sources)
        results = pool.map(lambda m: try_mistake(objects, m), MISTAKES)
        problems = [p for p in results if p]
    for problem in problems:
        print(f"not ok {problem}")
    if not problems:
        print(f"ok {len(MISTAKES)} seeded mistakes, each caught")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
