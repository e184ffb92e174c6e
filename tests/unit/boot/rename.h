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
#define memchr    our_memchr
#define strlen    our_strlen
#define strnlen   our_strnlen
#define strcmp    our_strcmp
#define strncmp   our_strncmp
#define strchr    our_strchr
#define strstr    our_strstr
#define vsnprintf our_vsnprintf
#define snprintf  our_snprintf
#endif
