"""Use-cases of the audit: who did what, when, why, with which result, and the proof that it was not changed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from opsterm.core.clock import Clock
from opsterm.core.errors import Refused
from opsterm.core.events import Fact, body_to_json
from opsterm.core.secret import Secret
from opsterm.core.units import age_text
from opsterm.policy.audit import AuditRow, row
from opsterm.policy.audit_entry import fact_of
from opsterm.policy.chain import ChainVerdict, Checkpoint
from opsterm.runtime.checkpoints import Checkpoints, PlaceState
from opsterm.runtime.events import AuditKeyTaken
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_audit import ChainHead, ChainStore
from opsterm.runtime.refusals import record_refusal

LOOKED_THROUGH = 500_000
"""Entries that are looked through at most, newest first: about five seconds."""

PAGE = 1000
EXPORT_PAGE = 2000
NEWER_THAN_ALL = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """What is looked for; what is empty counts for nothing.

    Attributes:
        correlation_id: what belongs to this, as in "c18".
        text: what the row or a field has, in any case of letters.
        target: a target's name, or a pattern with * and ?.
        by: who did it.
        kind: the written kind, or a pattern; then kinds that are not listed as a rule are as well.
        since: epoch seconds.
        until: epoch seconds, 0 for now.
        limit: how many at most, the newest.
    """

    correlation_id: str = ""
    text: str = ""
    target: str = ""
    by: str = ""
    kind: str = ""
    since: float = 0.0
    until: float = 0.0
    limit: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditStatus:
    """How it stands with the chain.

    Attributes:
        head: how it ends, None when nothing was entered yet.
        places: where checkpoints are left.
        now: epoch seconds.
    """

    head: ChainHead | None
    places: Sequence[PlaceState]
    now: float

    @property
    def checkpoint_age_s(self) -> float | None:
        """Seconds since the newest checkpoint was left anywhere, None for never."""
        newest = max((state.at for state in self.places), default=0.0)
        return self.now - newest if newest else None


class Audit:
    """Reads the chain; there is nothing in the audit that is not in it."""

    def __init__(self, chain: ChainStore, ledger: Ledger, clock: Clock, checkpoints: Checkpoints) -> None:
        self.checkpoints = checkpoints
        self._chain = chain
        self._ledger = ledger
        self._clock = clock

    async def rows(self, *, correlation_id: str = "", since: float = 0.0, limit: int = 200) -> Sequence[AuditRow]:
        """Return the newest audited facts as rows, oldest first.

        Args:
            correlation_id: only what belongs to this, as in "c18".
            since: epoch seconds.
            limit: how many at most.
        """
        return await self.search(AuditSearch(correlation_id=correlation_id, since=since, limit=limit))

    async def search(self, question: AuditSearch) -> Sequence[AuditRow]:
        """Return the newest rows that a question asks for, oldest first; at most LOOKED_THROUGH are looked through."""
        found: list[AuditRow] = []
        before, seen, needles = NEWER_THAN_ALL, 0, _needles(question)
        while len(found) < question.limit and seen < LOOKED_THROUGH:
            page = await self._chain.search(needles, before=before, limit=PAGE)
            for number, body in page:
                before = number
                fitting = _fitting(question, body)
                if fitting is not None and len(found) < question.limit:
                    found.append(fitting)
            seen += len(page)
            if len(page) < PAGE:
                break
        return found[::-1]

    async def verify(self, *, keys: Sequence[bytes] = (), checkpoints: Sequence[Checkpoint] = ()) -> ChainVerdict:
        """Follow the chain of the database; see `policy.chain.verify`. About 10 µs an entry."""
        return await self._chain.verify(keys=keys, checkpoints=checkpoints)

    async def status(self) -> AuditStatus:
        """Return how the chain ends and how it stands with its checkpoints. Cheap: follows nothing."""
        return AuditStatus(
            head=await self._chain.head(), places=await self.checkpoints.states(), now=self._clock.now()
        )  # fmt: skip

    async def export(self) -> AsyncIterator[str]:
        """Yield the whole chain as lines that `policy.chain` verifies."""
        after = 0
        while lines := await self._chain.lines(after, EXPORT_PAGE):
            for line in lines:
                yield line
            after += len(lines)

    async def refused(self, action: str, error: Refused, *, change: int = 0) -> None:
        """Enter what a face refused by itself; see `refusals.record_refusal`."""
        await record_refusal(self._ledger, action, error, change=change)

    async def take_first_key(self) -> Secret:
        """Hand out the first key of the chain, once; it is kept here no more, and that is entered.

        Raises:
            NotFound: it was taken, or there is none yet.
            StorageError: nothing can be written now; then nothing was taken.
        """
        name = await self._chain.first_key_id()
        await self._ledger.record(self._ledger.fact(AuditKeyTaken(key=name)))  # first: who takes it is in the chain
        return await self._chain.take_first_key()


def checkpoints_text(status: AuditStatus) -> str:
    """Return in a few words how old the newest checkpoint is."""
    age_s = status.checkpoint_age_s
    if age_s is not None:
        return f"last checkpoint {age_text(age_s)} ago"
    return "no checkpoint yet" if status.places else "no checkpoints are left anywhere"


def _needles(question: AuditSearch) -> Sequence[str]:
    """Return pieces of JSON that an entry must hold, so that the database can leave out most of the others."""
    found = []
    if question.correlation_id:
        found.append(f'"correlation":{json.dumps(question.correlation_id)}')
    if question.by:
        found.append(f'"by":{json.dumps(question.by)}')
    if question.kind and not _is_pattern(question.kind):
        found.append(f'"kind":{json.dumps(question.kind)}')
    if question.target and not _is_pattern(question.target):
        found.append(json.dumps(question.target))
    return found


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _fitting(question: AuditSearch, body: str) -> AuditRow | None:
    """Return the row of an entry if it is asked for."""
    try:
        fact = fact_of(body)
    except (ValueError, TypeError, KeyError):  # `verify` says what is wrong with it
        return None
    made = row(fact, any_kind=bool(question.kind))
    if made is None or not question.since <= fact.at <= (question.until or float("inf")):
        return None
    if question.correlation_id and fact.correlation_id != question.correlation_id:
        return None
    if question.by and fact.by != question.by:
        return None
    if question.kind and not fnmatchcase(made.kind, question.kind):
        return None
    if question.target and not any(fnmatchcase(name, question.target) for name in _targets(fact)):
        return None
    if question.text and question.text.casefold() not in _said(made, fact):
        return None
    return made


def _targets(fact: Fact) -> Sequence[str]:
    told = json.loads(body_to_json(fact.event))
    several = told.get("targets")
    return [str(told.get("target", "")), *(str(name) for name in (several if isinstance(several, list) else ()))]


def _said(made: AuditRow, fact: Fact) -> str:
    fields = json.loads(body_to_json(fact.event))
    return "\n".join([made.what, made.subject, made.why, made.result, *map(str, fields.values())]).casefold()
