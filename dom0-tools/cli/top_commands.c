/* SPDX-License-Identifier: MIT */
/*
 * The verb `top`: what the domains use, again and again. As a screen that is
 * drawn anew, or with -b in xentop's columns for programs.
 *
 * Owns: the last sample, which the shares of time are counted from.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/platform.h"
#include "cli/result.h"
#include "toolstack/guest_vifs.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define DOMAINS_MAX 256
#define SECOND_NS   1000000000ull

struct row {
	struct tk_domain_info info;
	uint64_t used_ns; /* since the sample before */
	struct platform_traffic traffic;
	struct platform_disk_use disk_use;
	size_t cards, disks;
};

static struct sample {
	struct row rows[DOMAINS_MAX];
	size_t count;
	uint64_t time_ns;
	uint64_t span_ns; /* since the sample before; 0 for the first */
} sample;

static struct tk_host_info host;

/* Sampling ---------------------------------------------------------------- */

static void add_traffic(struct row *row, const struct tk_guest *guest)
{
	struct platform_traffic traffic;
	char port[TK_VIF_NAME_SIZE];
	size_t i;

	for (i = 0; i < guest->config.n_vifs; i++) {
		tk_guest_vif_name(guest, &guest->config.vifs[i], port);
		if (!platform_port_traffic(port, &traffic))
			continue;
		row->traffic.sent += traffic.sent;
		row->traffic.received += traffic.received;
	}
	row->cards = guest->config.n_vifs;
}

static void add_disk_use(struct row *row, const struct tk_guest *guest)
{
	struct platform_disk_use use;
	size_t i;

	for (i = 0; i < guest->config.n_disks; i++) {
		if (!platform_disk_use(guest->domid,
				       guest->config.disks[i].number, &use))
			continue;
		row->disk_use.waits += use.waits;
		row->disk_use.reads += use.reads;
		row->disk_use.read_sectors += use.read_sectors;
		row->disk_use.writes += use.writes;
		row->disk_use.written_sectors += use.written_sectors;
	}
	row->disks = guest->config.n_disks;
}

static uint64_t last_time(const struct sample *before, uint16_t domid,
			  uint64_t now)
{
	size_t i;

	for (i = 0; i < before->count; i++) {
		if (before->rows[i].info.domid == domid)
			return before->rows[i].info.cpu_time_ns;
	}
	return before->count ? 0 : now;
}

static int add_row(const struct tk_domain_info *info, void *context)
{
	const struct sample *before = context;
	const struct tk_guest *guest = tk_guests_find_domid(info->domid);
	struct row *row = &sample.rows[sample.count];

	if (sample.count == DOMAINS_MAX)
		return 0;
	memset(row, 0, sizeof(*row));
	row->info = *info;
	row->used_ns = info->cpu_time_ns -
		       last_time(before, info->domid, info->cpu_time_ns);
	if (guest) {
		add_traffic(row, guest);
		add_disk_use(row, guest);
	}
	sample.count++;
	return 0;
}

static void take_sample(bool is_first)
{
	static struct sample before;

	before = sample;
	if (is_first)
		before.count = 0;
	sample.count = 0;
	sample.time_ns = tk_clock_ns();
	sample.span_ns = is_first ? 0 : sample.time_ns - before.time_ns;
	tk_host_info(&host);
	command_each_domain(add_row, &before);
}

/* Order ------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	return (int)left->info.domid - (int)right->info.domid;
}

static int by_share(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	if (left->used_ns != right->used_ns)
		return left->used_ns < right->used_ns ? 1 : -1;
	return by_number(a, b);
}

static int by_time(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	if (left->info.cpu_time_ns != right->info.cpu_time_ns)
		return left->info.cpu_time_ns < right->info.cpu_time_ns ? 1
									: -1;
	return by_number(a, b);
}

static int by_memory(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	if (left->info.pages != right->info.pages)
		return left->info.pages < right->info.pages ? 1 : -1;
	return by_number(a, b);
}

static int by_name(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	return strcmp(command_domain_name(left->info.domid),
		      command_domain_name(right->info.domid));
}

static const struct order {
	char key;
	const char *name;
	int (*compare)(const void *a, const void *b);
} orders[] = {
	{ 'i', "id", by_number }, { 'c', "cpu", by_share },
	{ 't', "time", by_time }, { 'm', "memory", by_memory },
	{ 'n', "name", by_name },
};

#define N_ORDERS (sizeof(orders) / sizeof(orders[0]))

/* Rows -------------------------------------------------------------------- */

static void state_text(const struct tk_domain_info *info, char text[7])
{
	bool crashed = info->is_shutdown && info->shutdown_reason == 3;

	snprintf(text, 7, "%c%c%c%c%c%c", info->is_dying ? 'd' : '-',
		 info->is_shutdown && !crashed ? 's' : '-',
		 info->is_blocked ? 'b' : '-', crashed ? 'c' : '-',
		 info->is_paused ? 'p' : '-', info->is_running ? 'r' : '-');
}

/* Per mille of `whole`, as per cent with one decimal. */
static void put_share(struct result *result, const char *key, uint64_t part,
		      uint64_t whole)
{
	uint64_t share = whole ? part * 1000 / whole : 0;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, share / 10,
		 share % 10);
	result_text(result, key, text);
}

