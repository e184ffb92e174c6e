/* SPDX-License-Identifier: MIT */
/*
 * The log ring, the consoles, and typed input.
 *
 * Owns: the ring of the last 32 KiB of log text, addressed by a running
 * index that only grows (32 bits, as the ABI's readconsole has it), and a
 * small ring of typed characters.
 * Locks: console_lock (irqsave), over rings and devices, so that lines of
 * different CPUs do not mix. Any context.
 */
#include "core/console.h"

#include "boot/boot.h"
#include "core/services.h"
#include "platform/platform.h"

#define LOG_SIZE   32768u /* powers of two */
#define INPUT_SIZE 256u

static struct spinlock console_lock = SPINLOCK_INIT(RANK_CONSOLE);
static bool forced; /* panic: nobody else runs */

static char log_ring[LOG_SIZE];
static uint32_t log_start, log_end; /* running indices of what is kept */
static bool line_open;              /* the last line has no newline yet */

static char input_ring[INPUT_SIZE];
static unsigned int input_head, input_tail; /* tail: next to read */

static uint64_t lock(void)
{
	return forced ? 0 : spin_lock_irqsave(&console_lock);
}

static void unlock(uint64_t flags)
{
	if (!forced)
		spin_unlock_irqrestore(&console_lock, flags);
}

static void devices_write(const char *s, size_t n)
{
	uart_write(s, n);
	vga_write(s, n);
}

static void ring_write(const char *s, size_t n)
{
	while (n--)
		log_ring[log_end++ % LOG_SIZE] = *s++;
	if (log_end - log_start > LOG_SIZE)
		log_start = log_end - LOG_SIZE;
}

void console_replay(void (*write)(const char *s, size_t n))
{
	uint64_t flags = lock();

	for (uint32_t i = log_start; i != log_end; i++)
		write(&log_ring[i % LOG_SIZE], 1);
	unlock(flags);
}

void console_force(void)
{
	forced = true;
}

static void log_text(enum log_level level, const char *s, size_t n)
{
	ring_write(s, n);
	if (level <= options.loglevel)
		devices_write(s, n);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	static const char prefix[] = "(TENON) ";
	char line[256];
	uint64_t flags;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	n = strlen(line);
	flags = lock();
	if (!line_open)
		log_text(level, prefix, sizeof(prefix) - 1);
	log_text(level, line, n);
	line_open = n && line[n - 1] != '\n';
	unlock(flags);
}

void console_write(const char *s, size_t n)
{
	uint64_t flags = lock();

	devices_write(s, n);
	unlock(flags);
}

size_t log_read(char *buf, size_t n, uint32_t *index, bool incremental)
{
	uint64_t flags = lock();
	uint32_t at = log_start;
	size_t done;

	/* An index that is not, or no longer, in the ring: from the start. */
	if (incremental && *index - log_start <= log_end - log_start)
		at = *index;
	for (done = 0; done < n && at != log_end; done++)
		buf[done] = log_ring[at++ % LOG_SIZE];
	*index = at;
	unlock(flags);
	return done;
}

void log_clear(void)
{
	uint64_t flags = lock();

	log_start = log_end;
	unlock(flags);
}

/* Fetch what was typed; what does not fit in the ring is lost. */
static bool poll_input(void)
{
	bool any = false;
	int c;

	while ((c = uart_read()) >= 0) {
		any = true;
		if (input_head - input_tail < INPUT_SIZE)
			input_ring[input_head++ % INPUT_SIZE] = (char)c;
	}
	return any;
}

void console_softirq(void)
{
	uint64_t flags = lock();
	bool any = poll_input();

	unlock(flags);
	if (any)
		evtchn_send_global_virq(VIRQ_CONSOLE);
}

size_t console_read(char *buf, size_t n)
{
	uint64_t flags = lock();
	size_t done;

	poll_input();
	for (done = 0; done < n && input_tail != input_head; done++)
		buf[done] = input_ring[input_tail++ % INPUT_SIZE];
	unlock(flags);
	return done;
}
