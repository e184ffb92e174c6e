/* SPDX-License-Identifier: MIT */
/* The verbs about vCPUs and CPUs, of the table in commands.c. */
#ifndef CLI_VCPU_COMMANDS_H
#define CLI_VCPU_COMMANDS_H

void run_vcpu_list(int count, char **words);
void run_vcpu_set(int count, char **words);
void run_vcpu_pin(int count, char **words);
void run_sched_credit2(int count, char **words);

#endif /* CLI_VCPU_COMMANDS_H */