static void put_row(struct result *result, const struct row *row)
{
	const struct tk_domain_info *info = &row->info;
	bool is_limited = info->max_pages < UINT32_MAX;
	char state[7];

	state_text(info, state);
	result_open_row(result);
	result_text(result, "name", command_domain_name(info->domid));
	result_number(result, "domid", info->domid);
	result_text(result, "state", state);
	result_number(result, "cpu_seconds", info->cpu_time_ns / SECOND_NS);
	put_share(result, "cpu_percent", row->used_ns, sample.span_ns);
	result_number(result, "memory_kib", info->pages * 4);
	put_share(result, "memory_percent", info->pages, host.total_pages);
	if (is_limited) {
		result_number(result, "max_memory_kib", info->max_pages * 4);
		put_share(result, "max_memory_percent", info->max_pages,
			  host.total_pages);
	}
	result_number(result, "vcpus", info->vcpus);
	result_number(result, "cards", row->cards);
	result_number(result, "sent_kib", row->traffic.sent / 1024);
	result_number(result, "received_kib", row->traffic.received / 1024);
	result_number(result, "disks", row->disks);
	result_number(result, "disk_waits", row->disk_use.waits);
	result_number(result, "disk_reads", row->disk_use.reads);
	result_number(result, "disk_writes", row->disk_use.writes);
	result_number(result, "disk_read_sectors", row->disk_use.read_sectors);
	result_number(result, "disk_written_sectors",
		      row->disk_use.written_sectors);
	result_close_row(result);
}

static const struct result_shape shape = {
	"      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k)"
	" MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k) VBDS   VBD_OO   VBD_RD"
	"   VBD_WR  VBD_RSECT  VBD_WSECT SSID",
	"{name:10} {state:6} {cpu_seconds:10} {cpu_percent:6} {memory_kib:10}"
	" {memory_percent:6} {max_memory_kib:10|no limit}"
	" {max_memory_percent:9|n/a} {vcpus:5} {cards:4} {sent_kib:8}"
	" {received_kib:8} {disks:4} {disk_waits:8} {disk_reads:8}"
	" {disk_writes:8} {disk_read_sectors:10} {disk_written_sectors:10}"
	"    0",
};

static void show(bool is_json)
{
	struct result *result = result_begin(is_json);
	size_t i;

	result_open_list(result, NULL, &shape);
	for (i = 0; i < sample.count; i++)
		put_row(result, &sample.rows[i]);
	result_close_list(result);
}

/* The screen -------------------------------------------------------------- */

static void draw(const struct order *order)
{
	cli_print("\033[H\033[Jtenon top: %zu domains, %u CPUs, %lu MiB free of"
		  " %lu MiB; by %s (keys: i c t m n, q ends)\n",
		  sample.count, host.cpus, (unsigned long)host.free_pages / 256,
		  (unsigned long)host.total_pages / 256, order->name);
	show(false);
}

/* Takes the keys typed; false when it is to end. */
static bool take_keys(const struct order **order)
{
	int byte;
	size_t i;

	while ((byte = cli_input()) >= 0) {
		if (byte == 'q' || byte == CLI_CONTROL('C'))
			return false;
		for (i = 0; i < N_ORDERS; i++) {
			if (orders[i].key == byte)
				*order = &orders[i];
		}
	}
	return true;
}

struct run {
	bool batch, is_json;
	unsigned long most; /* 0: without end */
	uint64_t period_ns;
};

static void repeat(const struct run *run)
{
	const struct order *order = &orders[0];
	unsigned long done = 0;

	while (!run->most || done < run->most) {
		uint64_t next;

		take_sample(!done++);
		qsort(sample.rows, sample.count, sizeof(sample.rows[0]),
		      order->compare);
		if (run->batch)
			show(run->is_json);
		else
			draw(order);
		next = sample.time_ns + run->period_ns;
		while (done != run->most && tk_clock_ns() < next) {
			const struct order *wanted = order;

			if (!take_keys(&wanted))
				return;
			if (wanted != order)
				next = 0;
			order = wanted;
			if (next)
				cli_wait_until(next);
		}
	}
}

static const struct command_option top_options[] = {
	{ 'b', "batch", NULL },
	{ 'n', NULL, "COUNT" },
	{ 'i', "iterations", "COUNT" },
	{ 'd', "delay", "SECONDS" },
	{ 0 },
};

static int run_top(struct command_call *call)
{
	const char *count = call_value(call, call_has(call, 'n') ? 'n' : 'i');
	const char *delay = call_value(call, 'd');
	unsigned long seconds = 3;
	struct run run = { .batch = call_has(call, 'b') || call->json,
			   .is_json = call->json };

	if ((count && !call_number(count, &run.most)) ||
	    (delay && !call_number(delay, &seconds)) || seconds > 3600)
		return call_usage(call, "COUNT and SECONDS are numbers");
	if (call->json && !count)
		run.most = 1;
	run.period_ns = (uint64_t)seconds * SECOND_NS;
	platform_grab_keys(!run.batch);
	repeat(&run);
	platform_grab_keys(false);
	return COMMAND_DONE;
}

const struct command top_commands[] = {
	{ .name = "top",
	  .alias = "xentop",
	  .arguments = "[-b] [-n COUNT] [-d SECONDS]",
	  .help = "what the domains use; -b as lines for programs",
	  .example = "top -b -n 1",
	  .options = top_options,
	  .reads = true,
	  .run = run_top },
	{ 0 },
};
