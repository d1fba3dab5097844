"""The durable journal against Redis Streams that force every command to the disk, in one run on one disk.

Both carry every fact to ten listeners, alone as well: ours through the hub of the same process, those of Redis through
XREAD in a process of their own, so that reading does not hold up the one that writes and is measured.

Run with `python -m pytest -m speed -n 0 tests/speed/test_journal_speed.py -s`. Redis needs the `redis-server` program
and the `redis` client; without them our own figures are measured alone.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.clock import StoppedClock, SystemClock
from opsterm.core.events import Fact, body_to_json
from opsterm.core.hub import Ear, Hub
from opsterm.core.paths import find_paths
from opsterm.inventory.events import TargetSeen
from opsterm.storage.store import open_store

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(300)]

CLOCK = SystemClock()
RATE = 10_000
"""Facts a second at which the time from event to commit is measured."""
TICK_NS = 1_000_000
SECONDS = 1.5
ROUNDS = 7
EVENT = TargetSeen(target="web-01.prod.example", answered=True, reason="")
"""Of a kind that is not audited: most facts are not, and none of Redis' is hashed."""


LISTENERS = 10
Append = Callable[[int], Awaitable[Sequence[Fact]]]
"""Commits so many facts, given as a number."""


def facts(count: int) -> list[Fact]:
    return [Fact(event=EVENT, at=1_700_000_000.0, by="ana", correlation_id="c18") for _ in range(count)]


@asynccontextmanager
async def our_journal(folder: Path) -> AsyncIterator[Append]:
    store = await open_store(find_paths({"OPSTERM_HOME": str(folder)}, folder), StoppedClock())
    try:
        yield lambda count: store.journal.append(facts(count))
    finally:
        await store.close()


@asynccontextmanager
async def redis_stream(folder: Path) -> AsyncIterator[Append]:
    """A Redis of the test's own on a Unix socket, appendfsync always, one XADD per fact, pipelined."""
    client_module: Any = importlib.import_module("redis.asyncio")
    folder.mkdir()  # noqa: ASYNC240 (nothing else runs yet)
    socket = folder / "redis.sock"
    server = subprocess.Popen(  # noqa: ASYNC220 (nothing else runs yet)
        ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "",
         "--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    pool = client_module.BlockingConnectionPool(
        connection_class=client_module.UnixDomainSocketConnection, path=str(socket), max_connections=50, timeout=None
    )
    client = client_module.Redis(connection_pool=pool)
    try:
        for _ in range(100):
            if socket.exists():
                break
            await asyncio.sleep(0.05)

        async def append(count: int) -> Sequence[Fact]:
            made = facts(count)
            pipe = client.pipeline(transaction=False)
            for fact in made:
                pipe.xadd("journal", {"id": fact.id, "by": fact.by, "kind": EVENT.kind, "body": body_to_json(EVENT)})
            await pipe.execute()
            return made

        await asyncio.gather(*(append(1) for _ in range(50)))  # opens every connection
        yield append
    finally:
        await client.aclose()
        await pool.aclose()
        server.terminate()
        server.wait(10)


def has_redis() -> bool:
    return shutil.which("redis-server") is not None and importlib.util.find_spec("redis") is not None


