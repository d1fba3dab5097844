"""A list to choose from: one line with enter or space, or several that space marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from opsterm.core.text import clean_line
from opsterm.tui.panes.pane import take_list_keys
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.widgets.line import LineInput
from opsterm.tui.widgets.row_table import RowTable, TableColumn, TableRow

if TYPE_CHECKING:
    from opsterm.tui.app import OpstermApp


class ChoiceScreen(Dialog[frozenset[str]]):
    """Chooses among lines; the result is the marked ones, or the one under the cursor.

    Args:
        title: of the box.
        lines: what there is.
        marked: what is marked at the beginning.
        several: space marks lines; else it takes the one under the cursor, as enter does.
        text: one line that says what the keys do.
        details: further columns of each line, parallel to `lines`; the last one stands in full below the list.
        headings: of all columns; none: there is no head.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "narrow", show=False),
        Binding("enter", "choose", show=False),
        Binding("tab,shift+tab", "switch", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("up", "move('cursor_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    STARTS_IN_LINE: ClassVar[bool] = False

    def __init__(
        self, title: str, lines: Sequence[str], *, marked: frozenset[str] = frozenset(), several: bool = False,
        text: str = "enter or space chooses", details: Sequence[Sequence[str]] = (), headings: Sequence[str] = ("",),
    ) -> None:  # fmt: skip
        super().__init__(title)
        self._lines = list(lines)
        self._marked = marked
        self._several = several
        self._text = text
        self._details = dict(zip(lines, details, strict=False))
        self._headings = headings

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        first, *middle = self._headings
        columns = [TableColumn(title=first, min_width=14, max_width=60, priority=9, grows=not middle)]
        columns += [TableColumn(title=heading, min_width=9, max_width=14, priority=7) for heading in middle[:-1]]
        if middle:
            columns.append(TableColumn(title=middle[-1], min_width=10, max_width=100, priority=5, grows=True))
        hint = "type to narrow" if self.STARTS_IN_LINE else "/ goes to this line, which narrows the list"
        with self.box():
            yield LineInput(placeholder=hint, id="choice-filter")
            yield RowTable(columns, ascii=self.cockpit.terminal.ascii, empty_text="Nothing matches.", id="choice-table")
            yield Static("", markup=False, id="choice-detail")
            yield Static(f"{self._text} · / or tab narrows · esc leaves it", markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Show all lines."""
        table = self._table()
        take_list_keys(table, self.cockpit.keymap)
        self._show("")
        table.set_marks(self._marked)
        (self.query_one(Input) if self.STARTS_IN_LINE else table).focus()

    @property
    def cockpit(self) -> OpstermApp:
        """The app, by its own type."""
        from opsterm.tui.app import OpstermApp  # noqa: PLC0415 (the app imports the screens)

        assert isinstance(self.app, OpstermApp)  # noqa: S101 (narrowing)
        return self.app

    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    def _show(self, words: str) -> None:
        """Show the lines in which all words are: those that have them in their first column before the others."""
        wanted = words.lower().split()
        found = []
        for line in self._lines:
            cells = (line, *self._details.get(line, ()))
            if all(word in " ".join(cells).lower() for word in wanted):
                found.append((not all(word in line.lower() for word in wanted), TableRow(line, cells)))
        self._table().set_rows([row for _, row in sorted(found, key=lambda pair: pair[0])])
        if wanted:
            self._table().action_first()
        self._show_detail()

    def _show_detail(self) -> None:
        """Show the last column of the line under the cursor in full: on a narrow screen the list cuts it."""
        words = self._details.get(self._table().cursor_key or "", ("",))[-1:]
        self.query_one("#choice-detail", Static).update(clean_line(" ".join(words)))

    @on(RowTable.Highlighted)
    def _highlighted(self, message: RowTable.Highlighted) -> None:
        message.stop()
        self._show_detail()

    def action_narrow(self) -> None:
        """Go to the line that narrows the list."""
        self.query_one(Input).focus()

    def action_switch(self) -> None:
        """Go from the list to the line, or back."""
        table = self._table()
        (self.query_one(Input) if table.has_focus else table).focus()

    async def action_move(self, how: str) -> None:
        """Move in the list while typing."""
        await self._table().run_action(how)

    @on(Input.Changed)
    def _narrow(self, message: Input.Changed) -> None:
        message.stop()
        self._show(message.value)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.action_choose()

    @on(RowTable.Selected)
    def _selected(self, message: RowTable.Selected) -> None:
        message.stop()
        self.action_choose()

    @on(RowTable.Marked)
    def _marked_one(self, message: RowTable.Marked) -> None:
        message.stop()
        if not self._several:
            self.dismiss(frozenset({message.key}))

    def action_choose(self) -> None:
        """Take what is marked, or the line under the cursor."""
        table = self._table()
        if table.marked:
            self.dismiss(table.marked)
        elif table.cursor_key is not None:
            self.dismiss(frozenset({table.cursor_key}))


class PaletteScreen(ChoiceScreen):
    """The palette: begins in the line, and takes one command."""

    STARTS_IN_LINE = True
