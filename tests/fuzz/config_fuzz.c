/* SPDX-License-Identifier: MIT */
/*
 * Configuration files: any bytes either parse or give one line that names the
 * file, and what is accepted keeps the promises of domain_config.h.
 */
#include <string.h>

#include "check.h"
#include "toolstack/domain_config.h"

static void check_domain(const struct tk_domain_config *domain)
{
	FUZZ_CHECK(domain->name && *domain->name);
	FUZZ_CHECK(domain->kernel && *domain->kernel);
	FUZZ_CHECK(!domain->ramdisk || *domain->ramdisk);
	FUZZ_CHECK(domain->cmdline &&
		   strlen(domain->cmdline) < TK_CMDLINE_SIZE);
	FUZZ_CHECK(domain->memory_mib && domain->vcpus);
	FUZZ_CHECK(domain->vcpus <= domain->max_vcpus &&
		   domain->max_vcpus <= TK_VCPUS_MAX);
	FUZZ_CHECK(domain->maxmem_mib >= domain->memory_mib);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tk_domain_config domain;
	struct tk_error err = { "" };

	if (tk_domain_config_parse(&domain, "f", (const char *)data, size,
				   &err)) {
		FUZZ_CHECK(!strncmp(err.text, "f:", 2));
		FUZZ_CHECK(!strchr(err.text, '\n'));
		return 0;
	}
	check_domain(&domain);
	tk_domain_config_free(&domain);
	return 0;
}
