/* SPDX-License-Identifier: MIT */
/*
 * The only list of hypercalls: number, name, who may call. Included several
 * times with different definitions of HYPERCALL. Calls that are absent answer
 * -ENOSYS. Checked against include/public/xen.h in hypercall.c.
 */
/* clang-format off */
HYPERCALL(0,  set_trap_table,              ANY_DOMAIN)
HYPERCALL(1,  mmu_update,                  ANY_DOMAIN)
HYPERCALL(2,  set_gdt,                     ANY_DOMAIN)
HYPERCALL(3,  stack_switch,                ANY_DOMAIN)
HYPERCALL(4,  set_callbacks,               ANY_DOMAIN)
HYPERCALL(5,  fpu_taskswitch,              ANY_DOMAIN)
HYPERCALL(7,  platform_op,                 CONTROL_DOMAIN)
HYPERCALL(8,  set_debugreg,                ANY_DOMAIN)
HYPERCALL(9,  get_debugreg,                ANY_DOMAIN)
HYPERCALL(10, update_descriptor,           ANY_DOMAIN)
HYPERCALL(12, memory_op,                   ANY_DOMAIN)
HYPERCALL(13, multicall,                   ANY_DOMAIN)
HYPERCALL(14, update_va_mapping,           ANY_DOMAIN)
HYPERCALL(15, set_timer_op,                ANY_DOMAIN)
HYPERCALL(17, xen_version,                 ANY_DOMAIN)
HYPERCALL(18, console_io,                  ANY_DOMAIN)
HYPERCALL(20, grant_table_op,              ANY_DOMAIN)
HYPERCALL(21, vm_assist,                   ANY_DOMAIN)
HYPERCALL(22, update_va_mapping_otherdomain, ANY_DOMAIN)
HYPERCALL(23, iret,                        ANY_DOMAIN)
HYPERCALL(24, vcpu_op,                     ANY_DOMAIN)
HYPERCALL(25, set_segment_base,            ANY_DOMAIN)
HYPERCALL(26, mmuext_op,                   ANY_DOMAIN)
HYPERCALL(28, nmi_op,                      ANY_DOMAIN)
HYPERCALL(29, sched_op,                    ANY_DOMAIN)
HYPERCALL(30, callback_op,                 ANY_DOMAIN)
HYPERCALL(32, event_channel_op,            ANY_DOMAIN)
HYPERCALL(33, physdev_op,                  ANY_DOMAIN)
HYPERCALL(35, sysctl,                      CONTROL_DOMAIN)
HYPERCALL(36, domctl,                      CONTROL_DOMAIN)
/* clang-format on */
