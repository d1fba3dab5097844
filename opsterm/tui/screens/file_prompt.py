"""A line about files, with a switch for going on with what broke off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.app import ComposeResult
from textual.widgets import Static

from opsterm.core.text import clean_line
from opsterm.runtime.commands import command
from opsterm.tui.keys import KeyMap
from opsterm.tui.panes.pane import take_keys
from opsterm.tui.screens.prompt import PromptScreen


class FilePrompt(PromptScreen):
    """Asks for one line, as `PromptScreen` does.

    Attributes:
        resume: whether what came is kept when it breaks off, and what is there of an earlier try is gone on with.
    """

    def __init__(
        self, title: str, question: str, keymap: KeyMap, *, value: str = "", attempt: Callable[[str], Awaitable[None]],
        check: Callable[[str], str] = lambda _: "",
    ) -> None:  # fmt: skip
        super().__init__(title, question, value=value, check=check, attempt=attempt)
        self.resume = False
        self._keymap = keymap

    def notes(self) -> ComposeResult:
        """Lay out the switch."""
        yield Static(self._note(), markup=False, id="prompt-resume")

    def on_mount(self) -> None:
        """Take the keys, and begin in the line."""
        take_keys(self, self._keymap, "files")
        super().on_mount()

    def action_toggle_resume(self) -> None:
        """Turn the switch; what is under way goes on as it was begun."""
        self.resume = not self.resume
        self.query_one("#prompt-resume", Static).update(self._note())

    def _note(self) -> str:
        key = self._keymap.shown(command("toggle_resume"))
        state = "on: what comes is kept when it breaks off, and gone on with" if self.resume else "off"
        return clean_line(f"{key} go on with what broke off: {state}")
