/* SPDX-License-Identifier: MIT */
/*
 * GET /metrics over HTTP, from an address of the control domain's own; off
 * unless its command line says metrics=... Docs: docs/metrics.md.
 */
#ifndef METRICS_SERVER_H
#define METRICS_SERVER_H

/* Behind the back ends' start. Says so when it cannot be. */
void metrics_start(const char *command_line);

#endif /* METRICS_SERVER_H */
