"""Targets from and to our own export: one JSON object a line.

What `opsterm targets list --json` prints can be read as well: status, last_seen and note are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress

from opsterm.core.errors import BadInput
from opsterm.inventory.fields import FIELD_NAMES, field_name, shown, with_fields
from opsterm.inventory.imports import BUILT_IN, LINE_LIMIT, Gathering, ImportResult, lines_of
from opsterm.inventory.target import Target

SOURCE = "json"
_IGNORED = frozenset({"status", "last_seen", "note", "name", "source"})

_SOURCES = frozenset({"manual", "ssh_config", "ansible", "csv", "known_hosts"})


def import_json_lines(file: str, text: str) -> ImportResult:
    """Return the targets of a text with one JSON object a line, or with an array of objects.

    Args:
        file: how messages name it.
        text: its text.
    """
    gathering = Gathering(SOURCE)
    for number, line in enumerate(_an_object_a_line(text), 1):
        if not line.strip():
            continue
        if len(line) > LINE_LIMIT:
            gathering.problem(file, number, f"This line is longer than {LINE_LIMIT:,} characters.")
            continue
        try:
            body = json.loads(line)
        except (ValueError, RecursionError):
            gathering.problem(file, number, f"This line is no JSON: {shown(line)}.")
            continue
        if not isinstance(body, dict) or not isinstance(body.get("name"), str):
            gathering.problem(file, number, "There is no object with a name here; it is left out.")
        elif gathering.is_usable_name(file, number, body["name"]):
            _add(gathering, file, number, body)
    return gathering.result(complete=frozenset(FIELD_NAMES))


def _an_object_a_line(text: str) -> list[str]:
    """Return the lines of a text; of an array, which may be spread over lines, each item is one."""
    lines = lines_of(text)
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):
            return [json.dumps(item) for item in json.loads("\n".join(lines))]
    return lines


def _add(gathering: Gathering, file: str, number: int, body: Mapping[str, object]) -> None:
    name = str(body["name"])
    values: dict[str, str] = {}
    try:
        for key, value in body.items():
            if key not in _IGNORED:
                values[field_name(key)] = _as_text(value)
        source = body.get("source")
        source = source if isinstance(source, str) and source in _SOURCES else SOURCE
        gathering.targets[name] = with_fields(Target(name=name, source=source), values)
    except BadInput as error:
        gathering.refused(file, number, error, f"{name} is left out.")


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(str(item) for item in value)
    if isinstance(value, bool | dict):
        raise BadInput(f"{shown(str(value))} is no value of a target.")
    return str(value)


def export_json_lines(targets: Iterable[Target]) -> str:
    """Return one JSON object a target and line, without what is built in; `import_json_lines` reads them back."""
    return "".join(
        json.dumps(as_object(target), ensure_ascii=False) + "\n" for target in targets if target.source != BUILT_IN
    )


def as_object(target: Target) -> dict[str, str | int | list[str] | None]:
    """Return a target as the fields of a JSON object."""
    return {
        "name": target.name,
        "address": target.address,
        "os": target.os,
        "groups": list(target.groups),
        "tags": list(target.tags),
        "protocol": target.protocol.value,
        "port": target.port,
        "user": target.user,
        "environment": target.environment,
        "site": target.site,
        "source": target.source,
    }
