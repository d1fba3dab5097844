"""A change with a deadline stays only when a fresh log-in confirms it; else the target takes it back by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput
from opsterm.policy.order import order_of
from tests.runtime.changing import approved, proposed
from tests.runtime.stage import opened

pytestmark = pytest.mark.timeout(120)


async def test_a_change_that_is_confirmed_stays(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo after > {place}", confirm_s=600)
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        assert place.read_text() == "after\n"
        decided = list((home / "points").glob("*/guard/decided"))
        assert [path.read_text() for path in decided] == ["confirmed\n"]


async def test_a_change_that_fails_is_taken_back_by_the_target(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo half > {place} && false", confirm_s=5)
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.FAILED
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
            await proposed(runtime, command, confirm_s=seconds)


async def test_the_deadline_is_approved_with_the_change(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        order = (await approved(runtime, f"touch {tmp_path}/made", confirm_s=60)).order
        assert order.terms is not None
        assert order.timeout_s <= 60
        assert order_of(order.canonical()).terms == order.terms
        longer = replace(order, terms=replace(order.terms, confirm_s=61))
        without = replace(order, terms=replace(order.terms, confirm_s=0))
        assert len({order.digest(), longer.digest(), without.digest()}) == 3
        assert b"confirm_s" not in without.canonical(), "the bytes of an order without a guard are what they were"
