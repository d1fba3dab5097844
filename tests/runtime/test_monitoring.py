"""What is measured raises and ends alerts, beside the persons who decide about them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, BadSetting, NotFound, StorageFull
from opsterm.core.events import Fact
from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.events import AlertChanged, SamplesTaken
from opsterm.runtime.alerts import alert_number
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import LOAD, WATCH_LOAD, ToldProbe, opened, until

SETTINGS = WATCH_LOAD.format(interval_s=2)


@asynccontextmanager
async def measuring(home: Path, clock: StoppedClock, **how: Any) -> AsyncIterator[tuple[Runtime, ToldProbe]]:
    """Open a runtime that runs the workers and measures what the test says."""
    probe = ToldProbe(clock)
    async with opened(home, workers=True, settings=SETTINGS, clock=clock, open_probe=probe.open, **how) as runtime:
        try:
            await until(lambda: runtime.runs_workers)
            yield runtime, probe
        finally:
            probe.end()


def only(runtime: Runtime) -> Alert:
    (alert,) = runtime.alerts.feed()
    return alert


async def reasons(runtime: Runtime) -> list[str]:
    facts = await runtime.store.journal.search(kinds=[AlertChanged.kind])
    return [fact.event.reason for fact in facts if isinstance(fact.event, AlertChanged)]


async def test_an_alert_fires_and_ends_with_the_readings(home: Path, clock: StoppedClock) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(1, 9)
        assert runtime.alerts.feed() == []
        await probe.say(9)
        alert = only(runtime)
        assert (alert.state, alert.severity, alert.value) == (AlertState.FIRING, Severity.WARNING, 9.0)
        await probe.say(20, 20)
        assert only(runtime).severity is Severity.CRITICAL
        await probe.say(1, 1)
        assert runtime.alerts.feed() == []
        assert (await runtime.alerts.get(alert.id)).state is AlertState.RESOLVED
        assert await reasons(runtime) == ["fired", "worse", "resolved"]
        assert [a.id for a in await runtime.alerts.recent()] == [alert.id]
        assert [s.value for s in runtime.monitoring.latest()] == [1.0]


async def test_a_restart_fires_nothing_again_and_forgets_nothing(home: Path, clock: StoppedClock) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(9, 9)
        await runtime.alerts.acknowledge(only(runtime).id, note="on it")
        await probe.say(9)
    async with measuring(home, clock) as (runtime, probe):
        assert only(runtime).state is AlertState.ACKNOWLEDGED, "before the first measurement"
        assert [s.value for s in runtime.monitoring.latest()] == [9.0]
        await probe.say(9, 9, 9)
        assert only(runtime).state is AlertState.ACKNOWLEDGED
        assert only(runtime).note == "on it"
        await probe.say(1, 1)
        assert runtime.alerts.feed() == []
        assert await reasons(runtime) == ["fired", "acknowledged", "resolved"]


async def test_persons_decide_about_alerts(home: Path, clock: StoppedClock) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(9, 9)
        number = only(runtime).id
        acknowledged = await runtime.alerts.acknowledge(number, note="token=abcdef0123456789abcdef0123456789")
        assert acknowledged.by == runtime.operator.name
        assert "abcdef0123456789" not in acknowledged.note
        await runtime.alerts.unsilence(number)
        silenced = await runtime.alerts.silence(number, for_s=60)
        assert silenced.silenced_until == clock.now() + 60
        await probe.say(9)
        assert only(runtime).state is AlertState.SILENCED
        clock.advance(60)
        await probe.say(9)
        assert only(runtime).state is AlertState.FIRING
        assert await reasons(runtime) == ["fired", "acknowledged", "silence ended", "silenced", "silence ended"]
        await probe.say(1, 1)
        for deed in (runtime.alerts.acknowledge(number), runtime.alerts.silence(number, for_s=60)):
            with pytest.raises(BadInput, match="is resolved"):
                await deed
        with pytest.raises(NotFound, match="no alert a99"):
            await runtime.alerts.acknowledge(99)
        with pytest.raises(BadInput, match="between 1 s and 90 days"):
            await runtime.alerts.silence(number, for_s=0)


def just_before(runtime: Runtime, name: str, deed: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let `deed` happen once in the moment before the measuring worker writes an alert with `name`."""
    real, done = getattr(runtime.store.alerts, name), list[str]()

    async def write(*arguments: Any, fence: Fence | None = None) -> Any:
        if fence is not None and not done:
            done.append(name)
            await deed()
        return await real(*arguments, fence=fence)

    monkeypatch.setattr(runtime.store.alerts, name, write)
    return done


