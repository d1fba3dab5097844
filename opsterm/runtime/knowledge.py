"""Use-cases of knowledge: find cards, show them, write those of this site."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.text import clean_line
from opsterm.knowledge.card import Card
from opsterm.knowledge.card_file import cards_of, read_cards, write_cards
from opsterm.knowledge.card_text import WORDS_LIMIT
from opsterm.knowledge.events import CardKept, CardRemoved
from opsterm.knowledge.fusion import Candidate, asks_what_is, fuse
from opsterm.knowledge.trials import NEVER_TRIED, FixRecord, TrialContext, by_record
from opsterm.policy.level import RiskLevel
from opsterm.policy.mask import mask
from opsterm.policy.risk import assess
from opsterm.runtime.edges import Files
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_knowledge import CardFilter, CardIndex, CardStore, KeptCard, TrialStore

EVERYTHING = CardFilter()
NEAR_BY_MEANING = 100
"""Cards that a learnt embedder names."""

TEXT_LIMIT = 100_000
"""Characters of one card's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardHit:
    """A card that answers.

    Attributes:
        card: the card.
        score: greater is better; only comparable within one search.
        confidence: how surely it is about the question, 0 to 1.
        fits: whether one of its error patterns fits the question.
        record: what became of its fixes here.
    """

    card: Card
    score: float
    confidence: float
    fits: bool
    record: FixRecord = NEVER_TRIED


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStats:
    """How much is known.

    Attributes:
        kinds: kind -> cards.
        families: family -> cards.
        own: cards of this site, those that hide one that ships included.
        hiding: ids of shipped cards that one of this site hides.
        patterns: error patterns.
    """

    kinds: Mapping[str, int]
    families: Mapping[str, int]
    own: int
    hiding: Sequence[str]
    patterns: int


