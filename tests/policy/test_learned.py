"""What was learned can raise a grade, and nothing else; it says why, and is silent until it is good enough."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import BadInput, StorageError
from opsterm.policy.assessment import assessment
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.context import LearnedRaise, Surroundings
from opsterm.policy.learned.figures import Figures, Marks, why_not_good_enough
from opsterm.policy.learned.kept import model_from_text, model_to_text
from opsterm.policy.learned.lesson import PastCommand, PastEnd, judged, lessons_of, read_cases
from opsterm.policy.learned.model import LearnedModel, estimate, raise_by, why_silent
from opsterm.policy.learned.traits import TRAITS, Situation, shape_of, situation, traits_of, understand_masked
from opsterm.policy.level import RiskLevel
from opsterm.policy.order import SHELLS_ASSESSED
from opsterm.policy.risk import assess
from tests.policy.exam.questions import read_questions
from tests.policy.past import CASES, SHIPPED, past
from tests.policy.rulebooks import rulebook

LINES = [(q.line, q.shell) for q in read_questions() if q.part == "open"]
RULES = rulebook(strict=True)
GOOD = Figures(
    own=200, bad=60, ends={"done": 140, "failed": 60}, shapes=24, shipped=300, flagged=40, hits=30, sure=1.0,
    model=Marks(average_precision=0.8, brier=0.1), base_rate=Marks(average_precision=0.3, brier=0.21),
    level=Marks(average_precision=0.4, brier=0.2),
)  # fmt: skip
PLAIN = LearnedModel(
    traits=TRAITS, library="1.0", trained_at=0.0, lessons="", intercept=0.0, weights={}, threshold=0.4, past={},
    figures=GOOD,
)  # fmt: skip
RAISED = Surroundings(learned=LearnedRaise(reason="Of 14 like it here, 5 failed."))


def shape(command: str, shell: str = "bash") -> str:
    return shape_of(understand_masked(command, shell))


# ------------------------------------------------------------------------------------------------ it only raises


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("uptime", "read", "read"),
        ("touch /tmp/x", "low", "medium"),
        ("systemctl restart nginx", "medium", "high"),
        ("systemctl stop nginx", "high", "high"),
        ("mkfs.ext4 /dev/sda", "critical", "critical"),
    ],
)
def test_a_grade_goes_up_by_one_and_never_to_critical(line: str, before: str, after: str) -> None:
    raised = assess(line, "bash", (), (), around=RAISED)
    assert (assess(line, "bash", (), ()).level, raised.level) == (before, after)
    assert ("Of 14 like it here, 5 failed." in raised.reasons) == (before != "read"), "what only reads is left alone"


_NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
_NAMES = st.sampled_from(sorted({name for lesson in SHIPPED for name in lesson.traits}))
_MODELS = st.builds(
    lambda intercept, weights, threshold, past: replace(
        PLAIN, intercept=intercept, weights=weights, threshold=threshold,
        past={shape(line, shell): ends for (line, shell), ends in past.items()},
    ),
    _NUMBERS, st.dictionaries(_NAMES, _NUMBERS, max_size=20), _NUMBERS,
    st.dictionaries(
        st.sampled_from(LINES), st.dictionaries(st.sampled_from(list(PastEnd)), st.integers(0, 99)), max_size=3
    ),
)  # fmt: skip
_PLACES = st.builds(
    Surroundings, environments=st.lists(st.sampled_from(["", "lab", "prod"]), max_size=8), outside_window=st.booleans()
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LINES), st.sampled_from(SHELLS_ASSESSED), _MODELS, _PLACES)
def test_no_model_of_any_weights_makes_anything_milder(
    asked: tuple[str, str], shell: str, model: LearnedModel, around: Surroundings
) -> None:
    """Level, decision, what rules deny, what is opaque and what cuts us off: each as it was, or stricter."""
    line, shell = asked[0], asked[1] if asked[1] in SHELLS_ASSESSED else shell
    before = assessment(line, shell, around=around, rules=RULES)
    understood = judged(line, shell)
    learned = raise_by(model, understood, situation(around, at=0.0)) if understood else None
    after = assessment(line, shell, around=replace(around, learned=learned), rules=RULES)
    assert after.level.order >= before.level.order
    decisions = list(RuleDecision)
    assert decisions.index(after.decision) >= decisions.index(before.decision)
    assert (after.opaque, after.effects, after.review) == (before.opaque, before.effects, before.review)
    assert (after.lockout, after.rollback) == (before.lockout, before.rollback)
    assert set(before.reasons) <= set(after.reasons)
    if learned is None:
        assert after == before


# ------------------------------------------------------------------------------------------------ what it is told


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("systemctl restart nginx", "systemctl restart postgresql", True),
        ("rm -rf /srv/a", "rm -rf /srv/b", True),
        ("systemctl restart nginx", "systemctl stop nginx", False),
        ("rm -rf /srv/a", "rm /srv/a", False),
        ("apt-get install -y nginx", "apt-get remove -y nginx", False),
        ("kill 12", "kill 4711", True),
    ],
)
def test_commands_that_differ_in_their_objects_only_have_one_shape(one: str, other: str, *, alike: bool) -> None:
    assert (shape(one) == shape(other)) is alike


def test_bash_and_sh_are_one_language() -> None:
    assert shape("systemctl restart nginx", "bash") == shape("systemctl restart nginx", "sh")


def test_traits_name_what_where_and_when() -> None:
    where = Situation(
        environments=("prod", "prod"), tags=("db",), share=0.5, partners=True, become=True, in_window=False, hour=23,
        weekday=6,
    )  # fmt: skip
    traits = traits_of(understand_masked("rm -rf /var/log/app", "bash"), where, ended=9, bad=4)
    assert {
        "level critical", "effect log_loss", "program rm", "option rm -rf", "in production", "environment prod",
        "tag db", "all partners", "as another account", "outside of the hours for changes", "at evening",
        "at the weekend", "own", "share of a group", "many targets", "before: number",
    } <= set(traits)  # fmt: skip
    assert traits["before: not well"] == pytest.approx(0.45)
    assert all(0 <= value <= 1 for value in traits.values())


@pytest.mark.parametrize(
    "line",
    [
        "mysql -phunter2secret -e 'DROP TABLE x'",
        "curl -X DELETE -H 'Authorization: Bearer hunter2secret' https://api/x",
        "PGPASSWORD=hunter2secret psql -c 'DELETE FROM x'",
        "useradd -p hunter2secret ana",
        "sshpass -p hunter2secret ssh web-1 reboot",
    ],
)
def test_no_secret_is_among_what_is_learned_from(line: str) -> None:
    understood = judged(line, "bash")
    assert understood is not None
    told = lessons_of([PastCommand(understood=understood, where=Situation(), end=PastEnd.DONE, change=1)])
    assert "hunter2" not in repr(told)


@pytest.mark.parametrize(
    ("line", "shell"), [("uptime", "bash"), ("  ", "bash"), ("rm x", "fish"), ("GET https://x/", "http"),
                        ("rm -rf /srv/" + "a" * 5_000, "bash")],
)  # fmt: skip
def test_what_only_reads_scripts_and_unknown_languages_are_left_alone(line: str, shell: str) -> None:
    assert judged(line, shell) is None


def test_a_lesson_knows_only_what_had_ended_when_it_was_asked_for() -> None:
    one = past(1, 0)[0]
    ends = [(10, 20, PastEnd.FAILED), (15, 16, PastEnd.DONE), (18, 19, PastEnd.DONE), (30, 31, PastEnd.DONE)]
    lessons = lessons_of(
        replace(one, asked_at=asked, ended_at=ended, end=end, change=number)
        for number, (asked, ended, end) in enumerate(ends, 1)
    )
    assert [round(lesson.traits.get("before: number", 0) * 20) for lesson in lessons] == [0, 0, 1, 3]
    assert lessons[3].traits["before: not well"] == pytest.approx(1.5 / 4)


def test_the_cases_that_ship_change_something_and_end_both_ways() -> None:
    assert len(SHIPPED) > 300
    assert 0.3 < sum(lesson.bad for lesson in SHIPPED) / len(SHIPPED) < 0.7
    assert {lesson.end for lesson in SHIPPED} == set(PastEnd)
    assert not [lesson.command for lesson in SHIPPED if lesson.level is RiskLevel.READ or lesson.own]
    assert all(json.loads(line)["why"] for line in CASES.splitlines())


@pytest.mark.parametrize("line", ["{}", "[]", '{"line": "x", "shell": "sh", "end": "well", "why": ""}', "x"])
def test_a_case_that_is_none_is_named_by_its_line(line: str) -> None:
    with pytest.raises(BadInput, match="Line 2 of the cases"):
        read_cases(f"\n{line}\n")


# ------------------------------------------------------------------------------------------------ when it speaks


@pytest.mark.parametrize(
    ("but", "says"),
    [
        ({}, ""),
        ({"own": 99}, "Of outcomes of your own changes it has seen 99, and speaks from 100 on."),
        ({"bad": 19}, "Of your own changes that did not end well it has seen 19"),
        ({"shapes": 9}, "Of different commands it has seen 9"),
        ({"model": None}, "too little of one kind"),
        ({"model": Marks(average_precision=0.44, brier=0.1)}, "+0.04 against the better baseline"),
        ({"sure": 0.94}, "in 94% of the resamples"),
        ({"model": Marks(average_precision=0.8, brier=0.2)}, "further from what became of your changes"),
        ({"flagged": 9, "hits": 9}, "It would have raised 9"),
        ({"hits": 19}, "Of 40 that it would have raised 19 did not end well"),
    ],
)
def test_it_is_silent_until_it_is_good_enough_and_says_why(but: Mapping[str, object], says: str) -> None:
    told = why_not_good_enough(replace(GOOD, **but))  # type: ignore[arg-type]  # any of its fields
    assert says in told
    assert bool(told) is bool(says)


def test_a_model_of_other_traits_or_another_library_is_silent() -> None:
    assert why_silent(PLAIN, "1.0") == ""
    assert "scikit-learn 1.0, and 2.0 is installed" in why_silent(PLAIN, "2.0")
    assert "traits of version 0" in why_silent(replace(PLAIN, traits=0), "1.0")


def test_a_raise_tells_its_figures() -> None:
    understood = understand_masked("systemctl restart nginx", "bash")
    like_it = {shape_of(understood): {"done": 9, "failed": 4, "denied": 1}}
    said = raise_by(replace(PLAIN, past=like_it), understood, Situation())
    assert said is not None
    assert "of 14 like it here, 5 did not end well (4 failed, 1 denied); estimated at 50%, raised from 40% on." in (
        said.reason
    )
    alone = raise_by(PLAIN, understood, Situation())
    assert alone is not None
    assert "none like it has run here" in alone.reason
    assert raise_by(replace(PLAIN, threshold=0.6), understood, Situation()) is None


def test_an_estimate_is_the_logistic_of_the_sum() -> None:
    assert estimate(1.0, {"a": 2.0, "b": 5.0}, {"a": 0.5, "c": 9.0}) == pytest.approx(1 / (1 + 2.718281828**-2))


# ------------------------------------------------------------------------------------------------ how it is kept


def test_a_model_is_kept_as_it_is() -> None:
    model = replace(PLAIN, weights={"a": 0.1, "b": -1 / 3}, past={"00": {"done": 3}}, trained_at=1.5)
    assert model_from_text(model_to_text(model)) == model


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_spoilt_file_is_refused_with_a_sentence(data: st.DataObject) -> None:
    text = model_to_text(replace(PLAIN, weights={"a": 0.25, "b": -1.5}))
    at = data.draw(st.integers(0, len(text) - 2))
    spoilt = data.draw(st.one_of(
        st.just(text[:at]), st.just(text[:at] + text[at + 1 :]),
        st.sampled_from("0189ax\"}]").map(lambda sign: text[:at] + sign + text[at + 1 :]),
    ))  # fmt: skip
    if spoilt != text:
        with pytest.raises(StorageError, match="its file is not as it was written"):
            model_from_text(spoilt)
