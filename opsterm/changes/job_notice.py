"""When somebody is told of what a job found, and the rows that are the reason."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from opsterm.changes.job_results import ResultRow
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

USED = "used_percent"
FREE = "free_percent"
_PERCENTS = (
    "used_percent", "use_percent", "percent_used", "usedpercent", "percentused", "used_pct", "pct_used", "usage",
    "use", "pcent", "percent", "pct", "value",
)  # fmt: skip
_FREES = ("free_percent", "percent_free", "freepercent", "percentfree", "free_pct", "pct_free", "available_percent")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_WORDS = {">": "over", ">=": "at least", "<": "under", "<=": "at most"}


class JobCause(StrEnum):
    """What somebody is told of."""

    ALWAYS = "always"
    FIGURES = "figures"
    FAILURE = "failure"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNotice:
    """When somebody is told, and who.

    Attributes:
        occasion: of what.
        field: of FIGURES, which field of the rows; USED and FREE are found under their usual names as well.
        compare: of FIGURES, one of > >= < <=.
        value: of FIGURES.
        to: mail addresses; () for an alert alone.
    """

    occasion: JobCause = JobCause.ALWAYS
    field: str = ""
    compare: str = ">"
    value: float = 0.0
    to: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """When and who, in words."""
        shown = f"{self.value:g}{' %' if self.field in (USED, FREE) else ''}"
        when = {
            JobCause.ALWAYS: "After each run",
            JobCause.FIGURES: f"When {self.field.replace('_', ' ')} is {_WORDS[self.compare]} {shown}, or it fails",
            JobCause.FAILURE: "When it fails",
            JobCause.DIFFERENCE: "When it prints something else than the run before, or fails",
        }[self.occasion]
        alert = "" if self.occasion is JobCause.ALWAYS else "an alert"
        mail = f"a mail to {', '.join(self.to)}" if self.to else ""
        return f"{when}: {' and '.join(filter(None, (alert, mail))) or 'nothing more'}."


def notice_body(notice: JobNotice) -> dict[str, object]:
    """Return a notice as JSON has it."""
    return asdict(notice)


def notice_of(body: Mapping[str, object]) -> JobNotice:
    """Return the notice of `notice_body`."""
    to = body["to"]
    value = body["value"]
    assert isinstance(to, list | tuple)  # noqa: S101 (we wrote it)
    assert isinstance(value, int | float)  # noqa: S101 (we wrote it)
    return JobNotice(
        occasion=JobCause(str(body["occasion"])), field=str(body["field"]), compare=str(body["compare"]),
        value=float(value), to=tuple(str(one) for one in to),
    )  # fmt: skip


_WRITTEN = re.compile(r"([a-z][a-z0-9_.]*)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*%?")


def parse_notice(text: str) -> JobNotice:
    """Return the notice of "used_percent > 85", "failure", "change" or "always". Raises BadInput."""
    words = {"failure": JobCause.FAILURE, "change": JobCause.DIFFERENCE, "always": JobCause.ALWAYS}
    found = words.get(text.strip().lower())
    if found is not None:
        return JobNotice(occasion=found)
    match = _WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        raise BadInput(
            f"{clean_line(text, limit=60)!r} does not say when to tell.",
            next_step=f"Write it as in '{USED} > 85', or {', '.join(words)}.",
        )
    return JobNotice(occasion=JobCause.FIGURES, field=match[1], compare=match[2], value=float(match[3]))


def figure_of(row: ResultRow, field: str) -> float | None:
    """Return the figure of a row that a notice is about; None when it has none."""
    if field in (USED, FREE):
        first, other = (_PERCENTS, _FREES) if field == USED else (_FREES, _PERCENTS[:8])
        for names, turned in ((first, False), (other, True)):
            for name in names:
                found = row.number(name)
                if found is not None:
                    return 100.0 - found if turned else found
        return None
    return row.number(field)


def met_by(notice: JobNotice, rows: Sequence[ResultRow]) -> Sequence[tuple[str, float]] | None:
    """Return (item, figure) of the rows that meet a notice about figures; None when no row has such a figure."""
    figures = [(row.item, found) for row in rows if (found := figure_of(row, notice.field)) is not None]
    if not figures:
        return None
    return [one for one in figures if _COMPARE[notice.compare](one[1], notice.value)]


def figure_text(notice: JobNotice, item: str, figure: float) -> str:
    """Return a row that meets a notice: "C: 91.4 %"."""
    unit = " %" if notice.field in (USED, FREE) else ""
    shown = f"{figure:.1f}".rstrip("0").rstrip(".")
    return " ".join(filter(None, (item, f"{shown}{unit}" if unit else f"{notice.field} {shown}")))
