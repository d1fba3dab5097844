"""Whoever sits here sees what waits to be confirmed, decides it, and finds out what became of it after a crash."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import GuardState, wish_from
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import BadInput, NotApproved, NotFound, Refused
from opsterm.runtime.guard_reconciliation import GuardReconciliation
from opsterm.runtime.guards import GuardSeen
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved, proposed, story
from tests.runtime.stage import child, opened, until_async

HERE = "localhost"


class Place:
    """A file that changes change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_text("before\n")

    def __str__(self) -> str:
        return str(self._path)

    @property
    def text(self) -> str:
        return self._path.read_text()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "conf")


async def seen(runtime: Runtime, change: Change) -> GuardSeen | None:
    return (await runtime.guards.told(change)).get(HERE)


@asynccontextmanager
async def waiting(runtime: Runtime, place: Place, deadline: str) -> AsyncIterator[tuple[Change, asyncio.Task[Change]]]:
    """A change that has been made and waits for a person."""
    change = await approved(runtime, f"echo after > {place}", guard=wish_from(deadline))
    running = asyncio.create_task(runtime.changes.run(change.id))

    async def waits() -> bool:
        now = await runtime.changes.get(change.id)
        heard = await seen(runtime, now)
        return heard is not None and heard.state is GuardState.PENDING

    await until_async(waits)
    try:
        yield await runtime.changes.get(change.id), running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_change_by_hand_waits_for_a_person_who_confirms_it(home: Path, place: Place) -> None:
    async with opened(home) as runtime, waiting(runtime, place, "600s by hand") as (change, running):
        heard = await seen(runtime, change)
        assert heard is not None
        assert heard.log_in.startswith("worked after")
        assert 500 < heard.due_at - runtime.clock.now() <= 600
        assert [one.state for one in await runtime.guards.act(change.id, KeeperStep.CONFIRM)] == ["confirmed"]
        assert (await running).state is ChangeState.DONE
        assert place.text == "after\n"
        told = await story(runtime, change)
        assert told[-1] == "change.ended"
        assert "change.target_ended" in told, "before or after the one who confirmed has written that down"
        with pytest.raises(BadInput, match="Nothing of c1 waits"):
            await runtime.guards.act(change.id, KeeperStep.REVERT)


async def test_a_person_takes_it_back_at_once(home: Path, place: Place) -> None:
    async with opened(home) as runtime, waiting(runtime, place, "600s by hand") as (change, running):
        assert [one.state for one in await runtime.guards.act(change.id, KeeperStep.REVERT)] == ["reverted"]
        assert (await running).state is ChangeState.ROLLED_BACK
        assert place.text == "before\n"
        with pytest.raises(BadInput, match="is taken back already"):
            await runtime.rollbacks.propose(_wish(change))


async def test_more_time_is_given_and_nobody_confirms_in_it(home: Path, place: Place) -> None:
    async with opened(home) as runtime, waiting(runtime, place, "600s by hand") as (change, running):
        with pytest.raises(BadInput, match="5 s to 1 h"):
            await runtime.guards.act(change.id, KeeperStep.EXTEND, seconds=2)
        (given,) = await runtime.guards.act(change.id, KeeperStep.EXTEND, seconds=5)
        assert (given.state, given.fault) == (GuardState.PENDING, "")
        assert given.due_at - runtime.clock.now() <= 5.5
        ended = await running
        assert (ended.state, place.text) == (ChangeState.ROLLED_BACK, "before\n")
        assert "Taken back by the target: it was not confirmed" in ended.outcomes[0].message
        (late,) = await runtime.guards.act(change.id, KeeperStep.CONFIRM, on=[HERE])
        assert (late.state, late.fault) == (GuardState.REVERTED, "Too late: localhost has taken it back.")


async def test_a_stopped_change_is_taken_back_and_found_so(home: Path, place: Place) -> None:
    async with opened(home) as runtime, waiting(runtime, place, "600s by hand") as (change, running):
        await runtime.guards.act(change.id, KeeperStep.EXTEND, seconds=5)
        runtime.changes._stop_here(change.id)
        stopped = await running
        assert stopped.state is ChangeState.CANCELLED
        assert "opsterm status c1" in stopped.outcomes[0].message

        async def back() -> bool:
            return (await runtime.guards.look(change))[0].state is ChangeState.ROLLED_BACK

        await until_async(back)
        assert place.text == "before\n"


async def test_nothing_is_confirmed_while_the_command_still_runs(home: Path, place: Place) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo after > {place}; sleep 600", guard=wish_from("600s"))
        running = asyncio.create_task(runtime.changes.run(change.id))

        async def runs() -> bool:
            return place.text == "after\n"

        await until_async(runs)
        for step in (KeeperStep.CONFIRM, KeeperStep.REVERT):
            (one,) = await runtime.guards.act(change.id, step)
            assert one.fault == "The command still runs on localhost: wait for its end, or stop it."
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await runtime.guards.act(change.id, KeeperStep.REVERT)
        assert place.text == "before\n"


async def test_one_change_of_a_thing_waits_at_a_time_and_the_second_is_told(home: Path, place: Place) -> None:
    async with opened(home) as runtime, waiting(runtime, place, "600s by hand") as (change, _):
        second = await approved(runtime, f"echo again > {place}", guard=wish_from("60s"))
        ended = await runtime.changes.run(second.id, despite="the target is asked as well")
        assert ended.state is ChangeState.FAILED
        assert "c1 changes some of the same things there and still waits to be confirmed" in ended.outcomes[0].message
        assert place.text == "after\n", "nothing was run"
        await runtime.guards.act(change.id, KeeperStep.CONFIRM)


