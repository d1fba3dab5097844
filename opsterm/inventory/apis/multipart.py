"""Fields of a form with files: which of them take a file, and the parts that values become."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsterm.core.http_parts import ANY_FILE, Part
from opsterm.inventory.apis.description import REFERENCE, Json
from opsterm.inventory.apis.styles import plain
from opsterm.inventory.apis.values import kinds_of

FILE_SIGN = "@"
"""Before the path of a file, where a value is given."""
_DEPTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file whose content is kept: name, bytes, and the sha256 under which it is."""

    name: str
    size: int
    sha256: str


def is_file(schema: Json, named: Mapping[str, Json], depth: int = 0) -> bool:
    """Return whether a schema, or the items of its list, are binary: a file and nothing else."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return False
    if schema.get("format") == "binary":
        return True
    if "$ref" in schema:
        return is_file(named.get(schema["$ref"].removeprefix(REFERENCE)), named, depth + 1)
    parts = [*schema.get("allOf", ())[:20], *schema.get("anyOf", ())[:20], schema.get("items")]
    return any(is_file(part, named, depth + 1) for part in parts)


def takes_file(schema: Json, named: Mapping[str, Json]) -> bool:
    """Return whether a value of a schema may be a file: it is binary, or anything at all, as OpenAPI 3.1 says it."""
    return is_file(schema, named) or not kinds_of(schema, named)


def file_part(name: str, file: UploadedFile) -> Part:
    """Return the part of a file; what it is, its name tells."""
    kind = mimetypes.guess_type(file.name, strict=True)[0] or ANY_FILE
    return Part(name=name, value=file.name, media_type=kind.lower(), size=file.size, sha256=file.sha256)


def field_parts(name: str, value: Json) -> Sequence[Part]:
    """Return the parts of a value: a list is a part for each item, an object is JSON (OpenAPI 3.1.1, 4.8.14.4)."""
    items = value if isinstance(value, list) else [value]
    return [
        Part(name=name, value=json.dumps(item), media_type="application/json")
        if isinstance(item, dict | list) else Part(name=name, value=plain(item))
        for item in items
    ]  # fmt: skip
