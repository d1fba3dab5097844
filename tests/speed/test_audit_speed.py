"""The audit chain: how long an entry takes until it is on the disk, and how fast a long chain is followed.

Run with `python -m pytest -m speed -n 0 tests/speed/test_audit_speed.py -s`.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from opsterm.changes.events import ChangeApproved, ChangeProposed, ChangeTargetEnded
from opsterm.core.clock import StoppedClock
from opsterm.core.events import Event, Fact
from opsterm.core.paths import find_paths
from opsterm.inventory.events import TargetSeen
from opsterm.storage.store import open_store

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(300)]

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


async def test_an_entry_is_durable_at_once(tmp_path: Path) -> None:
    store = await open_store(find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path), StoppedClock())
    seen = TargetSeen(target="web-01", answered=True, reason="")
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(APPENDS):
        for body in (*bodies(number), seen):
            began = time.perf_counter()
            await store.journal.append([fact(body, number)])
            took[body is not seen].append((time.perf_counter() - began) * 1000)
    await store.close()
    p95 = {}
    for chained, each in took.items():
        each.sort()
        p95[chained] = each[len(each) * 95 // 100]
        what = "entries of the chain" if chained else "facts that are not audited"
        print(f"\n{len(each):,} {what}, one at a time: p50 {each[len(each) // 2]:.2f} ms, p95 {p95[chained]:.2f} ms")
    assert p95[True] < max(2.0, 1.5 * p95[False]), "on a busy disk a bare fact takes long, too"


async def test_a_long_chain_is_followed(tmp_path: Path) -> None:
    store = await open_store(find_paths({"OPSTERM_HOME": str(tmp_path)}, tmp_path), StoppedClock())
    began = time.perf_counter()
    for start in range(0, ENTRIES, 1000):
        await store.journal.append([fact(bodies(n)[1], n) for n in range(start, start + 1000)])
    wrote = ENTRIES / (time.perf_counter() - began)
    size = (tmp_path / "data/opsterm.db").stat().st_size
    key = bytes.fromhex((await store.chain.take_first_key()).reveal())
    began, worked = time.perf_counter(), time.process_time()
    verdict = await store.chain.verify(keys=[key])
    took, worked = time.perf_counter() - began, time.process_time() - worked
    await store.close()
    print(f"\n{verdict.sealed:,} entries followed with the key in {took:.2f} s, {worked:.2f} s of CPU; "
          f"written at {wrote:,.0f}/s, {size / ENTRIES:.0f} bytes each with the journal")  # fmt: skip
    assert verdict.finding is None
    assert verdict.sealed == ENTRIES + 1
    assert worked < 2.0
