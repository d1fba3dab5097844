"""The line in which one types: what is pasted into it is cleaned like all that comes from outside."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from opsterm.core.text import clean_line

LONGEST = 100_000
"""Characters of one line."""


class LineInput(Input):
    r"""One line of text.

    A character that a terminal would obey, or that an eye would miss, stands in it as its escape (`\x1b`, `\n`), so
    that what is seen is what is taken. A secret is kept as it is: only dots are shown of it, and it is never copied.
    The cursor does not blink, because a screen on which nothing happens sends nothing; taking the focus selects
    nothing, so that the next letter replaces nothing.

    Args:
        value: what stands in it.
        placeholder: what stands there while it is empty.
        secret: show dots.
        disabled: whether it cannot be gone to.
        id: the widget's id.
    """

    def __init__(
        self, value: str = "", *, placeholder: str = "", secret: bool = False, disabled: bool = False,
        id: str | None = None,  # noqa: A002 (Textual's word)
    ) -> None:  # fmt: skip
        self._is_secret = secret
        super().__init__(
            value=value if secret else _clean(value), placeholder=placeholder, password=secret, id=id,
            classes="line-input", disabled=disabled, select_on_focus=False,
        )  # fmt: skip
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Return what may stand in the line."""
        return value if self._is_secret else _clean(value)

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the line, cleaned first, so that the cursor stands behind what came."""
        super().replace(text if self._is_secret else _clean(text), start, end)

    def action_copy(self) -> None:
        """Copy what is selected; of a secret nothing."""
        if not self._is_secret:
            super().action_copy()

    def action_cut(self) -> None:
        """Copy what is selected and take it out; of a secret nothing is copied."""
        if self._is_secret:
            self.delete_selection()
        else:
            super().action_cut()

    def _on_paste(self, event: events.Paste) -> None:
        """Take all of what was pasted; the framework would take its first line and say nothing of the others."""
        event.stop()
        event.prevent_default()
        text = event.text.rstrip("\r\n")
        if text:
            self.replace(text, *sorted(self.selection))


def _clean(text: str) -> str:
    return clean_line(text, limit=LONGEST)
