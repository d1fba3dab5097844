"""A change runs once, and what came of it is known whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import ChangeEnded, ChangeExpired, ChangeStarted
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import (
    BadInput,
    NotApproved,
    StorageFull,
    Unreachable,
)
from opsterm.core.events import Fact
from opsterm.runtime import ends
from opsterm.runtime.ports import Ended
from tests.runtime.changing import approved, outcomes, proposed, story, with_targets
from tests.runtime.stage import Answer, PlayedConnector, gone, opened, printing, until, until_async


async def test_output_is_capped_and_hashed_whole(home: Path) -> None:
    async with opened(home, settings="[changes]\noutput_limit_kb = 10\n") as runtime:
        change = await approved(runtime, "yes 0123456789 | head -c 250000")
        ended = await runtime.changes.run(change.id)
        whole = (b"0123456789\n" * 22728)[:250000]
        outcome = outcomes(ended)["localhost"]
        assert (outcome.output_bytes, outcome.kept_bytes) == (250_000, 10_000)
        assert outcome.output_sha256 == hashlib.sha256(whole).hexdigest()
        assert await runtime.changes.output(change.id, "localhost") == whole[:10_000]
        assert await runtime.changes.output(change.id, "localhost", offset=9_990) == whole[9_990:10_000]


@pytest.mark.parametrize(
    ("command", "state", "status", "signal"),
    [
        ("exit 3", OutcomeState.FAILED, 3, ""),
        ("kill -9 $$", OutcomeState.FAILED, None, "KILL"),
        ("no-such-command-at-all", OutcomeState.FAILED, 127, ""),
        ("true", OutcomeState.DONE, 0, ""),
    ],
)
async def test_how_a_command_ended_is_an_outcome(
    home: Path, command: str, state: OutcomeState, status: int | None, signal: str
) -> None:
    async with opened(home) as runtime:
        ended = await runtime.changes.run((await approved(runtime, command)).id)
        outcome = outcomes(ended)["localhost"]
        assert (outcome.state, outcome.exit_status, outcome.signal) == (state, status, signal)
        assert ended.state is (ChangeState.DONE if state is OutcomeState.DONE else ChangeState.FAILED)


async def test_a_command_that_takes_too_long_is_ended_with_all_it_started(home: Path) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, f"echo begun; sleep 987654 & echo $! > {home}/pid; wait", timeout_s=1.0)
        ended = await runtime.changes.run(change.id)
        outcome = outcomes(ended)["localhost"]
        assert outcome.state is OutcomeState.TIMED_OUT
        assert "longer than its 1 s" in outcome.message
        assert await runtime.changes.output(change.id, "localhost") == b"begun\n"
        await gone(home / "pid")


async def test_an_unreachable_target_does_not_hold_up_the_others(home: Path) -> None:
    connector = PlayedConnector({"web-01": printing(b"one"), "web-03": printing(b"three", exit_status=1)})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01", "web-02", "web-03")
        ended = await runtime.changes.run((await approved(runtime, "uptime", "web-[01-03]")).id)
        assert ended.state is ChangeState.FAILED
        assert {name: outcome.state for name, outcome in outcomes(ended).items()} == {
            "web-01": OutcomeState.DONE, "web-02": OutcomeState.UNREACHABLE, "web-03": OutcomeState.FAILED,
        }  # fmt: skip
        assert "did not answer" in outcomes(ended)["web-02"].message
        assert await runtime.changes.output(ended.id, "web-03") == b"three"


async def test_one_connector_is_made_for_all_targets_and_closed(home: Path) -> None:
    names = [f"web-{number:02}" for number in range(20)]
    connector, made = PlayedConnector(dict.fromkeys(names, printing(b"ok"))), 0

    async def open_slowly(credentials: object) -> PlayedConnector:
        nonlocal made
        made += 1
        await asyncio.sleep(0.01)
        return connector

    async with opened(home, open_connector=open_slowly) as runtime:
        await with_targets(runtime, *names)
        ended = await runtime.changes.run((await approved(runtime, "uptime", "web-*")).id)
        assert ended.state is ChangeState.DONE
        assert [outcome.target for outcome in ended.outcomes] == names
    assert (made, connector.closed) == (1, 1)


async def test_a_line_that_breaks_while_the_command_runs_leaves_the_outcome_unknown(home: Path) -> None:
    async def breaks(command: str) -> AsyncIterator[bytes | Ended]:
        yield b"half of it"
        raise Unreachable("The connection to web-01 was lost.")

    connector = PlayedConnector({"web-01": breaks})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        ended = await runtime.changes.run((await approved(runtime, "reboot", "web-01")).id)
        assert ended.state is ChangeState.INTERRUPTED
        assert outcomes(ended)["web-01"].state is OutcomeState.UNKNOWN
        assert "was lost" in outcomes(ended)["web-01"].message


async def test_a_fault_of_ours_on_one_target_is_told_and_ends_no_other(home: Path) -> None:
    async def faulty(command: str) -> AsyncIterator[bytes | Ended]:
        yield b"x"
        raise ZeroDivisionError

    connector = PlayedConnector({"web-01": faulty, "web-02": printing(b"ok")})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01", "web-02")
        ended = await runtime.changes.run((await approved(runtime, "uptime", "web-[01-02]")).id)
        assert outcomes(ended)["web-01"].state is OutcomeState.UNKNOWN
        assert "ZeroDivisionError" in outcomes(ended)["web-01"].message
        assert outcomes(ended)["web-02"].state is OutcomeState.DONE


# ----------------------------------------------------------------------------------------------- stopping


def sleeping(started: asyncio.Event) -> Answer:
    """Return a target that prints and then says nothing for ever."""

    async def answer(command: str) -> AsyncIterator[bytes | Ended]:
        del command
        yield b"working"
        started.set()
        await asyncio.Event().wait()

    return answer


async def test_a_stop_ends_the_command_with_all_it_started_and_what_had_not_begun(home: Path) -> None:
    async with opened(home, settings="[ssh]\nparallel = 1\n") as runtime:
        runtime.follow()
        change = await approved(runtime, f"sleep 987654 & echo $! > {home}/pid; echo begun; wait")
        runtime.changes.start(change.id)
        await until_async(lambda: runtime.changes.output(change.id, "localhost"))
        await runtime.changes.stop(change.id)
        await until(lambda: not runtime.supervisor.running(f"change {change.name}"))
        ended = await runtime.changes.get(change.id)
        assert ended.state is ChangeState.CANCELLED
        assert outcomes(ended)["localhost"].state is OutcomeState.CANCELLED
        await gone(home / "pid")
        with pytest.raises(BadInput, match="is not running"):
            await runtime.changes.stop(change.id)


async def test_targets_that_had_not_begun_are_cancelled_too(home: Path) -> None:
    started = asyncio.Event()
    connector = PlayedConnector({"web-01": sleeping(started), "web-02": printing(b"never")})
    async with opened(home, open_connector=connector.open, settings="[ssh]\nparallel = 1\n") as runtime:
        runtime.follow()
        await with_targets(runtime, "web-01", "web-02")
        change = await approved(runtime, "uptime", "web-[01-02]")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(runtime.changes.run(change.id))
            await started.wait()
            await runtime.changes.stop(change.id)
        assert running.result().state is ChangeState.CANCELLED
        kept = await runtime.changes.get(change.id)
        assert {outcome.state for outcome in kept.outcomes} == {OutcomeState.CANCELLED}
        assert connector.opened == ["web-01"]


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34])
async def test_whenever_it_is_cancelled_it_does_not_stay_running(home: Path, turns: int) -> None:
    connector = PlayedConnector({"web-01": printing(b"ok")})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        change = await approved(runtime, "uptime", "web-01")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(runtime.changes._executor.run(change.id))
            for _ in range(turns):
                await asyncio.sleep(0.0005)
            running.cancel()
            running.cancel()
        kept = await runtime.changes.get(change.id)
        assert kept.state in (ChangeState.APPROVED, ChangeState.CANCELLED, ChangeState.DONE)
        kinds = await story(runtime, change)
        assert kinds.count("change.started") == kinds.count("change.ended") == (kept.state is not ChangeState.APPROVED)


async def test_two_presses_of_the_key_run_it_once_and_it_can_still_be_stopped(home: Path) -> None:
    started = asyncio.Event()
    connector = PlayedConnector({"web-01": sleeping(started)})
    async with opened(home, open_connector=connector.open) as runtime:
        runtime.follow()
        await with_targets(runtime, "web-01")
        change = await approved(runtime, "uptime", "web-01")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(runtime.changes.run(change.id))
            await started.wait()
            with pytest.raises(NotApproved, match=r"runs already|was run already"):
                await runtime.changes.run(change.id)
            await runtime.changes.stop(change.id)
        assert running.result().state is ChangeState.CANCELLED
        assert connector.opened == ["web-01"]


async def test_a_stop_asked_for_while_nobody_listened_is_heeded(home: Path) -> None:
    started = asyncio.Event()
    connector = PlayedConnector({"web-01": sleeping(started)})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        change = await approved(runtime, "uptime", "web-01")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(runtime.changes.run(change.id))
            await started.wait()
            await runtime.changes.stop(change.id)
            runtime.follow()
        assert running.result().state is ChangeState.CANCELLED


# ------------------------------------------------------------------------------------------- a full disk


async def test_a_disk_that_fills_up_meanwhile_ends_neither_the_command_nor_its_record(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "TRY_AGAIN_S", 0.02)
    async with opened(home) as runtime:
        store, full = runtime.store, False

        async def append(change_id: int, target: str, data: bytes) -> None:
            nonlocal full
            full = True
            raise StorageFull("The disk is full.")

        def refusing(real: Any) -> Any:
            async def refuse(*arguments: Any, **others: Any) -> Any:
                if full:
                    raise StorageFull("The disk is full.")
                return await real(*arguments, **others)

            return refuse

        monkeypatch.setattr(store.output, "append", append)
        for name in ("save_outcome", "move"):
            monkeypatch.setattr(store.changes, name, refusing(getattr(store.changes, name)))
        change = await approved(runtime, f"echo one; echo two > {home}/done")
        with pytest.raises(StorageFull):
            await runtime.changes.run(change.id)
        assert await asyncio.to_thread((home / "done").read_text) == "two\n"
        assert (await runtime.changes.get(change.id)).state is ChangeState.RUNNING
        full = False

        async def has_ended() -> bool:
            return (await runtime.changes.get(change.id)).state is ChangeState.DONE

        await until_async(has_ended)
        outcome = outcomes(await runtime.changes.get(change.id))["localhost"]
        assert (outcome.state, outcome.output_bytes, outcome.kept_bytes) == (OutcomeState.DONE, 4, 0)
        assert "was not kept: The disk is full." in outcome.message
        assert "change.ended" in await story(runtime, change)


# ------------------------------------------------------------------------------------------------ the sweep


async def test_the_sweep_expires_what_waited_too_long(home: Path, clock: StoppedClock) -> None:
    async with opened(home, clock=clock) as runtime:
        waiting, ready = await proposed(runtime), await approved(runtime)
        clock.advance(450)
        fresh = await proposed(runtime)
        clock.advance(451)
        with runtime.hub.listen("test", ChangeExpired) as ear:
            runtime.supervisor.start("sweep", runtime.changes.sweep)
            heard: list[Fact] = []
            while len(heard) < 2:
                heard += await ear.batch()
        assert [fact.event.kind for fact in heard] == ["change.expired"] * 2
        assert {fact.by for fact in heard} == {"opsterm"}
        states = [(await runtime.changes.get(change.id)).state for change in (waiting, ready, fresh)]
        assert states == [ChangeState.EXPIRED, ChangeState.EXPIRED, ChangeState.PROPOSED]


async def test_the_sweep_does_not_touch_what_ends_while_it_looks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime)
        real = runtime.store.changes.runner

        async def runner_just_after_the_end(change_id: int) -> str:
            await runtime.changes.run(change_id)
            return await real(change_id)

        monkeypatch.setattr(runtime.store.changes, "runner", runner_just_after_the_end)

        async def listed(states: Any = (), limit: int = 200) -> list[Change]:
            return [replace(change, state=ChangeState.RUNNING)]

        monkeypatch.setattr(runtime.changes, "list", listed)
        await runtime.changes.settle()
        kept = await runtime.changes.get(change.id)
        assert kept.state is ChangeState.DONE
        assert outcomes(kept)["localhost"].state is OutcomeState.DONE


async def test_facts_of_a_change_are_told_here_in_their_order(home: Path) -> None:
    async with opened(home) as runtime:
        with runtime.hub.listen("test", ChangeStarted, ChangeEnded) as ear:
            change = await approved(runtime)
            await runtime.changes.run(change.id)
            heard: list[Fact] = []
            while len(heard) < 2:
                heard += await ear.batch()
        assert [type(fact.event) for fact in heard] == [ChangeStarted, ChangeEnded]
        assert {fact.correlation_id for fact in heard} == {change.name}
