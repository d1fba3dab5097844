"""Curves drawn into a grid of cells: eight braille dots a cell, or one character a cell for plain ASCII.

A curve is kept as one integer with a byte for each cell, column by column. Laying ten curves over one another, finding
whose colour a cell takes and cutting the grid into rows are then a handful of operations on long integers and
byte strings, which is what makes plain Python quick enough.

Each column of dots shows the smallest and the largest value that fall into it, so a spike of one reading
survives however long the window is.

Source: Unicode 15, block U+2800 (the order of the eight bits).
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from opsterm.monitoring.sample import Point

_LEFT = (0x40, 0x04, 0x02, 0x01)
"""Bits of a cell's left dots, from the lowest to the highest."""
_RIGHT = (0x80, 0x20, 0x10, 0x08)
_BRAILLE = " " + "".join(chr(0x2800 + bits) for bits in range(1, 256))
_OCCUPIED = bytes([0, *[1] * 255])

_NOWHERE = -(10**18)

Span = tuple[int, int]
"""Lowest and highest dot of one column of dots, counted from the bottom, 0 and up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The time that a grid shows, cut into columns whose limits never move.

    Column limits are multiples of `dot_s` since the epoch: as time goes on, the picture moves by whole columns and a
    reading never wanders from one column to its neighbour.

    Attributes:
        first: number of the first column since the epoch.
        count: columns of dots.
        dot_s: seconds of one column.
    """

    first: int
    count: int
    dot_s: float

    @classmethod
    def ending(cls, start: float, end: float, count: int) -> Stretch:
        """Return `count` columns that cover a window; the last one holds `end`."""
        dot_s = max(round(end - start, 3), 0.001) / max(count, 1)
        return cls(first=math.floor(end * (1.0 / dot_s)) + 1 - count, count=count, dot_s=dot_s)

    def column(self, at: float) -> int:
        """Return the column of a moment; below 0 or from `count` on when it is not shown."""
        return math.floor(at * (1.0 / self.dot_s)) - self.first

    def middle(self, column: int) -> float:
        """Return the moment in the middle of a column."""
        return (self.first + column + 0.5) * self.dot_s


def trace(points: Sequence[Point], stretch: Stretch, gap_s: float, scale: Scale) -> list[Span | None]:
    """Return the dots of one curve, column by column; None where nothing was measured.

    Args:
        points: in order of time, values finite.
        stretch: the columns.
        gap_s: two points further apart than this are not joined.
        scale: from values to dots.
    """
    count, first, per_s = stretch.count, stretch.first, 1.0 / stretch.dot_s
    lows: list[float] = [math.inf] * count
    highs: list[float] = [-math.inf] * count
    joins: list[tuple[int, float, int, float]] = []
    last, last_at, last_mean = _NOWHERE, -math.inf, 0.0
    for at, low, mean, high, _ in points:
        x = int(at * per_s) - first
        if x != last:
            if not 0 <= x < count:
                continue
            if at - last_at <= gap_s:
                joins.append((last, last_mean, x, mean))
            last = x
        lows[x] = min(lows[x], low)
        highs[x] = max(highs[x], high)
        last_at, last_mean = at, mean
    zero, times, top = scale.bottom, scale.dots_per_unit, scale.dots - 1
    spans: list[Span | None] = [
        None
        if low > high
        else (
            min(max(int((low - zero) * times + 0.5), 0), top),
            min(max(int((high - zero) * times + 0.5), 0), top),
        )
        for low, high in zip(lows, highs, strict=True)
    ]
    _join(spans, joins, scale)
    return spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From values to dots.

    Attributes:
        bottom: value of dot 0.
        top: value of the highest dot, greater than `bottom`.
        dots: how many there are, 1 and up.
    """

    bottom: float
    top: float
    dots: int

    @property
    def dots_per_unit(self) -> float:
        """Dots for each 1 of value."""
        return (self.dots - 1) / (self.top - self.bottom)

    def dot(self, value: float) -> int:
        """Return the dot of a value, kept inside the grid."""
        return min(max(int((value - self.bottom) * self.dots_per_unit + 0.5), 0), self.dots - 1)


def _join(spans: list[Span | None], joins: Sequence[tuple[int, float, int, float]], scale: Scale) -> None:
    """Join neighbouring measurements: fill empty columns on a straight line, and close upright holes half each."""
    for x1, mean1, x2, mean2 in joins:
        if x2 > x1 + 1:
            slope = (mean2 - mean1) / (x2 - x1)
            for x in range(x1 + 1, x2):
                dot = scale.dot(mean1 + slope * (x - x1))
                spans[x] = (dot, dot)
        left = spans[x1]
        for x in range(x1 + 1, x2 + 1):
            here = spans[x]
            if left is not None and here is not None:
                if left[1] + 1 < here[0]:
                    half = (left[1] + here[0]) // 2
                    spans[x - 1], here = (left[0], half), (half + 1, here[1])
                elif here[1] + 1 < left[0]:
                    half = (here[1] + left[0]) // 2
                    spans[x - 1], here = (half + 1, left[1]), (here[0], half)
                spans[x] = here
            left = here


@lru_cache(maxsize=64)
def _ladder(rows: int, bits: tuple[int, ...]) -> tuple[int, ...]:
    """Return, for every n, a cell column's integer with the lowest n dots set: rungs to subtract from one another."""
    total, rungs = 0, [0]
    for row in range(rows - 1, -1, -1):
        for bit in bits:
            total |= bit << (8 * row)
            rungs.append(total)
    return tuple(rungs)


