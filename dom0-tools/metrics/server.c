/* SPDX-License-Identifier: MIT */
/*
 * The server: connections that are read until a request has come, answered
 * and closed.
 *
 * Owns: connections[]. Clients are strangers, so what they can hold is
 * bounded: so many connections, a request of so many bytes, one text each
 * while it is being sent. When all are taken, a new client gets the place of
 * the one that has been still for longest; a still one is dropped after a
 * while in any case. lwIP's own memory is fixed.
 * Invariant: pcb is NULL exactly when the place is free; then it has no text.
 * Context: lwIP's callbacks, within the port's turn (port.c).
 */
#include "metrics/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/tcp.h>
#include <pvguest/time.h>

#include "metrics/http.h"
#include "metrics/metrics.h"
#include "metrics/port.h"
#include "toolstack/guests.h"

#define HTTP_PORT   80
#define CONNECTIONS 8
#define STILL_NS    10000000000ull
#define POLL        2 /* half seconds */
#define HEAD_MAX    192u
#define PIECE_MAX   (8u * TCP_MSS)

struct connection {
	struct tcp_pcb *pcb;
	uint64_t moved_ns; /* when it last sent or took something */
	size_t request_bytes;
	char request[HTTP_REQUEST_MAX];

	/* The answer: NULL before there is one. Not copied by lwIP. */
	const char *answer;
	char *allocated; /* the same, if it is to be freed */
	size_t bytes, written, taken;
};

static struct connection connections[CONNECTIONS];

/* The end of a connection ------------------------------------------------- */

/* The place is free; lwIP does not know it any more. */
static void forget(struct connection *connection)
{
	free(connection->allocated);
	memset(connection, 0, sizeof(*connection));
}

/* lwIP has ended the connection. */
static void lost(void *context, err_t error)
{
	(void)error;
	forget(context);
}

static struct tcp_pcb *let_go(struct connection *connection)
{
	struct tcp_pcb *pcb = connection->pcb;

	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	tcp_err(pcb, NULL);
	return pcb;
}

/* For the callback of this connection to return. */
static err_t drop(struct connection *connection)
{
	/* lwIP gives its references to the text back before we free it. */
	tcp_abort(let_go(connection));
	forget(connection);
	return ERR_ABRT;
}

