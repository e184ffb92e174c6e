/* SPDX-License-Identifier: MIT */
/*
 * The verbs about vCPUs and CPUs: options and output are those of xl, so that
 * scripts written for it work. Domains go by name or number, the control
 * domain too.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "toolstack/cpu_map.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

static unsigned int host_cpus(void)
{
	static struct tk_host_info host;

	return tk_host_info(&host) ? 0 : host.cpus;
}

/* vcpu-list --------------------------------------------------------------- */

struct listing {
	struct result *result;
	unsigned int host_cpus;
};

static void put_map(const struct listing *listing, const char *key,
		    const struct tk_cpu_map *map)
{
	char text[64];

	tk_cpu_map_text(map, listing->host_cpus, text, sizeof(text));
	result_text(listing->result, key, text);
}

static void put_vcpu_state(struct result *result, const struct tk_vcpu_info *v)
{
	char state[4];

	snprintf(state, sizeof(state), "%c%c%c",
		 v->is_online && v->is_running ? 'r' : '-',
		 v->is_online && v->is_blocked ? 'b' : '-',
		 v->is_online ? '-' : 'p');
	result_text(result, "state", state);
}

static int put_vcpu(const struct listing *listing,
		    const struct tk_domain_info *info, unsigned int vcpu)
{
	struct result *result = listing->result;
	struct tk_cpu_map hard = { { 0 } }, soft = { { 0 } };
	struct tk_vcpu_info v;
	int rc = tk_vcpu_info(info->domid, vcpu, &v);

	if (!rc)
		rc = tk_vcpu_get_affinity(info->domid, vcpu, &hard, &soft);
	if (rc)
		return rc;
	result_open_row(result);
	result_text(result, "name", command_domain_name(info->domid));
	result_number(result, "domid", info->domid);
	result_number(result, "vcpu", vcpu);
	if (v.is_online)
		result_number(result, "cpu", v.cpu);
	else
		result_null(result, "cpu");
	put_vcpu_state(result, &v);
	result_seconds(result, "cpu_time", v.cpu_time_ns);
	put_map(listing, "hard_affinity", &hard);
	put_map(listing, "soft_affinity", &soft);
	result_close_row(result);
	return 0;
}

static int put_vcpus(const struct tk_domain_info *info, void *context)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < info->max_vcpus && !rc; i++)
		rc = put_vcpu(context, info, i);
	return rc;
}

static int run_vcpu_list(struct command_call *call)
{
	static const struct result_shape shape = {
		"Name                                ID  VCPU   CPU State"
		"   Time(s) Affinity (Hard / Soft)",
		"{name:-32} {domid:5} {vcpu:5} {cpu:5|-}   {state}"
		" {cpu_time:9}  {hard_affinity} / {soft_affinity}",
	};
	struct tk_domain_info info;
	struct listing listing;
	int rc;

	if (call->count && !call_domain(call->words[0], &info))
		return COMMAND_FAILED;
	listing.result = result_begin(call->json);
	listing.host_cpus = host_cpus();
	result_open_list(listing.result, NULL, &shape);
	rc = call->count ? put_vcpus(&info, &listing)
			 : command_each_domain(put_vcpus, &listing);
	result_close_list(listing.result);
	return rc ? call_fail_rc("asking about a vcpu", rc) : COMMAND_DONE;
}

/* vcpu-set ---------------------------------------------------------------- */

static int set_available(const struct tk_domain_info *info, unsigned int wanted)
{
	char path[64];
	unsigned int i;
	int rc = 0;

	for (i = 0; i < info->max_vcpus && !rc; i++) {
		snprintf(path, sizeof(path),
			 "/local/domain/%u/cpu/%u/availability", info->domid,
			 i);
		rc = tk_store_write(path, i < wanted ? "online" : "offline");
	}
	return rc ? call_fail_rc("writing to xenstore", rc) : COMMAND_DONE;
}

static const struct command_option vcpu_set_options[] = {
	{ 'i', "ignore-host", NULL },
	{ 0 },
};

