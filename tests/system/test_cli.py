# SPDX-License-Identifier: MIT
"""Every verb of the command line at the built-in control domain's prompt; in
Debian's control domain: test_linux.py."""
from cli_control import BuiltIn
from cli_scenarios import all_verbs, check_core


def scenario(env, where):
    control = BuiltIn(env, where)
    all_verbs(control)
    shown = control.ask("events --past")
    assert "idle (2) ended: poweroff" in shown, shown
    control.end()
    check_core(control)


def test_all_verbs(env):
    scenario(env, "tenon")


def test_all_verbs_on_reference(env):
    scenario(env, "reference")


test_all_verbs_on_reference.is_soak = True
