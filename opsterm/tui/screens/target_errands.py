"""What is done with targets from the screen: their page, their fields, their connection, their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from opsterm.core.errors import OpstermError
from opsterm.inventory.folding import fold
from opsterm.inventory.target import Target
from opsterm.runtime.commands import command
from opsterm.runtime.runtime import Runtime
from opsterm.tui.drawing.target_sheet import PageKeys, why_lines
from opsterm.tui.panes.chart import ChartPane
from opsterm.tui.panes.terminal import TerminalPane
from opsterm.tui.screens.choice import PaletteScreen
from opsterm.tui.screens.connection_test import ConnectionTestScreen
from opsterm.tui.screens.prompt import ConfirmScreen
from opsterm.tui.screens.target_form import TargetForm
from opsterm.tui.screens.target_page import TargetPage
from opsterm.tui.screens.text import TextScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen


class TargetErrands:
    """Dialogs about targets; each method opens one."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home
        self._forms: dict[str, Mapping[str, str]] = {}  # fields of target forms that were left with esc

    @property
    def _runtime(self) -> Runtime:
        return self._home.runtime

    def _fail(self, error: OpstermError) -> None:
        self._home.cockpit.fail(error)

    async def do(self, what: str, names: list[str]) -> None:
        """Do what was asked for with targets; see `InventoryPane.Wanted`."""
        match what:
            case "open":
                self._show(names[0])
            case "why":
                self._why(names[0])
            case "chart":
                self._home.go_to("chart")
                await self._home.query_one(ChartPane).show_target(names[0])
            case "terminal":
                await self._terminal(names[0])
            case "query":
                self._home.errands.query(names)
            case "propose":
                self._home.errands.propose(names)
            case "claim":
                self._home.claims.claim(names)
            case "remove":
                self._remove(names)
            case "edit":
                await self._edit(names[0])
            case "test":
                await self._test_kept(names[0])
            case _:
                self._form(Target(name=""), new=True)

    async def _terminal(self, name: str) -> None:
        try:
            await self._runtime.terminals.require(name)
        except OpstermError as error:
            self._fail(error)
        else:
            self._home.query_one(TerminalPane).ask_open(name, then=lambda: self._home.go_to("terminal"))

    def choose(self) -> None:
        """Open the page of a target that is chosen by name."""

        def chosen(names: frozenset[str] | None) -> None:
            for name in names or ():
                self._show(name)

        rows = self._runtime.inventory.rows()
        self._home.app.push_screen(
            PaletteScreen(
                "Show target",
                [row.target.name for row in rows],
                text="enter opens its page",
                details=[(str(row.status), row.target.reach) for row in rows],
                headings=("target", "status", "address"),
            ),
            chosen,
        )

    def _show(self, name: str) -> None:
        home = self._home
        home.app.push_screen(TargetPage(self._runtime, name, home.keymap, home.glyphs, self.do))

    def _why(self, name: str) -> None:
        row = self._runtime.inventory.row(name)
        if row is None:
            return
        shown = {word: self._home.keymap.shown(command(word)) for word in _KEYS.values()}
        lines = why_lines(
            row, self._runtime.inventory.seen(name), self._runtime.alerts.by_target().get(name, ()),
            self._runtime.clock.now(), PageKeys(**{word: shown[name] for word, name in _KEYS.items()}),
        )  # fmt: skip
        self._home.app.push_screen(TextScreen(f"Why {name} is {row.status}", "\n\n".join(lines)))

    async def _test_kept(self, name: str) -> None:
        try:
            self.test(await self._runtime.inventory.get(name))
        except OpstermError as error:
            self._fail(error)

    def test(self, target: Target) -> None:
        """Connect to a target phase by phase, whether it is in the inventory or not."""
        home = self._home
        home.app.push_screen(ConnectionTestScreen(self._runtime, target, home.keymap, home.glyphs))

    def _remove(self, names: list[str]) -> None:
        async def remove(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if sure:
                try:
                    await self._runtime.inventory.remove(names)
                except OpstermError as error:
                    self._fail(error)

        count = f"{len(names)} target{'' if len(names) == 1 else 's'}"
        question = f"Take {fold(names)} ({count}) out of the inventory?"
        self._home.app.push_screen(ConfirmScreen("Remove", question), remove)

    async def _edit(self, name: str) -> None:
        try:
            self._form(await self._runtime.inventory.get(name), new=False)
        except OpstermError as error:
            self._fail(error)

    def _form(self, target: Target, *, new: bool) -> None:
        inventory = self._runtime.inventory

        async def keep(made: Target) -> None:
            await (inventory.add(made) if new else inventory.edit(target.name, replace(made, name=target.name)))
            self._forms.pop(target.name, None)

        def left(typed: Mapping[str, str]) -> None:
            self._forms[target.name] = typed

        typed = self._forms.get(target.name, {})
        self._home.app.push_screen(TargetForm(target, new=new, keep=keep, test=self.test, typed=typed, left=left))


_KEYS = {"look": "look_again", "check": "check_target", "test": "test_target", "chart": "chart_target",
         "propose": "propose"}  # fmt: skip