/* The guest's kernel does it, in its own time. */
static int run_vcpu_set(struct command_call *call)
{
	struct tk_domain_info info;
	unsigned long wanted;

	if (!call_number(call->words[1], &wanted))
		return call_usage(call, "%s is no number", call->words[1]);
	if (!call_domain(call->words[0], &info))
		return COMMAND_FAILED;
	if (!wanted || wanted > info.max_vcpus)
		return call_fail("%s can have 1 to %u vcpus", call->words[0],
				 info.max_vcpus);
	if (!call_has(call, 'i') && wanted > info.vcpus && wanted > host_cpus())
		return call_fail("the machine has %u CPUs; -i sets more vcpus"
				 " than that",
				 host_cpus());
	return set_available(&info, (unsigned int)wanted);
}

/* vcpu-pin ---------------------------------------------------------------- */

/* "-" leaves a map as it is: NULL. */
static bool read_map(const char *text, struct tk_cpu_map *map,
		     const struct tk_cpu_map **result)
{
	*result = strcmp(text, "-") != 0 ? map : NULL;
	if (!*result || tk_cpu_map_parse(map, text))
		return true;
	call_fail("%s: must be CPUs as in 0-3,8,^2", text);
	return false;
}

static int pin(const struct tk_domain_info *info, unsigned int first,
	       unsigned int last, const struct tk_cpu_map *hard,
	       const struct tk_cpu_map *soft)
{
	unsigned int i;
	int rc = 0;

	for (i = first; i <= last && !rc; i++)
		rc = tk_vcpu_set_affinity(info->domid, i, hard, soft);
	return rc ? call_fail_rc("choosing CPUs for a vcpu", rc) : COMMAND_DONE;
}

/* Nothing is ever overridden for a while, so -f has nothing to do. */
static const struct command_option vcpu_pin_options[] = {
	{ 'f', "force", NULL },
	{ 0 },
};

static int run_vcpu_pin(struct command_call *call)
{
	char **words = call->words;
	bool all = !strcmp(words[1], "all");
	const struct tk_cpu_map *hard, *soft = NULL;
	struct tk_cpu_map maps[2];
	struct tk_domain_info info;
	unsigned long vcpu = 0;

	if (!all && !call_number(words[1], &vcpu))
		return call_usage(call, "%s is no number of a vcpu", words[1]);
	if (!call_domain(words[0], &info) ||
	    !read_map(words[2], &maps[0], &hard) ||
	    (call->count > 3 && !read_map(words[3], &maps[1], &soft)))
		return COMMAND_FAILED;
	if (vcpu >= info.max_vcpus)
		return call_fail("%s has no vcpu %lu", words[0], vcpu);
	if (!hard && !soft)
		return COMMAND_DONE;
	return pin(&info, (unsigned int)vcpu,
		   all ? info.max_vcpus - 1 : (unsigned int)vcpu, hard, soft);
}

/* sched-credit2 ----------------------------------------------------------- */

static int put_share(const struct tk_domain_info *info, void *context)
{
	struct result *result = context;
	struct tk_sched_params params;
	int rc = tk_domain_get_sched(info->domid, &params);

	if (rc)
		return rc;
	result_open_row(result);
	result_text(result, "name", command_domain_name(info->domid));
	result_number(result, "domid", info->domid);
	result_number(result, "weight", params.weight);
	result_number(result, "cap", params.cap);
	result_close_row(result);
	return 0;
}

static const struct result_shape share_shape = {
	"Name                                ID Weight  Cap",
	"{name:-33} {domid:4} {weight:6} {cap:4}",
};

/* The pool's line, and the shares of its domains unless only that is asked. */
static int show_pool(const struct command_call *call)
{
	static const struct result_shape shape = {
		NULL, "Cpupool {pool}: ratelimit={ratelimit_us}us"
	};
	struct result *result;
	uint32_t us;
	int rc = tk_host_get_ratelimit(&us);

	if (rc)
		return call_fail_rc("asking for the scheduler's parameters",
				    rc);
	result = result_begin(call->json);
	result_open_object(result, NULL, &shape);
	result_text(result, "pool", "Pool-0");
	result_number(result, "ratelimit_us", us);
	if (!call_has(call, 's')) {
		result_open_list(result, "domains", &share_shape);
		rc = command_each_domain(put_share, result);
		result_close_list(result);
	}
	result_close_object(result);
	return rc ? call_fail_rc("asking for a domain's share", rc)
		  : COMMAND_DONE;
}

static int show_share(const struct command_call *call,
		      const struct tk_domain_info *info)
{
	struct result *result = result_begin(call->json);
	int rc;

	result_open_list(result, NULL, &share_shape);
	rc = put_share(info, result);
	result_close_list(result);
	return rc ? call_fail_rc("asking for a domain's share", rc)
		  : COMMAND_DONE;
}

