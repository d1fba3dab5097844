"""Runs the steps of a plan on one target, one after another, and takes them back in reverse.

It opens nothing itself: the executor hands it what runs a text on the target. What was begun and what is back stands in
the journal, so that taking back goes on where it was cut, whoever goes on with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsterm.changes.change import Change, OutcomeState
from opsterm.changes.events import ChangeStepEnded, ChangeStepRolledBack, ChangeStepStarted
from opsterm.changes.plan_remainder import STEP_EVENTS
from opsterm.changes.plan_steps import UNITS, after_of, before_of, kept_ways, undoing
from opsterm.changes.way_back.prepared import has_way_back, keeping_as, restoring_text, way_back_of
from opsterm.core.errors import TimedOut
from opsterm.core.events import Event
from opsterm.policy.mask import mask
from opsterm.policy.order import BESIDE_SESSIONS, RESTORE, OrderTarget, RunAs
from opsterm.policy.plan_order import PlanStep, parse_plan
from opsterm.policy.way_back import WayBack
from opsterm.runtime.keeping import LIMIT_S, Keeping, RunText
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_store import JournalStore
from opsterm.runtime.step_transports import NOTHING_LEFT, WAS_SO
from opsterm.runtime.verifying import NotVerified, Verifying

KEPT_FACTS = 100_000


class Begin(Protocol):
    """Runs a text of a shell as somebody for at most so many seconds, with what is sent to it; keeps what it prints."""

    def __call__(
        self, text: str, shell: str, how: RunAs, limit_s: float, feed: AsyncIterator[bytes] | None = None
    ) -> Awaitable[Ended]:
        """See the class."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTarget:
    """Where a plan runs, and by what.

    Attributes:
        run: runs a text of `sh`; what it prints is not kept.
        begin: runs a text; what it prints is kept with the change.
        change: the one that runs.
        target: where.
    """

    run: RunText
    begin: Begin
    change: Change
    target: OrderTarget


