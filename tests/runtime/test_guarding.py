"""A change with a deadline stays only when a fresh log-in confirms it; else the target takes it back by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import UNGUARDED, Guard, GuardWish, guard_line, guard_of, wish_from
from opsterm.changes.way_back.prepared import way_back_lines
from opsterm.core.errors import BadInput, NotApproved, Refused
from opsterm.policy.level import RiskLevel
from opsterm.policy.lockout import NO_LOCKOUT
from opsterm.policy.order import order_of
from opsterm.runtime import change_checks
from opsterm.runtime.assent import Assent
from tests.runtime.changing import approved, proposed
from tests.runtime.stage import opened


async def test_a_change_that_is_confirmed_stays(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo after > {place}", guard=GuardWish(seconds=600))
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        assert place.read_text() == "after\n"
        decided = list((home / "points").glob("*/guard/decided"))
        assert [path.read_text() for path in decided] == ["confirmed\n"]


async def test_a_change_that_fails_is_taken_back_by_the_target_at_once(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo half > {place} && false", guard=GuardWish(seconds=600))
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.ROLLED_BACK
        assert "Taken back by the target: it ended with 1" in ended.outcomes[0].message
        assert place.read_text() == "before\n"


@pytest.mark.parametrize(
    ("command", "seconds", "said"),
    [
        ("./unknown.sh", 60, "could not take this back"), ("uptime", 60, "could not take this back"),
        ("touch /tmp/never-made", 2, "5 s to 1 h"), ("touch /tmp/never-made", 4000, "5 s to 1 h"),
    ],
)  # fmt: skip
async def test_what_could_not_be_taken_back_is_not_proposed_so(
    home: Path, command: str, seconds: int, said: str
) -> None:
    async with opened(home) as runtime:
        with pytest.raises(BadInput, match=said):
            await proposed(runtime, command, guard=GuardWish(seconds=seconds))


async def test_the_deadline_is_approved_with_the_change(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        order = (await approved(runtime, f"touch {tmp_path}/made", guard=GuardWish(seconds=60))).order
        assert order.terms is not None
        assert order.timeout_s <= 60
        assert order_of(order.canonical()).terms == order.terms
        longer = replace(order, terms=replace(order.terms, confirm_s=61))
        without = replace(order, terms=replace(order.terms, confirm_s=0))
        assert len({order.digest(), longer.digest(), without.digest()}) == 3
        assert b"confirm_s" not in without.canonical(), "the bytes of an order without a guard are what they were"


LOCKS_OUT = "systemctl stop ssh"
"""It can cut our way, and everything of it can be taken back."""


async def test_what_can_cut_our_way_is_guarded_asked_for_or_not(home: Path) -> None:
    async with opened(home, settings="[changes]\nconfirm_s = 90") as runtime:
        usual = (await proposed(runtime, LOCKS_OUT)).order
        assert guard_of(usual) == Guard(seconds=90)
        assert usual.timeout_s == 90
        asked = (await proposed(runtime, LOCKS_OUT, guard=GuardWish(seconds=30, by_hand=True))).order
        assert guard_of(asked) == Guard(seconds=30, by_hand=True)
        assert guard_of((await proposed(runtime, "touch /tmp/never-made")).order) == UNGUARDED


@pytest.mark.parametrize(
    ("command", "others", "why"),
    [
        ("poweroff", {}, "would not take all of it back"),
        (LOCKS_OUT, {"way_back": False}, "proposed without a way back"),
        (f"{LOCKS_OUT}; ./unknown.sh", {}, "would not take all of it back"),
    ],
)
async def test_what_can_cut_our_way_and_could_not_be_taken_back_is_refused_before_anything_is_kept(
    home: Path, command: str, others: Mapping[str, Any], why: str
) -> None:
    async with opened(home) as runtime:
        with pytest.raises(Refused) as refused:
            await proposed(runtime, command, **others)
        assert why in str(refused.value)
        assert "--no-confirm" in refused.value.next_step
        assert await runtime.changes.list() == []


async def test_a_part_that_is_not_taken_back_is_let_go_when_the_guard_is_asked_for(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, f"{LOCKS_OUT}; ./unknown.sh", guard=GuardWish(seconds=60))
        assert guard_of(change.order).seconds == 60
        assert any("unknown.sh" in line for line in way_back_lines(change.order))


async def test_a_reason_leaves_the_guard_out_and_more_is_asked_for(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, LOCKS_OUT, guard=GuardWish(unguarded="the console is open"))
        assert (change.risk.level, guard_of(change.order)) == (
            RiskLevel.CRITICAL, Guard(unguarded="the console is open"),
        )  # fmt: skip
        assert "the console is open" in change.risk.reasons[0]
        assert "NOT GUARDED" in guard_line(guard_of(change.order))
        with pytest.raises(BadInput, match="without a reason"):
            await runtime.changes.approve(change.id, digest=change.digest)
        given = await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(note="seen"))
        assert given.state is ChangeState.APPROVED
        other = replace(change.order, terms=replace(change.order.terms, unguarded="")) if change.order.terms else None
        assert other is not None
        assert other.digest() != change.digest, "the reason is what is approved"


async def test_what_turns_out_to_cut_our_way_after_it_was_proposed_is_void(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home) as runtime:
        with monkeypatch.context() as earlier:
            earlier.setattr(change_checks, "lockout_of", lambda *_: NO_LOCKOUT)
            change = await proposed(runtime, LOCKS_OUT)
        with pytest.raises(NotApproved, match="can cut our way to the target by what is known now"):
            await runtime.changes.approve(change.id, digest=change.digest)
        assert (await runtime.changes.get(change.id)).state is ChangeState.VOIDED


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("", GuardWish()), ("60s", GuardWish(seconds=60)), ("5m by hand", GuardWish(seconds=300, by_hand=True)),
        ("by hand", GuardWish(by_hand=True)), ("  2m   by  hand ", GuardWish(seconds=120, by_hand=True)),
    ],
)  # fmt: skip
def test_a_deadline_is_written_in_words(words: str, wish: GuardWish) -> None:
    assert wish_from(words) == wish


@pytest.mark.parametrize("words", ["soon", "2s", "2h", "60s by foot", "by hand 60s"])
def test_a_deadline_that_is_none_is_said(words: str) -> None:
    with pytest.raises(BadInput) as said:
        wish_from(words)
    assert said.value.next_step


def test_a_guard_and_none_are_not_asked_for_at_once() -> None:
    with pytest.raises(BadInput, match="both are asked for"):
        wish_from("60s", unguarded="the console is open")
