"""A chart frame against textual-plotext's, in the same run on the same data."""

from __future__ import annotations

import math
import random
import statistics
import time
import warnings
from collections.abc import Callable, Sequence

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from opsterm.monitoring.alerts import Severity
from opsterm.monitoring.sample import Point, SeriesKey, SeriesWindow
from opsterm.tui.drawing.chart import ChartPalette, ThresholdLine, draw_chart

pytestmark = [pytest.mark.speed, pytest.mark.blocking]

COLUMNS, ROWS, SERIES, POINTS = 100, 30, 10, 600
NOW = 1_787_300_000.0
MOST_OF_PLOTEXT = 0.08


def noisy(seed: int) -> list[float]:
    dice = random.Random(seed)
    return [50 + 30 * math.sin(n / 60 + seed) + dice.uniform(-20, 20) for n in range(POINTS)]


def windows(data: Sequence[Sequence[float]], shift: float) -> list[SeriesWindow]:
    return [
        SeriesWindow(
            key=SeriesKey("web-01", "cpu.core_percent", str(place)),
            unit="%",
            start=NOW + shift - 600,
            end=NOW + shift,
            step_s=1.0,
            gap_s=5.0,
            points=[Point(NOW + shift - 599 + n, value, value, value, 1) for n, value in enumerate(values)],
        )
        for place, values in enumerate(data)
    ]


def milliseconds(draw: Callable[[int], object], frames: int) -> float:
    """Return the median CPU time of a frame."""
    took = []
    for frame in range(frames):
        begun = time.process_time()
        draw(frame)
        took.append((time.process_time() - begun) * 1000)
    return statistics.median(took)


def test_a_frame_takes_a_twelfth_of_plotext(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs
        from textual_plotext.plot import Plot
    data = [noisy(seed) for seed in range(SERIES)]
    styles = tuple(Style(color=f"color({n})", bgcolor="black") for n in range(1, 9))
    palette = ChartPalette(
        text=styles[6], axis=styles[7], warning=styles[2], critical=styles[0], cursor=styles[1], series=styles
    )
    line = ThresholdLine(value=80, label="▲ warning 80 %", severity=Severity.WARNING, unit="%")

    moved = [windows(data, float(frame)) for frame in range(20)]

    def ours(frame: int) -> list[Strip]:
        return draw_chart(
            moved[frame], columns=COLUMNS, rows=ROWS, now=NOW, palette=palette, thresholds=[line], cursor=NOW - 100
        )

    def plotext(_frame: int) -> list[Strip]:
        plot = Plot()
        plot.plotsize(COLUMNS, ROWS)
        for place, values in enumerate(data):
            plot.plot(range(POINTS), values, marker="braille", label=f"core {place}")
        text = Text.from_ansi(plot.build())
        return [Strip([Segment(row.plain)]) for row in text.split("\n")]

    for _ in range(2):
        ours(0), plotext(0)
    mine, theirs = milliseconds(ours, 20), milliseconds(plotext, 5)
    with capsys.disabled():
        print(f"\nchart frame: {mine:.2f} ms, textual-plotext {theirs:.1f} ms, ratio {mine / theirs:.3f}")
    assert mine <= MOST_OF_PLOTEXT * theirs
