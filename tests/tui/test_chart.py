"""A chart: every extreme survives, gaps stay gaps, nothing shimmers, and axes can be read."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.app import App, ComposeResult

from opsterm.monitoring.alerts import Severity
from opsterm.monitoring.sample import Point, SeriesKey, SeriesWindow
from opsterm.tui.drawing.axis import time_ticks, value_axis
from opsterm.tui.drawing.chart import ChartPalette, ThresholdLine, draw_chart, lay_out
from opsterm.tui.drawing.raster import Scale, Stretch, ascii_layer, braille_layer, lay_over, trace
from opsterm.tui.widgets.chart import Chart
from tests.tui.screen import screen_text, waiting_regions
from tests.tui.small_apps import HOSTILE

NOW = 1_787_300_000.0
PLAIN = Style()
PALETTE = ChartPalette(
    text=PLAIN, axis=PLAIN, warning=PLAIN, critical=PLAIN, cursor=Style(reverse=True), series=(PLAIN,)
)
WARN = ThresholdLine(value=80, label="▲ warning 80 %", severity=Severity.WARNING, unit="%")


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def window(
    values: Sequence[tuple[float, float]],
    *,
    unit: str = "%",
    span: float = 3600.0,
    gap_s: float = 60.0,
    metric: str = "cpu.used_percent",
    end: float = NOW,
) -> SeriesWindow:
    """Return a window of raw readings, given as (seconds before the end, value), oldest first."""
    return SeriesWindow(
        key=SeriesKey("web-01", metric, ""),
        unit=unit,
        start=end - span,
        end=end,
        step_s=10.0,
        gap_s=gap_s,
        points=[Point(end - before, value, value, value, 1) for before, value in values],
    )


def wave(*, unit: str = "%", height: float = 40.0, metric: str = "cpu.used_percent", end: float = NOW) -> SeriesWindow:
    values = [(3600.0 - n * 10, height * (1.2 + math.sin(n / 20))) for n in range(1, 360)]
    return window(values, unit=unit, metric=metric, end=end)


def texts(
    windows: Sequence[SeriesWindow],
    columns: int = 80,
    rows: int = 16,
    *,
    thresholds: Sequence[ThresholdLine] = (),
    cursor: float | None = None,
    ascii: bool = False,  # noqa: A002 (the word every face uses for it)
    now: float = NOW,
) -> list[str]:
    strips = draw_chart(
        windows,
        columns=columns,
        rows=rows,
        now=now,
        palette=PALETTE,
        thresholds=thresholds,
        cursor=cursor,
        ascii=ascii,
    )
    assert len(strips) == rows
    for strip in strips:
        assert strip.cell_length == cell_len(strip.text) == columns
    return [strip.text for strip in strips]


# --------------------------------------------------------------------- the curve itself


def dots_of(picture: Sequence[str], rows: int) -> list[set[int]]:
    """Read braille back: for each column of dots the dots that are set, counted from the bottom."""
    columns: list[set[int]] = [set() for _ in range(2 * len(picture[0]))]
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    for row, text in enumerate(picture):
        for x, char in enumerate(text):
            bits = ord(char) - 0x2800 if char != " " else 0
            for bit, (right, down) in enumerate(places):
                if bits & (1 << bit):
                    columns[2 * x + right].add(4 * rows - 1 - (4 * row + down))
    return columns


READINGS = st.lists(
    st.tuples(st.floats(0, 3599.9), st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=200
).map(lambda raw: sorted(raw, key=lambda one: -one[0]))


@settings(max_examples=150, deadline=None)
@given(READINGS, st.integers(4, 60), st.integers(1, 12), st.booleans())
def test_every_columns_smallest_and_largest_value_are_drawn(
    readings: list[tuple[float, float, float]], columns: int, rows: int, plain: bool
) -> None:
    points = [Point(NOW - before, min(a, b), (a + b) / 2, max(a, b), 2) for before, a, b in readings]
    per_cell, high = (1, rows) if plain else (2, 4 * rows)
    stretch = Stretch.ending(NOW - 3600, NOW, columns * per_cell)
    scale = Scale(bottom=0, top=100, dots=max(high, 2)) if high > 1 else Scale(bottom=0, top=100, dots=2)
    if high < 2:
        return
    spans = trace(points, stretch, 60.0, scale)
    if plain:
        picture = lay_over([ascii_layer(spans, rows)], columns, rows, "*")
        drawn = [{rows - 1 - row for row in range(rows) if picture.texts[row][x] == "*"} for x in range(columns)]
    else:
        drawn = dots_of(lay_over([braille_layer(spans, rows)], columns, rows).texts, rows)
    held: dict[int, list[Point]] = {}
    for point in points:
        held.setdefault(stretch.column(point.at), []).append(point)
    for x, inside in held.items():
        if 0 <= x < stretch.count:
            low, top = min(p.low for p in inside), max(p.high for p in inside)
            assert scale.dot(low) in drawn[x]
            assert scale.dot(top) in drawn[x]
    assert all(low <= high_dot for low, high_dot in (span for span in spans if span))
    extremes = [scale.dot(p.low) for p in points] + [scale.dot(p.high) for p in points]
    for column in drawn:
        assert all(min(extremes) <= dot <= max(extremes) for dot in column), "nothing is drawn that was never there"


def test_a_spike_of_one_reading_survives_a_day() -> None:
    values = [(86400.0 - n * 10, 5.0) for n in range(8640)]
    values[4000] = (values[4000][0], 100.0)
    lines = texts([window(values, span=86400.0)], 60, 14)
    assert lines[1].removeprefix("100 % ┤").strip(), "the top row shows the spike"


def test_a_gap_stays_a_gap_and_neighbours_are_joined() -> None:
    values = [(3000.0, 50.0), (2990.0, 50.0), (1000.0, 50.0), (960.0, 50.0)]
    spans = trace(window(values).points, Stretch.ending(NOW - 3600, NOW, 360), 60.0, Scale(bottom=0, top=100, dots=40))
    held = [x for x, span in enumerate(spans) if span]
    assert held == [59, 60, 259, 260, 261, 262, 263], "40 s are joined, 2,000 s are not"


def test_readings_do_not_wander_between_columns_while_time_goes_on() -> None:
    seen: dict[int, int] = {}
    for tick in range(500):
        end = NOW + tick * 0.7
        stretch = Stretch.ending(end - 3600, end, 178)
        assert stretch.column(end) == stretch.count - 1
        for at in range(int(NOW) - 3000, int(NOW), 97):
            absolute = stretch.column(at) + stretch.first
            assert seen.setdefault(at, absolute) == absolute


def test_colours_follow_the_first_curve_in_a_cell() -> None:
    one = braille_layer([(0, 3), (0, 3)], 1)
    two = braille_layer([(2, 2), None, (1, 1), None], 1)
    picture = lay_over([one + b"\0", two], 2, 1)
    assert picture.texts == ["⣿⠄"]
    assert picture.owners == [b"\x01\x02"]


# --------------------------------------------------------------------- axes


@given(
    st.floats(-1e12, 1e12),
    st.floats(0, 1e12),
    st.sampled_from(["%", "B", "B/s", "s", "", "rpm"]),
    st.integers(0, 12),
)
def test_an_axis_holds_its_values_between_round_ends(low: float, more: float, unit: str, ticks: int) -> None:
    axis = value_axis(low, low + more, unit, ticks)
    assert axis.bottom < axis.top
    slack = 1e-9 * (axis.top - axis.bottom)  # far below one dot
    assert axis.bottom - slack <= low
    assert low + more <= axis.top + slack
    assert 2 <= len(axis.ticks) <= max(3, ticks)
    labels = [label for _, label in axis.ticks]
    assert len(set(labels)) == len(labels), f"every tick can be told from the next: {labels}"


@pytest.mark.parametrize(
    ("low", "high", "unit", "ticks", "labels"),
    [
        (3, 40, "%", 5, ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        (3, 40, "%", 3, ["0 %", "50 %", "100 %"]),
        (0, 340, "%", 5, ["0 %", "100 %", "200 %", "300 %", "400 %"]),
        (0, 3.2e6, "B/s", 5, ["0 B/s", "1.0 MB/s", "2.0 MB/s", "3.0 MB/s", "4.0 MB/s"]),
        (0, 0.35, "", 5, ["0", "0.1", "0.2", "0.3", "0.4"]),
        (0, 0, "", 3, ["0", "1"]),
        (0, 100, "s", 5, ["0 s", "30 s", "1 m", "1.5 m", "2 m"]),
        (0, 0.04, "s", 3, ["0 s", "0.02 s", "0.04 s"]),
        (0, 200_000, "s", 4, ["0 s", "1 d", "2 d", "3 d"]),
        (-5, 12, "C", 5, ["-5 C", "0", "5 C", "10 C", "15 C"]),
    ],
)
def test_axis_labels(low: float, high: float, unit: str, ticks: int, labels: list[str]) -> None:
    shown = [label for _, label in value_axis(low, high, unit, ticks).ticks]
    assert [label.removesuffix(" C") if label.startswith("0") else label for label in shown] == labels


def test_time_ticks_stand_on_round_local_times() -> None:
    first = time_ticks(NOW - 3600, NOW, 45.0)
    assert [label for _, label in first] == ["09:20", "09:30", "09:40", "09:50", "10:00", "10:10"]
    later = time_ticks(NOW - 3600 + 17.3, NOW + 17.3, 45.0)
    assert later == first, "the window moved, the labels did not"
    day = time_ticks(NOW - 86400, NOW, 1080.0)
    assert [label for _, label in day] == ["12:00", "15:00", "18:00", "21:00", "Fri 21", "03:00", "06:00", "09:00"] or [
        label for _, label in day
    ] == ["12:00", "18:00", "Fri 21", "06:00"]


def test_time_ticks_survive_the_change_to_winter_time() -> None:
    end = 1_792_900_000.0  # Sunday 2026-10-25, after the clock was set back
    labels = [label for _, label in time_ticks(end - 86400, end, 900.0)]
    assert labels[0].endswith(":00")
    assert len(labels) == len(set(labels))


# --------------------------------------------------------------------- the whole chart


def test_one_series_names_value_axis_and_times() -> None:
    lines = texts([wave()], thresholds=[WARN])
    assert lines[0].split() == ["cpu.used_percent", "20", "%"] or lines[0].startswith("cpu.used_percent")
    assert lines[1].startswith("100 % ┤")
    assert lines[-2].startswith("  0 % ┤")
    assert "▲ warning 80 %" in "".join(lines)
    assert "╵09:30" in lines[-1]


def test_several_series_carry_letters_at_their_ends() -> None:
    lines = texts([wave(), wave(height=10, metric="mem.used_percent")])
    assert "a cpu.used_percent" in lines[0]
    assert "b mem.used_percent" in lines[0]
    ends = [line[-1] for line in lines[1:-1]]
    assert sorted(end for end in ends if end != " ") == ["a", "b"]


def test_two_units_have_an_axis_each() -> None:
    lines = texts([wave(), wave(unit="B/s", height=1e6, metric="net.rx")])
    assert lines[1].startswith("100 % ┤")
    assert lines[1].rstrip().endswith("├ 3.0 MB/s")
    assert "├ 0 B/s" in lines[-2]


def test_more_units_stand_above_one_another_and_say_what_is_left_out() -> None:
    four = [
        wave(),
        wave(unit="B/s", height=1e6, metric="net.rx"),
        wave(unit="", height=2, metric="load.1"),
        wave(unit="s", height=600, metric="uptime"),
    ]
    lines = texts(four, 80, 24)
    axes = [line[:11].strip() for line in lines if "┤" in line]
    assert {"100 %", "0 %", "0 B/s", "0", "0 s"} <= {axis.removesuffix("┤").strip() for axis in axes}
    low = texts(four, 80, 12)
    assert any(line.startswith("Too low to draw as well: ") for line in low)


def test_the_cursor_shows_time_and_values() -> None:
    at = NOW - 1800
    lines = texts([wave(), wave(height=10, metric="mem.used_percent")], cursor=at)
    assert "09:43:20" in lines[-1] or "09:4" in lines[-1]
    assert any("│ a " in line or "│  a " in line for line in lines)
    assert sum("%" in line for line in lines[1:4]) >= 2
    assert texts([wave()], cursor=NOW - 999_999) == texts([wave()]), "a cursor outside is not drawn"


def test_old_values_say_how_old() -> None:
    assert "(10 m ago)" in texts([wave()], now=NOW + 620)[0]
    assert "ago" not in texts([wave()], now=NOW + 20)[0]
    assert "no data" in texts([window([])])[0]


def test_ascii_is_ascii() -> None:
    line = ThresholdLine(value=80, label="! warning 80 %", severity=Severity.CRITICAL, unit="%")
    lines = texts([wave(), wave(height=10)], thresholds=[line], cursor=NOW - 900, ascii=True)
    assert all(text.isascii() for text in lines)
    assert "".join(lines).count("a") > 20
    assert "! warning 80 %" in "".join(lines)
    assert all(text.isascii() for text in texts([wave(metric=text[:50]) for text in HOSTILE], ascii=True))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 130),
    st.integers(0, 40),
    st.integers(0, 12),
    st.lists(st.sampled_from(["%", "B", "s", "", "日本"]), min_size=12, max_size=12),
    st.booleans(),
    st.one_of(st.none(), st.floats(NOW - 4000, NOW + 100)),
)
def test_any_size_is_filled_exactly(
    columns: int, rows: int, count: int, units: list[str], plain: bool, cursor: float | None
) -> None:
    windows = [wave(unit=units[n], metric=HOSTILE[n % len(HOSTILE)][:80]) for n in range(count)]
    thresholds = [ThresholdLine(value=30, label=text[:90], severity=Severity.WARNING, unit="%") for text in HOSTILE]
    texts(windows, columns, rows, thresholds=thresholds, cursor=cursor, ascii=plain)


def test_values_that_are_no_numbers_are_left_out() -> None:
    good = window([(100.0, 50.0), (90.0, 50.0)])
    bad = window([(100.0, 50.0), (95.0, math.nan), (94.0, math.inf), (93.0, -1e300), (90.0, 50.0)])
    assert texts([bad])[1:] == texts([good])[1:]
    texts([window([(100.0, math.nan)])])
    texts([wave()], thresholds=[ThresholdLine(value=math.nan, label="?", severity=Severity.WARNING, unit="%")])


# --------------------------------------------------------------------- the widget


class ChartApp(App[None]):
    """One chart."""

    def compose(self) -> ComposeResult:
        self.chart = Chart(empty_text="No series yet. Choose a target with enter.")
        yield self.chart
        self.moments: list[float | None] = []

    def on_chart_cursor_moved(self, message: Chart.CursorMoved) -> None:
        self.moments.append(message.at)


async def test_the_widget_paints_only_rows_that_changed() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        assert "No series yet." in "\n".join(screen_text(app))
        app.chart.set_windows([wave()], now=NOW, thresholds=[WARN])
        await pilot.pause()
        assert "┤" in screen_text(app)[1]
        app.chart.set_windows([wave()], now=NOW, thresholds=[WARN])
        assert waiting_regions(app.chart) == set(), "the same picture again is not painted"
        changed = wave()
        last = changed.points[-1]
        other = [*changed.points[:-1], Point(last.at, 90.0, 90.0, 90.0, 1)]
        app.chart.set_windows([window([(NOW - p.at, p.mean) for p in other])], now=NOW, thresholds=[WARN])
        assert 0 < len(waiting_regions(app.chart)) < 18


def cursor_of(app: ChartApp) -> float | None:
    return app.chart.cursor


async def test_the_widgets_cursor_stays_at_its_moment() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.set_windows([wave()], now=NOW)
        await pilot.pause()
        app.chart.action_cursor_left()
        app.chart.action_cursor_left(10)
        at = cursor_of(app)
        assert at is not None
        assert NOW - 3600 < at < NOW
        app.chart.set_windows([wave(end=NOW + 300)], now=NOW + 300)
        assert cursor_of(app) == at
        app.chart.action_cursor_right(200)
        assert cursor_of(app) is None, "behind the newest moment it disappears"
        app.chart.action_cursor_left()
        app.chart.set_windows([wave(end=NOW + 9000)], now=NOW + 9000)
        assert cursor_of(app) is None, "its moment has left the window"
        await pilot.click(Chart, offset=(40, 8))
        assert cursor_of(app) is not None
        app.chart.action_cursor_hide()
        await pilot.pause()
        assert cursor_of(app) is None
        assert app.moments[-1] is None


async def test_the_widget_follows_its_size_and_its_theme() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.set_windows([wave()], now=NOW)
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        drawing = lay_out([wave()], columns=60, rows=12, now=NOW)
        assert screen_text(app) == [row.text for row in drawing.rows]
        before = [strip.text for strip in app.chart._strips], app.chart._strips[3]
        app.theme = "textual-light"
        await pilot.pause()
        assert [strip.text for strip in app.chart._strips] == before[0]
        assert app.chart._strips[3] != before[1], "the colours are new"