def braille_layer(spans: Sequence[Span | None], rows: int) -> bytes:
    """Return one curve as bytes: a byte of eight dots for each cell, column by column, the top row first.

    Args:
        spans: two for each cell column; dots 0 to 4 * rows - 1.
        rows: cell rows.
    """
    left, right = _ladder(rows, _LEFT), _ladder(rows, _RIGHT)
    columns = []
    for x in range(0, len(spans) - 1, 2):
        one, two = spans[x], spans[x + 1]
        bits = 0
        if one is not None:
            bits = left[one[1] + 1] ^ left[one[0]]
        if two is not None:
            bits |= right[two[1] + 1] ^ right[two[0]]
        columns.append(bits.to_bytes(rows, "little"))
    return b"".join(columns)


def ascii_layer(spans: Sequence[Span | None], rows: int) -> bytes:
    """Return one curve as bytes: 1 for each cell it touches, column by column; one span for each column."""
    rungs = _ladder(rows, (1,))
    blank = bytes(rows)
    return b"".join(
        blank if span is None else (rungs[span[1] + 1] ^ rungs[span[0]]).to_bytes(rows, "little") for span in spans
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Curves laid over one another, cut into rows.

    Attributes:
        texts: one string for each row, from the top; a blank where there is no dot.
        owners: for each row one byte for each cell: 0 for none, else 1 + place of the curve whose colour it takes.
    """

    texts: list[str]
    owners: list[bytes]


def lay_over(layers: Sequence[bytes], columns: int, rows: int, marks: str = "") -> Picture:
    """Return all curves in one picture; where two share a cell, the first one gives the colour.

    Args:
        layers: what `braille_layer` or `ascii_layer` returned, at most 255.
        columns: cell columns.
        rows: cell rows.
        marks: for ASCII one character for each layer; "" for braille.
    """
    dots = owner = taken = 0
    for place, layer in enumerate(layers, 1):
        bits = int.from_bytes(layer, "little")
        occupied = int.from_bytes(layer.translate(_OCCUPIED), "little")
        dots |= bits
        owner |= (occupied ^ (occupied & taken)) * place
        taken |= occupied
    all_owners = owner.to_bytes(columns * rows, "little")
    owners = [all_owners[row::rows] for row in range(rows)]
    if marks:
        table = " " + marks
        return Picture(texts=[codecs.charmap_decode(row, "strict", table)[0] for row in owners], owners=owners)
    all_dots = dots.to_bytes(columns * rows, "little")
    texts = [codecs.charmap_decode(all_dots[row::rows], "strict", _BRAILLE)[0] for row in range(rows)]
    return Picture(texts=texts, owners=owners)