/* In order; nothing of the text is under way any more. */
static err_t finish(struct connection *connection)
{
	struct tcp_pcb *pcb = let_go(connection);

	forget(connection);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

/* Answers ----------------------------------------------------------------- */

#define REFUSAL(status, more)                                                  \
	"HTTP/1.1 " status "\r\n" more "Connection: close\r\n"                 \
	"Content-Length: 0\r\n\r\n"

static const char *const refusals[] = {
	[HTTP_BAD] = REFUSAL("400 Bad Request", ""),
	[HTTP_NOT_FOUND] = REFUSAL("404 Not Found", ""),
	[HTTP_METHOD] = REFUSAL("405 Method Not Allowed", "Allow: GET\r\n"),
	[HTTP_TOO_LONG] = REFUSAL("431 Request Header Fields Too Large", ""),
};

static const char no_memory[] = REFUSAL("503 Service Unavailable", "");

static void set_text(struct connection *connection, const char *text)
{
	connection->answer = text;
	connection->bytes = strlen(text);
}

static void set_metrics(struct connection *connection,
			enum metrics_format format)
{
	static const char *const types[] = {
		[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_OPEN] = "application/openmetrics-text; version=1.0.0;"
				 " charset=utf-8",
	};
	const struct metrics *metrics = metrics_sample();
	size_t size = metrics_write(NULL, 0, metrics, format);
	char *text = malloc(HEAD_MAX + size + 1);
	int head;

	if (!text) {
		set_text(connection, no_memory);
		return;
	}
	head = snprintf(text, HEAD_MAX,
			"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
			"Connection: close\r\nContent-Length: %lu\r\n\r\n",
			types[format], (unsigned long)size);
	metrics_write(text + head, size + 1, metrics, format);
	connection->answer = connection->allocated = text;
	connection->bytes = (size_t)head + size;
}

/* As much of the answer as lwIP takes now. */
static void push(struct connection *connection)
{
	struct tcp_pcb *pcb = connection->pcb;

	while (connection->written < connection->bytes) {
		size_t left = connection->bytes - connection->written;
		size_t piece = left < PIECE_MAX ? left : PIECE_MAX;

		if (piece > tcp_sndbuf(pcb))
			piece = tcp_sndbuf(pcb);
		if (!piece ||
		    tcp_write(pcb, connection->answer + connection->written,
			      (u16_t)piece, 0) != ERR_OK)
			break;
		connection->written += piece;
	}
	tcp_output(pcb);
}

static void answer(struct connection *connection, enum http_request request)
{
	if (request == HTTP_TEXT)
		set_metrics(connection, METRICS_TEXT);
	else if (request == HTTP_OPEN)
		set_metrics(connection, METRICS_OPEN);
	else
		set_text(connection, refusals[request]);
	push(connection);
}

/* Requests ---------------------------------------------------------------- */

static void moved(struct connection *connection)
{
	connection->moved_ns = pv_time_ns();
}

static void take(struct connection *connection, const struct pbuf *p)
{
	size_t room = HTTP_REQUEST_MAX - connection->request_bytes;
	enum http_request request;

	if (connection->answer)
		return; /* what comes behind the request is nobody's */
	connection->request_bytes += pbuf_copy_partial(
		p, connection->request + connection->request_bytes,
		(u16_t)(room < p->tot_len ? room : p->tot_len), 0);
	request = http_read(connection->request, connection->request_bytes);
	if (request == HTTP_MORE)
		return;
	answer(connection, request);
}

static err_t received(void *context, struct tcp_pcb *pcb, struct pbuf *p,
		      err_t error)
{
	struct connection *connection = context;

	(void)error;
	if (!p) /* it sends no more, but may still be reading */
		return connection->answer ? ERR_OK : finish(connection);
	if (!connection->answer)
		moved(connection);
	tcp_recved(pcb, p->tot_len);
	take(connection, p);
	pbuf_free(p);
	return ERR_OK;
}

static err_t sent(void *context, struct tcp_pcb *pcb, u16_t bytes)
{
	struct connection *connection = context;

	(void)pcb;
	moved(connection);
	connection->taken += bytes;
	if (connection->taken >= connection->bytes)
		return finish(connection);
	push(connection);
	return ERR_OK;
}

static err_t polled(void *context, struct tcp_pcb *pcb)
{
	struct connection *connection = context;

	(void)pcb;
	if (pv_time_ns() - connection->moved_ns > STILL_NS)
		return drop(connection);
	if (connection->answer)
		push(connection);
	return ERR_OK;
}

/* The beginning of a connection ------------------------------------------- */

static struct connection *free_place(void)
{
	struct connection *stillest = connections;
	unsigned int i;

	for (i = 0; i < CONNECTIONS; i++) {
		if (!connections[i].pcb)
			return &connections[i];
		if (connections[i].moved_ns < stillest->moved_ns)
			stillest = &connections[i];
	}
	drop(stillest);
	return stillest;
}

static err_t accepted(void *context, struct tcp_pcb *pcb, err_t error)
{
	struct connection *connection;

	(void)context;
	if (!pcb || error != ERR_OK)
		return ERR_VAL;
	connection = free_place();
	connection->pcb = pcb;
	moved(connection);
	/* Below that of new ones: when lwIP has no more, old ones give way. */
	tcp_setprio(pcb, TCP_PRIO_MIN);
	tcp_arg(pcb, connection);
	tcp_recv(pcb, received);
	tcp_sent(pcb, sent);
	tcp_err(pcb, lost);
	tcp_poll(pcb, polled, POLL);
	return ERR_OK;
}

static void has_address(const char *text)
{
	char line[64];

	snprintf(line, sizeof(line), "serving on http://%s/metrics", text);
	tk_guests_notice("metrics", line);
}

static bool listen_now(void)
{
	struct tcp_pcb *pcb = tcp_new(), *listener;

	if (!pcb || tcp_bind(pcb, IP_ADDR_ANY, HTTP_PORT) != ERR_OK)
		return false;
	listener = tcp_listen(pcb);
	if (listener)
		tcp_accept(listener, accepted);
	return listener;
}

void metrics_start(const char *command_line)
{
	struct metrics_settings settings;
	int rc;

	if (!metrics_settings_read(&settings, command_line)) {
		printf("metrics: off, for metrics= on the control domain's "
		       "command line is neither dhcp nor an address like "
		       "192.168.1.5/24 or 192.168.1.5/24,192.168.1.1\n");
		return;
	}
	if (!settings.is_on)
		return;
	rc = metrics_port_start(&settings, has_address);
	if (rc)
		printf("metrics: off, no place on the bridge: error %d\n", rc);
	else if (!listen_now())
		printf("metrics: off, not enough memory\n");
}
