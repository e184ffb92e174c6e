/* SPDX-License-Identifier: MIT */
/*
 * Where the settings of a guest are kept in xenstore, below the path in its
 * node "vm": libxl's names where it has them.
 */
#ifndef LINUX_GUEST_NODES_H
#define LINUX_GUEST_NODES_H

#define VM_START_TIME  "start_time" /* seconds since 1970, with decimals */
#define VM_KERNEL      "image/kernel"
#define VM_RAMDISK     "image/ramdisk"
#define VM_CMDLINE     "image/cmdline"
#define VM_ON_POWEROFF "tenon/on_poweroff"
#define VM_ON_REBOOT   "tenon/on_reboot"
#define VM_ON_CRASH    "tenon/on_crash"
#define VM_MIN_MEMORY  "tenon/min_memory"

#endif /* LINUX_GUEST_NODES_H */
