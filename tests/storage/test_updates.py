"""What is read and written in one transaction loses nothing that somebody else has just written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from opsterm.changes.change import ChangeState, OutcomeState
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, LeaseLost
from opsterm.core.paths import Paths
from opsterm.inventory.target import Target
from opsterm.monitoring.alerts import Alert, AlertState
from opsterm.runtime.ports_store import Fence
from opsterm.storage.store import SqliteStore, open_store
from tests.storage.samples_of_facts import alert, change, fact


async def test_an_alert_is_changed_as_it_is_kept(store: SqliteStore) -> None:
    kept, _ = await store.alerts.save(alert(), lambda _: [])
    found = await store.alerts.update(
        kept.id, lambda a: replace(a, state=AlertState.ACKNOWLEDGED), lambda a: [fact(correlation_id=a.name)]
    )
    assert found is not None
    changed, facts = found
    assert changed == replace(kept, state=AlertState.ACKNOWLEDGED) == await store.alerts.get(kept.id)
    assert [f.correlation_id for f in facts] == [kept.name]
    assert await store.alerts.update(99, lambda a: a, lambda _: [fact()]) is None
    assert await store.journal.last_seq() == 1


async def test_a_change_that_raises_keeps_nothing(store: SqliteStore) -> None:
    kept, _ = await store.alerts.save(alert(), lambda _: [])

    def refuse(_: Alert) -> Alert:
        raise BadInput("It has ended.")

    with pytest.raises(BadInput, match="It has ended"):
        await store.alerts.update(kept.id, refuse, lambda _: [fact()])
    with pytest.raises(LeaseLost):
        await store.alerts.update(kept.id, lambda a: a, lambda _: [fact()], fence=Fence(holder="x", epoch=1))
    assert await store.journal.last_seq() == 0


async def test_no_tag_is_lost_between_two_connections(store: SqliteStore, paths: Paths, clock: StoppedClock) -> None:
    other = await open_store(paths, clock)
    await store.targets.save([Target(name="web-01")], [])

    def adding(tag: str) -> None:
        def add(now: Mapping[str, Target]) -> Sequence[Target]:
            return [replace(now["web-01"], tags=(*now["web-01"].tags, tag))]

        group.create_task(chosen.targets.update(add, lambda _: [fact()], names=["web-01"]))

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            chosen = other if number % 2 else store
            adding(f"t{number}")
    (target,) = await store.targets.all()
    assert sorted(target.tags) == sorted(f"t{number}" for number in range(40))
    assert await store.journal.last_seq() == 40
    saved, facts = await store.targets.update(lambda now: [], lambda _: [fact()])
    assert (saved, facts) == ([], ())
    await other.close()


async def test_a_move_writes_its_outcomes_only_when_it_happens(store: SqliteStore) -> None:
    kept, _ = await store.changes.insert(change(), lambda _: [])
    cancelled = [replace(outcome, state=OutcomeState.CANCELLED) for outcome in kept.outcomes]
    denied = replace(kept, state=ChangeState.DENIED)
    assert await store.changes.move(denied, expected=ChangeState.RUNNING, facts=[fact()], outcomes=cancelled) is None
    assert await store.changes.get(kept.id) == kept
    assert await store.changes.move(denied, expected=ChangeState.PROPOSED, facts=[fact()], outcomes=cancelled)
    found = await store.changes.get(kept.id)
    assert found is not None
    assert list(found.outcomes) == cancelled
