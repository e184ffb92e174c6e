# SPDX-License-Identifier: MIT
"""What tests/mutants/run.py takes away: a text of a file under hypervisor/ (or
one named from the top of the tree), once in it, what comes instead, and who has
to notice: attacks of tests/guest/attack, or a system test.

BF-1 and BF-10 are not here: under QEMU the guest has the exception of a return
to an address that cannot be, whether entry.S looks or not, and MOV SS delays no
trap to the instruction behind. Processors would have both in ring 0.
"""
import dataclasses
import pathlib


@dataclasses.dataclass
class Rule:
    name: str
    attacks: str  # the attacker's command line; or what `test` runs
    file: str
    text: str
    instead: str
    also: tuple = ()  # a second text in the same file, and its instead
    test: str = ""  # a system test instead of one with `attacks`

    @property
    def path(self):
        """From the top of the tree."""
        top = self.file.partition("/")[0]
        if top in ("dom0-tools", "pv-guest-lib"):
            return pathlib.Path(self.file)
        return pathlib.Path("hypervisor", self.file)


RULES = [
    Rule("PT-3", "T01", "mm/pagetype.c",
         "if (c.writable)\n\t\trc = frame_get_type(f, TYPE_WRITABLE);",
         "rc = 0;"),
    Rule("PT-5", "T01", "mm/pagetype.c",
         "bool get = moved && (value & PTE_WRITE),", "bool get = false,"),
    Rule("PT-6", "T02", "mm/pte.h",
         "if (unlikely(raw & (CACHE_BITS | PTE_GLOBAL)))", "if (0)"),
    Rule("PT-9", "T01", "mm/pagetype.c",
         "? table_begin(d, mfn_of(c.frame), level - 1)",
         "? table_begin(d, mfn_of(c.frame), level)"),
    Rule("PT-13", "T03", "mm/pagetype.h", "|| !walker_run(d)", "|| true"),
    Rule("PT-17", "T03", "mm/domain_mm.c", "if (!(old & TYPE_PINNED))",
         "if (0)"),
    Rule("PG-3", "T22", "mm/pagetype.c", "if (!(old & REF_ALLOCATED))",
         "if (0)"),
    Rule("TL-1", "T05", "mm/domain_mm.c", "f->owner = d;\n\t\tf->state",
         "f->owner = d;\n\t\tf->type = 0;\n\t\tf->state"),
    Rule("PG-6", "T05", "mm/alloc.c", "clear_page(&f[i]);", ";"),
    Rule("TL-9", "T02", "mm/pte.h", "if (unlikely(c.cache && !io))", "if (0)"),
    Rule("MO-3", "T07", "mm/reservation.c",
         "x->nr_exchanged > x->in.nr_extents ||", ""),
    Rule("UA-1", "T06", "x86/uaccess.c",
         "return last >= va && (last < GUEST_LOW_END || "
         "va >= HYPERVISOR_END);", "return true;",
         ("return (void *)(va & mask);", "return (void *)va;")),
    Rule("BF-14", "T13", "pv/context_set.c", "if (!is_canonical(va) ||",
         "if ("),
    Rule("BF-18", "T17", "pv/descriptor.c",
         "if (!(*d & DESC_SEGMENT))", "if (0)"),
    Rule("BF-18 privilege", "T17", "pv/descriptor.c", "*d |= DESC_DPL3;", ""),
    Rule("HC-3", "T12", "core/hypercall.c",
         "&& e->op != __HYPERVISOR_iret", "",
         ("if (e[0].op == __HYPERVISOR_iret)", "if (0)")),
    Rule("GT-4", "T18", "core/grant_map.c",
         "rc = mm_unmap_frame(v, m->flags & GNTMAP_contains_pte,\n"
         "\t\t\t\t    op->host_addr, m->pin.use->frame);", "rc = 0;"),
    Rule("GT-8", "T18", "core/grant_map.c",
         "op->dev_bus_addr != mapping_address(m)", "false"),
    Rule("GT-14", "T20", "core/grant_copy.c",
         "s->frame = s->pin.write ? frame_get_writable(d, m)",
         "s->frame = false ? frame_get_writable(d, m)"),
    Rule("EV-7", "T21", "core/evtchn.c",
         "if (global && !domain_is_control(d))", "if (0)"),
    Rule("PT-12", "T04", "mm/pagetype.c",
         "if (has_history(old, t)) /* after the commit: PT-12 */", "if (0)"),
    Rule("TL-2", "T04", "mm/pagetype.c",
         "frame_stamp(f);\n\tASSERT(f->type", "ASSERT(f->type"),
    Rule("BF-13 privilege", "T08", "pv/callbacks.c",
         "r->cs = (f.cs & 0xffff) | 3;\n\tr->ss = (f.ss & 0xffff) | 3;",
         "r->cs = f.cs & 0xffff;\n\tr->ss = f.ss & 0xffff;"),
    Rule("BF-13 flags", "T08", "pv/callbacks.c",
         "(f.rflags & RFLAGS_GUEST) | RFLAGS_IF | RFLAGS_FIXED",
         "f.rflags | RFLAGS_FIXED"),
    Rule("BF-3", "T08", "x86/traps.c",
         "else if (regs->rip == (uint64_t)exit_iretq)", "else if (0)"),
    Rule("BF-5", "T09 stack=1", "pv/bounce.c",
         "stack_crash(v, sp);\n\t\treturn false;", ";"),
    Rule("UA-1 stack", "T09 stack=3", "x86/uaccess.h",
         'cmp %[limit], %[off]; jae %l[fault]\\n" \\\n'
         '\t"sbb %[off], %[off]; and %[off], %[va]\\n" \\',
         'cmp %[limit], %[off]\\n" \\'),
    Rule("BF-11", "T10", "x86/traps.c",
         "if (regs->vector == TRAP_DB)", "if (0)"),
    Rule("BF-12", "T10", "pv/debugreg.c",
         "return breakpoint_address_ok(*value) ? 0 : -XEN_EPERM;",
         "return 0;"),
    Rule("BF-12 detection", "T10", "pv/debugreg.c",
         "if (*value & DR7_GD)", "if (0)"),
    Rule("BF-8", "T11", "x86/cpu.h",
         "#define RFLAGS_SYSCALL_MASK 0xfffffffdul",
         "#define RFLAGS_SYSCALL_MASK RFLAGS_IF"),
    Rule("EM-11", "T11", "pv/bounce.c",
         "(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC |",
         "(RFLAGS_TF | RFLAGS_RF | RFLAGS_VM |"),
    Rule("FP-1", "T14", "x86/context.c",
         "pv_load_windows(v);\n\tfpu_load(v);",
         "pv_load_windows(v);\n\tfpu_load_xcr0(v);"),
    Rule("FP-2", "T14", "x86/context.c",
         "return xrstor_safe(v->fpu, cpu_features.xcr0);",
         "return xrstor_safe(v->fpu, v->xcr0);"),
    Rule("EM-6", "T15", "pv/emulate_priv.c",
         "if (!row)\n\t\treturn false;\n\tvalue",
         "if (!row)\n\t\treturn true;\n\tvalue"),
    Rule("EM-6 canonical", "T15", "pv/emulate_priv.c",
         "(row->kind == ADDRESS && !is_canonical(value))", "0"),
    Rule("EM-7", "T15", "x86/context.c",
         "uint64_t cr4 = (cpu_features.cr4 & ~changeable) |",
         "uint64_t cr4 = cpu_features.cr4 |"),
    Rule("EM-8", "T15", "x86/context.c",
         "if ((xcr0 & XCR0_AVX) && !(xcr0 & XCR0_SSE))", "if (0)"),
    Rule("EM-1", "T16", "pv/decode.h", "#define INSN_MAX   15",
         "#define INSN_MAX   16"),
    Rule("EM-3", "T16", "pv/emulate_priv.c",
         "if (i->opcode >= OP_0F && !v->in_kernel)", "if (0)"),
    Rule("EM-3 ports", "T16", "pv/emulate_priv.c",
         "if (!has_io_privilege(v) && !in_bitmap(v, port, i->bytes))",
         "if (0)"),
    Rule("EM-9", "T16", "pv/emulate_priv.c",
         "if (r->rflags & RFLAGS_TF)", "if (0)"),
    Rule("GT-3", "T19", "core/grant_pin.c", "if (u->pins)\n\t\tframe_get",
         "if (0)\n\t\tframe_get"),
    Rule("GT-8 claim", "T19", "core/grant_map.c",
         "__atomic_compare_exchange_n(&m->state, &live, MAPPING_BUSY, false,\n"
         "\t\t\t\t\t__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))",
         "read_once(m->state) == live)"),
    Rule("GT-4 flush", "T19", "core/grant_map.c",
         "what they let one see. */\n\ttlb_flush_domain(v->domain);",
         "what they let one see. */"),
    Rule("HC-5 walks", "T23", "mm/pagetype.c",
         "if (w->depth && current_vcpu() && hypercall_preempt_check())",
         "if (0)", test="test_attack.test_latency"),
    Rule("HC-5 batches", "T23", "mm/mmu_ops.c",
         "if (!rc && *done < count && hypercall_preempt_check())", "if (0)",
         test="test_attack.test_latency"),
    Rule("DC-1", "T24", "core/hypercall.c",
         "return domain_is_control(current_vcpu()->domain)", "return true"),
    Rule("HC-2", "T24", "core/hypercall.c",
         "if ((row->flags & SUBOP_PRIV) && !domain_is_control(v->domain))",
         "if (0)"),
    Rule("IL-3", "T24", "core/hypercall.c",
         "if (rc >= 0 && (row->flags & SUBOP_OUT) &&",
         "if ((row->flags & SUBOP_OUT) &&"),
    Rule("IL-4", "T24", "mm/alloc.c", "if (!f[i].is_zero)", "if (0)"),
    Rule("IL-2", "T24", "core/version.c",
         "return copy_to_guest(out, extraversion, sizeof(extraversion));",
         "return copy_to_guest(out, extraversion, 64);"),
    Rule("XS-1", "break=2", "dom0-tools/xenstore/connection.c",
         "if (produced - before > XENSTORE_RING_SIZE)", "if (0)",
         test="test_attack.test_broken_rings"),
    Rule("XS-2", "break=5", "dom0-tools/xenstore/connection.c",
         "if (header.len > XENSTORE_PAYLOAD_MAX)", "if (0)",
         test="test_attack.test_broken_rings"),
    Rule("XS-4", "T25", "dom0-tools/xenstore/tree.c",
         "if (!walk->node || !xs_node_allows(walk->node, domid, wanted))",
         "if (!walk->node)"),
    Rule("XS-6", "T25", "dom0-tools/xenstore/account.c",
         "if (account->planned_nodes > 0 &&", "if (0 &&"),
    Rule("XS-7", "T25", "dom0-tools/xenstore/connection.c",
         "while (moved && ++rounds < ROUNDS_MAX)", "while (moved)",
         test="test_attack.test_store_latency"),
    Rule("XS-8", "T25", "dom0-tools/xenstore/requests.c",
         "transaction->has_failed = true;", ";"),
    Rule("BE-1", "blkfront", "pv-guest-lib/src/ring.c",
         "if (prod - ring->rsp > ring->size ||\n"
         "\t    prod - ring->rsp < ring->req - ring->rsp)", "if (0)",
         test="test_guest_disks.test_hostile_front_end"),
    Rule("BE-3", "blkfront", "dom0-tools/backends/blk_queue.c",
         "if (segment->first_sect > segment->last_sect ||\n"
         "\t    segment->last_sect >= SECTORS_PER_PAGE)", "if (0)",
         test="test_guest_disks.test_hostile_front_end"),
    Rule("BE-3 packets", "netfront", "dom0-tools/backends/netback_transmit.c",
         "if ((uint32_t)slot->offset + slot->size > NET_PAGE_SIZE)", "if (0)",
         test="test_network.test_breaker_on_two_cpus"),
]
