"""Several processes share one journal and one set of workers."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import signal
import statistics
from pathlib import Path

from opsterm.changes.change import ChangeState, OutcomeState
from opsterm.inventory.target import LOCALHOST
from opsterm.runtime.lease import HOLDS_FOR_S, RENEW_EVERY_S
from tests.runtime.stage import WATCH_LOAD, Child, child, gone, opened, until_async


async def is_worker(process: Child) -> bool:
    return bool((await process.ask("state"))["workers"])


async def test_each_hears_every_fact_once_in_order_within_a_second(home: Path) -> None:
    async with child(home) as one, child(home) as two:
        seqs = await asyncio.gather(one.ask("append", count=150, pause_s=0.005), two.ask("append", count=150))
        last = max(*seqs[0], *seqs[1])
        delays: list[float] = []
        for process in (one, two):

            async def has_heard_all(process: Child = process) -> bool:
                heard = await process.ask("tell_heard")
                return bool(heard) and heard[-1][0] == last

            await until_async(has_heard_all)
            heard = await process.ask("tell_heard")
            places = [seq for seq, *_ in heard]
            assert places == list(range(places[0], last + 1))
            assert set(seqs[0]) | set(seqs[1]) <= set(places)
            delays += [now - at for _, _, at, now in heard]
        print(f"heard after: median {statistics.median(delays) * 1000:.0f} ms, worst {max(delays) * 1000:.0f} ms")
        assert statistics.median(delays) < 1.0, "the worst of a busy machine says nothing"


async def test_one_holds_the_lease_and_a_killed_holder_is_replaced_within_ten_seconds(home: Path) -> None:
    assert HOLDS_FOR_S + 2 * RENEW_EVERY_S <= 10
    async with child(home, workers=True, load=1.0) as one, child(home, workers=True, load=1.0) as two:
        await until_async(lambda: is_worker(one))
        assert not await is_worker(two)
        assert "measurements" not in (await two.ask("state"))["running"]
        await one.kill()
        took = await until_async(lambda: is_worker(two))
        print(f"taken over {took:.1f} s after kill -9")
        assert "measurements" in (await two.ask("state"))["running"]


async def test_a_clean_end_gives_the_lease_up_at_once(home: Path) -> None:
    async with child(home, workers=True, fast=True, load=1.0) as one:
        await until_async(lambda: is_worker(one))
        async with opened(home) as here:
            await one.ask("close")
            assert await here.store.lease.holder() is None


async def test_a_holder_that_was_stopped_can_write_nothing_when_it_goes_on_and_ends_its_workers(home: Path) -> None:
    async with (
        child(home, workers=True, fast=True, load=1.0) as one,
        child(home, workers=True, fast=True, load=1.0) as two,
    ):
        await until_async(lambda: is_worker(one))
        assert await one.ask("write_fenced") == ""
        for _ in range(5):  # one that is stopped in the middle of a commit holds the database: it is stopped again
            one.signal(signal.SIGSTOP)
            with contextlib.suppress(TimeoutError):
                await until_async(lambda: is_worker(two), within_s=9)
                break
            one.signal(signal.SIGCONT)
        one.signal(signal.SIGCONT)
        assert await one.ask("write_fenced") == "LeaseLost"

        async def has_no_workers() -> bool:
            state = await one.ask("state")
            return not state["workers"] and not {"measurements", "samples upkeep", "changes upkeep"} & set(
                state["running"]
            )

        await until_async(has_no_workers)
        assert await is_worker(two)
        assert await two.ask("write_fenced") == ""


async def test_measurements_of_the_holder_are_heard_by_the_others_within_a_second(home: Path) -> None:
    settings = "[monitoring]\ninterval_s = 0.3\n"
    async with (
        child(home, workers=True, fast=True, load=3.0, settings=settings) as holder,
        child(home, workers=True, fast=True, load=9.0, settings=settings) as other,
    ):
        await until_async(lambda: is_worker(holder))

        async def has_heard_some() -> bool:
            return len(await other.ask("tell_samples")) >= 5

        await until_async(has_heard_some)
        assert not await is_worker(other)
        heard = await other.ask("tell_samples")
        assert [at for at, _ in heard] == sorted({at for at, _ in heard}), "each once, in order"
        delays = [now - at for at, now in heard[1:]]
        print(
            f"measured values heard after: median {statistics.median(delays) * 1000:.0f} ms, "
            f"worst {max(delays) * 1000:.0f} ms"
        )
        assert statistics.median(delays) < 1.0, "the worst of a busy machine says nothing"


# ------------------------------------------------------------------------------------------------- changes


async def test_of_many_processes_that_approve_and_run_at_once_one_does(home: Path) -> None:
    async with child(home) as one, child(home) as two:
        number, digest = await one.ask("propose", command=f"echo ran >> {home}/ran; sleep 0.2")
        answers = await asyncio.gather(*(c.ask("approve", number=number, digest=digest) for c in (one, two)))
        assert sorted(answers) == ["NotApproved", "approved"]
        answers = await asyncio.gather(*(c.ask("run", number=number) for c in (one, two)))
        assert sorted(answers) == ["NotApproved", "done"]
        assert await asyncio.to_thread((home / "ran").read_text) == "ran\n"


async def test_a_change_whose_process_is_killed_ends_with_its_outcome_unknown(home: Path) -> None:
    async with child(home, workers=True, fast=True, load=1.0) as sweeper, opened(home) as here:
        async with child(home) as runner:
            number, digest = await runner.ask("propose", command="echo begun; exec sleep 30")
            assert await runner.ask("approve", number=number, digest=digest) == "approved"
            await runner.ask("begin", number=number)
            await until_async(lambda: here.changes.output(number, LOCALHOST))
            await runner.kill()

        async def is_over() -> bool:
            return (await here.changes.get(number)).state is not ChangeState.RUNNING

        took = await until_async(is_over)
        print(f"marked as interrupted {took:.1f} s after kill -9 of its process")
        change = await here.changes.get(number)
        assert change.state is ChangeState.INTERRUPTED
        assert [outcome.state for outcome in change.outcomes] == [OutcomeState.UNKNOWN]
        assert "not known" in change.outcomes[0].message
        assert await sweeper.ask("run", number=number) == "NotApproved", "it does not run again by itself"


async def test_a_change_is_stopped_from_another_process(home: Path) -> None:
    async with child(home) as runner, opened(home) as here:
        number, digest = await runner.ask("propose", command=f"sleep 987654 & echo $! > {home}/pid; echo begun; wait")
        await here.changes.approve(number, digest=digest)
        await runner.ask("begin", number=number)
        await until_async(lambda: here.changes.output(number, LOCALHOST))
        await here.changes.stop(number)

        async def is_over() -> bool:
            return (await here.changes.get(number)).state is ChangeState.CANCELLED

        await until_async(is_over)
        await gone(home / "pid")


# --------------------------------------------------------------------------------------- alerts and targets


async def test_an_acknowledgement_of_another_process_is_kept_by_the_measuring_one(home: Path) -> None:
    settings = WATCH_LOAD.format(interval_s=0.1)
    async with (
        child(home, workers=True, fast=True, load=9.0, settings=settings) as measuring,
        child(home, settings=settings) as other,
    ):
        await until_async(lambda: other.ask("feed"))
        ((number, state, *_),) = await other.ask("feed")
        assert state == "firing"
        assert await other.ask("acknowledge", number=number, note="on it") == "acknowledged"
        expected = [[number, "acknowledged", getpass.getuser(), "on it"]]

        async def is_kept() -> bool:
            return bool(await measuring.ask("feed") == expected)

        assert await until_async(is_kept) < 1.0
        for _ in range(20):
            assert await measuring.ask("feed") == expected
            assert await other.ask("feed") == expected
            await asyncio.sleep(0.05)


async def test_tags_put_on_one_target_by_two_processes_are_all_kept(home: Path) -> None:
    async with child(home) as one, child(home) as two, opened(home) as here:
        await asyncio.gather(one.ask("tag", tag="a", times=20), two.ask("tag", tag="b", times=20))
        await here.inventory.reload()
        assert set((await here.inventory.get(LOCALHOST)).tags) == {f"{word}{n}" for word in "ab" for n in range(20)}
