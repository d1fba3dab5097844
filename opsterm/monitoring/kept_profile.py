"""A host's profile as it is kept: with its times, and as JSON text."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opsterm.monitoring.host_profile import HostProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProfile:
    """What a target was when it was last looked at.

    Attributes:
        target: whose it is.
        since: epoch seconds of the first look that showed it so.
        at: epoch seconds of the last one.
        profile: what the last one showed.
    """

    target: str
    since: float
    at: float
    profile: HostProfile


def profile_record(profile: HostProfile) -> dict[str, Any]:
    """Return a profile as what JSON carries: objects, lists, texts, numbers."""
    return dataclasses.asdict(profile)


def profile_to_json(profile: HostProfile) -> str:
    """Return a profile as one line of JSON."""
    return json.dumps(profile_record(profile), ensure_ascii=False, separators=(",", ":"))


def profile_from_json(text: str) -> HostProfile:
    """Read a profile that this or another version wrote: what is absent takes its default, what is new is left out.

    Raises:
        ValueError: it is no profile.
    """
    made = _read(HostProfile, json.loads(text))
    if not isinstance(made, HostProfile):
        raise ValueError("not a profile")
    return made


def with_texts(profile: HostProfile, change: Callable[[str], str]) -> HostProfile:
    """Return a profile in which every text has gone through a function, such as one that masks secrets."""

    def changed(value: Any) -> Any:
        if isinstance(value, StrEnum):
            return value
        if isinstance(value, str):
            return change(value)
        if isinstance(value, dict):
            return {name: changed(one) for name, one in value.items()}
        return [changed(one) for one in value] if isinstance(value, list | tuple) else value

    made: HostProfile = _read(HostProfile, changed(profile_record(profile)))
    return made


def completed(profile: HostProfile, before: HostProfile) -> HostProfile:
    """Return a profile that was cut off, with what it lacks taken from the one before; it stays marked as cut off."""
    lacks = {
        name: getattr(before, name)
        for name in ("units", "listeners", "links", "login_sessions", "accounts", "package_state", "certificates",
                     "clock")
        if getattr(profile, name) == getattr(_NOTHING, name)
    }  # fmt: skip
    return dataclasses.replace(profile, **lacks)


_NOTHING = HostProfile()


@functools.cache
def _hints(cls: type) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


def _read(kind: Any, value: Any) -> Any:
    """Make a value of a type out of what JSON gave."""
    if isinstance(kind, types.UnionType):
        inner = [part for part in typing.get_args(kind) if part is not types.NoneType]
        return None if value is None else _read(inner[0], value)
    if typing.get_origin(kind) is tuple:
        parts = typing.get_args(kind)
        if parts[-1] is Ellipsis:
            return tuple(_read(parts[0], one) for one in value)
        return tuple(_read(part, one) for part, one in zip(parts, value, strict=True))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise ValueError(f"no {kind.__name__}")
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], one) for name, one in value.items() if name in hints})
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    return value
