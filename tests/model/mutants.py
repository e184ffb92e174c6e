#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seed one mistake at a time into hypervisor/mm; the search must meet each.

Each stands for a class of published advisory (XSA numbers), or for a way to
get concurrency wrong. Run from the top of the tree. A mistake that survives is
a hole in the model, one that no longer fits the source has to be written anew.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

MODEL = pathlib.Path("tests/model")
MM = pathlib.Path("hypervisor/mm")
FLAGS = ("-std=gnu11 -O1 -fno-strict-aliasing -fno-stack-protector "
         "-fcf-protection=none -D_GNU_SOURCE -w -DTENON_HOSTED -DTENON_DEBUG "
         "-Itests/unit/mm/fake -Itests/model -Iinclude").split()
OTHERS = [*(MODEL / f"{name}.c" for name in
            ("machine", "oracle", "ops", "scenarios", "explore")),
          pathlib.Path("tests/unit/fake/guest_memory.c")]
STATES = "3000000"

# (rule, advisories, scenario, file, (text, what replaces it)...)
MISTAKES = [
    ("PT-1 kind changes in use", "the base of all", "odd", "pagetype",
     ("if (!(old & TYPE_COUNT)) /", "if (!(old & TYPE_BUSY)) /")),
    ("PT-3 writable not counted", "148, 182", "odd", "pagetype",
     ("rc = frame_get_type(f, TYPE_WRITABLE);", "rc = 0;")),
    ("PT-4 old references kept", "291", "promote", "pagetype",
     ("if (counted)\n\t\tentry_put(d, was, kept);", "")),
    ("PT-5 fast path misses a bit", "182", "odd", "pagetype",
     ("bool get = moved && (value & PTE_WRITE),", "bool get = false,")),
    ("PT-6 large pages", "148", "odd", "pte.h",
     ("if (unlikely(raw & (CACHE_BITS | PTE_GLOBAL)))", "if (0)")),
    ("PT-9 same level, store", "185, 240, 290", "odd", "pagetype",
     ("rc = table_get(d, mfn_of(now.frame), level - 1);",
      "rc = table_get(d, mfn_of(now.frame), level);")),
    ("PT-9 same level, promotion", "185, 240, 290", "interrupt", "pagetype",
     ("? table_begin(d, mfn_of(c.frame), level - 1)",
      "? table_begin(d, mfn_of(c.frame), level)")),
    ("PT-11 another domain's frame", "214", "odd", "pagetype",
     ("!frame_get(f, owner)", "!frame_get(f, f->owner)")),
    ("PT-12 flush before commit", "401", "map", "pagetype",
     ("uint64_t old = read_once(f->type), new;\n\n\tfor (;;)",
      "uint64_t old = read_once(f->type), new;\n\n"
      "\tif (has_history(old, t)) tlb_flush_since(read_once(f->stamp));\n"
      "\tfor (;;)"),
     ("if (has_history(old, t)) /* after the commit: PT-12 */\n"
      "\t\ttlb_flush_since(read_once(f->stamp));", "")),
    ("PT-12 asks the new kind", "408", "promote", "pagetype",
     ("if (has_history(old, t)) /* after", "if (has_history(new, t)) /* after")),
    ("PT-13 failure forgotten", "299", "interrupt", "pagetype",
     ("w->demoting = true;\n\t} else", "w->depth = 0;\n\t} else")),
    ("PT-13 promotion goes on one too far", "299", "interrupt", "pagetype",
     ("top->index = (unsigned int)(pte - entries);",
      "top->index = (unsigned int)(pte - entries) + 1;")),
    ("PT-13 demotion repeats an entry", "299", "interrupt", "pagetype",
     ("top->index = index_of(pte - 1);", "top->index = index_of(pte);")),
    ("PT-13 result nobody asks for", "310", "interrupt", "pagetype",
     ("table_put(d, root);", "")),
    ("PT-13 two owners of a result", "58", "interrupt", "pagetype",
     ("w->root = NULL;\n\treturn w->result;", "return w->result;")),
    ("PT-13 others go on meanwhile", "264, 299", "interrupt", "pagetype.h",
     ("|| !walker_run(d)", "|| true")),
    ("PT-2 last use without its work", "242", "interrupt", "pagetype",
     ("(old & TYPE_COUNT) == 1 ? old | TYPE_BUSY : old - 1", "old - 1")),
    ("PT-17 pinned twice", "252", "promote", "domain_mm",
     ("if (old & TYPE_PINNED) {", "if (0) {")),
    ("PT-17 unpinned twice", "252", "promote", "domain_mm",
     ("if (!(old & TYPE_PINNED))", "if (0)")),
    ("TL-1 trade forgets the kind", "214", "trade", "domain_mm",
     ("f->owner = d;\n\t\tf->state", "f->owner = d; f->type = 0; f->state")),
    ("TL-2 stamp goes back", "241", "stamp", "pagetype",
     ("while (old < epoch && !atomic_replace(&f->stamp, &old, epoch))\n\t\t;",
      "(void)old; write_once(f->stamp, epoch);")),
    ("TL-2 stamp after the count", "241", "map", "pagetype",
     ("frame_stamp(f);\n\tASSERT(f->type & TYPE_COUNT);\n"
      "\t__atomic_sub_fetch(&f->type, 1, __ATOMIC_SEQ_CST);",
      "__atomic_sub_fetch(&f->type, 1, __ATOMIC_SEQ_CST);\n"
      "\tframe_stamp(f);")),
    ("TL-2 epoch before the flush", "241, 292", "promote", "tlb",
     ("paging_load_root(root);",
      "write_once(cpu->tlb_epoch, epoch);\n\tpaging_load_root(root);")),
    ("TL-3 handed out before the flush", "217", "free", "alloc",
     ("tlb_flush_since(f->stamp);", ";")),
    ("TL-4 only the owner's CPUs", "217", "map", "tlb",
     ("flush_cpus(stamp, NULL, NULL);",
      "flush_cpus(stamp, this_cpu()->tlb_domain, NULL);")),
    ("TL-5 cached table pointer", "286", "tables", "pagetype",
     ("tlb_flush_domain(d);", ";")),
    ("TL-6 root let go while loaded", "438", "roots", "domain_mm",
     ("mm_load_root(v);", ";")),
    ("TL-6 no record while CR3 changes", "494", "tables", "tlb",
     ("write_once(cpu->tlb_domain, ANY_DOMAIN_LOADED);", ";")),
    ("TL-2 clean while the root is loaded", "292", "tables", "tlb",
     ("write_once(cpu->tlb_epoch, epoch - 1);", ";")),
    ("PG-1 owner before reference", "219", "copy", "pagetype",
     ("/* The count, without REF_ALLOCATED, is neither 0 nor at its limit. */",
      "if (!owner || read_once(f->owner) != owner)\n\t\treturn false;"),
     ("if (owner && read_once(f->owner) == owner)\n\t\treturn true;",
      "return true;")),
    ("PG-2 reference dropped before use", "219", "store", "mmu_ops",
     ("type = read_once(f->type);", "frame_put(f); type = read_once(f->type);"),
     ("\tframe_put(f);\n\treturn rc;", "\treturn rc;")),
    ("HC-8 reference kept after an error", "113", "odd", "mmu_ops",
     ("\tframe_put(f);\n\treturn rc;", "\tif (!rc) frame_put(f);\n\treturn rc;")),
    ("PG-3 given back twice", "252", "free", "pagetype",
     ("if (!(old & REF_ALLOCATED))", "if (0)")),
    ("PG-3 given back by two at once", "252", "free", "pagetype",
     ("__atomic_fetch_and(&f->ref, ~REF_ALLOCATED, __ATOMIC_SEQ_CST);",
      "read_once(f->ref);\n\twrite_once(f->ref, old & ~REF_ALLOCATED);")),
    ("PG-4 taken in use", "217, 287", "copy", "domain_mm",
     ("uint64_t alone = REF_ALLOCATED | 2;", "uint64_t alone = f->ref;")),
    ("PG-4 taken in two steps", "287", "copy", "domain_mm",
     ("!atomic_replace(&f->ref, &alone, 0)",
      "read_once(f->ref) != alone || write_once(f->ref, 0)")),
    ("PG-6 contents left", "25, 100", "store", "alloc",
     ("if (!f[i].is_zero)\n\t\t\tclear_page(&f[i]);", "")),
    ("lost reference, get", "concurrency", "copy", "pagetype",
     ("while (unlikely(!atomic_replace(&f->ref, &old, old + 1)));",
      "while (0);\n\twrite_once(f->ref, old + 1);")),
    ("lost reference, put", "concurrency", "copy", "pagetype",
     ("uint64_t left = __atomic_sub_fetch(&f->ref, 1, __ATOMIC_SEQ_CST);",
      "uint64_t left = read_once(f->ref) - 1;\n\twrite_once(f->ref, left);")),
    ("lost type reference", "concurrency", "stamp", "pagetype",
     ("ASSERT(f->type & TYPE_COUNT);\n"
      "\t__atomic_sub_fetch(&f->type, 1, __ATOMIC_SEQ_CST);",
      "write_once(f->type, read_once(f->type) - 1);")),
    ("two kinds at once", "concurrency", "copy", "pagetype",
     ("if (atomic_replace(&f->type, &old, new))\n\t\t\tbreak;",
      "write_once(f->type, new);\n\t\tbreak;")),
    ("entries stored without the lock", "concurrency", "promote", "mmu_ops",
     ("int rc = mmu_enter(p->tables);\n\n\tif (rc)",
      "int rc = 0;\n\n\tif (rc)"),
     ("mmu_leave(p->tables);", "")),
    ("emulation without the lock", "concurrency", "emulate", "l1_access",
     ("int rc = mmu_enter(d);\n\n\tif (rc)\n\t\treturn -XEN_EAGAIN;",
      "int rc;\n"),
     ("mmu_leave(d);", "")),
]
# The model sees for itself; that an assertion does would prove less.
ASSERTIONS = ("ASSERT(spin_held(&d->mmu_lock));\n",
              "ASSERT(spin_held(&d->mmu_lock) && !w->depth);\n",
              "ASSERT(f->type & TYPE_COUNT);\n")


