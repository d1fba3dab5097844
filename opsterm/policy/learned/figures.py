"""How well a model does on outcomes that it has not seen, beside what needs no model; and whether that is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LEAST_OWN = 100
LEAST_BAD = 20
"""Own outcomes, and those of them that did not end well, from which on it may speak."""

LEAST_SHAPES = 10
"""Shapes of commands: with fewer there is nothing to tell apart."""

MARGIN = 0.05
"""By so much the average precision has to be above the better of the two baselines."""

SURE = 0.95
"""Share of the resamples of shapes in which it has to be above it at all."""

LEAST_FLAGGED = 10
LEAST_PRECISION = 0.5
"""Of at least so many that it would have raised, so many did not end well."""

BINS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How good estimates are.

    Attributes:
        average_precision: the mean of precision over recall, 1 at best; the base rate for guesses.
        brier: mean squared error, 0 at best.
    """

    average_precision: float
    brier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin:
    """Estimates between two bounds, and what became of them.

    Attributes:
        low: lower bound.
        high: upper bound.
        count: estimates.
        estimated: their mean.
        observed: share that did not end well.
    """

    low: float
    high: float
    count: int
    estimated: float
    observed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What cross-validation by the shape of commands told. Nothing in it is of an outcome that was trained on.

    Attributes:
        own: own outcomes.
        bad: those that did not end well.
        ends: word of PastEnd -> own outcomes.
        shapes: shapes of commands among them.
        shipped: cases that ship.
        model: its marks; None when there was too little to cross-validate.
        base_rate: those of the mean outcome.
        level: those of the share that each grade had.
        flagged: outcomes that would have been raised, by thresholds that were chosen without them.
        hits: those of them that did not end well.
        calibration: estimates by fifths, without empty ones.
        sure: share of the resamples of shapes in which the model is above the better baseline.
    """

    own: int
    bad: int
    ends: Mapping[str, int]
    shapes: int
    shipped: int
    model: Marks | None = None
    base_rate: Marks | None = None
    level: Marks | None = None
    flagged: int = 0
    hits: int = 0
    calibration: tuple[CalibrationBin, ...] = field(default=())
    sure: float = 0.0

    @property
    def precision(self) -> float | None:
        """Of those that would have been raised, the share that did not end well; None when there were none."""
        return self.hits / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """Of those that did not end well, the share that would have been raised; None when there were none."""
        return self.hits / self.bad if self.bad else None

    @property
    def calibration_error(self) -> float | None:
        """Mean distance of estimate and share over the bins, by their counts; None when there are none."""
        total = sum(one.count for one in self.calibration)
        if not total:
            return None
        return sum(one.count * abs(one.estimated - one.observed) for one in self.calibration) / total

    @property
    def margin(self) -> float | None:
        """By how much the average precision is above the better baseline; None when nothing was validated."""
        if self.model is None or self.base_rate is None or self.level is None:
            return None
        best = max(self.base_rate.average_precision, self.level.average_precision)
        return self.model.average_precision - best


def why_not_good_enough(figures: Figures) -> str:
    """Return a sentence that says why a model of these figures has to be silent, "" when it may speak."""
    for value, least, what in (
        (figures.own, LEAST_OWN, "outcomes of your own changes"),
        (figures.bad, LEAST_BAD, "your own changes that did not end well"),
        (figures.shapes, LEAST_SHAPES, "different commands"),
    ):
        if value < least:
            return f"Of {what} it has seen {value}, and speaks from {least} on."
    margin = figures.margin
    if margin is None or figures.model is None or figures.base_rate is None or figures.level is None:
        return "There was too little of one kind to try it on commands that it had not seen."
    if margin < MARGIN:
        return (
            f"On commands that it had not seen its average precision is {figures.model.average_precision:.2f}: "
            f"{margin:+.2f} against the better baseline, and it speaks from +{MARGIN:.2f} on."
        )
    if figures.sure < SURE:
        return (
            f"It is above the better baseline in {figures.sure:.0%} of the resamples of your commands only, and speaks "
            f"from {SURE:.0%} on."
        )
    if figures.model.brier >= min(figures.base_rate.brier, figures.level.brier):
        return "Its estimates are further from what became of your changes than those of a baseline."
    if figures.flagged < LEAST_FLAGGED:
        return f"It would have raised {figures.flagged} of your changes, and speaks from {LEAST_FLAGGED} on."
    if figures.hits / figures.flagged < LEAST_PRECISION:
        return (
            f"Of {figures.flagged} that it would have raised {figures.hits} did not end well; it speaks when that is "
            f"{LEAST_PRECISION:.0%} or more."
        )
    return ""


def average_precision(estimates: Sequence[float], bad: Sequence[bool]) -> float:
    """Return the mean of the precision over the steps of recall, highest estimates first; equal ones are one step.

    The same figure as scikit-learn's, whose checks of its input take a hundred times as long for a few hundred numbers.

    Args:
        estimates: any numbers.
        bad: whether each did not end well; at least one.
    """
    total, hits, stepped = 0.0, 0, 0
    pairs = sorted(zip(estimates, bad, strict=True), reverse=True)
    for number, (one, missed) in enumerate(pairs, 1):
        hits += missed
        if number == len(pairs) or pairs[number][0] != one:
            total += (hits - stepped) * hits / number
            stepped = hits
    return total / hits


def calibration_of(estimates: Sequence[float], bad: Sequence[bool]) -> tuple[CalibrationBin, ...]:
    """Return what became of estimates by fifths, without empty ones.

    Args:
        estimates: from 0 to 1.
        bad: whether each did not end well.
    """
    found = []
    for number in range(BINS):
        inside = [(p, b) for p, b in zip(estimates, bad, strict=True) if min(int(p * BINS), BINS - 1) == number]
        if inside:
            found.append(
                CalibrationBin(
                    low=number / BINS, high=(number + 1) / BINS, count=len(inside),
                    estimated=sum(p for p, _ in inside) / len(inside), observed=sum(b for _, b in inside) / len(inside),
                )
            )  # fmt: skip
    return tuple(found)
