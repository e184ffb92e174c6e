/* SPDX-License-Identifier: MIT */
/*
 * Grants of a domain to itself.
 */
#include "abi.h"

#include <pvguest/grant.h>

static struct grant_entry_v1 *entries; /* the first page of the table */
static uint64_t *page;
static int ref;

/* Pages that are granted by `ref`, which is ours to write. */
static void begin(bool writable)
{
	xen_pfn_t frame = 0;
	struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1 };
	uint64_t mfn;
	int error;

	page = pv_page_alloc();
	ref = pv_grant_access(own_domid(), page, writable);
	set_xen_guest_handle(op.frame_list, &frame);
	(void)grant_op(GNTTABOP_setup_table, &op);
	mfn = frame;
	entries = pv_map_frames(DOMID_SELF, &mfn, 1, true, &error);
}

static void end(void)
{
	pv_unmap_frames(entries, 1);
	show("revoke", pv_grant_end((uint32_t)ref));
	pv_page_free(page);
}

void property_grant_table(void)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_get_version v = { .dom = DOMID_SELF };
	struct gnttab_set_version s = { .version = 1 };

	show("query", grant_op(GNTTABOP_query_size, &q));
	show_number("status", q.status);
	show("frames", q.nr_frames);
	show("most", q.max_nr_frames);
	show("version", grant_op(GNTTABOP_get_version, &v));
	show("is", (long)v.version);
	show("set version 1", grant_op(GNTTABOP_set_version, &s));
	show("is", s.version);
	s.version = 3;
	show("set version 3", grant_op(GNTTABOP_set_version, &s));
	s.version = 0;
	show("set version 0", grant_op(GNTTABOP_set_version, &s));
	show("nowhere", grant_op(GNTTABOP_query_size, NOWHERE));
}

void property_grant_table_version2(void)
{
	struct gnttab_set_version s = { .version = 2 };
	struct gnttab_get_version v = { .dom = DOMID_SELF };

	show("set version 2", grant_op(GNTTABOP_set_version, &s));
	show("is", s.version);
	s.version = 1;
	show("set version 1", grant_op(GNTTABOP_set_version, &s));
	(void)grant_op(GNTTABOP_get_version, &v);
	show("is", (long)v.version);
}

static void show_setup(const char *name, struct gnttab_setup_table *t)
{
	show(name, grant_op(GNTTABOP_setup_table, t));
	show_number("status", t->status);
}

void property_grant_table_errors(void)
{
	static const uint16_t ids[] = { 0, 700, DOMID_IO, DOMID_XEN, 0x8000 };
	xen_pfn_t frames[2];
	struct gnttab_setup_table t;
	struct gnttab_query_size q;
	struct gnttab_get_version v;

	for (unsigned int i = 0; i < COUNT(ids); i++) {
		t = (struct gnttab_setup_table){ .dom = ids[i],
						 .nr_frames = 1 };
		set_xen_guest_handle(t.frame_list, frames);
		q = (struct gnttab_query_size){ .dom = ids[i] };
		v = (struct gnttab_get_version){ .dom = ids[i] };
		pv_printf("domain %x ", ids[i]);
		show_setup("setup", &t);
		show("query", grant_op(GNTTABOP_query_size, &q));
		show_number("status", q.status);
		show("version", grant_op(GNTTABOP_get_version, &v));
	}
	t = (struct gnttab_setup_table){ .dom = DOMID_SELF, .nr_frames = 4096 };
	set_xen_guest_handle(t.frame_list, frames);
	show_setup("too many frames", &t);
	t.nr_frames = 1;
	set_xen_guest_handle(t.frame_list, NOWHERE);
	show_setup("list nowhere", &t);
	t.nr_frames = 0;
	show_setup("no frames", &t);
	for (unsigned int command = 13; command < 16; command++)
		show("unknown", grant_op(command, frames));
	show("no element", pv_hypercall3(__HYPERVISOR_grant_table_op,
					 GNTTABOP_query_size, 0, 0));
	show("count 2^31",
	     pv_hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_query_size,
			   PV_ARG(&q), 1U << 31));
}

