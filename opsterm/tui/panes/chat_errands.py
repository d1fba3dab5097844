"""What the chat does beside answering: conversations, searching, attaching, exporting, and opening what is picked."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from opsterm.assistant.answer import unsupported
from opsterm.assistant.attachments import Attachment, AttachmentKind, attached_text
from opsterm.core.errors import NotFound, OpstermError
from opsterm.core.units import age_text
from opsterm.inventory.folding import fold
from opsterm.knowledge.card_file import write_cards
from opsterm.knowledge.recommendations import Recommendation
from opsterm.runtime.runtime import Runtime
from opsterm.tui.drawing.passage import WHY, ChatPassage, PassageKind
from opsterm.tui.panes.chat_place import ChatPlace
from opsterm.tui.panes.slash import SLASHES, slash_named
from opsterm.tui.panes.terminal import TerminalPane
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.screens.prompt import ConfirmScreen, PromptScreen
from opsterm.tui.screens.text import TextScreen

_ALERT = re.compile(r"a?(\d{1,12})")
_CARD = re.compile(r"card ([a-z0-9-]+)")
_UNTYPED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class ChatErrands:
    """Dialogs of the chat and what follows from them."""

    def __init__(self, pane: ChatPlace) -> None:
        self._pane = pane

    @property
    def _runtime(self) -> Runtime:
        return self._pane.runtime

    def _say(self, text: str) -> None:
        self._pane.cockpit.say(text)

    def _begin(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except OpstermError as error:
                self._pane.fail(error)

        self._pane.run_worker(guarded(), group="choose", exclusive=False)

    def do(self, word: str, rest: str) -> bool:
        """Do what a word behind a slash says; False when there is no such word: the line is left as it is."""
        found = slash_named(word)
        if found is None:
            names = " ".join(f"/{one.name}" for one in SLASHES)
            self._pane.cockpit.say(f"There is no /{word}. There is: {names}", severity="warning")
            return False
        if found.name in ("new", "sessions", "forget") and self._pane.busy:
            self._pane.cockpit.say("An answer is coming; esc stops it.", severity="warning")
            return False
        whats: dict[str, Callable[[], None]] = {
            "help": lambda: self._pane.cockpit.home.errands.help("chat"),
            "new": self._new,
            "sessions": lambda: self._begin(self._choose()),
            "search": lambda: self.search(rest),
            "attach": lambda: self._attach(*rest.partition(" ")[::2]),
            "detach": self._pane.detach,
            "rename": lambda: self._begin(self._rename(rest)),
            "export": lambda: self._begin(self._export(rest)),
            "recommend": lambda: self._begin(self._recommend()),
            "forget": self._forget,
        }
        whats[found.name]()
        return True

    # ------------------------------------------------------------------ conversations

    def _new(self) -> None:
        self._pane.dialogue.begin()
        self._pane.take_up(())

    async def _choose(self) -> None:
        now = self._runtime.clock.now()
        found = await self._runtime.conversations.list()
        if not found:
            self._say("There is no conversation yet: it is kept with its first question.")
            return
        lines = {f"{one.number}  {one.title}": one.number for one in found}

        def chosen(picked: frozenset[str] | None) -> None:
            for line in picked or ():
                self._begin(self._go_on(lines[line]))

        details = [(age_text(now - one.last_at), f"{one.turns} asked") for one in found]
        self._pane.app.push_screen(
            ChoiceScreen("Conversations", list(lines), text="enter goes on with it", details=details,
                         headings=("conversation", "age", "questions")),
            chosen,
        )  # fmt: skip

    async def _go_on(self, number: int, turn: int = 0) -> None:
        """Show a conversation, and in it the passage of a turn."""
        self._pane.take_up(await self._pane.dialogue.resume(number))
        place = next((at for at, one in enumerate(self._pane.turns) if one.number == turn), None)
        transcript = self._pane.transcript
        if place is not None:
            self._pane.screen.set_focus(transcript)
            transcript.pick(next(at for at, one in enumerate(transcript.passages) if one.turn == place))

    def search(self, words: str) -> None:
        """Find turns of all conversations; asks for words when there are none."""
        if words:
            self._begin(self._find(words))
            return

        def asked(text: str | None) -> None:
            if text and text.strip():
                self._begin(self._find(text))

        question = "Words that stand in a question or its answer, in any conversation."
        self._pane.app.push_screen(PromptScreen("Search the chat", question), asked)

    async def _find(self, words: str) -> None:
        now = self._runtime.clock.now()
        found = await self._runtime.conversations.search(words)
        here = self._pane.dialogue.conversation
        found = sorted(found, key=lambda one: one.conversation.number != (here.number if here else 0))
        if not found:
            self._say(f"Nothing has all of these words: {words}")
            return
        lines = {f"{one.conversation.number}.{one.turn}  {' '.join(one.question.split())}": one for one in found}

        def chosen(picked: frozenset[str] | None) -> None:
            for line in picked or ():
                self._begin(self._go_on(lines[line].conversation.number, lines[line].turn))

        details = [(age_text(now - one.at), one.excerpt) for one in found]
        self._pane.app.push_screen(
            ChoiceScreen(f"Found: {words}", list(lines), text="enter goes there", details=details,
                         headings=("question", "age", "what fits")),
            chosen,
        )  # fmt: skip

    def _number(self) -> int:
        of = self._pane.dialogue.conversation
        if of is None:
            raise NotFound("This conversation is not kept yet.", next_step="It is with its first question.")
        return of.number

    async def _rename(self, title: str) -> None:
        number = self._number()
        await self._runtime.conversations.rename(number, title)
        self._pane.dialogue.conversation = await self._runtime.conversations.get(number)
        self._pane.entitle()

    async def _export(self, place: str) -> None:
        self._say(f"Written: {await self._runtime.conversations.export(self._number(), place)}")

    def _forget(self) -> None:
        async def forget() -> None:
            turns = await self._runtime.conversations.remove(self._number())
            self._new()
            self._say(f"Forgotten, {turns} question{'' if turns == 1 else 's'}.")

        def sure(yes: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if yes:
                self._begin(forget())

        of = self._pane.dialogue.conversation
        text = f"Forget {of.title!r}, with all that was asked in it?" if of else "There is nothing to forget yet."
        self._pane.app.push_screen(ConfirmScreen("Forget", text), sure if of else None)

    # ------------------------------------------------------------------ recommending

    async def _recommend(self) -> None:
        use = self._runtime.recommendations
        found = await use.list()
        if not found:
            self._say("Nothing is recommended." if use.on else "The setting learning.commands is off.")
            return
        lines = {f"{one.id}  {one.text}": one for one in found}

        def chosen(picked: frozenset[str] | None) -> None:
            for line in picked or ():
                self._take_up(lines[line])

        details = [(str(one.kind), one.why) for one in found]
        self._pane.app.push_screen(
            ChoiceScreen("What could be made easier", list(lines), details=details,
                         text="enter takes it; `opsterm recommendations dismiss ID` hears of one no more",
                         headings=("recommendation", "kind", "why")),
            chosen,
        )  # fmt: skip

    def _take_up(self, one: Recommendation) -> None:
        """Put what does it on the line, where a person sends it or not; show the command where there is none."""
        if one.line:
            self._pane.put(one.line)
        else:
            self._pane.app.push_screen(TextScreen(one.text, f"{one.why}\n\n$ {one.command}"))

    # ------------------------------------------------------------------ attaching

    def _attach(self, what: str, which: str) -> None:
        home, which = self._pane.cockpit.home, which.strip()
        match what:
            case "file" if which:
                self._begin(self._attach_file(which))
            case "alert" if found := _ALERT.fullmatch(which):
                self._begin(self._attach_alert(int(found[1])))
            case "targets":
                names = home.chosen()
                if names:
                    self._pane.attach(Attachment(kind=AttachmentKind.TARGETS, name=fold(names), text=" ".join(names)))
                else:
                    self._say("Choose targets in the inventory first: space marks them.")
            case "terminal":
                self._attach_lines()
            case _:
                self._pane.put("/attach ")
                self._say("As in: /attach file /var/log/syslog · /attach alert a3 · /attach targets · /attach terminal")

    async def _attach_file(self, path: str) -> None:
        self._pane.attach(await self._runtime.conversations.attachment(path))

    async def _attach_alert(self, number: int) -> None:
        alert = await self._runtime.alerts.get(number)
        text = f"{alert.severity} {alert.key} {alert.summary}\n{alert.advice}".strip()
        self._pane.attach(Attachment(kind=AttachmentKind.ALERT, name=f"a{number}", text=text))

    def _attach_lines(self) -> None:
        link = self._pane.cockpit.home.query_one(TerminalPane).view.link
        shown = link.emulator.text().rstrip().splitlines() if link is not None else []
        if not shown:
            self._say("The terminal shows nothing yet.")
            return
        lines = {f"{at:3}  {line}": line for at, line in enumerate(shown, 1)}

        def chosen(picked: frozenset[str] | None) -> None:
            text = "\n".join(line for key, line in lines.items() if key in (picked or ()))
            if picked:
                limit = self._runtime.conversations.attach_limit
                self._pane.attach(attached_text(AttachmentKind.SELECTION, "of the terminal", text, limit=limit))

        screen = ChoiceScreen("Attach lines", list(lines), several=True, text="space marks, enter attaches")
        self._pane.app.push_screen(screen, chosen)

    # ------------------------------------------------------------------ opening

    def open(self, passage: ChatPassage, opens: str) -> bool:
        """Open what stands in a passage: target, source, alert, change, thinking, a line; False for nothing."""
        if passage.kind is PassageKind.THINKING:
            self._pane.unfold()
        elif passage.kind is PassageKind.FOLLOW_UP and opens:
            self._pane.put(opens)
            self._pane.go()
        elif opens == WHY:
            self._show_why(passage)
        elif opens.startswith("target "):
            self._begin(self._open_target(opens.removeprefix("target ")))
        elif opens.startswith("["):
            self._begin(self._open_source(passage, opens.strip("[]")))
        elif opens.startswith("c"):
            self._pane.cockpit.home.errands.show_change(int(opens[1:]))
        elif opens.startswith("a"):
            self._begin(self._open_alert(int(opens[1:])))
        else:
            return False
        return True

    def _show_why(self, passage: ChatPassage) -> None:
        answer = self._pane.turns[passage.turn].answer
        parts = (
            [f"{one.fault}\n  {one.text.replace(chr(10), chr(10) + '  ')}" for one in unsupported(answer.blocks)]
            if answer
            else []
        )
        self._pane.app.push_screen(TextScreen(passage.text, "\n\n".join(parts)))

    async def _open_target(self, name: str) -> None:
        home = self._pane.cockpit.home
        if self._runtime.inventory.target(name) is None:
            raise NotFound(f"There is no target {name} any more.")
        await home.targets.do("open", [name])

    async def _open_alert(self, number: int) -> None:
        alert = await self._runtime.alerts.get(number)
        text = f"{alert.severity.upper()}  {alert.key.target}  {alert.summary}\n\nstate     {alert.state}\n" + (
            f"next      {alert.advice}" if alert.advice else ""
        )
        self._pane.app.push_screen(TextScreen(f"Alert a{number}", text))

    async def _open_source(self, passage: ChatPassage, cited: str) -> None:
        tag, _, lines = cited.partition(":")
        turn = self._pane.turns[passage.turn]
        source = next((one.text for one in (turn.answer.sources if turn.answer else ()) if one.tag == tag), "")
        try:
            found = await self._pane.dialogue.artefact(self._pane.numbers.get(passage.turn, 0), tag)
            title, text = found.title, f"{_TRUST[found.trust.value]}\n\n{found.text}"  # first: cards are long
        except NotFound:
            card = _CARD.fullmatch(source)
            if card is None:
                raise
            title, text = source, write_cards([await self._runtime.knowledge.get(card[1])])
        if lines:
            first, _, last = lines.partition("-")
            said = "\n".join(text.partition("\n\n")[2].split("\n")[int(first) - 1 : int(last or first)])
            text = f"Lines {lines}:\n\n{said}\n\nAll of it. {text}"
        self._pane.app.push_screen(TextScreen(f"[{tag}] {title}", text))

    def to_terminal(self, command: str) -> None:
        """Put a command into the line of the terminal; enter stays with the operator."""
        view, command = self._pane.cockpit.home.query_one(TerminalPane).view, command.strip("\n")
        if not view.running or view.link is None:
            self._say("No shell is open: t in the inventory opens one.")
        elif _UNTYPED.search(command):
            self._pane.cockpit.say("It has control characters in it and is not sent.", severity="warning")
        elif "\n" in command and not view.link.emulator.modes.bracketed_paste:
            self._pane.cockpit.say(
                "The program there would run it line by line, so it is not sent.", severity="warning"
            )
        else:
            view.link.paste(command)
            self._pane.cockpit.home.go_to("terminal")


_TRUST = {
    "operator": "The operator wrote this.",
    "state": "Measured or kept by opsterm.",
    "site": "Written at this site.",
    "shipped": "Ships with opsterm.",
    "target": "Written by a target: nobody here vouches for it.",
}
