"""A sentence about alerts is said back with the exact ones; a yes does it, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from opsterm.assistant.answer import answer_lines
from opsterm.core.clock import StoppedClock
from opsterm.inventory.target import Target
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.sample import SeriesKey
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import opened

CLOCK = StoppedClock(1_795_600_800.0)


@pytest.fixture
async def alarmed(home: Path) -> AsyncIterator[Runtime]:
    async with alarmed_at(home, CLOCK) as runtime:
        yield runtime


@asynccontextmanager
async def alarmed_at(home: Path, clock: StoppedClock) -> AsyncIterator[Runtime]:
    """Open a runtime with two disk alerts on web-01 and one of its processors, one on db-1."""
    async with opened(home, clock=clock) as runtime:
        for name in ("web-01", "db-1"):
            await runtime.inventory.add(Target(name=name))
        for target, metric, item in (
            ("web-01", "fs.used_percent", "/"), ("web-01", "fs.used_percent", "/var"),
            ("web-01", "cpu.used_percent", ""), ("db-1", "fs.used_percent", "/"),
        ):  # fmt: skip
            key = SeriesKey(target, metric, item)
            alert = Alert(
                fingerprint=f"{target} {key}", key=key, rule="r", severity=Severity.WARNING, state=AlertState.FIRING,
                summary=f"{key} is high", value=91, unit="%", level=90, since=clock.now(), last_seen=clock.now(),
            )  # fmt: skip
            await runtime.store.alerts.save(alert, lambda _: [])
        await runtime.alerts.open()
        yield runtime


async def _said(runtime: Runtime, text: str) -> str:
    return "\n".join(answer_lines(await (await runtime.assistant()).ask(text, origin="chat")))


def _states(runtime: Runtime) -> dict[int, str]:
    return {alert.id: alert.state.value for alert in runtime.alerts.feed()}


async def test_it_is_said_back_and_a_yes_does_it_to_those_alone(alarmed: Runtime) -> None:
    said = await _said(alarmed, "silence the disk alerts on web-01 for 2 hours")
    assert "Silence these 2 alerts until" in said
    assert "Nothing is done yet. Say yes to do it." in said
    assert "Alerts that are raised later are not silenced by this." in said
    assert "opsterm alerts silence a1 a2 --for 120m" in said or "a2 a1" in said
    assert set(_states(alarmed).values()) == {"firing"}
    assert "2 alerts of 2 done." in await _said(alarmed, "yes")
    assert _states(alarmed) == {1: "silenced", 2: "silenced", 3: "firing", 4: "firing"}
    assert (await alarmed.alerts.get(1)).silenced_until == CLOCK.now() + 7200
    await _said(alarmed, "yes")  # is no second yes to it
    await _said(alarmed, "unmute everything on web-01")
    await _said(alarmed, "no")
    assert _states(alarmed)[1] == "silenced"


async def test_what_has_ended_since_is_said_and_the_others_are_done(alarmed: Runtime) -> None:
    await _said(alarmed, "ack all alerts")
    await alarmed.store.alerts.update(3, lambda alert: replace(alert, state=AlertState.RESOLVED), lambda _: [])
    done = await _said(alarmed, "do it")
    assert "3 alerts of 4 done." in done
    assert "Alert a3 is resolved; there is nothing to do." in done


async def test_a_later_wish_takes_the_place_of_the_first(alarmed: Runtime) -> None:
    await _said(alarmed, "ack a3")
    await _said(alarmed, "ack a4")
    await _said(alarmed, "yes")
    assert (_states(alarmed)[3], _states(alarmed)[4]) == ("firing", "acknowledged")
    assert "a4 is acknowledged as it is." in await _said(alarmed, "ack a4")
    assert "no target is muted" in await _said(alarmed, "silence localhost for 2h")


BETWEEN = {
    "another question": ("list targets",),
    "what nobody reads": ("colourless green ideas",),
    "an end that was asked back": ("silence db-1",),
    "a new conversation": (None,),
    "both": ("list targets", None, "which disks are fullest"),
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
async def test_a_yes_to_something_else_does_nothing_old(alarmed: Runtime, between: tuple[str | None, ...]) -> None:
    assert "Say yes to do it." in await _said(alarmed, "silence all alerts for 30 days")
    for text in between:
        if text is None:
            (await alarmed.assistant()).begin()
        else:
            await _said(alarmed, text)
    await _said(alarmed, "ok")
    assert set(_states(alarmed).values()) == {"firing"}


async def test_a_yes_beside_an_attached_text_is_for_who_reads_that(alarmed: Runtime) -> None:
    await _said(alarmed, "silence all alerts for 30 days")
    turn = (await alarmed.assistant()).converse("ok", offline=True, attached=[("a log", "disk full")])
    assert [event async for event in turn]
    await _said(alarmed, "ok")
    assert set(_states(alarmed).values()) == {"firing"}


async def test_the_end_that_is_said_is_by_the_clock_of_that_day(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        evening = datetime(2026, 10, 24, 20, tzinfo=ZoneInfo("Europe/Berlin"))
        async with alarmed_at(home, StoppedClock(evening.timestamp())) as runtime:
            assert "until Sun 25 Oct 08:00, for 13 h" in await _said(runtime, "silence web-01 until 8 am")
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_for_a_script_it_is_a_proposal_and_nothing_is_done(alarmed: Runtime) -> None:
    assistant = await alarmed.assistant()
    for origin in ("", "command line"):
        reply = await assistant.reply("ack the disk alert on db-1", origin=origin)
        assert reply.proposal is not None
        assert (reply.proposal.command, reply.proposal.targets) == ("opsterm alerts ack a4", ["db-1"])
        assert (reply.denotation.kind, reply.denotation.count) == ("proposal", 1)
    assert (await assistant.reply("ack the disk alert on db2")).proposal is None
    assert set(_states(alarmed).values()) == {"firing"}
