"""What is painted before the rooms are loaded: the frame of the cockpit, so that nothing jumps when it fills."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from opsterm.tui.glyphs import Glyphs


class OpeningScreen(Screen[None]):
    """The first paint: two framed panes and what is going on."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._dots = "…" if glyphs.braille else "..."

    def compose(self) -> ComposeResult:
        """Lay out the frame."""
        yield Static(f"opsterm  opening {self._dots}", markup=False, id="status-line")
        with Horizontal(id="opening-panes"):
            for title, text in (
                ("1 Inventory", "The targets of your ssh_config will appear here."),
                ("2 Chart", "Measurements of this host will appear here."),
            ):
                box = Static(text, markup=False, classes="pane opening-pane")
                box.border_title = title
                yield box
        yield Static("? help  : commands  q quit", markup=False, id="key-bar")
