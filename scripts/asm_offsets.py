#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn the marked lines of compiled asm-offsets.c into a header for assembly.

The C file defines, in its own words:

    #define DEFINE(name, value) \\
            asm volatile("\\n.ascii \\"@@" #name " %c0\\"" : : "i"(value))

so that every constant shows up in the compiler's output as `@@NAME VALUE`.
"""
import re
import sys

MARK = re.compile(r'@@\s*(\w+)\s+[$#]?(-?\d+)')


def main():
    text = open(sys.argv[1], encoding="utf-8").read()
    print("/* SPDX-License-Identifier: MIT */")
    print("/* Generated from asm-offsets.c. Do not edit. */")
    print("#ifndef GEN_ASM_OFFSETS_H\n#define GEN_ASM_OFFSETS_H")
    found = MARK.findall(text)
    if not found:
        sys.exit("asm_offsets: no @@NAME VALUE marks in " + sys.argv[1])
    for name, value in found:
        print(f"#define {name} {value}")
    print("#endif")


if __name__ == "__main__":
    main()
