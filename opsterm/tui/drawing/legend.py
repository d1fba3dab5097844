"""What the curves are called and what they say: the legend above a chart, and the read-out at its cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from opsterm.core.units import age_text, value_text
from opsterm.monitoring.sample import Point, SeriesWindow
from opsterm.tui.cells import cut, fit, shown

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VALUE_CELLS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One series in the legend.

    Attributes:
        letter: its mark in the chart, "" when there is only one series.
        name: metric and item, with the target where several are shown; safe to show.
        value: newest value with its unit, and its age when it is old; "no data" without one.
    """

    letter: str
    name: str
    value: str

    @property
    def cells(self) -> int:
        """Room that the entry takes without being cut."""
        return cell_len(self.letter) + cell_len(self.name) + max(cell_len(self.value), _VALUE_CELLS) + 2


def letter_of(place: int, of: int) -> str:
    """Return the mark of a series: "a" for the first; "" when there is only one."""
    return LETTERS[place % len(LETTERS)] if of > 1 else ""


def entries(windows: Sequence[SeriesWindow], now: float, *, plain: bool) -> list[Entry]:
    """Return one entry for each series, in their order.

    Args:
        windows: the series.
        now: epoch seconds; a value older than its series' gap says how old it is.
        plain: ASCII only.
    """
    several = len({window.key.target for window in windows}) > 1
    made = []
    for place, window in enumerate(windows):
        name = f"{window.key.target} {window.key}" if several else str(window.key)
        value = shown(_newest(window, now), limit=80, plain=plain)
        made.append(Entry(letter=letter_of(place, len(windows)), name=shown(name, plain=plain), value=value))
    return made


def _newest(window: SeriesWindow, now: float) -> str:
    if not window.points:
        return "no data"
    point = window.points[-1]
    text = value_text(point.mean, window.unit)
    age = now - point.at - window.step_s
    return f"{text} ({age_text(age)} ago)" if age > window.gap_s else text


def legend_rows(
    listed: Sequence[Entry], columns: int, most_rows: int, *, ellipsis: str
) -> list[list[tuple[str, int | None]]]:
    """Return the legend as rows of (text, place of the series, or None for plain text), each at most `columns` wide.

    Entries stand in columns of equal width. When they do not fit, names are cut first; then the rest is counted.
    """
    if not listed or most_rows < 1:
        return []
    widest = min(max(entry.cells for entry in listed), columns)
    per_row = max(1, (columns + 2) // (widest + 2))
    if -(-len(listed) // per_row) > most_rows:
        most_per_row = max(1, (columns + 2) // (_VALUE_CELLS + 12))
        per_row = min(-(-len(listed) // most_rows), most_per_row)
        widest = (columns + 2) // per_row - 2
    room = per_row * most_rows
    kept = list(listed) if len(listed) <= room else list(listed[: room - 1])
    rows: list[list[tuple[str, int | None]]] = [[] for _ in range(-(-min(len(listed), room) // per_row))]
    for place, entry in enumerate(kept):
        row = rows[place // per_row]
        if row:
            row.append(("  ", None))
        row.extend(_entry_parts(entry, place, widest, ellipsis))
    if len(kept) < len(listed):
        row = rows[-1]
        row.append((cut(f"{'  ' if row else ''}+{len(listed) - len(kept)} more", widest, ellipsis=ellipsis), None))
    return rows


def _entry_parts(entry: Entry, place: int, cells: int, ellipsis: str) -> list[tuple[str, int | None]]:
    mark = f"{entry.letter} " if entry.letter else ""
    value = fit(entry.value, min(max(cell_len(entry.value), _VALUE_CELLS), cells), right=True, ellipsis=ellipsis)
    name_cells = cells - len(mark) - cell_len(value) - 1
    if name_cells < 1:
        return [(fit(f"{mark}{entry.value}", cells, ellipsis=ellipsis), place)]
    return [(f"{mark}{fit(entry.name, name_cells, ellipsis=ellipsis)} ", place), (value, None)]


def value_between(window: SeriesWindow, start: float, end: float) -> str:
    """Return what a series said from `start` to before `end`: its mean, and its range where it moved."""
    inside = [point for point in window.points if start <= point.at < end]
    if not inside:
        return "no data"
    readings = sum(point.readings for point in inside) or 1
    mean = sum(point.mean * point.readings for point in inside) / readings
    return _with_range(mean, inside, window.unit)


def _with_range(mean: float, inside: Sequence[Point], unit: str) -> str:
    text = value_text(mean, unit)
    low, high = value_text(min(p.low for p in inside), unit), value_text(max(p.high for p in inside), unit)
    if low == high:
        return text
    common = f" {unit}"
    low = low.removesuffix(common) if unit and high.endswith(common) else low
    return f"{text} ({low} to {high})"
