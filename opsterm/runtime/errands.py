"""Use-case of wishes that are not one question: looks up what there is for them, and changes nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opsterm.assistant.answer import Answer
from opsterm.assistant.answers_cards import answer_cards
from opsterm.assistant.answers_errands import (
    WRONG,
    answer_command,
    answer_rules,
    answer_schedule,
    answer_script,
    answer_trouble,
    answer_way_back,
    answer_which_command,
    open_there,
)
from opsterm.assistant.answers_talk import answer_knowledge
from opsterm.assistant.errands import Errand, command_in
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.orders import COMMANDS
from opsterm.assistant.queries import KnowledgeQuestion
from opsterm.assistant.schedules.spans import schedule_spans
from opsterm.assistant.tokens import tokenize
from opsterm.changes.change import ChangeState
from opsterm.changes.way_back.prepared import may_be_taken_back
from opsterm.core.errors import NotFound, StorageError
from opsterm.knowledge.card import Card
from opsterm.knowledge.card_file import write_cards
from opsterm.knowledge.search import KnowledgeBase
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.assessments import NOWHERE, Assessments
from opsterm.runtime.changes import Changes
from opsterm.runtime.compliance import Compliance
from opsterm.runtime.knowledge import Knowledge
from opsterm.runtime.recovery import Recovery
from opsterm.runtime.schedules import Schedules

log = logging.getLogger("opsterm.assistant")

_CARD, _PLACE = re.compile(r"card ([a-z0-9-]+)"), re.compile(r"(\S+):(\d{1,6})")
"""How the source of an answer names a card, and a line of a document."""

LOOKED_THROUGH = 200
"""Changes among which those with a way back are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandRooms:
    """The use-cases that are asked; those that are built late are given as what builds them."""

    changes: Changes
    alerts: Alerts
    compliance: Callable[[], Compliance]
    assessments: Callable[[], Assessments]
    recovery: Callable[[], Recovery]
    schedules: Callable[[], Schedules]
    knowledge: Callable[[], Awaitable[KnowledgeBase]]
    cards: Callable[[], Knowledge]


class ErrandAnswers:
    """Answers wishes from what is known here."""

    def __init__(self, rooms: ErrandRooms) -> None:
        self._rooms = rooms
        self._read: KnowledgeBase | None = None

    async def answer(self, errand: Errand, now: float) -> Answer:
        """Answer one; `now` in epoch seconds. Looks to the future are answered by who knows the measurements."""
        rooms = self._rooms
        match errand.kind:
            case Intent.SCRIPT:
                return answer_script(errand, (await self._documents()).search(errand.subject, limit=3))
            case Intent.SCHEDULE:
                return await self._schedule(errand, now)
            case Intent.TROUBLESHOOT:
                names = set(errand.selector.split(" or "))
                alerts = [one.summary for one in rooms.alerts.feed() if one.key.target in names]
                hits = (await self._documents()).search(errand.subject, limit=5)
                cards = await self._cards(errand.subject)
                if not cards:
                    return answer_trouble(errand, hits, alerts)
                return answer_cards(errand.line, cards, hits, before=open_there(alerts), follow_ups=[WRONG])
            case Intent.ROLLBACK:
                kept = await rooms.changes.list(limit=LOOKED_THROUGH)
                points = await rooms.recovery().points(errand.selector)
                newest = sorted(points, key=lambda one: -one.taken_at)
                return answer_way_back(errand, newest, [one for one in kept if may_be_taken_back(one)], now)
            case _:
                return await self._rules(errand)

    async def know(self, question: KnowledgeQuestion) -> Answer:
        """Answer from the cards, and from the documents where no card speaks of it."""
        hits = (await self._documents()).search(question.words, limit=3)
        cards = await self._cards(question.words)
        return answer_cards(question.line, cards, hits) if cards else answer_knowledge(question, hits)

    async def source_text(self, source: str) -> str:
        """Return the whole of what an answer names as its source, a card or a section; "" when it names neither."""
        card, place = _CARD.fullmatch(source), _PLACE.fullmatch(source)
        if card is not None:
            try:
                return write_cards([await self._rooms.cards().get(card[1])])
            except (NotFound, StorageError):
                return ""
        for document in (await self._documents()).documents.values() if place is not None else ():
            if place is not None and document.source == place[1]:
                before = [section for section in document.sections if section.text_line <= int(place[2])]
                return f"{document.title}\n\n{before[-1].heading}\n\n{before[-1].text}" if before else ""
        return ""

    async def _documents(self) -> KnowledgeBase:
        """Return the documents that ship, read when first asked for."""
        if self._read is None:
            self._read = await self._rooms.knowledge()
        return self._read

    async def _cards(self, words: str) -> Sequence[Card]:
        """Return the cards that answer; none where their index can be neither read nor made: documents serve then."""
        try:
            return [hit.card for hit in await self._rooms.cards().search(words, limit=4)]
        except StorageError as error:
            log.info("no cards are searched: %s", error.what)
            return []

    async def _rules(self, errand: Errand) -> Answer:
        """Answer what a command does and whether it may run; without a command, which rules there are."""
        rooms = self._rooms
        command = command_in(errand.words, tokenize(errand.words), COMMANDS)
        if command:
            assessments = rooms.assessments()
            where = await assessments.whereabouts(errand.selector) if errand.selector else NOWHERE
            return answer_command(errand, await assessments.assess(command, where=where))
        if errand.kind is Intent.EXPLAIN:
            return answer_which_command(errand)
        packs = [pack.name for pack in (await rooms.compliance().rulebook()).packs]
        return answer_rules(errand, packs, len(await rooms.changes.list([ChangeState.PROPOSED])))

    async def _schedule(self, errand: Errand, now: float) -> Answer:
        """Read the longest part of a sentence that says a time."""
        for phrase in schedule_spans(errand.words):
            found = await self._rooms.schedules().read(phrase, now=datetime.fromtimestamp(now, UTC))
            if found.is_whole:  # a shorter part would leave out words that say when
                times = [f"{time:%a %Y-%m-%d %H:%M %Z}" for time in found.times]
                return answer_schedule(errand, found.english, times, found.question)
        return answer_schedule(errand, "", (), "When? As in: every day at 06:00, or tomorrow at 3 pm.")
