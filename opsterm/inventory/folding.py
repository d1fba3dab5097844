"""Many names as one short text and back: "web-[01-02,04-12]".

The notation is the one of cluster tools: `[01-12]` keeps its padding, `[1-9/2]` has a step, `[1-3,7]` is several
ranges, and a name may have several brackets. A range begins padded when its first number has a leading zero.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from opsterm.core import lean_re as re
from opsterm.core.errors import BadInput, BadSelector

NAME_LIMIT = 100_000
"""Names that one text may unfold to."""

_NUMBER = re.compile(r"(?<![0-9])([0-9]{1,18})(?![0-9])")  # longer ones are identifiers, not counters
_RESERVED = re.compile(r"[\[\],\s]")
_RANGE = re.compile(r"\s*([0-9]{1,18})(?:-([0-9]{1,18})(?:/([0-9]{1,18}))?)?\s*")

_Digits = tuple[str, ...]
_Box = tuple[_Digits, ...]
"""For each number of a name, the digits it may have: the box stands for every combination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """One part of a folded text.

    Attributes:
        text: as in "web-[01-03]".
        names: what it stands for, in natural order.
    """

    text: str
    names: tuple[str, ...]


@lru_cache(maxsize=20_000)
def natural_key(name: str) -> tuple[tuple[str | int, ...], str]:
    """Return a sort key that counts: web-2 before web-10, upper and lower case together."""
    pieces = _NUMBER.split(name.lower())
    return tuple(int(piece) if index % 2 else piece for index, piece in enumerate(pieces)), name


@lru_cache(maxsize=20_000)
def _pieces(name: str) -> tuple[tuple[str, ...], _Digits]:
    """Return what stands around the numbers of a name, and the numbers."""
    if _RESERVED.search(name):
        return (name,), ()
    split = _NUMBER.split(name)
    return tuple(split[::2]), tuple(split[1::2])


def fold(names: Iterable[str]) -> str:
    """Return names as one text, in natural order, each once."""
    return ",".join(part.text for part in fold_groups(names))


def fold_parts(names: Iterable[str]) -> tuple[str, ...]:
    """Return the parts of `fold`, for lists that wrap."""
    return tuple(part.text for part in fold_groups(names))


def fold_groups(names: Iterable[str]) -> tuple[Folded, ...]:
    """Return the parts of `fold` with the names each stands for. Cost: about 3 us a name.

    Names are what `target.check_name` allows; one with a bracket, comma or space stays as it is.
    """
    kinds: dict[tuple[str, ...], list[_Digits]] = {}
    for name in set(names):
        texts, digits = _pieces(name)
        kinds.setdefault(texts, []).append(digits)
    parts = [_folded(texts, box) for texts, vectors in kinds.items() for box in _boxes(vectors)]
    parts.sort(key=lambda part: natural_key(part.names[0]))
    return tuple(parts)


def _boxes(vectors: list[_Digits]) -> list[_Box]:
    boxes: list[_Box] = [tuple((digits,) for digits in vector) for vector in vectors]
    if len(boxes) == 1 or not boxes[0]:
        return boxes[:1]
    dimensions = range(len(boxes[0]))
    inner_first = _merged(boxes, list(reversed(dimensions)))
    if len(dimensions) == 1 or len(inner_first) == 1:
        return inner_first
    outer_first = _merged(boxes, list(dimensions))
    return outer_first if len(outer_first) < len(inner_first) else inner_first


def _merged(boxes: list[_Box], order: list[int]) -> list[_Box]:
    """Join boxes that differ in one number only, number by number."""
    for at in order:
        alike: dict[_Box, list[str]] = {}
        for box in boxes:
            alike.setdefault(box[:at] + box[at + 1 :], []).extend(box[at])
        boxes = [(*rest[:at], tuple(sorted(digits, key=_by_value)), *rest[at:]) for rest, digits in alike.items()]
    return boxes


def _by_value(digits: str) -> tuple[int, str]:
    return int(digits), digits


def _folded(texts: tuple[str, ...], box: _Box) -> Folded:
    shown = [digits[0] if len(digits) == 1 else f"[{_ranges(digits)}]" for digits in box]
    text = texts[0] + "".join(number + after for number, after in zip(shown, texts[1:], strict=True))
    if all(len(digits) == 1 for digits in box):
        return Folded(text=text, names=(text,))
    if len(box) == 1:
        before, after = texts
        return Folded(text=text, names=tuple([before + digits + after for digits in box[0]]))
    names = [
        texts[0] + "".join(map("".join, zip(chosen, texts[1:], strict=True))) for chosen in itertools.product(*box)
    ]
    return Folded(text=text, names=tuple(sorted(names, key=natural_key)))


