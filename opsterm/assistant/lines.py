"""Canonical lines read back: the strict half of the language, in which every query has one spelling."""

from __future__ import annotations

import re
from dataclasses import replace

from opsterm.assistant.alert_order import read_alert_line
from opsterm.assistant.api_calls import read_api_line
from opsterm.assistant.errands import Errand, read_errand_line
from opsterm.assistant.fix_request import FixRequest, read_fix_line
from opsterm.assistant.forecast_question import ForecastQuestion, read_forecast_line
from opsterm.assistant.queries import (
    AlertQuestion,
    AuditQuestion,
    ChangeQuestion,
    DetailQuestion,
    DiscoverRequest,
    ExplainQuestion,
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
from opsterm.assistant.query_words import Age, HostTopic, LastSeen, MetricBound, Statistic, TargetFact
from opsterm.assistant.targets import canonical
from opsterm.assistant.windows import window_from_words
from opsterm.assistant.world import World
from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput
from opsterm.inventory.fleet import Grouping
from opsterm.monitoring.metrics import pattern_fault

HELP_TOPICS = ("targets", "metrics", "alerts", "changes", "run", "knowledge", "keys", "selectors")
"""What `help` can be asked about."""

_METRIC = re.compile(
    r"metric (\S+) of (.+?) (now|over \S+|yesterday|today|since \S+|from \S+ to \S+)(?: (largest|smallest|mean))?"
)
_BOUNDS = r"(?: (?:above|at-least) (-?[\d.e+-]+))?(?: (?:below|at-most) (-?[\d.e+-]+))?"
_ALSO = r" with (\S+)" + _BOUNDS
_RANKING = re.compile(
    rf"(top|bottom) (\d{{1,4}}) by (\S+?){_BOUNDS}((?: with \S+(?: (?:above|below|at-least|at-most) -?[\d.e+-]+)+)*)"
    r"(?: of (.+))?"
)
_WINDOW = r"(?: (over \S+|yesterday|today|since \S+|from \S+ to \S+))?"
_TARGETS = re.compile(
    rf"(list|count) targets(?: (seen|not seen|never seen){_WINDOW})?(?: where (.+?))?(?: grouped by (\w+))?"
)
_FACT = re.compile(rf"show ({'|'.join(TargetFact)}) of (.+)")
_AUDIT = re.compile(rf"list audit{_WINDOW}")
_ALERTS = re.compile(
    r"(list|count) alerts(?: (newest|oldest))?(?: ([1-9]\d{0,3}))?"
    rf"(?: (critical|warning))?(?: (firing|acknowledged|silenced|resolved))?{_WINDOW}(?: on (.+))?"
)
_CHANGES = re.compile(rf"(list|count) changes(?: ({'|'.join(['waiting', *ChangeState])}))?(?: by (\S+))?{_WINDOW}")
_HOST = re.compile(
    r"look (?:(services|updates|security-updates|profile|ports|logged-in)"
    r"|(running|listening|needed-by|offering) ([^\s]{1,200}))(?: of (.+))?"
)
_DISCOVER = re.compile(r"discover services on (.+)")
_RUN = re.compile(r"run on (.+?) -- (.+)")
_EXPLAIN = re.compile(r"explain ([ac])(\d{1,15})")


def read_line(text: str, world: World) -> Query | None:
    """Return the query that a canonical line means, None when the text is not such a line.

    A `RunRequest` is returned whether or not its targets exist: the caller looks.
    """
    line = text.strip()
    for reader in (
        _simple,
        _targets,
        _fact,
        _metric,
        _ranking,
        _alerts,
        _changes,
        _audit,
        _host,
        _discover,
        _run,
        _explain,
        _fix,
        _forecast,
        _alert_order,
        _errand,
        read_api_line,
    ):
        try:
            query = reader(line, world)
        except (BadInput, ValueError, OverflowError):
            query = None
        if query is not None:
            return query
    return None


def _simple(line: str, world: World) -> Query | None:
    if line in ("hello", "thanks"):
        return Greeting(thanks=line == "thanks")
    if line == "help":
        return HelpQuestion()
    if line.startswith("help ") and line[5:] in HELP_TOPICS:
        return HelpQuestion(topic=line[5:])
    if line.startswith("show target ") and not line[12:].count(" ") and line[12:]:
        return DetailQuestion(target=line[12:])
    if line.startswith("look up ") and line[8:].strip():
        return KnowledgeQuestion(words=" ".join(line[8:].split()))
    return None


def _targets(line: str, world: World) -> Query | None:
    match = _TARGETS.fullmatch(line)
    if not match:
        return None
    seen, window = LastSeen(match[2] or ""), _window(match[3], world)
    if (seen in (LastSeen.WITHIN, LastSeen.NOT_WITHIN)) != (window is not None):
        return None
    by = Grouping(match[5]) if match[5] else Grouping.NONE
    return InventoryQuestion(
        selector=canonical(match[4] or ""), count=match[1] == "count", by=by, seen=seen, window=window
    )


def _fact(line: str, world: World) -> Query | None:
    match = _FACT.fullmatch(line)
    return FactQuestion(fact=TargetFact(match[1]), selector=canonical(match[2])) if match else None


def _metric(line: str, world: World) -> Query | None:
    match = _METRIC.fullmatch(line)
    if not match or any(pattern_fault(pattern) for pattern in match[1].split(",")):
        return None
    window = None if match[3] == "now" else window_from_words(match[3], world)
    if match[3] != "now" and window is None:
        return None
    return MetricQuestion(
        metrics=tuple(match[1].split(",")),
        selector=canonical(match[2]),
        window=window,
        statistic=Statistic(match[4] or ""),
    )


def _ranking(line: str, world: World) -> Query | None:
    match = _RANKING.fullmatch(line)
    if not match or pattern_fault(match[3]) or int(match[2]) < 1:
        return None
    bounded = re.fullmatch(_ALSO, " with " + line.partition(" by ")[2].partition(" with ")[0].partition(" of ")[0])
    own = _condition(bounded) if bounded else MetricBound(metric=match[3])
    return RankingQuestion(
        metric=match[3],
        selector=canonical(match[7] or ""),
        limit=int(match[2]),
        smallest=match[1] == "bottom",
        above=own.above, below=own.below, inclusive=own.inclusive,
        also=tuple(_condition(found) for found in re.finditer(_ALSO, match[6])),
    )  # fmt: skip


def _condition(found: re.Match[str]) -> MetricBound:
    """Return a condition from a match of a metric and its bounds."""
    return MetricBound(
        metric=found[1],
        above=float(found[2]) if found[2] else None,
        below=float(found[3]) if found[3] else None,
        inclusive=" at-least " in found[0] or " at-most " in found[0],
    )


def _window(words: str | None, world: World) -> TimeWindow | None:
    """Return a window, None for no words. Raises ValueError when the words are none."""
    window = window_from_words(words, world) if words else None
    if words and window is None:
        raise ValueError(words)
    return window


def _alerts(line: str, world: World) -> Query | None:
    match = _ALERTS.fullmatch(line)
    if not match:
        return None
    return AlertQuestion(
        selector=canonical(match[7] or ""),
        count=match[1] == "count",
        severity=match[4] or "",
        state=match[5] or "",
        window=_window(match[6], world),
        first=Age(match[2] or ""),
        limit=int(match[3] or 0),
    )


def _changes(line: str, world: World) -> Query | None:
    match = _CHANGES.fullmatch(line)
    if not match:
        return None
    return ChangeQuestion(
        state=match[2] or "", by=match[3] or "", window=_window(match[4], world), count=match[1] == "count"
    )


def _audit(line: str, world: World) -> Query | None:
    match = _AUDIT.fullmatch(line)
    return AuditQuestion(window=_window(match[1], world)) if match else None


def _host(line: str, world: World) -> Query | None:
    match = _HOST.fullmatch(line)
    if not match:
        return None
    return HostQuestion(
        topic=HostTopic(match[1] or match[2]), subject=match[3] or "", selector=canonical(match[4] or "")
    )


def _discover(line: str, world: World) -> Query | None:
    match = _DISCOVER.fullmatch(line)
    return DiscoverRequest(selector=canonical(match[1])) if match else None


def _run(line: str, world: World) -> Query | None:
    match = _RUN.fullmatch(line)
    return RunRequest(selector=canonical(match[1]), command=match[2].strip()) if match else None


def _explain(line: str, world: World) -> Query | None:
    match = _EXPLAIN.fullmatch(line)
    return ExplainQuestion(kind="alert" if match[1] == "a" else "change", number=int(match[2])) if match else None


def _errand(line: str, world: World) -> Query | None:
    found = read_errand_line(line)
    return Errand(kind=found[0], selector=canonical(found[1]), words=found[2]) if found else None


def _fix(line: str, world: World) -> Query | None:
    found = read_fix_line(line)
    if found is None:
        return None
    card, step, values, selector = found
    return FixRequest(card=card, step=step, values=values, selector=canonical(selector))


def _forecast(line: str, world: World) -> Query | None:
    found = read_forecast_line(line)
    if found is None:
        return None
    metrics, selector, within_h = found
    return ForecastQuestion(metrics=metrics, selector=canonical(selector), within_h=within_h)


def _alert_order(line: str, world: World) -> Query | None:
    found = read_alert_line(line)
    return replace(found, selector=canonical(found.selector)) if found else None
