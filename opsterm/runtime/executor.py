"""The executor: the only code that runs a change on a target.

It runs an order only when the change is approved, the approval is for the very digest of that order, and the
order has not expired; all three are looked at again at the instant of starting, and the move to "running" is a
compare-and-set on disk, so that no order runs twice, however many processes try.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.events import ChangeEnded, ChangeOutput, ChangeStarted, ChangeTargetEnded
from opsterm.core.clock import Clock
from opsterm.core.errors import NotApproved, OpstermError, TimedOut, Unreachable
from opsterm.policy.order import Order, OrderTarget
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Connector, Ended, Store


class Executor:
    """Runs approved changes.

    Args:
        store: where changes and output are kept.
        ledger: where facts are told.
        connector: gives what opens sessions.
        runner: name of this process, kept with a running change so that a crash is noticed.
        parallel: targets of one change worked on at the same time.
        output_limit: bytes of output kept per target.
    """

    def __init__(
        self, store: Store, ledger: Ledger, connector: Callable[[], Awaitable[Connector]], clock: Clock, *,
        runner: str, parallel: int, output_limit: int,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._connector = connector
        self._clock = clock
        self._runner = runner
        self._parallel = parallel
        self._output_limit = output_limit

    async def run(self, change_id: int) -> Change:
        """Run an approved change to its end and return it with its outcomes.

        Raises:
            NotApproved: it may not run, or another process was quicker.
        """
        change = await self._start(change_id)
        try:
            outcomes = await self._run_on_all(change)
        except asyncio.CancelledError:
            await asyncio.shield(self._finish(change, cancelled=True))
            raise
        return await self._finish(replace(change, outcomes=tuple(outcomes)), cancelled=False)

    async def _start(self, change_id: int) -> Change:
        change = await self._store.changes.get(change_id)
        if change is None:
            raise NotApproved(f"There is no change c{change_id}.")
        started = lifecycle.start(change, now=self._clock.now())
        fact = self._ledger.fact(
            ChangeStarted(
                change=change.id, digest=change.order.digest(), targets=tuple(t.name for t in change.order.targets)
            ),
            correlation_id=change.name,
        )
        moved = await self._store.changes.move(
            started, expected=ChangeState.APPROVED, facts=[fact], runner=self._runner
        )
        if moved is None:
            raise NotApproved(
                f"{change.name} was not started: another process has started or voided it.",
                next_step="Look at it again; nothing was run here.",
            )
        self._ledger.committed(moved)
        return started

    async def _run_on_all(self, change: Change) -> list[Outcome]:
        gate = asyncio.Semaphore(self._parallel)
        outcomes: dict[str, Outcome] = {}

        async def one(target: OrderTarget) -> None:
            async with gate:
                outcomes[target.name] = await self._run_on_one(change, target)

        async with asyncio.TaskGroup() as group:
            for target in change.order.targets:
                group.create_task(one(target))
        return [outcomes[target.name] for target in change.order.targets]

    async def _run_on_one(self, change: Change, target: OrderTarget) -> Outcome:
        outcome = Outcome(target=target.name, state=OutcomeState.RUNNING, started_at=self._clock.now())
        await self._store.changes.save_outcome(change.id, outcome, [])
        record = _Record(limit=self._output_limit)
        try:
            ended = await self._stream(change, target, record)
            outcome = replace(
                outcome,
                state=OutcomeState.DONE if ended.exit_status == 0 else OutcomeState.FAILED,
                exit_status=ended.exit_status,
                signal=ended.signal,
            )
        except asyncio.CancelledError:
            outcome = replace(outcome, state=OutcomeState.CANCELLED, message="Stopped by the operator.")
            await asyncio.shield(self._keep(change, record.close(outcome, self._clock.now())))
            raise
        except TimedOut as error:
            outcome = replace(outcome, state=OutcomeState.TIMED_OUT, message=str(error))
        except Unreachable as error:
            outcome = replace(outcome, state=OutcomeState.UNREACHABLE, message=str(error))
        except OpstermError as error:
            outcome = replace(outcome, state=OutcomeState.FAILED, message=str(error))
        return await self._keep(change, record.close(outcome, self._clock.now()))

    async def _stream(self, change: Change, target: OrderTarget, record: _Record) -> Ended:
        order: Order = change.order
        session = await (await self._connector()).session(target)
        try:
            async with asyncio.timeout(order.timeout_s), aclosing(
                session.run(order.command, shell=order.shell)  # type: ignore[type-var]  # an async generator
            ) as pieces:  # fmt: skip
                async for piece in pieces:
                    if isinstance(piece, Ended):
                        return piece
                    await self._keep_output(change, target, record, piece)
        except TimeoutError as error:
            raise TimedOut(
                f"The command ran longer than its {order.timeout_s:g} s on {target.name} and was stopped.",
                next_step="Look at what it left behind; propose it again with a longer limit if it needs one.",
            ) from error
        finally:
            await session.close()
        return Ended(exit_status=None)

    async def _keep_output(self, change: Change, target: OrderTarget, record: _Record, piece: bytes) -> None:
        kept = record.take(piece)
        if kept:
            await self._store.output.append(change.id, target.name, kept)
        self._ledger.tell(
            ChangeOutput(change=change.id, target=target.name, total_bytes=record.total), correlation_id=change.name
        )

    async def _keep(self, change: Change, outcome: Outcome) -> Outcome:
        fact = self._ledger.fact(
            ChangeTargetEnded(
                change=change.id,
                target=outcome.target,
                state=outcome.state,
                exit_status=outcome.exit_status,
                output_sha256=outcome.output_sha256,
                output_bytes=outcome.output_bytes,
                message=outcome.message,
            ),
            correlation_id=change.name,
        )
        self._ledger.committed(await self._store.changes.save_outcome(change.id, outcome, [fact]))
        return outcome

    async def _finish(self, change: Change, *, cancelled: bool) -> Change:
        if cancelled:
            kept = await self._store.changes.get(change.id)
            change = kept or change
        finished = lifecycle.finish(change, cancelled=cancelled, now=self._clock.now())
        fact = self._ledger.fact(ChangeEnded(change=change.id, state=finished.state), correlation_id=change.name)
        moved = await self._store.changes.move(finished, expected=ChangeState.RUNNING, facts=[fact])
        self._ledger.committed(moved or ())
        return finished


class _Record:
    """Counts, hashes and caps the output of one target."""

    def __init__(self, *, limit: int) -> None:
        self.total = 0
        self._kept = 0
        self._limit = limit
        self._hash = hashlib.sha256()

    def take(self, piece: bytes) -> bytes:
        """Count and hash a piece; return the part of it that is kept."""
        self._hash.update(piece)
        kept = piece[: max(0, self._limit - self.total)]
        self.total += len(piece)
        self._kept += len(kept)
        return kept

    def close(self, outcome: Outcome, now: float) -> Outcome:
        """Return the outcome with what was counted."""
        return replace(
            outcome,
            ended_at=now,
            output_bytes=self.total,
            kept_bytes=self._kept,
            output_sha256=self._hash.hexdigest(),
        )
