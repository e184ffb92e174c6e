/* SPDX-License-Identifier: MIT */
/* The verbs that say what domains there are. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/guest_json.h"
#include "cli/result.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"
#include "toolstack/uuid.h"

/* list -------------------------------------------------------------------- */

/* As other tools of this ABI print it, for scripts that know that. */
static void state_text(const struct tk_domain_info *info, char text[7])
{
	static const char reasons[] = "-rscwS";

	memcpy(text, "------", 7);
	if (info->is_running)
		text[0] = 'r';
	if (info->is_blocked)
		text[1] = 'b';
	if (info->is_paused)
		text[2] = 'p';
	if (info->is_shutdown) {
		text[3] = 's';
		text[4] = info->shutdown_reason < sizeof(reasons) - 1
				  ? reasons[info->shutdown_reason]
				  : '?';
	}
	if (info->is_dying)
		text[5] = 'd';
}

static void put_domain(struct result *result, const struct tk_domain_info *info)
{
	const struct tk_guest *guest = tk_guests_find_domid(info->domid);
	char state[7], uuid[TK_UUID_TEXT_SIZE];

	state_text(info, state);
	tk_uuid_print(uuid, info->uuid);
	result_open_row(result);
	result_text(result, "name", command_domain_name(info->domid));
	result_number(result, "domid", info->domid);
	result_number(result, "memory_mib", info->pages / 256);
	result_number(result, "vcpus", info->vcpus);
	result_number(result, "max_vcpus", info->max_vcpus);
	result_text(result, "state", state);
	result_seconds(result, "cpu_time", info->cpu_time_ns);
	result_text(result, "uuid", uuid);
	if (info->is_shutdown)
		result_number(result, "shutdown_reason", info->shutdown_reason);
	else
		result_null(result, "shutdown_reason");
	result_text(result, "end_reason",
		    guest && guest->has_ended ? guest->end_reason : NULL);
	result_close_row(result);
}

static const struct result_shape list_shape = {
	"Name                                        ID   Mem VCPUs\tState"
	"\tTime(s)",
	"{name:-40} {domid:5} {memory_mib:5} {vcpus:5}     {state}"
	"  {cpu_time:8}{end_reason?  }",
};

static const struct result_shape verbose_shape = {
	"Name                                        ID   Mem VCPUs\tState"
	"\tTime(s)   UUID                            Reason-Code"
	"\tSecurity Label",
	"{name:-40} {domid:5} {memory_mib:5} {vcpus:5}     {state}"
	"  {cpu_time:8} {uuid} {shutdown_reason:8|-}                -",
};

static int put_each(const struct tk_domain_info *info, void *context)
{
	put_domain(context, info);
	return 0;
}

/* xl's JSON: numbers of domains and how they are configured. */
static int put_long(const struct tk_domain_info *info, void *context)
{
	const struct tk_guest *guest = tk_guests_find_domid(info->domid);
	struct json *json = context;

	json_open(json, NULL, '{');
	json_number(json, "domid", info->domid);
	if (guest) {
		guest_json(json, "config", guest);
	} else {
		json_open(json, "config", '{');
		json_open(json, "c_info", '{');
		json_text(json, "name", "Domain-0", 8);
		json_close(json);
		json_close(json);
	}
	json_close(json);
	return 0;
}

/* Each of the names, or all domains without any. */
static int each_named(const struct command_call *call,
		      int (*show)(const struct tk_domain_info *info,
				  void *context),
		      void *context)
{
	struct tk_domain_info info;
	int i;

	for (i = 0; i < call->count; i++) {
		if (!call_domain(call->words[i], &info))
			return COMMAND_FAILED;
		show(&info, context);
	}
	return call->count ? COMMAND_DONE : command_each_domain(show, context);
}

/* Nothing is shown when one of the names is none. */
static bool all_there(const struct command_call *call)
{
	struct tk_domain_info info;
	int i;

	for (i = 0; i < call->count; i++) {
		if (!call_domain(call->words[i], &info))
			return false;
	}
	return true;
}

static const struct command_option list_options[] = {
	{ 'l', "long", NULL },
	{ 'v', "verbose", NULL },
	{ 0 },
};

static int list_long(const struct command_call *call)
{
	struct json json = { 0 };
	int status;

	json_open(&json, NULL, '[');
	status = each_named(call, put_long, &json);
	json_close(&json);
	return status;
}

static int run_list(struct command_call *call)
{
	struct result *result;
	int status;

	if (!all_there(call))
		return COMMAND_FAILED;
	if (call_has(call, 'l'))
		return list_long(call);
	result = result_begin(call->json);
	result_open_list(result, NULL,
			 call_has(call, 'v') ? &verbose_shape : &list_shape);
	status = each_named(call, put_each, result);
	result_close_list(result);
	return status;
}

/* uptime ------------------------------------------------------------------ */

