"""Reads settings: one TOML file, OPSTERM_* variables and flags become one frozen tree.

Precedence: flag > variable > file > default.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import tomllib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from opsterm.core.errors import BadInput, BadSetting
from opsterm.core.settings import Loaded, Settings, known_keys, section_class
from opsterm.core.toml_places import key_lines, line_of
from opsterm.core.units import parse_duration

NOT_SETTINGS = frozenset({
    "OPSTERM_HOME", "OPSTERM_CONFIG", "OPSTERM_LAB", "OPSTERM_VAULT_PASSPHRASE_FILE", "OPSTERM_REPORT",
})  # fmt: skip
"""Variables of ours that are not in the tree."""


def load_settings(
    *, file_text: str = "", file_name: str = "config.toml", environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> Loaded:  # fmt: skip
    """Build the tree.

    Args:
        file_text: the TOML text, "" when there is no file.
        file_name: how messages name it.
        environment: only names that begin with OPSTERM_ are looked at.
        flags: dotted key -> text, from `--set key=value` and the flags that are short for it.

    Raises:
        BadSetting: unknown key or unusable value; names the place, and the nearest known key.
    """
    values: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    _read_file(file_text, file_name, values, sources)
    for name, text in sorted((environment or {}).items()):
        if name.startswith("OPSTERM_") and name not in NOT_SETTINGS:
            _put_text(_key_of_variable(name), text, name, values, sources)
    for key, text in (flags or {}).items():
        _put_text(key, text, "--set", values, sources)
    sections: dict[str, Any] = {}
    for section in dataclasses.fields(Settings):
        given = values.get(section.name, {})
        sections[section.name] = dict(given) if section.name == "keys" else section_class(section.name)(**given)
    return Loaded(settings=Settings(**sections), sources=sources, file=file_name)


def _read_file(text: str, name: str, values: dict[str, dict[str, Any]], sources: dict[str, str]) -> None:
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(
            f"{name} is not valid TOML.",
            why=str(error),
            next_step=f"Mend {name}, or move it away to start with defaults.",
        ) from error
    section_names = [f.name for f in dataclasses.fields(Settings)]
    lines = key_lines(text)

    def where(*path: str | int) -> str:
        line = line_of(lines, path)
        return name if line is None else f"{name}:{line}"

    for section, content in tree.items():
        if section not in section_names:
            raise _unknown(section, section_names, where(section))
        if not isinstance(content, dict):
            raise BadSetting(
                f"{where(section)}: {section} is a section, not a value.",
                next_step=f"Write [{section}], and its settings below.",
            )
        for key, value in content.items():
            dotted = f"{section}.{key}"
            if section == "keys":
                if not isinstance(value, str):
                    raise BadSetting(f'{where(section, key)}: {dotted} must be a key, as in "f1", not {value!r}.')
                values.setdefault("keys", {})[key] = value
            elif dotted not in known_keys():
                raise _unknown(dotted, known_keys(), where(section, key))
            else:
                place = partial(where, section, key)
                values.setdefault(section, {})[key] = _typed(_hint(section, key), value, dotted, place)
            sources[dotted] = where(section, key)


def _unknown(key: str, known: Sequence[str], where: str) -> BadSetting:
    tails = {k.rpartition(".")[2]: k for k in known}
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.55) or [
        tails[t] for t in difflib.get_close_matches(key.rpartition(".")[2], list(tails), n=1, cutoff=0.6)
    ]
    hint = f"The nearest known one is {near[0]}." if near else "`opsterm settings` lists all that there are."
    return BadSetting(f"{where}: there is no setting {key}.", next_step=hint)


def _key_of_variable(name: str) -> str:
    rest = name.removeprefix("OPSTERM_").lower()
    for key in known_keys():
        if key.replace(".", "_") == rest:
            return key
    raise _unknown(name, [f"OPSTERM_{k.replace('.', '_').upper()}" for k in known_keys()], "environment")


Place = Callable[..., str]
"""`place(*path)` names where a value stands: "config.toml:3"; the path leads on from there into tables."""


def _put_text(key: str, text: str, where: str, values: dict[str, dict[str, Any]], sources: dict[str, str]) -> None:
    section, _, name = key.partition(".")
    if section == "keys" and name:
        values.setdefault("keys", {})[name] = text
    elif key not in known_keys():
        raise _unknown(key, known_keys(), where)
    else:
        values.setdefault(section, {})[name] = _typed(_hint(section, name), text, key, lambda *_: where)
    sources[key] = where


def setting_value(key: str, text: str) -> bool | int | float | str:
    """Return the value that a text stands for, as a settings file would hold it.

    Raises:
        BadSetting: an unknown key, an unusable value, or a key that holds tables and is edited in the file.
    """
    values: dict[str, dict[str, Any]] = {}
    _put_text(key, text, key, values, {})
    section, _, name = key.partition(".")
    value: bool | int | float | str = values[section][name]
    return value


def _hint(section: str, key: str) -> tuple[Any, dataclasses.Field[Any]]:
    cls = section_class(section)
    found = next(f for f in dataclasses.fields(cls) if f.name == key)
    return typing.get_type_hints(cls)[key], found


def _typed(hint: tuple[Any, dataclasses.Field[Any]], value: Any, key: str, place: Place) -> Any:
    """Turn a TOML value or a text into the field's type, and check it."""
    wanted, declared = hint
    if isinstance(wanted, types.UnionType):
        wanted = next(arg for arg in typing.get_args(wanted) if arg is not type(None))
    if typing.get_origin(wanted) is tuple:
        return _tables(typing.get_args(wanted)[0], value, key, place)
    if typing.get_origin(wanted) is Mapping:
        return _texts(value, key, place)
    converted = _convert(wanted, value, key)
    if converted is None:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[wanted]
        fault = f"{kind} of seconds, or a length of time as in 15m" if wanted is float and key.endswith("_s") else kind
    else:
        check = declared.metadata.get("check")
        fault = check(converted) if check else ""
    if fault:
        raise BadSetting(f"{place()}: {key} must be {fault}, not {value!r}.", next_step=str(declared.metadata["help"]))
    return converted


