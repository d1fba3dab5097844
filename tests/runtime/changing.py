"""Short words for what tests do with changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsterm.changes.change import Change, Outcome
from opsterm.inventory.target import Target
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime


async def proposed(runtime: Runtime, command: str = "uptime", selector: str = "localhost", **others: Any) -> Change:
    return await runtime.changes.propose(Proposal(command=command, selector=selector, origin="command line", **others))


async def approved(runtime: Runtime, command: str = "uptime", selector: str = "localhost", **others: Any) -> Change:
    change = await proposed(runtime, command, selector, **others)
    return await runtime.changes.approve(change.id, digest=change.digest)


async def story(runtime: Runtime, change: Change) -> list[str]:
    return [fact.event.kind for fact in await runtime.store.journal.search(correlation_id=change.name)]


def outcomes(change: Change) -> Mapping[str, Outcome]:
    return {outcome.target: outcome for outcome in change.outcomes}


async def with_targets(runtime: Runtime, *names: str) -> None:
    for name in names:
        await runtime.inventory.add(Target(name=name, address=f"{name}.example"))
