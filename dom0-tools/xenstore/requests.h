/* SPDX-License-Identifier: MIT */
/*
 * What a client can ask of xenstore: one row of a table for each kind of
 * message.
 */
#ifndef XENSTORE_REQUESTS_H
#define XENSTORE_REQUESTS_H

struct xs_connection;

/* Handles connection->request, which is whole, and leaves the reply. */
void xs_request_handle(struct xs_connection *connection);

#endif /* XENSTORE_REQUESTS_H */
