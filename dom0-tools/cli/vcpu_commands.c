/* SPDX-License-Identifier: MIT */
/*
 * The verbs about vCPUs and CPUs: options and output are those of xl, so that
 * scripts written for it work. Domains go by name or number, the control
 * domain too.
 */
#include "cli/vcpu_commands.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "toolstack/cpu_map.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "xenstore/local.h"

static void fail_call(const char *what, int rc)
{
	cli_print("error: %s: %s (%d)\n", what, tk_errno_text(rc), rc);
}

static bool read_number(const char *text, unsigned long *number)
{
	char *end;

	*number = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end;
}

static bool find_domain(const char *name, struct tk_domain_info *info)
{
	const struct tk_guest *guest = tk_guests_find(name);
	bool control = !strcmp(name, "0") || !strcmp(name, "Domain-0");

	if ((control && !tk_domain_info(TK_DOMID_CONTROL, info)) ||
	    (guest && guest->has_domain && !tk_domain_info(guest->domid, info)))
		return true;
	cli_print("error: no running guest %s\n", name);
	return false;
}

static unsigned int host_cpus(void)
{
	static struct tk_host_info host;

	return tk_host_info(&host) ? 0 : host.cpus;
}

/* Calls show() for each domain until it fails. */
static void each_domain(int (*show)(const struct tk_domain_info *info))
{
	struct tk_domain_info info;
	uint16_t next = 0;

	while (next < TK_DOMID_FIRST_RESERVED &&
	       !tk_domain_info_next(next, &info) && !show(&info))
		next = info.domid + 1;
}

/* vcpu-list --------------------------------------------------------------- */

static int list_vcpu(const struct tk_domain_info *info, unsigned int vcpu)
{
	unsigned int cpus = host_cpus();
	struct tk_cpu_map hard, soft;
	struct tk_vcpu_info v;
	char text[2][64], cpu[16];
	int rc = tk_vcpu_info(info->domid, vcpu, &v);

	if (!rc)
		rc = tk_vcpu_get_affinity(info->domid, vcpu, &hard, &soft);
	if (rc) {
		fail_call("asking about a vcpu", rc);
		return rc;
	}
	snprintf(cpu, sizeof(cpu), v.is_online ? "%u" : "-", v.cpu);
	tk_cpu_map_text(&hard, cpus, text[0], sizeof(text[0]));
	tk_cpu_map_text(&soft, cpus, text[1], sizeof(text[1]));
	cli_print("%-32s %5u %5u %5s   %c%c%c %7lu.%lu  %s / %s\n",
		  command_domain_name(info->domid), info->domid, vcpu, cpu,
		  v.is_online && v.is_running ? 'r' : '-',
		  v.is_online && v.is_blocked ? 'b' : '-',
		  v.is_online ? '-' : 'p',
		  (unsigned long)(v.cpu_time_ns / 1000000000),
		  (unsigned long)(v.cpu_time_ns / 100000000 % 10), text[0],
		  text[1]);
	return 0;
}

static int list_vcpus(const struct tk_domain_info *info)
{
	unsigned int i;

	for (i = 0; i < info->max_vcpus; i++) {
		if (list_vcpu(info, i))
			return -1;
	}
	return 0;
}

void run_vcpu_list(int count, char **words)
{
	struct tk_domain_info info;

	if (count > 1 && !find_domain(words[1], &info))
		return;
	cli_print("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU",
		  "State", "Time(s)", "Affinity (Hard / Soft)");
	if (count > 1)
		list_vcpus(&info);
	else
		each_domain(list_vcpus);
}

/* vcpu-set ---------------------------------------------------------------- */

static void set_available(const struct tk_domain_info *info,
			  unsigned int wanted)
{
	char path[64];
	unsigned int i;
	int rc = 0;

	for (i = 0; i < info->max_vcpus && !rc; i++) {
		snprintf(path, sizeof(path),
			 "/local/domain/%u/cpu/%u/availability", info->domid,
			 i);
		rc = xs_local_write(path, i < wanted ? "online" : "offline");
	}
	if (rc)
		fail_call("writing to xenstore", rc);
}

/* The guest's kernel does it, in its own time. */
void run_vcpu_set(int count, char **words)
{
	bool ignore_host =
		!strcmp(words[1], "-i") || !strcmp(words[1], "--ignore-host");
	struct tk_domain_info info;
	unsigned long wanted;

	if (count != (ignore_host ? 4 : 3) ||
	    !read_number(words[count - 1], &wanted)) {
		cli_print("error: usage: vcpu-set [-i] NAME VCPUS\n");
		return;
	}
	if (!find_domain(words[count - 2], &info))
		return;
	if (!wanted || wanted > info.max_vcpus)
		cli_print("error: %s can have 1 to %u vcpus\n",
			  words[count - 2], info.max_vcpus);
	else if (!ignore_host && wanted > info.vcpus && wanted > host_cpus())
		cli_print("error: the machine has %u CPUs; -i sets more"
			  " vcpus than that\n",
			  host_cpus());
	else
		set_available(&info, (unsigned int)wanted);
}

/* vcpu-pin ---------------------------------------------------------------- */

/* "-" leaves a map as it is: NULL. */
static bool read_map(const char *text, struct tk_cpu_map *map,
		     const struct tk_cpu_map **result)
{
	*result = strcmp(text, "-") != 0 ? map : NULL;
	if (!*result || tk_cpu_map_parse(map, text))
		return true;
	cli_print("error: %s: must be CPUs as in 0-3,8,^2\n", text);
	return false;
}

static void pin(const struct tk_domain_info *info, unsigned int first,
		unsigned int last, const struct tk_cpu_map *hard,
		const struct tk_cpu_map *soft)
{
	unsigned int i;
	int rc = 0;

	for (i = first; i <= last && !rc; i++)
		rc = tk_vcpu_set_affinity(info->domid, i, hard, soft);
	if (rc)
		fail_call("choosing CPUs for a vcpu", rc);
}

