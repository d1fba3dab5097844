"""The checks at an interval: how each stands, and its latency drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsterm.core.units import age_text, value_text
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.checks import CheckState
from opsterm.tui.panes.chart import ChartPane
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.screens.text import TextScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

_NONE = "No checks are set, or they choose no target. They are tables of the settings file: [[checks.http]]."


class ChecksErrand:
    """Lists the checks; enter draws one."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home

    async def run(self) -> None:
        """Show the list."""
        states = await self._home.runtime.check_states()
        if not states:
            self._home.app.push_screen(TextScreen("Checks", _NONE))
            return
        rows = {f"{state.place.plan.name} on {state.place.target}": state for state in states}
        now = self._home.runtime.clock.now()

        async def chosen(lines: frozenset[str] | None) -> None:
            for line in lines or ():
                await self._draw(rows[line])

        self._home.app.push_screen(
            ChoiceScreen(
                "Checks",
                list(rows),
                details=[_details(state, now) for state in rows.values()],
                headings=("check", "state", "last", "latency", "where, and why not"),
                text="enter draws its latency",
            ),
            chosen,
        )

    async def _draw(self, state: CheckState) -> None:
        key = SeriesKey(state.place.target, "check.latency_ms", state.place.plan.name)
        self._home.go_to("chart")
        await self._home.query_one(ChartPane).show_target(key.target, [key])


def _details(state: CheckState, now: float) -> Sequence[str]:
    made = f"{age_text(now - state.made_at)} ago" if state.made_at is not None else "never"
    latency = "-" if state.latency_ms is None else value_text(round(state.latency_ms, 1), "ms")
    return state.state, made, latency, " ".join((state.place.where, *state.reasons))
