"""The audit chain: how long an entry takes until it is on the disk, and how fast a long chain is followed.

Run with `python -m pytest -m speed -n 0 tests/speed/test_audit_speed.py -s`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsterm.changes.events import ChangeApproved, ChangeProposed, ChangeTargetEnded
from opsterm.core.clock import StoppedClock
from opsterm.core.events import Event, Fact
from opsterm.core.paths import find_paths
from opsterm.inventory.events import TargetSeen
from opsterm.storage.line import Line
from opsterm.storage.store import open_store

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(300)]

FORCED, COMMIT = "one page, fdatasync", "one row, SQLite"
IN_THREAD, FACT, ENTRY = "one row, SQLite in a thread of its own", "a fact that is not audited", "an entry of the chain"
MOST_TIMES = 3.0
"""An entry writes three tables and is hashed and sealed: at most so many times a bare commit, where that is slow."""

APPENDS = 1000
ENTRIES = 100_000


def bodies(number: int) -> list[Event]:
    """What a change leaves in the audit."""
    digest = f"{number:064x}"
    return [
        ChangeProposed(change=number, command=f"systemctl reload nginx && echo {number}", targets=("web-01", "web-02"),
                       risk="low", digest=digest, reason="load is high", origin="chat"),
        ChangeApproved(change=number, digest=digest),
        ChangeTargetEnded(change=number, target="web-01", state="done", exit_status=0, output_sha256=digest,
                          output_bytes=1500, message=""),
    ]  # fmt: skip


def fact(body: Event, number: int) -> Fact:
    return Fact(event=body, at=1_790_000_000.0, by="ana", correlation_id=f"c{number}")


def bare(database: Path) -> sqlite3.Connection:
    """Open a database with one table and nothing else of ours, that forces each commit to the disk as ours does."""
    db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE one (n INTEGER PRIMARY KEY, body TEXT)")
    return db


def commit_one(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO one (body) VALUES (?)", ("x" * 600,))
    db.execute("COMMIT")


def force_one(file: int, number: int) -> None:
    """Write a page in its place and force it to the disk: what no commit can do without."""
    os.pwrite(file, bytes([number % 256]) * 4096, number % 256 * 4096)
    os.fdatasync(file)


class Stopwatch:
    """What each of several kinds of work took, in ms on the clock and of CPU."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = defaultdict(list)
        self.cpu: dict[str, float] = defaultdict(float)

    @contextmanager
    def times(self, what: str) -> Iterator[None]:
        began, worked = time.perf_counter(), time.process_time()
        yield
        self.wall[what].append((time.perf_counter() - began) * 1000)
        self.cpu[what] += (time.process_time() - worked) * 1000

    def at(self, what: str, quantile: float) -> float:
        each = sorted(self.wall[what])
        return each[int(len(each) * quantile)]

    def told(self) -> str:
        return "\n".join(
            f"{what:38} p50 {self.at(what, 0.5):6.2f} ms, p95 {self.at(what, 0.95):6.2f}; "
            f"{self.cpu[what] / len(each):.2f} ms of CPU"
            for what, each in self.wall.items()
        )


async def test_an_entry_is_durable_at_once(tmp_path: Path) -> None:
    store = await open_store(find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path), StoppedClock())
    here, line = bare(tmp_path / "here.db"), await Line(lambda: bare(tmp_path / "thread.db")).opened()
    file = os.open(tmp_path / "page", os.O_RDWR | os.O_CREAT)
    os.pwrite(file, bytes(256 * 4096), 0)
    os.fsync(file)
    seen = TargetSeen(target="web-01", answered=True, reason="")
    watch = Stopwatch()
    for number in range(APPENDS):  # taking turns, so that all meet the same moods of the disk and of the machine
        with watch.times(FORCED):
            force_one(file, number)
        with watch.times(COMMIT):
            commit_one(here)
        with watch.times(IN_THREAD):
            await line.run(commit_one)
        with watch.times(FACT):
            await store.journal.append([fact(seen, number)])
        with watch.times(ENTRY):
            await store.journal.append([fact(bodies(number)[number % 3], number)])
    await store.close()
    await line.close()
    here.close()
    os.close(file)
    print(f"\n{watch.told()}")
    assert watch.at(ENTRY, 0.95) < max(2.0, MOST_TIMES * watch.at(IN_THREAD, 0.95)), "2 ms, or near a bare commit"


def waited_s() -> float:
    """Return how long the threads of this process could have run and had no processor (man 5 proc: schedstat)."""
    return sum(int(file.read_text().split()[1]) for file in Path("/proc/self/task").glob("*/schedstat")) / 1e9


async def test_a_long_chain_is_followed(tmp_path: Path) -> None:
    store = await open_store(find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path), StoppedClock())
    began = time.perf_counter()
    for start in range(0, ENTRIES, 1000):
        await store.journal.append([fact(bodies(n)[1], n) for n in range(start, start + 1000)])
    wrote = ENTRIES / (time.perf_counter() - began)
    size = (tmp_path / "data/opsterm.db").stat().st_size
    key = bytes.fromhex((await store.chain.take_first_key()).reveal())
    began, worked, waited = time.perf_counter(), time.process_time(), waited_s()
    verdict = await store.chain.verify(keys=[key])
    took, worked, waited = time.perf_counter() - began, time.process_time() - worked, waited_s() - waited
    await store.close()
    print(f"\n{verdict.sealed:,} entries followed with the key in {took:.2f} s: {worked:.2f} s of CPU, "
          f"{waited:.2f} s of waiting for one; written at {wrote:,.0f}/s, "
          f"{size / ENTRIES:.0f} bytes each with the journal")  # fmt: skip
    assert verdict.finding is None
    assert verdict.sealed == ENTRIES + 1
    assert took - waited < 2.0, "what others had of the machine is not ours"
