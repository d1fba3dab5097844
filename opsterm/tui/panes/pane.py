"""What every pane is: a numbered box whose border says whether it has the focus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.widget import Widget

from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import FactsArrived
from opsterm.tui.keys import KeyMap

if TYPE_CHECKING:
    from opsterm.tui.app import OpstermApp


def take_keys(holder: DOMNode, keymap: KeyMap, place: str) -> None:
    """Bind the keys of a place, and those of lists for the focused widget, to whoever holds them."""
    _bind(holder, [*keymap.bindings(place), *keymap.bindings("lists", on="focused.")])


def take_list_keys(table: DOMNode, keymap: KeyMap) -> None:
    """Bind the keys of lists to a list that no pane holds."""
    _bind(table, keymap.bindings("lists"))


def _bind(holder: DOMNode, bindings: Iterable[Binding]) -> None:
    for binding in bindings:
        for key in binding.key.split(","):
            holder._bindings.bind(key, binding.action, binding.description, show=False)  # noqa: SLF001 (bindings of a running app have no public way in)


class Pane(Vertical, can_focus=True):
    """A box on the home screen. It takes the focus itself where a line or a shell was left, so its keys stay alive.

    A pane draws itself from `runtime` in `begin` and `hear`; it holds no facts of its own.

    Attributes:
        number: the key that goes to it.
        name_in_table: its place in the table of commands.
    """

    number: ClassVar[int]
    place: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(id=f"pane-{self.place}", classes="pane")
        self.runtime = runtime
        self._subtitle = ""

    def on_mount(self) -> None:
        """Show the title and take this place's keys."""
        self.retitle("")
        take_keys(self, self.cockpit.keymap, self.place)

    @property
    def cockpit(self) -> OpstermApp:
        """The app, by its own type."""
        from opsterm.tui.app import OpstermApp  # noqa: PLC0415 (the app imports the screens, which import the panes)

        assert isinstance(self.app, OpstermApp)  # noqa: S101 (narrowing)
        return self.app

    def retitle(self, rest: str) -> None:
        """Show "3 Alerts ── rest" in the border."""
        self._subtitle = rest
        text = f"{self.number} {self.title}"
        self.border_title = clean_line(f"{text} ─ {rest}" if rest else text).replace("[", "\\[")

    async def begin(self) -> None:
        """Fill the pane; the runtime is open now."""

    async def hear(self, message: FactsArrived) -> None:
        """Take in what has happened."""

    def entry(self) -> Widget:
        """Return the widget that takes the focus when the pane is gone to."""
        return self

    def targets(self) -> Sequence[str] | None:
        """Return the targets that the pane is about now; None for those chosen in the inventory."""
        return None

    def back(self) -> bool:
        """Take one step back inside the pane; False when there is none."""
        return False

    def go(self) -> None:
        """Focus the pane at once: the keys behind this one may have come already."""
        self.screen.set_focus(self.entry())

    def action_enter_line(self) -> None:
        """Go back to where one types."""
        self.go()

    def fail(self, error: OpstermError) -> None:
        """Tell what went wrong."""
        self.cockpit.fail(error)