static void uptime_text(char *text, size_t size, uint64_t seconds)
{
	unsigned long days = (unsigned long)(seconds / 86400);
	unsigned int left = (unsigned int)(seconds % 86400);

	if (days)
		snprintf(text, size, "%lu day%s, %2u:%02u:%02u", days,
			 days > 1 ? "s" : "", left / 3600, left / 60 % 60,
			 left % 60);
	else
		snprintf(text, size, "%2u:%02u:%02u", left / 3600,
			 left / 60 % 60, left % 60);
}

static int put_uptime(const struct tk_domain_info *info, void *context)
{
	const struct tk_guest *guest = tk_guests_find_domid(info->domid);
	uint64_t now = tk_clock_ns(),
		 ns = guest ? now - guest->started_ns : now;
	struct result *result = context;
	char text[48], brief[48];

	uptime_text(text, sizeof(text), ns / 1000000000);
	snprintf(brief, sizeof(brief), "%.*s", (int)strlen(text) - 3, text);
	result_open_row(result);
	result_text(result, "name", command_domain_name(info->domid));
	result_number(result, "domid", info->domid);
	result_seconds(result, "uptime", ns);
	if (!result->is_json) {
		result_text(result, "text", text);
		result_text(result, "short", brief);
	}
	result_close_row(result);
	return 0;
}

static const struct command_option uptime_options[] = {
	{ 's', "short", NULL },
	{ 0 },
};

static int run_uptime(struct command_call *call)
{
	static const struct result_shape full = {
		"Name                                ID Uptime",
		"{name:-33} {domid:4} {text}",
	};
	static const struct result_shape brief = {
		NULL, " up {short}, {name} ({domid})"
	};
	struct result *result;
	int status;

	if (!all_there(call))
		return COMMAND_FAILED;
	result = result_begin(call->json);
	result_open_list(result, NULL, call_has(call, 's') ? &brief : &full);
	status = each_named(call, put_uptime, result);
	result_close_list(result);
	return status;
}

/* Names and numbers ------------------------------------------------------- */

static int put_vm(const struct tk_domain_info *info, void *context)
{
	struct result *result = context;
	char uuid[TK_UUID_TEXT_SIZE];

	tk_uuid_print(uuid, info->uuid);
	result_open_row(result);
	result_text(result, "uuid", uuid);
	result_number(result, "domid", info->domid);
	result_text(result, "name", command_domain_name(info->domid));
	result_close_row(result);
	return 0;
}

static int run_vm_list(struct command_call *call)
{
	static const struct result_shape shape = {
		"UUID                                  ID    name",
		"{uuid}  {domid:-4} {name:-30}",
	};
	struct result *result = result_begin(call->json);
	int status;

	result_open_list(result, NULL, &shape);
	status = command_each_domain(put_vm, result);
	result_close_list(result);
	return status;
}

static int show_one(const struct command_call *call,
		    const struct result_shape *shape,
		    const struct tk_domain_info *info)
{
	struct result *result = result_begin(call->json);

	result_open_object(result, NULL, shape);
	result_text(result, "name", command_domain_name(info->domid));
	result_number(result, "domid", info->domid);
	result_close_object(result);
	return COMMAND_DONE;
}

static int run_domid(struct command_call *call)
{
	static const struct result_shape shape = { NULL, "{domid}" };
	struct tk_domain_info info;

	return call_domain(call->words[0], &info)
		       ? show_one(call, &shape, &info)
		       : COMMAND_FAILED;
}

static int run_domname(struct command_call *call)
{
	static const struct result_shape shape = { NULL, "{name}" };
	struct tk_domain_info info;
	unsigned long number;

	if (!call_number(call->words[0], &number))
		return call_usage(call, "%s is no number", call->words[0]);
	return call_domain(call->words[0], &info)
		       ? show_one(call, &shape, &info)
		       : COMMAND_FAILED;
}

const struct command list_commands[] = {
	{ .name = "list",
	  .arguments = "[-l] [-v] [NAME]...",
	  .help = "the domains; -l as JSON in xl's words, -v with UUIDs",
	  .example = "list",
	  .options = list_options,
	  .max_words = 15,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_list },
	{ .name = "vm-list",
	  .arguments = "",
	  .help = "UUIDs, numbers and names of the domains",
	  .example = "vm-list",
	  .reads = true,
	  .run = run_vm_list },
	{ .name = "domid",
	  .arguments = "NAME",
	  .help = "the number of a domain",
	  .example = "domid Domain-0",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_domid },
	{ .name = "domname",
	  .arguments = "DOMID",
	  .help = "the name of a domain",
	  .example = "domname 0",
	  .min_words = 1,
	  .max_words = 1,
	  .reads = true,
	  .run = run_domname },
	{ .name = "uptime",
	  .arguments = "[-s] [NAME]...",
	  .help = "how long the domains have been running",
	  .example = "uptime",
	  .options = uptime_options,
	  .max_words = 15,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_uptime },
	{ 0 },
};
