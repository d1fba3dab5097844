"""A list to choose from: one line with enter, or several with space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.widgets.row_table import RowTable, TableColumn, TableRow


class ChoiceScreen(Dialog[frozenset[str]]):
    """Chooses among lines; the result is the marked ones, or the one under the cursor.

    Args:
        title: of the box.
        lines: what there is.
        marked: what is marked at the beginning.
        text: one line that says what the keys do.
        details: a second column, parallel to `lines`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "narrow", show=False),
        Binding("down", "down", show=False),
        Binding("up", "up", show=False),
    ]

    STARTS_IN_LINE: ClassVar[bool] = False

    def __init__(
        self, title: str, lines: Sequence[str], *, marked: frozenset[str] = frozenset(), text: str = "enter chooses",
        details: Sequence[str] = (),
    ) -> None:  # fmt: skip
        super().__init__(title)
        self._lines = list(lines)
        self._marked = marked
        self._text = text
        self._details = dict(zip(lines, details, strict=False))

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        columns = [TableColumn(title="", min_width=16, max_width=60, priority=9)]
        if self._details:
            columns.append(TableColumn(title="", min_width=10, max_width=100, priority=5, grows=True))
        with self.box():
            yield Input(placeholder="type to narrow", id="choice-filter", classes="line-input")
            yield RowTable(columns, empty_text="Nothing matches.", id="choice-table")
            yield Static(f"{self._text} · / narrows · esc leaves it", markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Show all lines."""
        self._show("")
        self._table().set_marks(self._marked)
        (self.query_one(Input) if self.STARTS_IN_LINE else self._table()).focus()

    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    def _show(self, words: str) -> None:
        wanted = words.lower().split()
        self._table().set_rows(
            [
                TableRow(line, (line, self._details.get(line, "")) if self._details else (line,))
                for line in self._lines
                if all(word in f"{line} {self._details.get(line, '')}".lower() for word in wanted)
            ]
        )

    def action_narrow(self) -> None:
        """Go to the line that narrows the list."""
        self.query_one(Input).focus()

    def action_down(self) -> None:
        """Move in the list while typing."""
        self._table().action_cursor_down()

    def action_up(self) -> None:
        """Move in the list while typing."""
        self._table().action_cursor_up()

    @on(Input.Changed)
    def _narrow(self, message: Input.Changed) -> None:
        message.stop()
        self._show(message.value)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._choose()

    @on(RowTable.Selected)
    def _selected(self, message: RowTable.Selected) -> None:
        message.stop()
        self._choose()

    def _choose(self) -> None:
        table = self._table()
        if table.marked:
            self.dismiss(table.marked)
        elif table.cursor_key is not None:
            self.dismiss(frozenset({table.cursor_key}))


class PaletteScreen(ChoiceScreen):
    """The palette: begins in the line, and takes one command."""

    STARTS_IN_LINE = True
