/* SPDX-License-Identifier: MIT */
/*
 * Feature bits: XENVER_get_features and the FEATURES notes of an image.
 */
#ifndef XEN_PUBLIC_FEATURES_H
#define XEN_PUBLIC_FEATURES_H

#define XENFEAT_writable_page_tables       0 /* tables may be mapped writable */
#define XENFEAT_writable_descriptor_tables 1 /* so may the GDT and LDT */
#define XENFEAT_auto_translated_physmap    2 /* no p2m: HVM and PVH */
#define XENFEAT_supervisor_mode_kernel     3 /* kernel in ring 0 */
#define XENFEAT_pae_pgdir_above_4gb        4 /* 32-bit guests only */
#define XENFEAT_mmu_pt_update_preserve_ad  5 /* MMU_PT_UPDATE_PRESERVE_AD */
#define XENFEAT_highmem_assist             6 /* mmuext clear/copy page */
#define XENFEAT_gnttab_map_avail_bits      7 /* GNTMAP_guest_avail0 */
#define XENFEAT_hvm_callback_vector        8
#define XENFEAT_hvm_safe_pvclock           9
#define XENFEAT_hvm_pirqs                  10
#define XENFEAT_dom0                       11 /* image can be domain 0 */
#define XENFEAT_memory_op_vnode_supported  13 /* XENMEMF_vnode */
#define XENFEAT_ARM_SMCCC_supported        14
#define XENFEAT_linux_rsdp_unrestricted    15
#define XENFEAT_not_direct_mapped          16 /* pfn and mfn differ */
#define XENFEAT_direct_mapped              17 /* pfn and mfn are equal */

/* Words of 32 features each. */
#define XENFEAT_NR_SUBMAPS 1

#endif /* XEN_PUBLIC_FEATURES_H */