void run_vcpu_pin(int count, char **words)
{
	struct tk_cpu_map maps[2];
	const struct tk_cpu_map *hard, *soft = NULL;
	struct tk_domain_info info;
	unsigned long vcpu = 0;
	bool all;

	/* Nothing is ever overridden for a while, so -f has nothing to do. */
	if (!strcmp(words[1], "-f") || !strcmp(words[1], "--force")) {
		words++;
		count--;
	}
	all = count > 3 && !strcmp(words[2], "all");
	if (count < 4 || count > 5 || (!all && !read_number(words[2], &vcpu))) {
		cli_print("error: usage: vcpu-pin [-f] NAME VCPU|all HARD|-"
			  " [SOFT|-]\n");
		return;
	}
	if (!find_domain(words[1], &info) ||
	    !read_map(words[3], &maps[0], &hard) ||
	    (count > 4 && !read_map(words[4], &maps[1], &soft)))
		return;
	if (vcpu >= info.max_vcpus)
		cli_print("error: %s has no vcpu %lu\n", words[1], vcpu);
	else if (hard || soft)
		pin(&info, (unsigned int)vcpu,
		    all ? info.max_vcpus - 1 : (unsigned int)vcpu, hard, soft);
}

/* sched-credit2 ----------------------------------------------------------- */

/* What the words ask for; -1: not given. */
struct sched_wishes {
	const char *domain;
	long weight, cap, ratelimit;
	bool schedule;
};

static int print_params(const struct tk_domain_info *info)
{
	struct tk_sched_params params;
	int rc = tk_domain_get_sched(info->domid, &params);

	if (rc)
		fail_call("asking for a domain's share", rc);
	else
		cli_print("%-33s %4u %6u %4u\n",
			  command_domain_name(info->domid), info->domid,
			  params.weight, params.cap);
	return rc;
}

static void print_pool(void)
{
	uint32_t us;
	int rc = tk_host_get_ratelimit(&us);

	if (rc)
		fail_call("asking for the scheduler's parameters", rc);
	else
		cli_print("Cpupool Pool-0: ratelimit=%uus\n", us);
}

static bool read_option(const char *name, const char *value,
			struct sched_wishes *wishes)
{
	unsigned long number = 0;
	bool good = !strcmp(name, "-d") ||
		    (read_number(value, &number) && number <= INT32_MAX);

	if (!strcmp(name, "-d") || !strcmp(name, "--domain"))
		wishes->domain = value;
	else if (!strcmp(name, "-w") || !strcmp(name, "--weight"))
		wishes->weight = (long)number;
	else if (!strcmp(name, "-c") || !strcmp(name, "--cap"))
		wishes->cap = (long)number;
	else if (!strcmp(name, "-r") || !strcmp(name, "--ratelimit_us"))
		wishes->ratelimit = (long)number;
	else
		return false;
	return good || wishes->domain == value;
}

static bool read_options(int count, char **words, struct sched_wishes *wishes)
{
	int i;

	*wishes = (struct sched_wishes){ NULL, -1, -1, -1, false };
	for (i = 1; i < count; i++) {
		if (!strcmp(words[i], "-s") ||
		    !strcmp(words[i], "--schedparam"))
			wishes->schedule = true;
		else if (i + 1 == count ||
			 !read_option(words[i], words[i + 1], wishes))
			return false;
		else
			i++;
	}
	if (wishes->schedule)
		return !wishes->domain && wishes->weight < 0 && wishes->cap < 0;
	return wishes->ratelimit < 0 &&
	       (wishes->domain || (wishes->weight < 0 && wishes->cap < 0));
}

static void set_params(const struct tk_domain_info *info,
		       const struct sched_wishes *wishes)
{
	struct tk_sched_params params;
	int rc;

	if (!wishes->weight || wishes->weight > UINT16_MAX) {
		cli_print("error: a weight is 1 to %u\n", UINT16_MAX);
		return;
	}
	if (wishes->cap > 100l * info->max_vcpus) {
		cli_print("error: %u vcpus can use %u per cent\n",
			  info->max_vcpus, 100 * info->max_vcpus);
		return;
	}
	rc = tk_domain_get_sched(info->domid, &params);
	if (wishes->weight > 0)
		params.weight = (uint16_t)wishes->weight;
	if (wishes->cap >= 0)
		params.cap = (uint16_t)wishes->cap;
	if (!rc)
		rc = tk_domain_set_sched(info->domid, &params);
	if (rc)
		fail_call("setting a domain's share", rc);
}

static void print_header(void)
{
	cli_print("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

static void one_domain(const struct sched_wishes *wishes)
{
	struct tk_domain_info info;

	if (!find_domain(wishes->domain, &info))
		return;
	if (wishes->weight >= 0 || wishes->cap >= 0) {
		set_params(&info, wishes);
		return;
	}
	print_header();
	print_params(&info);
}

void run_sched_credit2(int count, char **words)
{
	struct sched_wishes wishes;
	int rc;

	if (!read_options(count, words, &wishes)) {
		cli_print("error: usage: sched-credit2 [-d NAME [-w WEIGHT]"
			  " [-c CAP]] | [-s [-r MICROSECONDS]]\n");
	} else if (wishes.domain) {
		one_domain(&wishes);
	} else if (wishes.ratelimit >= 0) {
		rc = tk_host_set_ratelimit((uint32_t)wishes.ratelimit);
		if (rc)
			fail_call("setting the scheduler's parameters", rc);
	} else {
		print_pool();
		if (wishes.schedule)
			return;
		print_header();
		each_domain(print_params);
	}
}
