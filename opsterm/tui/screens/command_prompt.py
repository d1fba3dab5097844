"""The line in which a command for targets is typed, what may be meant by it, and how its shell is started there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from opsterm.policy.order import AS_LOGGED_IN, RunAs
from opsterm.tui.screens.prompt import PromptScreen
from opsterm.tui.widgets.suggestions import Ask, CommandEnd, SuggestionList


class CommandPrompt(PromptScreen):
    """Asks for a command; three keys say how it runs, each one on and off. What was run before is suggested.

    Attributes:
        how: what they say.

    Args:
        suggest: what asks for suggestions.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "turn('root')", show=False),
        Binding("ctrl+l", "turn('login')", show=False),
        Binding("ctrl+t", "turn('terminal')", show=False),
        Binding("tab", "take_suggestion", show=False, priority=True),
        Binding("down", "choose_suggestion(1)", show=False),
        Binding("up", "choose_suggestion(-1)", show=False),
    ]

    how: RunAs = AS_LOGGED_IN

    def __init__(
        self, title: str, question: str, *, suggest: Ask, value: str = "",
        attempt: Callable[[str], Awaitable[None]], left: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__(title, question, value=value, attempt=attempt, left=left)
        self._suggest = suggest

    def on_mount(self) -> None:
        """Begin in the line."""
        super().on_mount()
        self.query_one(Input).suggester = CommandEnd(self._suggest)
        self.query_one(SuggestionList).look(self.query_one(Input).value)
        self.query_one(".dialog").mount(Static(_said(self.how), markup=False, id="prompt-how"), after="#suggestions")

    def notes(self) -> ComposeResult:
        """Lay out what may be meant."""
        yield SuggestionList(self._suggest)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        self.query_one(SuggestionList).look(message.value)

    def action_take_suggestion(self) -> None:
        """Put the suggestion that is chosen into the line."""
        self.query_one(SuggestionList).take(self.query_one(Input))

    def action_choose_suggestion(self, by: int) -> None:
        """Choose another suggestion."""
        self.query_one(SuggestionList).move(by)

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