class Knowledge:
    """Cards: those that ship and those of this site, in one index that is made whenever it is not theirs.

    Args:
        store: returns where those of this site are.
        trials: returns where it is kept what became of their fixes.
        ledger: tells of what was written.
        operator: who sits there.
        open_index: finds the index.
        files: reads those that ship.
        folder: where they are.
        by_meaning: returns ids of cards with their cosines by a learnt embedder, none when there is none.
    """

    def __init__(
        self, store: Callable[[], CardStore], ledger: Ledger, clock: Clock, *, operator: Operator,
        trials: Callable[[], TrialStore], open_index: Callable[[], Awaitable[CardIndex]], files: Files,
        offload: Offload, folder: Path,
        by_meaning: Callable[[str, int], Awaitable[Sequence[tuple[str, float]]]],
    ) -> None:  # fmt: skip
        self._store = store
        self._trials = trials
        self._ledger = ledger
        self._clock = clock
        self._operator = operator
        self._open_index = open_index
        self._files = files
        self._offload = offload
        self._folder = folder
        self._by_meaning = by_meaning
        self._texts: Mapping[str, str] | None = None
        self._shipped: Mapping[str, Card] | None = None
        self._opened: CardIndex | None = None
        self._making = asyncio.Lock()

    # ------------------------------------------------------------------ looking

    async def search(
        self, words: str, *, only: CardFilter = EVERYTHING, limit: int = 10, places: Collection[TrialContext] = ()
    ) -> Sequence[CardHit]:
        """Return the cards that answer, the best first; none when nothing is known.

        What became of their fixes here counts, as in `knowledge.trials.by_record`.

        Args:
            words: a question, a symptom or a pasted error; only the first 2,000 characters count.
            only: which cards are asked for.
            limit: most cards to return.
            places: where the question is about, () when that is not known.

        Raises:
            StorageError: the index can be neither read nor made.
        """
        index = await self._index()
        words = words[:WORDS_LIMIT]
        found = await index.rank(words, only, by_meaning=await self._by_meaning(words, NEAR_BY_MEANING))
        ranked = fuse(found.by_words, found.by_likeness, found.candidates, what_is=asks_what_is(words))
        records = await self._trials().records(now=self._clock.now())
        best = by_record(ranked, records, places)[:limit]
        cards = {card.id: card for card in await index.cards([one.candidate.id for one in best])}
        return [
            replace(_hit(cards[name], one.candidate, one.score), record=records.get(name, NEVER_TRIED))
            for one in best
            if (name := one.candidate.id) in cards
        ]

    async def get(self, card_id: str) -> Card:
        """Return a card. Raises NotFound, StorageError."""
        found = await (await self._index()).cards([card_id])
        if not found:
            raise NotFound(
                f"There is no card {clean_line(card_id)[:60]!r}.",
                next_step="`opsterm knowledge search WORDS` finds ids.",
            )
        return found[0]

    async def all(self, *, own: bool = False) -> Sequence[Card]:
        """Return all cards by family and id, or those of this site."""
        cards = await self._cards()
        return sorted((one for one in cards if not own or not one.source), key=lambda one: (one.family, one.id))

    async def stats(self) -> CardStats:
        """Count the cards."""
        cards, kept = await self._cards(), await self._store().all()
        shipped = await self._offload.run("files", self._read_shipped)
        return CardStats(
            kinds=Counter(card.kind.value for card in cards), families=Counter(card.family for card in cards),
            own=len(kept), hiding=[one.id for one in kept if one.id in shipped],
            patterns=sum(len(card.errors) for card in cards),
        )  # fmt: skip

    # ------------------------------------------------------------------ writing

    async def read(self, file: str) -> str:
        """Return the text of a file with cards. Raises BadInput."""
        try:
            return await self._offload.run("files", lambda: self._files.read(Path(file).expanduser()))
        except OSError as error:
            raise BadInput(f"{file} cannot be read.", why=f"{error.strerror}.") from error

    async def add(self, text: str) -> Sequence[Card]:
        """Keep new cards of this site; secrets are masked first.

        Args:
            text: TOML, one card or several.

        Raises:
            BadInput: it has faults, one of its checks does more than read, or there is such a card already.
        """
        cards = await self._offload.run("files", lambda: _sound(text))
        there = {card.id for card in await self._cards()}
        for card in cards:
            if card.id in there:
                raise BadInput(
                    f"There is a card {card.id} already.",
                    next_step=f"Write over it: opsterm knowledge edit {card.id} FILE",
                )
        await self._keep(cards)
        return cards

    async def edit(self, card_id: str, text: str) -> Card:
        """Put another text in the place of a card; one that ships is hidden by it, and back when it is removed.

        Raises:
            NotFound: there is no such card.
            BadInput: as `add`, or the text is not that of this one card.
        """
        await self.get(card_id)
        cards = await self._offload.run("files", lambda: _sound(text))
        if [card.id for card in cards] != [card_id]:
            raise BadInput(f"The text is not that of card {card_id} alone.", next_step="Leave its id as it is.")
        await self._keep(cards)
        return cards[0]

    async def remove(self, card_id: str) -> None:
        """Remove a card of this site. Raises NotFound, also for one that ships."""
        facts = await self._store().remove(card_id, lambda: [self._ledger.fact(CardRemoved(card=card_id))])
        if not facts:
            raise NotFound(
                f"This site has no card {clean_line(card_id)[:60]!r}.",
                why="Those that ship cannot be removed; one can be hidden by a better one.",
                next_step="`opsterm knowledge export --own` lists those of this site.",
            )
        self._ledger.committed(facts)

    async def _keep(self, cards: Sequence[Card]) -> None:
        shipped = await self._offload.run("files", self._read_shipped)
        now, by = self._clock.now(), self._operator.name
        kept = [KeptCard(id=card.id, text=write_cards([card]), by=by, at=now) for card in cards]

        def facts() -> list[CardKept]:
            return [
                CardKept(card=card.id, title=card.title, hides=card.id in shipped,
                         sha256=hashlib.sha256(one.text.encode()).hexdigest())
                for card, one in zip(cards, kept, strict=True)
            ]  # fmt: skip

        self._ledger.committed(await self._store().keep(kept, lambda: [self._ledger.fact(one) for one in facts()]))

    # ------------------------------------------------------------------ the index

    async def reindex(self) -> int:
        """Make the index anew; return how many cards are in it. Raises StorageError."""
        index = await self._open_index_once()
        cards = await self._cards()
        await index.build(cards, await self.stamp())
        return len(cards)

    async def _index(self) -> CardIndex:
        """Return the index over the cards as they are now."""
        index, stamp = await self._open_index_once(), await self.stamp()
        async with self._making:
            if await index.stamp() != stamp:
                await index.build(await self._cards(), stamp)
        return index

    async def _open_index_once(self) -> CardIndex:
        if self._opened is None:
            self._opened = await self._open_index()
        return self._opened

    async def stamp(self) -> str:
        """Return the hash of all cards, of those that ship and those of this site. Raises StorageError."""
        texts = await self._offload.run("files", self._read_texts)
        digest = hashlib.sha256()
        for part in (*texts.values(), *(one.text for one in await self._store().all())):
            digest.update(hashlib.sha256(part.encode()).digest())
        return digest.hexdigest()

    async def _cards(self) -> Sequence[Card]:
        """Return the cards that count: each id once, that of this site before the one that ships."""
        found = dict(await self._offload.run("files", self._read_shipped))
        for one in await self._store().all():
            cards, faults = read_cards(one.text, one.id, own=True)
            if not faults:  # written by another version: it is kept, and not used
                found[one.id] = cards[0]
        return list(found.values())

    def _read_shipped(self) -> Mapping[str, Card]:
        if self._shipped is None:
            texts = self._read_texts().items()
            self._shipped = {card.id: card for name, text in texts for card in cards_of(text, name)}
        return self._shipped

    def _read_texts(self) -> Mapping[str, str]:
        """Return the files that ship, read once."""
        if self._texts is None:
            names = [Path(name) for name in self._files.glob(f"{self._folder}/*.toml")]
            self._texts = {path.name: self._files.read(path) for path in names}
        return self._texts


def _hit(card: Card, candidate: Candidate, score: float) -> CardHit:
    return CardHit(card=card, score=score, confidence=candidate.confidence, fits=candidate.fits)


def _sound(text: str) -> Sequence[Card]:
    """Return the cards of a text without its secrets. Raises BadInput."""
    if len(text) > TEXT_LIMIT:
        raise BadInput(f"The text is longer than {TEXT_LIMIT:,} characters.")
    cards = cards_of(mask(text)[0], "the text", own=True)
    for card in cards:
        for step in card.checks:
            risk = assess(step.text, step.shell, [], [])
            if risk.level is not RiskLevel.READ and not step.text.startswith("opsterm "):
                raise BadInput(
                    f"A check of {card.id} does more than read: {step.text}", why=risk.reasons[0],
                    next_step="Put it among the steps of the fix.",
                )  # fmt: skip
    return cards
