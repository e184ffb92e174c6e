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
#include "boot/boot.h"
#include "core/services.h"
#include "platform/platform.h"

#define LOG_SIZE   32768u /* powers of two */
#define INPUT_SIZE 256u

static struct spinlock console_lock = SPINLOCK_INIT(RANK_CONSOLE);

static char log_ring[LOG_SIZE];
static uint32_t log_start, log_end; /* running indices of what is kept */

static char input_ring[INPUT_SIZE];
static unsigned int input_head, input_tail; /* tail: next to read */

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
	uint64_t flags = spin_lock_irqsave(&console_lock);

	for (uint32_t i = log_start; i != log_end; i++)
		write(&log_ring[i % LOG_SIZE], 1);
	spin_unlock_irqrestore(&console_lock, flags);
}

void console_force(void)
{
	/* Nobody else runs, and what this CPU held it does not give back. */
	this_cpu()->lock_ranks = 0;
	spin_init(&console_lock, RANK_CONSOLE);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	char line[256] = "(TENON) ";
	const size_t prefix = strlen(line);
	uint64_t flags;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(line + prefix, sizeof(line) - prefix, fmt, ap);
	va_end(ap);
	n = strlen(line);
	line[n - 1] = '\n'; /* which it was, unless the line has been cut */
	flags = spin_lock_irqsave(&console_lock);
	ring_write(line, n);
	if (level <= options.loglevel)
		devices_write(line, n);
	spin_unlock_irqrestore(&console_lock, flags);
}

void console_write(const char *s, size_t n)
{
	uint64_t flags = spin_lock_irqsave(&console_lock);

	devices_write(s, n);
	spin_unlock_irqrestore(&console_lock, flags);
}

size_t log_read(char *buf, size_t n, uint32_t *index, bool incremental)
{
	uint64_t flags = spin_lock_irqsave(&console_lock);
	uint32_t at = log_start;
	size_t done;

	/* An index that is not, or no longer, in the ring: from the start. */
	if (incremental && *index - log_start <= log_end - log_start)
		at = *index;
	for (done = 0; done < n && at != log_end; done++)
		buf[done] = log_ring[at++ % LOG_SIZE];
	*index = at;
	spin_unlock_irqrestore(&console_lock, flags);
	return done;
}

void log_clear(void)
{
	uint64_t flags = spin_lock_irqsave(&console_lock);

	log_start = log_end;
	spin_unlock_irqrestore(&console_lock, flags);
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
	uint64_t flags = spin_lock_irqsave(&console_lock);
	bool any = poll_input();

	spin_unlock_irqrestore(&console_lock, flags);
	if (any)
		evtchn_send_global_virq(VIRQ_CONSOLE);
}

size_t console_read(char *buf, size_t n)
{
	uint64_t flags = spin_lock_irqsave(&console_lock);
	size_t done;

	poll_input();
	for (done = 0; done < n && input_tail != input_head; done++)
		buf[done] = input_ring[input_tail++ % INPUT_SIZE];
	spin_unlock_irqrestore(&console_lock, flags);
	return done;
}
