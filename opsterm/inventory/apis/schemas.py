"""Schemas of a description, reduced to what a value is checked against.

The outcome is JSON Schema 2020-12 that asks for nothing outside itself: references lead into one table, `$id` and
anchors are gone, words about a value (titles, examples) as well. What OpenAPI 3.0 says otherwise (`nullable`, bounds
that are true or false) is said as 2020-12 says it. A keyword whose value makes no sense is left out, and so is every
one that says what a value must not be (`not`, `if`, the "only" of `oneOf`): then whatever else is left out makes the
check milder and never refuses what is right. The server checks all of it.

Sources: OpenAPI 3.0.4, 4.7.24; OpenAPI 3.1.1, 4.8.24; JSON Schema 2020-12.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.inventory.apis.description import REFERENCE, Json
from opsterm.inventory.apis.regexes import is_tame

SCHEMAS_LIMIT = 20_000
CHOICES_LIMIT = 2_000
"""Values of an `enum` that are kept; a longer one is not checked here."""

Resolve = Callable[[str], Json]
"""Gives what a reference leads to. Raises BadInput."""


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_names(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})


def _is_type(value: Json) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)


_PLAIN: Mapping[str, Callable[[Json], bool]] = {
    "type": _is_type,
    "enum": lambda value: isinstance(value, list) and 0 < len(value) <= CHOICES_LIMIT,
    "const": lambda _: True,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_count,
    ),
    "uniqueItems": lambda value: isinstance(value, bool),
    "pattern": lambda value: isinstance(value, str) and is_tame(value),
    "format": lambda value: isinstance(value, str) and len(value) <= 40 and value.isascii() and value.isprintable(),
    "required": _is_names,
    "dependentRequired": lambda value: isinstance(value, dict) and all(map(_is_names, value.values())),
}  # fmt: skip
"""Keywords that hold no schema, and whether a value of theirs makes sense."""

_ONE = ("items", "contains", "propertyNames")
_SEVERAL = {"allOf": "allOf", "anyOf": "anyOf", "oneOf": "anyOf", "prefixItems": "prefixItems"}
"""That it is one only is left to the server: what tells them apart may be what is not checked here."""

_NAMED = ("properties", "dependentSchemas")
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


class SchemaTable:
    """Reduces schemas, and gathers those that they refer to.

    Attributes:
        found: by the name behind `REFERENCE`, complete after `close`.
    """

    def __init__(self, resolve: Resolve, note: Callable[[str], None]) -> None:
        """Begin with none.

        Args:
            resolve: gives what a reference leads to.
            note: told a sentence about a reference that leads nowhere; any value is let through there.
        """
        self.found: dict[str, Json] = {}
        self._resolve = resolve
        self._note = note
        self._names: dict[str, str] = {}
        self._waiting: list[tuple[str, Json]] = []

    def reduce(self, schema: Json) -> Json:
        """Return a schema, reduced: a mapping, or True for one that allows anything. Raises BadInput past the limit."""
        if schema is False:
            return False
        if not isinstance(schema, dict):
            return True
        made: dict[str, Json] = {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            made["$ref"] = REFERENCE + self._name(reference)
        made |= {key: schema[key] for key, makes_sense in _PLAIN.items() if key in schema and makes_sense(schema[key])}
        self._say_bounds(schema, made)
        for key in _ONE if "patternProperties" in schema else (*_ONE, "additionalProperties"):
            if isinstance(schema.get(key), dict | bool):
                made[key] = self.reduce(schema[key])
        for key, kept in _SEVERAL.items():
            if isinstance(schema.get(key), list) and schema[key] and kept not in made:
                made[kept] = [self.reduce(part) for part in schema[key]]
        for key in _NAMED:
            if isinstance(schema.get(key), dict):
                made[key] = {name: self.reduce(part) for name, part in schema[key].items()}
        self._say_read_only(schema, made)
        return _nullable(schema, made)

    def close(self) -> None:
        """Reduce everything that was referred to. Raises BadInput past the limit."""
        while self._waiting:
            name, schema = self._waiting.pop()
            self.found[name] = self.reduce(schema)

    def _name(self, reference: str) -> str:
        known = self._names.get(reference)
        if known is not None:
            return known
        try:
            schema = self._resolve(reference)
        except BadInput as error:
            self._note(f"A schema: {error.what} Its values are not checked here.")
            schema = True
        if len(self._names) >= SCHEMAS_LIMIT:
            raise BadInput(f"It has more than {SCHEMAS_LIMIT:,} schemas.")
        last = re.sub(r"[^A-Za-z0-9_.-]", "_", reference.rpartition("/")[2])[:80] or "schema"
        name, number = last, 1
        while name in self.found:
            number += 1
            name = f"{last}-{number}"
        self._names[reference] = name
        self.found[name] = True  # its place is taken; `close` puts the schema there
        self._waiting.append((name, schema))
        return name

    @staticmethod
    def _say_bounds(schema: dict[str, Any], made: dict[str, Json]) -> None:
        """Say of OpenAPI 3.0's `minimum: 3, exclusiveMinimum: true` what 2020-12 says as `exclusiveMinimum: 3`."""
        for exclusive, bound in _BOUNDS:
            if schema.get(exclusive) is True and bound in made:
                made[exclusive] = made.pop(bound)

    @staticmethod
    def _say_read_only(schema: dict[str, Any], made: dict[str, Json]) -> None:
        """Let a request leave out what only answers have."""
        fields = schema.get("properties")
        if isinstance(fields, dict) and "required" in made:
            made["required"] = [
                name
                for name in made["required"]
                if not (isinstance(fields.get(name), dict) and fields[name].get("readOnly") is True)
            ]


