"""Fits a model of what does not end well, and tries it on commands that it has not seen.

The only module that knows scikit-learn, which takes 1.4 s to load: what was fitted is plain numbers afterwards.
Own outcomes are cut into folds by the shape of their commands, so that no command is on both sides. A threshold is
chosen without the fold that it is tried on.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sklearn
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from opsterm.policy.learned.figures import (
    LEAST_FLAGGED,
    LEAST_PRECISION,
    Figures,
    Marks,
    average_precision,
    calibration_of,
)
from opsterm.policy.learned.lesson import Lesson, digest_of
from opsterm.policy.learned.model import NEVER, LearnedModel, estimate
from opsterm.policy.learned.traits import TRAITS
from opsterm.policy.level import RiskLevel

FOLDS = 5
SEED = 1
RESAMPLES = 200

WEIGHT_OF_SHIPPED = 0.25
"""A case that ships counts as a quarter of an own outcome: it is a guess of how such a thing ends elsewhere."""

REGULARISATION = 0.5
"""C of the regression: smaller is flatter."""

LEAST_SEEN = 3
"""A trait of fewer lessons is left out."""

WANTED_PRECISION = 0.6
"""Of those above the threshold so many did not end well."""

Stopped = Callable[[], bool]


class TrainingStopped(Exception):
    """Somebody has asked for an end of the training."""


@dataclass(frozen=True, slots=True)
class _Fit:
    intercept: float
    weights: Mapping[str, float]

    def of(self, lessons: Sequence[Lesson]) -> list[float]:
        return [estimate(self.intercept, self.weights, lesson.traits) for lesson in lessons]


@dataclass(frozen=True, slots=True)
class _Tried:
    """Estimates of lessons by models that have not seen their shape, in the order of the lessons."""

    model: list[float]
    base_rate: list[float]
    level: list[float]
    flagged: list[bool]


def train(lessons: Sequence[Lesson], *, at: float, stopped: Stopped = lambda: False) -> LearnedModel:
    """Return a model of these lessons, the same for the same ones. Blocking: seconds for thousands of lessons.

    Args:
        lessons: own ones and those that ship; at least one.
        at: epoch seconds.
        stopped: asked before each fit.

    Raises:
        TrainingStopped: it was asked to stop.
    """
    own = [lesson for lesson in lessons if lesson.own]
    shipped = [lesson for lesson in lessons if not lesson.own]
    figures, threshold = _figures(own, shipped, stopped)
    fit = _fit([*own, *shipped], stopped)
    past: dict[str, Counter[str]] = defaultdict(Counter)
    for lesson in own:
        past[lesson.shape][lesson.end.value] += 1
    return LearnedModel(
        traits=TRAITS, library=sklearn.__version__, trained_at=at, lessons=digest_of(lessons),
        intercept=fit.intercept, weights=fit.weights, threshold=threshold,
        past={shape: dict(ends) for shape, ends in past.items()}, figures=figures,
    )  # fmt: skip


def _fit(lessons: Sequence[Lesson], stopped: Stopped) -> _Fit:
    if stopped():
        raise TrainingStopped
    bad = [lesson.bad for lesson in lessons]
    if len(set(bad)) < 2:  # nothing to tell apart: always the same, and no threshold will trust it
        return _Fit(intercept=0.0, weights={})
    seen = Counter(name for lesson in lessons for name in lesson.traits)
    rows = [
        {name: value for name, value in lesson.traits.items() if seen[name] >= LEAST_SEEN} for lesson in lessons
    ]  # fmt: skip
    columns = DictVectorizer()
    table = columns.fit_transform(rows)
    table.indices, table.indptr = table.indices.astype("int32"), table.indptr.astype("int32")  # liblinear has no others
    # liblinear has no threads of its own, which on a busy host wait for one another ten times as long as they work.
    regression = LogisticRegression(
        C=REGULARISATION, solver="liblinear", intercept_scaling=10.0, max_iter=1_000, random_state=SEED
    )
    regression.fit(table, bad, sample_weight=[1.0 if lesson.own else WEIGHT_OF_SHIPPED for lesson in lessons])
    weights = zip(columns.get_feature_names_out().tolist(), regression.coef_[0].tolist(), strict=True)
    return _Fit(intercept=float(regression.intercept_[0]), weights=dict(weights))


def _figures(own: Sequence[Lesson], shipped: Sequence[Lesson], stopped: Stopped) -> tuple[Figures, float]:
    """Return what cross-validation tells, and the threshold for the model of all."""
    told = Figures(
        own=len(own), bad=sum(lesson.bad for lesson in own), shapes=len({lesson.shape for lesson in own}),
        ends=dict(sorted(Counter(lesson.end.value for lesson in own).items())), shipped=len(shipped),
    )  # fmt: skip
    if told.shapes < FOLDS or not 0 < told.bad < told.own:
        return told, NEVER
    tried = _tried(own, shipped, stopped)
    bad = [lesson.bad for lesson in own]
    figures = Figures(
        own=told.own, bad=told.bad, ends=told.ends, shapes=told.shapes, shipped=told.shipped,
        model=_marks(tried.model, bad), base_rate=_marks(tried.base_rate, bad), level=_marks(tried.level, bad),
        flagged=sum(tried.flagged), hits=sum(b for b, flagged in zip(bad, tried.flagged, strict=True) if flagged),
        calibration=calibration_of(tried.model, bad), sure=_sure(own, tried),
    )  # fmt: skip
    return figures, _threshold(tried.model, bad)


def _tried(own: Sequence[Lesson], shipped: Sequence[Lesson], stopped: Stopped) -> _Tried:
    tried = _Tried([0.0] * len(own), [0.0] * len(own), [0.0] * len(own), [False] * len(own))
    for rest, held in _folds(own):
        known, asked = [own[i] for i in rest], [own[i] for i in held]
        inner = _unseen_estimates(known, shipped, stopped)
        threshold = _threshold(inner, [lesson.bad for lesson in known])
        found = _fit([*known, *_others(shipped, asked)], stopped).of(asked)
        for place, one, level in zip(held, found, _level_shares(known, asked), strict=True):
            tried.model[place], tried.level[place], tried.flagged[place] = one, level, one >= threshold
            tried.base_rate[place] = sum(lesson.bad for lesson in known) / len(known)
    return tried


def _unseen_estimates(own: Sequence[Lesson], shipped: Sequence[Lesson], stopped: Stopped) -> list[float]:
    """Return estimates of lessons by models that have not seen their shape."""
    found = [0.0] * len(own)
    for rest, held in _folds(own):
        asked = [own[i] for i in held]
        fit = _fit([*(own[i] for i in rest), *_others(shipped, asked)], stopped)
        for place, one in zip(held, fit.of(asked), strict=True):
            found[place] = one
    return found


def _folds(own: Sequence[Lesson]) -> list[tuple[list[int], list[int]]]:
    """Return places of the lessons that are known and of those that are held back; no shape is on both sides."""
    shapes = [lesson.shape for lesson in own]
    parts = GroupKFold(min(FOLDS, len(set(shapes)))).split(shapes, groups=shapes)
    return [(rest.tolist(), held.tolist()) for rest, held in parts]


def _others(shipped: Sequence[Lesson], held: Sequence[Lesson]) -> list[Lesson]:
    shapes = {lesson.shape for lesson in held}
    return [lesson for lesson in shipped if lesson.shape not in shapes]


def _level_shares(known: Sequence[Lesson], asked: Sequence[Lesson]) -> list[float]:
    """Return the share of each grade that did not end well: what the grade alone tells."""
    share = {}
    for level in RiskLevel:
        bad = [lesson.bad for lesson in known if lesson.level is level]
        share[level] = (sum(bad) + 0.5) / (len(bad) + 1)
    return [share[lesson.level] for lesson in asked]


def _threshold(estimates: Sequence[float], bad: Sequence[bool]) -> float:
    """Return the lowest estimate from which on enough did not end well, NEVER when there is none.

    Enough of all above it, and half of the last ten: the surest must not stand in for those that are guesses.
    """
    found, hits = NEVER, 0
    last: deque[bool] = deque(maxlen=LEAST_FLAGGED)
    pairs = sorted(zip(estimates, bad, strict=True), reverse=True)
    for number, (one, missed) in enumerate(pairs, 1):
        hits += missed
        last.append(missed)
        if number < LEAST_FLAGGED or (number < len(pairs) and pairs[number][0] == one):
            continue
        if hits / number < WANTED_PRECISION or sum(last) / LEAST_FLAGGED < LEAST_PRECISION:
            break
        found = one
    return found


def _marks(estimates: Sequence[float], bad: Sequence[bool]) -> Marks:
    squared = sum((one - missed) ** 2 for one, missed in zip(estimates, bad, strict=True))
    return Marks(average_precision=average_precision(estimates, bad), brier=squared / len(estimates))


def _sure(own: Sequence[Lesson], tried: _Tried) -> float:
    """Return in which share of resamples of the shapes the model is above the better baseline."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, lesson in enumerate(own):
        places[lesson.shape].append(place)
    shapes, chance, above, counted = sorted(places), random.Random(SEED), 0, 0  # noqa: S311 (no secret: a seed)
    for _ in range(RESAMPLES):
        drawn = [place for shape in chance.choices(shapes, k=len(shapes)) for place in places[shape]]
        bad = [own[place].bad for place in drawn]
        if not any(bad):
            continue
        scores = [
            average_precision([column[place] for place in drawn], bad)
            for column in (tried.model, tried.base_rate, tried.level)
        ]
        counted += 1
        above += scores[0] > max(scores[1:])
    return above / counted if counted else 0.0
