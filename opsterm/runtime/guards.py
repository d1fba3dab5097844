"""Use-cases of guarded changes: what waits where, confirm, more time, take back now, what became of it after a crash.

The state on the target is the truth: whatever is done is done there, over a fresh log-in, by the executor. What the
journal has is what was heard last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import ChangeEnded, ChangeGuarded, ChangeRolledBack, ChangeVerified
from opsterm.changes.guard import LONGEST_S, OPEN, SHORTEST_S, GuardState, guard_of
from opsterm.changes.guard_outcome import learned
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import BadInput, NotFound, OpstermError, Refused
from opsterm.core.events import Fact
from opsterm.core.text import clean_line
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.runtime.executor import Executor
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Store
from opsterm.runtime.rollbacks import Rollbacks

KEPT_S = 8 * 86_400.0
"""Seconds for which a target is asked that does not say what became of a change."""

KEPT_FACTS = 20_000
AT_ONCE = 10
"""Targets that are asked at the same time."""

_BACK = {GuardState.REVERTED: True, GuardState.REVERT_FAILED: False}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSeen:
    """What is known of a guarded change on one target.

    Attributes:
        target: where.
        state: how it stands there, as was heard last.
        due_at: epoch seconds at which the target takes it back, 0 when it does not wait.
        log_in: how the last fresh log-in went, "" before there was one.
        said: what the target could not take back, "" for nothing.
        seen: of each check what it saw, () before they were looked at over the fresh log-in, and where there are none.
        verified: whether all of them held.
        at: epoch seconds at which that was heard, 0 for never.
        fault: why the step that was just asked for was not done, "" when it was, or nothing was asked.
        answered: whether it answered just now, or nothing was asked.
    """

    target: str
    state: GuardState
    due_at: float = 0.0
    log_in: str = ""
    said: str = ""
    seen: tuple[str, ...] = ()
    verified: bool = False
    at: float = 0.0
    fault: str = ""
    answered: bool = True

    @property
    def healthy(self) -> str:
        """How the fresh log-in and the checks over it went, in whole sentences; "" before there was one."""
        log_in = f"The fresh log-in {self.log_in}." if self.log_in else ""
        if not self.seen:
            return log_in
        return f"{log_in} The checks {'hold' if self.verified else 'do not hold'}: {'; '.join(self.seen)}.".lstrip()

    @property
    def is_open(self) -> bool:
        """Whether something becomes of it by itself."""
        return self.state in OPEN


class Guards:
    """Looks after changes that their targets take back unless they are confirmed.

    Args:
        store: where changes and facts are kept.
        ledger: tells what became of them.
        rollbacks: knows where something is still to be taken back.
        executor: reaches guards.
        alive: whether the process with that name still runs.
        read_only: the setting changes.read_only: no target is asked.
    """

    def __init__(
        self, store: Store, ledger: Ledger, rollbacks: Rollbacks, *, executor: Executor,
        alive: Callable[[str], Awaitable[bool]], read_only: bool,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._rollbacks = rollbacks
        self._executor = executor
        self._alive = alive
        self._read_only = read_only

    async def told(self, change: Change) -> Mapping[str, GuardSeen]:
        """Return what was heard last of each target, in the order of the order. No target is asked."""
        if not guard_of(change.order).seconds or not change.started_at:
            return {}
        seen = {
            outcome.target: GuardSeen(target=outcome.target, state=GuardState.UNKNOWN)
            for outcome in change.outcomes if outcome.state is OutcomeState.UNKNOWN
        }  # fmt: skip
        for fact in await self._facts(change):
            told = fact.event
            if isinstance(told, ChangeGuarded):
                seen[told.target] = _heard(told, fact.at, seen.get(told.target))
            elif isinstance(told, ChangeVerified) and not told.step and told.target in seen:
                seen[told.target] = replace(seen[told.target], seen=told.seen, verified=told.verified)
        return {target.name: seen[target.name] for target in change.order.targets if target.name in seen}

    async def _facts(self, change: Change) -> Sequence[Fact]:
        kinds = [ChangeGuarded.kind, ChangeVerified.kind, ChangeRolledBack.kind]
        return await self._store.journal.search(kinds=kinds, correlation_id=change.name, limit=KEPT_FACTS)

    async def open_changes(self) -> Sequence[Change]:
        """Return the changes of which a target has not said what became of them, the newest first."""
        since = self._ledger.clock.now() - KEPT_S
        last: dict[tuple[int, str], str] = {}
        for fact in await self._store.journal.search(kinds=[ChangeGuarded.kind], since=since, limit=KEPT_FACTS):
            if isinstance(fact.event, ChangeGuarded) and fact.event.state != GuardState.UNKNOWN:
                last[fact.event.change, fact.event.target] = fact.event.state
        numbers = {number for (number, _), state in last.items() if state in OPEN}
        for change in await self._store.changes.list([ChangeState.INTERRUPTED], AT_ONCE * AT_ONCE):
            if change.ended_at > since and any(seen.is_open for seen in (await self.told(change)).values()):
                numbers.add(change.id)
        found = [await self._store.changes.get(number) for number in sorted(numbers, reverse=True)]
        return [change for change in found if change is not None]

    # ------------------------------------------------------------------------------------------- asking targets

    async def look(self, change: Change) -> tuple[Change, Sequence[GuardSeen]]:
        """Ask the targets that have not said what became of a change; return it as it stands by then, and all of them.

        A change that runs is asked about as well, and stays as it is: its process ends it.
        """
        told = await self.told(change)
        names = [name for name, seen in told.items() if seen.is_open]
        asked = {} if self._read_only else await self._ask(change, names, KeeperStep.STATUS)
        change = await self.settle(change.id)
        return change, [_with_fault(seen, asked.get(name)) for name, seen in (await self.told(change)).items()]

    async def act(
        self, change_id: int, step: KeeperStep, *, on: Collection[str] = (), seconds: int = 0
    ) -> Sequence[GuardSeen]:  # fmt: skip
        """Confirm, extend or revert a guarded change on its targets, each over a fresh log-in.

        Args:
            change_id: which.
            step: CONFIRM, EXTEND or REVERT.
            on: names of targets; () for all on which it is not decided.
            seconds: of EXTEND: how long from now until it is taken back.

        Returns:
            What each of these targets says then; `fault` where it was not done.

        Raises:
            NotFound: there is no such change, or it was not for one of these targets.
            BadInput: nothing of it waits, or the time is too short or too long.
            Refused: read-only mode.
        """
        require_writable(read_only=self._read_only, what=f"{step}ed on targets")
        if step is KeeperStep.EXTEND and not SHORTEST_S <= seconds <= LONGEST_S:
            raise BadInput("A target waits 5 s to 1 h for the confirmation.", next_step="Write it as in 60s or 5m.")
        change = await self._get(change_id)
        told = await self.told(change)
        strangers = [name for name in on if name not in {target.name for target in change.order.targets}]
        if strangers:
            raise NotFound(f"{change.name} was not for {strangers[0]}.", next_step=f"opsterm status {change.name}")
        names = [name for name, seen in told.items() if (name in on if on else seen.is_open)]
        if not names:
            raise BadInput(
                f"Nothing of {change.name} waits to be confirmed{' there' if on else ''}.",
                next_step=f"See how it went: opsterm change {change.name}",
            )
        runs = await self._runs(change)
        busy = [name for name in names if runs and told[name].state is GuardState.ARMED]
        if step is KeeperStep.EXTEND:
            busy = []
        faults: dict[str, OpstermError] = {
            name: Refused(f"The command still runs on {name}: wait for its end, or stop it.") for name in busy
        }
        faults |= await self._ask(change, [name for name in names if name not in busy], step, seconds=seconds)
        if step is KeeperStep.REVERT:
            await self._until_back(change, [name for name in names if name not in faults])
        await self.settle(change.id)
        now = await self.told(change)
        return [_with_fault(now[name], faults.get(name)) for name in names]

    async def _until_back(self, change: Change, names: Sequence[str]) -> None:
        """Ask until these have taken it back: that is a moment's work there, and asked for a few times at most."""
        for _ in range(AT_ONCE):
            told = await self.told(change)
            left = [name for name in names if told[name].is_open]
            if not left:
                return
            await asyncio.sleep(0.5)
            await self._ask(change, left, KeeperStep.STATUS)

    async def _ask(
        self, change: Change, names: Sequence[str], step: KeeperStep, *, seconds: int = 0
    ) -> dict[str, OpstermError]:  # fmt: skip
        """Do a step on targets; return why it was not done, by target."""
        faults: dict[str, OpstermError] = {}
        room = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            try:
                async with room:
                    answer = await self._executor.at_guard(change, name, step, seconds=seconds)
            except OpstermError as error:
                faults[name] = error
            else:
                if (said := _refusal(step, answer.state, name)) and step is not KeeperStep.STATUS:
                    faults[name] = Refused(said)

        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(one(name))
        return faults

    async def _runs(self, change: Change) -> bool:
        if change.state is not ChangeState.RUNNING:
            return False
        return await self._alive(await self._store.changes.runner(change.id))

    async def _get(self, number: int) -> Change:
        change = await self._store.changes.get(number)
        if change is None:
            raise NotFound(f"There is no change c{number}.", next_step="`opsterm changes` lists those there are.")
        return change

    # ---------------------------------------------------------------------------------------- what became of it

    async def settle(self, change_id: int) -> Change:
        """Bring a change that has ended into the state that its targets have told of; return it."""
        change = await self._get(change_id)
        told = await self.told(change)
        if not told or change.state in (*lifecycle.WAITING_STATES, ChangeState.RUNNING):
            return change
        facts = await self._facts(change)
        before = {fact.event.target for fact in facts if isinstance(fact.event, ChangeRolledBack)}
        new = [seen for seen in told.values() if seen.state in _BACK and seen.target not in before]
        await self._ledger.record(*[self._rolled_back(change, seen) for seen in new])
        armed = [fact.event.target for fact in facts if isinstance(fact.event, ChangeGuarded)
                 and fact.event.step == KeeperStep.ARM]  # fmt: skip
        outcomes = learned(change, {name: (seen.state, seen.said) for name, seen in told.items()}, armed)
        moved = lifecycle.learn(change, outcomes, now=self._ledger.clock.now())
        still = set(await self._rollbacks.open_targets(change))
        still -= {name for name, seen in told.items() if seen.state is GuardState.NONE}
        failed = any(seen.state is GuardState.REVERT_FAILED for seen in new)
        back = any(seen.state is GuardState.REVERTED for seen in told.values())
        if moved.state is not ChangeState.INTERRUPTED and (failed or (back and not still)):
            moved = lifecycle.take_back(moved, failed=failed)
        if moved == change:
            return change
        ended = ChangeEnded(change=change.id, state=moved.state)
        fact = self._ledger.fact(ended, by="opsterm", correlation_id=change.name)
        kept = await self._store.changes.move(moved, expected=change.state, facts=[fact], outcomes=moved.outcomes)
        if kept is not None:
            self._ledger.committed(kept)
        return await self._get(change_id)

    def _rolled_back(self, change: Change, seen: GuardSeen) -> Fact:
        event = ChangeRolledBack(
            change=change.id, target=seen.target, by_change=change.id, equal=_BACK[seen.state]
        )  # fmt: skip
        return self._ledger.fact(event, by=seen.target, correlation_id=change.name)


