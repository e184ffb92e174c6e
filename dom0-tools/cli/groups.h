/* SPDX-License-Identifier: MIT */
/*
 * The tables of verbs, one from each file with handlers; commands.c puts them
 * together.
 */
#ifndef CLI_GROUPS_H
#define CLI_GROUPS_H

#include "cli/commands.h"

extern const struct command console_commands[];
extern const struct command core_commands[];
extern const struct command create_commands[];
extern const struct command device_commands[];
extern const struct command disk_commands[];
extern const struct command file_commands[];
extern const struct command guest_commands[];
extern const struct command inspect_commands[];
extern const struct command list_commands[];
extern const struct command machine_commands[];
extern const struct command memory_commands[];
extern const struct command network_commands[];
extern const struct command pci_commands[];
extern const struct command top_commands[];
extern const struct command vcpu_commands[];
extern const struct command xenstore_commands[];

#endif /* CLI_GROUPS_H */
