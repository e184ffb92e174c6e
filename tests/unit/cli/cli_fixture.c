/* SPDX-License-Identifier: MIT */
/* See cli_fixture.h. */
#include "cli_fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <public/io/console.h>
#include <public/sched.h>

#include "check.h"
#include "cli/commands.h"
#include "cli/platform.h"
#include "drivers/drivers.h"
#include "fake_primitives.h"
#include "kernel_fixture.h"
#include "ram_disk.h"
#include "toolstack/guests.h"
#include "toolstack/primitives.h"
#include "xenstore/local.h"

char output[65536];
static size_t output_size;
const char *input = "";
const char *autorun;
jmp_buf input_is_over;
bool leave_when_over;

static const char config_text[] =
	"name = 'one'\nkernel = '/guests/kernel'\nmemory = 8\n";
static const char smp_text[] =
	"name = 'smp'\nkernel = '/guests/kernel'\nmemory = 8\nvcpus = 2\n"
	"maxvcpus = 3\ncpus = ['0', '0,3-5']\ncpus_soft = '1'\n"
	"cpu_weight = 512\ncap = 150\n";
static const char bad_text[] = "name = 'one'\nkernl = 'x'\n";

size_t platform_read(char *buffer, size_t size)
{
	CHECK(size);
	if (!*input)
		return 0;
	*buffer = *input++;
	return 1;
}

void platform_write(const char *text, size_t size)
{
	CHECK(size < sizeof(output) - output_size);
	memcpy(output + output_size, text, size);
	output_size += size;
	output[output_size] = '\0';
}

void platform_write_error(const char *text, size_t size)
{
	platform_write(text, size);
}

void platform_grab_keys(bool grab)
{
	(void)grab;
}

bool platform_keep_guests(void)
{
	return true;
}

const char *platform_not_our_machine(void)
{
	return NULL;
}

bool drivers_describe(size_t index, char *text, size_t size)
{
	if (index == 0)
		snprintf(text, size, "00:01.0 a device");
	return index == 0;
}

char map_text[256];

#define FILES_MAX 16

static struct file {
	const char *path;
	const char *text; /* NULL: the kernel */
} files[FILES_MAX];
static size_t n_files;

void add_file(const char *path, const char *text)
{
	CHECK(n_files < FILES_MAX);
	files[n_files++] = (struct file){ path, text };
}

static void add_files(void)
{
	n_files = 0;
	add_file("/guests/one.cfg", config_text);
	add_file("/guests/smp.cfg", smp_text);
	add_file("/guests/bad.cfg", bad_text);
	add_file("/guests/kernel", NULL);
	add_file("/guests/map", map_text);
}

int platform_file(const char *path, const void **data, size_t *size)
{
	size_t i;

	if (!strcmp(path, "/guests/autorun") && autorun) {
		*data = autorun;
		*size = strlen(autorun);
		return 0;
	}
	for (i = 0; i < n_files; i++) {
		if (strcmp(files[i].path, path) != 0)
			continue;
		*data = files[i].text ? (const void *)files[i].text
				      : fixture_kernel(1)->bytes;
		*size = files[i].text ? strlen(files[i].text)
				      : fixture_kernel(1)->size;
		return 0;
	}
	return -1;
}

struct platform_holds platform_holds(void)
{
	return (struct platform_holds){ 0 };
}

bool platform_port_traffic(const char *port, struct platform_traffic *traffic)
{
	*traffic = (struct platform_traffic){ 2048, 4096 };
	return !strcmp(port, "vif1.0");
}

bool platform_disk_use(uint16_t domid, uint32_t number,
		       struct platform_disk_use *use)
{
	*use = (struct platform_disk_use){ 1, 20, 300, 4000, 50000 };
	return domid == 1 && number < 51760; /* the first two */
}

void platform_forget_contents(const char *contents)
{
	(void)contents;
}

const char *platform_file_at(size_t index, size_t *size)
{
	const void *data;

	if (index >= n_files || platform_file(files[index].path, &data, size))
		return NULL;
	return files[index].path;
}

void clear(void)
{
	output_size = 0;
	output[0] = '\0';
}

void run(const char *line)
{
	clear();
	cli_execute(line);
}

/* When everything typed is read, a prompt would wait for ever. */
bool no_more_input(void)
{
	if (leave_when_over && !*input)
		longjmp(input_is_over, 1);
	return false;
}

void start(void)
{
	fake_start();
	add_files();
	fake.on_wait = no_more_input;
	leave_when_over = false;
	input = "";
	autorun = NULL;
	clear();
	CHECK(cli_start());
}

void end(void)
{
	struct tk_guest *guest = NULL;
	struct tk_error err;

	while ((guest = tk_guests_next(guest))) {
		if (guest->has_domain)
			CHECK(!tk_guest_destroy(guest, &err));
	}
	CHECK(fake_free_pages() == FAKE_FRAMES);
	fake_end();
}
