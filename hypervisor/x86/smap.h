/* SPDX-License-Identifier: MIT */
/*
 * SMAP(stac) and SMAP(clac), in assembly and in text of it. Boot turns them
 * into no-operations where there is no SMAP (features.c), so that nobody has
 * to ask.
 */
#pragma once

/* clang-format off */
#ifdef __ASSEMBLY__
#define SMAP(insn) \
	773: insn; .pushsection .smap_sites, "a"; .quad 773b; .popsection
#else
#define SMAP(insn) \
	"773: " #insn "; " \
	".pushsection .smap_sites, \"a\"; .quad 773b; .popsection\n"
#endif
/* clang-format on */
