"""What a sentence was read as, and the bounded memory that lets the next one refer to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.forecast_question import ForecastQuestion
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.queries import (
    AlertQuestion,
    DetailQuestion,
    DiscoverRequest,
    FactQuestion,
    HostQuestion,
    InventoryQuestion,
    MetricQuestion,
    Query,
    RankingQuestion,
    RunRequest,
)
from opsterm.assistant.query_words import LastSeen

MEMORY_TURNS = 3
"""Turns after which nothing refers back."""

MEMORY_S = 900.0
"""Seconds after which nothing refers back."""


class Confidence(StrEnum):
    """How sure the reading is."""

    EXACT = "exactly this line"
    CERTAIN = "every word was understood"
    ASSUMED = "understood with an assumption"
    NONE = "not understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What a sentence was read as.

    Attributes:
        intent: what kind of thing it wants.
        query: what it means; None when it was not understood or something must be asked first.
        confidence: how sure the reading is.
        notes: what was assumed, sentences.
        question: what is asked back, "" for nothing.
        unknown: words that were not understood.
        alternatives: canonical lines of the nearest things that can be done; any of them may be sent as it is.
    """

    intent: Intent
    query: Query | None = None
    confidence: Confidence = Confidence.NONE
    notes: tuple[str, ...] = ()
    question: str = ""
    unknown: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The canonical line, "" when there is no query. Interpreting it gives an equal query."""
        return self.query.line if self.query else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One understood sentence.

    Attributes:
        query: what it meant.
        at: epoch seconds.
    """

    query: Query
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The newest understood turns, oldest first; at most MEMORY_TURNS. Immutable: `after` makes the next one."""

    turns: tuple[Exchange, ...] = ()

    def after(self, interpretation: Interpretation, now: float) -> Memory:
        """Return the memory with one more turn. A sentence that was not understood is not remembered."""
        if interpretation.query is None:
            return self
        return Memory(turns=(*self.turns, Exchange(query=interpretation.query, at=now))[-MEMORY_TURNS:])

    def recent(self, now: float) -> tuple[Query, ...]:
        """Return what may still be referred to, newest first."""
        return tuple(turn.query for turn in reversed(self.turns) if 0 <= now - turn.at <= MEMORY_S)

    def selector(self, now: float) -> str | None:
        """Return the targets that were last spoken of, None when there are none; "" is every target.

        None as well when they were chosen by when they were seen: a selector cannot say that, and to take more targets
        or older ones instead would be a guess.
        """
        for query in self.recent(now):
            if isinstance(query, InventoryQuestion) and query.seen is not LastSeen.ANY:
                return None
            if (selector := selector_of(query)) is not None:
                return selector
        return None

    def command(self, now: float) -> str:
        """Return the command that was last spoken of, "" when there is none."""
        return next((q.command for q in self.recent(now) if isinstance(q, RunRequest)), "")


def selector_of(query: Query) -> str | None:
    """Return the selector of a query's targets, None when it speaks of no targets."""
    if isinstance(
        query,
        InventoryQuestion
        | FactQuestion
        | MetricQuestion
        | RankingQuestion
        | AlertQuestion
        | RunRequest
        | FixRequest
        | DiscoverRequest
        | ForecastQuestion,
    ):
        return query.selector
    if isinstance(query, HostQuestion):
        return query.selector or None  # "who runs nginx" speaks of no targets that could be pointed at
    return query.target if isinstance(query, DetailQuestion) else None
