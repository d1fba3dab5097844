"""The collections follow what they are made of: cards, and how targets stand; nothing is written twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from opsterm.core.clock import StoppedClock
from opsterm.inventory.target import Target, TargetRow
from opsterm.knowledge.collection import CollectionName, Item, Trust
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.collection_sources import LOOK_AT_TARGETS_EVERY_S, item_of_target, items_of_cards, of_targets
from opsterm.runtime.collection_upkeep import CollectionUpkeep
from tests.knowledge.cards import shipped_cards
from tests.runtime.stage import opened


async def test_collections_follow_what_they_are_made_of(home: Path) -> None:
    cards = [card for card in shipped_cards().values() if card.family in ("disk", "runbooks")]
    now = 1_700_000_000.0
    made = items_of_cards(cards, now)
    for items in made.values():
        for item in items:
            item.check()
    async with opened(home, clock=StoppedClock(now)) as runtime:
        rows = [TargetRow(target=Target(name=name, os="debian 12")) for name in ("web-01", "web-02")]

        async def of_cards() -> dict[CollectionName, Sequence[Item]]:
            return dict(made)

        async def of_rows() -> dict[CollectionName, Sequence[Item]]:
            return {CollectionName.SYSTEM_STATE: [item_of_target(row, (), now) for row in rows]}

        upkeep = CollectionUpkeep(runtime.collections, runtime.store.preferences, runtime.clock, [of_cards, of_rows])
        assert await upkeep.fill() == sum(map(len, made.values())) + 2
        assert await upkeep.fill() == 0  # nothing is written twice
        rows[:] = [TargetRow(target=Target(name="web-01", os="debian 13"))]
        assert await upkeep.fill() == 2
        (hit,) = await runtime.collections.search("debian", collections=[CollectionName.SYSTEM_STATE])
        assert (hit.item.about, hit.item.trust) == ("web-01", Trust.OBSERVED)
        found = await runtime.collections.search("no space left on device", collections=[CollectionName.PATTERNS])
        assert found[0].item.about in shipped_cards()


async def test_a_target_is_found_by_what_is_wrong_with_it_and_not_written_anew_for_each_reading(home: Path) -> None:
    clock = StoppedClock()
    alert = Alert(
        id=7, fingerprint="f", key=SeriesKey("web-02", "fs.used_percent", "/srv"), rule="fs.used_percent above 90 %",
        severity=Severity.CRITICAL, state=AlertState.FIRING, summary="file system /srv 97 %", value=97.0, unit="%",
        level=90.0, since=1.0, last_seen=1.0,
    )  # fmt: skip
    async with opened(home, clock=clock) as runtime:
        for name in ("web-01", "web-02"):
            await runtime.inventory.add(Target(name=name, os="debian 12"))
        source = of_targets(runtime.inventory, runtime.alerts, clock)
        upkeep = CollectionUpkeep(runtime.collections, runtime.store.preferences, clock, [source])
        assert await upkeep.fill() == len(runtime.inventory.rows())
        for value, written in ((97.0, 1), (98.0, 0), (99.0, 0)):
            runtime.alerts.keep(replace(alert, value=value, last_seen=clock.now(), count=int(value)))
            clock.advance(LOOK_AT_TARGETS_EVERY_S)
            assert await upkeep.fill() == written
        hits = await runtime.collections.search("critical file system", collections=[CollectionName.SYSTEM_STATE])
        assert hits[0].item.about == "web-02"
        assert "critical file system /srv (fs.used_percent above 90 %)" in hits[0].item.body
