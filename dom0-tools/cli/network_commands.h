/* SPDX-License-Identifier: MIT */
/* The verbs about the network; rows of the table in commands.c. */
#ifndef CLI_NETWORK_COMMANDS_H
#define CLI_NETWORK_COMMANDS_H

void run_network(int count, char **words);
void run_network_list(int count, char **words);
void run_network_attach(int count, char **words);
void run_network_detach(int count, char **words);

#endif /* CLI_NETWORK_COMMANDS_H */
