"""Who has to say yes, as it is written, and that neither order nor a second yes changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.approval_settings import ApprovalRuleSetting, AutonomySetting
from opsterm.core.errors import BadInput, BadSetting, Refused
from opsterm.core.settings import ApprovalSettings
from opsterm.policy.approval_record import Approval, ApprovalKind, is_sound, sealed
from opsterm.policy.demands import check_settings, grant_for, requirement_of
from opsterm.policy.level import RiskLevel
from opsterm.policy.requirements import (
    ONE_PERSON,
    TWO_PERSONS,
    Missing,
    Requirement,
    Voice,
    helps,
    joined,
    missing,
    parse_need,
    parse_requirement,
)
from tests.policy.zones import zone

GROUPS = {"ops": {"ana", "ben", "cy"}, "dba": {"ana", "dan"}, "cab": {"eve"}}
PEOPLE = sorted(set().union(*GROUPS.values(), {"ria"}))


def members(group: str) -> set[str]:
    return GROUPS.get(group, set())


def left(text: str, *who: str, requester: str = "ria", **how: bool) -> Missing:
    need = Requirement(needs=(parse_need(text),), **how)
    return missing(need, [Voice(who=name) for name in who], requester=requester, members=members)


CASES = [
    ("1 person", (), "0 of 1: needs one more to approve"),
    ("1 person", ("ria",), "1 of 1"),
    ("2 persons", ("ana",), "1 of 2: needs one more to approve, not ana"),
    ("2 persons", ("ana", "ana"), "1 of 2: needs one more to approve, not ana"),
    ("2 of ops and 1 of dba", (), "0 of 3: needs one more of dba and 2 more of ops"),
    ("2 of ops and 1 of dba", ("ben", "cy"), "2 of 3: needs one more of dba, not ben or cy"),
    ("2 of ops and 1 of dba", ("ana", "ben"), "2 of 3: needs one more of dba, not ana or ben"),
    ("2 of ops and 1 of dba", ("ana", "ben", "dan"), "3 of 3"),
    ("2 of ops and 1 of dba", ("ana", "ben", "cy"), "3 of 3"),
    ("1 of ops and 1 of dba", ("ana",), "1 of 2: needs one more of dba, not ana"),
    ("2 of ops and 1 of dba or 1 of cab", ("eve",), "1 of 1"),
    ("2 of ops and (1 of dba or 1 of cab)", ("ben", "cy", "eve"), "3 of 3"),
    ("1 of nobody", ("ana",), "0 of 1: needs one more of nobody, not ana"),
]


@pytest.mark.parametrize(("text", "who", "says"), CASES)
def test_what_is_still_needed_is_said(text: str, who: Sequence[str], says: str) -> None:
    assert str(left(text, *who)) == says


def test_the_requester_is_named_as_one_who_cannot() -> None:
    assert str(left("1 of dba", requester="ana", others_only=True)) == "0 of 1: needs one more of dba, not ana"
    assert str(left("1 of dba", "ana", requester="ana", others_only=True)).startswith("0 of 1")
    assert str(left("1 person", "ana", signed=True, reason=True)) == (
        "0 of 1: needs one more to approve, signed, with a reason"
    )


@pytest.mark.parametrize(
    "text",
    ["", "two persons", "2", "2 of", "of ops", "2 of ops and", "(1 person", "1 person)", "0 persons", "99 persons",
     "1 person 1 person", "1 of ops,dba", "2 OF ops", "and 1 person", "1 of o\u0440s", "25 persons",
     " and ".join(["(1 of a or 1 of b)"] * 7), "(" * 400],
)  # fmt: skip
def test_what_says_nothing_of_who_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_need(text)


NEEDS = st.recursive(
    st.builds(lambda n, g: f"{n} of {g}" if g else f"{n} persons", st.integers(1, 3), st.sampled_from(["", *GROUPS])),
    lambda inner: st.builds(
        lambda one, word, other: f"({one}) {word} ({other})", inner, st.sampled_from(["and", "or"]), inner
    ),
    max_leaves=4,
)
WHO = st.lists(st.sampled_from(PEOPLE), max_size=5)


@given(NEEDS, WHO, st.booleans(), st.randoms())
@settings(max_examples=60)
def test_no_order_of_approvals_matters_and_the_requester_never_satisfies(
    text: str, who: list[str], others: bool, random: object
) -> None:
    found = left(text, *who, others_only=others)
    mixed = list(who)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    assert left(text, *mixed, *who, others_only=others) == found
    more = left(text, *who, "ana", others_only=others)
    assert more.want - more.have <= found.want - found.have, "another yes never takes one away"
    assert left(text, *who, "ria", others_only=True) == left(text, *who, others_only=True)
    if not found.who:
        assert not left(text, *who, "eve", others_only=others).who


def satisfied_by_trying(text: str, who: Sequence[str]) -> bool:
    """The slow truth: seat people in every order."""
    need = parse_need(text)
    return any(
        all(not group or name in members(group) for group, name in zip(way, seating, strict=True))
        for way in need.ways if len(way) <= len(who) for seating in permutations(who, len(way))
    )  # fmt: skip


@given(NEEDS, st.sets(st.sampled_from(PEOPLE), max_size=5))
@settings(max_examples=60)
def test_a_person_fills_one_place(text: str, who: set[str]) -> None:
    assert (not left(text, *who).who) is satisfied_by_trying(text, sorted(who))


@given(st.lists(NEEDS, max_size=3), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_a_requirement_is_read_back_as_it_was_written(
    texts: list[str], others: bool, signed: bool, reason: bool
) -> None:
    whole = Requirement(
        needs=tuple(parse_need(text) for text in texts), others_only=others, signed=signed, reason=reason
    )
    both = joined([whole])
    assert joined([parse_requirement(str(both))]) == both == joined([both, whole])


@pytest.mark.parametrize("text", ["", "signed", "1 person; signed; nothing", "signed; 1 person", "1  person"])
def test_a_requirement_that_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_requirement(text)


def test_whose_yes_is_of_no_use_is_known() -> None:
    need = Requirement(needs=(parse_need("3 of ops or 1 of cab"),))
    assert helps(need, [], Voice(who="ben"), requester="ria", members=members)
    assert not helps(need, [], Voice(who="dan"), requester="ria", members=members)
    assert not helps(need, [Voice(who="ben")], Voice(who="ben"), requester="ria", members=members)
    assert not helps(replace(need, signed=True), [], Voice(who="ben"), requester="ria", members=members)


# --------------------------------------------------------------------------------------------- from settings

RULES = (
    ApprovalRuleSetting(environment="prod", level="high", needs="2 of ops", others_only=True),
    ApprovalRuleSetting(environment="*", level="critical", needs="1 of cab", signed=True),
    ApprovalRuleSetting(environment="Stage,lab", level="medium", reason=True),
)


@pytest.mark.parametrize(
    ("level", "places", "decisions", "says"),
    [
        (RiskLevel.HIGH, [], [], "1 person"),
        (RiskLevel.HIGH, [""], ["approve", "warn"], "1 person"),
        (RiskLevel.HIGH, ["lab", "prod"], [], "2 of ops; not the requester; with a reason"),
        (RiskLevel.CRITICAL, ["PROD"], [], "1 of cab; 2 of ops; not the requester; signed"),
        (RiskLevel.MEDIUM, ["prod"], ["two persons"], "2 persons"),
        (RiskLevel.LOW, ["stage"], [], "1 person"),
    ],
)
def test_what_an_approval_takes(level: RiskLevel, places: list[str], decisions: list[str], says: str) -> None:
    assert str(requirement_of(level, places, decisions, RULES)) == says
    assert str(requirement_of(level, places, decisions, RULES[::-1])) == says


def test_what_the_policy_denies_nobody_can_approve() -> None:
    with pytest.raises(Refused):
        requirement_of(RiskLevel.LOW, [], ["approve", "deny"], ())


def test_at_least_one_person_is_asked() -> None:
    assert joined([]).needs == (ONE_PERSON,)
    assert joined([Requirement(needs=(TWO_PERSONS,)), Requirement(needs=(ONE_PERSON,))]).needs == (TWO_PERSONS,)


GRANTS = (
    AutonomySetting(environment="lab", level="medium", actor="command line", daily=5),
    AutonomySetting(environment="lab,stage", level="low", actor="*", daily=2),
    AutonomySetting(environment="prod", level="high", actor="chat", daily=0),
)


@pytest.mark.parametrize(
    ("level", "places", "actor", "grant"),
    [
        (RiskLevel.MEDIUM, ["lab"], "command line", "autonomy 1"),
        (RiskLevel.MEDIUM, ["lab"], "chat", ""),
        (RiskLevel.LOW, ["lab", "stage"], "chat", "autonomy 2"),
        (RiskLevel.LOW, ["lab", "prod"], "chat", ""),
        (RiskLevel.LOW, [""], "chat", ""),
        (RiskLevel.LOW, [], "chat", ""),
        (RiskLevel.LOW, ["prod"], "chat", ""),
        (RiskLevel.CRITICAL, ["lab"], "command line", ""),
    ],
)
def test_what_runs_without_a_person(level: RiskLevel, places: list[str], actor: str, grant: str) -> None:
    assert grant_for(level, places, actor, GRANTS)[0] == grant


def test_without_settings_nothing_but_reading_runs_without_a_person() -> None:
    assert grant_for(RiskLevel.LOW, ["lab"], "command line", ApprovalSettings().autonomy) == ("", 0)


@pytest.mark.parametrize(
    "made",
    [
        ApprovalSettings(rule=(ApprovalRuleSetting(needs="everybody"),)),
        ApprovalSettings(limit=(replace(ApprovalSettings(), limit=()).limit or ())),
    ],
)
def test_settings_that_cannot_be_read_are_found_at_the_start(made: ApprovalSettings) -> None:
    if made.rule:
        with pytest.raises(BadSetting, match=r"approvals\.rule 1"):
            check_settings(made, zone)
    else:
        check_settings(made, zone)


# ----------------------------------------------------------------------------------------------------- seals

GIVEN = Approval(change=18, kind=ApprovalKind.PERSON, who="ana", at=1000.5, digest="d" * 64, note="go", proof="account")
KEY = b"k" * 32
OTHER = st.one_of(
    st.builds(lambda n: replace(GIVEN, change=n), st.integers(0, 10**9)),
    st.builds(lambda k: replace(GIVEN, kind=k), st.sampled_from(ApprovalKind)),
    st.builds(lambda t: replace(GIVEN, who=t), st.text(max_size=8)),
    st.builds(lambda n: replace(GIVEN, at=n), st.floats(0, 1e10)),
    st.builds(lambda t: replace(GIVEN, digest=t), st.text(max_size=8)),
    st.builds(lambda t: replace(GIVEN, note=t), st.text(max_size=8)),
    st.builds(lambda t: replace(GIVEN, proof=t), st.text(max_size=8)),
    st.builds(lambda t: replace(GIVEN, signature=t), st.text(max_size=8)),
)


@given(OTHER, st.binary(min_size=32, max_size=32))
def test_a_seal_is_for_every_field_and_one_key(other: Approval, key: bytes) -> None:
    good = sealed(GIVEN, KEY)
    assert is_sound(good, KEY)
    same = replace(other, at=round(other.at, 3)) == GIVEN
    assert is_sound(replace(other, seal=good.seal), KEY) is same
    assert is_sound(good, key) is (key == KEY)
    assert not is_sound(GIVEN, KEY)
