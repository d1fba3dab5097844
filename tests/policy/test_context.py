"""Where and when a command runs raises its grade, and never makes it milder."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.policy.context import ShareOfGroup, Surroundings, raise_level, shares_of
from opsterm.policy.level import RiskLevel
from opsterm.policy.risk import assess
from opsterm.policy.understanding import understand
from tests.policy.exam.questions import read_questions

PAIR = ShareOfGroup(name="redundancy:db-main", chosen=("db-main-1", "db-main-2"), size=2, partners=True)
LINES = [(q.line, q.shell) for q in read_questions() if q.part == "open"]


def level(line: str, around: Surroundings) -> RiskLevel:
    """Return the grade of a line for bash there and then."""
    return assess(line, "bash", (), around.environments, around=around).level


@pytest.mark.parametrize(
    ("line", "around", "before", "after"),
    [
        ("systemctl restart postgresql", Surroundings(shares=(PAIR,)), "medium", "critical"),
        ("systemctl restart nginx", Surroundings(environments=("prod",)), "medium", "high"),
        ("systemctl restart nginx", Surroundings(environments=("lab",) * 6), "medium", "high"),
        ("systemctl restart nginx", Surroundings(outside_window=True), "medium", "high"),
        ("touch /tmp/x", Surroundings(outside_window=True), "low", "medium"),
        ("rm /tmp/x", Surroundings(no_way_back=True), "medium", "high"),
        ("reboot", Surroundings(environments=("prod",)), "high", "critical"),
        ("uptime", Surroundings(environments=("prod",) * 9, outside_window=True, shares=(PAIR,)), "read", "read"),
    ],
)  # fmt: skip
def test_a_place_raises_the_grade(line: str, around: Surroundings, before: str, after: str) -> None:
    assert (level(line, Surroundings()), level(line, around)) == (before, after)


def test_both_partners_at_once_are_named_folded() -> None:
    said = assess("systemctl restart postgresql", "bash", (), (), around=Surroundings(shares=(PAIR,))).reasons
    assert "It runs on both of db-main-[1-2], which stand in for one another." in said


def test_one_partner_of_two_is_no_reason() -> None:
    labels = {"db-1": (("db",), ("redundancy:db",)), "db-2": (("db",), ("redundancy:db",)), "web-1": ((), ())}
    assert not any(share.whole for share in shares_of(["db-1", "web-1"], labels))
    assert any(share.whole for share in shares_of(["db-1", "db-2"], labels))
    assert shares_of(["web-1"], labels) == ()


_SHARES = st.builds(
    lambda size, picked, partners: ShareOfGroup(
        name="g", chosen=tuple(f"h{n}" for n in range(min(size, picked))), size=size, partners=partners
    ),
    st.integers(1, 5), st.integers(1, 5), st.booleans(),
)  # fmt: skip
_AROUND = st.builds(
    Surroundings, environments=st.lists(st.sampled_from(["", "lab", "prod"]), max_size=8),
    shares=st.lists(_SHARES, max_size=3),
    outside_window=st.booleans(), no_way_back=st.booleans(),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(LINES), _AROUND)
def test_no_place_and_no_hour_makes_a_grade_milder(asked: tuple[str, str], around: Surroundings) -> None:
    line, shell = asked
    alone = assess(line, shell, (), ())
    there = assess(line, shell, (), around.environments, around=around)
    assert there.level.order >= alone.level.order


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(RiskLevel)), st.sampled_from(LINES), _AROUND)
def test_any_level_is_kept_or_raised(before: RiskLevel, asked: tuple[str, str], around: Surroundings) -> None:
    effects = understand(*asked).effects
    assert raise_level(before, effects, around).level.order >= before.order