async def test_an_acknowledgement_in_the_moment_of_writing_is_not_overwritten(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(20, 20)
        number = only(runtime).id
        done = just_before(runtime, "update", lambda: runtime.alerts.acknowledge(number, note="on it"), monkeypatch)
        await probe.say(9, 9, 9)  # better: the worker writes
        assert done
        kept = await runtime.alerts.get(number)
        assert (kept.state, kept.note, kept.severity) == (AlertState.ACKNOWLEDGED, "on it", Severity.WARNING)
        await probe.say(9)
        assert only(runtime).state is AlertState.ACKNOWLEDGED


async def test_an_acknowledgement_in_the_moment_of_the_end_does_not_keep_the_alert_open(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(9, 9)
        number = only(runtime).id
        done = just_before(runtime, "update", lambda: runtime.alerts.silence(number, for_s=3600, note="x"), monkeypatch)
        await probe.say(1, 1)
        assert done
        kept = await runtime.alerts.get(number)
        assert (kept.state, kept.note) == (AlertState.RESOLVED, "x")
        assert runtime.alerts.feed() == []
        await probe.say(9, 9)
        assert only(runtime).state is AlertState.SILENCED, "the silence goes on"


async def test_what_was_accepted_as_a_warning_fires_again_as_critical(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(9, 9)
        number = only(runtime).id
        done = just_before(runtime, "update", lambda: runtime.alerts.acknowledge(number), monkeypatch)
        await probe.say(20, 20)
        assert done
        assert (only(runtime).state, only(runtime).severity) == (AlertState.FIRING, Severity.CRITICAL)


async def test_a_full_disk_keeps_the_live_view_and_is_caught_up_with(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(1)
        store, full = runtime.store, True

        def refusing(real: Any) -> Any:
            async def write(*arguments: Any, **others: Any) -> Any:
                if full:
                    raise StorageFull("The disk is full.")
                return await real(*arguments, **others)

            return write

        for part, name in ((store.samples, "write"), (store.alerts, "save"), (store.alerts, "update")):
            monkeypatch.setattr(part, name, refusing(getattr(part, name)))
        monkeypatch.setattr(type(store), "read_only_because", property(lambda _: "full" if full else ""))
        with runtime.hub.listen("screen", SamplesTaken) as ear:
            await probe.say(9, 9)
            heard = [fact.event.values for fact in await ear.batch() if isinstance(fact.event, SamplesTaken)]
            assert heard[-1] == (9.0,)
        assert [s.value for s in runtime.monitoring.latest()] == [9.0]
        assert (only(runtime).state, only(runtime).id) == (AlertState.FIRING, 0)
        assert runtime.read_only_because == "full"
        assert not [status for status in runtime.supervisor.tasks() if status.last_error]
        full = False
        await probe.say(*[9] * 6)
        assert (only(runtime).state, only(runtime).id) == (AlertState.FIRING, 1), "one alert, not a ghost beside it"
        assert await reasons(runtime) == ["fired"]


async def test_an_end_that_a_full_disk_did_not_take_is_kept_later(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(9, 9)
        number, real, full = only(runtime).id, runtime.store.alerts.update, True

        async def update(*arguments: Any, **others: Any) -> Any:
            if full:
                raise StorageFull("The disk is full.")
            return await real(*arguments, **others)

        monkeypatch.setattr(runtime.store.alerts, "update", update)
        monkeypatch.setattr(type(runtime.store), "read_only_because", property(lambda _: "full" if full else ""))
        await probe.say(1, 1)
        assert runtime.alerts.feed() == []
        assert (await runtime.alerts.get(number)).state is AlertState.FIRING
        full = False
        await probe.say(1)
        assert (await runtime.alerts.get(number)).state is AlertState.RESOLVED
        assert await reasons(runtime) == ["fired", "resolved"]


async def test_a_probe_that_fails_is_started_again_and_measures_on(
    home: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.runtime.supervisor.FIRST_PAUSE_S", 0.01)
    async with measuring(home, clock) as (runtime, probe):
        await probe.say(9, 9)
        real, failed = probe.measure, list[int]()

        def measure(target: str, at: float) -> Sequence[Any]:
            samples = real(target, at)
            if not failed:
                failed.append(1)
                raise OSError("/proc went away")
            return samples

        monkeypatch.setattr(probe, "measure", measure)
        await probe.say(9, 9, 9)
        (status,) = [s for s in runtime.supervisor.tasks() if s.name == "measurements"]
        assert (status.restarts, status.last_error) == (1, "OSError: /proc went away")
        assert only(runtime).state is AlertState.FIRING
        assert await reasons(runtime) == ["fired"]


async def test_alerts_in_memory_follow_what_was_changed_while_nobody_listened(home: Path, clock: StoppedClock) -> None:
    async with measuring(home, clock) as (runtime, probe), opened(home, settings=SETTINGS, clock=clock) as other:
        assert other.alerts.feed() == []
        await probe.say(9, 9)
        other.follow()
        await until(other.alerts.feed)
        await runtime.alerts.acknowledge(only(runtime).id)
        await until(lambda: other.alerts.feed()[0].state is AlertState.ACKNOWLEDGED)


async def test_the_history_is_read_as_a_window(home: Path, clock: StoppedClock) -> None:
    async with measuring(home, clock) as (runtime, probe):
        begun = clock.now()
        await probe.say(*range(10))
        (window,) = await runtime.monitoring.window([LOAD], start=begun, end=clock.now(), points=100)
        assert [point.mean for point in window.points] == [float(n) for n in range(10)]
        assert await runtime.monitoring.series("localhost") == [LOAD]


async def test_a_threshold_that_cannot_be_used_is_named_at_the_start(home: Path) -> None:
    settings = "[[monitoring.threshold]]\nmetric = 'load.1m'\nwarn = 8\ntarget = 'tag:('\n"
    with pytest.raises(BadSetting, match="is no selector"):
        async with opened(home, settings=settings):
            pass


async def test_samples_are_told_and_not_journaled(home: Path, clock: StoppedClock) -> None:
    async with measuring(home, clock) as (runtime, probe):
        with runtime.hub.listen("screen", SamplesTaken) as ear:
            await probe.say(1)
            heard: Sequence[Fact] = await ear.batch()
        assert [fact.seq for fact in heard] == [0]
        assert "samples.taken" not in {f.event.kind for f in await runtime.store.journal.after(0, 100)}


@pytest.mark.parametrize("text", ["", "a", "b3", "1.5", "²", "9" * 20])
def test_an_alert_is_named_by_its_number(text: str) -> None:
    assert alert_number(" A7 ") == alert_number("7") == 7
    with pytest.raises(BadInput, match="is not the number of an alert"):
        alert_number(text)


async def test_two_alerts_fire_on_a_full_disk_and_both_are_seen(home: Path, clock: StoppedClock) -> None:
    async with opened(home, clock=clock) as runtime:
        for name in ("f1", "f2"):
            runtime.alerts.keep(
                Alert(fingerprint=name, key=LOAD, rule="r", severity=Severity.WARNING, state=AlertState.FIRING,
                      summary=name, value=1.0, unit="", level=1.0, since=1.0, last_seen=1.0)
            )  # fmt: skip
        assert len(runtime.alerts.feed()) == 2
        await asyncio.sleep(0)