def _heard(told: ChangeGuarded, at: float, before: GuardSeen | None) -> GuardSeen:
    """Return what is known after a fact: a target that did not answer is as it was heard to be before."""
    if told.state == GuardState.UNKNOWN and before is not None:
        return replace(before, log_in=told.log_in)
    state = GuardState(told.state) if told.state in set(GuardState) else GuardState.UNKNOWN
    known = before or GuardSeen(target=told.target, state=state)
    return replace(known, state=state, due_at=told.due_at, log_in=told.log_in, said=told.said, at=at)


def _with_fault(seen: GuardSeen, error: OpstermError | None) -> GuardSeen:
    if error is None:
        return seen
    return replace(seen, fault=mask(clean_line(error.what))[0], answered=isinstance(error, Refused))


def _refusal(step: KeeperStep, state: GuardState, name: str) -> str:
    """Return why a step has come too late, "" when it has not."""
    right = {
        KeeperStep.CONFIRM: (GuardState.CONFIRMED,), KeeperStep.EXTEND: (GuardState.PENDING,),
        KeeperStep.REVERT: (GuardState.PENDING, GuardState.REVERTING, GuardState.REVERTED),
    }.get(step, ())  # fmt: skip
    if not right or state in right:
        return ""
    if state is GuardState.CONFIRMED:
        return f"Too late: {name} keeps it, it is confirmed."
    if state in (GuardState.REVERTING, GuardState.REVERTED, GuardState.REVERT_FAILED):
        return f"Too late: {name} {'takes it back' if state is GuardState.REVERTING else 'has taken it back'}."
    if state is GuardState.LOST:
        return f"Nothing takes it back on {name} any more: what waited there is gone."
    return f"{name} knows nothing of it."
