"""A plan runs its steps in their order, is taken back in the reverse one, and goes on where that was cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import ChangeStepEnded, ChangeStepRolledBack, ChangeStepStarted
from opsterm.changes.plan_steps import UNITS, kept_ways
from opsterm.changes.way_back.prepared import restoring_text
from opsterm.core.errors import BadInput, NotApproved
from opsterm.policy.order import AS_LOGGED_IN, PLAN
from opsterm.policy.plan_order import PlanOrder, PlanStep, parse_plan
from opsterm.policy.risk import RiskLevel
from opsterm.policy.way_back import ThingKind
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.rollouts import ResumeWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import opened


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def write(path: Path, text: str) -> None:
    path.write_text(text)


def steps(folder: Path, *, last: str = "", more: str = "", top: str = "") -> str:
    """Return a plan that writes a file, writes it again, and makes a folder."""
    return f"""
{top}
[[step]]
title = "first"
command = "echo one > {folder}/conf"

[[step]]
title = "second"
command = "echo two > {folder}/conf; echo second >> {folder}/log"
{more}

[[step]]
title = "third"
command = "mkdir -p {folder}/a/b{last}"
"""


async def proposed(runtime: Runtime, folder: Path, text: str) -> Change:
    file = folder / "plan.toml"
    write(file, text)
    proposal = await runtime.plans.proposal(str(file), on="localhost", origin="command line")
    return await runtime.changes.propose(proposal)


async def done(runtime: Runtime, change: Change) -> Change:
    await runtime.changes.approve(change.id, digest=change.digest)
    return await runtime.changes.run(change.id)


async def taken_back(runtime: Runtime, change: Change, *, insist: bool = False) -> Change:
    back = await runtime.rollbacks.propose(RollbackWish(change=change.id, insist=insist, origin="command line"))
    return await done(runtime, back)


async def told(runtime: Runtime, change: Change) -> list[str]:
    """Return what the journal says of steps: "1 started", "2 failed", "1 back"."""
    kinds = [ChangeStepStarted.kind, ChangeStepEnded.kind, ChangeStepRolledBack.kind]
    found = []
    for fact in await runtime.store.journal.search(kinds=kinds, correlation_id=change.name):
        event = fact.event
        if isinstance(event, ChangeStepStarted):
            found.append(f"{event.step} started")
        elif isinstance(event, ChangeStepEnded):
            found.append(f"{event.step} {event.state}")
        elif isinstance(event, ChangeStepRolledBack):
            found.append(f"{event.step} back" if event.equal else f"{event.step} not back")
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write(tmp_path / "conf", "before\n")
    return tmp_path


async def test_steps_run_in_order_and_are_taken_back_in_reverse(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, place, steps(place))
        assert (change.order.shell, len(parse_plan(change.order.command).steps)) == (PLAN, 3)
        ended = await done(runtime, change)
        assert ended.state is ChangeState.DONE, ended.outcomes[0].message
        assert text_of(place / "conf") == "two\n"
        back = await taken_back(runtime, change)
        assert back.state is ChangeState.DONE, back.outcomes[0].message
        assert (text_of(place / "conf"), (place / "a").exists(), (place / "log").exists()) == ("before\n", False, False)
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLED_BACK
        assert await told(runtime, change) == [
            "1 started", "1 done", "2 started", "2 done", "3 started", "3 done", "3 back", "2 back", "1 back",
        ]  # fmt: skip
        with pytest.raises(BadInput, match="taken back already"):
            await taken_back(runtime, change)


async def test_the_first_step_that_fails_ends_it_and_only_what_was_begun_is_taken_back(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, place, steps(place, more='verify = ["port:1"]\ntries = 1'))
        ended = await done(runtime, change)
        outcome = ended.outcomes[0]
        assert (ended.state, outcome.state) == (ChangeState.FAILED, OutcomeState.NOT_VERIFIED)
        assert outcome.message.startswith("Step 2, second, is not verified after 1 try: port:1: nothing listens on it.")
        assert not (place / "a").exists()
        assert (await taken_back(runtime, change)).state is ChangeState.DONE
        assert text_of(place / "conf") == "before\n"
        assert (await told(runtime, change))[-3:] == ["2 not verified", "2 back", "1 back"]


async def test_a_plan_goes_on_with_the_steps_that_are_not_done(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        wait = f"ls {place}/sign"
        plan = steps(place).replace('title = "third"', f'title = "third"\nbefore = "command:{wait}"')
        first = await done(runtime, await proposed(runtime, place, plan))
        assert first.state is ChangeState.FAILED
        write(place / "sign", "")
        again = await runtime.rollouts.resume(ResumeWish(change=first.id, origin="command line"))
        assert [step.title for step in parse_plan(again.order.command).steps] == ["third"]
        assert (await done(runtime, again)).state is ChangeState.DONE
        assert (text_of(place / "conf"), text_of(place / "log")) == ("two\n", "second\n"), "nothing is done twice"


async def test_a_plan_takes_itself_back_where_that_was_approved(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        plan = steps(place, last=" && false", top='on_failure = "rollback"')
        ended = await done(runtime, await proposed(runtime, place, plan))
        assert ended.state is ChangeState.ROLLED_BACK, ended.outcomes[0].message
        assert ended.outcomes[0].message.startswith("Step 3, third, ended with 1.")
        assert (text_of(place / "conf"), (place / "a").exists(), (place / "log").exists()) == ("before\n", False, False)


async def test_a_step_begins_only_when_what_has_to_hold_before_it_does(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        ended = await done(runtime, await proposed(runtime, place, steps(place, more='before = "port:1"')))
        assert ended.outcomes[0].message.startswith(
            "Step 2, second, was not begun, since this does not hold: port:1: nothing listens on it."
        )
        assert text_of(place / "conf") == "one\n"
        assert (await told(runtime, ended)) == ["1 started", "1 done"]


async def test_a_step_may_be_taken_back_by_a_text_of_its_own(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        plan = f"""
            {steps(place)}
            inverse = "rmdir {place}/a/b {place}/a; echo undone > {place}/undone"
        """
        change = await proposed(runtime, place, plan)
        assert (await done(runtime, change)).state is ChangeState.DONE
        assert (await taken_back(runtime, change)).state is ChangeState.DONE
        assert (text_of(place / "conf"), text_of(place / "undone")) == ("before\n", "undone\n")
        assert not (place / "a").exists()


async def test_what_somebody_else_changed_since_stays_until_one_insists(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, place, steps(place))
        await done(runtime, change)
        write(place / "conf", "by somebody else\n")
        assert (await taken_back(runtime, change)).state is ChangeState.FAILED
        assert text_of(place / "conf") == "by somebody else\n"
        assert (await runtime.changes.get(change.id)).state is ChangeState.ROLLBACK_FAILED
        assert (await taken_back(runtime, change, insist=True)).state is ChangeState.DONE
        assert text_of(place / "conf") == "before\n"
        assert (await told(runtime, change))[6:] == ["3 back", "2 not back", "2 back", "1 back"]


@pytest.mark.parametrize("after", [1, 2])
async def test_taking_back_goes_on_where_it_was_cut(
    home: Path, place: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, place, steps(place))
        await done(runtime, change)
        first = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        calls = 0

        def cut(command: str) -> str:
            nonlocal calls
            calls += 1
            if calls > after:
                raise NotApproved("cut")
            return restoring_text(command)

        monkeypatch.setattr("opsterm.runtime.plan_running.restoring_text", cut)
        assert (await done(runtime, first)).state is ChangeState.FAILED
        monkeypatch.setattr("opsterm.runtime.plan_running.restoring_text", restoring_text)
        assert (await taken_back(runtime, change)).state is ChangeState.DONE
        assert (text_of(place / "conf"), (place / "a").exists()) == ("before\n", False)
        assert (await told(runtime, change))[6:] == ["3 back", "2 back", "1 back"], "what is back is not done twice"


async def test_a_file_with_faults_is_not_proposed(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    write(file, '[[step]]\ntitle = "x"\n')
    async with opened(home) as runtime:
        assert [fault.key for fault in await runtime.plans.check(str(file))] == ["step.command"]
        with pytest.raises(BadInput, match="is no plan: it has 1 fault"):
            await runtime.plans.proposal(str(file), on="localhost", origin="command line")
        write(file, '[[step]]\ntitle = "x"\ncommand = "uptime"\n')
        with pytest.raises(BadInput, match="does not say on which targets"):
            await runtime.plans.proposal(str(file), origin="command line")
        with pytest.raises(BadInput, match="cannot be read"):
            await runtime.plans.check(str(tmp_path / "none.toml"))


def test_what_is_done_again_comes_after_the_files_of_all_steps() -> None:
    write_unit = PlanStep(title="unit", command="cp /root/x.service /etc/systemd/system/x.service")
    load = PlanStep(title="load", command="systemctl daemon-reload")
    ways = kept_ways(PlanOrder(steps=(write_unit, load)), AS_LOGGED_IN, "localhost")
    assert [thing.kind for thing in ways[UNITS].things] == [ThingKind.AGAIN]
    assert (bool(ways[1].things), ways[2].things) == (True, ())


async def test_a_step_is_graded_as_the_account_that_it_runs_as(tmp_path: Path) -> None:
    async with opened(tmp_path) as runtime:
        for become, level in (("", RiskLevel.READ), ("root", RiskLevel.HIGH)):
            top = f'become = "{become}"\n' * bool(become)
            change = await proposed(
                runtime, tmp_path, f'{top}[[step]]\ntitle = "look"\ncommand = "tail /var/log/app.log"\n'
            )
            (step,) = await runtime.plans.outline(change)
            assert (step.risk, change.risk.level.order >= level.order) == (level, True), step.reason
