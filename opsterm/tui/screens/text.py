"""A text to read, in a box."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from opsterm.core.text import clean_block
from opsterm.tui.screens.scrolling import ScrollingDialog
from opsterm.tui.standing import while_it_stands
from opsterm.tui.wrapping import hanging


class TextScreen(ScrollingDialog[None]):
    """Shows a text."""

    SCROLLER: ClassVar[str] = "text-scroll"

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title)
        self._text = clean_block(text)

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        with self.box():
            with VerticalScroll(id=self.SCROLLER):
                yield Static("", markup=False, id="text-body")
            yield Static("esc closes · j k scroll", markup=False, classes="dialog-keys")

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self.call_after_refresh(self._wrap)

    @while_it_stands
    def _wrap(self) -> None:
        room = self.scroller.size.width - 1  # the scroll bar may come
        self.query_one("#text-body", Static).update(hanging(self._text, max(1, room)))
