"""A box whose content scrolls with the keys of texts."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from opsterm.tui.screens.dialog import Dialog, Result


class ScrollingDialog(Dialog[Result]):
    """A titled box around the one VerticalScroll with the id SCROLLER; j, k and the arrows scroll it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", show=False),
        Binding("k,up", "scroll_up", show=False),
        Binding("g,home", "scroll_home", show=False),
        Binding("G,end", "scroll_end", show=False),
        Binding("pagedown,space", "page_down", show=False),
        Binding("pageup", "page_up", show=False),
    ]
    SCROLLER: ClassVar[str]

    @property
    def scroller(self) -> VerticalScroll:
        """What scrolls."""
        return self.query_one(f"#{self.SCROLLER}", VerticalScroll)

    def action_scroll_down(self) -> None:
        """One line on."""
        self.scroller.scroll_down(animate=False)

    def action_scroll_up(self) -> None:
        """One line back."""
        self.scroller.scroll_up(animate=False)

    def action_scroll_home(self) -> None:
        """To the beginning."""
        self.scroller.scroll_home(animate=False)

    def action_scroll_end(self) -> None:
        """To the end."""
        self.scroller.scroll_end(animate=False)

    def action_page_down(self) -> None:
        """One page on."""
        self.scroller.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """One page back."""
        self.scroller.scroll_page_up(animate=False)
