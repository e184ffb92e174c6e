/* SPDX-License-Identifier: MIT */
/*
 * Where the parts of a new domain go, and what the first page tables say.
 * The tables are checked by walking them as the processor would.
 */
#include "toolstack/layout.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define KERNEL_BASE 0xffffffff80000000ull
#define LINUX_P2M   0x8000000000ull

/* As a Debian kernel of 6.1 asks, with 256 MiB; sizes from that run on the
 * reference hypervisor, see docs/abi.md. */
static const struct tk_layout_request linux_request = {
	.virt_base = KERNEL_BASE,
	.kernel_start = KERNEL_BASE + 0x1000000,
	.kernel_end = KERNEL_BASE + 0x4a00000,
	.ramdisk_size = 0x213000,
	.memory_pages = 65536,
	.ramdisk_unmapped = true,
	.has_init_p2m = true,
	.init_p2m = LINUX_P2M,
};

/* A machine frame for each pfn that is nowhere near it. */
static uint64_t *make_p2m(uint64_t pages)
{
	uint64_t *p2m = calloc(pages, sizeof(*p2m));
	uint64_t i;

	for (i = 0; i < pages; i++)
		p2m[i] = 0x100000 + (i ^ 0x55);
	return p2m;
}

static uint64_t pfn_of(uint64_t mfn)
{
	return (mfn - 0x100000) ^ 0x55;
}

struct tables {
	const struct tk_layout *layout;
	uint64_t *p2m;
	uint64_t (*pages)[TK_PTES_PER_TABLE];
};

static struct tables make_tables(const struct tk_layout *layout)
{
	struct tables tables = { .layout = layout };
	uint64_t i;

	tables.p2m = make_p2m(layout->memory_pages);
	tables.pages = calloc(layout->n_tables + layout->n_p2m_tables,
			      sizeof(*tables.pages));
	for (i = 0; i < layout->n_tables; i++)
		tk_layout_fill_table(layout, tables.p2m, layout->l4_pfn + i,
				     tables.pages[i]);
	for (i = 0; i < layout->n_p2m_tables; i++)
		tk_layout_fill_table(layout, tables.p2m,
				     layout->p2m_span.tables_pfn + i,
				     tables.pages[layout->n_tables + i]);
	return tables;
}

static void free_tables(struct tables *tables)
{
	free(tables->p2m);
	free(tables->pages);
}

static const uint64_t *table_at(const struct tables *tables, uint64_t pfn)
{
	const struct tk_layout *layout = tables->layout;
	uint64_t behind = layout->p2m_pfn + layout->p2m_pages;

	if (pfn >= layout->l4_pfn && pfn < layout->l4_pfn + layout->n_tables)
		return tables->pages[pfn - layout->l4_pfn];
	CHECK(pfn >= behind && pfn < behind + layout->n_p2m_tables);
	return tables->pages[layout->n_tables + pfn - behind];
}

/* The last-level entry for an address; 0 when a table on the way is missing. */
static uint64_t walk(const struct tables *tables, uint64_t virt)
{
	uint64_t pfn = tables->layout->l4_pfn, entry = 0;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		entry = table_at(tables, pfn)[virt >> shift & 511];
		if (!(entry & 1) || shift == 12)
			break;
		CHECK((entry & 0xfff) == 0x67);
		pfn = pfn_of(entry >> 12);
	}
	return entry & 1 ? entry : 0;
}

static bool is_table_pfn(const struct tk_layout *layout, uint64_t pfn)
{
	uint64_t behind = layout->p2m_pfn + layout->p2m_pages;

	return (pfn >= layout->l4_pfn &&
		pfn < layout->l4_pfn + layout->n_tables) ||
	       (layout->p2m_own_span && pfn >= behind &&
		pfn < behind + layout->n_p2m_tables);
}

static void check_span(const struct tables *tables, uint64_t virt,
		       uint64_t pages, uint64_t pfn)
{
	uint64_t i;

	for (i = 0; i < pages; i++) {
		uint64_t entry = walk(tables, virt + i * TK_PAGE_SIZE);
		uint64_t flags =
			is_table_pfn(tables->layout, pfn + i) ? 0x21 : 0x23;

		CHECK(pfn_of(entry >> 12) == pfn + i);
		CHECK((entry & 0xfff) == flags);
	}
	CHECK(!walk(tables, virt + pages * TK_PAGE_SIZE));
}

