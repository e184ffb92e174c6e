/* SPDX-License-Identifier: MIT */
/*
 * Grants, version 1: pages of ours that others may map, and others' that we
 * map. The own table is set up at the first pv_grant_access().
 * Context: not from trap handlers.
 */
#ifndef PVGUEST_GRANT_H
#define PVGUEST_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/grant_table.h>

/*
 * Lets `domid` map the page at `page`. A grant reference, or a negative
 * errno. The page stays ours and must not be freed before pv_grant_end().
 */
int pv_grant_access(uint16_t domid, const void *page, bool writable);

/* Takes the grant back: false while the other domain has it mapped. */
bool pv_grant_end(uint32_t ref);

/*
 * Maps the page behind `ref` of `domid`. NULL: *error is a negative errno.
 * pv_grant_unmap() takes the mapping away.
 */
void *pv_grant_map(uint16_t domid, uint32_t ref, bool writable, int *error);
void pv_grant_unmap(void *address);

/* A page of another domain, of many that are mapped by one hypercall. */
struct pv_grant_page {
	void *va;        /* IN: of pv_map_reserve(), nothing mapped there */
	uint32_t ref;    /* IN */
	uint32_t handle; /* OUT */
	uint64_t maddr;  /* OUT: machine address, for DMA */
	int error;       /* OUT: 0, or a negative errno: not mapped */
};

/*
 * Maps each page at its own address; all are tried. Returns how many are
 * mapped. pv_grants_unmap() takes those away that are, and only those.
 */
size_t pv_grants_map(uint16_t domid, struct pv_grant_page *pages, size_t count,
		     bool writable);
void pv_grants_unmap(struct pv_grant_page *pages, size_t count);

/* Copies; each element has its own status, GNTST_okay or below zero. */
void pv_grants_copy(struct gnttab_copy *copies, size_t count);

/* GNTST_* as a negative errno. */
int pv_grant_errno(int16_t status);

/* Pages of others that are mapped now. */
size_t pv_grants_mapped(void);

#endif /* PVGUEST_GRANT_H */
