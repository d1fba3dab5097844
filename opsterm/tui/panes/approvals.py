"""Pane 6: changes that wait, run, or have ended."""

from __future__ import annotations

from contextlib import suppress

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.events import ChangeEnded
from opsterm.changes.summary import command_shown, targets_text
from opsterm.core.errors import OpstermError
from opsterm.core.text import shown_exactly
from opsterm.core.units import age_text
from opsterm.policy.order import PLAN, RESTORE
from opsterm.policy.requirements import ONE_PERSON
from opsterm.policy.risk import RiskLevel
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import QUEUE_FACTS, FactsArrived
from opsterm.tui.panes.pane import Pane
from opsterm.tui.widgets.row_table import RowTable, TableCell, TableColumn, TableRow

_OURS = (PLAN, RESTORE)
_ORDER = (ChangeState.PROPOSED, ChangeState.RUNNING, ChangeState.APPROVED)
_RISK_STYLES = {
    RiskLevel.READ: "good", RiskLevel.LOW: "good", RiskLevel.MEDIUM: "warning", RiskLevel.HIGH: "critical",
    RiskLevel.CRITICAL: "critical",
}  # fmt: skip
SHOWN = 60
_DAY_S = 86_400.0


class ApprovalsPane(Pane):
    """The queue of changes: what waits first, then what runs, then the newest that ended."""

    number = 6
    place = "approvals"
    title = "Approvals"

    class Wanted(Message):
        """The operator wants to see a change, or to stop it.

        Attributes:
            what: "open", "stop" or "roll back".
            change_id: which.
        """

        def __init__(self, what: str, change_id: int) -> None:
            super().__init__()
            self.what = what
            self.change_id = change_id

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.waiting = 0

    def compose(self) -> ComposeResult:
        """Lay out the queue."""
        yield RowTable(
            [
                TableColumn(title="change", min_width=4, max_width=7, priority=9),
                TableColumn(title="state", min_width=8, max_width=12, priority=8),
                TableColumn(title="risk", min_width=4, max_width=8, priority=7),
                TableColumn(title="command", min_width=12, max_width=80, priority=6, grows=True),
                TableColumn(title="where", min_width=8, max_width=40, priority=5),
                TableColumn(title="age", min_width=4, max_width=5, priority=4, right=True),
                TableColumn(title="by", min_width=4, max_width=12, priority=1),
            ],
            ascii=self.cockpit.terminal.ascii,
            empty_text="Nothing waits. p proposes a command.",
            id="approvals-table",
        )

    @property
    def table(self) -> RowTable:
        """The queue."""
        return self.query_one(RowTable)

    def entry(self) -> Widget:
        """The queue takes the focus."""
        return self.table

    async def begin(self) -> None:
        """Show the queue."""
        await self.show()
        self.set_interval(15.0, self.show)

    async def hear(self, message: FactsArrived) -> None:
        """Show what changed."""
        if message.has(*QUEUE_FACTS):
            await self.show()
        for fact in message.facts:
            if isinstance(fact.event, ChangeEnded) and fact.event.state == ChangeState.INTERRUPTED:
                name = f"c{fact.event.change}"
                self.cockpit.say(f"Nobody saw the end of {name}. What to do stands with it: [6]", severity="warning")

    async def show(self) -> None:
        """Build the rows from the newest changes."""
        try:
            changes = await self.runtime.changes.list(limit=SHOWN)
        except OpstermError as error:
            self.fail(error)
            return
        progress = {c.id: await self._progress(c) for c in changes if c.state is ChangeState.PROPOSED}
        ordered = sorted(changes, key=lambda c: (_ORDER.index(c.state) if c.state in _ORDER else 9, -c.id))
        self.table.set_rows([self._row(change, progress.get(change.id, "")) for change in ordered])
        self.waiting = sum(1 for change in changes if change.state is ChangeState.PROPOSED)
        running = sum(1 for change in changes if change.state is ChangeState.RUNNING)
        day_ago = self.runtime.clock.now() - _DAY_S
        unseen = sum(1 for one in changes if one.state is ChangeState.INTERRUPTED and one.ended_at > day_ago)
        words = [
            f"{unseen} interrupted" if unseen else "",
            f"{self.waiting} {'waits' if self.waiting == 1 else 'wait'}" if self.waiting else "",
            f"{running} {'runs' if running == 1 else 'run'}" if running else "",
        ]
        self.retitle(", ".join(word for word in words if word) or "none wait")

    async def _progress(self, change: Change) -> str:
        """Return how many of those who are asked have approved, as in "1 of 2"; "" where any one person will do."""
        terms = change.order.terms
        if terms is None or terms.requirement == ONE_PERSON.text:
            return ""
        with suppress(OpstermError):
            progress = await self.runtime.approvals.progress(change)
            return f"{progress.missing.have} of {progress.missing.want}" if progress is not None else ""
        return ""

    def _row(self, change: Change, progress: str) -> TableRow:
        now = self.runtime.clock.now()
        over = change.state not in _ORDER
        bad = change.state in (ChangeState.FAILED, ChangeState.INTERRUPTED)
        state_style = "critical" if bad else "warning" if change.state is ChangeState.PROPOSED else ""
        return TableRow(
            change.name,
            (
                change.name,
                TableCell(progress or str(change.state), state_style),
                TableCell(str(change.risk.level), "" if over else _RISK_STYLES[change.risk.level]),
                shown_exactly(command_shown(change.order) if change.order.shell in _OURS else change.order.command),
                targets_text(change),
                age_text(now - (change.ended_at or change.decided_at or change.requested_at)),
                change.requested_by,
            ),
            "dim" if over and not bad else "",
        )

    def current(self) -> int | None:
        """Return the number of the change under the cursor."""
        key = self.table.cursor_key
        return int(key[1:]) if key is not None else None

    @on(RowTable.Selected)
    def _open_row(self, message: RowTable.Selected) -> None:
        message.stop()
        self.post_message(self.Wanted("open", int(message.key[1:])))

    def action_open_change(self) -> None:
        """Open the change under the cursor."""
        number = self.current()
        if number is not None:
            self.post_message(self.Wanted("open", number))

    def action_why(self) -> None:
        """Show the reasons: they stand on the change's screen."""
        self.action_open_change()

    def action_stop_change(self) -> None:
        """Stop the change under the cursor."""
        number = self.current()
        if number is not None:
            self.post_message(self.Wanted("stop", number))

    def action_roll_back(self) -> None:
        """Take the change under the cursor back."""
        number = self.current()
        if number is not None:
            self.post_message(self.Wanted("roll back", number))

    def action_copy(self) -> None:
        """Copy the command of the change under the cursor."""
        number = self.current()
        if number is not None:
            self.run_worker(self._copy(number), group="copy", exclusive=True)

    async def _copy(self, number: int) -> None:
        change = await self.runtime.changes.get(number)
        self.cockpit.copy(change.order.command)
