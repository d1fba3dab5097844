"""An operator's words as the values that a schema asks for: "3" is a number where a number is wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opsterm.core.errors import BadInput
from opsterm.inventory.apis.description import REFERENCE, Json

_WHOLE = re.compile(r"[-+]?\d{1,300}")
_NUMBER = re.compile(r"[-+]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][-+]?\d{1,3})?")
_DEPTH = 12


def value_of(words: Sequence[str], schema: Json) -> Json:
    """Return what words mean where a schema stands.

    Args:
        words: as they were given; several for a list whose items were given one by one.
        schema: reduced and closed.

    Returns:
        The value; the text itself where the schema asks for nothing that it could be: the check says so then.
    """
    named = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    kinds = kinds_of(schema, named)
    if "array" in kinds and not (len(words) == 1 and words[0].lstrip().startswith("[")):
        items = _items(schema, named)
        parts = [part for word in words for part in word.split(",")] if len(words) == 1 else words
        return [_one(part, kinds_of(items, named)) for part in parts]
    if len(words) > 1:
        raise BadInput("It was given more than once, and is no list.")
    return _one(words[0], kinds)


def _one(word: str, kinds: Sequence[str]) -> Json:
    if "integer" in kinds and _WHOLE.fullmatch(word):
        return int(word)
    if "number" in kinds and _NUMBER.fullmatch(word):
        return float(word) if not _WHOLE.fullmatch(word) else int(word)
    if "boolean" in kinds and word.lower() in ("true", "false"):
        return word.lower() == "true"
    if "null" in kinds and word == "null":
        return None
    if ("object" in kinds or "array" in kinds) and word.lstrip()[:1] in ("{", "["):
        return json_value(word)
    return word


def json_value(text: str) -> Json:
    """Return what JSON says. Raises BadInput with the place of the fault."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise BadInput(f"It is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):
        raise BadInput("It is not JSON that can be sent.") from None


def _refuse(word: str) -> Json:
    raise ValueError(word)


def kinds_of(schema: Json, named: Mapping[str, Json], depth: int = 0) -> Sequence[str]:
    """Return the types that a schema allows, () for any; the words of JSON Schema's `type`."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return ()
    kind = schema.get("type")
    if kind is not None:
        return kind if isinstance(kind, list) else [kind]
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return kinds_of(named.get(reference.removeprefix(REFERENCE)), named, depth + 1)
    for key in ("anyOf", "allOf"):
        if key in schema:
            found = [kind for part in schema[key][:20] for kind in kinds_of(part, named, depth + 1)]
            return list(dict.fromkeys(found))
    if "properties" in schema:
        return ["object"]
    if "items" in schema:
        return ["array"]
    return [_json_kind(one) for one in schema["enum"][:50]] if "enum" in schema else ()


def _json_kind(value: Json) -> str:
    if value is None:
        return "null"
    return {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}.get(type(value), "string")


def _items(schema: Json, named: Mapping[str, Json]) -> Json:
    """Return the schema of a list's items."""
    for _ in range(_DEPTH):
        if not isinstance(schema, dict):
            return True
        if "items" in schema:
            return schema["items"]
        if "$ref" in schema:
            schema = named.get(schema["$ref"].removeprefix(REFERENCE))
            continue
        parts: list[Json] = next((schema[key] for key in ("anyOf", "allOf") if key in schema), [])
        schema = next((part for part in parts if "array" in kinds_of(part, named)), None)
    return True


def fields_of(schema: Json, named: Mapping[str, Json], depth: int = 0) -> Mapping[str, Json]:
    """Return the fields of an object that a schema describes, by name, those of `allOf` among them."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return {}
    found: dict[str, Any] = {}
    if "$ref" in schema:
        found.update(fields_of(named.get(schema["$ref"].removeprefix(REFERENCE)), named, depth + 1))
    for key in ("allOf", "anyOf"):
        for part in schema.get(key, ())[:20]:
            found.update(fields_of(part, named, depth + 1))
    found.update(schema.get("properties", {}))
    return found


def required_of(schema: Json, named: Mapping[str, Json], depth: int = 0) -> frozenset[str]:
    """Return the names of the fields that an object must have, those of `allOf` among them."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return frozenset()
    parts: list[Json] = [*schema.get("allOf", ())[:20]]
    if "$ref" in schema:
        parts.append(named.get(schema["$ref"].removeprefix(REFERENCE)))
    found = [required_of(part, named, depth + 1) for part in parts]
    return frozenset(schema.get("required", ())).union(*found)
