"""Forecasts from the store: of one target, of a fleet, from kept hours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from opsterm.assistant.answer import answer_lines
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput
from opsterm.inventory.target import Target
from opsterm.monitoring.outlook import Outlook
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.runtime import forecasts
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import opened

DAY_S = 86400.0
NOW = 20_000 * DAY_S + 100
KINDS: dict[str, Callable[[float], float | None]] = {
    "fills": lambda t: 70 + 0.9 * t,
    "flat": lambda t: 50.0 + t % 1,
    "new": lambda t: 90.0 if t > 29.8 else None,
}


def _samples(target: str, kind: str) -> list[Sample]:
    key = SeriesKey(target, "fs.used_percent", "/")
    values = ((NOW - DAY_S * 30 + n * 3600, KINDS[kind](n / 24)) for n in range(720))
    return [Sample(key, at, value) for at, value in values if value is not None]


@pytest.fixture
async def fleet(home: Path) -> AsyncIterator[Runtime]:
    """Three targets of each kind, with a month of history."""
    async with opened(home, clock=StoppedClock(NOW)) as runtime:
        for kind in KINDS:
            for n in (1, 2, 3):
                await runtime.inventory.add(Target(name=f"{kind}-{n}", groups=(kind,)))
                await runtime.store.samples.write(_samples(f"{kind}-{n}", kind))
        await runtime.store.samples.compact(NOW, keep_raw_s=3600, keep_minutes_s=7 * DAY_S, keep_hours_s=400 * DAY_S)
        yield runtime


async def test_each_of_a_few_has_its_forecast(fleet: Runtime) -> None:
    found = await fleet.forecasts.look(["fs.used_percent"], "", now=NOW)
    assert [one.key.target[:-2] for one in found.forecasts] == [*["fills"] * 3, *["new"] * 3, *["flat"] * 3]
    assert [found.count(kind) for kind in (Outlook.FILLS, Outlook.TOO_LITTLE, Outlook.NO_TREND)] == [3, 3, 3]
    assert abs(found.forecasts[0].full_at - NOW - (100 - 96.97) / 0.9 * DAY_S) < DAY_S


async def test_of_many_only_those_that_could_fill_are_worked_out(
    fleet: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = await fleet.forecasts.look(["fs.used_percent"], "", now=NOW)
    monkeypatch.setattr(forecasts, "EACH", 4)
    found = await fleet.forecasts.look(["fs.used_percent"], "", now=NOW)
    assert [one.key.target for one in found.forecasts] == ["fills-1", "fills-2", "fills-3"]
    assert (found.series, found.too_little, found.steady, found.targets) == (9, 3, 3, 9)
    assert [round(one.full_at / DAY_S) for one in found.forecasts] == [
        round(one.full_at / DAY_S) for one in few.forecasts[:3]
    ]
    every = await fleet.forecasts.look(["fs.used_percent"], "", now=NOW, each=True)
    assert len(every.forecasts) == 9


async def test_a_selector_an_item_and_a_horizon_choose(fleet: Runtime) -> None:
    found = await fleet.forecasts.look(["fs.used_percent[/]"], "group:fills", now=NOW, within_s=DAY_S)
    assert {(one.outlook, one.horizon_s) for one in found.forecasts} == {(Outlook.GROWS, DAY_S)}
    assert (await fleet.forecasts.look(["fs.used_percent[/var]"], "", now=NOW)).series == 0
    for pattern in ("load.1m", "fs.used_percentage"):
        with pytest.raises(BadInput):
            await fleet.forecasts.look([pattern], "", now=NOW)


async def test_the_chat_answers_by_them(fleet: Runtime) -> None:
    assistant = await fleet.assistant()
    said = "\n".join(answer_lines(await assistant.ask("when will the disks on fills-1 fill?", origin="chat")))
    assert "file system / on fills-1 fills in 3 d" in said
    assert "[m1] fs.used_percent[/] of fills-1" in said
