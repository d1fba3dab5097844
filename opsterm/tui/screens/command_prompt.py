"""The line in which a command for targets is typed, and how its shell is to be started there."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Static

from opsterm.policy.order import AS_LOGGED_IN, RunAs
from opsterm.tui.screens.prompt import PromptScreen


class CommandPrompt(PromptScreen):
    """Asks for a command; three keys say how it runs, each one on and off.

    Attributes:
        how: what they say.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "turn('root')", show=False),
        Binding("ctrl+l", "turn('login')", show=False),
        Binding("ctrl+t", "turn('terminal')", show=False),
    ]

    how: RunAs = AS_LOGGED_IN

    def on_mount(self) -> None:
        """Begin in the line."""
        super().on_mount()
        self.query_one(".dialog").mount(Static(_said(self.how), markup=False, id="prompt-how"), after="#prompt-line")

    def action_turn(self, what: str) -> None:
        """Turn one of them on or off."""
        how = self.how
        self.how = {
            "root": replace(how, become="" if how.become else "root"),
            "login": replace(how, login=not how.login),
            "terminal": replace(how, pty=not how.pty),
        }[what]
        self.query_one("#prompt-how", Static).update(_said(self.how))


def _said(how: RunAs) -> str:
    """Return a line for each way with its key, an x before those that are on."""
    ways = (
        (bool(how.become), "ctrl+r as root by sudo"),
        (how.login, "ctrl+l log-in shell"),
        (how.pty, "ctrl+t on a terminal"),
    )
    return "\n".join(f"[{'x' if on else ' '}] {words}" for on, words in ways)
