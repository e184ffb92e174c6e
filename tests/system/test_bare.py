# SPDX-License-Identifier: MIT
"""Kernels without the guest library: any PV kernel may be the first domain,
or a guest of the control domain, however it makes its hypercalls.

tests/guest/bare-NAME prints a line for each promise that it checks and then
`success` or `failure`.
"""
NAMES = ("bare-syscall", "bare-hypercall-page")
CHECKS = 9


def kernel(env, name):
    return env.built(f"tests/guest/{name}")


def judge(vm, name):
    start = vm.seen
    result = vm.expect(rf"^{name}: (success|failure)", 60).group(1)
    lines = vm.text[start:vm.seen].splitlines()
    good = [line for line in lines if line.startswith(f"{name}: ok: ")]
    assert result == "success" and len(good) == CHECKS, lines


def as_guests(env, where, **machine):
    files = {name: kernel(env, name) for name in NAMES}
    files |= {f"{name}.cfg": f'kernel = "/guests/{name}"\nname = "{name}"\n'
                             "memory = 16\n" for name in NAMES}
    vm = env.control(where, env.ramdisk(files, base=False), **machine)
    for name in NAMES:
        vm.send(f"create /guests/{name}.cfg -c")
        judge(vm, name)
        vm.expect(r"^tenon> ")
    env.switch_off(vm, where)


def as_first(env, name, **machine):
    vm = env.boot(dom0=kernel(env, name), **machine)
    judge(vm, name)
    vm.wait_off()


def test_syscall_first(env):
    as_first(env, "bare-syscall")


def test_hypercall_page_first(env):
    as_first(env, "bare-hypercall-page")


def test_syscall_first_all_features(env):
    as_first(env, "bare-syscall", cpu="max", smp=2)


def test_guests(env):
    as_guests(env, "tenon")


def test_first_on_reference(env):
    for name in NAMES:
        judge(env.boot_reference(kernel(env, name), None), name)


def test_guests_on_reference(env):
    as_guests(env, "reference", dom0_mem="256M")
