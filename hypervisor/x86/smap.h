/* SPDX-License-Identifier: MIT */
/*
 * STAC and CLAC, in assembly and in C. Boot turns them into no-operations
 * where there is no SMAP (features.c), so that nobody has to ask.
 */
#pragma once

#ifdef __ASSEMBLY__
.macro SMAP insn
773:	\insn
	.pushsection .smap_sites, "a"
	.quad	773b
	.popsection
.endm
#else
#define SMAP(insn)                                                             \
	"773: " insn "\n"                                                      \
	".pushsection .smap_sites, \"a\"\n .quad 773b\n .popsection\n"
#endif
