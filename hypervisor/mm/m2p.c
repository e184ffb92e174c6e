/* SPDX-License-Identifier: MIT */
/*
 * The machine-to-physical table: which guest frame number the owner gave a
 * machine frame. Guests read it at M2P_VIRT_START; the hypervisor writes it
 * through its alias and never believes it (PT-16).
 */
#include "mm/mm.h"

void m2p_set(mfn_t m, uint64_t gfn)
{
	if (m.n < machine_frames)
		write_once(((uint64_t *)M2P_RW_START)[m.n], gfn);
}

/* Boot maps it with pages of 2 MiB, which are entries of level 2. */
mfn_t m2p_frame(uint64_t offset)
{
	uint64_t va = M2P_VIRT_START + offset, at = virt_to_phys(boot_l4);

	for (unsigned int shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		const uint64_t *table = phys_to_virt(at & PTE_ADDR);

		at = table[(va >> shift) & 511];
		if (!(at & PTE_PRESENT))
			return INVALID_MFN;
	}
	return mfn_of(pte_mfn(at).n + ((va >> PAGE_SHIFT) & 511));
}

/* The control domain may map the table's frames, read-only. */
void m2p_init(void)
{
	for (uint64_t i = 0; i < machine_frames; i += PAGE_SIZE / 8) {
		mfn_t m = m2p_frame(i * 8);

		if (m.n < machine_frames)
			frame_at(m)->state = FRAME_M2P;
	}
}
