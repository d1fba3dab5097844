"""Pane 4: ask in plain language."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from opsterm.assistant.answer import Answer
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_block, clean_line
from opsterm.runtime.runtime import Runtime
from opsterm.tui.drawing.answer import answer_text
from opsterm.tui.panes.pane import Pane

KEPT_TURNS = 100


class ChatPane(Pane):
    """The conversation, and the line to type in. What is typed is always text; esc leaves the line and keeps it."""

    number = 4
    place = "chat"
    title = "Chat"

    class Proposed(Message):
        """The chat made a proposal.

        Attributes:
            change_id: which.
        """

        def __init__(self, change_id: int) -> None:
            super().__init__()
            self.change_id = change_id

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._asked: list[str] = []
        self._at = 0

    def compose(self) -> ComposeResult:
        """Lay the conversation above the line."""
        with VerticalScroll(id="chat-scroll", can_focus=False):
            yield Static(
                "Ask about targets, metrics, alerts and changes; every answer says what it rests on.\n"
                "For example: what is wrong?  memory on localhost over the last hour  run `df -h` on localhost",
                markup=False,
                classes="chat-hint",
            )
        yield Input(placeholder="ask, or help", id="chat-line", classes="line-input")

    def entry(self) -> Widget:
        """The line takes the focus."""
        return self.query_one(Input)

    async def begin(self) -> None:
        """Nothing to fill: the conversation begins with the operator."""
        self.retitle("rules, no model")

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        text = message.value.strip()
        if not text:
            return
        message.input.value = ""
        self._asked.append(text)
        self._at = len(self._asked)
        self.run_worker(self._ask(text), group="ask", exclusive=False)

    async def _ask(self, text: str) -> None:
        await self._show(
            Static(Text("you   ", style="bold") + Text(clean_block(text)), markup=False, classes="chat-you")
        )
        try:
            answer: Answer = await self.runtime.assistant.ask(text, origin="chat")
        except OpstermError as error:
            await self._show(Static(clean_block(str(error)), markup=False, classes="chat-fault"))
            return
        await self._show(
            Static(
                answer_text(answer, max(20, self.size.width - 5), plain=self.cockpit.terminal.ascii),
                markup=False,
                classes="chat-answer",
            )
        )
        if answer.interpretation:
            self.border_subtitle = clean_line(f"understood: {answer.interpretation}", limit=120).replace("[", "\\[")
        if answer.change_id:
            self.post_message(self.Proposed(answer.change_id))

    async def _show(self, block: Static) -> None:
        scroll = self.query_one("#chat-scroll", VerticalScroll)
        await scroll.mount(block)
        while len(scroll.children) > 2 * KEPT_TURNS:
            await scroll.children[0].remove()
        scroll.scroll_end(animate=False)

    def ask_again(self, text: str) -> None:
        """Put a text into the line, to be changed and asked."""
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)
        line.focus()

    def on_key(self, event: object) -> None:
        """Walk through what was asked before with the arrows."""
        key = getattr(event, "key", "")
        if key not in ("up", "down") or not self.query_one(Input).has_focus or not self._asked:
            return
        self._at = min(max(self._at + (-1 if key == "up" else 1), 0), len(self._asked))
        self.ask_again(self._asked[self._at] if self._at < len(self._asked) else "")

    def back(self) -> bool:
        """Leave the line, its text stays; True when it had the focus."""
        if self.query_one(Input).has_focus:
            self.screen.set_focus(None)
            return True
        return False
