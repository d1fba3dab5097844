"""Between two batches a rollout waits, looks again at what is verified, and compares its canaries with the rest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import ChangeGateClosed, ChangeGateLooked, ChangeGateOpened
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.verification import OnFailure, Verification, parse_check
from opsterm.core.clock import SystemClock
from opsterm.core.errors import BadInput, Refused
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.runtime.gates import gate_lines
from opsterm.runtime.ports import Ended
from opsterm.runtime.rollouts import ResumePart, ResumeWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved, outcomes, story, with_targets
from tests.runtime.stage import Answer, PlayedConnector, opened, until_async

NAMES = ("web-1", "web-2", "web-3", "web-4")
ALL = "web-[1-4]"
LOAD = "cat /proc/loadavg"
PROBE = f"command:{LOAD}"
LOOK = "uptime"


class Fleet:
    """Targets that print a load when they are asked for it, and of which a check holds or not.

    Attributes:
        load: by target.
        ill: targets whose check does not hold.
        changed: targets that the command has run on, in order.
        probed: targets that were measured, in order.
        restored: targets on which it was put back.
    """

    def __init__(self) -> None:
        self.load = dict.fromkeys(NAMES, "1.0")
        self.ill: set[str] = set()
        self.changed: list[str] = []
        self.probed: list[str] = []
        self.restored: list[str] = []
        self.connector = PlayedConnector({name: self._answer(name) for name in NAMES})

    def _answer(self, name: str) -> Answer:
        async def answer(command: str) -> AsyncIterator[bytes | Ended]:
            await asyncio.sleep(0)
            status = 0
            if command.strip() == LOAD:
                self.probed.append(name)
                yield f"{self.load[name]} 0.5 0.4 1/99 4242\n".encode()
            elif command.strip() == LOOK:
                status = int(name in self.ill)
            elif re.search(r"^keeper restore ", command, re.MULTILINE):
                self.restored.append(name)
            elif command == "touch /srv/x":
                self.changed.append(name)
            yield Ended(exit_status=status)

        return answer


async def start(runtime: Runtime, wish: RolloutWish, *, rolls_back: bool = False, checks: bool = True) -> Change:
    """Propose, approve and begin."""
    await with_targets(runtime, *NAMES)
    verification = Verification(
        checks=(parse_check(f"command:{LOOK}"),) if checks else (), tries=1,
        on_failure=OnFailure.ROLLBACK if rolls_back else OnFailure.KEEP,
    )  # fmt: skip
    change = await approved(runtime, "touch /srv/x", ALL, rollout=wish, verification=verification)
    runtime.follow()
    runtime.changes.start(change.id)
    return change


async def ended(runtime: Runtime, change: Change) -> Change:
    """Return it once it has ended."""

    async def is_over() -> bool:
        return (await runtime.changes.get(change.id)).ended_at > 0

    await until_async(is_over)
    return await runtime.changes.get(change.id)


async def at_gate(runtime: Runtime, change: Change) -> None:
    """Wait until it stands at a gate."""

    async def stands() -> bool:
        return await runtime.gates.standing(await runtime.changes.get(change.id)) is not None

    await until_async(stands)


CANARY = RolloutWish(strategy="canary:1", probe=PROBE)


@pytest.mark.parametrize(
    ("wish", "load", "changed", "said"),
    [
        (CANARY, {}, NAMES, "web-1 1; web-[2-4]: median 1"),
        (CANARY, {"web-1": "1.2"}, NAMES, "web-1 1.2"),
        (CANARY, {"web-1": "1.3"}, NAMES[:1], "1.3, and 1 on the others: higher by more than 20%"),
        (RolloutWish(strategy="canary:1", probe=PROBE, margin="50%"), {"web-1": "1.3"}, NAMES, "web-1 1.3"),
        (RolloutWish(strategy="canary:1", probe=PROBE, worse="lower"), {"web-1": "0.3"}, NAMES[:1], "lower by more"),
        (RolloutWish(strategy="canary:2:1", probe=PROBE), {"web-2": "9"}, NAMES[:2], "web-2 is worse than the rest"),
    ],
)
async def test_canaries_are_compared_with_the_rest(
    home: Path, wish: RolloutWish, load: dict[str, str], changed: tuple[str, ...], said: str
) -> None:
    fleet = Fleet()
    fleet.load |= load
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await ended(runtime, await start(runtime, wish))
        assert sorted(fleet.changed) == list(changed)
        assert set(fleet.probed) == set(NAMES), "it is measured on the canaries and on the rest"
        facts = await runtime.store.journal.search(kinds=[ChangeGateClosed.kind], correlation_id=change.name)
        closed = [fact.event for fact in facts if isinstance(fact.event, ChangeGateClosed)]
        passed = changed == NAMES
        assert [one.passed for one in closed] == [passed]
        assert said in closed[0].said
        assert change.state is (ChangeState.DONE if passed else ChangeState.FAILED)
        if not passed:
            worse = next(name for name in load)
            assert outcomes(change)[worse].state is OutcomeState.NOT_VERIFIED
            assert outcomes(change)["web-4"].message.startswith("Not started: at the gate")
            again = await runtime.rollouts.resume(
                ResumeWish(change=change.id, part=ResumePart.NOT_STARTED, origin="command line")
            )
            assert [target.name for target in again.order.targets] == list(NAMES[len(changed) :])


async def test_a_canary_that_is_worse_is_taken_back_if_that_was_approved(home: Path) -> None:
    fleet = Fleet()
    fleet.load["web-1"] = "7"
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await ended(runtime, await start(runtime, CANARY, rolls_back=True))
        assert fleet.restored == ["web-1"]
        assert (change.state, outcomes(change)["web-1"].state) == (ChangeState.ROLLED_BACK, OutcomeState.ROLLED_BACK)
        assert "Worse than the rest: 7, and 1 on the others" in outcomes(change)["web-1"].message


async def test_while_it_waits_what_is_verified_is_looked_at_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsterm.runtime.gating.SHORTEST_S", 0.01)
    fleet = Fleet()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await start(runtime, RolloutWish(strategy="rolling:2", wait="1s"))
        await at_gate(runtime, change)
        fleet.ill.add("web-2")
        change = await ended(runtime, change)
        assert sorted(fleet.changed) == ["web-1", "web-2"]
        assert outcomes(change)["web-1"].state is OutcomeState.DONE
        assert outcomes(change)["web-2"].state is OutcomeState.NOT_VERIFIED
        assert outcomes(change)["web-3"].message == "Not started: at the gate web-2 is no longer verified."
        assert change.state is ChangeState.FAILED


async def test_the_wait_is_waited_between_batches_and_only_there(home: Path) -> None:
    fleet, loop = Fleet(), asyncio.get_running_loop()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        began = loop.time()
        change = await ended(runtime, await start(runtime, RolloutWish(strategy="rolling:2", wait="1s"), checks=False))
        assert change.state is ChangeState.DONE
        assert loop.time() - began >= 1.0
        assert (await story(runtime, change)).count(ChangeGateOpened.kind) == 1


async def test_somebody_may_ask_to_go_on_and_what_is_looked_at_has_to_hold_all_the_same(home: Path) -> None:
    fleet = Fleet()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await start(runtime, RolloutWish(strategy="rolling:1", wait="1h"))
        with pytest.raises(BadInput, match="does not wait between two batches"):
            await runtime.gates.proceed((await approved(runtime, "uptime", "web-1")).id)
        for count, name in enumerate(NAMES[:2], 1):
            await at_gate(runtime, change)
            seen = await runtime.gates.standing(await runtime.changes.get(change.id))
            assert seen is not None
            assert (seen.after, seen.waiting) == (name, len(NAMES) - count)
            assert f"opsterm proceed {change.name}" in gate_lines(seen, change.name, SystemClock().now())[0]
            if count == 2:
                fleet.ill.add("web-2")
            await runtime.gates.proceed(change.id)
            await until_async(closed_times(runtime, change, count))
        change = await ended(runtime, change)
        assert fleet.changed == ["web-1", "web-2"]
        assert outcomes(change)["web-2"].state is OutcomeState.NOT_VERIFIED


def closed_times(runtime: Runtime, change: Change, count: int) -> Callable[[], Awaitable[object]]:
    async def is_so() -> bool:
        return (await story(runtime, change)).count(ChangeGateClosed.kind) == count

    return is_so


async def test_what_waits_between_batches_is_stopped_at_once(home: Path) -> None:
    fleet = Fleet()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await start(runtime, RolloutWish(strategy="canary:1", wait="1h"))
        await at_gate(runtime, change)
        await runtime.changes.stop(change.id)
        change = await ended(runtime, change)
        assert (change.state, fleet.changed) == (ChangeState.CANCELLED, ["web-1"])
        assert await runtime.gates.standing(change) is None
        assert [outcome.state for outcome in change.outcomes] == [OutcomeState.DONE, *[OutcomeState.CANCELLED] * 3]


@pytest.mark.parametrize(("load", "passes"), [(1.1, True), (4.0, False)])
async def test_a_metric_is_compared_by_what_is_measured_meanwhile(home: Path, *, load: float, passes: bool) -> None:
    fleet, clock = Fleet(), SystemClock()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        keys = {name: SeriesKey(name, "load.1m") for name in NAMES}
        await runtime.store.samples.write([Sample(key, clock.now() - 60, 99.0) for key in keys.values()])
        wish = RolloutWish(strategy="canary:1", wait="1h", probe="metric:load.1m", margin="1")
        change = await start(runtime, wish)
        await at_gate(runtime, change)
        now = clock.now()
        values = {**dict.fromkeys(NAMES, 1.0), "web-1": load}
        await runtime.store.samples.write([Sample(keys[name], now, value) for name, value in values.items()])
        await runtime.gates.proceed(change.id)
        change = await ended(runtime, change)
        assert change.state is (ChangeState.DONE if passes else ChangeState.FAILED)
        assert not fleet.probed, "nothing is run for a metric"


async def test_a_metric_that_nobody_measured_meanwhile_lets_nothing_through(home: Path) -> None:
    fleet = Fleet()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await start(runtime, RolloutWish(strategy="canary:1", wait="1s", probe="metric:load.1m"))
        change = await ended(runtime, change)
        assert "nothing to compare with" in outcomes(change)["web-2"].message
        assert fleet.changed == ["web-1"]


async def test_a_probe_that_may_do_more_than_read_is_refused_whoever_asks(home: Path) -> None:
    async with opened(home, open_connector=Fleet().connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        with pytest.raises(Refused, match="has to only read"):
            await approved(runtime, "uptime", ALL, rollout=RolloutWish(strategy="canary:1", probe="command:rm /srv/x"))


async def test_a_simulation_tells_the_probe_and_waits_for_nothing(home: Path) -> None:
    async with opened(home, open_connector=Fleet().connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        wish = RolloutWish(strategy="canary:1", wait="1h", probe=PROBE)
        change = await approved(runtime, "touch /srv/x", ALL, rollout=wish)
        found = await runtime.simulated(change)
        told = [(act.target, act.kind, act.what) for act in found.acts if LOAD in act.what]
        assert [(name, str(kind)) for name, kind, _ in told] == [(name, "check") for name in NAMES]
        assert found.change.state is ChangeState.DONE


async def test_what_was_seen_at_the_gate_stands_in_the_journal(home: Path) -> None:
    fleet = Fleet()
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        change = await ended(runtime, await start(runtime, CANARY))
        facts = await runtime.store.journal.search(kinds=[ChangeGateLooked.kind], correlation_id=change.name)
        assert [fact.event.said for fact in facts if isinstance(fact.event, ChangeGateLooked)] == [
            "web-1 1; web-[2-4]: median 1"
        ]
