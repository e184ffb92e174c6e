/* SPDX-License-Identifier: MIT */
/* The verbs of the network, for the table in commands.c. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

void run_network(int count, char **words);

#endif /* CLI_NETWORK_H */
