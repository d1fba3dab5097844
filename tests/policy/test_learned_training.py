"""A training on outcomes learns what can be learned, tells how well, and keeps still about noise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from opsterm.policy.learned.figures import average_precision, why_not_good_enough
from opsterm.policy.learned.lesson import lessons_of
from opsterm.policy.learned.model import NEVER, estimate
from opsterm.policy.learned.training import TrainingStopped, _folds, train
from tests.policy.past import SHIPPED, past


def test_what_goes_wrong_by_place_and_hour_is_learned() -> None:
    lessons = (*lessons_of(past(300, 1)), *SHIPPED)
    model = train(lessons, at=5.0)
    figures = model.figures
    assert why_not_good_enough(figures) == ""
    assert (figures.own, figures.shipped, model.trained_at) == (300, len(SHIPPED), 5.0)
    assert figures.model is not None
    assert figures.base_rate is not None
    assert figures.base_rate.average_precision == pytest.approx(figures.bad / 300, abs=0.05)
    assert figures.calibration_error is not None
    assert figures.calibration_error < 0.1
    assert sum(one.count for one in figures.calibration) == 300
    assert {"in production", "at evening"} <= {name for name, weight in model.weights.items() if weight > 0}
    assert 0 < model.threshold < 1
    assert sum(sum(ends.values()) for ends in model.past.values()) == 300


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bad_share", [0.3, 0.6])
def test_dice_teach_nothing(seed: int, bad_share: float) -> None:
    model = train((*lessons_of(past(150, seed, signal=False, bad_share=bad_share)), *SHIPPED), at=0.0)
    assert why_not_good_enough(model.figures)


def test_the_same_lessons_make_the_same_model() -> None:
    lessons = (*lessons_of(past(120, 3)), *SHIPPED)
    assert train(lessons, at=1.0) == train(lessons, at=1.0)


def test_no_shape_is_on_both_sides() -> None:
    lessons = lessons_of(past(200, 4))
    held = []
    for rest, asked in _folds(lessons):
        assert not {lessons[i].shape for i in rest} & {lessons[i].shape for i in asked}
        held += asked
    assert sorted(held) == list(range(200)), "each is held back once"


def test_figures_do_not_come_from_what_was_trained_on() -> None:
    """Each shape has its own end: known when it was seen, and a guess when it was not."""
    lessons = lessons_of(past(200, 5, signal=False))
    shapes = sorted({lesson.shape for lesson in lessons})
    figures = train(lessons, at=0.0).figures
    assert figures.shapes == len(shapes)
    assert figures.model is not None
    assert figures.base_rate is not None
    assert figures.model.average_precision < figures.base_rate.average_precision + 0.15


@pytest.mark.parametrize("own", [0, 1, 3, 40])
def test_few_or_no_outcomes_make_a_model_that_is_silent(own: int) -> None:
    model = train((*lessons_of(past(own, 6)), *SHIPPED), at=0.0)
    assert why_not_good_enough(model.figures)
    assert model.figures.own == own
    if own < 3:
        assert model.threshold == NEVER


def test_what_was_fitted_needs_no_library() -> None:
    model = train((*lessons_of(past(120, 7)), *SHIPPED), at=0.0)
    assert all(type(weight) is float for weight in model.weights.values())
    assert 0 <= estimate(model.intercept, model.weights, SHIPPED[0].traits) <= 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=1, max_size=40))
def test_average_precision_is_that_of_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    estimates, bad = [one for one, _ in pairs], [missed for _, missed in pairs]
    if any(bad):
        assert average_precision(estimates, bad) == pytest.approx(average_precision_score(bad, estimates))


def test_a_training_stops_when_it_is_asked_to() -> None:
    asked = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) == 4

    with pytest.raises(TrainingStopped):
        train((*lessons_of(past(120, 8)), *SHIPPED), at=0.0, stopped=stopped)
    assert len(asked) == 4