def _convert(wanted: type, value: Any, key: str) -> Any:
    """Return the value as `wanted`, or None when it is not one."""
    if wanted is bool:
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        return value if isinstance(value, bool) else words.get(str(value).lower())
    if isinstance(value, bool):
        return None
    if wanted is str:
        return value if isinstance(value, str) else None
    try:
        if wanted is int:
            return int(value) if not isinstance(value, float) else None
        if isinstance(value, str) and key.endswith("_s"):
            return parse_duration(value)
        number = float(value)
        return number if math.isfinite(number) else None
    except (TypeError, ValueError, OverflowError, BadInput):
        return None


def _tables(cls: Any, value: Any, key: str, place: Place) -> tuple[Any, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadSetting(f"{place()}: {key} must be tables, written [[{key}]] in config.toml.")
    hints, declared = typing.get_type_hints(cls), {f.name: f for f in dataclasses.fields(cls)}
    made = []
    for number, item in enumerate(value):
        given = {}
        for name, inner in item.items():
            if name not in declared:
                raise _unknown(f"{key}.{name}", [f"{key}.{n}" for n in declared], place(number, name))
            given[name] = _typed((hints[name], declared[name]), inner, f"{key}.{name}", partial(place, number, name))
        made.append(cls(**given))
    return tuple(made)


def _texts(value: Any, key: str, place: Place) -> Mapping[str, str]:
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return dict(value)
    raise BadSetting(f"{place()}: {key} must be a table of texts, as in {{ name = 'text' }}.")


def describe_settings(loaded: Loaded) -> Sequence[tuple[str, str, str, str]]:
    """Return (key, value as TOML would write it, source or "default", help) for every setting."""
    rows = []
    for key in known_keys():
        section, _, name = key.partition(".")
        value = getattr(getattr(loaded.settings, section), name)
        declared = _hint(section, name)[1]
        counted = "tables" if isinstance(value, tuple) else "texts" if isinstance(value, dict) else ""
        text = f"{len(value)} {counted}" if counted else _toml(value)
        rows.append((key, text, loaded.sources.get(key, "default"), str(declared.metadata["help"])))
    return rows


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # a basic string of TOML has the escapes of JSON
    return f"{value:g}" if isinstance(value, float) else str(value)