static struct gnttab_map_grant_ref map_op(void *at, uint32_t flags)
{
	return (struct gnttab_map_grant_ref){ .host_addr = PV_ARG(at),
					      .flags = flags,
					      .ref = (uint32_t)ref,
					      .dom = own_domid() };
}

static struct gnttab_unmap_grant_ref
unmap_op(void *at, const struct gnttab_map_grant_ref *m)
{
	return (struct gnttab_unmap_grant_ref){ .host_addr = PV_ARG(at),
						.handle = m->handle };
}

static void show_map(const char *name, struct gnttab_map_grant_ref *m)
{
	show(name, grant_op(GNTTABOP_map_grant_ref, m));
	show_number("status", m->status);
}

static void show_unmap(const char *name, struct gnttab_unmap_grant_ref *u)
{
	show(name, grant_op(GNTTABOP_unmap_grant_ref, u));
	show_number("status", u->status);
}

/* The whole way: mapped, in use, unmapped. */
void property_grant_map(void)
{
	uint64_t *at = pv_map_reserve(1);
	struct gnttab_map_grant_ref m;
	struct gnttab_unmap_grant_ref u;

	begin(true);
	page[3] = 33;
	m = map_op(at, GNTMAP_host_map);
	show_map("map", &m);
	show("frame", m.dev_bus_addr == maddr_of(page));
	show("read", (long)at[3]);
	at[4] = 44;
	show("written", (long)page[4]);
	show_hex("entry", *entry_at(PV_ARG(at), 1) & 0xe07);
	show_hex("in use", entries[ref].flags);
	show("page is no table",
	     pv_page_set_writable(page, false) ? 1 : pin(1, page));
	(void)pv_page_set_writable(page, true);
	u = unmap_op(at, &m);
	show_unmap("unmap", &u);
	show_hex("in use", entries[ref].flags);
	show("gone", pv_probe_read(at, &page[5]));
	show_unmap("again", &u);
	end();
	pv_map_release(at, 1);
}

static const struct {
	const char *name;
	uint32_t flags;
} forms[] = {
	{ "nothing", 0 },
	{ "host", GNTMAP_host_map },
	{ "read-only", GNTMAP_host_map | GNTMAP_readonly },
	{ "device", GNTMAP_device_map },
	{ "both", GNTMAP_device_map | GNTMAP_host_map },
	{ "application", GNTMAP_host_map | GNTMAP_application_map },
	{ "available bits", GNTMAP_host_map | 7 << _GNTMAP_guest_avail0 },
	{ "unknown flags", GNTMAP_host_map | 0x20 },
};

static void map_forms(void)
{
	void *at = pv_map_reserve(1);
	struct gnttab_map_grant_ref m;
	struct gnttab_unmap_grant_ref u;

	for (unsigned int i = 0; i < COUNT(forms); i++) {
		m = map_op(at, forms[i].flags);
		pv_printf("%s ", forms[i].name);
		show_map("map", &m);
		if (m.status != GNTST_okay)
			continue;
		show_hex("entry", *entry_at(PV_ARG(at), 1) & 0xe07);
		show_hex("in use", entries[ref].flags);
		u = unmap_op(forms[i].flags & GNTMAP_host_map ? at : NULL, &m);
		if (forms[i].flags & GNTMAP_device_map)
			u.dev_bus_addr = m.dev_bus_addr;
		show_unmap("unmap", &u);
		show_hex("in use", entries[ref].flags);
	}
	pv_map_release(at, 1);
}

void property_grant_map_forms(void)
{
	begin(true);
	map_forms();
	end();
}

void property_grant_map_readonly(void)
{
	begin(false);
	map_forms();
	end();
}

static void try_map(const char *name, struct gnttab_map_grant_ref m)
{
	struct gnttab_unmap_grant_ref u;

	show_map(name, &m);
	if (m.status == GNTST_okay) {
		u = unmap_op((void *)m.host_addr, &m);
		(void)grant_op(GNTTABOP_unmap_grant_ref, &u);
	}
}