async def test_what_has_no_guard_is_not_asked_about(home: Path, place: Place) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, f"touch {place}")
        await runtime.changes.run(change.id)
        assert (await runtime.guards.look(change))[1] == []
        with pytest.raises(BadInput, match="Nothing of c1 waits"):
            await runtime.guards.act(change.id, KeeperStep.CONFIRM)
        with pytest.raises(NotFound, match="was not for elsewhere"):
            await runtime.guards.act(change.id, KeeperStep.CONFIRM, on=["elsewhere"])
        with pytest.raises(NotApproved, match="has not run with a guard"):
            await runtime.changes._executor.at_guard(await runtime.changes.get(change.id), HERE, KeeperStep.CONFIRM)
        never_run = await proposed(runtime, f"echo after > {place}", guard=wish_from("60s"))
        with pytest.raises(NotApproved, match="has not run with a guard"):
            await runtime.changes._executor.at_guard(never_run, HERE, KeeperStep.CONFIRM)


async def test_read_only_mode_decides_nothing(home: Path, place: Place) -> None:
    async with opened(home) as runtime, waiting(runtime, place, "600s by hand") as (change, _):
        async with opened(home, settings="[changes]\nread_only = true") as reading:
            with pytest.raises(Refused, match="read-only mode"):
                await reading.guards.act(change.id, KeeperStep.CONFIRM)
            (one,) = (await reading.guards.look(change))[1]
            assert one.state is GuardState.PENDING
        await runtime.guards.act(change.id, KeeperStep.CONFIRM)


# ---------------------------------------------------------------------------------------------- after a crash


async def killed(home: Path, command: str, confirm: str, when: Callable[[], Awaitable[bool]]) -> int:
    """Run a change in another process that is killed with -9 at some moment; return the change's number."""
    async with child(home) as other:
        number, digest = await other.ask("propose", command=command, confirm=confirm)
        await other.ask("approve", number=number, digest=digest)
        await other.ask("begin", number=number)
        await until_async(when)
        await other.kill()
    return int(number)


async def reconciled(runtime: Runtime, number: int) -> Change:
    """What the process with the lease does at its start, until it has nothing more to ask."""
    await runtime.changes.settle()
    works = GuardReconciliation(runtime.guards, runtime.clock)

    async def settled() -> bool:
        await works.look()
        return number not in [change.id for change in await runtime.guards.open_changes()]

    await until_async(settled)
    return await runtime.changes.get(number)


async def test_after_a_crash_what_was_taken_back_is_found_so(home: Path, place: Place) -> None:
    async def made() -> bool:
        return place.text == "after\n"

    number = await killed(home, f"echo after > {place}", "5s by hand", made)
    async with opened(home) as runtime:
        await runtime.changes.settle()
        left = await runtime.changes.get(number)
        assert left.state is ChangeState.INTERRUPTED
        assert f"opsterm status c{number} asks it what became of it" in left.outcomes[0].message
        found = await reconciled(runtime, number)
        assert (found.state, found.outcomes[0].state) == (ChangeState.ROLLED_BACK, OutcomeState.FAILED)
        assert "Taken back by the target" in found.outcomes[0].message
        assert place.text == "before\n"


async def test_after_a_crash_what_still_waits_can_be_confirmed(home: Path, place: Place) -> None:
    async def made() -> bool:
        return place.text == "after\n"

    number = await killed(home, f"echo after > {place}", "600s by hand", made)
    async with opened(home) as runtime:
        await runtime.changes.settle()
        change, heard = await runtime.guards.look(await runtime.changes.get(number))
        assert ([one.state for one in heard], change.state) == ([GuardState.PENDING], ChangeState.INTERRUPTED)
        await runtime.guards.act(number, KeeperStep.CONFIRM)
        done = await runtime.changes.get(number)
        assert (done.state, done.outcomes[0].state) == (ChangeState.DONE, OutcomeState.DONE)
        assert place.text == "after\n"


MOMENTS = {
    "what it touches is kept": "*/captured", "the guard is made": "*/guard/fire", "the guard is armed": "*/guard/armed",
    "it is seen how the change left it": "*/1/after", "it is decided": "*/guard/decided",
}  # fmt: skip
KILLED_AT = list(MOMENTS) if os.environ.get("OPSTERM_KILLS") else ["the guard is armed"]
"""Moments at which the process is killed with -9; all of them by hand, for each takes seconds."""


@pytest.mark.parametrize("moment", KILLED_AT)
async def test_whenever_it_is_killed_the_change_ends_as_the_target_left_it(
    home: Path, place: Place, moment: str
) -> None:
    async def come() -> bool:
        return any((home / "points").glob(MOMENTS[moment]))

    number = await killed(home, f"echo after > {place}", "30s", come)
    async with opened(home) as runtime:
        await runtime.changes.settle()
        change, heard = await runtime.guards.look(await runtime.changes.get(number))
        if any(one.is_open for one in heard):
            await runtime.guards.act(number, KeeperStep.REVERT)
            change = await runtime.changes.get(number)
        assert (change.state, place.text) in (
            (ChangeState.CANCELLED, "before\n"), (ChangeState.ROLLED_BACK, "before\n"), (ChangeState.DONE, "after\n"),
        )  # fmt: skip
        assert await runtime.guards.open_changes() == []


def _wish(change: Change) -> RollbackWish:
    return RollbackWish(change=change.id, origin="command line")
