"""A box above the home screen that closes with esc or q and never loses what is below."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from opsterm.core.text import clean_line

Result = TypeVar("Result")


class Dialog(ModalScreen[Result | None]):
    """A titled box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", show=False),
        Binding("q", "leave", "close", show=False),
    ]

    hears_facts: ClassVar[bool] = False

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def box(self, *, kind: str = "") -> Vertical:
        """Return the box to compose into."""
        made = Vertical(classes=f"dialog {kind}".strip())
        made.border_title = clean_line(self._title).replace("[", "\\[")
        return made

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)
