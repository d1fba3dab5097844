"""Home: six panes at once where there is room, one at a time where there is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Static

from opsterm.core.text import clean_block
from opsterm.runtime.commands import Command, command
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import FactsArrived
from opsterm.tui.glyphs import Glyphs
from opsterm.tui.keys import KeyMap
from opsterm.tui.panes.alerts import AlertsPane
from opsterm.tui.panes.approvals import ApprovalsPane
from opsterm.tui.panes.chart import ChartPane
from opsterm.tui.panes.chat import ChatPane
from opsterm.tui.panes.inventory import InventoryPane
from opsterm.tui.panes.pane import Pane, take_keys
from opsterm.tui.panes.terminal import TerminalPane
from opsterm.tui.screens.approval_errands import ApprovalErrands
from opsterm.tui.screens.claim_errand import ClaimErrand
from opsterm.tui.screens.errand_actions import ErrandActions
from opsterm.tui.screens.errands import Errands
from opsterm.tui.screens.file_errands import FileErrands
from opsterm.tui.screens.jobs import JobsScreen
from opsterm.tui.screens.points import PointsScreen
from opsterm.tui.screens.reports import Reports
from opsterm.tui.screens.services import ServicesScreen
from opsterm.tui.screens.target_errands import TargetErrands
from opsterm.tui.screens.traps import show_traps
from opsterm.tui.standing import Hearing
from opsterm.tui.widgets.bars import KeyBar, MessageLine, StatusLine
from opsterm.tui.widgets.row_table import RowTable
from opsterm.tui.widgets.terminal_view import TerminalView

if TYPE_CHECKING:
    from opsterm.tui.app import OpstermApp

LEAST = (60, 16)
TWO_COLUMNS = (100, 30)
ALL_PANES = (140, 40)


class HomeScreen(ErrandActions, Screen[None], inherit_bindings=False):
    """The panes, the status line above them, the keys below."""

    # Read here, because this module is imported in a thread: the framework would read the file on the loop.
    CSS = (Path(__file__).parent.parent / "cockpit.tcss").read_text(encoding="utf-8")
    SCOPED_CSS = False
    hears_facts = True
    is_home = True

    def __init__(self, runtime: Runtime, keymap: KeyMap, glyphs: Glyphs) -> None:
        super().__init__()
        self.runtime = runtime
        self.keymap = keymap
        self.glyphs = glyphs
        self.current = "inventory"
        self.zoomed = False
        self._beside = "chart"  # what stands to the right of the inventory where there are two columns
        self._begun = False
        self.errands = Errands(self)
        self.reports = Reports(self)
        self.files = FileErrands(self)
        self.targets = TargetErrands(self)
        self.claims = ClaimErrand(self)
        self.approvals = ApprovalErrands(self)
        self._hearing = Hearing(self, self._hear)

    def compose(self) -> ComposeResult:
        """Lay out everything; `lay_out` decides what is shown."""
        yield Static("", markup=False, id="too-small")
        yield StatusLine(self.runtime, self.glyphs)
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield InventoryPane(self.runtime)
                yield ApprovalsPane(self.runtime)
            with Vertical(id="right"):
                yield ChartPane(self.runtime)
                yield AlertsPane(self.runtime)
                with Horizontal(id="bottom"):
                    yield ChatPane(self.runtime)
                    yield TerminalPane(self.runtime)
        yield MessageLine()
        yield KeyBar(self.keymap)

    @property
    def cockpit(self) -> OpstermApp:
        """The app, by its own type."""
        from opsterm.tui.app import OpstermApp  # noqa: PLC0415 (the app imports this screen)

        assert isinstance(self.app, OpstermApp)  # noqa: S101 (narrowing)
        return self.app

    def on_mount(self) -> None:
        """Take the keys that count everywhere."""
        take_keys(self, self.keymap, "everywhere")
        self.lay_out()
        self.pane("inventory").go()

    async def begin(self) -> None:
        """Fill the panes: the runtime is open now."""
        self._begun = True
        for pane in self.query(Pane):
            await pane.begin()
        self.query_one(StatusLine).begin()

    def on_facts_arrived(self, message: FactsArrived) -> None:
        """Hear facts beside the keys."""
        self._hearing.take(message)

    async def _hear(self, message: FactsArrived) -> None:
        """Hand facts to every pane."""
        for pane in self.query(Pane):
            await pane.hear(message)
        await self.query_one(StatusLine).hear(message)

    def on_screen_suspend(self) -> None:
        """Take an old message away when a dialog opens: something new is being done. An error stays to be read."""
        line = self.query_one(MessageLine)
        if not line.has_class("-error"):
            line.clear()

    def say(self, text: str, *, severity: str = "information") -> None:
        """Show a message until the next one, or esc; an empty one takes the last one away."""
        self.query_one(MessageLine).say(clean_block(text), severity)

    # ------------------------------------------------------------------- layout

    def pane(self, place: str) -> Pane:
        """Return a pane by its place."""
        return self.query_one(f"#pane-{place}", Pane)

    def on_resize(self, event: Resize) -> None:
        """Show what fits."""
        del event
        self.lay_out()

    def lay_out(self) -> None:
        """Decide from the size which panes are shown."""
        columns, rows = self.app.size
        small = columns < LEAST[0] or rows < LEAST[1]
        was_small = self.has_class("-small")
        by = "x" if self.cockpit.terminal.ascii else "×"
        needs = f"opsterm needs {LEAST[0]}{by}{LEAST[1]}, this is {columns}{by}{rows}. `opsterm alerts` works anywhere."
        self.query_one("#too-small", Static).update(needs)
        self.set_class(small, "-small")
        every = not self.zoomed and columns >= ALL_PANES[0] and rows >= ALL_PANES[1]
        if self.current != "inventory":
            self._beside = self.current
        two = not every and not self.zoomed and columns >= TWO_COLUMNS[0] and rows >= TWO_COLUMNS[1]
        self.set_class(every, "-all")
        self.set_class(two, "-two")
        self.set_class(not every and not two, "-one")
        for pane in self.query(Pane):
            pane.display = every or pane.place == self.current or (two and pane.place in ("inventory", self._beside))
        self._show_containers()
        self.query_one(StatusLine).show_places(self.current if not every else "")
        if was_small and not small and self.app.screen is self:
            self.pane(self.current).go()

    def _show_containers(self) -> None:
        """Show a container only when one of its panes is shown."""
        for name in ("bottom", "left", "right"):
            box = self.query_one(f"#{name}")
            box.display = any(pane.display for pane in box.query(Pane))

    def go_to(self, place: str) -> None:
        """Show and focus a pane."""
        self.current = place
        self.lay_out()
        self.pane(place).go()
        self.show_keys()

    def on_descendant_focus(self) -> None:
        """Know which pane the focus is in, and show its keys."""
        for pane in self.query(Pane):
            if pane.has_focus_within and pane.place != self.current:
                self.current = pane.place
                self.query_one(StatusLine).show_places("" if self.has_class("-all") else pane.place)
        self.show_keys()
        self.show_environments()

    def on_descendant_blur(self) -> None:
        """Show the keys that count now."""
        self.call_later(self.show_keys)

    def show_keys(self) -> None:
        """Show the keys of the place that has the focus."""
        pane = self.pane(self.current)
        view = self.query_one(TerminalView)
        self.query_one(KeyBar).show(pane.place, typing=self._typing, remote=view.has_focus and view.running)

    def show_environments(self) -> None:
        """Show in the status line where the targets are that the next key would be about."""
        if self._begun:
            inventory = self.query_one(InventoryPane)
            names = self.pane(self.current).targets()
            self.query_one(StatusLine).show_environments(inventory.environments(names))

    @on(RowTable.Highlighted, "#inventory-table")
    @on(RowTable.Marked, "#inventory-table")
    def _chosen_changed(self) -> None:
        self.show_environments()

    # ------------------------------------------------------------------ actions

    def action_pane_1(self) -> None:
        """Go to the inventory."""
        self.go_to("inventory")

    def action_pane_2(self) -> None:
        """Go to the chart."""
        self.go_to("chart")

    def action_pane_3(self) -> None:
        """Go to the alerts."""
        self.go_to("alerts")

    def action_pane_4(self) -> None:
        """Go to the chat."""
        self.go_to("chat")

    def action_pane_5(self) -> None:
        """Go to the terminal."""
        self.go_to("terminal")

    def action_pane_6(self) -> None:
        """Go to the approvals."""
        self.go_to("approvals")

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._step(1)

    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self._step(-1)

    def _step(self, by: int) -> None:
        places = [pane.place for pane in sorted(self.query(Pane), key=lambda p: p.number)]
        self.go_to(places[(places.index(self.current) + by) % len(places)])

    def action_zoom(self) -> None:
        """Give the pane the whole screen, or give it back; the focus stays out of a shell that was left."""
        self.zoomed = not self.zoomed
        self.lay_out()
        if not self.pane(self.current).has_focus_within:
            self.pane(self.current).go()

    def action_back(self) -> None:
        """One step back: out of a line, out of a filter, out of the zoom, off a message."""
        if self.pane(self.current).back():
            if self.focused is None:
                self.pane(self.current).focus()
            return
        if self.zoomed:
            self.action_zoom()
        elif self.query_one(MessageLine).display:
            self.query_one(MessageLine).clear()

    def run_command(self, command: Command) -> None:
        """Do what a command says: its pane's action, or this screen's."""
        places = command.pane.split(", ")
        if command.pane == "everywhere":
            self.call_later(self.run_action, command.id)
        elif places[0] in {pane.place for pane in self.query(Pane)}:
            place = self.current if self.current in places else places[0]
            self.go_to(place)
            self.call_later(self.pane(place).run_action, command.id)

    # ------------------------------------------------------------------ errands

    def action_open_help(self) -> None:
        """Explain this place."""
        self.errands.help(self.current)

    def chosen(self) -> list[str]:
        """See `ErrandActions.chosen`."""
        return self.query_one(InventoryPane).chosen() if self._begun else []

    async def action_show_traps(self) -> None:
        """Show what devices told by themselves."""
        await show_traps(self)

    def action_show_points(self) -> None:
        """List the recovery points on this host; the change that puts one back opens."""
        self.app.push_screen(PointsScreen(self.runtime, self.keymap, self.chosen()), self._open_change)

    def _open_change(self, change: int | None) -> None:
        if change:
            self.run_worker(self.errands.with_change("open", change), group="change", exclusive=True)

    def action_show_jobs(self) -> None:
        """List what is done by schedule; the approval of one opens."""
        self.app.push_screen(JobsScreen(self.runtime, self.keymap), self._open_change)

    def action_show_services(self) -> None:
        """List the services of targets."""
        self.app.push_screen(ServicesScreen(self.runtime, self.keymap, self.chosen()))

    def action_say_quit(self) -> None:
        """Answer ctrl+c, which elsewhere ends a program: copy what the mouse has selected, else say how to quit."""
        if selected := self.get_selected_text():
            self.cockpit.copy(selected)
            return
        key = self.keymap.shown(command("quit")) or self.keymap.shown(command("open_palette"))
        self.say(f"{key} quits." if not self._typing else f"esc leaves the line, then {key} quits.")

    @property
    def _typing(self) -> bool:
        return self.focused is not None and self.focused.id in _LINES

    async def action_quit(self) -> None:
        """Leave, after asking while changes or a shell run here."""
        await self.errands.leave()

    @on(InventoryPane.Wanted)
    async def _targets_wanted(self, message: InventoryPane.Wanted) -> None:
        await self.targets.do(message.what, message.names)

    @on(TerminalPane.Changed)
    def _terminal_changed(self) -> None:
        self.show_keys()

    @on(TerminalPane.Troubled)
    async def _terminal_troubled(self, message: TerminalPane.Troubled) -> None:
        await self.errands.trouble.show(message.text, [message.target])

    @on(ApprovalsPane.Wanted)
    async def _change_wanted(self, message: ApprovalsPane.Wanted) -> None:
        await self.errands.with_change(message.what, message.change_id)

    @on(ChatPane.Proposed)
    async def _chat_proposed(self, message: ChatPane.Proposed) -> None:
        await self.errands.with_change("open", message.change_id)


_LINES = {"chat-line", "inventory-filter"}
