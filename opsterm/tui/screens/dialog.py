"""A box above the home screen that closes with esc or q and never loses what is below."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from opsterm.core.text import clean_line
from opsterm.tui.standing import Work, begin_beside

Result = TypeVar("Result")


class Dialog(ModalScreen[Result | None]):
    """A titled box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", show=False),
        Binding("q", "leave", "close", show=False),
        Binding("ctrl+c", "say_how_to_leave", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (declared by the framework)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 (declared by the framework)

    hears_facts: ClassVar[bool] = False

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def box(self, *, kind: str = "") -> Vertical:
        """Return the box to compose into."""
        made = Vertical(classes=f"dialog {kind}".strip())
        made.border_title = clean_line(self._title).replace("[", "\\[")
        return made

    def begin(self, work: Work, *, group: str, exclusive: bool = False) -> None:
        """Do something beside the keys while the dialog stands; an exclusive one replaces those of its group."""
        begin_beside(self, work, group=group, exclusive=exclusive)

    def action_say_how_to_leave(self) -> None:
        """Answer ctrl+c, which elsewhere ends a program and here must not."""
        self.query_one(".dialog").border_subtitle = "esc closes this"

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)
