/* SPDX-License-Identifier: MIT */
/*
 * Terminal and files; see terminal.h and cli/platform.h.
 *
 * Keys are read only while a verb wants them one by one, as console does. Else
 * what is typed ahead stays for the shell that called us; only Ctrl-C arrives,
 * as a signal. Signals come while tk_wait() waits, or are taken here when
 * somebody looks, never in the midst of something: no guest is left half made.
 *
 * Owns: the terminal's settings while keys are wanted; the contents of files
 * that were read, until the end.
 */
#include "linux/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/platform.h"

/* The key that the last signal stands for, until it is taken. */
static volatile sig_atomic_t signal_key;
static bool wants_keys, is_raw;
static struct termios settings; /* that the terminal had */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

/* Only who sits at the keyboard may mean the guest. */
static void note_signal(int number)
{
	bool leave = number != SIGINT && wants_keys;

	signal_key = CLI_CONTROL(leave ? ']' : 'C');
}

static sigset_t signal_set(void)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	return set;
}

static void handle_signals(void (*handler)(int), int how)
{
	const struct sigaction action = { .sa_handler = handler };
	const sigset_t set = signal_set();
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	sigprocmask(how, &set, NULL);
}

static void give_back(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
	is_raw = false;
}

void terminal_start(void)
{
	handle_signals(note_signal, SIG_BLOCK);
	atexit(give_back);
}

void terminal_leave(const char *log_file)
{
	int log = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0640);
	int nothing = open("/dev/null", O_RDWR);

	terminal_flush();
	wants_keys = is_raw = false;
	handle_signals(SIG_DFL, SIG_UNBLOCK);
	dup2(nothing, STDIN_FILENO);
	dup2(log < 0 ? nothing : log, STDOUT_FILENO);
	dup2(log < 0 ? nothing : log, STDERR_FILENO);
}

/* Keys -------------------------------------------------------------------- */

void platform_grab_keys(bool grab)
{
	struct termios raw;

	wants_keys = grab;
	if (!grab) {
		give_back();
		return;
	}
	if (tcgetattr(STDIN_FILENO, &settings))
		return;
	raw = settings;
	cfmakeraw(&raw);
	is_raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

int terminal_fd(void)
{
	return wants_keys ? STDIN_FILENO : -1;
}

bool terminal_is_interrupted(void)
{
	return signal_key != 0;
}

/* One that came while nobody waited. */
static void take_signal(void)
{
	const struct timespec now = { 0 };
	const sigset_t set = signal_set();
	int number = sigtimedwait(&set, NULL, &now);

	if (number > 0)
		note_signal(number);
}

/* At the end of a file no more keys will come. */
size_t platform_read(char *buffer, size_t size)
{
	struct pollfd poll_fd = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t done;

	take_signal();
	if (signal_key) {
		*buffer = (char)signal_key;
		signal_key = 0;
		return 1;
	}
	if (!wants_keys || poll(&poll_fd, 1, 0) < 1)
		return 0;
	done = read(STDIN_FILENO, buffer, size);
	if (done == 0)
		wants_keys = false;
	return done > 0 ? (size_t)done : 0;
}

/* Text -------------------------------------------------------------------- */

/* Lines end as on the machine's console; a terminal adds the "\r" itself. */
static void write_to(FILE *file, const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		bool is_end =
			text[i] == '\r' && i + 1 < size && text[i + 1] == '\n';

		if (is_raw || !is_end)
			putc(text[i], file);
	}
}

void platform_write(const char *text, size_t size)
{
	write_to(stdout, text, size);
}

void platform_write_error(const char *text, size_t size)
{
	fflush(stdout);
	write_to(stderr, text, size);
}

void terminal_flush(void)
{
	fflush(stdout);
}

/* Files ------------------------------------------------------------------- */

static void *read_all(int fd, size_t size)
{
	char *data = malloc(size ? size : 1);
	size_t done = 0;
	ssize_t now = 1;

	while (data && done < size && now > 0) {
		now = read(fd, data + done, size - done);
		done += now > 0 ? (size_t)now : 0;
	}
	if (done == size)
		return data;
	free(data);
	return NULL;
}

int platform_file(const char *path, const void **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return -1;
	*data = NULL;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode)) {
		*size = (size_t)status.st_size;
		*data = read_all(fd, *size);
	}
	close(fd);
	return *data ? 0 : -1;
}

/* A shell completes names. */
const char *platform_file_at(size_t index, size_t *size)
{
	(void)index;
	(void)size;
	return NULL;
}

/* Numbers ----------------------------------------------------------------- */

struct platform_holds platform_holds(void)
{
	return (struct platform_holds){ .heap_bytes = mallinfo2().uordblks };
}

/* Of a device that has a folder below /sys. */
static bool read_counter(const char *device, const char *name, uint64_t *value)
{
	char path[128];
	unsigned long long number;
	FILE *file;
	bool done;

	snprintf(path, sizeof(path), "/sys/%s/statistics/%s", device, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	done = fscanf(file, "%llu", &number) == 1;
	fclose(file);
	*value = done ? number : 0;
	return done;
}

/* The bridge receives what the guest sends. */
bool platform_port_traffic(const char *port, struct platform_traffic *traffic)
{
	char device[64];

	snprintf(device, sizeof(device), "class/net/%s", port);
	return read_counter(device, "rx_bytes", &traffic->sent) &&
	       read_counter(device, "tx_bytes", &traffic->received);
}

bool platform_disk_use(uint16_t domid, uint32_t number,
		       struct platform_disk_use *use)
{
	char device[64];

	snprintf(device, sizeof(device), "bus/xen-backend/devices/vbd-%u-%u",
		 domid, number);
	return read_counter(device, "oo_req", &use->waits) &&
	       read_counter(device, "rd_req", &use->reads) &&
	       read_counter(device, "rd_sect", &use->read_sectors) &&
	       read_counter(device, "wr_req", &use->writes) &&
	       read_counter(device, "wr_sect", &use->written_sectors);
}

/* Disks in memory are not there. */
void platform_forget_contents(const char *contents)
{
	(void)contents;
}
