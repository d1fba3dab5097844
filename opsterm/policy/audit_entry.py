"""What of a fact goes into the audit chain: its circumstances and its fields, without secrets, as canonical JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from opsterm.core.events import Fact, body_from_json
from opsterm.policy.audit import is_audited_kind
from opsterm.policy.chain import canonical
from opsterm.policy.mask import mask

CHAINED = ("opsterm.", "audit.")
"""Kinds that are in the chain besides what is audited: when opsterm ran, and what became of the chain."""

ENTRY_VERSION = 1
"""Written as "v" in every entry."""

_HARMLESS = re.compile(r"[A-Za-z0-9_.@:/-]{0,12}")
"""Too short for any secret that is known by its looks."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DIGESTS = frozenset({"digest", "output_sha256", "sha256"})

_seen: set[str] = set()
_SEEN_AT_MOST = 4096
_SEEN_LENGTH = 64


def is_chained(kind: str, body: str) -> bool:
    """Return whether a fact of this written kind and body goes into the chain."""
    return kind.startswith(CHAINED) or is_audited_kind(kind, body)


def entry_body(
    n: int, *, seq: int, fact: str, at: float, by: str, correlation: str, cause: str, kind: str, version: int, body: str
) -> str:  # fmt: skip
    """Return the entry for a fact.

    Args:
        n: its place in the chain, from 1.
        seq: place in the journal, 0 for what only the chain has.
        fact: its id.
        at: epoch seconds.
        by: who did it.
        correlation: what it belongs to.
        cause: id of the fact that led to it.
        kind: as written.
        version: of the kind, as written.
        body: JSON of its fields, as written.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = {"unreadable": body}
    counted = [0]
    fields = _whole(told, "", counted)
    return canonical(
        {
            "v": ENTRY_VERSION, "n": n, "seq": seq, "id": fact, "at": round(at * 1000), "by": _whole(by, "", counted),
            "correlation": correlation, "cause": cause, "kind": kind, "version": version, "fields": fields,
            "masked": counted[0],
        }
    )  # fmt: skip


def fact_of(body: str) -> Fact:
    """Return the fact that an entry tells of. Raises ValueError or KeyError for a text that is no entry."""
    told = json.loads(body)
    return Fact(
        event=body_from_json(told["kind"], told["version"], json.dumps(told["fields"])), at=told["at"] / 1000,
        by=told["by"], id=told["id"], correlation_id=told["correlation"], causation_id=told["cause"], seq=told["seq"],
    )  # fmt: skip


def _whole(value: Any, name: str, counted: list[int]) -> Any:
    """Return what JSON has without secrets and without fractions, whose text is not the same everywhere."""
    if isinstance(value, str):
        return _without_secrets(value, name, counted)
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if isinstance(value, list):
        return [_whole(item, name, counted) for item in value]
    if isinstance(value, Mapping):
        return {_without_secrets(key, "", counted): _whole(item, key, counted) for key, item in value.items()}
    return value


def _without_secrets(text: str, name: str, counted: list[int]) -> str:
    if text in _seen or _HARMLESS.fullmatch(text) or (name in _DIGESTS and _DIGEST.fullmatch(text)):
        return text
    hidden, count = mask(text)
    counted[0] += count
    if count == 0 and len(text) <= _SEEN_LENGTH:  # names of targets come again and again; looking takes 0.2 ms
        if len(_seen) >= _SEEN_AT_MOST:
            _seen.clear()
        _seen.add(text)
    return hidden
