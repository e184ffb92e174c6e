# SPDX-License-Identifier: MIT
"""Bad input at the prompt: one clear line each, and no page is lost.

What makes a kernel bad in all its ways is the loaders' unit tests' subject;
here one of each kind goes the whole way.
"""
from testenv import hello_config, stable_free_pages


def cases(env):
    """(name, {file: content}, words that the one line must hold)"""
    kernel = env.built("guests/vmlinuz").read_bytes()
    hello = env.built("hello").read_bytes()
    flipped = bytearray(kernel)
    flipped[len(kernel) // 2] ^= 0x40
    no_notes = bytearray(hello)
    no_notes = bytes(no_notes).replace(b"Xen\0", b"Nex\0")
    plain = "name='x'\nkernel='/guests/bad'\nmemory=32\n"
    return (
        ("truncated", {"bad": kernel[:len(kernel) // 2], "x.cfg": plain},
         ["bad"]),
        ("flipped", {"bad": bytes(flipped), "x.cfg": plain}, ["bad"]),
        ("notkernel", {"bad": b"just some text\n" * 99, "x.cfg": plain},
         ["bad"]),
        ("nonotes", {"bad": no_notes, "x.cfg": plain}, ["note"]),
        ("syntax", {"x.cfg": "name='x'\nmemory = = 3\n"}, ["2:10"]),
        ("unknownkey", {"x.cfg": plain + "memroy=1\n"}, ["memroy", "memory"]),
        ("nokernel", {"x.cfg": plain.replace("/bad", "/missing")},
         ["/guests/missing"]),
        ("toobig", {"x.cfg": plain.replace("=32", "=999999"), "bad": hello},
         ["MiB"]),
    )


def scenario(env, where, **machine):
    files = {"h.cfg": hello_config()}
    every = cases(env)
    for name, parts, _ in every:
        for file, content in parts.items():
            if isinstance(content, str):
                content = content.replace("/guests/bad", f"/guests/{name}.bad")
            files[file.replace("x.cfg", f"{name}.cfg").replace(
                "bad", f"{name}.bad")] = content
    vm = env.control(where, env.ramdisk(files, base=False), **machine)
    before = stable_free_pages(vm)
    wrong = []
    for name, _, words in every:
        shown = vm.command(f"create /guests/{name}.cfg", timeout=60)
        lines = [l for l in shown.splitlines()[1:] if l and "tenon>" not in l]
        if len(lines) != 1 or not lines[0].startswith("error: ") or \
                not all(word in lines[0] for word in words):
            wrong.append(f"{name}: {lines}")
        env.check_pages(vm, where, before)
    shown = vm.command("create /guests/absent.cfg")
    if "error: /guests/absent.cfg: no such file" not in shown:
        wrong.append(f"missing config: {shown}")
    vm.command("create /guests/h.cfg -p")
    shown = vm.command("create /guests/h.cfg")
    if "error: " not in shown or "hello" not in shown.split("error")[-1]:
        wrong.append(f"name in use: {shown}")
    vm.command("destroy hello")
    env.check_pages(vm, where, before)
    assert not wrong, "\n".join(wrong)
    env.switch_off(vm, where)


def test_bad_input(env):
    scenario(env, "tenon")


def test_bad_input_on_reference(env):
    scenario(env, "reference")
