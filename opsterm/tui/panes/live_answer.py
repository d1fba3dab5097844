"""An answer as it comes onto the screen: what has ended is sealed, and only the open block is drawn again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from opsterm.assistant.conversation import KeptTurn
from opsterm.assistant.turn import PieceSaid, Thought, ToolLooked, TurnEvent, looked_line
from opsterm.tui.drawing.model_passages import MarkdownPassages
from opsterm.tui.drawing.passage import LEAD, ChatPassage, PassageKind, PassageLook, passage, plain_rows
from opsterm.tui.drawing.passages import asked_passages, turn_passages
from opsterm.tui.widgets.transcript import Transcript


class LiveAnswer:
    """One turn that is being answered.

    Args:
        transcript: where it is shown, behind all that is there.
        turn: with the question.
        place: of the turn among those that are shown.
        look: how it is drawn.
        seconds: since some time, steady.
    """

    def __init__(
        self, transcript: Transcript, turn: KeptTurn, place: int, look: PassageLook, *, seconds: Callable[[], float]
    ) -> None:  # fmt: skip
        self._transcript = transcript
        self._turn = turn
        self._place = place
        self._look = look
        self._start = len(transcript.passages)
        self._model = MarkdownPassages(place, look)
        self._said = ""
        self._seconds = seconds
        self._since = seconds()
        self._waited = 0
        self._asked = self._sealed = 0
        self._head_changed = self._changed = True
        self.draw()

    def hear(self, event: TurnEvent) -> None:
        """Take in what happened; `draw` shows it."""
        self._changed = True
        self._since, self._waited = self._seconds(), 0
        if isinstance(event, PieceSaid):
            self._said += event.text
            self._model.add(event.text)
        elif isinstance(event, Thought):
            self._turn = replace(self._turn, thinking=self._turn.thinking + event.text)
            self._head_changed = True
        elif isinstance(event, ToolLooked):  # what was said before it is no part of the answer
            thinking = f"{self._turn.thinking}{self._said}\n" if self._said.strip() else self._turn.thinking
            self._turn = replace(self._turn, looked=(*self._turn.looked, looked_line(event)), thinking=thinking)
            self._model, self._said, self._head_changed = MarkdownPassages(self._place, self._look), "", True

    def look_anew(self, look: PassageLook, start: int) -> None:
        """Go on with another width, or with thinking unfolded; the passages before are drawn anew, too."""
        self._look, self._start = look, start
        self._model = MarkdownPassages(self._place, look)
        self._model.add(self._said)
        self._head_changed = self._changed = True
        self.draw()

    def draw(self) -> None:
        """Show what has changed since the last time, and for how long nothing has come."""
        waited = int(self._seconds() - self._since)
        if waited != self._waited:
            self._waited, self._head_changed = waited, True
        if self._head_changed:
            asked = asked_passages(self._turn, self._place, self._look)
            self._asked = len(asked)
            self._transcript.show([*asked, *self._model.passages, *self._waiting()], since=self._start)
        elif self._changed:
            at = self._start + self._asked + self._sealed
            self._transcript.show(self._model.since(self._sealed), since=at)
        self._sealed = self._model.sealed
        self._head_changed = self._changed = False

    def _waiting(self) -> list[ChatPassage]:
        """Return the line that says for how long nothing has come, once that is a second."""
        told = f"nothing for {self._waited} s; esc stops it"
        rows = plain_rows(told, self._look, "dim", LEAD)
        return [passage(PassageKind.NOTE, self._place, told, rows)] if self._waited else []

    def end(self, turn: KeptTurn) -> None:
        """Show the end of it: what of it has support is known only now."""
        self._transcript.show(turn_passages(turn, self._place, self._look), since=self._start)
