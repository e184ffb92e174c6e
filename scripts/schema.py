# SPDX-License-Identifier: MIT
"""Checks JSON against docs/schema/NAME.json: the part of JSON Schema that
those files use (type, properties, required, additionalProperties, items,
enum, pattern, minimum, $ref to another file of the folder)."""
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "docs/schema"

KNOWN = {"$schema", "$comment", "title", "description", "type", "properties", "required",
         "additionalProperties", "items", "enum", "pattern", "minimum", "$ref"}

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int, "number": (int, float), "null": type(None)}


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def is_type(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def check_object(value, schema, where):
    known = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in value:
            return f"{where}: no {key}"
    for key, item in value.items():
        inner = known.get(key, schema.get("additionalProperties", True))
        if inner is False:
            return f"{where}: {key} is not in the schema"
        if inner is not True:
            wrong = check(item, inner, f"{where}.{key}")
            if wrong:
                return wrong
    return ""


def check(value, schema, where="$"):
    """What is wrong, as one line; "" when nothing is."""
    unknown = set(schema) - KNOWN
    if unknown:
        return f"{where}: the schema uses {sorted(unknown)}"
    if "$ref" in schema:
        return check(value, load(schema["$ref"].removesuffix(".json")), where)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_type(value, name) for name in types):
        return f"{where}: {value!r} is none of {types}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and \
            not re.search(schema["pattern"], value):
        return f"{where}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema and is_type(value, "number") and \
            value < schema["minimum"]:
        return f"{where}: {value} is below {schema['minimum']}"
    if isinstance(value, dict):
        return check_object(value, schema, where)
    for i, item in enumerate(value if isinstance(value, list) else ()):
        wrong = check(item, schema.get("items", {}), f"{where}[{i}]")
        if wrong:
            return wrong
    return ""
