/* SPDX-License-Identifier: MIT */
/*
 * Included before lib/string.c and lib/printf.c: their functions get names
 * beside those of the C library. The test itself wants both.
 */
#ifdef RENAME_LIBRARY
#define memcpy    our_memcpy
#define memmove   our_memmove
#define memset    our_memset
#define memcmp    our_memcmp
#define strlen    our_strlen
#define strnlen   our_strnlen
#define strcmp    our_strcmp
#define vsnprintf our_vsnprintf
#endif
