"""CIM instances as a look brings them, JSON, one a line, and the values in them. No text of a host raises here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from opsterm.core.text import clean_line

LONGEST_WORD = 200
_DMTF = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-])(\d{3})")
_KEY = re.compile(r'(\w{1,60})="((?:[^"\\]|\\.){0,200})"')

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
"""Instances by class, in lower case."""


def instances(text: str) -> Rows:
    """Return what a host said; lines that are no JSON object with a class are left out."""
    found: dict[str, list[Row]] = {}
    for line in text.split("\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("class"), str) and "fault" not in row:
            found.setdefault(row["class"].lower(), []).append(row)
    return found


def first_of(rows: Rows, name: str) -> Row:
    """Return the first instance of a class, an empty one when there is none."""
    return next(iter(rows.get(name, ())), {})


def number(value: object) -> float:
    """Return a number as CIM writes one. Raises ValueError, also for what is longer than any."""
    text = value if isinstance(value, str) else ""
    if len(text) > 24 or not text.isascii() or not text.replace(".", "", 1).isdecimal():
        raise ValueError(text[:24])
    return float(text)


def whole(value: object) -> int | None:
    """Return a whole number, None for what is none."""
    try:
        return int(number(value))
    except ValueError:
        return None


def size(value: object, unit: int) -> int | None:
    """Return a size in bytes that is written in a unit of so many; None for what is none."""
    told = whole(value)
    return None if told is None or told > 2**53 else told * unit


def word(row: Row, name: str) -> str:
    """Return a text, cleaned; "" when the row has none."""
    value = row.get(name)
    return clean_line(value.strip(), limit=LONGEST_WORD) if isinstance(value, str) else ""


def moment(value: object) -> datetime:
    """Return a CIM datetime, as WS-Management writes it or as DMTF does (DSP0004). Raises ValueError."""
    text = value if isinstance(value, str) else ""
    told = _DMTF.fullmatch(text)
    if told:
        sign, minutes = told[8], int(told[9])
        offset = f"{sign}{minutes // 60:02}:{minutes % 60:02}"
        text = f"{told[1]}-{told[2]}-{told[3]}T{told[4]}:{told[5]}:{told[6]}.{told[7]}{offset}"
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def keys_of(reference: object) -> Mapping[str, str]:
    """Return the keys of a reference to an instance, as in 'Win32_Account.Domain="LAB",Name="ops"'; {} for none."""
    if not isinstance(reference, str):
        return {}
    return {name: clean_line(re.sub(r"\\(.)", r"\1", value), limit=LONGEST_WORD) for name, value in
            _KEY.findall(reference[:2000])}  # fmt: skip
