"""Pane 2: measurements of one target, moving."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from opsterm.core.errors import OpstermError
from opsterm.core.units import span_text, value_text
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.alerts import Severity
from opsterm.monitoring.events import SamplesTaken
from opsterm.monitoring.metrics import catalogue_order, default_chart
from opsterm.monitoring.sample import Sample, SeriesKey, SeriesWindow
from opsterm.monitoring.series import merge
from opsterm.runtime.monitoring import samples_of
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import FactsArrived
from opsterm.tui.panes.pane import Pane
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.widgets.chart import Chart, ThresholdLine

WINDOWS_S = (60.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 24 * 3600.0)
MOST_SERIES = 10
POINTS = 600
_EMPTY = "Measurements will appear here. enter chooses what is drawn."
_NOT_MEASURED = "Nothing of it was measured yet: the setting monitoring.remote chooses the targets that are."


class ChartPane(Pane):
    """A chart of chosen series of a chosen target."""

    number = 2
    place = "chart"
    title = "Chart"

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._target = LOCALHOST
        self._keys: list[SeriesKey] = []
        self._known: frozenset[SeriesKey] = frozenset()
        self._chosen = False  # whether the operator said what is drawn
        self._span_s = 900.0
        self._windows: list[SeriesWindow] = []
        self._dirty = False

    def compose(self) -> ComposeResult:
        """Lay out the chart."""
        yield Chart(
            ascii=self.cockpit.terminal.ascii,
            empty_text=_EMPTY,
            id="chart",
        )

    @property
    def chart(self) -> Chart:
        """The drawing."""
        return self.query_one(Chart)

    def entry(self) -> Widget:
        """The drawing takes the focus."""
        return self.chart

    async def begin(self) -> None:
        """Draw this host, and repaint as often as the settings say."""
        await self.show_target(self._target)
        fps = self.runtime.settings.screen.chart_fps
        self.set_interval(1.0 / (min(fps, 0.5) if self.cockpit.terminal.slow else fps), self._repaint)

    async def show_target(self, target: str, series: Sequence[SeriesKey] = ()) -> None:
        """Draw these series of a target, or its most telling ones."""
        self._target = target
        self._chosen = bool(series)
        self._known = frozenset(await self.runtime.monitoring.series(target))
        self._keys = list(series or default_chart(self._known))
        self.chart.empty_text = _EMPTY if self._known or target == LOCALHOST else _NOT_MEASURED
        self.chart.refresh()
        await self._read()

    def targets(self) -> Sequence[str] | None:
        """Return the target that is drawn."""
        return [self._target]

    def on_show(self) -> None:
        """Draw what came while the pane was not on the screen."""
        self._repaint()

    async def _read(self) -> None:
        """Read the windows anew: other series, another span, or minutes that have become whole."""
        now = self.runtime.clock.now()
        self._windows = list(
            await self.runtime.monitoring.window(self._keys, start=now - self._span_s, end=now, points=POINTS)
        )
        self._dirty = True
        self._repaint()

    async def hear(self, message: FactsArrived) -> None:
        """Lay new measurements into the windows that are shown."""
        if not message.has(SamplesTaken):
            return
        fresh: dict[SeriesKey, list[Sample]] = {key: [] for key in self._keys}
        for fact in message.facts:
            if isinstance(fact.event, SamplesTaken) and fact.event.target == self._target:
                for sample in samples_of(fact.event, fact.at):
                    if sample.key in fresh:
                        fresh[sample.key].append(sample)
                    elif not self._chosen and sample.key not in self._known:
                        await self.show_target(self._target)  # rates come with the second measurement only
                        return
        if any(fresh.values()):
            now = self.runtime.clock.now()
            self._windows = [merge(window, fresh[window.key], now) for window in self._windows]
            self._dirty = True

    def _repaint(self) -> None:
        if not self._dirty or not self.display or not self.is_on_screen:
            return
        self._dirty = False
        self.chart.set_windows(self._windows, now=self.runtime.clock.now(), thresholds=self._levels())
        names = " ".join(str(key) for key in self._keys[:3]) + (" …" if len(self._keys) > 3 else "")
        self.retitle(f"{self._target} · {names} ─ {span_text(self._span_s)}")

    def _levels(self) -> Sequence[ThresholdLine]:
        """Return the threshold lines of the first series that has any; more would hide the curves."""
        for window in self._windows:
            rule = self.runtime.monitoring.rule_for(window.key)
            if rule is None:
                continue
            levels = ((rule.warn, Severity.WARNING), (rule.crit, Severity.CRITICAL))
            return [self._level(value, severity, window) for value, severity in levels if value is not None]
        return ()

    def _level(self, value: float, severity: Severity, window: SeriesWindow) -> ThresholdLine:
        glyph = self.cockpit.glyphs.severity(severity)
        label = f"{glyph} {window.key.metric} {value_text(value, window.unit)}"
        return ThresholdLine(value=value, label=label, severity=severity, unit=window.unit)

    # ------------------------------------------------------------------- actions

    async def _span(self, step: int) -> None:
        at = min(max(WINDOWS_S.index(self._span_s) + step, 0), len(WINDOWS_S) - 1)
        if WINDOWS_S[at] != self._span_s:
            self._span_s = WINDOWS_S[at]
            await self._read()

    async def action_window_longer(self) -> None:
        """Show a longer time."""
        await self._span(1)

    async def action_window_shorter(self) -> None:
        """Show a shorter time."""
        await self._span(-1)

    def action_cursor_left(self) -> None:
        """Read an earlier moment."""
        self.chart.action_cursor_left()

    def action_cursor_right(self) -> None:
        """Read a later moment."""
        self.chart.action_cursor_right()

    def action_choose_series(self) -> None:
        """Choose what is drawn."""
        self.run_worker(self._choose(), group="choose", exclusive=True)

    async def _choose(self) -> None:
        try:
            known = sorted(await self.runtime.monitoring.series(self._target), key=catalogue_order)
        except OpstermError as error:
            self.fail(error)
            return

        async def take(chosen: frozenset[str] | None) -> None:
            if chosen:
                self._chosen = True
                self._keys = [key for key in known if str(key) in chosen][:MOST_SERIES]
                await self._read()

        self.app.push_screen(
            ChoiceScreen(
                f"Series of {self._target}",
                [str(key) for key in known],
                marked=frozenset(str(key) for key in self._keys),
                several=True,
                text=f"space marks up to {MOST_SERIES}, enter draws them",
            ),
            take,
        )

    @on(Chart.CursorMoved)
    def _cursor_moved(self, message: Chart.CursorMoved) -> None:
        message.stop()

    def back(self) -> bool:
        """Take the read-out away; True when it was there."""
        if self.chart.cursor is None:
            return False
        self.chart.action_cursor_hide()
        return True
