/* SPDX-License-Identifier: MIT */
/*
 * Names of xenstore nodes: checked and made absolute once, when they come in.
 */
#ifndef XENSTORE_PATH_H
#define XENSTORE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With the NUL. */
#define XS_PATH_SIZE  3073
#define XS_DEPTH_MAX  32
#define XS_DOMAIN_DIR "/local/domain/"

/*
 * `text` (`size` bytes with its NUL) becomes an absolute path in `path`;
 * relative ones begin at the domain's own folder. False when it is not a
 * valid name. Names that begin with '@' are kept as they are.
 */
bool xs_path_canonical(char path[XS_PATH_SIZE], uint16_t domid,
		       const char *text, size_t size);

/* Is `path` the same as `top`, or below it? */
bool xs_path_is_below(const char *path, const char *top);

/* Behind the domain's own folder; the path itself when it is elsewhere. */
const char *xs_path_relative(const char *path, uint16_t domid);

/* `from` is canonical: it fits. */
void xs_path_copy(char to[XS_PATH_SIZE], const char *from);

/* Of a node: the first `length` bytes of `path`, and their hash. */
struct xs_key {
	const char *path;
	size_t length;
	uint32_t hash;
};

struct xs_key xs_key_of(const char *path);
bool xs_key_is(const struct xs_key *key, const struct xs_key *other);

/* Those above it too: "/a/b" has "/", "/a" and "/a/b". 0: it is too deep. */
#define XS_KEYS_MAX (XS_DEPTH_MAX + 1)
size_t xs_path_keys(const char *path, struct xs_key keys[XS_KEYS_MAX]);

/* Behind the last slash. */
const char *xs_path_name(const char *path);

/* Cuts the last part off; false for the root and for special names. */
bool xs_path_up(char *path);

/* "/a" and "b" make "/a/b". False, and nothing changed, if it is too long. */
bool xs_path_append(char path[XS_PATH_SIZE], const char *name, size_t length);

#endif /* XENSTORE_PATH_H */
