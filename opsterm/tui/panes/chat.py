"""Pane 4: ask in plain language, and find again what was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from opsterm.assistant.attachments import Attachment, AttachmentKind, attached_text
from opsterm.assistant.conversation import KeptTurn
from opsterm.assistant.stamp import Rung
from opsterm.assistant.turn import TurnEnded
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.runtime.model_state import ModelChanged
from opsterm.runtime.runtime import Runtime
from opsterm.tui.drawing.passage import ChatPassage, PassageKind, PassageLook
from opsterm.tui.drawing.passages import turn_passages
from opsterm.tui.facts import FactsArrived
from opsterm.tui.panes.chat_errands import ChatErrands
from opsterm.tui.panes.chat_place import ChatPlace
from opsterm.tui.panes.live_answer import LiveAnswer
from opsterm.tui.panes.slash import fitting_slashes, read_slash
from opsterm.tui.widgets.chat_line import ChatLine
from opsterm.tui.widgets.suggestions import CommandEnd, asking, begun_in_chat
from opsterm.tui.widgets.transcript import Transcript

KEPT_TURNS = 100
DRAW_EVERY_S = 0.1
HINT = (
    "Ask about targets, metrics, alerts and changes; every answer says what it rests on.",
    "For example: what is wrong?  memory on localhost over the last hour  run `df -h` on localhost",
)
_TICKED = re.compile(r"`([^`\n]+)`")


class ChatPane(ChatPlace):
    """The conversation, and the line to type in. What is typed is always text; esc leaves the line and keeps it."""

    class Proposed(Message):
        """The chat made a proposal, and nothing was typed since it was asked for.

        Attributes:
            change_id: which.
        """

        def __init__(self, change_id: int) -> None:
            super().__init__()
            self.change_id = change_id

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.attached: list[Attachment] = []
        self.errands = ChatErrands(self)
        self._asked: list[str] = []
        self._at = 0
        self._understood = ""
        self._live: LiveAnswer | None = None
        self._waiting: tuple[str, Sequence[Attachment]] | None = None
        self._busy = self._unfolded = False

    def compose(self) -> ComposeResult:
        """Lay the conversation above the line."""
        yield Transcript(empty_rows=HINT, id="chat-transcript")
        yield Static("", markup=False, id="chat-menu")
        yield Static("", markup=False, id="chat-chips")
        yield ChatLine(placeholder="ask, or help", id="chat-line")

    def entry(self) -> Widget:
        """The line takes the focus."""
        return self.line

    async def begin(self) -> None:
        """Go on with the newest conversation."""
        self._show_beside()
        self.line.suggester = CommandEnd(asking(self.runtime), begun=begun_in_chat)
        self._dialogue = await self.runtime.dialogue()
        try:
            self.take_up(await self._dialogue.resume())
        except OpstermError as error:
            self.fail(error)
            self.take_up(())

    async def hear(self, message: FactsArrived) -> None:
        """Say which model there is, while no conversation gives the title."""
        if message.has(ModelChanged) and self._dialogue is not None:
            self.entitle()

    def take_up(self, turns: Sequence[KeptTurn]) -> None:
        """Show a conversation as it was kept."""
        self.turns, self.numbers = list(turns), {}
        self._asked = [turn.question for turn in turns if turn.question]
        self._at, self._understood, self.border_subtitle = len(self._asked), "", ""
        self.transcript.pick(None)
        self._draw_all()
        self.entitle()

    # ------------------------------------------------------------------ asking

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        text = message.value.strip()
        slash = read_slash(text)
        if slash is not None:
            if self.errands.do(*slash):
                message.input.value = ""
        elif (text or self.attached) and self._dialogue is not None:
            self._send(text)

    def _send(self, text: str) -> None:
        """Ask what stands in the line, or let it wait for the answer that is coming."""
        asked = text, tuple(self.attached)
        if self._busy and self._waiting is not None:
            self.cockpit.say("One question waits already. esc stops the answer that is coming.", severity="warning")
            return
        self.line.value = ""
        self.attached = []
        if text:
            self._asked.append(text)
        self._at = len(self._asked)
        if self._busy:
            self._waiting = asked
        else:
            self._busy = True
            self.run_worker(self._ask(*asked), group="ask", exclusive=False)
        self._show_beside()

    async def _ask(self, text: str, attached: Sequence[Attachment]) -> None:
        try:
            while True:
                await self._answer(text, attached)
                if self._waiting is None:
                    return
                (text, attached), self._waiting = self._waiting, None
                self._show_beside()
        finally:
            self._busy = False

    async def _answer(self, text: str, attached: Sequence[Attachment]) -> None:
        place = len(self.turns)
        self.turns.append(KeptTurn(question=text, at=self.runtime.clock.now(), attached=tuple(attached)))
        self.transcript.pick(None)
        self._live = live = LiveAnswer(
            self.transcript, self.turns[place], place, self._look, seconds=self.runtime.clock.monotonic
        )  # fmt: skip
        drawing = self.set_interval(DRAW_EVERY_S, live.draw)
        try:
            async for event in self.dialogue.ask(text, attached):
                live.hear(event)
                if isinstance(event, TurnEnded):
                    self.numbers[place] = event.turn
        finally:
            drawing.stop()
            self._live = None
        if self.dialogue.turn is not None:
            self.turns[place] = self.dialogue.turn
        live.end(self.turns[place])
        self.entitle()
        self._follow_up(self.turns[place])

    def _follow_up(self, turn: KeptTurn) -> None:
        if self.dialogue.trouble:
            self.cockpit.say(f"The question is not kept. {self.dialogue.trouble}", severity="warning")
        self.run_worker(self._keep_question(turn), group="remember", exclusive=False)
        answer = turn.answer
        self._take_reading(answer.interpretation if answer else "")
        by_rules = answer is not None and (answer.stamp is None or answer.stamp.rung is not Rung.MODEL)
        untouched = not self.line.value and not self.attached and self._waiting is None and self.line.has_focus
        if answer is not None and answer.change_id and by_rules and untouched and self.screen.is_current:
            self.post_message(self.Proposed(answer.change_id))

    async def _keep_question(self, turn: KeptTurn) -> None:
        with suppress(OpstermError):  # a comfort; that the turn itself is not kept is told
            await self.runtime.conversations.keep_question(turn.question, turn.answer, turn.at)

    # ------------------------------------------------------------------ showing

    @property
    def _look(self) -> PassageLook:
        return PassageLook(
            width=self.transcript.room, plain=self.cockpit.terminal.ascii, unfolded=self._unfolded,
            is_target=self._is_target,
        )  # fmt: skip

    def _is_target(self, name: str) -> bool:
        return self.runtime.inventory.target(name) is not None

    @on(Transcript.Resized)
    def _draw_all(self) -> None:
        del self.turns[: -KEPT_TURNS if self._live is None else 0]
        whole = self.turns if self._live is None else self.turns[:-1]
        passages = [one for place, turn in enumerate(whole) for one in turn_passages(turn, place, self._look)]
        self.transcript.show(passages)
        if self._live is not None:
            self._live.look_anew(self._look, len(passages))

    def unfold(self) -> None:
        """Show what was thought, or hide it."""
        self._unfolded = not self._unfolded
        picked = self.transcript.picked
        self._draw_all()
        self.transcript.pick(picked)

    def attach(self, attachment: Attachment) -> None:
        """Put a text beside the next question."""
        self.attached = [one for one in self.attached if (one.kind, one.name) != (attachment.kind, attachment.name)]
        self.attached.append(attachment)
        self._show_beside()

    def detach(self) -> None:
        """Take what was attached away."""
        self.attached = []
        self._show_beside()

    def _show_beside(self) -> None:
        """Show what is attached and what waits, and the words behind a slash."""
        chips = [f"[{one.label}]" for one in self.attached]
        if self._waiting is not None:
            chips.append(f"waits: {clean_line(self._waiting[0], limit=40) or 'what was attached'}")
        shown = self.query_one("#chat-chips", Static)
        shown.display = bool(chips)
        shown.update("  ".join(chips))
        found = fitting_slashes(self.line.value)[: max(1, self.size.height - 6)]
        menu = self.query_one("#chat-menu", Static)
        menu.display = bool(found)
        menu.update("\n".join(f"/{one.name} {one.takes}".strip() + f"  {one.text}" for one in found))

    def _take_reading(self, line: str) -> None:
        """Show how the sentence was read: the line below the newest one, to be edited and asked again."""
        self._understood = line
        self._at = len(self._asked)
        arrow = "down" if self.cockpit.terminal.ascii else "↓"
        told = clean_line(f"{arrow} edits: {line}", limit=200) if line else ""
        self.border_subtitle = told.replace("[", "\\[")

    # ------------------------------------------------------------------ keys

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        self._show_beside()

    @on(ChatLine.Pasted)
    def _pasted(self, message: ChatLine.Pasted) -> None:
        message.stop()
        many = 1 + sum(1 for one in self.attached if one.kind is AttachmentKind.PASTE)
        limit = self.runtime.conversations.attach_limit
        self.attach(attached_text(AttachmentKind.PASTE, str(many), message.text, limit=limit))

    def on_key(self, event: Key) -> None:
        """Walk with the arrows through what was asked; below the newest stands how it was understood."""
        if not self.line.has_focus:
            return
        if event.key == "tab" and (found := fitting_slashes(self.line.value)):
            self.put(f"/{found[0].name} ")
        elif event.key == "backspace" and not self.line.value and self.attached:
            self.attached.pop()
            self._show_beside()
        elif event.key in ("up", "down"):
            self._walk(-1 if event.key == "up" else 1)
        else:
            return
        event.stop()
        event.prevent_default()

    def _walk(self, by: int) -> None:
        last = len(self._asked) + (1 if self._understood else 0)
        self._at = min(max(self._at + by, 0), last)
        if self._at < len(self._asked):
            self.put(self._asked[self._at])
        else:
            self.put(self._understood if self._at == len(self._asked) + 1 else "")

    def back(self) -> bool:
        """Stop the answer that is coming; else leave the line, its text stays; else put the cursor away."""
        if self._busy and self.dialogue.stop():
            self.cockpit.say("Stopped. What came so far is kept.")
        elif self.line.has_focus:
            self.screen.set_focus(self.transcript)
        elif self.transcript.picked is not None:
            self.transcript.pick(None)
        else:
            return False
        return True

    def action_enter_line(self) -> None:
        """Open what is picked; else go back to the line."""
        picked = self.transcript.current if self.transcript.has_focus else None
        name = self.transcript.current_name
        if picked is None or not self.errands.open(picked, name.opens if name else picked.opens):
            self.transcript.pick(None)
            self.go()

    def action_next_name(self) -> None:
        """Go to the next name that opens something."""
        self._step_name(1)

    def action_previous_name(self) -> None:
        """Go to the name before."""
        self._step_name(-1)

    def _step_name(self, by: int) -> None:
        self.screen.set_focus(self.transcript)
        if not self.transcript.step_name(by):
            where = "further on" if by > 0 else "before this"
            self.cockpit.say(f"No name {where} opens anything: targets, citations, alerts and changes do.")

    def action_copy(self) -> None:
        """Copy the passage under the cursor."""
        if picked := self._picked():
            self.cockpit.copy(picked.text)

    def action_send_to_terminal(self) -> None:
        """Put the command of the passage into the line of the terminal, without enter."""
        if picked := self._picked():
            ticked = _TICKED.search(picked.text)
            code = picked.kind is PassageKind.CODE
            self.errands.to_terminal(picked.text if code or not ticked else ticked[1])

    def action_ask_again(self) -> None:
        """Put the question of the passage back into the line, with what went with it."""
        if picked := self._picked():
            turn = self.turns[picked.turn]
            self.put(turn.question)
            self.attached = list(turn.attached)
            self._show_beside()
            self.go()

    def _picked(self) -> ChatPassage | None:
        if self.transcript.current is None:
            self.cockpit.say("Pick a passage first: k goes up to the newest one.")
        return self.transcript.current

    def action_search_chat(self) -> None:
        """Find what was asked and answered."""
        self.errands.search("")

    def action_show_conversations(self) -> None:
        """List the conversations."""
        self.errands.do("sessions", "")

    def action_new_conversation(self) -> None:
        """Begin another conversation."""
        self.errands.do("new", "")

    def action_export_conversation(self) -> None:
        """Write the conversation to a file."""
        self.errands.do("export", "")

    def action_forget_conversation(self) -> None:
        """Forget the conversation, after asking."""
        self.errands.do("forget", "")

    @property
    def busy(self) -> bool:
        """Whether an answer is coming."""
        return self._busy