async def throughput(append: Append, *, per_append: int, callers: int, total: int) -> float:
    """Return facts a second committed by so many callers at once."""

    async def call() -> None:
        for _ in range(total // callers // per_append):
            await append(per_append)

    began = CLOCK.monotonic()
    await asyncio.gather(*(call() for _ in range(callers)))
    return total / (CLOCK.monotonic() - began)


class Metronome:
    """Ticks every millisecond, on the microsecond: asyncio's own timers are late by up to a millisecond each."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(1, 0o4000)  # CLOCK_MONOTONIC, TFD_NONBLOCK
        self._ticked = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._tick)

    def _tick(self) -> None:
        os.read(self._fd, 8)
        self._ticked.set()

    async def ticks(self, count: int) -> AsyncIterator[tuple[int, float]]:
        """Yield (number, the moment it was due) for each tick; all that were missed, when the loop was busy."""
        began = CLOCK.monotonic() + 0.002
        spec = (ctypes.c_long * 4)(0, TICK_NS, int(began), int(began % 1 * 1e9))
        assert self._libc.timerfd_settime(self._fd, 1, spec, None) == 0  # TFD_TIMER_ABSTIME
        told = 0
        while told < count:
            await self._ticked.wait()
            self._ticked.clear()
            due = min(count, int((CLOCK.monotonic() - began) * 1e9 / TICK_NS) + 1)
            for number in range(told, due):
                yield number, began + number * TICK_NS / 1e9
            told = max(told, due)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)


async def latencies(append: Append) -> list[float]:
    """Return the seconds from events to their commit, at RATE events a second.

    Ten events happen at each millisecond's tick whatever the journal does (no coordinated omission). They are
    appended together, which is what suits Redis best; a commit that is under way does not hold up the next.
    """
    took: list[float] = []

    async def send(due: float) -> None:
        await append(RATE // 1000)
        took.append(CLOCK.monotonic() - due)

    metronome = Metronome()
    async with asyncio.TaskGroup() as group:
        async for _, due in metronome.ticks(round(SECONDS * 1000)):
            group.create_task(send(due))
    metronome.close()
    return took


@asynccontextmanager
async def our_listeners(append: Append) -> AsyncIterator[Append]:
    """Tell every committed fact to ten ears."""
    hub = Hub()
    ears = [hub.listen(str(number)) for number in range(LISTENERS)]

    async def hear(ear: Ear) -> None:
        async for _ in ear.batches():
            pass

    async def append_and_tell(count: int) -> Sequence[Fact]:
        committed = await append(count)
        hub.tell_all(committed)
        return committed

    async with asyncio.TaskGroup() as group:
        for ear in ears:
            group.create_task(hear(ear))
        yield append_and_tell
        for ear in ears:
            ear.close()


READ = """
import asyncio, sys
import redis.asyncio
async def hear(client):
    last = "$"
    while True:
        for _, entries in await client.xread({"journal": last}, block=1000, count=1000) or []:
            last = entries[-1][0]
async def main():
    clients = [redis.asyncio.Redis(unix_socket_path=sys.argv[1]) for _ in range(int(sys.argv[2]))]
    print("listening", flush=True)
    await asyncio.gather(*map(hear, clients))
asyncio.run(main())
"""


@contextmanager
def redis_listeners(socket: Path) -> Iterator[None]:
    """Read the stream with ten connections in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(socket), str(LISTENERS)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        try:
            yield
        finally:
            reader.kill()


async def test_our_journal_beside_redis_streams(tmp_path: Path) -> None:
    rates: dict[str, int] = {}
    took: dict[str, list[float]] = defaultdict(list)
    for number in range(ROUNDS):  # taking turns, so that both meet the same moods of the disk
        async with our_journal(tmp_path / f"ours{number}") as append:
            took["ours, alone"] += await latencies(append)
            async with our_listeners(append) as append_and_tell:
                took["ours, ten listeners"] += await latencies(append_and_tell)
        if has_redis():
            async with redis_stream(tmp_path / f"redis{number}") as add:
                took["redis, alone"] += await latencies(add)
                with redis_listeners(tmp_path / f"redis{number}" / "redis.sock"):
                    took["redis, ten listeners"] += await latencies(add)
    async with our_journal(tmp_path / "many") as append:  # last: what it leaves to the disk would disturb the others
        for per_append, callers in ((1000, 1), (1000, 8), (10, 100), (1, 1000)):
            rate = max([await throughput(append, per_append=per_append, callers=callers, total=100_000) for _ in "123"])
            rates[f"ours, {callers} callers x {per_append} facts"] = round(rate)
    if has_redis():
        async with redis_stream(tmp_path / "redis many") as add:
            for per_append, callers in ((1000, 1), (1000, 8)):
                rate = max([await throughput(add, per_append=per_append, callers=callers, total=40_000) for _ in "123"])
                rates[f"redis, {callers} callers x {per_append} facts"] = round(rate)
    print("\nfacts committed a second")
    for name, rate in rates.items():
        print(f"  {name:32} {rate:10,}")
    print(f"ms from event to commit at {RATE:,}/s      p50      p99    p99.9      max")
    for name, values in sorted(took.items()):
        print(f"  {name:32}" + "".join(f"{at(values, q):9.2f}" for q in (0.5, 0.99, 0.999, 1.0)))
    assert min(rate for name, rate in rates.items() if name.startswith("ours")) >= 50_000
    if not has_redis():
        pytest.skip("NOT COMPARED: redis-server or the redis client is missing (apt-get install redis-server)")
    assert at(took["ours, ten listeners"], 0.99) <= 0.5 * at(took["redis, ten listeners"], 0.99)


def at(values: list[float], quantile: float) -> float:
    """Return a quantile of times, in ms."""
    return sorted(values)[min(len(values) - 1, int(len(values) * quantile))] * 1000
