"""Use-cases of rewriting: the safer form of a command, with the rows that it is meant to change counted beforehand."""

from __future__ import annotations

from dataclasses import replace

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.guard import guard_of
from opsterm.changes.rewriting.rewrite import Rewrite, rewrite_of, stamp_of
from opsterm.changes.way_back.prepared import has_way_back, inverse_of
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import usual_shell
from opsterm.runtime.changes import Changes
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.proposal import Proposal, proposal_again


class Rewrites:
    """Rewrites commands. What it returns runs only when it is approved, like any other.

    Args:
        changes: counts rows by a query, proposes and denies.
        inventory: says which targets a selector means, and so which shell.
        clock: gives the date in the names of folders.
    """

    def __init__(self, changes: Changes, inventory: Inventory, clock: Clock) -> None:
        self._changes = changes
        self._inventory = inventory
        self._clock = clock

    def of_change(self, change: Change) -> Rewrite | None:
        """Return the safer form of a change that waits, rows not counted; None when none is known. Never raises."""
        order = change.order
        stamp = stamp_of(change.requested_at)
        if change.state is not ChangeState.PROPOSED:
            return None
        return rewrite_of(order.command, order.shell, stamp=stamp, become=order.become, kept=has_way_back(order))

    async def rewritten(self, proposal: Proposal, *, rows: int = -1) -> Proposal:
        """Return a proposal with the safer form of its command.

        Args:
            proposal: what was asked for.
            rows: how many rows its statement is meant to change, -1 to count them on the targets.

        Raises:
            BadInput: no safer form is known, or the rows could not be counted or are not as many on each target.
            NotFound, Refused: as of `Changes.query`.
        """
        found = await self._form(proposal, rows)
        if found is None:
            raise BadInput(
                "No safer form of this command is known.",
                next_step="Propose it without --rewrite; opsterm risk names other ways.",
            )
        if found.count and rows < 0:
            found = await self._form(proposal, await self._counted(proposal, found.count)) or found
        return replace(proposal, command=found.command)

    async def take(self, change: Change) -> Change:
        """Propose the safer form of a change that waits, and deny that one.

        Raises:
            BadInput, NotFound, Refused: as of `rewritten` and `Changes.propose`.
        """
        order = change.order
        asked = proposal_again(change, command=order.command, guard=guard_of(order).wish(), inverse=inverse_of(order))
        new = await self._changes.propose(await self.rewritten(asked))
        await self._changes.deny(change.id, note=f"replaced by {new.name}")
        return new

    async def _form(self, proposal: Proposal, rows: int) -> Rewrite | None:
        rows_there = await self._inventory.resolve(proposal.selector)
        shell = proposal.shell or usual_shell(row.target.protocol for row in rows_there)
        return rewrite_of(
            proposal.command, shell, stamp=stamp_of(self._clock.now()), become=proposal.how.become, rows=rows,
            kept=proposal.way_back,
        )  # fmt: skip

    async def _counted(self, proposal: Proposal, count: str) -> int:
        """Return how many rows are meant, the same number on every target."""
        asked = Proposal(
            command=count, selector=proposal.selector, shell=proposal.shell, origin=proposal.origin, how=proposal.how,
            reason="counts the rows that a statement would change",
        )  # fmt: skip
        change = await self._changes.query(asked)
        if change.state is not ChangeState.APPROVED:
            raise BadInput(
                "The rows that it would change could not be counted without an approval.",
                next_step=f"Approve {change.name}, which counts them, and propose this with --rows and that number.",
            )
        ended = await self._changes.run(change.id)
        told = {one.target: (await self._changes.output(ended.id, one.target, limit=100)) for one in ended.outcomes}
        return _same_number(ended, told)


def _same_number(change: Change, told: dict[str, bytes]) -> int:
    """Return the number that every target has printed. Raises BadInput."""
    well = all(outcome.state is OutcomeState.DONE for outcome in change.outcomes)
    printed = {name: text.decode("utf-8", "replace").strip() for name, text in told.items()}
    number, *others = set(printed.values()) or {""}
    if well and not others and number.isascii() and number.isdigit():
        return int(number)
    shown = "; ".join(f"{name}: {mask(clean_line(text, limit=60))[0]}" for name, text in printed.items())
    raise BadInput(
        "The rows that it would change could not be counted, or are not as many on each target.",
        why=shown[:300], next_step=f"See opsterm output {change.name}, and propose it for each target by itself.",
    )  # fmt: skip