void property_grant_map_errors(void)
{
	static const uint16_t ids[] = { DOMID_SELF, 0,         700,
					DOMID_IO,   DOMID_XEN, 0x8000 };
	static const uint64_t addresses[] = { 0x7000deadb000, HOLE,
					      HYPERVISOR_START,
					      0xffff830000000000 };
	void *at = pv_map_reserve(1);
	struct gnttab_map_grant_ref m;

	begin(true);
	for (unsigned int i = 0; i < COUNT(ids); i++) {
		m = map_op(at, GNTMAP_host_map);
		m.dom = ids[i];
		pv_printf("domain %x ", ids[i]);
		try_map("map", m);
	}
	m = map_op(at, GNTMAP_host_map);
	m.ref = 400;
	try_map("unused reference", m);
	m.ref = 1U << 20;
	try_map("no reference", m);
	for (unsigned int i = 0; i < COUNT(addresses); i++)
		try_map("bad address",
			map_op((void *)addresses[i], GNTMAP_host_map));
	try_map("unaligned", map_op((char *)at + 8, GNTMAP_host_map));
	entries[ref].flags = GTF_permit_access | GTF_readonly;
	try_map("writable of read-only", map_op(at, GNTMAP_host_map));
	entries[ref].flags = GTF_accept_transfer;
	try_map("of a transfer", map_op(at, GNTMAP_host_map));
	entries[ref].flags = GTF_permit_access;
	entries[ref].domid = 0;
	try_map("for another", map_op(at, GNTMAP_host_map));
	entries[ref].domid = own_domid();
	entries[ref].frame = 0x100;
	try_map("frame of others", map_op(at, GNTMAP_host_map));
	entries[ref].frame = 0xfffffff;
	try_map("no frame", map_op(at, GNTMAP_host_map));
	entries[ref].frame = (uint32_t)pv_va_to_mfn(page);
	end();
	pv_map_release(at, 1);
}

/* The place of the entry instead of the address. */
void property_grant_map_entry(void)
{
	uint64_t *at = pv_map_reserve(1), value = 0;
	uint64_t where = pv_pte_maddr(entry_at(PV_ARG(at), 1));
	struct gnttab_map_grant_ref m;
	struct gnttab_unmap_grant_ref u;

	begin(true);
	page[0] = 5;
	m = map_op((void *)where, GNTMAP_host_map | GNTMAP_contains_pte);
	show_map("map", &m);
	show("read", pv_probe_read(at, &value) ? (long)value : -1);
	u = unmap_op((void *)(where + 8), &m);
	show_unmap("unmap elsewhere", &u);
	u = unmap_op((void *)where, &m);
	show_unmap("unmap", &u);
	try_map("unaligned", map_op((void *)(where + 4),
				    GNTMAP_host_map | GNTMAP_contains_pte));
	try_map("no table", map_op((void *)maddr_of(page),
				   GNTMAP_host_map | GNTMAP_contains_pte));
	end();
	pv_map_release(at, 1);
}

void property_grant_unmap_errors(void)
{
	void *at = pv_map_reserve(2);
	struct gnttab_map_grant_ref m;
	struct gnttab_unmap_grant_ref u;

	begin(true);
	m = map_op(at, GNTMAP_host_map);
	(void)grant_op(GNTTABOP_map_grant_ref, &m);
	u = unmap_op((char *)at + 4096, &m);
	show_unmap("other address", &u);
	u = unmap_op(at, &m);
	u.handle = 12345;
	show_unmap("no handle", &u);
	u.handle = ~0U;
	show_unmap("handle ~0", &u);
	u = unmap_op(at, &m);
	u.dev_bus_addr = 0x100000;
	show_unmap("other bus address", &u);
	show_hex("in use", entries[ref].flags);
	u.dev_bus_addr = 0;
	show_unmap("unmap", &u);
	show("nowhere", grant_op(GNTTABOP_unmap_grant_ref, NOWHERE));
	end();
	pv_map_release(at, 2);
}

/* Copies ------------------------------------------------------------------*/

static struct gnttab_copy copy_op(uint64_t *to, uint16_t flags)
{
	struct gnttab_copy c = { .len = 16, .flags = flags };

