/* SPDX-License-Identifier: MIT */
/* The verb `disks`, of the table in commands.c. */
#ifndef CLI_DISK_COMMANDS_H
#define CLI_DISK_COMMANDS_H

/*
 * disks                  the list
 * disks --check NAME     reads all of it: errors, and a checksum
 * disks --copy FROM TO   writes one over the other
 * disks --discard NAME   tells the disk that its contents are not needed
 */
void run_disks(int count, char **words);

#endif /* CLI_DISK_COMMANDS_H */
