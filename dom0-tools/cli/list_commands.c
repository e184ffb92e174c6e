/* SPDX-License-Identifier: MIT */
/* The verbs that say what domains there are. */
#include <stdio.h>
#include <string.h>

#include <public/sched.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"

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
	char state[7];

	state_text(info, state);
	result_open_row(result);
	result_text(result, "name", command_domain_name(info->domid));
	result_number(result, "domid", info->domid);
	result_number(result, "memory_mib", info->pages / 256);
	result_number(result, "vcpus", info->vcpus);
	result_text(result, "state", state);
	result_seconds(result, "cpu_time", info->cpu_time_ns);
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

static int put_each(const struct tk_domain_info *info, void *context)
{
	put_domain(context, info);
	return 0;
}

static int run_list(struct command_call *call)
{
	static struct result result;
	struct tk_domain_info info;
	int i;

	for (i = 0; i < call->count; i++) {
		if (!call_domain(call->words[i], &info))
			return COMMAND_FAILED;
	}
	result_begin(&result, call->json);
	result_open_list(&result, NULL, &list_shape);
	for (i = 0; i < call->count; i++) {
		if (call_domain(call->words[i], &info))
			put_domain(&result, &info);
	}
	if (!call->count)
		command_each_domain(put_each, &result);
	result_close_list(&result);
	return COMMAND_DONE;
}

const struct command list_commands[] = {
	{ .name = "list",
	  .arguments = "[NAME]...",
	  .help = "the domains",
	  .example = "list",
	  .max_words = 15,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_list },
	{ 0 },
};
