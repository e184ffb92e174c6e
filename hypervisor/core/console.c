/* SPDX-License-Identifier: MIT */
/*
 * The log ring, the consoles, and typed input: for the hypervisor, and for the
 * control domain HYPERVISOR_console_io and XEN_SYSCTL_readconsole.
 *
 * Owns: the ring of the last 32 KiB of log text, addressed by a running
 * index that only grows (32 bits, as the ABI's readconsole has it), and a
 * small ring of typed characters.
 * Locks: console_lock (irqsave), over rings and devices, so that lines of
 * different CPUs do not mix. Any context.
 */
#include "boot/boot.h"
#include "core/hypercall.h"
#include "platform/platform.h"
#include "public/sysctl.h"

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
	for (size_t i = 0; i < n; i++)
		log_ring[log_end++ % LOG_SIZE] = line[i];
	if (log_end - log_start > LOG_SIZE)
		log_start = log_end - LOG_SIZE;
	if (level <= options.loglevel)
		devices_write(line, n);
	spin_unlock_irqrestore(&console_lock, flags);
}

long sys_readconsole(struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *c = &op->u.readconsole;
	guest_ptr_t out = guest_handle(c->buffer);
	bool from_start = !c->incremental;
	uint32_t done, n;
	char chunk[256];
	uint64_t flags;

	for (done = 0; done < c->count; done += n) {
		flags = spin_lock_irqsave(&console_lock);
		/* Also if the index is not, or no longer, in the ring. */
		if (from_start || c->index - log_start > log_end - log_start)
			c->index = log_start;
		from_start = false;
		for (n = 0; n < min_u64(sizeof(chunk), c->count - done); n++) {
			if (c->index == log_end)
				break;
			chunk[n] = log_ring[c->index++ % LOG_SIZE];
		}
		spin_unlock_irqrestore(&console_lock, flags);
		if (!n)
			break;
		if (copy_array_to_guest(out, done, n, chunk, 1))
			return -XEN_EFAULT;
	}
	c->count = done;
	flags = spin_lock_irqsave(&console_lock);
	if (c->clear)
		log_start = log_end;
	spin_unlock_irqrestore(&console_lock, flags);
	return 0;
}

/* Fetch what was typed; what does not fit in the ring is lost. */
static void poll_input(void)
{
	int c;

	while ((c = uart_read()) >= 0)
		if (input_head - input_tail < INPUT_SIZE)
			input_ring[input_head++ % INPUT_SIZE] = (char)c;
}

void console_softirq(void)
{
	uint64_t flags = spin_lock_irqsave(&console_lock);

	poll_input();
	spin_unlock_irqrestore(&console_lock, flags);
	evtchn_send_global_virq(VIRQ_CONSOLE);
}

/* LG-2: unsigned length, fixed chunk; other domains have no host console. */
static long console_out(uint64_t count, uint64_t buffer)
{
	char chunk[128];

	while (count) {
		size_t n = min_u64(sizeof(chunk), count);
		uint64_t flags;

		if (copy_from_guest(chunk, guest_ptr(buffer), n))
			return -XEN_EFAULT;
		flags = spin_lock_irqsave(&console_lock);
		devices_write(chunk, n);
		spin_unlock_irqrestore(&console_lock, flags);
		count -= n;
		buffer += n;
		if (count && hypercall_preempt_check())
			return hypercall_continue(__HYPERVISOR_console_io,
						  CONSOLEIO_write, count,
						  buffer, 0);
	}
	return 0;
}

static long console_in(uint64_t count, uint64_t buffer)
{
	uint64_t flags = spin_lock_irqsave(&console_lock);
	char chunk[128];
	size_t n = 0;

	poll_input();
	while (n < min_u64(sizeof(chunk), count) && input_tail != input_head)
		chunk[n++] = input_ring[input_tail++ % INPUT_SIZE];
	spin_unlock_irqrestore(&console_lock, flags);
	return copy_to_guest(guest_ptr(buffer), chunk, n) ? -XEN_EFAULT
							  : (long)n;
}

long hc_console_io(uint64_t cmd, uint64_t count, uint64_t buffer, uint64_t a4)
{
	if (!domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	if ((uint32_t)cmd == CONSOLEIO_write)
		return console_out((uint32_t)count, buffer);
	if ((uint32_t)cmd == CONSOLEIO_read)
		return console_in((uint32_t)count, buffer);
	return -XEN_ENOSYS;
}
