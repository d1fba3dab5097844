"""What the answers of a conversation rest on, kept while it is spoken of: the newest, and not for ever."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from opsterm.assistant.answer import Answer, AnswerTable, Paragraph
from opsterm.assistant.artefact import Artefact, SourceTrust
from opsterm.core.clock import Clock
from opsterm.core.errors import NotFound
from opsterm.core.text import clean_line

TEXT_LIMIT = 64_000
"""Characters kept of one artefact."""

KEPT = 4_000_000
"""Characters kept of all of them: about as many bytes as a small photograph."""

Open = Callable[[str], Awaitable[str]]
"""Opens what a source names, a card or a document: returns its text, "" when there is nothing more to see."""


class Shelf:
    """Artefacts by turn and tag; the oldest go first."""

    def __init__(self, clock: Clock, open_source: Open) -> None:
        self._clock = clock
        self._open = open_source
        self._kept: OrderedDict[tuple[int, str], Artefact] = OrderedDict()
        self._held = 0
        self._turns = 0

    def begin(self) -> int:
        """Return the number of a new turn."""
        self._turns += 1
        return self._turns

    def put(self, turn: int, letter: str, *, title: str, text: str, trust: SourceTrust) -> Artefact:
        """Keep something under the next tag with a letter ("m" makes m1, m2 …) and return it."""
        number = 1 + sum(1 for key in self._kept if key[0] == turn and key[1][0] == letter)
        kept = Artefact(
            tag=f"{letter}{number}", title=clean_line(title, limit=200), text=text[:TEXT_LIMIT], trust=trust,
            at=self._clock.now(),
        )  # fmt: skip
        self._keep(turn, kept)
        return kept

    def take(self, turn: int, answer: Answer) -> None:
        """Keep what the answer of rules rests on: each source with the lines that cite it."""
        for source in answer.sources:
            text = "\n".join([source.text, *_citing(answer, source.tag)])
            self._keep(turn, Artefact(
                tag=source.tag, title=source.text, text=text[:TEXT_LIMIT], trust=SourceTrust.STATE, at=self._clock.now()
            ))  # fmt: skip

    def _keep(self, turn: int, one: Artefact) -> None:
        self._kept[turn, one.tag] = one
        self._held += len(one.text)
        while self._held > KEPT:
            self._held -= len(self._kept.popitem(last=False)[1].text)

    def of(self, turn: int) -> Sequence[Artefact]:
        """Return what a turn rests on, in order."""
        return [one for key, one in self._kept.items() if key[0] == turn]

    async def get(self, turn: int, tag: str) -> Artefact:
        """Return an artefact, opened where there is more of it than was looked at. Raises NotFound: it is gone."""
        found = self._kept.get((turn, tag))
        if found is None:
            raise NotFound(
                f"There is nothing under [{clean_line(tag)[:20]}] any more.",
                why="What answers rest on is kept while the program runs, the newest first.",
                next_step="Ask again.",
            )
        more = await self._open(found.title)
        return replace(found, text=more[:TEXT_LIMIT], trust=SourceTrust.SHIPPED) if more else found


def _citing(answer: Answer, tag: str) -> list[str]:
    """Return the lines of an answer that cite a source."""
    mark = f"[{tag}]"
    lines: list[str] = []
    for block in answer.blocks:
        if isinstance(block, AnswerTable):
            lines += [" | ".join(row) for row in block.rows if mark in row]
        elif isinstance(block, Paragraph) and mark in block.text:
            lines.append(block.text)
    return lines
