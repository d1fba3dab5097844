"""A text to read, in a box."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from opsterm.core.text import clean_block
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.wrapping import hanging


class TextScreen(Dialog[None]):
    """Shows a text; j, k and the arrows scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", show=False),
        Binding("k,up", "scroll_up", show=False),
        Binding("g,home", "scroll_home", show=False),
        Binding("G,end", "scroll_end", show=False),
        Binding("pagedown,space", "page_down", show=False),
        Binding("pageup", "page_up", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title)
        self._text = clean_block(text)

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        with self.box():
            with VerticalScroll(id="text-scroll"):
                yield Static("", markup=False, id="text-body")
            yield Static("esc closes · j k scroll", markup=False, classes="dialog-keys")

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self.call_after_refresh(self._wrap)

    def _wrap(self) -> None:
        room = self._scroller().size.width - 1  # the scroll bar may come
        self.query_one("#text-body", Static).update(hanging(self._text, max(1, room)))

    def _scroller(self) -> VerticalScroll:
        return self.query_one("#text-scroll", VerticalScroll)

    def action_scroll_down(self) -> None:
        """One line on."""
        self._scroller().scroll_down(animate=False)

    def action_scroll_up(self) -> None:
        """One line back."""
        self._scroller().scroll_up(animate=False)

    def action_scroll_home(self) -> None:
        """To the beginning."""
        self._scroller().scroll_home(animate=False)

    def action_scroll_end(self) -> None:
        """To the end."""
        self._scroller().scroll_end(animate=False)

    def action_page_down(self) -> None:
        """One page on."""
        self._scroller().scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """One page back."""
        self._scroller().scroll_page_up(animate=False)
