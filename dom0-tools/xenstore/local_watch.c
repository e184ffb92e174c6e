/* SPDX-License-Identifier: MIT */
/* See local_watch.h. Owns: the list. */
#include "xenstore/local_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct xs_local_watch *watches;
static unsigned long last_token;

struct xs_local_watch *local_watch_new(const char *path,
				       xs_local_handler *handler, void *context)
{
	size_t path_size = strlen(path) + 1;
	struct xs_local_watch *watch = malloc(sizeof(*watch) + path_size);

	if (!watch)
		return NULL;
	snprintf(watch->token, sizeof(watch->token), "%lu", ++last_token);
	memcpy(watch->path, path, path_size);
	watch->handler = handler;
	watch->context = context;
	return watch;
}

void local_watch_list(struct xs_local_watch *watch)
{
	watch->next = watches;
	watches = watch;
}

bool local_watch_unlist(struct xs_local_watch *watch)
{
	struct xs_local_watch **place = &watches;

	while (*place && *place != watch)
		place = &(*place)->next;
	if (!*place)
		return false;
	*place = watch->next;
	return true;
}

struct xs_local_watch *local_watch_find(const char *token)
{
	struct xs_local_watch *watch = watches;

	while (watch && strcmp(watch->token, token) != 0)
		watch = watch->next;
	return watch;
}

struct xs_local_watch *local_watch_next(const struct xs_local_watch *watch)
{
	return watch ? watch->next : watches;
}
