"""What the errands of the chat know of its pane."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.assistant.attachments import Attachment
from opsterm.assistant.conversation import KeptTurn
from opsterm.core.text import clean_line
from opsterm.runtime.dialogue import Dialogue
from opsterm.runtime.runtime import Runtime
from opsterm.tui.panes.pane import Pane
from opsterm.tui.widgets.chat_line import ChatLine
from opsterm.tui.widgets.transcript import Transcript


class ChatPlace(Pane):
    """A pane with a conversation and a line; `ChatPane` is the one there is.

    Attributes:
        turns: those that are shown, oldest first.
        numbers: place of a turn -> the number with which its artefacts are asked for.
    """

    number = 4
    place = "chat"
    title = "Chat"

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.turns: list[KeptTurn] = []
        self.numbers: dict[int, int] = {}
        self._dialogue: Dialogue | None = None

    @property
    def line(self) -> ChatLine:
        """Where one types."""
        return self.query_one(ChatLine)

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        return self.query_one(Transcript)

    @property
    def dialogue(self) -> Dialogue:
        """The conversation; there once the runtime is open."""
        assert self._dialogue is not None  # noqa: S101 (narrowing: nothing is asked before)
        return self._dialogue

    @property
    def busy(self) -> bool:
        """Whether an answer is coming."""
        raise NotImplementedError

    def put(self, text: str) -> None:
        """Put a text into the line."""
        self.line.value = clean_line(text)
        self.line.cursor_position = len(self.line.value)

    def entitle(self) -> None:
        """Say which conversation it is."""
        of = self.dialogue.conversation
        self.retitle(of.title if of else "rules, no model" if not self.runtime.models.state.model else "")

    def take_up(self, turns: Sequence[KeptTurn]) -> None:
        """Show a conversation as it was kept."""
        raise NotImplementedError

    def unfold(self) -> None:
        """Show what was thought, or hide it."""
        raise NotImplementedError

    def attach(self, attachment: Attachment) -> None:
        """Put a text beside the next question."""
        raise NotImplementedError

    def detach(self) -> None:
        """Take what was attached away."""
        raise NotImplementedError
