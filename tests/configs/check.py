# SPDX-License-Identifier: MIT
"""Files as people write them mean what they mean to xl.

    check.py PROGRAM           compare; PROGRAM FILE prints our understanding
    check.py --record XL.json  take what xl said: {name: [status, JSON or null]}

expected.json holds xl's meaning, recorded on the reference by experiment, on
a machine of HOST_CPUS CPUs; errors.json the complaints that are ours; wider.json
what we take and xl does not, with the reason.
"""
import json
import pathlib
import re
import subprocess
import sys

import meaning

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HOST_CPUS = 4

sys.path.append(str(ROOT / "scripts"))
import schema  # noqa: E402


def differences(ours, xls, path=""):
    """Where two values differ: "key: ours, not xl's"."""
    if isinstance(ours, dict) and isinstance(xls, dict):
        return [line for key in sorted(set(ours) | set(xls))
                for line in differences(ours.get(key), xls.get(key),
                                        f"{path}.{key}".lstrip("."))]
    if isinstance(ours, list) and isinstance(xls, list) and \
            len(ours) == len(xls):
        return [line for i, pair in enumerate(zip(ours, xls))
                for line in differences(*pair, f"{path}[{i}]")]
    return [] if ours == xls else [f"{path}: {ours!r}, not {xls!r}"]


def without_chosen(ours, xls, text):
    """What the file does not say is ours to choose, and xl's."""
    for mine, other in zip(ours["nics"], xls["nics"]):
        if not other["mac"]:
            mine["mac"] = ""
    if b"uuid =" not in text:
        xls = {**xls, "uuid": ours["uuid"]}
    return ours, xls


def check_one(program, path, expected, errors, wider):
    """Why this file is not understood as it should be, or ""."""
    done = subprocess.run([program, str(path)], capture_output=True,
                          text=True, check=False)
    name = path.stem
    if name in errors:
        wanted = errors[name]
        return "" if done.returncode == 1 and wanted in done.stdout else \
            f"{wanted!r} is not in {done.stdout!r}"
    if done.returncode:
        return done.stdout.strip() or done.stderr
    shown = json.loads(done.stdout[done.stdout.index("{"):])
    wrong = schema.check(shown, schema.load("config"))
    if wrong:
        return wrong
    ours = meaning.normalise(shown, HOST_CPUS)
    if name in wider:
        return ""
    if name not in expected:
        return "xl's meaning is not recorded"
    return "; ".join(differences(*without_chosen(ours, expected[name],
                                                 path.read_bytes())))


def check_keys():
    """Every key in the sources is in the documentation."""
    text = (ROOT / "dom0-tools/toolstack/config_keys.c").read_text()
    keys = set(re.findall(r'^\s*\{ "(\w+)",', text, re.M))
    keys |= set(re.findall(r'\{ "(\w+)", [A-Z]', text))
    keys |= set(re.findall(r"\b(?:WISH|DOMAIN|CHECK)\((\w+), tk_", text))
    page = (ROOT / "docs/guest-config.md").read_text()
    missing = keys - set(re.findall(r"`(\w+)`", page))
    return f"not in docs/guest-config.md: {sorted(missing)}" if missing else ""


def load(name):
    return json.loads((HERE / name).read_text())


def record(path):
    xl = json.loads(pathlib.Path(path).read_text())
    errors = load("errors.json")
    expected = {name: meaning.normalise(answer, HOST_CPUS)
                for name, (_status, answer) in sorted(xl.items())
                if answer and name not in errors}
    (HERE / "expected.json").write_text(
        '{\n"//": "SPDX-License-Identifier: MIT",\n' + ",\n".join(f'"{name}": {json.dumps(value, sort_keys=True)}'
                           for name, value in expected.items()) + "\n}\n")


def main():
    if sys.argv[1] == "--record":
        record(sys.argv[2])
        return 0
    expected, errors, wider = map(load, ("expected.json", "errors.json",
                                         "wider.json"))
    files = sorted(HERE.glob("*.cfg"))
    failed = 0
    for path in files:
        why = check_one(sys.argv[1], path, expected, errors, wider)
        print(f"not ok {path.stem}: {why}" if why else f"ok {path.stem}")
        failed += bool(why)
    why = check_keys() or ("" if len(files) >= 50 else "fewer than 50 files")
    print(f"not ok keys: {why}" if why else "ok keys")
    return int(failed or bool(why))


if __name__ == "__main__":
    sys.exit(main())