static void test_linux(void)
{
	struct tk_layout layout;
	struct tables tables;

	CHECK(!tk_layout(&layout, &linux_request, NULL));
	CHECK(layout.kernel_pfn == 0x1000);
	CHECK(layout.kernel_pages == 0x3a00);
	CHECK(layout.start_info_pfn == 0x4a00);
	CHECK(layout.store_pfn == 0x4a01);
	CHECK(layout.console_pfn == 0x4a02);
	CHECK(layout.l4_pfn == 0x4a03);
	CHECK(layout.n_tables == 0x29);
	CHECK(layout.stack_pfn == 0x4a2c);
	CHECK(layout.mapped_end_pfn == 0x4c00);
	CHECK(layout.ramdisk_pfn == 0x4c00);
	CHECK(layout.p2m_pfn == 0x4e13);
	CHECK(layout.p2m_pages == 0x80);
	CHECK(layout.n_p2m_tables == 3);
	CHECK(layout.p2m_virt == LINUX_P2M);
	CHECK(layout.used_end_pfn == 0x4e96);

	tables = make_tables(&layout);
	check_span(&tables, KERNEL_BASE, layout.mapped_end_pfn, 0);
	check_span(&tables, LINUX_P2M, layout.p2m_pages, layout.p2m_pfn);
	free_tables(&tables);
}

/* Without the notes everything is in the one mapping. */
static void test_all_mapped(void)
{
	struct tk_layout_request request = linux_request;
	struct tk_layout layout;
	struct tables tables;

	request.ramdisk_unmapped = false;
	request.has_init_p2m = false;
	CHECK(!tk_layout(&layout, &request, NULL));
	CHECK(layout.ramdisk_pfn == 0x4a00);
	CHECK(layout.p2m_pfn == 0x4c13);
	CHECK(layout.p2m_virt == KERNEL_BASE + 0x4c13000);
	CHECK(layout.start_info_pfn == 0x4c93);
	CHECK(!layout.n_p2m_tables && !layout.p2m_own_span);
	CHECK(layout.used_end_pfn == layout.mapped_end_pfn);
	tables = make_tables(&layout);
	check_span(&tables, KERNEL_BASE, layout.mapped_end_pfn, 0);
	free_tables(&tables);
}

static void test_base_zero(void)
{
	struct tk_layout_request request = {
		.kernel_start = 0x100000,
		.kernel_end = 0x123456,
		.memory_pages = 1024,
	};
	struct tk_layout layout;
	struct tables tables;

	CHECK(!tk_layout(&layout, &request, NULL));
	CHECK(layout.kernel_pages == 0x24);
	CHECK(!layout.ramdisk_pages);
	CHECK(layout.mapped_end_pfn == 1024);
	tables = make_tables(&layout);
	check_span(&tables, 0, 1024, 0);
	free_tables(&tables);
}

static void refuse(const struct tk_layout_request *request, const char *part)
{
	struct tk_layout layout;
	struct tk_error err = { "" };

	CHECK(tk_layout(&layout, request, &err) < 0);
	CHECK_HAS(err.text, part);
}

/* Small domains: the mapping ends with the memory, after the slack. */
static void test_small(void)
{
	struct tk_layout_request request = {
		.kernel_start = 0x1000,
		.kernel_end = 0x64000,
		.memory_pages = 256,
	};
	struct tk_layout layout;
	struct tables tables;

	CHECK(!tk_layout(&layout, &request, NULL));
	CHECK(layout.mapped_end_pfn == 256 && layout.used_end_pfn == 256);
	CHECK(layout.n_tables == 4); /* not one for the next 2 MiB */
	CHECK(layout.stack_pfn == 0x64 + 1 + 3 + 4);
	tables = make_tables(&layout);
	check_span(&tables, 0, 256, 0);
	free_tables(&tables);

	/* 256 = kernel, p2m, 3 pages, 4 tables, stack, 128 of slack */
	request.kernel_end = (256 - 128 - 9) * 4096;
	CHECK(!tk_layout(&layout, &request, NULL));
	request.kernel_end += 1;
	refuse(&request, "1 MiB is too little, this kernel and ramdisk need 2");

	/* What comes behind the mapping needs all of that. */
	request.kernel_end = 0x2000;
	request.ramdisk_size = 1;
	request.ramdisk_unmapped = true;
	refuse(&request, "need 5 MiB");
}

/* The kernel's tables are mapped by more than one L1 table. */
static void test_tables_across(void)
{
	struct tk_layout_request request = {
		.virt_base = KERNEL_BASE,
		.kernel_start = KERNEL_BASE + 0x1000,
		.memory_pages = 65536,
	};
	struct tk_layout layout;
	struct tables tables;
	uint64_t pages;

	for (pages = 490; pages < 514; pages++) {
		request.kernel_end = KERNEL_BASE + pages * 4096;
		CHECK(!tk_layout(&layout, &request, NULL));
		tables = make_tables(&layout);
		check_span(&tables, KERNEL_BASE, layout.mapped_end_pfn, 0);
		free_tables(&tables);
	}
}