def _nullable(schema: dict[str, Any], made: dict[str, Json]) -> Json:
    if schema.get("nullable") is not True:
        return made
    if "type" not in made:
        return {"anyOf": [{"type": "null"}, made]}
    kinds = made["type"] if isinstance(made["type"], list) else [made["type"]]
    made["type"] = list(dict.fromkeys([*kinds, "null"]))
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made


def schema_words(schema: Json, named: Mapping[str, Json] | None = None, *, depth: int = 0) -> str:
    """Return what values a schema allows, in a few words, as in "integer 1 to 100" or "available, pending or sold".

    Args:
        schema: a reduced one.
        named: what its references lead to.
        depth: how many references were followed.
    """
    if not isinstance(schema, dict) or depth > 5:
        return "anything"
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return schema_words((named or {}).get(reference.removeprefix(REFERENCE), True), named, depth=depth + 1)
    if "const" in schema:
        return clean_line(str(schema["const"]), limit=40)
    if "enum" in schema:
        shown = [clean_line("null" if one is None else str(one), limit=40) for one in schema["enum"][:8]]
        more = len(schema["enum"]) - len(shown)
        return ", ".join(shown[:-1]) + f" or {shown[-1]}" if len(shown) > 1 and not more else (
            ", ".join(shown) + (f" or one of {more} more" if more else "")
        )  # fmt: skip
    if "anyOf" in schema:
        parts = dict.fromkeys(schema_words(part, named, depth=depth + 1) for part in schema["anyOf"][:5])
        return " or ".join(parts)
    kind = schema.get("type", "object" if "properties" in schema else "anything")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if kind == "array":
        return f"list of {schema_words(schema.get('items', True), named, depth=depth + 1)}"
    if "allOf" in schema and kind == "anything":
        return schema_words(schema["allOf"][0], named, depth=depth + 1)
    return " ".join(part for part in (words, schema.get("format", ""), _range(schema)) if part)


def _range(schema: dict[str, Any]) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"from {low}"
    if high is not None:
        return f"to {high}"
    length = schema.get("maxLength")
    return f"of at most {length} characters" if length is not None and schema.get("type") == "string" else ""
