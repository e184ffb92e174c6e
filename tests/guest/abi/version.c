/* SPDX-License-Identifier: MIT */
/*
 * Who the hypervisor says it is: xen_version and what is refused of the
 * console.
 */
#include "abi.h"

#include <public/version.h>

static long version(unsigned int command, void *arg)
{
	return call2(__HYPERVISOR_xen_version, command, arg);
}

void property_version_number(void)
{
	show_hex("version", (uint64_t)version(XENVER_version, NULL));
	show("page size", version(XENVER_pagesize, NULL));
	show("unknown command", version(99, NULL));
	show("command 1 << 31", version(1U << 31, NULL));
}

/* Texts end with NUL and say what they have to. */
void property_version_texts(void)
{
	static xen_capabilities_info_t caps;
	xen_extraversion_t extra;
	struct xen_compile_info info;
	xen_changeset_info_t set;
	bool found = false;

	memset(&info, 0xa5, sizeof(info));
	show("extra version", version(XENVER_extraversion, extra));
	show("begins with a dot", extra[0] == '.');
	show("capabilities", version(XENVER_capabilities, caps));
	for (const char *c = caps; *c; c++)
		found |= memcmp(c, "xen-3.0-x86_64", 14) == 0;
	show("64-bit PV", found);
	show("compile info", version(XENVER_compile_info, &info));
	show("its texts end",
	     strlen(info.compiler) < sizeof(info.compiler) &&
		     strlen(info.compile_by) < sizeof(info.compile_by) &&
		     strlen(info.compile_date) < sizeof(info.compile_date));
	show("changeset", version(XENVER_changeset, set));
	show("texts to nowhere", version(XENVER_capabilities, NOWHERE));
	show("compile info to nowhere", version(XENVER_compile_info, NOWHERE));
}

void property_version_features(void)
{
	struct xen_feature_info info = { 0 };

	show("word 0", version(XENVER_get_features, &info));
	show_hex("features", info.submap);
	info.submap_idx = XENFEAT_NR_SUBMAPS;
	show("no such word", version(XENVER_get_features, &info));
	show("nowhere", version(XENVER_get_features, NOWHERE));
}

void property_version_platform(void)
{
	struct xen_platform_parameters p = { 0 };
	uint8_t handle[16] = { 0 };
	bool any = false;

	show("parameters", version(XENVER_platform_parameters, &p));
	show_hex("virt_start", p.virt_start);
	show("nowhere", version(XENVER_platform_parameters, NOWHERE));
	show("handle", version(XENVER_guest_handle, handle));
	for (unsigned int i = 0; i < sizeof(handle); i++)
		any |= handle[i] != 0;
	show("handle is not 0", any);
}

/* What an ordinary domain is not told. */
void property_version_denied(void)
{
	static xen_commandline_t line;
	static uint8_t id[64];

	memset(line, 0x5a, sizeof(line));
	show("command line", version(XENVER_commandline, line));
	show_text("command line", line);
	show("build id", version(XENVER_build_id, id));
	show("size of build id", version(XENVER_build_id, NULL));
}

void property_console_io(void)
{
	char text[16] = "not to be seen";

	for (unsigned int command = 0; command < 3; command++)
		show("console_io", pv_hypercall3(__HYPERVISOR_console_io,
						 command, 14, PV_ARG(text)));
	show("nothing", pv_hypercall3(__HYPERVISOR_console_io, 0, 0, 0));
}