/* Addresses for the p2m that cannot have page tables of their own. */
static void test_p2m_falls_back(void)
{
	static const uint64_t bad[] = {
		KERNEL_BASE - 0x1000000, /* the kernel's top-level slot */
		LINUX_P2M + 8,
		0xffff800000000000ull, /* the hypervisor's */
		0x0000800000000000ull, /* not canonical */
		UINT64_MAX - 0xfff,
		KERNEL_BASE,
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tk_layout_request request = linux_request;
		struct tk_layout layout;

		request.init_p2m = bad[i];
		CHECK(!tk_layout(&layout, &request, NULL));
		CHECK(!layout.p2m_own_span);
		CHECK(layout.p2m_virt ==
		      tk_layout_virt(&layout, layout.p2m_pfn));
	}
}

/* Every size of kernel: nothing overlaps and the slack is there. */
static void test_all_sizes(void)
{
	uint64_t pages;

	for (pages = 1; pages < 3000; pages++) {
		struct tk_layout_request request = linux_request;
		struct tk_layout l;
		uint64_t virt_end;

		request.kernel_end = request.kernel_start + pages * 4096;
		CHECK(!tk_layout(&l, &request, NULL));
		virt_end = tk_layout_virt(&l, l.mapped_end_pfn);
		CHECK(l.start_info_pfn == l.kernel_pfn + l.kernel_pages);
		CHECK(l.l4_pfn == l.console_pfn + 1);
		CHECK(l.stack_pfn == l.l4_pfn + l.n_tables);
		CHECK(l.mapped_end_pfn - l.stack_pfn - 1 >= 128);
		CHECK(l.mapped_end_pfn - l.stack_pfn - 1 < 128 + 1024 + 64);
		CHECK(virt_end % (4 << 20) == 0);
		CHECK(l.n_tables ==
		      1 + 1 + 1 + (virt_end - KERNEL_BASE) / (2 << 20));
		CHECK(l.ramdisk_pfn >= l.mapped_end_pfn);
		CHECK(l.p2m_pfn >= l.ramdisk_pfn + l.ramdisk_pages);
	}
}

static void test_too_little_memory(void)
{
	struct tk_layout_request request = linux_request;
	struct tk_layout layout;

	request.memory_pages = 40 * 256;
	refuse(&request, "40 MiB is too little");
	request.memory_pages = 78 * 256;
	refuse(&request, "need 79 MiB");
	request.memory_pages = 79 * 256;
	CHECK(!tk_layout(&layout, &request, NULL));
	request.memory_pages = 0;
	refuse(&request, "too little");
	request = linux_request;
	request.ramdisk_size = UINT64_MAX;
	refuse(&request, "too little");
	request.ramdisk_size = 0;
	request.memory_pages = UINT64_MAX;
	refuse(&request, "too much");
}

static void test_bad_addresses(void)
{
	struct tk_layout_request request = linux_request;

	request.virt_base = 0x0000900000000000ull;
	refuse(&request, "virtual base");
	request.virt_base = KERNEL_BASE + 1;
	refuse(&request, "virtual base");
	request = linux_request;
	request.kernel_end = request.kernel_start;
	refuse(&request, "addresses");
	request.kernel_start = KERNEL_BASE - 1;
	refuse(&request, "addresses");
	request = linux_request;
	request.virt_base = 0xffffffffffc00000ull;
	request.kernel_start = request.virt_base;
	request.kernel_end = request.virt_base + 0x1000;
	refuse(&request, "end of the address space");
	request.virt_base = 0xffff7fffffe00000ull;
	refuse(&request, "virtual base");
	request.virt_base = 0x00007ffffff80000ull;
	request.kernel_start = request.virt_base;
	request.kernel_end = request.virt_base + 0x1000;
	refuse(&request, "collides");
	request.virt_base = 0xffff880000000000ull - 0x400000;
	request.kernel_start = request.virt_base;
	request.kernel_end = request.virt_base + 0x1000;
	refuse(&request, "collides");
}

static const struct test tests[] = {
	TEST(test_linux),         TEST(test_all_mapped),
	TEST(test_base_zero),     TEST(test_p2m_falls_back),
	TEST(test_all_sizes),     TEST(test_too_little_memory),
	TEST(test_bad_addresses), TEST(test_small),
	TEST(test_tables_across),
};

int main(void)
{
	return RUN_TESTS(tests);
}
