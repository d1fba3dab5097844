"""A dialog with one list of records, of which keys decide, and a line below it that says what came of that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Static

from opsterm.runtime.commands import command
from opsterm.runtime.runtime import Runtime
from opsterm.tui.keys import KeyMap
from opsterm.tui.panes.pane import take_keys
from opsterm.tui.screens.dialog import Dialog, Result
from opsterm.tui.widgets.row_table import RowTable, TableColumn

if TYPE_CHECKING:
    from opsterm.tui.app import OpstermApp


class RecordList(Dialog[Result]):
    """The list; a subclass says which columns and keys it has, and fills it.

    Args:
        title: of the box.
        place: the word under which its keys stand in the table of commands; ids of its parts begin with it.
        runtime: what is asked.
        keymap: which keys do what.
        targets: those that were chosen in the inventory.
    """

    def __init__(self, title: str, place: str, runtime: Runtime, keymap: KeyMap, targets: Sequence[str]) -> None:
        super().__init__(title)
        self.runtime = runtime
        self._place = place
        self._keymap = keymap
        self._targets = targets

    def laid_out(self, columns: Sequence[TableColumn], keys: Sequence[str], empty: str) -> ComposeResult:
        """Yield the list, the line below it and the keys; `keys` are ids of commands, `empty` stands for no rows."""
        shown = [f"{key} {made.title}" for made in map(command, keys) if (key := self._keymap.shown(made))]
        with self.box():
            yield RowTable(columns, ascii=self.cockpit.terminal.ascii, empty_text=empty, id=f"{self._place}-table")
            yield Static("", markup=False, id=f"{self._place}-note")
            yield Static(" · ".join(["enter shows one", *shown, "esc closes"]), markup=False, classes="dialog-keys")

    async def on_mount(self) -> None:
        """Show what there is."""
        take_keys(self, self._keymap, self._place)
        self._table.focus()
        await self._show()

    async def _show(self) -> None:
        raise NotImplementedError

    @property
    def cockpit(self) -> OpstermApp:
        """The app, by its own type."""
        from opsterm.tui.app import OpstermApp  # noqa: PLC0415 (the app imports the screens)

        assert isinstance(self.app, OpstermApp)  # noqa: S101 (narrowing)
        return self.app

    @property
    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    def _where(self) -> str:
        names = self._targets
        return (
            names[0] if len(names) == 1 else f"the {len(names)} chosen targets" if names else "no target: choose some"
        )