def compile_to(target, source, *includes):
    subprocess.run([os.environ.get("HOST_CC", "gcc"), *FLAGS,
                    *[f"-I{i}" for i in includes], "-Ihypervisor", "-c", "-o",
                    str(target), str(source)], check=True)


def seed(work, file, edits):
    """A copy of mm/ with the mistake under `work`; what does not fit."""
    copy = pathlib.Path(work, "mm")
    copy.mkdir()
    for source in MM.iterdir():
        (copy / source.name).write_text(source.read_text())
    path = copy / (file if "." in file else f"{file}.c")
    text = path.read_text()
    for old, new in edits:
        if text.count(old) != 1:
            return f"{old!r} does not fit {path.name} any more"
        text = text.replace(old, new)
    path.write_text(text)
    core = copy / "pagetype.c"
    text = core.read_text()
    for assertion in ASSERTIONS:
        text = text.replace(assertion, "")
    core.write_text(text)
    return None


def try_mistake(objects, mistake):
    """None when it is caught, else what is wrong."""
    rule, advisories, scenario, file, *edits = mistake
    with tempfile.TemporaryDirectory() as work:
        misfit = seed(work, file, edits)
        if misfit:
            return f"{rule}: {misfit}"
        core, program = pathlib.Path(work, "core.o"), pathlib.Path(work, "m")
        compile_to(core, MODEL / "core.c", work)
        subprocess.run([os.environ.get("HOST_CC", "gcc"), "-no-pie", "-o",
                        str(program), str(core), *objects], check=True)
        try:
            result = subprocess.run(
                [program, scenario, "--states", STATES], timeout=300,
                capture_output=True, text=True, check=False)
        except subprocess.TimeoutExpired:
            return f"{rule}: not caught in time"
    first = (result.stdout.splitlines() or [f"exit {result.returncode}"])[0]
    if "-v" in sys.argv:
        print(f"{rule} ({advisories}): {first}", flush=True)
    return None if result.returncode else f"{rule}: not caught ({first})"


def main():
    wanted = [a for a in sys.argv[1:] if a != "-v"]
    chosen = [m for m in MISTAKES
              if not wanted or any(w in m[0] for w in wanted)]
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        objects = [str(pathlib.Path(work, f"{s.stem}.o")) for s in OTHERS]
        list(pool.map(compile_to, objects, OTHERS))
        results = pool.map(lambda m: try_mistake(objects, m), chosen)
        problems = [p for p in results if p]
    for problem in problems:
        print(f"not ok {problem}")
    if not problems:
        print(f"ok {len(chosen)} seeded mistakes, each caught")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
