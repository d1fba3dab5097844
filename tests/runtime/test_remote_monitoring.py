"""SSH targets that the operator chose are measured like this host; what cannot be measured says why, asking nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import (
    AuthenticationFailed,
    BadSetting,
    HostKeyChanged,
    HostKeyUnknown,
    LeaseLost,
    OpstermError,
    Refused,
    StorageFull,
    Unreachable,
    VaultLocked,
)
from opsterm.inventory.events import TargetSeen
from opsterm.inventory.target import Protocol, Status, Target, TargetRow
from opsterm.monitoring.alerts import AlertState
from opsterm.monitoring.events import SamplesTaken
from opsterm.monitoring.looks import Look
from opsterm.monitoring.remote_host import HostReading, host_reading
from opsterm.monitoring.sample import SeriesKey
from opsterm.policy.order import OrderTarget
from opsterm.runtime import measurers, remote_monitoring
from opsterm.runtime.ports import Ended, Session
from opsterm.runtime.runtime import Runtime
from tests.monitoring.looking import READING
from tests.monitoring.test_remote_host import later
from tests.runtime.stage import Answer, PlayedConnector, Silence, opened, printing, until

SETTINGS = """
[monitoring]
default_thresholds = false
interval_s = 3600
remote = "web-*"
remote_interval_s = 10
[[monitoring.threshold]]
metric = "load.1m"
warn = 8
n = 1
m = 1
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds as often as can be: the clock of the tests stands still."""
    monkeypatch.setattr(remote_monitoring, "ROUND_S", 0.005)


class Refusing(PlayedConnector):
    """Raises what the test says instead of opening a session."""

    def __init__(self, error: OpstermError) -> None:
        super().__init__({})
        self.error: OpstermError | None = error

    async def session(self, target: OrderTarget, *, looks: bool = False) -> Session:
        self.opened.append(target.name)
        if self.error is not None:
            raise self.error
        return await super().session(target)


class Host:
    """A target whose reading the test sets; it counts how often it was read and how many readings are under way."""

    def __init__(self, text: str = READING) -> None:
        self.text = text
        self.commands: list[str] = []
        self.at_once = self.most_at_once = 0
        self.hangs: asyncio.Event | None = None

    async def answer(self, command: str) -> AsyncIterator[bytes | Ended]:
        self.commands.append(command)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            half = len(self.text) // 2
            yield self.text[:half].encode()
            if self.hangs is not None:
                await self.hangs.wait()
            yield self.text[half:].encode()
            yield Ended(exit_status=0)
        finally:
            self.at_once -= 1


@asynccontextmanager
async def measuring(
    home: Path, clock: StoppedClock, connector: PlayedConnector, *, names: Sequence[str] = ("web-1",),
    settings: str = SETTINGS,
) -> AsyncIterator[Runtime]:  # fmt: skip
    """Open a runtime with SSH targets of these names that measures."""
    how: dict[str, Any] = {
        "settings": settings,
        "clock": clock,
        "open_probe": Silence().open,
        "open_connector": connector.open,
    }
    async with opened(home, **how) as runtime:
        for name in names:
            if runtime.inventory.target(name) is None:
                await runtime.inventory.add(Target(name=name, address="192.0.2.1"))
    async with opened(home, workers=True, **how) as runtime:
        await until(lambda: runtime.runs_workers)
        yield runtime


def row(runtime: Runtime, name: str) -> TargetRow:
    found = runtime.inventory.row(name)
    assert found is not None
    return found


async def pass_time(clock: StoppedClock, seconds: float, *, step_s: float = 1.0) -> None:
    """Let the clock go on, slowly enough for the worker to look at it every `step_s`."""
    for _ in range(round(seconds / step_s)):
        clock.advance(step_s)
        await asyncio.sleep(0.012)


def values(runtime: Runtime, target: str) -> Mapping[tuple[str, str], float]:
    return {(s.key.metric, s.key.item): s.value for s in runtime.monitoring.latest(target)}


async def test_a_chosen_target_is_measured_like_this_host(home: Path, clock: StoppedClock) -> None:
    host = Host()
    connector = PlayedConnector({"web-1": host.answer, "db-1": printing(b"")})
    async with measuring(home, clock, connector, names=("web-1", "db-1")) as runtime:
        with runtime.hub.listen("screen", SamplesTaken) as ear:
            await pass_time(clock, 10)
            await until(lambda: values(runtime, "web-1"))
            host.text = later()
            await pass_time(clock, 10)
            await until(lambda: ("cpu.used_percent", "") in values(runtime, "web-1"))
            told = [fact.event.target for fact in await ear.batch() if isinstance(fact.event, SamplesTaken)]
        assert set(told) == {"web-1"}
        assert values(runtime, "web-1")["cpu.used_percent", ""] == 40.0
        assert values(runtime, "web-1")["fs.used_percent", "/mnt/a b"] == 25.0
        assert (row(runtime, "web-1").status, row(runtime, "web-1").note) == (Status.ONLINE, "")
        kept = await runtime.store.samples.latest("web-1")
        assert {(s.key.metric, s.key.item) for s in kept} == values(runtime, "web-1").keys()
        assert set(connector.opened) == {"web-1"}
        assert set(host.commands) == {Look.READING.script}
        window = (await runtime.monitoring.window([SeriesKey("web-1", "load.1m")], start=clock.now() - 60,
                                                  end=clock.now(), points=100))[0]  # fmt: skip
        assert (window.step_s, window.gap_s) == (10.0, 30.0)
        assert 'opsterm_cpu_used_percent{target="web-1"} 40' in await runtime.exposition.page()
        answer = await (await runtime.assistant()).ask("cpu on web-1", origin="chat")
        assert "40 %" in str(answer.blocks)
    async with opened(home, settings=SETTINGS, clock=clock) as other:
        assert other.monitoring.latest("web-1") == []
        assert "40 %" in str((await (await other.assistant()).ask("cpu on web-1", origin="chat")).blocks)
        assert "load.1m" in str(
            (await (await other.assistant()).ask("load on web-1 over the last hour", origin="chat")).sources
        )
        clock.advance(3600)
        assert "web-1" not in await other.exposition.page(), "what is measured no longer is not scraped as new"
        assert "web-1" in await other.exposition.page("web-1")


async def test_another_process_hears_remote_measurements(home: Path, clock: StoppedClock) -> None:
    host = Host()
    async with (
        measuring(home, clock, PlayedConnector({"web-1": host.answer})) as runtime,
        opened(home, settings=SETTINGS, clock=clock) as other,
    ):
        other.follow()
        await pass_time(clock, 10)
        await until(lambda: values(runtime, "web-1"))
        await until(lambda: values(other, "web-1") == values(runtime, "web-1"))


async def test_a_target_was_seen_when_it_was_last_measured(home: Path, clock: StoppedClock) -> None:
    """That it still answers is kept twice a minute; what a screen says is not older than the newest measurement."""
    host = Host()
    async with (
        measuring(home, clock, PlayedConnector({"web-1": host.answer})) as runtime,
        opened(home, settings=SETTINGS, clock=clock) as other,
    ):
        other.follow()
        await pass_time(clock, 10)
        await until(lambda: row(runtime, "web-1").status is Status.ONLINE)
        for _ in range(2):
            before = row(runtime, "web-1").last_seen
            await pass_time(clock, 10)
            await until(lambda before=before: row(runtime, "web-1").last_seen != before)  # type: ignore[misc]  # the loop's own
        measured = runtime.monitoring.heard["web-1"]
        assert row(runtime, "web-1").last_seen == measured
        await until(lambda: row(other, "web-1").last_seen == measured)


@pytest.mark.parametrize("line", ["", 'remote = ""', 'remote = "  "'])
async def test_nobody_is_logged_in_to_who_was_not_chosen(home: Path, clock: StoppedClock, line: str) -> None:
    connector = PlayedConnector({"web-1": printing(READING.encode())})
    settings = SETTINGS.replace('remote = "web-*"', line)
    async with measuring(home, clock, connector, settings=settings) as runtime:
        await pass_time(clock, 15)
        assert connector.opened == []
        await runtime.inventory.label("web-1", add_tags=["opsterm-measured"])
        await pass_time(clock, 15)
        assert connector.opened == ["web-1"], "a plan chose it"


async def test_in_read_only_mode_nobody_is_logged_in_to(home: Path, clock: StoppedClock) -> None:
    connector = PlayedConnector({"web-1": printing(READING.encode())})
    settings = f"{SETTINGS}[changes]\nread_only = true\n"
    async with measuring(home, clock, connector, settings=settings) as runtime:
        await pass_time(clock, 15)
        with pytest.raises(Refused, match="read-only mode"):
            await runtime.profiles.refresh("web-1")
        assert connector.opened == []


async def test_what_can_be_reached_in_no_way_that_measures_is_left_alone(home: Path, clock: StoppedClock) -> None:
    connector = PlayedConnector({})
    settings = SETTINGS.replace("web-*", "all")
    async with measuring(home, clock, connector, names=(), settings=settings) as runtime:
        await runtime.inventory.add(Target(name="shop", protocol=Protocol.HTTP))
        await pass_time(clock, 15)
        assert row(runtime, "shop").status is Status.UNKNOWN


async def test_thresholds_raise_alerts_on_a_remote_target_and_end_when_it_is_left_out(
    home: Path, clock: StoppedClock
) -> None:
    host = Host(READING.replace("loadavg:0.50", "loadavg:9.50"))
    async with measuring(home, clock, PlayedConnector({"web-1": host.answer})) as runtime:
        await pass_time(clock, 10)
        await until(runtime.alerts.feed)
        (alert,) = runtime.alerts.feed()
        assert (alert.key.target, alert.state, alert.value) == ("web-1", AlertState.FIRING, 9.5)
        await runtime.inventory.remove(["web-1"])
        await pass_time(clock, 10)
        await until(lambda: not runtime.alerts.feed())
        count = len(host.commands)
        await pass_time(clock, 20)
        assert len(host.commands) == count


REFUSALS: Mapping[str, OpstermError] = {
    "no answer": Unreachable("web-1 did not answer."),
    "unknown key": HostKeyUnknown("web-1", key_type="ssh-ed25519", fingerprint="SHA256:abc", known_hosts_line=""),
    "changed key": HostKeyChanged("The key of web-1 has changed."),
    "no credential": AuthenticationFailed("web-1 did not let ops in."),
    "locked vault": VaultLocked("The vault is locked."),
    "hostile words": Unreachable("\x1b]0;gone\x07 password=hunter2hunter2"),
}


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
async def test_what_cannot_be_measured_says_why_once_and_is_tried_less_often(
    home: Path, clock: StoppedClock, error: OpstermError
) -> None:
    connector = Refusing(error)
    async with measuring(home, clock, connector) as runtime:
        await pass_time(clock, 10)
        await until(lambda: row(runtime, "web-1").status is Status.OFFLINE)
        note = row(runtime, "web-1").note
        assert note.startswith("Not measured: ")
        assert "\x1b" not in note
        assert "hunter2hunter2" not in note
        await pass_time(clock, 600, step_s=5)
        assert 5 <= len(connector.opened) <= 7, "after 20, 40, 80, 160 and then 300 s"
        told = await runtime.store.journal.search(kinds=[TargetSeen.kind])
        assert len(told) == 1
        connector.error, connector.answers = None, {"web-1": printing(READING.encode())}
        await pass_time(clock, 300, step_s=5)
        await until(lambda: row(runtime, "web-1").status is Status.ONLINE)
        assert not [task for task in runtime.supervisor.tasks() if task.last_error]


@pytest.mark.parametrize("text", ["", "bash: sh: not found\n", "\x1b[2J" * 100, "% Invalid input\r\n"])
async def test_what_is_no_linux_says_so(home: Path, clock: StoppedClock, text: str) -> None:
    async with measuring(home, clock, PlayedConnector({"web-1": printing(text.encode())})) as runtime:
        await pass_time(clock, 10)
        await until(lambda: row(runtime, "web-1").status is Status.OFFLINE)
        assert "shows no Linux" in row(runtime, "web-1").note


async def test_a_fault_of_ours_on_one_target_leaves_the_others(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(text: str) -> HostReading:
        if text == "boom":
            raise ZeroDivisionError
        return host_reading(text)

    monkeypatch.setattr(measurers, "host_reading", reading)
    answers: Mapping[str, Answer] = {"web-1": printing(b"boom"), "web-2": printing(READING.encode())}
    async with measuring(home, clock, PlayedConnector(answers), names=("web-1", "web-2")) as runtime:
        await pass_time(clock, 10)
        await until(lambda: values(runtime, "web-2"))
        await until(lambda: "A fault of opsterm" in row(runtime, "web-1").note)


async def test_a_slow_target_is_not_asked_twice_at_once_and_what_came_of_it_counts(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_monitoring, "SHORTEST_LIMIT_S", 0.3)
    monkeypatch.setattr(remote_monitoring, "LONGEST_LIMIT_S", 0.3)
    slow, quick = Host(), Host()
    slow.hangs = asyncio.Event()
    connector = PlayedConnector({"web-1": slow.answer, "web-2": quick.answer})
    async with measuring(home, clock, connector, names=("web-1", "web-2")) as runtime:
        await pass_time(clock, 30)
        assert slow.most_at_once == 1
        assert len(quick.commands) >= 2, "the one that hangs holds nobody up"
        await until(lambda: values(runtime, "web-1"))
        assert ("load.1m", "") in values(runtime, "web-1"), "the first half came"
        assert ("systemd.failed_units", "") not in values(runtime, "web-1")


async def test_when_the_lease_is_lost_every_session_is_ended_at_once(home: Path, clock: StoppedClock) -> None:
    host = Host()
    host.hangs = asyncio.Event()
    async with measuring(home, clock, PlayedConnector({"web-1": host.answer})) as runtime:
        await pass_time(clock, 10)
        await until(lambda: host.at_once == 1)
        await runtime.workers.lost_lease()
        assert host.at_once == 0
        await pass_time(clock, 30)
        assert len(host.commands) == 1


async def test_many_targets_are_spread_over_the_interval(home: Path, clock: StoppedClock) -> None:
    began = clock.now()
    starts: list[float] = []

    async def answer(command: str) -> AsyncIterator[bytes | Ended]:
        del command
        starts.append(clock.now() - began)
        yield READING.encode()
        yield Ended(exit_status=0)

    names = [f"web-{n}" for n in range(40)]
    async with measuring(home, clock, PlayedConnector(dict.fromkeys(names, answer)), names=names):
        await pass_time(clock, 10, step_s=0.5)
        await until(lambda: len(starts) >= len(names))
        by_second = [sum(1 for at in starts if second <= at < second + 1) for second in range(10)]
        assert max(by_second) <= 20


async def test_a_full_disk_costs_the_note_and_not_the_live_view(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measuring(home, clock, PlayedConnector({"web-1": printing(READING.encode())})) as runtime:

        async def refuse(*_: object, **__: object) -> None:
            raise StorageFull("The disk is full.")

        monkeypatch.setattr(runtime.store.targets, "mark_seen", refuse)
        monkeypatch.setattr(runtime.store.samples, "write", refuse)
        monkeypatch.setattr(type(runtime.store), "read_only_because", property(lambda _: "full"))
        await pass_time(clock, 10)
        await until(lambda: values(runtime, "web-1"))
        assert not [task for task in runtime.supervisor.tasks() if task.last_error]


async def test_a_write_that_comes_after_the_lease_is_told_in_a_sentence(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host()
    async with measuring(home, clock, PlayedConnector({"web-1": host.answer})) as runtime:

        async def take(*_: object) -> None:
            raise LeaseLost("Another process runs the workers now.")

        monkeypatch.setattr(runtime.monitoring, "take", take)
        await pass_time(clock, 10)
        found = {task.name: task.last_error for task in runtime.supervisor.tasks()}
        assert found["remote measurements"] == "Another process runs the workers now."


async def test_a_setting_that_is_no_selector_is_named_at_the_start(home: Path) -> None:
    with pytest.raises(BadSetting, match=r"monitoring\.remote .* is no selector"):
        async with opened(home, settings="[monitoring]\nremote = 'tag:('\n"):
            pass