class PlanRunning:
    """Runs plans.

    Args:
        journal: says what was begun.
        ledger: tells it.
        keeping: keeps what a step touches.
        verifying: looks at what has to hold.
    """

    def __init__(self, journal: JournalStore, ledger: Ledger, keeping: Keeping, verifying: Verifying) -> None:
        self._journal = journal
        self._ledger = ledger
        self._keeping = keeping
        self._verifying = verifying

    async def run(self, on: OnTarget, numbers: Collection[int]) -> Ended:
        """Run steps of a plan, or take back those of the change that it takes back.

        Args:
            on: where.
            numbers: of the steps; those of them that are for this target run.

        Raises:
            NotVerified: a step did not end well; those behind it were not begun.
            OpstermError: as whatever runs it.
        """
        plan = parse_plan(on.change.order.command)
        there = plan.steps_on(on.target.name)
        steps = {number: step for number, step in there.items() if number in numbers}
        if plan.takes_back:
            wrong = await self.undo(on, plan.takes_back, tuple(steps.values()))
            if wrong:
                raise NotVerified(wrong, state=OutcomeState.FAILED, ended=Ended(exit_status=None))
            return Ended(exit_status=0)
        keeps = kept_ways(plan, on.change.order.run_as, on.target.name) if has_way_back(on.change.order) else {}
        for number, step in steps.items():
            await self._step(on, number, step, keeps, first=number == min(there))
        return Ended(exit_status=0)

    async def _step(
        self, on: OnTarget, number: int, step: PlanStep, ways: Mapping[int, WayBack], *, first: bool
    ) -> None:
        name = f"Step {number}, {step.title},"
        try:
            await self._verifying.look(on.run, on.change, on.target, before_of(step), step=number)
        except NotVerified as error:
            said = error.what.partition(": ")[2]
            raise NotVerified(
                f"{name} was not begun, since this does not hold: {said}", state=OutcomeState.FAILED,
                ended=Ended(exit_status=None), next_step="Mend that, and propose the plan again.",
            ) from error  # fmt: skip
        change, target = on.change.id, on.target.name
        if first and UNITS in ways:
            await self._keeping.capture(on.run, on.change, ways[UNITS], on.target, number=UNITS)
            event = ChangeStepStarted(change=change, target=target, step=UNITS, title="units")
            await self._tell(event, on.change)
        keeps = ways[number] if number in ways and ways[number].things else None
        if keeps is not None:
            await self._keeping.capture(on.run, on.change, keeps, on.target, number=number)
        await self._tell(ChangeStepStarted(change=change, target=target, step=number, title=step.title), on.change)
        state, ended, message, was_so = OutcomeState.DONE, Ended(exit_status=None), "", False

        def begin() -> Awaitable[Ended]:
            return on.begin(step.command, step.shell, on.change.order.run_as, on.change.order.timeout_s)

        try:
            ended = await self._keeping.noting(
                lambda: self._keeping.noting(begin, on.run, on.change, keeps, on.target, number=number), on.run,
                on.change, ways.get(UNITS), on.target, number=UNITS,
            )  # fmt: skip
            if step.shell in BESIDE_SESSIONS and ended.exit_status == WAS_SO:
                was_so, ended = not await self._begun_before(on, number), Ended(exit_status=0)
            if ended.exit_status != 0:
                why = f" Why: opsterm output {on.change.name}" * (step.shell in BESIDE_SESSIONS)
                state, message = OutcomeState.FAILED, f"{name} ended with {ended.signal or ended.exit_status}.{why}"
            else:
                message = await self._verifying.look(on.run, on.change, on.target, after_of(step), step=number)
        except TimedOut as error:
            state, message = OutcomeState.TIMED_OUT, f"{name} was stopped: {error.what}"
        except NotVerified as error:
            state, message = error.state, f"{name} is {error.what[0].lower()}{error.what[1:]}"
        told = ChangeStepEnded(
            change=change, target=target, step=number, state=state, exit_status=ended.exit_status,
            message=mask(message)[0], was_so=was_so,
        )  # fmt: skip
        await self._tell(told, on.change)
        if step.shell in BESIDE_SESSIONS and ended.exit_status == NOTHING_LEFT:
            back = ChangeStepRolledBack(change=change, target=target, step=number, by_change=change, equal=True)
            await self._tell(back, on.change)
        if state is not OutcomeState.DONE:
            left = f"The steps before it are done; take them back: opsterm rollback {on.change.name}"
            raise NotVerified(message, state=state, ended=ended, next_step=left)

    async def take_back(self, on: OnTarget) -> str:
        """Take back on one target what a plan has begun there; return what is not as it was, "" when all is."""
        return await self.undo(on, on.change.id, undoing(on.change, [on.target.name]).steps)

    async def undo(self, on: OnTarget, number: int, steps: Sequence[PlanStep]) -> str:
        """Take back those steps that were begun and are not back; the first that fails ends it.

        Args:
            on: where.
            number: of the change that is taken back.
            steps: what takes its steps back, in their order.

        Returns:
            What is not as it was, "" when all is.
        """
        open_steps = await self.open_steps(number, on.target.name)
        account = keeping_as(way_back_of(on.change.order).become or on.change.order.become)
        for step in steps:
            _, at = step.undoes or (0, 0)
            if at not in open_steps:
                continue
            if step.shell == RESTORE:
                feed = self._keeping.feed(step.command, step.shell, on.target)
                ended = await on.begin(restoring_text(step.command), "sh", account, LIMIT_S, feed)
            else:
                ended = await on.begin(step.command, step.shell, account, on.change.order.timeout_s)
            equal = ended.exit_status == 0 or (step.shell in BESIDE_SESSIONS and ended.exit_status == WAS_SO)
            told = ChangeStepRolledBack(
                change=number, target=on.target.name, step=at, by_change=on.change.id, equal=equal
            )  # fmt: skip
            await self._ledger.record(self._ledger.fact(told, correlation_id=f"c{number}"))
            if not equal:
                return f"{step.title}: it ended with {ended.signal or ended.exit_status}; the output says why."
        return ""

    async def open_steps(self, number: int, target: str) -> set[int]:
        """Return the steps of a change that were begun on a target, have left something, and are not proven to be back.

        Args:
            number: of the change.
            target: its name.
        """
        begun, nothing_left = set[int](), set[int]()
        kinds = [one.kind for one in STEP_EVENTS]
        for fact in await self._journal.search(kinds=kinds, correlation_id=f"c{number}", limit=KEPT_FACTS):
            told = fact.event
            if not isinstance(told, STEP_EVENTS) or told.target != target:
                continue
            if isinstance(told, ChangeStepStarted):
                begun.add(told.step)
            elif told.was_so if isinstance(told, ChangeStepEnded) else told.equal:
                nothing_left.add(told.step)
        return begun - nothing_left

    async def _begun_before(self, on: OnTarget, number: int) -> bool:
        """Return whether a step was begun here already by a process that did not live to see its end.

        What it finds may be its own work then.
        """
        kinds, begun = [ChangeStepStarted.kind, ChangeStepEnded.kind], 0
        for fact in await self._journal.search(kinds=kinds, correlation_id=on.change.name, limit=KEPT_FACTS):
            told = fact.event
            if isinstance(told, ChangeStepStarted | ChangeStepEnded):
                mine = (told.target, told.step) == (on.target.name, number)
                begun += mine * (1 if isinstance(told, ChangeStepStarted) else -1)
        return begun > 1

    async def _tell(self, event: Event, change: Change) -> None:
        await self._ledger.record(self._ledger.fact(event, correlation_id=change.name))
