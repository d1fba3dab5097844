"""What became of fixes sorts the cards, by properties that hold for any cards and any outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.knowledge.fusion import Candidate, Ranked
from opsterm.knowledge.trials import NEVER_TRIED, FixRecord, TrialContext, TrialTally, by_record

PROD, LAB = TrialContext(system="linux", environment="prod"), TrialContext(system="linux", environment="lab")
TALLIES = st.builds(TrialTally, st.integers(0, 50), st.integers(0, 50))
CARDS = st.lists(
    st.tuples(st.floats(0.001, 1.0), st.booleans(), TALLIES, TALLIES), min_size=1, max_size=12
)  # fmt: skip


def ranked_of(cards: list[tuple[float, bool, TrialTally, TrialTally]]) -> list[Ranked]:
    made = [
        Ranked(candidate=Candidate(id=f"card-{n}", likeness=0.5, coverage=0.5, shared=3, fits=fits), score=score)
        for n, (score, fits, _, _) in enumerate(cards)
    ]
    return sorted(made, key=lambda one: -one.score)


def records_of(cards: list[tuple[float, bool, TrialTally, TrialTally]]) -> dict[str, FixRecord]:
    return {
        f"card-{n}": FixRecord(
            site=TrialTally(prod.worked + lab.worked, prod.failed + lab.failed), places={PROD: prod, LAB: lab}
        )
        for n, (_, _, prod, lab) in enumerate(cards)
        if prod.tried + lab.tried
    }


def names(ranked: Iterable[Ranked]) -> list[str]:
    return [one.candidate.id for one in ranked]


@given(CARDS)
def test_no_card_is_lost_and_those_whose_error_text_fits_keep_their_ranks(
    cards: list[tuple[float, bool, TrialTally, TrialTally]],
) -> None:
    before = ranked_of(cards)
    after = by_record(before, records_of(cards), [PROD])
    assert sorted(names(after)) == sorted(names(before))
    assert [one.candidate.fits for one in after] == [one.candidate.fits for one in before]


@given(CARDS, st.data())
def test_what_worked_once_more_never_lowers_a_card_and_what_failed_never_raises_one(
    cards: list[tuple[float, bool, TrialTally, TrialTally]], data: st.DataObject
) -> None:
    name = f"card-{data.draw(st.integers(0, len(cards) - 1))}"
    place = data.draw(st.sampled_from([PROD, LAB]))
    before = records_of(cards)
    ranked = ranked_of(cards)

    def rank(worked: int, failed: int) -> int:
        old = before.get(name, NEVER_TRIED)
        there = old.places.get(place, TrialTally())
        new = FixRecord(
            site=TrialTally(old.site.worked + worked, old.site.failed + failed),
            places={**old.places, place: TrialTally(there.worked + worked, there.failed + failed)},
        )
        return names(by_record(ranked, {**before, name: new}, [PROD])).index(name)

    if name in before:
        assert rank(1, 0) <= rank(0, 0) <= rank(0, 1)
    else:
        assert rank(1, 0) <= names(by_record(ranked, before, [PROD])).index(name) <= rank(0, 1)


@given(TALLIES, TALLIES)
def test_a_chance_is_never_certain_and_a_place_leans_on_the_site(here: TrialTally, elsewhere: TrialTally) -> None:
    site = TrialTally(here.worked + elsewhere.worked, here.failed + elsewhere.failed)
    record = FixRecord(site=site, places={PROD: here, LAB: elsewhere})
    assert 0 < record.chance([PROD]) < 1
    assert record.chance([TrialContext(system="windows")]) == record.chance()


def test_nothing_tried_leaves_everything_as_it_is_and_one_bad_end_counts_at_once() -> None:
    ranked = ranked_of([(0.27, False, TrialTally(), TrialTally()), (0.25, False, TrialTally(), TrialTally())])
    assert by_record(ranked, {}) == ranked
    worse = {"card-0": FixRecord(site=TrialTally(0, 1), places={PROD: TrialTally(0, 1)})}
    assert names(by_record(ranked, worse)) == ["card-1", "card-0"]
    fits = [replace(ranked[0], candidate=replace(ranked[0].candidate, fits=True)), ranked[1]]
    assert names(by_record(fits, worse)) == ["card-0", "card-1"]


@pytest.mark.parametrize(
    ("record", "places", "says"),
    [
        (NEVER_TRIED, [], ""),
        (FixRecord(site=TrialTally(3, 1)), [], "worked 3 of 4 times here"),
        (FixRecord(site=TrialTally(1, 0)), [PROD], "worked 1 of 1 time here"),
        (
            FixRecord(site=TrialTally(3, 1), places={PROD: TrialTally(2, 0), LAB: TrialTally(1, 1)}), [PROD],
            "worked 3 of 4 times here, 2 of 2 on such targets",
        ),
    ],
)  # fmt: skip
def test_a_record_is_said_in_counts(record: FixRecord, places: list[TrialContext], says: str) -> None:
    assert record.text(places) == says
