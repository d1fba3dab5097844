"""What a conversation needs of whoever answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from opsterm.assistant.artefact import Artefact
    from opsterm.assistant.turn import TurnEvent


class AnswerOnItsWay(Protocol):
    """What happens while one sentence is answered: iterate over it; the last event is an `Ended`."""

    def stop(self) -> None:
        """End it within 100 ms: the last event comes, with what was said so far."""
        ...

    def __aiter__(self) -> Self:
        """Return itself."""
        ...

    async def __anext__(self) -> TurnEvent:
        """Return the next event. Raises OpstermError: nothing can be answered, or no more of it."""
        ...

    async def aclose(self) -> None:
        """Break it off, without its last event."""
        ...


class Answering(Protocol):
    """Whoever answers; see `assistant.Assistant`."""

    def converse(self, text: str, *, attached: Sequence[tuple[str, str]] = (), there: str = "") -> AnswerOnItsWay:
        """Begin to answer a sentence, with the texts that go with it and the targets that it points at."""
        ...

    def begin(self) -> None:
        """Begin a new conversation: nothing that is said next refers to what was said before."""
        ...

    async def artefact(self, turn: int, tag: str) -> Artefact:
        """Return what a citation of an answer stands for. Raises NotFound: it is kept no longer."""
        ...
