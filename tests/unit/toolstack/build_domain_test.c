/* SPDX-License-Identifier: MIT */
/*
 * The domain builder against the fake machine: what the new domain's memory
 * holds in the end, and that nothing stays behind when any single call or
 * allocation on the way fails.
 */
#include "toolstack/build_domain.h"

#include <stdlib.h>
#include <string.h>

#include <public/grant_table.h>

#include "check.h"
#include "fake_primitives.h"
#include "kernel_fixture.h"

#define PAGES (8u * 256)

static const char ramdisk[5000] = "the ramdisk";

static struct tk_domain_config config;
static struct tk_build_request request;
static struct tk_built_domain built;
static struct tk_error err;

static void start(int all_notes)
{
	const struct elf_builder *kernel = fixture_kernel(all_notes);

	fake_start();
	memset(&err, 0, sizeof(err));
	config = fixture_config("guest");
	request = (struct tk_build_request){
		.config = &config,
		.kernel = kernel->bytes,
		.kernel_size = kernel->size,
		.ramdisk = ramdisk,
		.ramdisk_size = sizeof(ramdisk),
	};
}

static void end(void)
{
	tk_domain_config_free(&config);
	fake_end();
}

static void build(void)
{
	if (tk_build_domain(&built, &request, &err))
		check_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK(!fake.mappings);
}

/* Reads the guest's memory through the page tables that it starts on. */
static void *guest_virt(const struct fake_domain *domain, uint64_t virt)
{
	uint64_t mfn = domain->pinned_mfn;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		uint64_t *table = fake_frame(mfn);
		uint64_t entry = table[virt >> shift & 511];

		CHECK(entry & 1);
		mfn = entry >> 12;
	}
	return (char *)fake_frame(mfn) + virt % 4096;
}

static const start_info_t *guest_start_info(const struct fake_domain *domain)
{
	return guest_virt(domain, domain->context.user_regs.rsi);
}

static void check_start_info(const struct fake_domain *domain)
{
	const start_info_t *info = guest_start_info(domain);

	CHECK(!strcmp(info->magic, "xen-3.0-x86_64"));
	CHECK(info->nr_pages == PAGES);
	CHECK(info->shared_info == domain->shared_info_mfn << 12);
	CHECK(info->console.domU.mfn == built.console_ring_mfn);
	CHECK(info->console.domU.evtchn == built.console_port);
	CHECK(info->store_mfn == built.store_ring_mfn);
	CHECK(!info->store_evtchn); /* nobody would answer */
	CHECK(info->mod_len == sizeof(ramdisk));
	CHECK(!strcmp((const char *)info->cmd_line, "one two"));
	CHECK(domain->context.ctrlreg[3] == domain->pinned_mfn << 12);
	CHECK(guest_virt(domain, info->pt_base) ==
	      fake_frame(domain->pinned_mfn));
}

static void check_p2m(const struct fake_domain *domain)
{
	const start_info_t *info = guest_start_info(domain);
	uint64_t pfn;

	for (pfn = 0; pfn < PAGES; pfn++) {
		const uint64_t *mfn =
			guest_virt(domain, info->mfn_list + pfn * 8);
		char *page = guest_virt(domain, BUILDER_VIRT_BASE);

		CHECK(*mfn < FAKE_FRAMES);
		if (!pfn)
			CHECK(fake_frame(*mfn) == page);
	}
}

static void check_kernel(const struct fake_domain *domain)
{
	uint64_t start_virt = BUILDER_VIRT_BASE + BUILDER_PADDR;
	const uint8_t *file = fixture_kernel(0)->bytes + BUILDER_CONTENTS;
	unsigned int i;

	for (i = 0; i < 0x4000; i++) {
		const uint8_t *byte = guest_virt(domain, start_virt + i);

		CHECK(*byte == (i < 0x2000 ? file[i] : 0));
	}
	CHECK(domain->context.user_regs.rip == start_virt + 0x10);
	CHECK(domain->context.flags == (VGCF_in_kernel | VGCF_online));
}

static void check_shared_pages(const struct fake_domain *domain)
{
	const shared_info_t *shared = fake_frame(domain->shared_info_mfn);
	const grant_entry_v1_t *grants = fake_frame(domain->grant_mfn);
	const uint8_t *ring = fake_frame(built.console_ring_mfn);
	unsigned int i;

	for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		CHECK(shared->vcpu_info[i].evtchn_upcall_mask == 1);
	CHECK(!shared->evtchn_mask[0] && !shared->evtchn_pending[0]);
	CHECK(grants[0].flags == GTF_permit_access && !grants[0].domid);
	CHECK(grants[0].frame == built.console_ring_mfn);
	CHECK(grants[1].frame == built.store_ring_mfn);
	for (i = 0; i < 4096; i++)
		CHECK(!ring[i]);
}

static void test_build_plain(void)
{
	const struct fake_domain *domain;
	const start_info_t *info;

	start(0);
	build();
	domain = fake_domain(built.domid);
	CHECK(domain->pauses == 1 && domain->vcpus == 1 && domain->has_context);
	CHECK(domain->pages == PAGES && domain->max_pages == PAGES + 256);
	CHECK(!domain->hypercall_page_mfn);
	check_start_info(domain);
	check_p2m(domain);
	check_kernel(domain);
	check_shared_pages(domain);
	info = guest_start_info(domain);
	CHECK(!info->flags && !info->first_p2m_pfn);
	CHECK(!strcmp(guest_virt(domain, info->mod_start), ramdisk));
	CHECK(!*(char *)guest_virt(domain, info->mod_start + sizeof(ramdisk)));
	end();
}

