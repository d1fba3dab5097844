"""What a target is, is looked at over its line, kept, compared with what it was, and looked at again by a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, NotFound, Refused, Unreachable
from opsterm.inventory.target import Protocol, Status, Target
from opsterm.monitoring.events import ProfileChanged
from opsterm.runtime.profile_refresh import AT_ONCE, FIRST_PAUSE_S, SPREAD_S, ProfileRefresh
from opsterm.runtime.runtime import Runtime
from tests.monitoring.hosts import NETSTAT, SS, SYSTEMD, printed
from tests.monitoring.test_looks import PROFILE
from tests.runtime.stage import PlayedConnector, opened, printing, until

LINUX = {"kernel": "Linux\n6.1\nx86_64\nweb-1", "boot": "boot-one\nsystemd", "services": "systemd"}


def saying(*parts: Mapping[str, str]) -> bytes:
    """Return what a host prints."""
    return printed({name: text for part in (LINUX, *parts) for name, text in part.items()}).encode()


@asynccontextmanager
async def stage(
    home: Path, clock: StoppedClock, connector: PlayedConnector, *names: str, settings: str = ""
) -> AsyncIterator[Runtime]:
    async with opened(home, clock=clock, open_connector=connector.open, settings=settings) as runtime:
        for name in names:
            await runtime.inventory.add(Target(name=name))
        yield runtime


async def test_a_profile_is_looked_at_and_the_target_counts_as_seen(home: Path, clock: StoppedClock) -> None:
    said = PROFILE.format(sudo="sudo", virtual="kvm").encode()
    connector = PlayedConnector({"web-1": printing(said), "odd": printing(b"% Invalid input")})
    async with stage(home, clock, connector, "web-1", "odd", "dead") as runtime:
        await runtime.inventory.add(Target(name="switch", protocol=Protocol.SNMP))
        found = (await runtime.profiles.refresh("web-1")).kept.profile
        assert (found.os_id, found.virtual) == ("alpine", "virtual machine (kvm)")
        assert {r.target.name: r.status for r in runtime.inventory.rows()}["web-1"] is Status.ONLINE
        with pytest.raises(Unreachable, match="shows no Linux"):
            await runtime.profiles.refresh("odd")
        with pytest.raises(Unreachable, match="did not answer"):
            await runtime.profiles.refresh("dead")
        assert {r.target.name: r.note for r in runtime.inventory.rows()}["dead"] == "dead did not answer."
        with pytest.raises(BadInput, match="reached by snmp"):
            await runtime.profiles.refresh("switch")


async def test_a_profile_is_kept_and_what_changes_is_told_once(home: Path, clock: StoppedClock) -> None:
    connector = PlayedConnector({"web-1": printing(saying(SYSTEMD, SS))})
    async with stage(home, clock, connector, "web-1") as runtime:
        with pytest.raises(NotFound, match="not looked at yet"):
            await runtime.profiles.changes("web-1")
        first = await runtime.profiles.refresh("web-1")
        assert (first.changes, first.compared_with) == ((), None)
        clock.advance(100)
        again = await runtime.profiles.refresh("web-1")
        assert (again.changes, again.kept.since, again.kept.at) == ((), first.kept.at, first.kept.at + 100)
        connector.answers = {"web-1": printing(saying(SYSTEMD, NETSTAT))}
        clock.advance(100)
        third = await runtime.profiles.refresh("web-1")
        assert "port udp/161: snmpd → gone" in [change.text for change in third.changes]
        assert third.kept.since == clock.now()
        told = await runtime.profiles.changes("web-1")
        assert (told.changes, told.compared_with) == (third.changes, again.kept.at)
        events = [fact.event for fact in await runtime.store.journal.search(kinds=["profile.changed"])]
        assert [isinstance(event, ProfileChanged) and bool(event.changes) for event in events] == [False, True]
    async with opened(home, clock=clock, face="command") as runtime:
        kept = await runtime.profiles.kept("web-1")
        assert kept == third.kept
        assert (await runtime.profiles.all())["web-1"] == kept
        assert await runtime.profiles.managers() == {"web-1": "systemd"}


async def test_a_look_that_was_cut_off_takes_nothing_away(home: Path, clock: StoppedClock) -> None:
    connector = PlayedConnector({"web-1": printing(saying(SYSTEMD, SS))})
    async with stage(home, clock, connector, "web-1") as runtime:
        await runtime.profiles.refresh("web-1")
        connector.answers = {"web-1": printing(printed(LINUX, end=False).encode())}
        news = await runtime.profiles.refresh("web-1")
        assert news.changes == ()
        assert news.kept.profile.units
        assert not news.kept.profile.complete


async def test_secrets_in_what_a_host_says_are_masked_before_they_are_kept(home: Path, clock: StoppedClock) -> None:
    units = {"units": "app.service loaded active running Shop with password=hunter2secret\n", "unitfiles": ""}
    connector = PlayedConnector({"web-1": printing(saying(units))})
    async with stage(home, clock, connector, "web-1") as runtime:
        kept = (await runtime.profiles.refresh("web-1")).kept
        assert "hunter2secret" not in str(kept)


async def test_in_read_only_mode_nobody_is_looked_at(home: Path, clock: StoppedClock) -> None:
    connector = PlayedConnector({"web-1": printing(saying())})
    settings = "[changes]\nread_only = true\n"
    async with stage(home, clock, connector, "web-1", settings=settings) as runtime:
        with pytest.raises(Refused):
            await runtime.profiles.refresh("web-1")
    assert connector.opened == []


# ------------------------------------------------------------------------------------------------- the worker

DAILY = "[monitoring]\nremote = 'web-*'\n"


def refresh_of(runtime: Runtime, clock: StoppedClock, boots: Mapping[str, str] | None = None) -> ProfileRefresh:
    return ProfileRefresh(
        clock, settings=runtime.settings.monitoring, inventory=runtime.inventory, profiles=runtime.profiles,
        boots=lambda: boots or {},
    )  # fmt: skip


async def test_who_is_due_and_few_at_once(home: Path, clock: StoppedClock) -> None:
    names = [f"web-{number}" for number in range(12)]
    connector = PlayedConnector({name: printing(saying()) for name in names})
    async with stage(home, clock, connector, *names, "db-1", settings=DAILY) as runtime:
        boots: dict[str, str] = {}
        refresh = refresh_of(runtime, clock, boots)
        assert await refresh.due() == [], "those that are new are spread"
        clock.advance(SPREAD_S)
        assert len(await refresh.due()) == AT_ONCE
        for name in names:
            await runtime.profiles.refresh(name)
        assert await refresh.due() == []
        boots["web-3"] = "boot-one"
        assert await refresh.due() == []
        boots["web-3"] = "boot-two"
        assert await refresh.due() == ["web-3"]
        boots.clear()
        clock.advance(86400)
        assert len(await refresh.due()) == AT_ONCE
        assert "db-1" not in await refresh.due()


async def test_the_worker_looks_and_leaves_those_that_fail_for_later(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.runtime.profile_refresh.ROUND_S", 0.001)
    connector = PlayedConnector({"web-1": printing(saying())})
    async with stage(home, clock, connector, "web-1", "web-2", settings=DAILY) as runtime:
        refresh = refresh_of(runtime, clock)
        await refresh.due()
        clock.advance(SPREAD_S)
        lease = await runtime.store.lease.acquire(
            holder="me", face="serve", boot="b", monotonic=0.0, now=clock.now(), ttl_s=1e9
        )
        beats = 0

        class Heart:
            def beat(self) -> None:
                nonlocal beats
                beats += 1

        from opsterm.runtime.ports_store import Fence

        fence = Fence(holder="me", epoch=lease.epoch)
        task = asyncio.create_task(refresh.refresh_for_ever(Heart(), fence))  # type: ignore[arg-type]  # beats
        await until(lambda: beats > 3)
        clock.advance(SPREAD_S)  # it began anew, and spread them anew
        await until(lambda: connector.opened == ["web-1"])
        await until(lambda: (turn := refresh._turns.get("web-2")) is not None and turn.failures == 1)
        seen = beats
        await until(lambda: beats > seen + 5)
        assert refresh._turns["web-2"].failures == 1, "not again before its pause is over"
        clock.advance(FIRST_PAUSE_S)
        await until(lambda: refresh._turns["web-2"].failures == 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert connector.opened == ["web-1"]
        assert await runtime.profiles.kept("web-1") is not None
