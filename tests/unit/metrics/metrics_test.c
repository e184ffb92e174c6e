/* SPDX-License-Identifier: MIT */
/*
 * The control domain's metrics without a network: their text in both formats,
 * what clients ask for, and the setting.
 */
#include "metrics/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "metrics/http.h"
#include "metrics/settings.h"

/* Text -------------------------------------------------------------------- */

static struct metrics_row domains[2], disk, version, calls[2];
static struct metrics metrics;
static char text[16384];

static void prepare(void)
{
	memset(&metrics, 0, sizeof(metrics));
	domains[0] = (struct metrics_row){ .domain = "Domain-0" };
	domains[0].values[DOMAIN_CPU_NS] = 12000000034;
	domains[0].values[DOMAIN_MEMORY_MAX] = METRICS_NONE;
	domains[1] = (struct metrics_row){ .domain = "a\"b\\c\n7", .domid = 7 };
	domains[1].values[DOMAIN_STEAL_NS] = METRICS_NONE;
	domains[1].values[DOMAIN_MEMORY_MAX] = 1ull << 40;
	disk = (struct metrics_row){
		.domain = "deb", .domid = 3, .label = "disk", .item = "xvda"
	};
	disk.values[DISK_READS] = UINT64_MAX - 1;
	version = (struct metrics_row){ .label = "version", .item = "4.17" };
	version.values[HYPERVISOR_ONE] = 1;
	calls[0] = (struct metrics_row){ .label = "hypercall",
					 .item = "mmu_update",
					 .values = { 7 } };
	calls[1] = (struct metrics_row){ .label = "hypercall", .item = "41" };
	metrics.sets[METRICS_HYPERCALLS].rows = calls;
	metrics.sets[METRICS_HYPERCALLS].count = 2;
	metrics.sets[METRICS_HYPERVISOR].rows = &version;
	metrics.sets[METRICS_HYPERVISOR].count = 1;
	metrics.sets[METRICS_DOMAINS].rows = domains;
	metrics.sets[METRICS_DOMAINS].count = 2;
	metrics.sets[METRICS_DISKS].rows = &disk;
	metrics.sets[METRICS_DISKS].count = 1;
}

static void write_text(enum metrics_format format)
{
	size_t size;

	prepare();
	size = metrics_write(text, sizeof(text), &metrics, format);
	CHECK(size < sizeof(text) && strlen(text) == size);
	CHECK_TEXT(text + size - 6, "# EOF\n");
}

static void test_open(void)
{
	write_text(METRICS_OPEN);
	CHECK_HAS(text, "# HELP tenon_domain_cpu_seconds Time");
	CHECK_HAS(text, "\n# TYPE tenon_domain_cpu_seconds counter\n"
			"# UNIT tenon_domain_cpu_seconds seconds\n"
			"tenon_domain_cpu_seconds_total{domain=\"Domain-0\","
			"domid=\"0\"} 12.000000034\n");
	CHECK_HAS(text, "# TYPE tenon_hypervisor info\n"
			"tenon_hypervisor_info{version=\"4.17\"} 1\n");
	CHECK_HAS(text, "tenon_domain_disk_reads_total{domain=\"deb\","
			"domid=\"3\",disk=\"xvda\"} 18446744073709551614\n");
	CHECK_HAS(text, "# TYPE tenon_hypercalls counter\n"
			"tenon_hypercalls_total{hypercall=\"mmu_update\"} 7\n"
			"tenon_hypercalls_total{hypercall=\"41\"} 0\n");
	/* No unit, no line; no rows, no family. */
	CHECK(!strstr(text, "UNIT tenon_domain_vcpus"));
	CHECK(!strstr(text, "tenon_host"));
}

static void test_older_text(void)
{
	write_text(METRICS_TEXT);
	CHECK_HAS(text, "# TYPE tenon_domain_cpu_seconds_total counter\n"
			"tenon_domain_cpu_seconds_total{");
	CHECK_HAS(text, "# TYPE tenon_hypervisor_info gauge\n");
	CHECK(!strstr(text, "# UNIT"));
}

static void test_escapes(void)
{
	write_text(METRICS_OPEN);
	CHECK_HAS(text, "{domain=\"a\\\"b\\\\c\\n7\",domid=\"7\"}");
}

static void test_unknown_values(void)
{
	write_text(METRICS_OPEN);
	CHECK_HAS(text, "# UNIT tenon_domain_memory_max_bytes bytes\n"
			"tenon_domain_memory_max_bytes{domain=\"a");
	CHECK(!strstr(strstr(text, "tenon_domain_steal_seconds_total{") + 1,
		      "tenon_domain_steal_seconds_total{"));
}

/* Every size says how much there is, and nothing is written beyond it. */
static void test_sizes(void)
{
	size_t size, i;

	prepare();
	size = metrics_write(NULL, 0, &metrics, METRICS_OPEN);
	for (i = 1; i <= size + 1; i++) {
		char *exact = malloc(i);

		CHECK(metrics_write(exact, i, &metrics, METRICS_OPEN) == size);
		CHECK(strlen(exact) == i - 1);
		free(exact);
	}
}

/* Requests ---------------------------------------------------------------- */

/* In memory of exactly its size, without a terminator. */
static enum http_request ask(const char *request)
{
	size_t size = strlen(request);
	char *exact = malloc(size ? size : 1);
	enum http_request read;

