"""What an answer is of, for a script: the targets, how many, by group, over which time; of the query alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opsterm.assistant.alert_order import AlertOrder, meant_alerts
from opsterm.assistant.answers_fleet import choose_alerts, choose_targets
from opsterm.assistant.answers_measures import choose_ranked, targets_meant
from opsterm.assistant.errands import Errand
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.forecast_question import ForecastQuestion
from opsterm.assistant.queries import (
    AlertQuestion,
    AuditQuestion,
    ChangeQuestion,
    DetailQuestion,
    DiscoverRequest,
    FactQuestion,
    Greeting,
    HelpQuestion,
    HostQuestion,
    InventoryQuestion,
    KnowledgeQuestion,
    MetricQuestion,
    Query,
    RankingQuestion,
    RunRequest,
    TimeWindow,
)
from opsterm.assistant.reading import take_count, take_grouping
from opsterm.assistant.tokens import lows, tokenize
from opsterm.assistant.vocabulary import GROUPING_WORDS, NOUNS
from opsterm.assistant.wording import reworded
from opsterm.inventory.fleet import Grouping, group_rows
from opsterm.inventory.target import TargetRow
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Denotation:
    """What an answer is of.

    Attributes:
        kind: "list", "count", "group", "detail", "value", "series", "top", "proposal", "text" or "none".
        targets: their names, in the order of the inventory, of a ranking in its order.
        count: how many, None where nothing is counted.
        groups: how many by group; only where a division was asked for.
        window: the stretch of time that was asked for.
    """

    kind: str
    targets: tuple[str, ...] = ()
    count: int | None = None
    groups: Mapping[str, int] = field(default_factory=dict)
    window: TimeWindow | None = None


NOTHING = Denotation(kind="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a denotation is taken from.

    Attributes:
        rows: every target.
        samples: newest values of the series that the query is about.
        alerts: those that the query may choose from.
        now: epoch seconds.
    """

    rows: Sequence[TargetRow]
    samples: Sequence[Sample] = ()
    alerts: Sequence[Alert] = ()
    now: float


def denote(query: Query, text: str, known: Known) -> Denotation:
    """Return what the answer to a query is of.

    Args:
        query: what the sentence means.
        text: the sentence: it tells whether a number or a division was asked for in words.
        known: the state.
    """
    match query:
        case InventoryQuestion():
            return _inventory(query, text, known)
        case DetailQuestion():
            return Denotation(kind="detail", targets=(query.target,))
        case MetricQuestion():
            names = targets_meant(query.selector, known.rows)
            return Denotation(kind="series" if query.window else "value", targets=names, window=query.window)
        case RankingQuestion() | AlertQuestion() | ChangeQuestion() | AuditQuestion():
            tokens = reworded(tokenize(text))
            return _listed(query, known, counted=take_count(tokens)[0], why=lows(tokens)[:1] == ("why",))
        case FactQuestion() | RunRequest() | FixRequest() | DiscoverRequest() | HostQuestion() | Errand():
            names = targets_meant(query.selector, known.rows) if query.selector else ()
            kind = {FactQuestion: "detail", HostQuestion: "list", Errand: "text"}.get(type(query), "proposal")
            return Denotation(kind=kind, targets=names, count=len(names) if kind == "proposal" else None)
        case AlertOrder():
            chosen = meant_alerts(query, known.alerts, known.rows)[0]
            names = tuple(dict.fromkeys(alert.key.target for alert in chosen))
            return Denotation(kind="proposal", targets=names, count=len(chosen))
        case ForecastQuestion():
            return Denotation(kind="series", targets=targets_meant(query.selector, known.rows))
        case Greeting() | HelpQuestion() | KnowledgeQuestion():
            return Denotation(kind="text")
        case _:
            return NOTHING


def _listed(
    query: RankingQuestion | AlertQuestion | ChangeQuestion | AuditQuestion, known: Known, *, counted: bool, why: bool
) -> Denotation:
    kind = "count" if counted else "list"
    if isinstance(query, RankingQuestion):
        names = tuple(dict.fromkeys(sample.key.target for sample in choose_ranked(query, known.samples)))
        bounded = query.above is not None or query.below is not None
        return Denotation(kind=kind if bounded or counted else "top", targets=names, count=len(names))
    if isinstance(query, AlertQuestion):
        chosen = choose_alerts(query, known.alerts, known.rows)
        names = tuple(dict.fromkeys(alert.key.target for alert in chosen))
        if why:  # "why is web-07 in warning" is of web-07, whether or not an alert says why
            names = targets_meant(query.selector, known.rows)
        return Denotation(kind=kind, targets=names, count=len(chosen), window=query.window)
    return Denotation(kind=kind, window=query.window)


def _inventory(query: InventoryQuestion, text: str, known: Known) -> Denotation:
    chosen = choose_targets(query, known.rows, known.now)
    names = tuple(row.target.name for row in chosen)
    tokens = reworded(tokenize(text))
    said = {token.low for token in tokens}
    division = bool(said & set(GROUPING_WORDS)) and not said & NOUNS and not query.selector and not query.count
    counted = take_count(tokens)[0] and not query.count  # "how many groups are there in prod"
    said_so = (
        query.by is not Grouping.GROUP or take_grouping(tokens)[0] is not None or counted
    )  # lists are by group as it is
    divided = query.by is not Grouping.NONE and (said_so or division)
    groups = {group.name: group.counts.total for group in group_rows(chosen, query.by)} if divided else {}
    kind = "group" if divided else "count" if query.count else "list"
    return Denotation(kind=kind, targets=names, count=len(names), groups=groups, window=query.window)
