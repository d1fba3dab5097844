"""An approval is for bytes, in time, by a person, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput, ExitCode, NotApproved, Refused
from opsterm.core.text import LINE_LIMIT, clean_block, shown_exactly
from opsterm.policy.approval import (
    TYPED_AHEAD_GUARD_S,
    Ask,
    Case,
    Standing,
    friction,
    require_approvable,
    require_deniable,
    require_runnable,
    require_showable,
)
from opsterm.policy.order import Order, OrderTarget
from opsterm.policy.risk import RiskLevel

WEB = OrderTarget(name="web-01", protocol="ssh", address="192.0.2.1", port=0, user="")
ORDER = Order(command="uptime", shell="sh", targets=(WEB,), timeout_s=30.0, expires_at=1000.0)
WAITING = Case(name="c1", order=ORDER, digest=ORDER.digest(), approved_digest="", standing=Standing.WAITING,
               requested_by="ana")  # fmt: skip
APPROVED = replace(WAITING, standing=Standing.APPROVED, approved_digest=ORDER.digest())


def test_what_was_shown_may_be_approved_and_run() -> None:
    require_approvable(WAITING, by="ana", digest_shown=ORDER.digest(), now=999.0)
    require_runnable(APPROVED, now=1000.0)
    require_deniable(WAITING, by="ben")
    require_deniable(APPROVED, by="ben")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (f"echo {'a' * LINE_LIMIT}; rm -rf /srv", "Line 1 of the command is too long"),
        (f"true\necho {' ' * LINE_LIMIT}; rm -rf /srv", "Line 2 of the command is too long"),
        ("echo " + "\u0430" * (LINE_LIMIT // 6) + "; rm -rf /srv", "Line 1 of the command is too long"),
        ("true\n" * 20_001, "100,005 bytes long"),
        ("echo \ud83d", "no UTF-8 form"),
    ],
)
def test_a_command_that_cannot_be_shown_whole_is_never_approved(command: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        require_showable(command)
    if "\ud83d" in command:
        return
    order = replace(ORDER, command=command)
    with pytest.raises(BadInput, match=says):
        require_approvable(
            replace(WAITING, order=order, digest=order.digest()), by="ana", digest_shown=order.digest(), now=1.0
        )


@given(st.text())
def test_what_may_be_approved_is_shown_to_its_last_character(command: str) -> None:
    try:
        require_showable(command)
    except BadInput:
        return
    shown = shown_exactly(command)
    assert clean_block(shown) == shown


@pytest.mark.parametrize("standing", [s for s in Standing if s is not Standing.WAITING])
def test_only_what_waits_is_approved(standing: Standing) -> None:
    with pytest.raises(NotApproved, match="cannot be decided"):
        require_approvable(replace(WAITING, standing=standing), by="ana", digest_shown=ORDER.digest(), now=1.0)


@pytest.mark.parametrize("standing", [s for s in Standing if s is not Standing.APPROVED])
def test_only_what_is_approved_runs(standing: Standing) -> None:
    with pytest.raises(NotApproved) as caught:
        require_runnable(replace(APPROVED, standing=standing), now=1.0)
    assert caught.value.next_step
    assert caught.value.exit_code is ExitCode.REFUSED


def test_time_is_over() -> None:
    with pytest.raises(NotApproved, match="expired 4 m ago"):
        require_approvable(WAITING, by="ana", digest_shown=ORDER.digest(), now=1250.0)
    with pytest.raises(NotApproved, match="expired"):
        require_runnable(APPROVED, now=1000.001)


def test_read_only_mode_refuses() -> None:
    with pytest.raises(Refused, match="read-only"):
        require_approvable(WAITING, by="ana", digest_shown=ORDER.digest(), now=1.0, read_only=True)
    with pytest.raises(Refused, match="read-only"):
        require_runnable(APPROVED, now=1.0, read_only=True)


def test_nobody_is_not_a_decider() -> None:
    with pytest.raises(Refused, match="person"):
        require_approvable(WAITING, by=" ", digest_shown=ORDER.digest(), now=1.0)


@pytest.mark.parametrize("digest", ["", "0" * 64, ORDER.digest().upper(), ORDER.digest()[:-1], "é"])
def test_other_bytes_than_those_shown_are_not_approved(digest: str) -> None:
    with pytest.raises(NotApproved, match="not what would run"):
        require_approvable(WAITING, by="ana", digest_shown=digest, now=1.0)


CHANGED = st.one_of(
    st.builds(lambda text: replace(ORDER, command=text), st.text(max_size=20)),
    st.builds(lambda text: replace(ORDER, shell=text), st.text(max_size=5)),
    st.builds(lambda number: replace(ORDER, timeout_s=number), st.floats(0.001, 1e6)),
    st.builds(lambda number: replace(ORDER, expires_at=number), st.floats(500, 1e9)),
    st.builds(lambda text: replace(ORDER, targets=(replace(WEB, user=text),)), st.text(max_size=5)),
    st.builds(lambda number: replace(ORDER, targets=(replace(WEB, port=number),)), st.integers(0, 65535)),
    st.just(replace(ORDER, targets=(WEB, replace(WEB, name="web-02")))),
    st.just(replace(ORDER, targets=())),
)


@given(CHANGED)
def test_any_changed_byte_voids_an_approval(order: Order) -> None:
    if order.canonical() == ORDER.canonical():
        require_runnable(replace(APPROVED, order=order), now=1.0)
        return
    for case in (replace(APPROVED, order=order), replace(APPROVED, order=order, digest=order.digest())):
        with pytest.raises(NotApproved):
            require_runnable(case, now=1.0)
    with pytest.raises(NotApproved):
        require_approvable(replace(WAITING, order=order), by="ana", digest_shown=ORDER.digest(), now=1.0)


def test_friction_grows_with_the_risk() -> None:
    assert [friction(level, 12).ask for level in RiskLevel] == [
        Ask.KEY, Ask.KEY, Ask.KEY_ENTER, Ask.COUNT, Ask.COUNT,
    ]  # fmt: skip
    assert friction(RiskLevel.HIGH, 12).answer == "12"
    with pytest.raises(BadInput):
        friction(RiskLevel.LOW, 0)


@pytest.mark.parametrize("level", list(RiskLevel))
def test_typed_ahead_keys_and_enter_alone_approve_nothing(level: RiskLevel) -> None:
    asked = friction(level, 3)
    for typed in ("a", "3"):
        assert not asked.accepts(typed, entered=True, shown_for_s=TYPED_AHEAD_GUARD_S - 0.01)
    for entered in (True, False):
        assert not asked.accepts("", entered=entered, shown_for_s=10)


def test_the_right_answer_approves() -> None:
    assert friction(RiskLevel.LOW, 3).accepts("a", entered=False, shown_for_s=1)
    assert friction(RiskLevel.MEDIUM, 3).accepts("a", entered=True, shown_for_s=1)
    assert not friction(RiskLevel.MEDIUM, 3).accepts("a", entered=False, shown_for_s=1)
    assert friction(RiskLevel.HIGH, 3).accepts("3", entered=True, shown_for_s=1)
    assert not friction(RiskLevel.HIGH, 3).accepts("a", entered=True, shown_for_s=1)
    assert not friction(RiskLevel.HIGH, 3).accepts("3", entered=False, shown_for_s=1)