	memcpy(exact, request, size);
	read = http_read(exact, size);
	free(exact);
	return read;
}

static void test_requests(void)
{
	CHECK(ask("GET /metrics HTTP/1.1\r\n\r\n") == HTTP_TEXT);
	CHECK(ask("GET /metrics?x=1 HTTP/1.0\r\nHost: x\r\n\r\n") == HTTP_TEXT);
	CHECK(ask("GET / HTTP/1.1\r\n\r\n") == HTTP_NOT_FOUND);
	CHECK(ask("GET /metricsx HTTP/1.1\r\n\r\n") == HTTP_NOT_FOUND);
	CHECK(ask("POST /metrics HTTP/1.1\r\n\r\n") == HTTP_METHOD);
	CHECK(ask("HEAD / HTTP/1.1\r\n\r\n") == HTTP_METHOD);
	CHECK(ask("GET /metrics\r\n\r\n") == HTTP_BAD);
	CHECK(ask("GET  HTTP/1.1\r\n\r\n") == HTTP_NOT_FOUND);
	CHECK(ask("GET /metrics HTTP/2\r\n\r\n") == HTTP_BAD);
	CHECK(ask("\r\n\r\n") == HTTP_BAD);
	CHECK(ask("\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n") == HTTP_BAD);
}

static void test_accept(void)
{
	CHECK(ask("GET /metrics HTTP/1.1\r\nACCEPT: text/plain;q=0.5, "
		  "application/OpenMetrics-text; version=1.0.0\r\n\r\n") ==
	      HTTP_OPEN);
	CHECK(ask("GET /metrics HTTP/1.1\r\nAccept: */*\r\n"
		  "X: application/openmetrics-text\r\n\r\n") == HTTP_TEXT);
	CHECK(ask("GET / HTTP/1.1\r\nAccept: application/openmetrics-text"
		  "\r\n\r\n") == HTTP_NOT_FOUND);
}

/* Each beginning of a request waits for more. */
static void test_pieces(void)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nA: b\r\n\r\n";
	size_t i;

	for (i = 0; i < sizeof(request) - 1; i++) {
		char *exact = malloc(i ? i : 1);

		memcpy(exact, request, i);
		CHECK(http_read(exact, i) == HTTP_MORE);
		free(exact);
	}
}

static void test_long_request(void)
{
	char request[HTTP_REQUEST_MAX + 1];

	memset(request, 'a', sizeof(request));
	memcpy(request, "GET /", 5);
	request[HTTP_REQUEST_MAX] = '\0';
	CHECK(ask(request) == HTTP_TOO_LONG);
	request[HTTP_REQUEST_MAX - 1] = '\0';
	CHECK(ask(request) == HTTP_MORE);
}

/* The setting ------------------------------------------------------------- */

static struct metrics_settings settings;

static bool is_bytes(const uint8_t bytes[4], unsigned int a, unsigned int b,
		     unsigned int c, unsigned int d)
{
	return bytes[0] == a && bytes[1] == b && bytes[2] == c && bytes[3] == d;
}

static void test_settings(void)
{
	CHECK(metrics_settings_read(&settings, "") && !settings.is_on);
	CHECK(metrics_settings_read(&settings, "xmetrics=dhcp") &&
	      !settings.is_on);
	CHECK(metrics_settings_read(&settings, "disk-timeout=1 metrics=dhcp"));
	CHECK(settings.is_on && settings.is_dhcp);
	CHECK(metrics_settings_read(&settings, "metrics=192.168.1.5/24 x"));
	CHECK(settings.is_on && !settings.is_dhcp);
	CHECK(is_bytes(settings.address, 192, 168, 1, 5));
	CHECK(is_bytes(settings.mask, 255, 255, 255, 0));
	CHECK(is_bytes(settings.gateway, 0, 0, 0, 0));
	CHECK(metrics_settings_read(&settings, "metrics=10.0.0.1/9,10.1.2.3"));
	CHECK(is_bytes(settings.mask, 255, 128, 0, 0));
	CHECK(is_bytes(settings.gateway, 10, 1, 2, 3));
}

static void test_bad_settings(void)
{
	static const char *const bad[] = {
		"metrics=",
		"metrics=on",
		"metrics=dhcpx",
		"metrics=1.2.3",
		"metrics=1.2.3.4",
		"metrics=1.2.3.4/",
		"metrics=1.2.3.4/0",
		"metrics=1.2.3.4/31",
		"metrics=1.2.3.256/24",
		"metrics=0.2.3.4/24",
		"metrics=224.2.3.4/24",
		"metrics=1.2.3.4/24,",
		"metrics=1.2.3.4/24,1.2.3",
		"metrics=1.2.3.4/24x",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!metrics_settings_read(&settings, bad[i]));
		CHECK(!settings.is_on);
	}
}

static const struct test tests[] = {
	TEST(test_open),         TEST(test_older_text),
	TEST(test_escapes),      TEST(test_unknown_values),
	TEST(test_sizes),        TEST(test_requests),
	TEST(test_accept),       TEST(test_pieces),
	TEST(test_long_request), TEST(test_settings),
	TEST(test_bad_settings),
};

int main(void)
{
	return RUN_TESTS(tests);
}
