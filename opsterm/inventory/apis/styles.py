"""A parameter's value as text, in the styles that OpenAPI names (3.1.1, 4.8.12.5; RFC 6570)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from opsterm.core.http_request import quoted
from opsterm.inventory.apis.description import Json, Parameter

_RESERVED = ":/?@!$'()*,;[]"
"""Signs that `allowReserved` keeps; not `#`, `&`, `+` and `=`, which would end or change the value."""

_BETWEEN = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


def plain(value: Json) -> str:
    """Return one value as text: a number, a text, true or false; what has parts as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def path_text(parameter: Parameter, value: Json) -> str:
    """Return what stands in the path for `{name}`, encoded."""
    name, explode = quoted(parameter.name), parameter.explode
    if parameter.style == "simple" or parameter.as_json:
        return _simple(parameter, value, quoted)
    matrix = parameter.style == "matrix"
    sign = ";" if matrix else "."
    if isinstance(value, dict) and explode:
        return "".join(f"{sign}{quoted(key)}={quoted(plain(item))}" for key, item in value.items())
    parts = [quoted(text) for text in _parts(value)]
    if isinstance(value, list) and explode:
        return "".join(f"{sign}{name}={part}" if matrix else f"{sign}{part}" for part in parts)
    joined = ",".join(parts)
    return f";{name}={joined}" if matrix else f".{joined}"


def query_pairs(parameter: Parameter, value: Json) -> Sequence[str]:
    """Return `name=value` pieces of a query, encoded; none for an empty list."""
    name, keep = quoted(parameter.name), _RESERVED if parameter.reserved else ""
    if parameter.as_json or not isinstance(value, list | dict):
        return [f"{name}={quoted(_as_json(value) if parameter.as_json else plain(value), keep=keep)}"]
    if parameter.style == "deepObject" and isinstance(value, dict):
        return [f"{name}%5B{quoted(key)}%5D={quoted(plain(item), keep=keep)}" for key, item in value.items()]
    if parameter.explode and isinstance(value, dict):
        return [f"{quoted(key)}={quoted(plain(item), keep=keep)}" for key, item in value.items()]
    parts = [quoted(text, keep=keep) for text in _parts(value)]
    if parameter.explode:
        return [f"{name}={part}" for part in parts]
    return [f"{name}={_BETWEEN.get(parameter.style, ',').join(parts)}"] if parts else []


def header_text(parameter: Parameter, value: Json) -> str:
    """Return a header's value, as it is."""
    return _simple(parameter, value, str)


def cookie_pairs(parameter: Parameter, value: Json) -> Sequence[str]:
    """Return `name=value` pieces of a Cookie header, encoded."""
    name = quoted(parameter.name)
    if parameter.as_json:
        return [f"{name}={quoted(_as_json(value))}"]
    if parameter.explode and isinstance(value, dict):
        return [f"{quoted(key)}={quoted(plain(item))}" for key, item in value.items()]
    parts = [quoted(text) for text in _parts(value)]
    return [f"{name}={part}" for part in parts] if parameter.explode else [f"{name}={','.join(parts)}"]


def _simple(parameter: Parameter, value: Json, encode: Callable[[str], str]) -> str:
    if parameter.as_json:
        return encode(_as_json(value))
    if isinstance(value, dict) and parameter.explode:
        return ",".join(f"{encode(key)}={encode(plain(item))}" for key, item in value.items())
    return ",".join(encode(text) for text in _parts(value))


def _parts(value: Json) -> list[str]:
    """Return the texts that a value has: the items of a list, names and values of an object in turn."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (str(key), plain(item))]
    return [plain(value)]


def _as_json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
