"""Recommendations over the store: from what was run and from alerts, dismissed for good or for a time, and off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, NotFound
from opsterm.knowledge.command_use import CommandUse
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import opened

DAY_S = 86_400.0
NOW = 1_795_600_800.0


async def _furnish(runtime: Runtime) -> None:
    """Keep five acknowledged alerts of one rule, and a sequence that was run four times."""
    for number in range(5):
        alert = Alert(
            fingerprint="disk", key=SeriesKey("web-01", "fs.used_percent", "/"), rule="above 90 %",
            severity=Severity.WARNING, state=AlertState.RESOLVED, summary="s", value=91, unit="%", level=90, by="ana",
            since=NOW - number * DAY_S, last_seen=NOW, resolved_at=NOW,
        )  # fmt: skip
        await runtime.store.alerts.save(alert, lambda _: [])
    uses = [
        CommandUse(actor=runtime.operator.name, command=command, at=NOW - day * DAY_S + place, ended_well=True)
        for day in (9, 7, 4, 2) for place, command in enumerate(("nginx -t", "systemctl reload nginx"))
    ]  # fmt: skip
    await runtime.store.command_uses.keep(uses)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
async def site(home: Path, clock: StoppedClock) -> AsyncIterator[Runtime]:
    async with opened(home, clock=clock) as runtime:
        await _furnish(runtime)
        yield runtime


async def _kinds(runtime: Runtime) -> list[str]:
    return [one.kind.value for one in await runtime.recommendations.list()]


async def test_what_is_dismissed_is_heard_of_no_more_or_not_for_a_time(site: Runtime, clock: StoppedClock) -> None:
    assert await _kinds(site) == ["threshold", "runbook"]
    threshold, runbook = await site.recommendations.list()
    await site.recommendations.dismiss(threshold.id, for_s=DAY_S)
    await site.recommendations.dismiss(runbook.id)
    assert await _kinds(site) == []
    assert len(await site.recommendations.list(dismissed=True)) == 2
    clock.advance(2 * DAY_S)
    assert await _kinds(site) == ["threshold"]
    await site.recommendations.restore(runbook.id)
    assert await _kinds(site) == ["threshold", "runbook"]
    for wrong in ("nope", threshold.id):
        with pytest.raises(NotFound):
            await site.recommendations.restore(wrong)
    with pytest.raises(BadInput):
        await site.recommendations.dismiss(threshold.id, for_s=-1)


async def test_a_sequence_that_was_kept_as_a_runbook_is_not_recommended(site: Runtime) -> None:
    await site.suggestions.save(1, card_id="reload-nginx", title="reload nginx")
    assert await _kinds(site) == ["threshold"]


async def test_the_setting_of_habits_switches_them_off(home: Path, clock: StoppedClock) -> None:
    async with opened(home, clock=clock, settings="[learning]\ncommands = false\n") as runtime:
        await _furnish(runtime)
        assert await _kinds(runtime) == []
