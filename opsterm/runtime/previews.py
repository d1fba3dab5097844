"""Use-cases of previews: look up what a change would do, keep it with the change, and compare it right before a run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.events import ChangePreviewed
from opsterm.changes.preview import Preview, TargetPreview, commands_of, difference_between, read_previews
from opsterm.core.clock import Clock
from opsterm.core.errors import OpstermError
from opsterm.core.events import Fact
from opsterm.policy.approval import POLICY, require_writable
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.policy.preview.command import PreviewScript
from opsterm.policy.preview.plan import plan_previews
from opsterm.policy.preview.step import PreviewPlan
from opsterm.policy.understanding import understand
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_store import JournalStore
from opsterm.runtime.remote_look import preview_on

SAMPLE = 5
"""Targets that are looked at when nobody asks for all of them."""

LIMIT_S = 45.0
"""Seconds for log-in and all commands on one target."""

KEPT_FACTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreview:
    """What is known beforehand of what a change would do.

    Attributes:
        targets: what was found out, by target, in the order of the order.
        without: a sentence for each part that has no preview.
        left_out: targets that were not looked at.
    """

    targets: tuple[TargetPreview, ...] = ()
    without: tuple[str, ...] = ()
    left_out: int = 0


class Previews:
    """Looks up what changes would do. What runs for that is known to only read.

    Args:
        journal: where what was shown is kept.
        ledger: tells it.
        connector: returns what opens sessions.
        parallel: targets looked at at the same time.
        read_only: whether nothing is sent to targets.
    """

    def __init__(
        self, journal: JournalStore, ledger: Ledger, clock: Clock, offload: Offload,
        connector: Callable[[], Awaitable[Connector]], *, parallel: int, read_only: bool,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._ledger = ledger
        self._clock = clock
        self._offload = offload
        self._connector = connector
        self._parallel = parallel
        self._read_only = read_only

    async def make(self, change: Change, *, all_targets: bool = False) -> ChangePreview:
        """Look up now what a change would do, and keep it with the change.

        Args:
            change: any change.
            all_targets: whether more than SAMPLE targets are looked at.

        Raises:
            Refused: read-only mode.
            StorageError: it cannot be kept, so that nothing could be compared with it later.
        """
        require_writable(read_only=self._read_only, what="looked at over a line")
        targets = change.order.targets if all_targets else change.order.targets[:SAMPLE]
        plan = await self._plan(change)
        if not plan.steps:
            return ChangePreview(without=plan.without)
        found = await self._look(plan, targets)
        for one in found:
            await self._ledger.record(self._fact(change, one))
        return ChangePreview(targets=found, without=plan.without, left_out=len(change.order.targets) - len(targets))

    async def kept(self, change: Change) -> ChangePreview:
        """Return what was last looked up, and shown, before a change was decided; nothing is sent anywhere."""
        newest = await self._shown(change)
        found = tuple(newest[target.name] for target in change.order.targets if target.name in newest)
        plan = await self._plan(change)
        return ChangePreview(
            targets=found, without=plan.without,
            left_out=len(change.order.targets) - len(found) if found else 0,
        )  # fmt: skip

    async def _shown(self, change: Change) -> dict[str, TargetPreview]:
        """Return the newest preview before the decision, by target."""
        facts = await self._journal.search(
            kinds=[ChangePreviewed.kind], correlation_id=change.name, limit=KEPT_FACTS
        )  # fmt: skip
        newest: dict[str, TargetPreview] = {}
        for fact in facts:
            told = fact.event
            if isinstance(told, ChangePreviewed) and (not change.decided_at or fact.at <= change.decided_at):
                newest[told.target] = _of(told)
        return newest

    async def difference(self, change: Change) -> str:
        """Look up again what was shown before an approval; return a sentence when it would do something else.

        Args:
            change: an approved one that is about to run.
        """
        if change.state is not ChangeState.APPROVED or change.decided_by == POLICY:
            return ""
        shown = {name: one for name, one in (await self._shown(change)).items() if one.previews}
        if not shown:
            return ""
        again = await self._look(await self._plan(change), [t for t in change.order.targets if t.name in shown])
        said = (difference_between(shown[one.target], one) for one in again)
        return next(filter(None, said), "")

    async def _plan(self, change: Change) -> PreviewPlan:
        order = change.order
        return await self._offload.run(
            "previews", lambda: plan_previews(understand(order.command, order.shell), order.run_as)
        )

    async def _look(self, plan: PreviewPlan, targets: Sequence[OrderTarget]) -> tuple[TargetPreview, ...]:
        gate = asyncio.Semaphore(self._parallel)

        async def one(target: OrderTarget) -> TargetPreview:
            async with gate:
                try:
                    return await self._on_one(plan, target)
                except OpstermError as error:
                    return TargetPreview(target=target.name, why=mask(error.what)[0])

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(target)) for target in targets]
        return tuple(task.result() for task in tasks)

    async def _on_one(self, plan: PreviewPlan, target: OrderTarget) -> TargetPreview:
        found: list[Preview] = []
        for become in dict.fromkeys(step.become for step in plan.steps):
            script = PreviewScript(commands=commands_of(plan.steps, become), become=become)
            looked = await preview_on(
                await self._connector(), target, script, limit_s=LIMIT_S, clock=self._clock
            )  # fmt: skip
            found += await self._offload.run("previews", _reading(plan, looked.text, become))
        return TargetPreview(target=target.name, previews=tuple(found))

    def _fact(self, change: Change, found: TargetPreview) -> Fact:
        parts = found.previews
        return self._ledger.fact(
            ChangePreviewed(
                change=change.id, target=found.target, kinds=tuple(one.kind for one in parts),
                titles=tuple(one.title for one in parts), texts=tuple(one.text for one in parts),
                digests=tuple(one.digest for one in parts), why=found.why,
            ),
            correlation_id=change.name,
        )  # fmt: skip


def _reading(plan: PreviewPlan, text: str, become: str) -> Callable[[], tuple[Preview, ...]]:
    return lambda: read_previews(plan.steps, text, become)


def _of(told: ChangePreviewed) -> TargetPreview:
    parts = zip(told.kinds, told.titles, told.texts, told.digests, strict=False)
    previews = tuple(Preview(kind=kind, title=title, text=text, digest=digest) for kind, title, text, digest in parts)
    return TargetPreview(target=told.target, previews=previews, why=told.why)
