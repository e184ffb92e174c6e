/* SPDX-License-Identifier: MIT */
/*
 * The countdown of check.h. The linker's --wrap sends the allocations of the
 * code under test here; those inside shared libraries are out of its reach,
 * so the decoders' constructors stand in for theirs.
 */
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "check.h"

static bool armed;
static bool failed;
static unsigned int remaining;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_inflateInit2_(z_stream *zlib, int bits, const char *version,
			 int size);
lzma_ret __real_lzma_stream_decoder(lzma_stream *lzma, uint64_t limit,
				    uint32_t flags);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __wrap_inflateInit2_(z_stream *zlib, int bits, const char *version,
			 int size);
lzma_ret __wrap_lzma_stream_decoder(lzma_stream *lzma, uint64_t limit,
				    uint32_t flags);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);

void alloc_fail_after(unsigned int successes)
{
	armed = true;
	failed = false;
	remaining = successes;
}

void alloc_fail_never(void)
{
	armed = false;
}

bool alloc_failed(void)
{
	return failed;
}

static bool may_allocate(void)
{
	if (!armed)
		return true;
	if (remaining) {
		remaining--;
		return true;
	}
	failed = true;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
	return may_allocate() ? __real_realloc(old, size) : NULL;
}

int __wrap_inflateInit2_(z_stream *zlib, int bits, const char *version,
			 int size)
{
	if (!may_allocate())
		return Z_MEM_ERROR;
	return __real_inflateInit2_(zlib, bits, version, size);
}

lzma_ret __wrap_lzma_stream_decoder(lzma_stream *lzma, uint64_t limit,
				    uint32_t flags)
{
	if (!may_allocate())
		return LZMA_MEM_ERROR;
	return __real_lzma_stream_decoder(lzma, limit, flags);
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
	return may_allocate() ? __real_ZSTD_createDCtx() : NULL;
}
