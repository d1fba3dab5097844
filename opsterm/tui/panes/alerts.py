"""Pane 3: what is wrong, how long, and what to do next."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from opsterm.core.errors import BadInput, OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import age_text, parse_duration
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.events import AlertChanged
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import FactsArrived
from opsterm.tui.panes.pane import Pane
from opsterm.tui.screens.prompt import PromptScreen
from opsterm.tui.screens.text import TextScreen
from opsterm.tui.widgets.row_table import RowTable, TableCell, TableColumn, TableRow
from opsterm.tui.wrapping import hanging


class AlertsPane(Pane):
    """The alert feed: firing first, critical before warning."""

    number = 3
    place = "alerts"
    title = "Alerts"

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._detail = ""
        self._begun = False

    def compose(self) -> ComposeResult:
        """Lay out the feed."""
        yield RowTable(
            [
                TableColumn(title="severity", min_width=7, max_width=10, priority=9),
                TableColumn(title="target", min_width=8, max_width=24, priority=8),
                TableColumn(title="what", min_width=20, max_width=80, priority=7, grows=True),
                TableColumn(title="age", min_width=4, max_width=5, priority=6, right=True),
                TableColumn(title="count", min_width=5, max_width=6, priority=4, right=True),
                TableColumn(title="state", min_width=9, max_width=14, priority=5),
            ],
            ascii=self.cockpit.terminal.ascii,
            empty_text="No alerts. The thresholds that are watched are under : settings.",
            id="alerts-table",
        )
        yield Static("", markup=False, id="alerts-detail")

    @property
    def table(self) -> RowTable:
        """The feed."""
        return self.query_one(RowTable)

    def entry(self) -> Widget:
        """The feed takes the focus."""
        return self.table

    async def begin(self) -> None:
        """Show the feed, and keep the ages true."""
        self._begun = True
        self.show()
        self.set_interval(2.0, self.show)

    async def hear(self, message: FactsArrived) -> None:
        """Show what changed; values and counts of open alerts follow with the pane's own timer."""
        if message.has(AlertChanged):
            self.call_later(self.show)

    def show(self) -> None:
        """Build the rows from what is open now."""
        feed = self.runtime.alerts.feed()
        self.table.set_rows([self._row(alert) for alert in feed])
        firing = sum(1 for alert in feed if alert.state is AlertState.FIRING)
        self.retitle(f"{len(feed)} open, {firing} firing" if feed else "none open")
        self._show_detail()

    @on(RowTable.Highlighted)
    def _show_detail(self) -> None:
        """Say in full what the line under the cursor cuts, and what to do about it."""
        number = self._current()
        alert = next((a for a in self.runtime.alerts.feed() if a.id == number), None)
        detail = self.query_one("#alerts-detail", Static)
        detail.display = alert is not None
        if alert is not None and self.size.width:
            advice = f"next  {clean_line(alert.advice)}" if alert.advice else ""
            lines = [f"what  {clean_line(alert.summary)}", advice]
            text = hanging("\n".join(line for line in lines if line), max(1, self.size.width - 4))
            if text != self._detail:
                self._detail = text
                detail.update(text)

    def on_resize(self) -> None:
        """Wrap for the new width."""
        if self._begun:
            self._show_detail()

    def _row(self, alert: Alert) -> TableRow:
        now = self.runtime.clock.now()
        word = "CRIT" if alert.severity is Severity.CRITICAL else "WARN"
        style = "critical" if alert.severity is Severity.CRITICAL else "warning"
        quiet = alert.state is not AlertState.FIRING
        state = str(alert.state)
        if alert.state is AlertState.SILENCED:
            state = f"silent {age_text(max(0.0, alert.silenced_until - now))}"
        elif alert.state is AlertState.ACKNOWLEDGED:
            state = f"noted {alert.by}"
        return TableRow(
            f"a{alert.id}",
            (
                TableCell(f"{self.cockpit.glyphs.severity(alert.severity)} {word}", "" if quiet else style),
                alert.key.target,
                alert.summary,
                age_text(now - alert.since),
                f"×{alert.count}" if not self.cockpit.terminal.ascii else f"x{alert.count}",
                state,
            ),
            "dim" if quiet else "",
        )

    def _current(self) -> int | None:
        key = self.table.cursor_key
        return int(key[1:]) if key is not None else None

    async def action_acknowledge(self) -> None:
        """Say that somebody works on it."""
        number = self._current()
        if number is not None:
            await self._do(self.runtime.alerts.acknowledge(number), "is noted as being worked on")

    async def action_reopen(self) -> None:
        """End a silence or an acknowledgement."""
        number = self._current()
        if number is not None:
            await self._do(self.runtime.alerts.unsilence(number), "fires again")

    def action_silence(self) -> None:
        """Ask for how long, then keep the alert quiet."""
        number = self._current()
        if number is None:
            return

        def check(text: str) -> str:
            try:
                parse_duration(text)
            except BadInput as error:
                return error.what
            return ""

        async def silence(text: str | None) -> None:
            if text:
                await self._do(self.runtime.alerts.silence(number, for_s=parse_duration(text)), f"is silent for {text}")

        self.app.push_screen(
            PromptScreen(f"Silence a{number}", "For how long? 30m, 4h, 2d", value="1h", replaces=True, check=check),
            silence,
        )

    async def _do(self, work: object, told: str) -> None:
        try:
            alert: Alert = await work  # type: ignore[misc]  # one of the coroutines above
        except OpstermError as error:
            self.fail(error)
            return
        self.cockpit.say(f"a{alert.id} {told}: {alert.summary}")
        self.show()

    @on(RowTable.Selected)
    def _open_row(self, message: RowTable.Selected) -> None:
        message.stop()
        self.run_worker(self.action_why(), group="why", exclusive=True)

    def action_open_alert(self) -> None:
        """Open the line under the cursor."""
        self.table.action_select()

    async def action_why(self) -> None:
        """Show everything about the alert."""
        number = self._current()
        if number is None:
            return
        try:
            alert = await self.runtime.alerts.get(number)
        except OpstermError as error:
            self.fail(error)
            return
        self.app.push_screen(TextScreen(f"Alert a{number}", self._story(alert)))

    def _story(self, alert: Alert) -> str:
        now = self.runtime.clock.now()
        lines = [
            f"{alert.severity.upper()}  {alert.key.target}  {alert.summary}",
            "",
            f"state     {alert.state}"
            + (f", by {alert.by}" if alert.by else "")
            + (f": {alert.note}" if alert.note else ""),
            f"rule      {alert.rule}",
            f"series    {alert.key}",
            f"since     {age_text(now - alert.since)} ago, last bad reading {age_text(now - alert.last_seen)} ago",
            f"readings  {alert.count} bad",
            "",
            f"next      {alert.advice}" if alert.advice else "",
            "",
            "Keys: n noted, S silence, o reopen; c in the inventory draws the series.",
        ]
        return "\n".join(lines)

    def action_copy(self) -> None:
        """Copy the line under the cursor."""
        number = self._current()
        if number is not None:
            found = next((a for a in self.runtime.alerts.feed() if a.id == number), None)
            if found is not None:
                self.cockpit.copy(f"a{found.id} {found.severity} {found.key.target} {found.summary}")
