/* SPDX-License-Identifier: MIT */
/* The verbs about disks of guests; rows of the table in commands.c. */
#ifndef CLI_BLOCK_COMMANDS_H
#define CLI_BLOCK_COMMANDS_H

void run_block_list(int count, char **words);
void run_block_attach(int count, char **words);
void run_block_detach(int count, char **words);

#endif /* CLI_BLOCK_COMMANDS_H */
