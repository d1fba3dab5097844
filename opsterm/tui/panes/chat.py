"""Pane 4: ask in plain language."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from opsterm.assistant.answer import Answer
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_block, clean_line
from opsterm.runtime.runtime import Runtime
from opsterm.tui.drawing.answer import answer_text
from opsterm.tui.panes.pane import Pane
from opsterm.tui.widgets.line import LineInput
from opsterm.tui.widgets.suggestions import CommandEnd, asking, begun_in_chat

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
        self._understood = ""

    def compose(self) -> ComposeResult:
        """Lay the conversation above the line."""
        with VerticalScroll(id="chat-scroll", can_focus=False):
            yield Static(
                "Ask about targets, metrics, alerts and changes; every answer says what it rests on.\n"
                "For example: what is wrong?  memory on localhost over the last hour  run `df -h` on localhost",
                markup=False,
                classes="chat-hint",
            )
        yield LineInput(placeholder="ask, or help", id="chat-line")

    def entry(self) -> Widget:
        """The line takes the focus."""
        return self.query_one(Input)

    async def begin(self) -> None:
        """Nothing to fill: the conversation begins with the operator."""
        self.query_one(Input).suggester = CommandEnd(asking(self.runtime), begun=begun_in_chat)
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
            answer: Answer = await (await self.runtime.assistant()).ask(text, origin="chat")
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
        self._take_reading(answer.interpretation)
        if answer.change_id:
            self.post_message(self.Proposed(answer.change_id))

    async def _show(self, block: Static) -> None:
        scroll = self.query_one("#chat-scroll", VerticalScroll)
        await scroll.mount(block)
        while len(scroll.children) > 2 * KEPT_TURNS:
            await scroll.children[0].remove()
        scroll.scroll_end(animate=False)

    def _take_reading(self, line: str) -> None:
        """Show how the sentence was read: the line below the newest one, to be edited and asked again."""
        self._understood = line
        self._at = len(self._asked)
        arrow = "down" if self.cockpit.terminal.ascii else "↓"
        told = clean_line(f"{arrow} edits: {line}", limit=200) if line else ""
        self.border_subtitle = told.replace("[", "\\[")

    def _put(self, text: str) -> None:
        line = self.query_one(Input)
        line.value = clean_line(text)
        line.cursor_position = len(line.value)

    def on_key(self, event: Key) -> None:
        """Walk with the arrows through what was asked; below the newest stands how it was understood."""
        if event.key not in ("up", "down") or not self.query_one(Input).has_focus:
            return
        last = len(self._asked) + (1 if self._understood else 0)
        self._at = min(max(self._at + (-1 if event.key == "up" else 1), 0), last)
        if self._at < len(self._asked):
            self._put(self._asked[self._at])
        elif self._at == len(self._asked) + 1:
            self._put(self._understood)
        else:
            self._put("")
        event.stop()

    def back(self) -> bool:
        """Leave the line, its text stays; True when it had the focus."""
        if self.query_one(Input).has_focus:
            self.screen.set_focus(None)
            return True
        return False
