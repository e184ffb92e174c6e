/* SPDX-License-Identifier: MIT */
/*
 * As much of HTTP/1.1 (RFC 9112) as a server of one page needs: what a client
 * asks for. A pure function.
 */
#ifndef METRICS_HTTP_H
#define METRICS_HTTP_H

#include <stddef.h>

/* Longer ones are refused. */
#define HTTP_REQUEST_MAX 2048u

enum http_request {
	HTTP_MORE,      /* its end has not come yet */
	HTTP_TEXT,      /* GET /metrics */
	HTTP_OPEN,      /* the same, from one that knows OpenMetrics */
	HTTP_BAD,       /* no HTTP/1 */
	HTTP_NOT_FOUND, /* GET of something else */
	HTTP_METHOD,    /* no GET */
	HTTP_TOO_LONG,
};

/* `size` bytes have come so far; no more than HTTP_REQUEST_MAX. */
enum http_request http_read(const char *bytes, size_t size);

#endif /* METRICS_HTTP_H */
