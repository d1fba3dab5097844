"""Canonical lines read back: the strict half of the language, in which every query has one spelling."""

from __future__ import annotations

import re

from opsterm.assistant.queries import (
    AlertQuestion,
    ChangeQuestion,
    DetailQuestion,
    ExplainQuestion,
    Greeting,
    HelpQuestion,
    InventoryQuestion,
    KnowledgeQuestion,
    MetricQuestion,
    Query,
    RankingQuestion,
    RunRequest,
    Statistic,
    TimeWindow,
)
from opsterm.assistant.targets import canonical
from opsterm.assistant.windows import window_from_words
from opsterm.assistant.world import World
from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput
from opsterm.inventory.fleet import Grouping
from opsterm.monitoring.metrics import pattern_fault

HELP_TOPICS = ("targets", "metrics", "alerts", "changes", "run", "knowledge", "keys", "selectors")
"""What `help` can be asked about."""

_TARGETS = re.compile(r"(list|count) targets(?: where (.+?))?(?: grouped by (\w+))?")
_METRIC = re.compile(
    r"metric (\S+) of (.+?) (now|over \S+|yesterday|today|since \S+|from \S+ to \S+)(?: (largest|smallest|mean))?"
)
_RANKING = re.compile(
    r"(top|bottom) (\d{1,4}) by (\S+?)(?: above (-?[\d.e+-]+))?(?: below (-?[\d.e+-]+))?(?: of (.+))?"
)
_WINDOW = r"(?: (over \S+|yesterday|today|since \S+|from \S+ to \S+))?"
_ALERTS = re.compile(
    rf"(list|count) alerts(?: (critical|warning))?(?: (firing|acknowledged|silenced|resolved))?{_WINDOW}(?: on (.+))?"
)
_CHANGES = re.compile(rf"(list|count) changes(?: ({'|'.join(['waiting', *ChangeState])}))?(?: by (\S+))?{_WINDOW}")
_RUN = re.compile(r"run on (.+?) -- (.+)")
_EXPLAIN = re.compile(r"explain ([ac])(\d{1,15})")


def read_line(text: str, world: World) -> Query | None:
    """Return the query that a canonical line means, None when the text is not such a line.

    A `RunRequest` is returned whether or not its targets exist: the caller looks.
    """
    line = text.strip()
    for reader in (_simple, _targets, _metric, _ranking, _alerts, _changes, _run, _explain):
        try:
            query = reader(line, world)
        except (BadInput, ValueError, OverflowError):
            query = None
        if query is not None:
            return query
    return None


def _simple(line: str, world: World) -> Query | None:
    if line == "hello":
        return Greeting()
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
    by = Grouping(match[3]) if match[3] else Grouping.NONE
    return InventoryQuestion(selector=canonical(match[2] or ""), count=match[1] == "count", by=by)


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
    return RankingQuestion(
        metric=match[3],
        selector=canonical(match[6] or ""),
        limit=int(match[2]),
        smallest=match[1] == "bottom",
        above=float(match[4]) if match[4] else None,
        below=float(match[5]) if match[5] else None,
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
        selector=canonical(match[5] or ""),
        count=match[1] == "count",
        severity=match[2] or "",
        state=match[3] or "",
        window=_window(match[4], world),
    )


def _changes(line: str, world: World) -> Query | None:
    match = _CHANGES.fullmatch(line)
    if not match:
        return None
    return ChangeQuestion(
        state=match[2] or "", by=match[3] or "", window=_window(match[4], world), count=match[1] == "count"
    )


def _run(line: str, world: World) -> Query | None:
    match = _RUN.fullmatch(line)
    return RunRequest(selector=canonical(match[1]), command=match[2].strip()) if match else None


def _explain(line: str, world: World) -> Query | None:
    match = _EXPLAIN.fullmatch(line)
    return ExplainQuestion(kind="alert" if match[1] == "a" else "change", number=int(match[2])) if match else None
