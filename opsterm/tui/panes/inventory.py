"""Pane 1: the targets, in groups, folded where they look alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from opsterm.changes.claim_events import ClaimsKnown
from opsterm.core.errors import BadInput, BadSelector, OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import age_text
from opsterm.inventory.events import TargetAdded, TargetEdited, TargetRemoved, TargetSeen, TargetsImported
from opsterm.inventory.fleet import FleetGroup, FoldedRun, Grouping, group_rows
from opsterm.inventory.target import LOCALHOST, Protocol, Status, TargetRow
from opsterm.monitoring.events import AlertChanged
from opsterm.runtime.known_targets import Selection
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import FactsArrived
from opsterm.tui.panes.pane import Pane
from opsterm.tui.widgets.line import LineInput
from opsterm.tui.widgets.row_table import RowTable, TableCell, TableColumn, TableRow

_EMPTY = "The targets of your ssh_config will appear here. + adds one."
_NOTHING_MATCHES = "No target matches. esc takes the selector away."
SHOWN_EVERY_S = 0.2
FOLD_FROM = 4
"""A run of this many targets that look alike is one line until it is opened."""

_STYLES = {
    Status.ONLINE: "good", Status.WARNING: "warning", Status.CRITICAL: "critical", Status.OFFLINE: "critical",
    Status.UNKNOWN: "unknown",
}  # fmt: skip
_DIVISIONS = (Grouping.GROUP, Grouping.TAG, Grouping.ENVIRONMENT, Grouping.SITE, Grouping.OS, Grouping.STATUS)


class InventoryPane(Pane):
    """The list of targets with a selector above it."""

    number = 1
    place = "inventory"
    title = "Inventory"

    class Wanted(Message):
        """The operator wants something done with targets.

        Attributes:
            what: "open", "why", "terminal", "chart", "query", "test", "edit", "remove", "add".
            names: the targets, in the order shown.
        """

        def __init__(self, what: str, names: list[str]) -> None:
            super().__init__()
            self.what = what
            self.names = names

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._filter = ""
        self._by = Grouping.GROUP
        self._collapsed: set[str] = set()
        self._expanded: set[str] = set()
        self._members: dict[str, list[str]] = {}
        self._soon = False
        self._title = ""
        self._words: dict[Status, TableCell] = {}

    def compose(self) -> ComposeResult:
        """Lay the selector's line above the table."""
        yield LineInput(placeholder="selector, as in tag:web and not env:lab", id="inventory-filter")
        yield Static("", markup=False, id="inventory-fault", classes="fault")
        yield RowTable(
            [
                TableColumn(title="target", min_width=12, max_width=60, priority=9),
                TableColumn(title="status", min_width=10, max_width=12, priority=8),
                TableColumn(title="seen", min_width=5, max_width=6, priority=5, right=True),
                TableColumn(title="note", min_width=10, max_width=400, priority=2, grows=True),
            ],
            ascii=self.cockpit.terminal.ascii,
            empty_text=_EMPTY,
            id="inventory-table",
        )

    def on_mount(self) -> None:
        """Hide the selector's line until it is asked for."""
        self.query_one("#inventory-filter").display = False
        self.query_one("#inventory-fault").display = False

    @property
    def table(self) -> RowTable:
        """The list."""
        return self.query_one(RowTable)

    def entry(self) -> Widget:
        """The list takes the focus."""
        return self.table

    async def begin(self) -> None:
        """Show the targets."""
        self.show()
        self.set_interval(15.0, self.show)

    async def hear(self, message: FactsArrived) -> None:
        """Show what changed in the inventory, or by alerts."""
        if message.has(
            TargetAdded, TargetEdited, TargetRemoved, TargetsImported, TargetSeen, AlertChanged, ClaimsKnown
        ):
            self._show_soon()

    def _show_soon(self) -> None:
        """Show once for all that happens in a moment: thousands of rows cost some 30 ms."""
        if not self._soon:
            self._soon = True
            self.set_timer(SHOWN_EVERY_S, self.show)

    def show(self) -> None:
        """Build the rows from what is known now."""
        self._soon = False
        try:
            selection = self.runtime.inventory.select(self._filter)
        except BadInput as error:
            self._show_fault(error)
            return
        self._show_fault(None)
        self.table.empty_text = _NOTHING_MATCHES if self._filter else _EMPTY
        self.table.set_rows(list(self._rows(selection)))
        self._show_title(selection)

    def _show_title(self, selection: Selection) -> None:
        shown = len(selection.rows)
        count = f"{shown} of {selection.total}" if self._filter else f"{shown} target{'' if shown == 1 else 's'}"
        by = "" if self._by is Grouping.GROUP else f" by {self._by}"
        self._title = f"{count}{by}{f' / {selection.canonical}' if self._filter else ''}"
        self._show_marks()

    @on(RowTable.Marked)
    def _show_marks(self) -> None:
        """Say in the title how many targets the next key would be about."""
        marked = len(self.chosen()) if self.table.marked else 0
        self.retitle(self._title + (f" · {marked} marked" if marked else ""))

    def _show_fault(self, error: BadInput | None) -> None:
        """Point at what is wrong with the selector; the list stays as it was."""
        fault = self.query_one("#inventory-fault", Static)
        fault.display = error is not None
        if error is not None:
            column = error.column if isinstance(error, BadSelector) else 0
            pointed = f"{' ' * column}^ {clean_line(error.what)}"
            room = max(1, self.size.width - 4)
            fits = cell_len(pointed) <= room
            fault.update(pointed if fits else f"{' ' * min(column, room - 1)}^\n{clean_line(error.what)}")

    def _rows(self, selection: Selection) -> Iterator[TableRow]:
        self._members.clear()
        now = self.runtime.clock.now()
        groups = group_rows(selection.rows, self._by)
        for group in groups:
            key = f"g\x1f{group.name}"
            depth = 0
            if len(groups) > 1 or group.name:
                opened = key not in self._collapsed
                self._members[key] = [row.target.name for run in group.runs for row in run.rows]
                yield self._group_row(key, group, opened=opened)
                if not opened:
                    continue
                depth = 1
            for run in group.runs:
                yield from self._run_rows(group.name, run, depth, now)

    def _group_row(self, key: str, group: FleetGroup, *, opened: bool) -> TableRow:
        counts = " ".join(f"{self.cockpit.glyphs.status(status)} {count}" for status, count in group.counts.present())
        name = f"{group.name or f'no {self._by}'}  {group.counts.total}"
        return TableRow(key, (name, TableCell(counts, _STYLES[group.counts.worst]), "", ""), "group", 0, opened)

    def _run_rows(self, group: str, run: FoldedRun, depth: int, now: float) -> Iterator[TableRow]:
        if len(run.rows) >= FOLD_FROM:
            key = f"r\x1f{group}\x1f{run.text}"
            self._members[key] = [row.target.name for row in run.rows]
            opened = key in self._expanded
            yield TableRow(
                key,
                (f"{run.text}  {len(run.rows)}", self._status(run.status), self._seen(run.last_seen, now), run.note),
                "", depth, opened,
            )  # fmt: skip
            if not opened:
                return
            depth += 1
        for row in run.rows:
            yield self._target_row(group, row, depth, now)

    def _target_row(self, group: str, row: TargetRow, depth: int, now: float) -> TableRow:
        key = f"t\x1f{group}\x1f{row.target.name}"
        self._members[key] = [row.target.name]
        seen = "now" if row.target.protocol is Protocol.LOCAL else self._seen(row.last_seen, now)
        return TableRow(key, (row.target.name, self._status(row.status), seen, row.note), "", depth)

    def _status(self, status: Status) -> TableCell:
        cell = self._words.get(status)
        if cell is None:
            cell = TableCell(f"{self.cockpit.glyphs.status(status)} {status}", _STYLES[status])
            self._words[status] = cell
        return cell

    def _seen(self, at: float | None, now: float) -> str:
        return "never" if at is None else age_text(now - at)

    # ------------------------------------------------------------------ choosing

    def chosen(self) -> list[str]:
        """Return the marked targets, or those of the line under the cursor; each once, in order."""
        table = self.table
        marked = table.marked
        keys = [key for key in self._members if key in marked] if marked else []
        if not keys and table.cursor_key is not None:
            keys = [table.cursor_key]
        return list(dict.fromkeys(name for key in keys for name in self._members.get(key, [])))

    def environments(self, names: Sequence[str] | None = None) -> Sequence[str]:
        """Return the environments of some targets, by default of the chosen ones; each once."""
        targets = (self.runtime.inventory.target(name) for name in (self.chosen() if names is None else names))
        return sorted({target.environment for target in targets if target is not None and target.environment})

    @on(RowTable.Selected)
    def _open_row(self, message: RowTable.Selected) -> None:
        message.stop()
        key = message.key
        if key.startswith("g\x1f"):
            self._collapsed ^= {key}
            self.show()
        elif key.startswith("r\x1f"):
            self._expanded ^= {key}
            self.show()
        else:
            self.post_message(self.Wanted("open", self._members.get(key, [])))

    def _want(self, what: str) -> None:
        names = self.chosen()
        if names:
            self.post_message(self.Wanted(what, names))
        else:
            self._say_why_not("")

    def action_open_target(self) -> None:
        """Open the line under the cursor."""
        self.table.action_select()

    def action_open_terminal(self) -> None:
        """Open a shell on the target."""
        self._want("terminal")

    def action_chart_target(self) -> None:
        """Show the target's measurements."""
        self._want("chart")

    def action_query(self) -> None:
        """Look at the targets with a command that only reads."""
        self._want("query")

    def action_claim_target(self) -> None:
        """Claim the targets, or give that up."""
        self._want("claim")

    def action_edit_target(self) -> None:
        """Change the target's fields."""
        self._want("edit")

    def action_remove_target(self) -> None:
        """Take the targets out of the inventory."""
        names = [name for name in self.chosen() if name != LOCALHOST]
        if names:
            self.post_message(self.Wanted("remove", names))
        else:
            self._say_why_not("It is never taken out of the inventory.")

    def _say_why_not(self, of_this_host: str) -> None:
        """Say why a key did nothing: there is no line under the cursor, or only this host in it."""
        if self.chosen():
            self.cockpit.say(f"{LOCALHOST} is the machine opsterm stands on. {of_this_host}", severity="warning")
        else:
            self.cockpit.say("No target is chosen.", severity="warning")

    def action_add_target(self) -> None:
        """Add a target."""
        self.post_message(self.Wanted("add", []))

    def action_why(self) -> None:
        """Say why the target has its status, and what to do about it."""
        self._want("why")

    def action_test_target(self) -> None:
        """Connect to the target phase by phase."""
        self._want("test")

    async def action_check_target(self) -> None:
        """See whether the chosen targets answer."""
        names = [name for name in self.chosen() if name != LOCALHOST]
        if not names:
            self._say_why_not("There is nothing to ask.")
            return
        self.retitle(f"asking {len(names)} target{'' if len(names) == 1 else 's'} …")
        self.run_worker(self._check(names), group="check", exclusive=True)

    async def _check(self, names: list[str]) -> None:
        try:
            found = await self.runtime.inventory.check(names)
        except OpstermError as error:
            self.fail(error)
            return
        silent = [name for name, reason in found.items() if reason]
        self.cockpit.say(
            f"{len(names) - len(silent)} of {len(names)} target{'' if len(names) == 1 else 's'} answer."
            + (f" {found[silent[0]]}" if silent else "")
        )
        self.show()

    def action_copy(self) -> None:
        """Copy the names of what is chosen."""
        names = " ".join(self.chosen())
        if names:
            self.cockpit.copy(names)

    def action_group_by(self) -> None:
        """Divide the list by the next kind of group."""
        self._by = _DIVISIONS[(_DIVISIONS.index(self._by) + 1) % len(_DIVISIONS)]
        self.show()

    # ----------------------------------------------------------------- filtering

    def action_filter(self) -> None:
        """Show the selector's line."""
        line = self.query_one("#inventory-filter", Input)
        line.display = True
        self.screen.set_focus(line)

    @on(Input.Changed, "#inventory-filter")
    def _filter_while_typing(self, message: Input.Changed) -> None:
        message.stop()
        self._filter = message.value.strip()
        self.show()

    @on(Input.Submitted, "#inventory-filter")
    def _filter_done(self, message: Input.Submitted) -> None:
        message.stop()
        try:
            self.runtime.inventory.select(self._filter)
        except BadInput as error:
            self._show_fault(error)
            return
        message.input.display = bool(self._filter)
        self.screen.set_focus(self.table)

    def back(self) -> bool:
        """Leave the selector's line, then take the selector away; True when there was something to leave."""
        line = self.query_one("#inventory-filter", Input)
        if line.has_focus:
            self.screen.set_focus(self.table)
            line.display = bool(self._filter)
            return True
        if self._filter:
            line.value = ""
            line.display = False
            return True
        if self.table.marked:
            self.table.set_marks(frozenset())
            self._show_marks()
            return True
        return False

    def set_filter(self, selector: str) -> None:
        """Show only what a selector chooses."""
        line = self.query_one("#inventory-filter", Input)
        line.value = clean_line(selector)
        line.display = bool(selector)
