"""Bounds on measured values in words: "over 85 %", "less than 10 GB", "10 or more", "between 70 and 80 percent"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsterm.assistant.lengths import NUMBERS
from opsterm.assistant.metric_words import unit_of
from opsterm.assistant.tokens import Token, find_phrase, without
from opsterm.assistant.vocabulary import words

_ABOVE = ("more than", "greater than", "higher than", "larger than", "bigger than", "at least", "over", "above",
          "exceeding", "exceeds", "exceed", "beyond", "fuller than", "busier than", "past", ">=", ">")  # fmt: skip
_BELOW = ("less than", "lower than", "smaller than", "fewer than", "at most", "under", "below", "<=", "<")
_INCLUSIVE = frozenset({"at least", "at most", ">=", "<="})
_MORE = words("more higher above over greater up upwards plus bigger")
_LESS = words("less lower below under fewer smaller down")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(%|percent|pct|b|kb|mb|gb|tb|gig|gigs|g|kib|mib|gib|tib|h|d|m|s)?(\+)?")
_SIZES = {
    "b": 1.0,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
    "tib": 2.0**40,
}
_UNITS = {"pct": "%", "percent": "%", "percentage": "%", "gig": "gb", "gigs": "gb", "g": "gb",
          "gigabytes": "gb", "gigabyte": "gb",
          "megabytes": "mb", "terabytes": "tb", "terabyte": "tb"}  # fmt: skip
_SPANS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHARES = {("half",): 50.0, ("three", "quarters"): 75.0, ("a", "quarter"): 25.0, ("two", "thirds"): 66.7,
           ("a", "third"): 33.3}  # fmt: skip
_COUNTED = words("cpus cores processors cores disks drives alerts processes hosts boxes machines servers days "
                 "hours minutes weeks "
                 "months users")  # fmt: skip
_SIGN = re.compile(r"([^<>=]*)(>=|<=|=>|=<|>|<)(.*)")


@dataclass(frozen=True, slots=True)
class Bound:
    """A number with its unit, "" for none; whether a value that is the number itself counts."""

    number: float
    unit: str
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """What values must be above and below; None for no bound."""

    above: Bound | None = None
    below: Bound | None = None

    @property
    def given(self) -> tuple[Bound, ...]:
        """Those there are."""
        return tuple(bound for bound in (self.above, self.below) if bound is not None)

    @property
    def inclusive(self) -> bool:
        """Whether a value that is the bound itself counts."""
        return any(bound.inclusive for bound in self.given)

    @property
    def measures_space(self) -> bool:
        """Whether it is a size or a share that is spoken of."""
        return any(bound.unit for bound in self.given)


def take_bounds(tokens: Sequence[Token]) -> tuple[Bounds, tuple[Token, ...]]:
    """Return (the bounds, the other tokens); "over the last hour" is no bound."""
    rest = tuple(piece for token in tokens for piece in _apart(token))
    between = _take_between(rest)
    if between is not None:
        return between
    found: list[Bound | None] = []
    for phrases, more in ((_ABOVE, _MORE), (_BELOW, _LESS)):
        bound, rest = _behind_words(rest, phrases)
        if bound is None:
            bound, rest = _before_words(rest, more)
        found.append(bound)
    return Bounds(*found), rest


def _apart(token: Token) -> tuple[Token, ...]:
    """Return "cpu>80" as three tokens."""
    match = _SIGN.fullmatch(token.text) if not token.quote else None
    if match is None:
        return (token,)
    sign = {"=>": ">=", "=<": "<="}.get(match[2], match[2])
    return tuple(replace(token, text=part, low=part.lower()) for part in (match[1], sign, match[3]) if part)


def _behind_words(tokens: tuple[Token, ...], phrases: Sequence[str]) -> tuple[Bound | None, tuple[Token, ...]]:
    for phrase in phrases:
        at, length, _ = find_phrase(tokens, (phrase,))
        taken = _amount(tokens, at + length) if at >= 0 else None
        if taken is None:
            continue
        bound, used = taken
        if bound.unit in _SPANS and phrase in ("over", "past"):
            continue  # "over 2h" is a stretch of time
        if phrase == "past" and not bound.unit:
            continue  # "past 3 days"
        bound = replace(bound, inclusive=phrase in _INCLUSIVE)
        return bound, without(tokens, at, length + used)
    return None, tokens


def _before_words(tokens: tuple[Token, ...], more: frozenset[str]) -> tuple[Bound | None, tuple[Token, ...]]:
    """Read "10 or more", "55 GB free or less", "80%+"."""
    for at in range(len(tokens)):
        taken = _amount(tokens, at)
        if taken is None or tokens[at].low in NUMBERS:
            continue
        bound, used = taken
        if tokens[at].low.endswith("+") and "more" in more:
            return replace(bound, inclusive=True), without(tokens, at, used)
        ends = at + used + (tokens[at + used].low in ("free", "left", "used", "full") if at + used < len(tokens) else 0)
        said = tuple(token.low for token in tokens[ends : ends + 2])
        if len(said) == 2 and said[0] in ("or", "and") and said[1] in more:
            kept = (*tokens[:at], *tokens[at + used : ends], *tokens[ends + 2 :])
            return replace(bound, inclusive=True), kept
    return None, tokens


def _amount(tokens: Sequence[Token], at: int) -> tuple[Bound, int] | None:
    """Return the amount at a place and the tokens it took; None for none, and for a count of things or of days."""
    if at >= len(tokens):
        return None
    for share, percent in _SHARES.items():
        said = tuple(token.low for token in tokens[at : at + len(share) + 1])
        if said[: len(share)] == share and not {"an", "hour", "day", "week", "of"} & set(said[len(share) :]):
            return Bound(percent, "%"), len(share)
    match = _AMOUNT.fullmatch(tokens[at].low)
    word = NUMBERS.get(tokens[at].low, 0) if not match else 0
    if not match and (not word or tokens[at].low in ("a", "an", "one")):
        return None
    number, unit, used = (float(match[1]), match[2] or "", 1) if match else (float(word), "", 1)
    behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
    if not unit and (behind in ("%", *_SIZES) or behind in _UNITS):
        unit, used, behind = behind, 2, tokens[at + 2].low if at + 2 < len(tokens) else ""
    if not unit and behind in _COUNTED:
        return None  # "more than 4 cores" counts cores, "over 3 days" is a stretch of time
    return Bound(number, _UNITS.get(unit, unit)), used


def _take_between(tokens: tuple[Token, ...]) -> tuple[Bounds, tuple[Token, ...]] | None:
    """Take "between 70 and 80 percent": only with a unit, since hours are said like that too; a load has none."""
    at, _, _ = find_phrase(tokens, ("between",))
    low = _amount(tokens, at + 1) if at >= 0 else None
    joint = at + 1 + low[1] if low else 0
    if low is None or joint >= len(tokens) or tokens[joint].low != "and":
        return None
    high = _amount(tokens, joint + 1)
    if high is None or high[0].unit in _SPANS:
        return None
    before = [token.low for token in tokens[max(0, at - 2) : at] if token.low not in ("is", "was", "of", "a")]
    if not high[0].unit and before[-1:] not in (["load"], ["loads"]):
        return None  # hours: "load on web-01 between 8 and 9"
    first = replace(low[0], unit=low[0].unit or high[0].unit)
    return Bounds(first, high[0]), without(tokens, at, joint + 1 + high[1] - at)


_OTHER_UNIT = {
    "memory.used_percent": "memory.used_bytes", "swap.used_percent": "swap.used_bytes",
    "fs.used_percent": "fs.used_bytes",
    "memory.used_bytes": "memory.used_percent", "swap.used_bytes": "swap.used_percent",
}  # fmt: skip
_FREE = {"fs.free_bytes": "fs.used_percent", "memory.available_bytes": "memory.used_percent"}


def fitted(metric: str, bounds: Bounds) -> tuple[str, Bounds] | None:
    """Return a metric whose unit is that of the bounds, None when there is none: 4 GB are no per cent.

    "Less than 10 % free" becomes "more than 90 % used".
    """
    units = {bound.unit for bound in bounds.given if bound.unit}
    name, bracket, item = metric.partition("[")
    measured = unit_of(metric)
    percent = units <= {"%"}
    if not units or (measured == "%" and percent) or (measured in ("B", "B/s") and units <= set(_SIZES)):
        return metric, bounds
    if measured == "s" and units <= set(_SPANS):
        return metric, bounds
    if percent and name in _FREE:
        return _FREE[name] + bracket + item, Bounds(_complement(bounds.below), _complement(bounds.above))
    other = _OTHER_UNIT.get(name, "")
    fits = other and (unit_of(other) == "%") == percent and units <= set(_SIZES) | {"%"}
    return (other + bracket + item, bounds) if fits else None


def _complement(bound: Bound | None) -> Bound | None:
    return None if bound is None else replace(bound, number=100 - bound.number)


def in_unit_of(metric: str, bound: Bound | None) -> float | None:
    """Return a bound in the metric's unit."""
    if bound is None:
        return None
    measured = unit_of(metric)
    if measured in ("B", "B/s"):
        return bound.number * _SIZES.get(bound.unit, 1.0)
    return bound.number * _SPANS.get(bound.unit, 1.0) if measured == "s" else bound.number
