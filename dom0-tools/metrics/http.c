/* SPDX-License-Identifier: MIT */
/* The request of a client: http.h. The bytes are anybody's. */
#include "metrics/http.h"

#include <stdbool.h>
#include <string.h>

#define PATH "/metrics"

/* Where `part` is, ASCII letters alike; NULL: nowhere. */
static const char *find(const char *bytes, size_t size, const char *part)
{
	size_t length = strlen(part), i;

	for (; size >= length; bytes++, size--) {
		for (i = 0; i < length; i++) {
			char c = bytes[i];

			if (c >= 'A' && c <= 'Z')
				c = (char)(c - 'A' + 'a');
			if (c != part[i])
				break;
		}
		if (i == length)
			return bytes;
	}
	return NULL;
}

/* Whether the line begins with it, as it stands. */
static bool take(const char **line, const char *end, const char *part)
{
	size_t length = strlen(part);

	if ((size_t)(end - *line) < length || memcmp(*line, part, length) != 0)
		return false;
	*line += length;
	return true;
}

/* The line of Accept, of one that came whole. */
static bool accepts_open(const char *bytes, size_t size)
{
	const char *accept = find(bytes, size, "\r\naccept:");
	const char *end;

	if (!accept)
		return false;
	end = find(accept + 2, size - (size_t)(accept + 2 - bytes), "\r\n");
	return end && find(accept, (size_t)(end - accept),
			   "application/openmetrics-text");
}

static enum http_request read_line(const char *line, const char *end)
{
	const char *space = memchr(line, ' ', (size_t)(end - line));
	const char *version;
	bool is_get = take(&line, end, "GET ");

	version = space ? memchr(space + 1, ' ', (size_t)(end - space - 1))
			: NULL;
	if (!version || !find(version, (size_t)(end - version), " http/1."))
		return HTTP_BAD;
	if (!is_get)
		return HTTP_METHOD;
	if (!take(&line, end, PATH) || (*line != ' ' && *line != '?'))
		return HTTP_NOT_FOUND;
	return HTTP_TEXT;
}

enum http_request http_read(const char *bytes, size_t size)
{
	const char *end = find(bytes, size, "\r\n");
	enum http_request request;

	if (!find(bytes, size, "\r\n\r\n"))
		return size < HTTP_REQUEST_MAX ? HTTP_MORE : HTTP_TOO_LONG;
	request = read_line(bytes, end);
	if (request == HTTP_TEXT && accepts_open(bytes, size))
		return HTTP_OPEN;
	return request;
}
