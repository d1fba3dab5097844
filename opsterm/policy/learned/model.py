"""A model of what does not end well, and the one thing that it can say: that a grade is to be raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from opsterm.policy.context import LearnedRaise
from opsterm.policy.learned.figures import Figures, why_not_good_enough
from opsterm.policy.learned.lesson import PastEnd
from opsterm.policy.learned.traits import TRAITS, Situation, shape_of, traits_of
from opsterm.policy.understanding import Understanding

NEVER = 2.0
"""A threshold that no estimate reaches."""

_STEEPEST = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedModel:
    """A logistic regression over named traits, with what it was made from.

    Attributes:
        traits: version of the traits.
        library: version of scikit-learn that fitted it.
        trained_at: epoch seconds.
        lessons: sha256 over the lessons, 64 hex digits.
        intercept: of the sum.
        weights: trait -> its weight.
        threshold: estimate from which on it raises.
        past: shape -> word of PastEnd -> own commands that ended so.
        figures: how it does on commands that it has not seen.
    """

    traits: int
    library: str
    trained_at: float
    lessons: str
    intercept: float
    weights: Mapping[str, float]
    threshold: float
    past: Mapping[str, Mapping[str, int]]
    figures: Figures


def estimate(intercept: float, weights: Mapping[str, float], traits: Mapping[str, float]) -> float:
    """Return how likely it is that something does not end well, 0 to 1; no number for weights that are none."""
    total = intercept + sum(weights.get(name, 0.0) * value for name, value in traits.items())
    return 1 / (1 + exp(-max(-_STEEPEST, min(_STEEPEST, total))))


def why_silent(model: LearnedModel, library: str) -> str:
    """Return a sentence that says why a model raises nothing, "" when it may.

    Args:
        model: the model.
        library: version of scikit-learn that is installed.
    """
    if model.traits != TRAITS:
        return f"It was trained on traits of version {model.traits}, and this opsterm makes version {TRAITS}."
    if model.library != library:
        return f"It was trained with scikit-learn {model.library}, and {library} is installed."
    return why_not_good_enough(model.figures)


def raise_by(model: LearnedModel, understood: Understanding, where: Situation) -> LearnedRaise | None:
    """Return that a grade is to be raised and why, None when the model has nothing to say.

    Args:
        model: one that is not silent.
        understood: the command, as `judged` gives it.
        where: where and when it would run.
    """
    ends = model.past.get(shape_of(understood), {})
    ended = sum(ends.values())
    bad = ended - ends.get(PastEnd.DONE, 0)
    found = estimate(model.intercept, model.weights, traits_of(understood, where, ended=ended, bad=bad))
    if not found >= model.threshold:  # also when it is no number
        return None
    if ended:
        how = ", ".join(f"{ends[end]} {end}" for end in PastEnd if end is not PastEnd.DONE and ends.get(end))
        told = f"of {ended} like it here, {bad} did not end well{f' ({how})' if how else ''}"
    else:
        told = "none like it has run here, so it goes by what it does, where and when"
    figures = f"estimated at {found:.0%}, raised from {model.threshold:.0%} on"
    return LearnedRaise(reason=f"Learned from your own outcomes: {told}; {figures}.")
