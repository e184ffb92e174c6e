# SPDX-License-Identifier: MIT
"""Seeds of the fuzzers that run the hypervisor; the formats are described in
their sources. Of hypercall_fuzz.c: one for each operation, with arguments that
let it get somewhere, and a few sequences."""
import struct

MMU_UPDATE, MEMORY, UPDATE_VA, VERSION, CONSOLE, GRANT = 1, 12, 14, 17, 18, 20
VCPU, MMUEXT, SCHED, EVTCHN, PHYSDEV, SYSCTL, DOMCTL = 24, 26, 29, 32, 33, 35, 36
SETS = {"hypercall": (), "grants": (GRANT,),
        "events": (EVTCHN, PHYSDEV, VCPU, SCHED),
        "memory": (MEMORY, MMU_UPDATE, MMUEXT, UPDATE_VA)}
SELF = 0x7ff0
ARGUMENT, LIST = 0, 0x1000


def window(at):
    return bytes([80 + (at - LIST) // 64 if at >= LIST else 48 + at // 8])


def small(value):
    return bytes([value])


def frame(domain, i):
    return bytes([96 + 16 * domain + i])


def address(domain, i, low):
    return bytes([144 + 16 * domain + i, low])


def raw(value):
    return bytes([255]) + struct.pack("<Q", value)


def patch(at, value):
    return bytes([(512 + at - LIST if at >= LIST else at) // 4]) + value


ZERO = small(0)


class Call:
    """One record; which byte stands for the number depends on the fuzzer."""

    def __init__(self, who, number, args=(), payload=b"", patches=()):
        self.who, self.number = who, number
        self.rest = b"".join(list(args) + [ZERO] * (4 - len(args)))
        self.rest += bytes([len(payload)]) + payload
        self.rest += bytes([len(patches)]) + b"".join(patches)

    def bytes_for(self, chosen):
        n = len(chosen) + 1
        which = chosen.index(self.number) if self.number in chosen \
            else n - 1 + n * self.number
        return bytes([self.who, which]) + self.rest if which < 224 else b""


class Write:
    """A word of the guest's grant table (0), shared page (1), own page (2)."""

    def __init__(self, who, what, at, value):
        self.all = bytes([who, 224 + what, at]) + value

    def bytes_for(self, chosen):
        return self.all


def evtchn(who, cmd, payload):
    return Call(who, EVTCHN, [small(cmd), window(ARGUMENT)], payload)


def event_sequences():
    unbound = evtchn(1, 6, struct.pack("<HHI", SELF, 2, 0))
    bind = evtchn(2, 0, struct.pack("<HHII", 1, 0, 1, 0))
    yield [unbound, bind, evtchn(1, 4, struct.pack("<I", 1)),
           evtchn(2, 3, struct.pack("<I", 1)),
           evtchn(1, 5, struct.pack("<HHII", SELF, 0, 1, 0))]
    for cmd, payload in ((1, struct.pack("<III", 0, 0, 0)),
                         (7, struct.pack("<II", 1, 0))):
        yield [evtchn(1, cmd, payload), evtchn(1, 4, struct.pack("<I", 1)),
               evtchn(1, 8, struct.pack("<II", 1, 1)),
               evtchn(1, 9, struct.pack("<I", 1)),
               evtchn(1, 10, struct.pack("<H", SELF))]
    yield [evtchn(0, 2, struct.pack("<III", 5, 1, 0)),
           Call(0, PHYSDEV, [small(12), window(ARGUMENT)],
                struct.pack("<I", 5)),
           evtchn(0, 3, struct.pack("<I", 1))]
    yield [unbound, Call(1, SCHED, [small(3), window(ARGUMENT)],
                         struct.pack("<QIIQ", 0x401000, 1, 0, 9),
                         [patch(LIST, small(1))])]
    for cmd in range(40):
        yield [Call(0, PHYSDEV, [small(cmd), window(ARGUMENT)],
                    struct.pack("<iiii", SELF, 1, 5, 5))]
    for cmd in range(14):
        yield [Call(1, VCPU, [small(cmd), small(1), window(ARGUMENT)],
                    b"", [patch(0, frame(1, 3))])]
        yield [Call(1, SCHED, [small(cmd), window(ARGUMENT)], b"\1\0\0\0")]


def grant_sequences():
    def op(who, cmd, payload, patches=()):
        return Call(who, GRANT, [small(cmd), window(ARGUMENT), small(1)],
                    payload, patches)

    table = op(1, 2, struct.pack("<HxxIhxxxxxxQ", SELF, 1, 0, 0x401000))
    entry = Write(1, 0, 4, raw(1 | 2 << 16))
    mapping = op(2, 0, struct.pack("<QIIHhIQ", 0, 1, 8, 1, 0, 0, 0))
    unmap = op(2, 1, struct.pack("<QQIhxx", 0, 0, 0, 0))
    copy = op(2, 5, struct.pack("<QHHxxxxQHHxxxxHHhxx", 8, 1, 0, 0, SELF, 0, 64,
                                1, 0), [patch(16, frame(2, 1))])
    query = op(1, 6, struct.pack("<HxxIIhxx", SELF, 0, 0, 0))
    yield [table, entry, mapping, unmap, copy, query]
    yield [table, entry, op(2, 0, struct.pack("<QIIHhIQ", 0x400000, 2, 8, 1, 0,
                                              0, 0)), unmap]
    for cmd in range(13):
        yield [table, op(1, cmd, bytes(40))]


def memory_sequences():
    def reservation(who, cmd, order, value):
        return Call(who, MEMORY, [small(cmd), window(ARGUMENT)],
                    struct.pack("<QQIIH", 0x401000, 1, order, 0, SELF),
                    [patch(LIST, value)])

    def store(level, entry):
        return Call(1, MMU_UPDATE, [window(ARGUMENT), small(1), ZERO,
                                    raw(SELF)], bytes(16),
                    [patch(0, address(1, level, 0)), patch(8, entry)])

    def extended(cmd, i):
        return Call(1, MMUEXT, [window(ARGUMENT), small(1), ZERO, raw(SELF)],
                    struct.pack("<I", cmd), [patch(8, frame(1, i))])

    yield [reservation(1, 6, 0, small(5)), reservation(1, 1, 0, frame(1, 2)),
           reservation(1, 0, 1, ZERO)]
    tree = [store(n, address(1, n - 1, 7)) for n in range(1, 5)]
    yield tree + [extended(5, 4), extended(3, 4),
                  Call(1, UPDATE_VA, [ZERO, address(1, 6, 7), small(2)]),
                  extended(4, 4)]
    yield tree + [extended(n - 1, n) for n in range(1, 5)]
    for cmd in range(20):
        yield [extended(cmd, 6)]
    for cmd in range(29):
        yield [Call(0, MEMORY, [small(cmd), window(ARGUMENT)],
                    struct.pack("<QQIIHxxxxxxQQIIH", 0x401000, 1, 0, 0, SELF,
                                0x401040, 1, 0, 0, SELF),
                    [patch(LIST, frame(0, 3)), patch(LIST + 64, small(7))])]
    yield [Call(0, MEMORY, [small(28), window(ARGUMENT)],
                struct.pack("<HHIIIQQ", 1, 1, 0, 2, 0, 0, 0x401000))]


def other_sequences():
    create = Call(0, DOMCTL, [window(ARGUMENT)], struct.pack(
        "<IIHxxxxxxI16sIIII", 1, 0, 0, 0, bytes(16), 0, 0, 2, 0))
    yield [create]
    for cmd in range(1, 60):
        yield [Call(0, DOMCTL, [window(ARGUMENT)],
                    struct.pack("<IIHxxxxxxQ", cmd, 0, 1, 2))]
        yield [Call(0, SYSCTL, [window(ARGUMENT)],
                    struct.pack("<IIQQ", cmd, 0, 0x401000, 1))]
    for cmd in range(12):
        yield [Call(1, VERSION, [small(cmd), window(ARGUMENT)])]
    for number in (0, 2, 3, 4, 5, 7, 8, 9, 10, 13, 15, 18, 21, 22, 23, 25, 28,
                   30):
        yield [Call(0, number, [small(1), window(LIST), small(2)], bytes(32),
                    [patch(LIST, frame(0, 1))])]
        yield [Call(1, number, [window(LIST), small(1), window(ARGUMENT)],
                    bytes(32), [patch(LIST, frame(1, 1))])]
    yield [Call(1, 13, [window(LIST), small(2)], b"", [
        patch(LIST, small(17)), patch(LIST + 64, small(29))])]


def seeds(fuzzer):
    """The files of one of the fuzzers."""
    sequences = {"events": event_sequences, "grants": grant_sequences,
                 "memory": memory_sequences}
    chosen = [sequences[fuzzer]] if fuzzer in sequences \
        else [*sequences.values(), other_sequences]
    return [b"\3" + b"".join(c.bytes_for(SETS[fuzzer]) for c in calls)
            for make in chosen for calls in make()]


# Instructions that trap, or that store to page tables.
CODE = """0fa2 0f0b78656e0fa2 0f32 0f30 0f20c0 0f20d8 0f20e0 0f22c0 0f22d8 0f22e0
0f21c7 0f23c7 ec ee ed ef e412 e612 6c 6e f36e f26c 66ef f4 fa fb 0f0138 0f0110
0f0100 0f09 0f06 0f31 0f01d1 0f01d0 0f01f9 9c 9d cf 8ed8 0f00d8 488907 48c70701
00000048010f f0480fb10f 488707 480fb10f f04809 4883270f 480fba2f05 48ab 48a5 8907
c70701000000 668907 0fc70f 480fc70f cc cd80 f1 2e3e26646567f30f32""".split()


def emulate_seeds():
    for code in CODE:
        for which in (0, 2, 3):
            yield bytes([8 | 1]) + bytes(range(64, 79)) + bytes([0]) \
                + bytes([2] * 32) + bytes([which] * 4) + bytes([70]) \
                + bytes.fromhex(code)


def pte_seeds():
    """Tables of four levels; then what can be done with them."""
    def update(table, entry, flags=7):
        return bytes([0, 0, table, 0, flags, entry, 0, 0, 0, 0])

    tree = b"".join(update(n, n - 1) for n in range(1, 5))
    root = bytes([1, 5, 4])
    for preempt in (0, 30):
        for more in (b"", bytes([1, 3, 4]), bytes([1, 4, 4]),
                     bytes([6, 1, 0, 0, 0, 0]) + update(1, 0, 0)
                     + bytes([1, 0, 0]),
                     bytes([2, 0, 0, 0, 0, 7, 5, 0]),
                     update(1, 1, 5) + bytes([7, 0, 0, 0, 0, 0, 7, 6]),
                     bytes([5, 0, 1]), bytes([4, 0, 0]), bytes([4, 0, 1, 0])):
            yield bytes([preempt]) + tree + root + more