def _ranges(digits: _Digits) -> str:
    """Return sorted numbers as "01-03,07": runs of equal padding; 10 counts as padded where 09 is there."""
    padded = {len(d) for d in digits if d[0] == "0" and len(d) > 1}
    runs: list[tuple[int, str, str]] = []
    open_runs: dict[int, int] = {}
    for number in digits:
        width = len(number) if len(number) in padded else 0
        value = int(number)
        at = open_runs.get(width)
        if at is not None and int(runs[at][2]) + 1 == value:
            runs[at] = (runs[at][0], runs[at][1], number)
        else:
            open_runs[width] = len(runs)
            runs.append((value, number, number))
    return ",".join(first if first == last else f"{first}-{last}" for _, first, last in runs)


def unfold(text: str) -> tuple[str, ...]:
    """Return the names a text stands for, each once, in natural order; "" stands for none.

    Raises:
        BadSelector: a bracket or range is not one; names the column.
        BadInput: it stands for more than NAME_LIMIT names.
    """
    total, parts = 0, []
    for start, part in _parts_at(text):
        pieces = _part_pieces(text, start, part)
        total += math.prod(sum(_length(item) for item in piece) for piece in pieces)
        if total > NAME_LIMIT:
            raise BadInput(
                f"This stands for more than {NAME_LIMIT:,} names.",
                next_step="Write smaller ranges, or name a group or tag instead.",
            )
        parts.append(pieces)
    names: set[str] = set()
    for pieces in parts:
        names.update("".join(chosen) for chosen in itertools.product(*(_spread(piece) for piece in pieces)))
    return tuple(sorted(names, key=natural_key))


_Item = str | tuple[int, int, int, int]
"""A fixed text, or (first, last, step, width)."""


def _length(item: _Item) -> int:
    return 1 if isinstance(item, str) else (item[1] - item[0]) // item[2] + 1


def _spread(items: list[_Item]) -> list[str]:
    made: list[str] = []
    for item in items:
        if isinstance(item, str):
            made.append(item)
        else:
            first, last, step, width = item
            made += [str(number).zfill(width) for number in range(first, last + 1, step)]
    return made


def _parts_at(text: str) -> Iterable[tuple[int, str]]:
    """Yield (place, part) for what stands between the commas that are in no bracket."""
    start, depth = 0, 0
    for at, char in enumerate(f"{text},"):
        if char == "," and (depth == 0 or at == len(text)):
            part = text[start:at]
            if part.strip():
                yield start + len(part) - len(part.lstrip()), part.strip()
            start = at + 1
        elif char == "[":
            depth += 1
        elif char == "]":
            depth = max(0, depth - 1)


def _part_pieces(text: str, start: int, part: str) -> list[list[_Item]]:
    pieces: list[list[_Item]] = []
    at = 0
    while at < len(part):
        opened = part.find("[", at)
        stray = part.find("]", at, opened if opened >= 0 else len(part))
        if stray >= 0:
            raise BadSelector("This ] closes nothing.", text=text, column=start + stray)
        if opened < 0:
            pieces.append([part[at:]])
            break
        closed = part.find("]", opened)
        if closed < 0:
            raise BadSelector("This [ is never closed.", text=text, column=start + opened)
        if opened > at:
            pieces.append([part[at:opened]])
        pieces.append(_bracket(text, start + opened + 1, part[opened + 1 : closed]))
        at = closed + 1
    return pieces


def _bracket(text: str, column: int, inside: str) -> list[_Item]:
    items: list[_Item] = []
    for item in inside.split(","):
        match = _RANGE.fullmatch(item)
        if not match:
            raise BadSelector(
                "Between brackets stand numbers and ranges.",
                text=text,
                column=column,
                next_step="Write it as in web-[01-12], web-[1-9/2] or web-[1-3,7].",
            )
        first, last, step = match[1], match[2], int(match[3] or 1)
        if last is None:
            items.append(first)
        elif int(last) < int(first) or step == 0:
            what = "A step of 0 leads nowhere." if step == 0 else f"The range {first}-{last} runs backwards."
            raise BadSelector(what, text=text, column=column)
        else:
            items.append((int(first), int(last), step, len(first) if first[0] == "0" else 0))
        column += len(item) + 1
    return items
