"""Stands at the gate between two batches of a rollout: waits, looks again at what is verified, and compares.

It opens nothing itself: the executor hands it what logs in to a target, and what is run there only reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import dataclass, field, replace

from opsterm.changes.change import Change
from opsterm.changes.events import ChangeGateClosed, ChangeGateLooked, ChangeGateOpened, ChangeProceedAsked
from opsterm.changes.gate import MOST_OF_REST, Gate, ProbeReading, Worse, compare, probe_text, reading_of
from opsterm.changes.rollout import Rollout, rollout_of
from opsterm.changes.verification import Verification
from opsterm.changes.way_back.prepared import keeping_as, way_back_of
from opsterm.core.errors import OpstermError
from opsterm.core.events import Event
from opsterm.core.hub import Ear
from opsterm.core.text import clean_bytes, clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget, RunAs
from opsterm.runtime.keeping import RunText
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_store import SampleStore
from opsterm.runtime.verifying import SEEN_BYTES, NotVerified, Verifying

LOOKS = 10
"""Looks during one wait, at most; more would only fill the journal."""

SHORTEST_S = 5.0
"""Seconds between two looks, at least."""

PROBE_S = 30.0
"""Seconds that a probe may take on one target."""

AT_ONCE = 10
"""Targets that are looked at side by side."""

OpenSession = Callable[[OrderTarget], AbstractAsyncContextManager[RunText]]
"""Logs in to a target, and gives what runs a text there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What came of standing at a gate.

    Attributes:
        why: why nothing more may start, "" when the next batch may.
        fallen: targets on which the change is not well after all, with why.
    """

    why: str = ""
    fallen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """One gate that is stood at.

    Attributes:
        change: the one that waits.
        well: targets of the last batch on which it ended well.
        rest: targets on which it has not begun.
        wanted: what is looked at again.
        log_in: logs in.
        since: epoch seconds at which the gate opened.
    """

    change: Change
    well: Sequence[OrderTarget]
    rest: Sequence[OrderTarget]
    wanted: Verification
    log_in: OpenSession
    since: float


class Gating:
    """Stands at gates.

    Args:
        ledger: tells what is waited for and seen, and where it is heard that somebody asks to go on.
        verifying: looks at what has to hold.
        samples: has what was measured.
        waits: whether time passes; in a simulation it does not.
    """

    def __init__(self, ledger: Ledger, verifying: Verifying, samples: SampleStore, *, waits: bool = True) -> None:
        self._ledger = ledger
        self._verifying = verifying
        self._samples = samples
        self._waits = waits

    async def hold(
        self, change: Change, well: Sequence[OrderTarget], rest: Sequence[OrderTarget], *, wanted: Verification,
        log_in: OpenSession, compares: bool,
    ) -> Held:  # fmt: skip
        """Wait as long as was approved, or until somebody asks to go on; return whether the next batch may begin.

        Asking to go on ends the wait, and not what is looked at: that has to hold all the same.

        Args:
            change: the one that runs.
            well: targets of the last batch on which it ended well.
            rest: targets on which it has not begun.
            wanted: what is looked at again.
            log_in: logs in to a target to look there.
            compares: whether these are the canaries, so that they are compared with the rest.
        """
        rollout = rollout_of(change.order)
        rollout = rollout if compares else replace(rollout, gate=None)
        stand = _Stand(
            change=change, well=well, rest=rest, wanted=wanted, log_in=log_in, since=self._ledger.clock.now()
        )  # fmt: skip
        go_on = asyncio.Event()
        with self._ledger.hub.listen(f"gate of {change.name}", ChangeProceedAsked) as ear:
            wait_s = rollout.wait_s if self._waits else 0
            await self._tell(
                ChangeGateOpened(
                    change=change.id, after=tuple(target.name for target in well), waiting=len(rest),
                    until=stand.since + wait_s, compares=rollout.gate.line if rollout.gate is not None else "",
                ),
                change,
            )  # fmt: skip
            async with asyncio.TaskGroup() as group:
                group.create_task(_heed(ear, change.id, go_on))
                try:
                    held, said = await self._wait_and_look(stand, rollout, wait_s, go_on)
                finally:
                    ear.close()
        await self._tell(
            ChangeGateClosed(change=change.id, passed=not held.why, said=mask(held.why or said)[0]), change
        )
        return held

    async def _wait_and_look(
        self, stand: _Stand, rollout: Rollout, wait_s: float, go_on: asyncio.Event
    ) -> tuple[Held, str]:
        """Look until the time is over; return what came of it, and what was seen last."""
        loop = asyncio.get_running_loop()
        end, every = loop.time() + wait_s, max(SHORTEST_S, wait_s / LOOKS)
        of_canaries: dict[str, list[ProbeReading]] = {target.name: [] for target in stand.well}
        of_rest: dict[str, list[ProbeReading]] = {target.name: [] for target in _spread(stand.rest)}
        while True:
            if (left := end - loop.time()) > 0 and not go_on.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(every, left)):
                        await go_on.wait()
            fallen = await self._verified(stand)
            if fallen:
                return Held(why=f"at the gate {_counted(fallen)} no longer verified", fallen=fallen), ""
            said = "verified" if stand.wanted.checks else ""
            worse: Mapping[str, str] = {}
            if rollout.gate is not None:
                await self._measure(stand, rollout.gate, stand.well, of_canaries)
                await self._measure(stand, rollout.gate, _spread(stand.rest), of_rest)
                compared = compare(rollout.gate, of_canaries, of_rest)
                worse, said = compared.worse, compared.said
            if said:
                await self._tell(ChangeGateLooked(change=stand.change.id, said=mask(said)[0]), stand.change)
            if go_on.is_set() or loop.time() >= end:
                break
        if not worse:
            return Held(), said
        fallen = {name: f"Worse than the rest: {seen}." for name, seen in worse.items()}
        name, seen = next(iter(worse.items()))
        return Held(why=f"at the gate {name} is worse than the rest: {seen}", fallen=fallen), ""

    async def _verified(self, stand: _Stand) -> dict[str, str]:
        """Look again at what is verified; return the targets where it does not hold, with what was seen."""
        if not stand.wanted.checks:
            return {}
        fallen: dict[str, str] = {}

        async def look(target: OrderTarget) -> None:
            try:
                async with stand.log_in(target) as run:
                    await self._verifying.look(run, stand.change, target, stand.wanted)
            except NotVerified as error:
                fallen[target.name] = error.what
            except OpstermError as error:
                fallen[target.name] = f"It could not be looked at again: {mask(clean_line(error.what))[0]}"

        await _each(stand.well, look)
        return fallen

    async def _measure(
        self, stand: _Stand, gate: Gate, targets: Sequence[OrderTarget], found: Mapping[str, list[ProbeReading]]
    ) -> None:
        """Measure on targets, and put what was seen behind what was seen before."""
        order = stand.change.order
        how = keeping_as(way_back_of(order).become or order.become)

        async def one(target: OrderTarget) -> None:
            if gate.metric:
                found[target.name].append(await self._sampled(gate, target.name, stand.since))
                return
            try:
                async with asyncio.timeout(PROBE_S), stand.log_in(target) as run:
                    reading = await _probed(run, how, gate)
            except TimeoutError:
                reading = ProbeReading(well=False, said=f"no answer within {PROBE_S:.0f} s")
            except OpstermError as error:
                reading = ProbeReading(well=False, said=mask(clean_line(error.what))[0])
            found[target.name].append(reading)

        await _each(targets, one)

    async def _sampled(self, gate: Gate, name: str, since: float) -> ProbeReading:
        """Return what was measured of a metric since the gate opened: of several items the worst."""
        values = [
            sample.value for sample in await self._samples.latest(name)
            if sample.key.metric == gate.metric and sample.at >= since
        ]  # fmt: skip
        if not values:
            return ProbeReading(well=False, said="not measured since")
        return ProbeReading(well=True, value=max(values) if gate.worse is Worse.HIGHER else min(values))

    async def _tell(self, event: Event, change: Change) -> None:
        await self._ledger.record(self._ledger.fact(event, correlation_id=change.name))


async def _heed(ear: Ear, change: int, go_on: asyncio.Event) -> None:
    """Hear that somebody asks to go on, until the ear is closed."""
    async for facts in ear.batches():
        if any(isinstance(fact.event, ChangeProceedAsked) and fact.event.change == change for fact in facts):
            go_on.set()


async def _probed(run: RunText, how: RunAs, gate: Gate) -> ProbeReading:
    printed = bytearray()
    status: int | None = None
    async with aclosing(run(probe_text(gate), how)) as pieces:  # type: ignore[type-var]  # an async generator
        async for piece in pieces:
            if isinstance(piece, Ended):
                status = piece.exit_status
            elif len(printed) < SEEN_BYTES:
                printed += piece
    reading = reading_of(clean_bytes(bytes(printed)), status)
    return replace(reading, said=mask(reading.said)[0])


def _spread(rest: Sequence[OrderTarget]) -> Sequence[OrderTarget]:
    """Return some targets of the rest, from its beginning to its end."""
    if len(rest) <= MOST_OF_REST:
        return rest
    return [rest[number * len(rest) // MOST_OF_REST] for number in range(MOST_OF_REST)]


async def _each(targets: Sequence[OrderTarget], work: Callable[[OrderTarget], Awaitable[None]]) -> None:
    """Do something for each target, some of them side by side."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(target: OrderTarget) -> None:
        async with places:
            await work(target)

    async with asyncio.TaskGroup() as group:
        for target in targets:
            group.create_task(one(target))


def _counted(fallen: Mapping[str, str]) -> str:
    first = next(iter(fallen))
    return f"{first} is" if len(fallen) == 1 else f"{first} and {len(fallen) - 1} more are"
