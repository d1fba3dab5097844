"""An operator gives the way back from what is not kept: judged by itself, approved with it, a change of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.claim import Claim, ClaimKind, in_the_way
from opsterm.changes.events import ChangeRolledBack
from opsterm.changes.verification import OnFailure, Verification
from opsterm.changes.way_back.prepared import way_back_lines
from opsterm.core.errors import BadInput, NotApproved
from opsterm.policy.order import order_of
from opsterm.policy.plan_order import undone_by
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved, proposed
from tests.runtime.stage import opened


async def done(runtime: Runtime, command: str, inverse: str) -> Change:
    change = await approved(runtime, command, inverse=inverse)
    return await runtime.changes.run(change.id)


async def back(runtime: Runtime, change: Change) -> Change:
    """Propose the next step that takes a change back, approve and run it."""
    step = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
    await runtime.changes.approve(step.id, digest=step.digest)
    return await runtime.changes.run(step.id)


async def test_the_inverse_takes_back_what_is_not_kept(home: Path, tmp_path: Path) -> None:
    script, flag = tmp_path / "switch.sh", tmp_path / "flag"
    script.write_text(f'echo "$1" > {flag}\n')
    async with opened(home) as runtime:
        change = await done(runtime, f"sh {script} on", f"sh {script} off")
        assert (change.state, flag.read_text()) == (ChangeState.DONE, "on\n")
        step = await back(runtime, change)
        assert step.order.command == f"sh {script} off", "the very text, as a change of its own"
        assert flag.read_text() == "off\n"
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK
        told = [fact.event for fact in await runtime.store.journal.search(kinds=[ChangeRolledBack.kind])]
        assert [(one.by_inverse, one.equal) for one in told if isinstance(one, ChangeRolledBack)] == [(True, True)]
        with pytest.raises(BadInput, match="taken back already"):
            await back(runtime, change)


async def test_what_was_kept_is_put_back_first_and_then_the_inverse_runs(home: Path, tmp_path: Path) -> None:
    conf, script, seen = tmp_path / "conf", tmp_path / "start.sh", tmp_path / "seen"
    conf.write_text("before\n")
    script.write_text(f"cat {conf} > {seen}\n")
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {conf}; sh {script}", f"sh {script}")
        assert seen.read_text() == "after\n"
        first = await back(runtime, change)
        assert (first.order.shell, conf.read_text()) == ("restore", "before\n")
        assert (await runtime.changes.get(change.id)).state is ChangeState.DONE, "half of the way"
        await back(runtime, change)
        assert seen.read_text() == "before\n"
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK


async def test_an_inverse_that_fails_is_a_rollback_that_failed(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, f"sh -c 'exit 0' {tmp_path}; ./unknown || true", "./unknown")
        assert (await back(runtime, change)).state is ChangeState.FAILED
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLBACK_FAILED


async def test_the_approval_binds_the_inverse(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, "./unknown", inverse="./other")
        plain = await proposed(runtime, "./unknown")
        assert b"inverse" not in plain.order.canonical(), "what has none has the bytes that it always had"
        assert order_of(change.order.canonical()).terms == change.order.terms
        with pytest.raises(NotApproved):
            await runtime.changes.approve(change.id, digest=plain.digest)


async def test_an_approver_sees_it_and_how_it_is_graded(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, "docker run -d nginx; rm /srv/a", inverse="rm -rf /srv/web; ./unknown")
        lines = way_back_lines(change.order)
        assert lines[0] == "inverse: files /srv/a"
        assert lines[1] == "then by the command rm -rf /srv/web; ./unknown"
        assert any(reason.startswith("Its inverse by itself is graded ") for reason in change.risk.reasons)
        assert any("Not all of it is understood." in reason for reason in change.risk.reasons)


async def test_an_opposite_that_is_known_is_only_suggested(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, "docker network create lan")
        lines = way_back_lines(change.order)
        assert lines[0].startswith("cannot be undone: ")
        assert "the opposite would be: docker network rm lan" in lines
        assert change.order.terms is not None
        assert change.order.terms.inverse == ""
        given = await proposed(runtime, "docker network create lan", inverse="docker network rm lan")
        assert way_back_lines(given.order)[0] == "inverse: by the command docker network rm lan"
        assert given.risk.level.order <= change.risk.level.order


@pytest.mark.parametrize("inverse", [" ", "./unknown", "uptime"])
async def test_what_is_no_inverse_is_refused(home: Path, inverse: str) -> None:
    async with opened(home) as runtime:
        with pytest.raises(BadInput, match="no inverse"):
            await proposed(runtime, "./unknown", inverse=inverse)


async def test_a_plan_has_inverses_step_by_step_and_none_for_all_of_it(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text('[[step]]\ntitle = "one"\ncommand = "./unknown"\ninverse = "./other"\n')
    async with opened(home) as runtime:
        proposal = await runtime.plans.proposal(str(file), on="localhost", origin="command line")
        with pytest.raises(BadInput, match="inverses of their own"):
            await runtime.changes.propose(replace(proposal, inverse="./all-of-it"))


async def test_what_is_taken_back_at_once_has_no_inverse_that_would_be_left_out(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        at_once = Verification(on_failure=OnFailure.ROLLBACK)
        with pytest.raises(BadInput, match="a change of its own"):
            await proposed(runtime, f"echo a > {tmp_path}/a; ./x", inverse="./y", verification=at_once)


async def test_an_inverse_is_not_stopped_by_what_it_takes_back(home: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, "./unknown || true", "./other")
        step = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        assert undone_by(step.order) == change.id
        claim = Claim(target="localhost", kind=ClaimKind.RUNNING, by="ben", change=change.name, since=0, until=None)
        assert not in_the_way([claim], step, operator="ana", identity="ana")
        assert in_the_way([replace(claim, change="c99")], step, operator="ana", identity="ana")


async def test_an_inverse_of_which_a_process_that_died_said_nothing_is_settled_by_the_next(home: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, "./unknown || true", "./other || true")
        runtime.changes._settled = unsaid  # what a process did that died right after the inverse had ended
        step = await back(runtime, change)
        assert (step.state, (await runtime.changes.get(change.id)).state) == (ChangeState.DONE, ChangeState.DONE)
        await runtime.rollbacks.settle_all()
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK


async def unsaid(change: Change) -> Change:
    return change
