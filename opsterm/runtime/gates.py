"""Use-cases of gates: what a rollout waits for between two batches, and going on before its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.events import ChangeGateClosed, ChangeGateLooked, ChangeGateOpened, ChangeProceedAsked
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.units import age_text
from opsterm.inventory.folding import fold
from opsterm.policy.approval import require_writable

if TYPE_CHECKING:
    from opsterm.runtime.ledger import Ledger
    from opsterm.runtime.ports_store import Store

GateFact = ChangeGateOpened | ChangeGateLooked | ChangeGateClosed
GATE_FACTS = (ChangeGateOpened, ChangeGateLooked, ChangeGateClosed)
"""What is told while a rollout stands between two batches."""

KEPT_FACTS = 1000
"""Facts about gates that are read of one change; the newest count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSeen:
    """What a rollout waits for between two batches.

    Attributes:
        after: targets of the last batch, folded.
        waiting: how many targets have not begun.
        until: epoch seconds at which its time is over.
        compares: what is compared with the rest, "" for nothing.
        said: what was seen last, "" before that.
        asked: whether somebody has asked to go on.
    """

    after: str
    waiting: int
    until: float
    compares: str = ""
    said: str = ""
    asked: bool = False


class Gates:
    """Looks at gates, and asks to go on.

    Args:
        store: where facts are kept.
        ledger: tells what is asked.
        read_only: the setting changes.read_only.
    """

    def __init__(self, store: Store, ledger: Ledger, *, read_only: bool) -> None:
        self._store = store
        self._ledger = ledger
        self._read_only = read_only

    async def standing(self, change: Change) -> GateSeen | None:
        """Return the gate at which a change stands, None while it stands at none."""
        if change.state is not ChangeState.RUNNING:
            return None
        kinds = [one.kind for one in (*GATE_FACTS, ChangeProceedAsked)]
        opened: ChangeGateOpened | None = None
        said, asked = "", False
        for fact in await self._store.journal.search(kinds=kinds, correlation_id=change.name, limit=KEPT_FACTS):
            match fact.event:
                case ChangeGateOpened() as told:
                    opened, said, asked = told, "", False
                case ChangeGateClosed():
                    opened = None
                case ChangeGateLooked() as told:
                    said = told.said
                case _:
                    asked = True
        if opened is None:
            return None
        return GateSeen(
            after=fold(opened.after), waiting=opened.waiting, until=opened.until, compares=opened.compares, said=said,
            asked=asked,
        )  # fmt: skip

    async def proceed(self, change_id: int) -> Change:
        """Ask that a change wait no longer between two batches, whichever process runs it; return the change.

        What is looked at there has to hold all the same.

        Raises:
            NotFound: there is no such change.
            BadInput: it stands at no gate.
            Refused: read-only mode.
        """
        require_writable(read_only=self._read_only, what="hurried")
        change = await self._store.changes.get(change_id)
        if change is None:
            raise NotFound(f"There is no change c{change_id}.", next_step="`opsterm changes` lists those there are.")
        if await self.standing(change) is None:
            raise BadInput(
                f"{change.name} does not wait between two batches.", next_step=f"See it: opsterm change {change.name}"
            )
        event = ChangeProceedAsked(change=change.id)
        await self._ledger.record(self._ledger.fact(event, correlation_id=change.name))
        return change


def gate_lines(seen: GateSeen, name: str, now: float) -> tuple[str, ...]:
    """Return what a rollout waits for, in lines.

    Args:
        seen: how it stands.
        name: of the change, as in "c18".
        now: epoch seconds.
    """
    first = _opened(seen.after, seen.waiting, seen.until - now, name)
    return (
        f"{first} Somebody has asked for that." if seen.asked else first,
        *([f"gate {seen.compares}"] if seen.compares else []),
        *([f"seen {seen.said}"] if seen.said else []),
    )


def gate_line(told: GateFact, name: str, at: float) -> str:
    """Return in one line what is told of a gate.

    Args:
        told: the event.
        name: of the change, as in "c18".
        at: epoch seconds at which it was told.
    """
    match told:
        case ChangeGateOpened():
            return _opened(fold(told.after), told.waiting, told.until - at, name)
        case ChangeGateLooked():
            return f"at the gate: {told.said}"
        case ChangeGateClosed():
            return "the next batch begins" if told.passed else f"nothing more starts: {told.said}"


def _opened(after: str, waiting: int, left_s: float, name: str) -> str:
    time = f"in {age_text(left_s)}" if left_s > 0 else "once it is looked at"
    hurry = f"; at once: opsterm proceed {name}" if left_s > 0 else ""
    more = "1 more follows" if waiting == 1 else f"{waiting} more follow"
    return f"{after} done; {more} {time}, if all still holds{hurry}."
