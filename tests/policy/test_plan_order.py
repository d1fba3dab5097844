"""A plan as text: one text for each plan, read by the same check as any command, with nothing hidden in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.policy.effects import EffectKind
from opsterm.policy.order import PLAN, OrderTarget
from opsterm.policy.plan_order import PlanOrder, PlanStep, parse_plan, takes_back
from opsterm.policy.risk import RiskLevel, assess, why_not_read_only
from opsterm.policy.understanding import understand

WEB = OrderTarget(name="web-01", protocol="ssh", address="web-01.example", port=0, user="")

words = st.sampled_from(
    ["step", "run sh: x", "  run sh: rm -r /", "END", "END_", "back", "  back sh <<END", "", "touch x"]
)
commands = st.one_of(
    st.lists(words, min_size=1, max_size=5).map("\n".join),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
).filter(lambda text: bool(text.strip()))
titles = st.from_regex(r"[a-z][a-z ]{0,20}[a-z]", fullmatch=True)
checks = st.lists(st.sampled_from(["unit:a active", "port:80", "command:uptime"]), max_size=3, unique=True).map(tuple)
steps = st.builds(
    PlanStep, title=titles, command=commands, shell=st.sampled_from(["sh", "bash"]), before=checks,
    inverse=st.one_of(st.just(""), commands),
)  # fmt: skip


@given(st.lists(steps, min_size=1, max_size=4).map(tuple))
def test_a_text_says_all_of_a_plan_and_each_command_stands_in_it_as_it_runs(given_steps: tuple[PlanStep, ...]) -> None:
    plan = PlanOrder(steps=given_steps)
    assert parse_plan(plan.text()) == plan
    for step in given_steps:
        assert step.command in plan.text()


@given(
    st.lists(steps, min_size=1, max_size=3).map(tuple), st.integers(0, 400), st.sampled_from(["\n", "x", " ", "END"])
)
def test_a_text_that_was_touched_is_another_plan_or_none(given_steps: tuple[PlanStep, ...], at: int, more: str) -> None:
    text = PlanOrder(steps=given_steps).text()
    touched = text[: at % (len(text) + 1)] + more + text[at % (len(text) + 1) :]
    try:
        found = parse_plan(touched)
    except BadInput:
        return
    assert found.text() == touched
    assert found != PlanOrder(steps=given_steps)


@pytest.mark.parametrize(
    "text",
    [
        "", "step x", "step x\n  run sh: ", "step x\n  run zsh: y", "step x\n  run put: y", "step x\nrun sh: y",
        "  run sh: y", "step x\n  run sh: y\n", "step x\n  run sh <<END\ny\nEND", "step x\n  run sh <<END\na\nb",
        "step x\n  verify unit:a\n  run sh: y", "step x\n  run restore: y", "step \x1b[2J\n  run sh: y",
        "step x\n  undoes c1 step 1\n  run sh: y\nstep z\n  run sh: y",
        "step x\n  run sh: y\n  tries 5 within 60",
    ],
)  # fmt: skip
def test_what_is_no_plan_is_none(text: str) -> None:
    with pytest.raises(BadInput, match="no plan"):
        parse_plan(text)
    assert assess(text, PLAN, [WEB], ["prod"]).level.order >= RiskLevel.MEDIUM.order


def plan(*pairs: tuple[str, str]) -> str:
    return PlanOrder(
        steps=tuple(PlanStep(title="a", command=command, inverse=inverse) for command, inverse in pairs)
    ).text()


def test_every_step_and_every_way_back_is_judged() -> None:
    text = plan(("uptime", ""), ("systemctl restart nginx", "rm -rf /srv/old"))
    found = understand(text, PLAN)
    assert {effect.kind for effect in found.effects} >= {EffectKind.SERVICE_RESTART, EffectKind.DELETE}
    assert [text[one.span.start : one.span.end] for one in found.commands] == [
        "uptime", "systemctl restart nginx", "rm -rf /srv/old"
    ]  # fmt: skip


@pytest.mark.parametrize("worst", ["rm -rf /", "mkfs.ext4 /dev/sda", "dd if=/dev/zero of=/dev/sda"])
def test_a_plan_is_as_bad_as_its_worst_step(worst: str) -> None:
    alone = assess(worst, "sh", [WEB], ["prod"]).level
    for text in (plan(("uptime", ""), (worst, "")), plan(("touch /tmp/x", worst))):
        assert assess(text, PLAN, [WEB], ["prod"]).level.order >= alone.order


def test_a_plan_is_always_asked_about() -> None:
    assert why_not_read_only(plan(("uptime", "")), PLAN)


def test_what_a_plan_takes_back_is_said() -> None:
    step = PlanStep(title="back", command="rm /tmp/x", undoes=(18, 2))
    assert takes_back(PlanOrder(steps=(step,)).text(), PLAN) == 18
    assert takes_back(plan(("uptime", "")), PLAN) == takes_back("uptime", "sh") == 0


REQUEST = "https://api.example.org/pets"
WAYS_BACK = (
    (f"GET {REQUEST}", f"DELETE {REQUEST}/1", RiskLevel.HIGH, "Step 1, taken back: DELETE removes what is there"),
    (f"POST {REQUEST}", f"PUT {REQUEST}/1\n\nx", RiskLevel.HIGH, "Step 1, taken back: PUT replaces the whole"),
    (f"DELETE {REQUEST}/1", f"POST {REQUEST}", RiskLevel.HIGH, "Step 1: DELETE removes what is there"),
    (f"POST {REQUEST}", f"GET {REQUEST}", RiskLevel.MEDIUM, "Step 1: POST creates or starts something"),
)
"""(request, the one that takes it back, grade of both, what is told first)."""


@pytest.mark.parametrize(("request_", "back", "level", "first"), WAYS_BACK)
def test_a_request_that_takes_a_step_back_counts_as_the_step_does(
    request_: str, back: str, level: RiskLevel, first: str
) -> None:
    text = PlanOrder(steps=(PlanStep(title="one", shell="http", command=request_, inverse=back),)).text()
    risk = assess(text, PLAN, (), ())
    assert (risk.level, risk.reasons[0].startswith(first)) == (level, True), risk


def test_which_secret_a_request_of_a_plan_sends_is_said_of_each_step() -> None:
    ask = PlanStep(title="one", shell="http", command="GET http://api.example.org/?k={credential:key}")
    reasons = assess(PlanOrder(steps=(ask, ask)).text(), PLAN, (), ()).reasons
    for number in (1, 2):
        said = [one for one in reasons if one.startswith(f"Step {number}: ")]
        assert ["with the secret key" in one for one in said] == [False, True, False]
        assert "over http" in said[2]
