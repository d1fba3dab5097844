"""One term of a selector: a field, an operator, a value; and the quick test it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from opsterm.core.errors import BadSelector
from opsterm.inventory.folding import unfold
from opsterm.inventory.patterns import compile_glob, glob_regex, is_wild, near_enough
from opsterm.inventory.target import Protocol, Status, Target, TargetRow

RowTest = Callable[[TargetRow], bool]
_TextTest = Callable[[str], bool]

DEFAULT_PORTS = {Protocol.SSH: 22, Protocol.WINRM: 5986, Protocol.SNMP: 161, Protocol.HTTP: 80}
"""What `port:` compares with when a target names none."""

WILD_RANGE_LIMIT = 10_000
"""Names that a range may stand for when it is joined with a glob."""

FIELDS = ("name", "address", "os", "group", "tag", "protocol", "port", "user", "env", "site", "source", "status",
          "note")  # fmt: skip
ALIASES = {
    "host": "name", "target": "name", "addr": "address", "ip": "address", "groups": "group", "tags": "tag",
    "proto": "protocol", "environment": "env", "state": "status",
}  # fmt: skip
_CLOSED = {"status": tuple(s.value for s in Status), "protocol": tuple(p.value for p in Protocol)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A field compared with a value.

    Attributes:
        field: one of FIELDS.
        operator: ":" (is: glob, range, or the whole value or word) or "~" (contains).
        value: as it was written, without quotes.
        literal: True when signs in `value` have no meaning: it was quoted, or has none.
    """

    field: str
    operator: str
    value: str
    literal: bool


def check_value(field: str, operator: str, value: str, *, quoted: bool) -> str:
    """Return what is wrong with a value, as "sentence|what to do", or "" when it can be used.

    Raises:
        BadSelector: a range in it cannot be read; its column counts from the value's start.
        BadInput: a range stands for too many names.
    """
    wild = is_wild(value)
    if not quoted and operator == ":" and ("[" in value or "]" in value):
        names = unfold(value)
        if wild and len(names) > WILD_RANGE_LIMIT:
            return f"This range stands for more than {WILD_RANGE_LIMIT:,} patterns.|Use a glob without the range."
    elif not quoted and ("[" in value or "]" in value):
        return "A range cannot be looked for inside a text.|Put quotes around a bracket that is meant as such."
    words = _CLOSED.get(field)
    if words and operator == ":" and value and not (wild and not quoted) and value.lower() not in words:
        if not quoted and "[" in value:
            return ""
        near = near_enough(value, words)
        hint = f"The nearest is {near}." if near else "Known are " + ", ".join(words) + "."
        return f"There is no {field} {value}.|{hint}"
    return ""


def is_literal(value: str, *, quoted: bool) -> bool:
    """Return whether no sign of a value has a meaning."""
    return quoted or not (is_wild(value) or "[" in value)


def compile_term(term: Term) -> RowTest:
    """Return a test of one row. Results of fields with few values are remembered."""
    test = _contains(term) if term.operator == "~" else _is(term)
    if term.field in ("group", "tag"):
        return _test_many(term.field, test)
    if term.field == "status":
        statuses = tuple(status for status in Status if test(status.value))
        return lambda row: row.status in statuses
    if term.field == "protocol":
        protocols = tuple(protocol for protocol in Protocol if test(protocol.value))
        return lambda row: row.target.protocol in protocols
    return _test_one(term.field, test)


def _contains(term: Term) -> _TextTest:
    wanted = term.value.lower()
    if not term.literal and is_wild(term.value):
        return compile_glob(f"*{term.value}*", ignore_case=True)
    return lambda text: wanted in text.lower()


def _is(term: Term) -> _TextTest:
    value = term.value.lower()
    if term.literal:
        return _is_words(value) if term.field == "os" and value else lambda text: text.lower() == value
    if "[" in value:
        names = unfold(value)
        if not is_wild(value):
            known = frozenset(names)
            return lambda text: text.lower() in known
        match = re.compile("|".join(map(glob_regex, names)), re.DOTALL).fullmatch
        return lambda text: match(text.lower()) is not None
    whole = compile_glob(value, ignore_case=True)
    if term.field == "os":
        return lambda text: bool(text) and (whole(text) or any(map(whole, text.split())))
    return lambda text: bool(text) and whole(text)


def _is_words(value: str) -> _TextTest:
    """Return a test for whole words, as "debian" in "debian 12"."""
    words = f" {' '.join(value.split())} "
    return lambda text: words in f" {' '.join(text.lower().split())} "


def _test_many(field: str, test: _TextTest) -> RowTest:
    none = test("")

    @lru_cache(maxsize=4096)
    def any_of(values: tuple[str, ...]) -> bool:
        return any(map(test, values)) if values else none

    if field == "tag":
        return lambda row: any_of(row.target.tags)
    return lambda row: any_of(row.target.groups)


def _test_one(field: str, test: _TextTest) -> RowTest:
    remembered = lru_cache(maxsize=4096)(test)
    match field:
        case "name":
            return lambda row: test(row.target.name)
        case "address":
            return lambda row: test(row.target.reach)
        case "os":
            return lambda row: remembered(row.target.os)
        case "user":
            return lambda row: remembered(row.target.user)
        case "env":
            return lambda row: remembered(row.target.environment)
        case "site":
            return lambda row: remembered(row.target.site)
        case "source":
            return lambda row: remembered(row.target.source)
        case "note":
            return lambda row: remembered(row.note)
        case _:
            return lambda row: remembered(_port(row.target))


def _port(target: Target) -> str:
    return str(target.port or DEFAULT_PORTS.get(target.protocol) or "")


def moved(error: BadSelector, text: str, by: int) -> BadSelector:
    """Return an error about a part of `text` as one about the whole of it."""
    return BadSelector(error.what, text=text, column=by + error.column, next_step=error.next_step)
