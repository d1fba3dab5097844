"""A curve one row high, to stand behind a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.monitoring.metrics import metric_of
from opsterm.monitoring.sample import Point, SeriesWindow
from opsterm.tui.drawing.raster import Scale, Stretch, braille_layer, lay_over, trace

_DOTS = 4
_HEIGHTS = "_.:-=+*#"
"""ASCII of growing height, or at least of growing blackness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A window with the limits between which it is drawn."""

    points: Sequence[Point]
    bottom: float
    top: float


def sparkline(window: SeriesWindow, columns: int, *, plain: bool) -> str:
    """Return a series as one row of cells; blank where nothing was measured.

    A percentage is drawn between 0 and 100, anything else between 0 (or its lowest value) and its highest.

    Args:
        window: the series.
        columns: cells of the row.
        plain: ASCII only.
    """
    drawn = _drawn(window)
    if not drawn.points or columns < 1:
        return " " * columns
    stretch = Stretch.ending(window.start, window.end, columns if plain else 2 * columns)
    scale = Scale(bottom=drawn.bottom, top=drawn.top, dots=len(_HEIGHTS) if plain else _DOTS)
    spans = trace(drawn.points, stretch, window.gap_s, scale)
    if plain:
        return "".join(" " if span is None else _HEIGHTS[span[1]] for span in spans)
    return lay_over([braille_layer(spans, 1)], columns, 1).texts[0]


def _drawn(window: SeriesWindow) -> _Drawn:
    points = [point for point in window.points if math.isfinite(point.low) and math.isfinite(point.high)]
    low = min((point.low for point in points), default=0.0)
    high = max((point.high for point in points), default=0.0)
    bottom = min(low, 0.0)
    top = metric_of(window.key.metric).bound or high
    return _Drawn(points=points, bottom=bottom, top=top if top > bottom else bottom + 1)
