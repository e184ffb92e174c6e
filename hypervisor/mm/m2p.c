/* SPDX-License-Identifier: MIT */
/*
 * The machine-to-physical table: which guest frame number the owner gave a
 * machine frame. Guests read it at M2P_VIRT_START; the hypervisor writes it
 * through its alias and never believes it (PT-16).
 */
#include "mm/m2p.h"

#include "mm/domain_mm.h"
#include "x86/paging.h"

void m2p_set(mfn_t m, uint64_t gfn)
{
	if (m.n < machine_frames)
		write_once(((uint64_t *)M2P_RW_START)[m.n], gfn);
}

/* Walk the hypervisor's own tables, which hold large pages. */
mfn_t m2p_frame(uint64_t offset)
{
	uint64_t va = M2P_VIRT_START + offset;
	uint64_t *table = boot_l4;

	for (unsigned int shift = 39;; shift -= 9) {
		uint64_t pte = table[(va >> shift) & 511];

		if (!(pte & PTE_PRESENT))
			return INVALID_MFN;
		if (shift == PAGE_SHIFT || (shift < 39 && (pte & PTE_LARGE))) {
			uint64_t in_page = (1ull << shift) - 1;

			return mfn_of(((pte & PTE_ADDR & ~in_page) |
				       (va & in_page)) >>
				      PAGE_SHIFT);
		}
		table = mfn_to_virt(pte_mfn(pte));
	}
}

/* The control domain may map the table's frames, read-only. */
void m2p_init(void)
{
	for (uint64_t at = 0; at < m2p_bytes(); at += PAGE_SIZE) {
		mfn_t m = m2p_frame(at);

		if (m.n < machine_frames)
			frame_at(m)->state = FRAME_M2P;
	}
}
