"""A change is kept before it runs and taken back afterwards, by a change like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.core.errors import BadInput, NotApproved, OpstermError
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved, story
from tests.runtime.stage import opened


async def done(runtime: Runtime, command: str) -> Change:
    """Propose, approve and run a command here."""
    change = await approved(runtime, command)
    return await runtime.changes.run(change.id)


async def take_back(runtime: Runtime, change: Change, *, insist: bool = False) -> Change:
    """Propose, approve and run what takes a change back."""
    back = await runtime.rollbacks.propose(RollbackWish(change=change.id, insist=insist, origin="command line"))
    await runtime.changes.approve(back.id, digest=back.digest)
    return await runtime.changes.run(back.id)


async def test_a_change_is_taken_back_and_that_is_proven(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {place}; mkdir -p {tmp_path}/a/b; touch {tmp_path}/a/b/c")
        assert place.read_text() == "after\n"
        back = await take_back(runtime, change)
        assert back.state is ChangeState.DONE
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK
        assert (place.read_text(), (tmp_path / "a").exists()) == ("before\n", False)
        assert await story(runtime, change) == [
            "change.proposed", "change.approved", "change.started", "change.captured", "recovery.taken",
            "change.target_ended", "change.ended", "change.rolled_back",
        ]  # fmt: skip
        with pytest.raises(BadInput, match="taken back already"):
            await take_back(runtime, change)


async def test_a_change_that_failed_half_way_is_taken_back_as_well(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await done(runtime, f"echo half > {place} && false")
        assert change.state is ChangeState.FAILED
        assert (await take_back(runtime, change)).state is ChangeState.DONE
        assert place.read_text() == "before\n"


async def test_what_somebody_else_changed_since_stays_until_one_insists(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {place}")
        place.write_text("by somebody else\n")
        back = await take_back(runtime, change)
        assert (back.state, back.outcomes[0].exit_status) == (ChangeState.FAILED, 4)
        assert place.read_text() == "by somebody else\n"
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLBACK_FAILED
        assert (await take_back(runtime, change, insist=True)).state is ChangeState.DONE
        assert place.read_text() == "before\n"
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK


async def test_a_change_that_ran_too_long_is_taken_back_as_it_was_left(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo half > {place}; sleep 60", timeout_s=1)
        assert (await runtime.changes.run(change.id)).outcomes[0].state is OutcomeState.TIMED_OUT
        assert (await take_back(runtime, change)).state is ChangeState.DONE
        assert place.read_text() == "before\n"


async def test_what_cannot_be_kept_is_not_run(home: Path, tmp_path: Path) -> None:
    (home / "points").write_text("in the way of the folder of recovery points")
    async with opened(home) as runtime:
        change = await done(runtime, f"touch {tmp_path}/made")
        outcome = change.outcomes[0]
        assert outcome.state is OutcomeState.FAILED
        assert "could not be kept beforehand" in outcome.message
        assert not (tmp_path / "made").exists()
        without = await approved_without(runtime, f"touch {tmp_path}/made")
        assert (await runtime.changes.run(without.id)).state is ChangeState.DONE
        with pytest.raises(BadInput, match="has no way back"):
            await take_back(runtime, without)


async def approved_without(runtime: Runtime, command: str) -> Change:
    """Approve a command that is proposed without a way back."""
    wish = Proposal(command=command, selector="localhost", origin="command line", way_back=False)
    change = await runtime.changes.propose(wish)
    return await runtime.changes.approve(change.id, digest=change.digest)


@pytest.mark.parametrize("command", ["uptime", "./unknown.sh"])
async def test_without_anything_to_keep_nothing_is_kept(home: Path, command: str) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, command)
        assert not (home / "points").exists()
        with pytest.raises(BadInput, match="has no way back"):
            await take_back(runtime, change)


async def test_nothing_is_taken_back_before_it_has_run(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, f"touch {tmp_path}/made")
        with pytest.raises(BadInput, match="nothing to take back yet"):
            await take_back(runtime, change)


async def test_an_approval_is_for_the_very_way_back(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, f"touch {tmp_path}/made")
        monkeypatch.setattr("opsterm.changes.way_back.plan.WAYS", {})
        with pytest.raises(NotApproved, match="no longer the one that was approved"):
            await runtime.changes.run(change.id)
        assert not (tmp_path / "made").exists()


async def test_a_rollback_is_put_back_with_the_very_texts_that_were_approved(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, f"touch {tmp_path}/made")
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        monkeypatch.setattr("opsterm.changes.way_back.prepared.keeper_digest", lambda: "0" * 64)
        ended = await runtime.changes.run(back.id)
        assert "another version of opsterm" in ended.outcomes[0].message
        assert (tmp_path / "made").exists()


async def test_a_rollback_needs_an_approval_of_its_own(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, f"touch {tmp_path}/made")
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        with pytest.raises(OpstermError):
            await runtime.changes.run(back.id)
        assert (tmp_path / "made").exists()
