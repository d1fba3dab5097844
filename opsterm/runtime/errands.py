"""Use-case of wishes that are not one question: looks up what there is for them, and changes nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from opsterm.assistant.answer import Answer, Block
from opsterm.assistant.answers_automations import answer_automation
from opsterm.assistant.answers_cards import answer_cards
from opsterm.assistant.answers_errands import (
    WRONG,
    answer_command,
    answer_rules,
    answer_trouble,
    answer_way_back,
    answer_which_command,
    open_there,
)
from opsterm.assistant.answers_fleet import answer_proposal
from opsterm.assistant.answers_scripts import answer_lines_of, answer_no_task, answer_review, answer_written
from opsterm.assistant.answers_talk import answer_knowledge
from opsterm.assistant.answers_trouble import fixes_offered, incidents_told, looks_told, signs_told
from opsterm.assistant.automation_wish import read_automation
from opsterm.assistant.errands import Errand, command_in
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.incidents import like
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.orders import COMMANDS
from opsterm.assistant.queries import KnowledgeQuestion
from opsterm.assistant.scripts.pasted import asks_for_lines, language_of
from opsterm.assistant.scripts.wish import language_in
from opsterm.assistant.tokens import tokenize
from opsterm.changes.change import ChangeState
from opsterm.changes.way_back.prepared import may_be_taken_back
from opsterm.core.errors import NotFound, StorageError
from opsterm.knowledge.card import CardKind
from opsterm.knowledge.card_file import write_cards
from opsterm.knowledge.error_signs import signs_of
from opsterm.knowledge.search import Hit, KnowledgeBase
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.assessments import NOWHERE, Assessments
from opsterm.runtime.automations import Automations
from opsterm.runtime.changes import Changes
from opsterm.runtime.compliance import Compliance
from opsterm.runtime.fixes import Fixes
from opsterm.runtime.job_wishes import JobWishes
from opsterm.runtime.knowledge import CardHit, Knowledge
from opsterm.runtime.ports_knowledge import CardFilter
from opsterm.runtime.recovery import Recovery
from opsterm.runtime.said_back import SaidBack
from opsterm.runtime.scripts import Scripts

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
    scripts: Callable[[], Scripts]
    knowledge: Callable[[], Awaitable[KnowledgeBase]]
    cards: Callable[[], Knowledge]
    fixes: Callable[[], Fixes]
    wishes: Callable[[], JobWishes]
    said_back: SaidBack
    automations: Callable[[], Automations]


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
                return await self._script(errand)
            case Intent.SCHEDULE:
                return await rooms.wishes().answer(errand.words, errand.line, now)
            case Intent.TROUBLESHOOT:
                return await self._trouble(errand, now)
            case Intent.ROLLBACK:
                kept = await rooms.changes.list(limit=LOOKED_THROUGH)
                points = await rooms.recovery().points(errand.selector)
                newest = sorted(points, key=lambda one: -one.taken_at)
                return answer_way_back(errand, newest, [one for one in kept if may_be_taken_back(one)], now)
            case _:
                return await self._rules(errand)

    async def jobs(self) -> Sequence[str]:
        """Return each job by schedule in one text."""
        return await self._rooms.wishes().texts()

    async def confirmed(self, text: str) -> Answer | None:
        """Do what was said back, when this is a yes to it; None when it is another sentence."""
        return await self._rooms.said_back.confirmed(text)

    def drop_waiting(self) -> None:
        """Let nothing wait for a yes any more."""
        self._rooms.said_back.drop()

    async def know(self, question: KnowledgeQuestion, now: float) -> Answer:
        """Answer from the cards, and from the documents where no card speaks of it; `now` in epoch seconds."""
        hits = (await self._documents()).search(question.words, limit=3)
        cards = await self._cards(question.words)
        if not cards:
            return answer_knowledge(question, hits)
        return await self._from_cards(question.line, question.words, cards, hits, now)

    async def _trouble(self, errand: Errand, now: float) -> Answer:
        """Answer a symptom or a pasted error: what it is, what is open there, causes, looks, fixes, what was before."""
        names = set(errand.selector.split(" or "))
        alerts = [one.summary for one in self._rooms.alerts.feed() if one.key.target in names]
        hits = (await self._documents()).search(errand.subject, limit=5)
        cards = await self._cards(errand.subject, errand.selector)
        if not cards:
            return answer_trouble(errand, hits, alerts)
        return await self._from_cards(
            errand.line, errand.words, cards, hits, now, selector=errand.selector, before=open_there(alerts)
        )

    async def _from_cards(
        self, line: str, words: str, cards: Sequence[CardHit], hits: Sequence[Hit], now: float, *,
        selector: str = "", before: Sequence[Block] = (),
    ) -> Answer:  # fmt: skip
        rooms, best = self._rooms, cards[0].card
        if best.kind is CardKind.CONCEPT:
            return answer_cards(line, [hit.card for hit in cards], hits, before=before)
        places = await rooms.fixes().places(selector)
        names = selector.split(" or ") if selector else ()
        past = like(
            words, await rooms.alerts.recent(LOOKED_THROUGH), await rooms.changes.list(limit=LOOKED_THROUGH),
            targets=names,
        )  # fmt: skip
        return answer_cards(
            line, [hit.card for hit in cards], hits, before=[*signs_told(signs_of(words)), *before],
            after=[*looks_told(best, selector, words), *incidents_told(past, now)],
            follow_ups=[*fixes_offered(best, selector, words), WRONG],
            records={hit.card.id: text for hit in cards if (text := hit.record.text(places))},
        )  # fmt: skip

    async def propose_fix(self, asked: FixRequest, now: float, origin: str) -> Answer:
        """Record the change that a step of a card becomes. Raises as `Fixes.propose`."""
        change = await self._rooms.fixes().propose(
            asked.card, asked.step, selector=asked.selector, values=dict(asked.values), origin=origin
        )
        return answer_proposal(asked, change, now)

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

    async def _cards(self, words: str, selector: str = "") -> Sequence[CardHit]:
        """Return the cards that answer; none where their index can be neither read nor made: documents serve then."""
        try:
            places = await self._rooms.fixes().places(selector)
            only = CardFilter(systems={place.system for place in places})
            return await self._rooms.cards().search(words, only=only, limit=4, places=places)
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

    async def _script(self, errand: Errand) -> Answer:
        """Look at the script that came with the words, or write the one that is wished for."""
        scripts = self._rooms.scripts()
        automation = None if errand.text else read_automation(errand.words)
        if automation is not None:
            return answer_automation(errand, await self._rooms.automations().plan(automation))
        if errand.text:
            language = language_in(errand.words) or language_of(errand.text)
            if asks_for_lines(errand.words):
                lines = await scripts.explain(errand.text, language)
                return answer_lines_of(errand, language, lines, await scripts.assess(errand.text, language))
            found = await scripts.review(errand.text, language)
            reports = [(one.tool, one.ran, one.faults) for one in found.reports]
            return answer_review(errand, language, reports, runs=found.runs, found=found.assessment)
        wish = await scripts.wish(errand.words)
        tasks = await scripts.tasks()
        if not wish.task or wish.question or wish.language is None:
            kept = [one for one in await scripts.kept() if one.name in errand.words.split()]
            return answer_no_task(errand, wish, [tasks[one] for one in wish.near], kept)
        written = await scripts.write(
            wish.task, wish.language, wish.values, limit_s=wish.limit_s, only_check=wish.only_check
        )
        return answer_written(errand, written, wish.notes, await scripts.assess(written.text, written.language))
