"""The line of the chat: a paste of several lines is kept as a text beside it, not squeezed into the line."""

from __future__ import annotations

from textual import events
from textual.message import Message

from opsterm.tui.widgets.line import LineInput


class ChatLine(LineInput):
    """One line to ask in."""

    class Pasted(Message):
        """Several lines were pasted.

        Attributes:
            text: as it came.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def _on_paste(self, event: events.Paste) -> None:
        text = event.text.strip("\r\n")
        if "\n" in text or "\r" in text:
            event.stop()
            event.prevent_default()
            self.post_message(self.Pasted(text.replace("\r\n", "\n").replace("\r", "\n")))