	c.source.domid = c.dest.domid = flags ? own_domid() : DOMID_SELF;
	c.source.u.gmfn = pv_va_to_mfn(page);
	c.dest.u.gmfn = pv_va_to_mfn(to);
	if (flags & GNTCOPY_source_gref)
		c.source.u.ref = (uint32_t)ref;
	else
		c.source.domid = DOMID_SELF;
	if (flags & GNTCOPY_dest_gref)
		c.dest.u.ref = (uint32_t)ref;
	else
		c.dest.domid = DOMID_SELF;
	return c;
}

static void try_copy(const char *name, struct gnttab_copy c)
{
	show(name, grant_op(GNTTABOP_copy, &c));
	show_number("status", c.status);
}

void property_grant_copy(void)
{
	uint64_t *to = pv_page_alloc();
	struct gnttab_copy c;

	begin(true);
	page[0] = 11;
	page[1] = 12;
	try_copy("frame to frame", copy_op(to, 0));
	show("copied", to[0] == 11 && to[1] == 12 && to[2] == 0);
	to[0] = 0;
	try_copy("grant to frame", copy_op(to, GNTCOPY_source_gref));
	show("copied", (long)to[0]);
	c = copy_op(page, GNTCOPY_dest_gref);
	to[0] = 21;
	c.source.u.gmfn = pv_va_to_mfn(to);
	try_copy("frame to grant", c);
	show("copied", (long)page[0]);
	c = copy_op(to, GNTCOPY_source_gref | GNTCOPY_dest_gref);
	c.dest.offset = 100;
	try_copy("within a grant", c);
	show("copied", ((uint8_t *)page)[100]);
	c = copy_op(to, 0);
	c.len = 0;
	try_copy("nothing", c);
	c.len = 4096;
	try_copy("all", c);
	c.source.offset = 1;
	try_copy("beyond the source", c);
	c.source.offset = 0;
	c.dest.offset = 1;
	try_copy("beyond the destination", c);
	c.dest.offset = 4096;
	c.len = 0;
	try_copy("nothing at the end", c);
	c.dest.offset = 4097;
	try_copy("nothing behind it", c);
	show_hex("in use", entries[ref].flags);
	end();
	pv_page_free(to);
}

void property_grant_copy_errors(void)
{
	uint64_t *to = pv_page_alloc(), *table = table_page();
	struct gnttab_copy c;

	begin(false);
	try_copy("to read-only grant", copy_op(to, GNTCOPY_dest_gref));
	c = copy_op(to, GNTCOPY_source_gref);
	c.source.u.ref = 400;
	try_copy("unused reference", c);
	c.source.u.ref = 1U << 20;
	try_copy("no reference", c);
	c = copy_op(to, GNTCOPY_source_gref);
	c.source.domid = 700;
	try_copy("no domain", c);
	c.source.domid = DOMID_IO;
	try_copy("domain of I/O", c);
	c = copy_op(to, 0);
	c.source.domid = 0;
	try_copy("frame of another", c);
	c = copy_op(to, 0);
	c.source.u.gmfn = 0x100;
	try_copy("frame that is not ours", c);
	c.source.u.gmfn = 1UL << 38;
	try_copy("no frame", c);
	(void)pin(1, table);
	c = copy_op(table, 0);
	try_copy("to a table", c);
	c = copy_op(to, 0);
	c.source.u.gmfn = pv_va_to_mfn(table);
	try_copy("from a table", c);
	c = copy_op(to, 0x8);
	try_copy("unknown flags", c);
	(void)unpin(table);
	show_hex("in use", entries[ref].flags);
	end();
	table_free(table);
	pv_page_free(to);
}

/* What this ABI has for others. */
void property_grant_absent(void)
{
	static uint8_t zeroes[64];
	static const uint8_t commands[] = { 3, 4, 7, 9, 11, 12 };

	for (unsigned int i = 0; i < COUNT(commands); i++) {
		memset(zeroes, 0, sizeof(zeroes));
		pv_printf("%u ", commands[i]);
		show("operation", grant_op(commands[i], zeroes));
	}
}