static void test_build_all_notes(void)
{
	const struct fake_domain *domain;
	const start_info_t *info;
	const uint64_t *p2m;

	start(1);
	build();
	domain = fake_domain(built.domid);
	check_start_info(domain);
	check_p2m(domain);
	info = guest_start_info(domain);
	CHECK(info->flags == SIF_MOD_START_PFN);
	CHECK(info->mfn_list == 0x8000000000ull);
	CHECK(info->nr_p2m_frames == PAGES / 512 + 3);
	p2m = guest_virt(domain, info->mfn_list);
	CHECK(!strcmp(fake_frame(p2m[info->mod_start]), ramdisk));
	CHECK(fake_frame(domain->hypercall_page_mfn) ==
	      guest_virt(domain, BUILDER_VIRT_BASE + BUILDER_PADDR + 0x1000));
	end();
}

/* Zeros are not written again where the hypervisor gives out nothing else. */
static void test_zeroed_memory(void)
{
	unsigned int mapped, all_notes;

	for (all_notes = 0; all_notes < 2; all_notes++) {
		start((int)all_notes);
		build();
		mapped = fake.mapped_ever;
		end();

		start((int)all_notes);
		fake.zeroes_memory = true;
		build();
		CHECK(fake.mapped_ever + 5 <= mapped);
		check_start_info(fake_domain(built.domid));
		check_p2m(fake_domain(built.domid));
		check_kernel(fake_domain(built.domid));
		check_shared_pages(fake_domain(built.domid));
		end();
	}
}

/* No extents of 2 MiB left: single pages do. */
static void test_fragmented_memory(void)
{
	start(1);
	fake.no_large_extents = true;
	build();
	CHECK(fake_domain(built.domid)->pages == PAGES);
	check_p2m(fake_domain(built.domid));
	end();
}

static void test_too_much_memory(void)
{
	start(0);
	config.memory_mib = 100;
	CHECK(tk_build_domain(&built, &request, &err));
	CHECK_TEXT(err.text,
		   "guest: not enough memory: 100 MiB wanted, 37 MiB missing");
	CHECK(fake_free_pages() == FAKE_FRAMES);
	end();
}

static void test_bad_inputs(void)
{
	start(0);
	request.kernel_size = 100;
	CHECK(tk_build_domain(&built, &request, &err));
	CHECK_HAS(err.text, "/guests/kernel: ");
	end();

	start(0);
	config.memory_mib = 1;
	CHECK(tk_build_domain(&built, &request, &err));
	CHECK_HAS(err.text, "guest: memory: 1 MiB is too little");
	end();

	start(0);
	free(config.cmdline);
	config.cmdline = malloc(2000);
	memset(config.cmdline, 'x', 1999);
	config.cmdline[1999] = '\0';
	CHECK(tk_build_domain(&built, &request, &err));
	CHECK_HAS(err.text, "command line is longer than 1023");
	CHECK(fake_free_pages() == FAKE_FRAMES);
	end();
}

static void check_nothing_left(void)
{
	CHECK(err.text[0]);
	CHECK(!strchr(err.text, '\n'));
	CHECK(fake_free_pages() == FAKE_FRAMES);
	CHECK(!fake.mappings);
	CHECK(!fake.ports);
	CHECK(!fake_domain(1));
}

/* Fail the first call, the second, ... until all succeed. */
static void test_every_call_fails(void)
{
	unsigned int n = 0;

	for (;; n++) {
		start(1);
		fake_fail_after(n);
		if (!tk_build_domain(&built, &request, &err))
			break;
		CHECK(fake.fail_happened);
		check_nothing_left();
		end();
	}
	CHECK(!fake.fail_happened);
	CHECK(n > 20);
	end();
}

static unsigned int patience;

static bool user_interrupts(void)
{
	return !patience || !--patience;
}

/* At the first question whether to go on, the second, ... */
static void test_interrupted_everywhere(void)
{
	unsigned int n = 1;

	for (;; n++) {
		start(1);
		request.interrupted = user_interrupts;
		patience = n;
		if (!tk_build_domain(&built, &request, &err))
			break;
		CHECK_TEXT(err.text,
			   "guest: interrupted, nothing of it is left");
		check_nothing_left();
		end();
	}
	CHECK(n > 25); /* more than there are steps */
	end();
}

static void test_every_allocation_fails(void)
{
	unsigned int n = 0;
	int rc;

	for (;; n++) {
		start(1);
		alloc_fail_after(n);
		rc = tk_build_domain(&built, &request, &err);
		alloc_fail_never();
		if (!rc)
			break;
		check_nothing_left();
		end();
	}
	CHECK(n >= 2); /* the p2m, the vcpu's state */
	end();
}

static const struct test tests[] = {
	TEST(test_build_plain),
	TEST(test_build_all_notes),
	TEST(test_zeroed_memory),
	TEST(test_fragmented_memory),
	TEST(test_too_much_memory),
	TEST(test_bad_inputs),
	TEST(test_every_call_fails),
	TEST(test_interrupted_everywhere),
	TEST(test_every_allocation_fails),
};

int main(void)
{
	return RUN_TESTS(tests);
}
