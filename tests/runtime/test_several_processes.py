"""Several processes share one journal and one set of workers."""

from __future__ import annotations

import asyncio
import signal
import statistics
from pathlib import Path

from opsterm.runtime.lease import HOLDS_FOR_S, RENEW_EVERY_S
from tests.runtime.stage import Child, child, opened, until_async


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

            await until_async(has_heard_all, within_s=3)
            heard = await process.ask("tell_heard")
            places = [seq for seq, *_ in heard]
            assert places == list(range(places[0], last + 1))
            assert set(seqs[0]) | set(seqs[1]) <= set(places)
            delays += [now - at for _, _, at, now in heard]
        print(f"heard after: median {statistics.median(delays) * 1000:.0f} ms, worst {max(delays) * 1000:.0f} ms")
        assert max(delays) < 1.0


async def test_one_holds_the_lease_and_a_killed_holder_is_replaced_within_ten_seconds(home: Path) -> None:
    assert HOLDS_FOR_S + 2 * RENEW_EVERY_S <= 10
    async with child(home, workers=True, load=1.0) as one, child(home, workers=True, load=1.0) as two:
        await until_async(lambda: is_worker(one))
        assert not await is_worker(two)
        assert "measurements" not in (await two.ask("state"))["running"]
        await one.kill()
        took = await until_async(lambda: is_worker(two), within_s=12)
        print(f"taken over {took:.1f} s after kill -9")
        assert took < 10
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
        one.signal(signal.SIGSTOP)
        await until_async(lambda: is_worker(two))
        one.signal(signal.SIGCONT)
        assert await one.ask("write_fenced") == "LeaseLost"

        async def has_no_workers() -> bool:
            state = await one.ask("state")
            return not state["workers"] and not {"measurements", "samples upkeep", "changes upkeep"} & set(
                state["running"]
            )

        await until_async(has_no_workers, within_s=5)
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

        await until_async(has_heard_some, within_s=8)
        assert not await is_worker(other)
        heard = await other.ask("tell_samples")
        assert [at for at, _ in heard] == sorted({at for at, _ in heard}), "each once, in order"
        delays = [now - at for at, now in heard[1:]]
        print(
            f"measured values heard after: median {statistics.median(delays) * 1000:.0f} ms, "
            f"worst {max(delays) * 1000:.0f} ms"
        )
        assert max(delays) < 1.0