/* What was given for an option, or -1; false after saying that it is none. */
static bool read_number(const struct command_call *call, int option,
			long *number)
{
	const char *text = call_value(call, option);
	unsigned long value = 0;

	*number = -1;
	if (!text)
		return true;
	if (!call_number(text, &value) || value > INT32_MAX) {
		call_usage(call, "-%c %s: must be a number", option, text);
		return false;
	}
	*number = (long)value;
	return true;
}

static int set_share(const struct tk_domain_info *info, long weight, long cap)
{
	struct tk_sched_params params;
	int rc;

	if (!weight || weight > UINT16_MAX)
		return call_fail("weight %ld: must be 1 to %u", weight,
				 UINT16_MAX);
	if (cap > 100l * info->max_vcpus)
		return call_fail("cap %ld: %u vcpus can use %u per cent", cap,
				 info->max_vcpus, 100 * info->max_vcpus);
	rc = tk_domain_get_sched(info->domid, &params);
	if (weight > 0)
		params.weight = (uint16_t)weight;
	if (cap >= 0)
		params.cap = (uint16_t)cap;
	if (!rc)
		rc = tk_domain_set_sched(info->domid, &params);
	return rc ? call_fail_rc("setting a domain's share", rc) : COMMAND_DONE;
}

static int set_ratelimit(long us)
{
	int rc = tk_host_set_ratelimit((uint32_t)us);

	return rc ? call_fail_rc("setting the scheduler's parameters", rc)
		  : COMMAND_DONE;
}

static const struct command_option sched_options[] = {
	{ 'd', "domain", "NAME" },
	{ 'w', "weight", "WEIGHT" },
	{ 'c', "cap", "PER_CENT" },
	{ 's', "schedparam", NULL },
	{ 'r', "ratelimit_us", "US" },
	{ 'p', "cpupool", "POOL" },
	{ 0 },
};

static int run_sched_credit2(struct command_call *call)
{
	const char *domain = call_value(call, 'd');
	const char *pool = call_value(call, 'p');
	bool schedule = call_has(call, 's');
	struct tk_domain_info info;
	long weight, cap, us;

	if (!read_number(call, 'w', &weight) || !read_number(call, 'c', &cap) ||
	    !read_number(call, 'r', &us))
		return COMMAND_USAGE;
	if ((us >= 0 && !schedule) || (domain && schedule) ||
	    (!domain && (weight >= 0 || cap >= 0)))
		return call_usage(call, "-w and -c go with -d, -r with -s");
	if (pool && strcmp(pool, "Pool-0") != 0 && strcmp(pool, "0") != 0)
		return call_fail("no pool %s; there is one, Pool-0", pool);
	if (us >= 0)
		return set_ratelimit(us);
	if (!domain)
		return show_pool(call);
	if (!call_domain(domain, &info))
		return COMMAND_FAILED;
	return weight >= 0 || cap >= 0 ? set_share(&info, weight, cap)
				       : show_share(call, &info);
}

const struct command vcpu_commands[] = {
	{ .name = "vcpu-list",
	  .arguments = "[NAME]",
	  .help = "the domains' vcpus and where they run",
	  .example = "vcpu-list",
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_vcpu_list },
	{ .name = "vcpu-set",
	  .arguments = "[-i] NAME VCPUS",
	  .help = "how many vcpus a guest may use; -i even more than CPUs",
	  .example = "vcpu-set debian 1",
	  .options = vcpu_set_options,
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_vcpu_set },
	{ .name = "vcpu-pin",
	  .arguments = "[-f] NAME VCPU|all HARD|- [SOFT|-]",
	  .help = "the CPUs that a vcpu may use, and those that it should",
	  .example = "vcpu-pin debian all 0 -",
	  .options = vcpu_pin_options,
	  .min_words = 3,
	  .max_words = 4,
	  .words = WORDS_GUESTS,
	  .run = run_vcpu_pin },
	{ .name = "sched-credit2",
	  .arguments = "[-d NAME [-w WEIGHT] [-c CAP]] | [-s [-r US]]",
	  .help = "the domains' shares of the CPUs",
	  .example = "sched-credit2 -d debian -w 512",
	  .options = sched_options,
	  .reads = true,
	  .run = run_sched_credit2 },
	{ 0 },
};
