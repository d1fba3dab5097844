"""Questions to the furnished fleet, with what their answers must be of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from opsterm.assistant.answers_measures import series_wanted, targets_meant
from opsterm.assistant.denotation import NOTHING, Denotation, Known, denote
from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Interpretation, Memory
from opsterm.assistant.queries import AlertQuestion, RankingQuestion
from opsterm.inventory.fleet import Grouping
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import TargetRow
from opsterm.monitoring.sample import Sample
from tests.assistant.exam.fleet import NOW, OFFSET_S, rows, samples, world

FILE = Path(__file__).parents[1] / "cases" / "questions.txt"
WORLD, ROWS, SAMPLES = world(), rows(), samples()


@dataclass(frozen=True, slots=True)
class Case:
    """A question, what was said before it, and what is wanted."""

    text: str
    before: str
    wanted: tuple[str, ...]


def cases() -> tuple[Case, ...]:
    """Return every question."""
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            said, _, wanted = line.partition(" => ")
            text, _, before = said.partition(" << ")
            found.append(Case(text, before, tuple(part.strip() for part in wanted.split(";"))))
    return tuple(found)


def read(case: Case) -> tuple[Interpretation, Denotation]:
    """Return what a question is read as, and what its answer is of."""
    memory = Memory().after(interpret(case.before, WORLD), NOW) if case.before else Memory()
    found = interpret(case.text, WORLD, memory)
    if found.query is None:
        return found, NOTHING
    chosen: tuple[Sample, ...] = ()
    if isinstance(found.query, RankingQuestion):
        wanted = set(series_wanted(found.query, ROWS, WORLD.series))
        chosen = tuple(sample for sample in SAMPLES if sample.key in wanted)
    return found, denote(found.query, case.text, Known(rows=ROWS, samples=chosen, now=NOW))


def verdict(case: Case) -> str:
    """Return "right", "asked" for a question back, or "wrong"."""
    found, meant = read(case)
    allowed = case.wanted[0]
    if found.query is None:
        return "right" if allowed.startswith("asked") else "asked"
    if allowed in ("none", "asked or none"):
        return "right" if not meant.targets else "wrong"
    if allowed == "asked":
        return "wrong"
    if isinstance(found.query, AlertQuestion):  # no alert is open in this fleet: its targets are those it may choose
        meant = replace(meant, targets=targets_meant(found.query.selector, ROWS))
    if allowed.startswith("ranked: "):
        return "right" if list(meant.targets) == allowed[8:].split(",") else "wrong"
    return "right" if _fits(case, meant) else "wrong"


def _fits(case: Case, meant: Denotation) -> bool:
    chosen = parse_selector("" if case.wanted[0] == "all" else case.wanted[0]).select(ROWS)
    fits = sorted(meant.targets) == sorted(row.target.name for row in chosen)
    for more in case.wanted[1:]:
        if more == "count":
            fits = fits and meant.kind == "count" and meant.count == len(chosen)
        elif more.startswith("by: "):
            fits = fits and meant.kind == "group" and dict(meant.groups) == _counted(chosen, Grouping(more[4:]))
        else:
            start, end = more.removeprefix("window: ").split()
            window = meant.window
            fits = fits and window is not None and (_local(window.start), _local(window.end)) == (start, end)
    return fits and (meant.window is None or any(more.startswith("window") for more in case.wanted[1:]) or _seen(case))


def _seen(case: Case) -> bool:
    return "seen" in case.text


def _counted(chosen: tuple[TargetRow, ...], by: Grouping) -> Mapping[str, int]:
    return Counter(value for row in chosen for value in _values(row, by))


def _values(row: TargetRow, by: Grouping) -> tuple[str, ...]:
    target = row.target
    return {
        Grouping.SITE: (target.site,), Grouping.OS: (target.os,), Grouping.ENVIRONMENT: (target.environment,),
        Grouping.STATUS: (row.status.value,), Grouping.GROUP: target.groups or ("",),
        Grouping.TAG: target.tags or ("",),
    }[by]  # fmt: skip


def _local(at: float) -> str:
    return datetime.fromtimestamp(at + OFFSET_S, UTC).strftime("%Y-%m-%dT%H:%M")
