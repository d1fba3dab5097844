"""A guarded change is armed everywhere before it is made anywhere, and a wave stays only when all of it is well."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import GuardWish, guard_lines
from opsterm.changes.rollout import FailureBudget, Rollout, RolloutWish, Strategy
from opsterm.changes.rollout_progress import RolloutProgress
from opsterm.changes.verification import Verification, parse_check
from opsterm.core.errors import Unreachable
from opsterm.inventory.target import Target
from opsterm.policy.order import OrderTarget
from opsterm.runtime.guarded_rollout import GuardedRollout
from opsterm.runtime.ports import Ended
from opsterm.runtime.wave import Wave
from tests.changes.test_rollout import Simulation, simulations
from tests.runtime.changing import approved, outcomes, proposed
from tests.runtime.stage import Answer, PlayedConnector, opened

pytestmark = pytest.mark.timeout(120)

FAULTS = ("", "unarmed", "fails", "unwell", "unconfirmed")


@dataclass
class Hosts:
    """Simulated hosts with a fault each, seen from the hosts."""

    faults: dict[str, str]
    random: Random
    armed: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    waves: dict[Wave, list[str]] = field(default_factory=dict)
    asked: int = 0

    async def arm(self, name: str, seconds: int) -> bool:
        assert 10 <= seconds <= 3600
        await self._a_while()
        assert not self.changed, "nothing is changed before every target was asked to be armed"
        self.asked += 1
        if self.faults[name] != "unarmed":
            self.armed.add(name)
        return name in self.armed

    async def change(self, name: str, wave: Wave) -> bool:
        assert name in self.armed
        assert self.asked == len(self.faults)
        self.waves.setdefault(wave, []).append(name)
        self.changed.add(name)
        await self._a_while()
        if self.faults[name] in ("fails", "unwell"):
            self.back.add(name)
            if self.random.random() < 0.5:  # it may be said at once, or only when it is over
                wave.fail(name)
            await self._a_while()
            return False
        if not await wave.all_well(name) or self.faults[name] == "unconfirmed":
            self.back.add(name)
            return False
        self.confirmed.add(name)
        return True

    async def disarm(self, name: str) -> None:
        assert name not in self.changed
        self.forgotten.add(name)

    async def _a_while(self) -> None:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)


@settings(max_examples=60)
@given(simulations(), st.sampled_from([(0.0, 0.0), (0.02, 0.0), (0.0, 0.05), (0.02, 0.05), (0.5, 0.5)]))
def test_with_any_faults_a_wave_stays_wholly_or_goes_back(of: Simulation, ills: tuple[float, float]) -> None:
    def fault() -> str:
        if of.random.random() < ills[0]:
            return "unarmed"
        return of.random.choice(FAULTS[2:]) if of.random.random() < ills[1] else ""

    hosts = Hosts({name: fault() for name in of.names}, of.random)
    without_gates = replace(of.rollout, wait_s=0, gate=None)  # a guarded change has none: its time runs
    progress = RolloutProgress(without_gates, of.names, at_once=of.at_once, silent=of.silent)
    going = GuardedRollout(progress, of.names, seconds=10, at_once=of.at_once)
    asyncio.run(going.run(hosts.arm, hosts.change, hosts.disarm))
    unarmed = {name for name in of.names if hosts.faults[name] == "unarmed"}
    assert hosts.asked == len(of.names)
    assert hosts.changed == hosts.confirmed | hosts.back
    assert not hosts.confirmed & hosts.back
    budget = of.rollout.budget.of(len(of.names)) if of.rollout.budget else 0
    if unarmed and len(unarmed) >= budget:
        assert not hosts.changed, "one that cannot be armed stops it, unless the budget has room for it"
    for number, wave in enumerate(hosts.waves.values()):
        bad = [name for name in wave if hosts.faults[name] in ("fails", "unwell")]
        assert not bad or not hosts.confirmed & set(wave), "a wave that is not well goes back on all its targets"
        assert not hosts.back & set(wave) or number == len(hosts.waves) - 1, "no wave begins after one that went back"
    assert hosts.forgotten == hosts.armed - hosts.changed, "no guard is left behind"
    assert set(progress.not_started) == set(of.names) - hosts.changed - (unarmed - set(progress.not_started))
    assert progress.stopped or not progress.not_started


def test_a_target_that_waits_for_others_is_armed_for_longer() -> None:
    times: list[int] = []

    async def arm(name: str, seconds: int) -> bool:
        del name
        times.append(seconds)
        return False

    async def nothing(*_: object) -> bool:
        raise AssertionError

    async def disarm(name: str) -> None:
        raise AssertionError(name)

    names = [f"h{number}" for number in range(60)]
    progress = RolloutProgress(Rollout(strategy=Strategy.SEQUENTIAL, batch=1, groups={}), names, at_once=10)
    asyncio.run(GuardedRollout(progress, names, seconds=60, at_once=10).run(arm, nothing, disarm))
    assert times[:3] == [60, 150, 240]
    assert max(times) == 3600
    assert progress.stopped == "h0 could not be armed, and nothing was changed anywhere"


async def test_what_is_armed_and_not_begun_is_disarmed_when_it_is_stopped() -> None:
    hosts = Hosts(names(5), Random(1))
    begun = asyncio.Event()

    async def change(name: str, wave: Wave) -> bool:
        del wave
        hosts.changed.add(name)
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    progress = RolloutProgress(Rollout(strategy=Strategy.SEQUENTIAL, batch=1, groups={}), list(hosts.faults), at_once=2)
    going = GuardedRollout(progress, list(hosts.faults), seconds=10, at_once=2)
    running = asyncio.create_task(going.run(hosts.arm, change, hosts.disarm))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (hosts.changed, hosts.forgotten) == ({"h1"}, {"h2", "h3", "h4", "h5"})


# --------------------------------------------------------------------------------------- through the executor

_STEP = re.compile(r"^keeper (\w+) \S+", re.MULTILINE)
COMMAND = "touch /srv/made"


class Fleet(PlayedConnector):
    """Hosts that answer as keepers do, each with one fault or none.

    Attributes:
        log: (target, what was done there), in order.
        states: how the guard of each stands.
    """

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__({name: self._answer(name) for name in faults})
        self.faults = faults
        self.log: list[tuple[str, str]] = []
        self.states: dict[str, str] = {}
        self._shut = {name: 2 for name, fault in faults.items() if fault == "shut"}

    @asynccontextmanager
    async def fresh(self, target: OrderTarget, steps: object) -> AsyncIterator[Fleet]:
        del steps
        if self._shut.get(target.name) and (target.name, COMMAND) in self.log:
            self._shut[target.name] -= 1
            self.states[target.name] = "reverted"
            raise Unreachable(f"{target.name} lets nobody in.")
        self.log.append((target.name, "fresh log-in"))
        yield self

    def _answer(self, name: str) -> Answer:
        async def answer(command: str) -> AsyncIterator[bytes | Ended]:
            await asyncio.sleep(0)
            fault, steps = self.faults[name], _STEP.findall(command)
            done = steps[-1] if steps else command.strip()
            if steps or done in (COMMAND, "true"):
                self.log.append((name, done))
            if done == "arm":
                if fault == "unarmed":
                    yield b"failed\t0\tthere is no room\n"
                    yield Ended(exit_status=3)
                    return
                self.states[name] = "pending"
                yield b"armed\tsetsid\tno boot\n"
            elif done in ("status", "extend", "confirm", "revert"):
                if self.states[name] == "pending" and done in ("confirm", "revert"):
                    self.states[name] = "reverted" if done == "revert" or fault == "late" else "confirmed"
                yield f"guard\t{self.states[name]}\t\t{9 if self.states[name] == 'pending' else 0}\n".encode()
            elif (done, fault) == (COMMAND, "line"):
                self.states[name] = "reverted"  # until somebody gets in again, its time is over
                raise Unreachable(f"The connection to {name} was lost.")
            bad = (done, fault) in ((COMMAND, "exit"), ("true", "unwell"))
            yield Ended(exit_status=int(bad))

        return answer

    def at(self, what: str) -> list[int]:
        """Return when something was done, as places of the log."""
        return [place for place, (_, done) in enumerate(self.log) if done == what]


async def made(home: Path, fleet: Fleet, strategy: str, failures: str = "") -> Change:
    look = Verification(checks=(parse_check("command:true"),), tries=1)
    async with opened(home, open_connector=fleet.open) as runtime:
        for name in fleet.faults:
            await runtime.inventory.add(Target(name=name, address="192.0.2.1"))
        change = await approved(
            runtime, COMMAND, "h*", guard=GuardWish(seconds=60), verification=look,
            rollout=RolloutWish(strategy=strategy, failures=failures),
        )  # fmt: skip
        await runtime.changes.run(change.id)
        return await runtime.changes.get(change.id)


def names(count: int, **faults: str) -> dict[str, str]:
    return {f"h{number}": faults.get(f"h{number}", "") for number in range(1, count + 1)}


async def test_all_are_armed_before_the_first_is_changed_and_looked_at_before_one_is_confirmed(home: Path) -> None:
    fleet = Fleet(names(5))
    change = await made(home, fleet, strategy="rolling:2")
    assert change.state is ChangeState.DONE
    assert max(fleet.at("arm")) < min(fleet.at(COMMAND))
    waves = [("h1", "h2"), ("h3", "h4"), ("h5",)]
    for first, second in pairwise(waves):
        begun = min(fleet.log.index((name, COMMAND)) for name in second)
        assert all(fleet.log.index((name, "confirm")) < begun for name in first)
    for wave in waves:
        well = max(fleet.log.index((name, "true")) for name in wave)
        assert all(fleet.log.index((name, "confirm")) > well for name in wave), "the whole wave was well before"
        assert all(fleet.log.index((name, "extend")) < fleet.log.index((name, COMMAND)) for name in wave)
    assert "Verified: command:true: holds" in change.outcomes[0].message


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("exit", "it ended with 1"), ("unwell", "Not verified after 1 try: command:true: exit 1"),
        ("line", "The connection to h3 was lost"), ("shut", "the fresh log-in failed: h3 lets nobody in"),
    ],
)  # fmt: skip
async def test_a_wave_that_is_not_well_goes_back_and_stops_it(
    home: Path, fault: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.runtime.guard_watch.ASK_EVERY_S", 0.0)
    fleet = Fleet(names(6, h3=fault))
    change = await made(home, fleet, strategy="rolling:2")
    found = outcomes(change)
    assert [fleet.states[name] for name in fleet.faults] == ["confirmed"] * 2 + ["reverted"] * 4
    assert {name for name, done in fleet.log if done == COMMAND} == {"h1", "h2", "h3", "h4"}
    assert [outcome.state for outcome in found.values()] == [
        *[OutcomeState.DONE] * 2, *[OutcomeState.FAILED] * 2, *[OutcomeState.CANCELLED] * 2
    ]  # fmt: skip
    assert change.state is ChangeState.FAILED
    assert said in found["h3"].message
    assert "Taken back by the target: h3, which is changed together with it, is not well" in found["h4"].message
    assert found["h5"].message == "Not started: h3 of wave 2 was not well, and that wave was taken back."


async def test_one_that_cannot_be_armed_stops_it_before_anything_is_changed(home: Path) -> None:
    fleet = Fleet(names(4, h2="unarmed"))
    change = await made(home, fleet, strategy="rolling:2")
    assert not fleet.at(COMMAND)
    found = outcomes(change)
    assert "there is no room" in found["h2"].message
    assert found["h1"].message == "Not started: h2 could not be armed, and nothing was changed anywhere."
    assert [found[name].state for name in ("h1", "h3", "h4")] == [OutcomeState.CANCELLED] * 3
    assert {name for name, done in fleet.log if done == "revert"} == {"h1", "h3", "h4"}, "their guards are taken away"
    assert change.state is ChangeState.FAILED


async def test_one_that_cannot_be_armed_is_left_out_where_the_budget_has_room_for_it(home: Path) -> None:
    fleet = Fleet(names(4, h2="unarmed"))
    change = await made(home, fleet, strategy="rolling:2", failures="3")
    found = outcomes(change)
    assert [name for name, done in fleet.log if done == COMMAND] == ["h1", "h3", "h4"]
    assert [outcome.state for outcome in found.values()] == [
        OutcomeState.DONE, OutcomeState.FAILED, OutcomeState.DONE, OutcomeState.DONE
    ]  # fmt: skip


async def test_the_sheet_says_that_it_goes_in_waves(home: Path) -> None:
    async with opened(home) as runtime:
        for name in ("h1", "h2"):
            await runtime.inventory.add(Target(name=name, address="192.0.2.1"))
        both = await proposed(runtime, COMMAND, "h*", guard=GuardWish(seconds=60))
        one = await proposed(runtime, COMMAND, "h1", guard=GuardWish(seconds=60))
        assert [len(guard_lines(change.order)) for change in (both, one)] == [2, 1]
        assert guard_lines(both.order)[1].startswith("all are armed before the first is changed")


async def test_one_that_is_too_late_to_be_confirmed_stops_it(home: Path) -> None:
    fleet = Fleet(names(3, h1="late"))
    change = await made(home, fleet, strategy="sequential")
    assert outcomes(change)["h2"].message == "Not started: h1 of wave 1 was not confirmed."


@given(st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_a_budget_says_how_many_may_fail(amount: int, count: int, given_one: bool) -> None:
    rollout = Rollout(budget=FailureBudget(amount=amount) if given_one else None, groups={})
    assert RolloutProgress(rollout, ["a"], at_once=1).may_fail(count) is (given_one and count < amount)
