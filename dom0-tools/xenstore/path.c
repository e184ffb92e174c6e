/* SPDX-License-Identifier: MIT */
/*
 * Paths; see path.h. Limits and characters are those of the protocol.
 */
#include "xenstore/path.h"

#include <stdio.h>
#include <string.h>

#define RELATIVE_MAX 2048

static bool is_path_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@' ||
	       c == '/';
}

static bool is_clean(const char *path)
{
	unsigned int depth = 0;
	const char *c;

	for (c = path; *c; c++) {
		if (!is_path_char(*c))
			return false;
		if (*c != '/')
			continue;
		if (c[1] == '/' || (!c[1] && c != path) ||
		    ++depth > XS_DEPTH_MAX)
			return false;
	}
	return true;
}

bool xs_path_canonical(char path[XS_PATH_SIZE], uint16_t domid,
		       const char *text, size_t size)
{
	size_t length = size ? strnlen(text, size) : 0;
	int prefix = 0;

	if (!length || length == size)
		return false; /* empty, or without its NUL */
	if (text[0] != '/' && text[0] != '@') {
		if (length > RELATIVE_MAX)
			return false;
		prefix = snprintf(path, XS_PATH_SIZE, XS_DOMAIN_DIR "%u/",
				  domid);
	}
	if (length >= XS_PATH_SIZE - (size_t)prefix)
		return false;
	memcpy(path + prefix, text, length + 1);
	return is_clean(path);
}

bool xs_path_is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (!strcmp(top, "/"))
		return path[0] == '/';
	return !strncmp(path, top, length) &&
	       (!path[length] || path[length] == '/');
}

const char *xs_path_relative(const char *path, uint16_t domid)
{
	char prefix[sizeof(XS_DOMAIN_DIR) + 8];
	int length =
		snprintf(prefix, sizeof(prefix), XS_DOMAIN_DIR "%u/", domid);

	return strncmp(path, prefix, (size_t)length) ? path : path + length;
}

/* FNV-1a: short, and good enough for paths. */
#define HASH_OF_NOTHING 2166136261u

static uint32_t hash_step(uint32_t hash, char c)
{
	return (hash ^ (uint8_t)c) * 16777619u;
}

struct xs_key xs_key_of(const char *path)
{
	struct xs_key key = { path, 0, HASH_OF_NOTHING };

	for (; path[key.length]; key.length++)
		key.hash = hash_step(key.hash, path[key.length]);
	return key;
}

bool xs_key_is(const struct xs_key *key, const struct xs_key *other)
{
	return key->hash == other->hash && key->length == other->length &&
	       !memcmp(key->path, other->path, key->length);
}

/* The hash of a node above is that of the path so far: one look at each byte.
 */
size_t xs_path_keys(const char *path, struct xs_key keys[XS_KEYS_MAX])
{
	struct xs_key key = { path, 0, HASH_OF_NOTHING };
	size_t count = 0;

	if (path[0] == '/') { /* the root is its slash */
		key = (struct xs_key){ path, 1, hash_step(key.hash, '/') };
		keys[count++] = key;
	}
	while (path[key.length]) {
		if (path[key.length] == '/') {
			key.hash = hash_step(key.hash, '/');
			key.length++;
		}
		for (; path[key.length] && path[key.length] != '/';
		     key.length++)
			key.hash = hash_step(key.hash, path[key.length]);
		if (count == XS_KEYS_MAX)
			return 0;
		keys[count++] = key;
	}
	return count;
}

const char *xs_path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* From the end, where the slash is near. */
bool xs_path_up(char *path)
{
	size_t length = strlen(path);

	while (length && path[length - 1] != '/')
		length--;
	if (!length || !path[1])
		return false;
	/* The root keeps its slash. */
	path[length == 1 ? 1 : length - 1] = '\0';
	return true;
}

bool xs_path_append(char path[XS_PATH_SIZE], const char *name, size_t length)
{
	size_t at = strlen(path);

	if (at + 1 + length >= XS_PATH_SIZE)
		return false;
	if (at != 1) /* the root ends in a slash already */
		path[at++] = '/';
	memcpy(path + at, name, length);
	path[at + length] = '\0';
	return true;
}

void xs_path_copy(char to[XS_PATH_SIZE], const char *from)
{
	size_t length = strnlen(from, XS_PATH_SIZE - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}
