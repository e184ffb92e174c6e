/* SPDX-License-Identifier: MIT */
/*
 * What newlib asks of an operating system, on pv-guest-lib.
 *
 * Owns: the table of open files. Descriptors 0-2 are the console and cannot
 * be closed. Files are memory that somebody else keeps (see newlib.h).
 * Context: not from trap handlers.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include <public/sched.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>
#include <pvguest/newlib.h>
#include <pvguest/start.h>
#include <pvguest/time.h>
#include <pvguest/trap.h>

#define FIRST_FILE    3
#define FILES         32
#define NS_PER_US     1000
#define US_PER_SECOND 1000000

static pv_file_lookup *lookup_file;

static struct file {
	const char *data; /* NULL: the descriptor is free */
	size_t size;
	size_t position;
} files[FILES];

void pv_files_register(pv_file_lookup *lookup)
{
	lookup_file = lookup;
}

static struct file *file_of(int fd)
{
	if (fd < FIRST_FILE || fd >= FIRST_FILE + FILES ||
	    !files[fd - FIRST_FILE].data) {
		errno = EBADF;
		return NULL;
	}
	return &files[fd - FIRST_FILE];
}

static bool is_console(int fd)
{
	return fd >= 0 && fd < FIRST_FILE;
}

static bool find(const char *path, const void **data, size_t *size)
{
	if (lookup_file && lookup_file(path, data, size))
		return true;
	errno = ENOENT;
	return false;
}

int open(const char *path, int flags, ...)
{
	const void *data;
	size_t size;
	int i;

	if ((flags & O_ACCMODE) != O_RDONLY) {
		errno = EROFS;
		return -1;
	}
	if (!find(path, &data, &size))
		return -1;
	for (i = 0; i < FILES && files[i].data; i++)
		;
	if (i == FILES) {
		errno = EMFILE;
		return -1;
	}
	files[i] = (struct file){ .data = data, .size = size };
	return FIRST_FILE + i;
}

int close(int fildes)
{
	struct file *file;

	if (is_console(fildes))
		return 0;
	file = file_of(fildes);
	if (!file)
		return -1;
	file->data = NULL;
	return 0;
}

static _READ_WRITE_RETURN_TYPE console_read(char *buffer, size_t size)
{
	size_t n = pv_console_read(buffer, size);

	while (n == 0 && size > 0) {
		pv_wait(PV_FOREVER);
		n = pv_console_read(buffer, size);
	}
	return (_READ_WRITE_RETURN_TYPE)n;
}

_READ_WRITE_RETURN_TYPE read(int fd, void *buffer, size_t size)
{
	struct file *file;

	if (is_console(fd))
		return console_read(buffer, size);
	file = file_of(fd);
	if (!file)
		return -1;
	if (size > file->size - file->position)
		size = file->size - file->position;
	memcpy(buffer, file->data + file->position, size);
	file->position += size;
	return (_READ_WRITE_RETURN_TYPE)size;
}

_READ_WRITE_RETURN_TYPE write(int fd, const void *buffer, size_t size)
{
	if (!is_console(fd)) {
		errno = EBADF;
		return -1;
	}
	pv_console_write(buffer, size);
	return (_READ_WRITE_RETURN_TYPE)size;
}

off_t lseek(int fildes, off_t offset, int whence)
{
	struct file *file;
	off_t base;

	if (is_console(fildes)) {
		errno = ESPIPE;
		return -1;
	}
	file = file_of(fildes);
	if (!file)
		return -1;
	base = whence == SEEK_SET   ? 0
	       : whence == SEEK_CUR ? (off_t)file->position
				    : (off_t)file->size;
	if (offset < -base || offset > (off_t)file->size - base) {
		errno = EINVAL;
		return -1;
	}
	file->position = (size_t)(base + offset);
	return base + offset;
}

static void fill_stat(struct stat *st, mode_t mode, size_t size)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = mode;
	st->st_size = (off_t)size;
	st->st_nlink = 1;
	st->st_blksize = 4096;
}

int fstat(int fd, struct stat *sbuf)
{
	struct file *file;

	if (is_console(fd)) {
		fill_stat(sbuf, S_IFCHR | 0600, 0);
		return 0;
	}
	file = file_of(fd);
	if (!file)
		return -1;
	fill_stat(sbuf, S_IFREG | 0400, file->size);
	return 0;
}

int stat(const char *path, struct stat *sbuf)
{
	const void *data;
	size_t size;

	if (!find(path, &data, &size))
		return -1;
	fill_stat(sbuf, S_IFREG | 0400, size);
	return 0;
}

int isatty(int fildes)
{
	if (is_console(fildes))
		return 1;
	errno = ENOTTY;
	return 0;
}

void *sbrk(ptrdiff_t incr)
{
	void *old = pv_heap_grow(incr);

	if (!old) {
		errno = ENOMEM;
		return (void *)-1;
	}
	return old;
}

int gettimeofday(struct timeval *p, void *z)
{
	uint64_t us = pv_wallclock_ns() / NS_PER_US;

	(void)z;
	p->tv_sec = (time_t)(us / US_PER_SECOND);
	p->tv_usec = (suseconds_t)(us % US_PER_SECOND);
	return 0;
}

clock_t times(struct tms *t)
{
	clock_t now = (clock_t)(pv_time_ns() / (1000000000 / CLOCKS_PER_SEC));

	*t = (struct tms){ .tms_utime = now };
	return now;
}

void _exit(int status)
{
	if (status != 0)
		pv_panic("exit status %d", status);
	pv_shutdown(SHUTDOWN_poweroff);
}

/* What start.c calls with main's result: buffered output goes out first. */
void pv_finish(int status)
{
	exit(status);
}

pid_t getpid(void)
{
	return 1;
}

/* abort() and assert() raise a signal, and nobody handles one. */
int kill(pid_t pid, int number)
{
	(void)pid;
	pv_panic("signal %d", number);
}

int unlink(const char *path)
{
	(void)path;
	errno = EROFS;
	return -1;
}

int link(const char *path1, const char *path2)
{
	(void)path1;
	return unlink(path2);
}
