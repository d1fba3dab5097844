"""What a change would do, without doing it: the executor itself runs it, on sessions and a store that are pretended.

Nothing leaves this process and nothing is kept. What a target would answer is not known: everything is pretended to go
well but what one asks to fail.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from opsterm.changes.change import Change, ChangeState, Outcome
from opsterm.changes.events import ChangeApproved
from opsterm.changes.gate import probe_text
from opsterm.changes.plan_phases import is_across
from opsterm.changes.plan_steps import UNITS, after_of, before_of, kept_ways
from opsterm.changes.rollout import rollout_of
from opsterm.changes.verification import ChangeCheck, check_text, verification_of
from opsterm.changes.way_back.prepared import prepared
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput
from opsterm.core.events import Fact
from opsterm.core.hub import Hub
from opsterm.core.text import clean_line
from opsterm.inventory.folding import fold
from opsterm.policy.mask import mask
from opsterm.policy.order import AS_LOGGED_IN, PLAN, Order, OrderTarget, RunAs
from opsterm.policy.plan_order import parse_plan
from opsterm.runtime.claims import Passage
from opsterm.runtime.executor import Executor
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.marking import Marking, TellLines
from opsterm.runtime.ports import Connector, Ended
from opsterm.runtime.ports_store import JournalStore, Store

if TYPE_CHECKING:
    from opsterm.monitoring.sample import Sample
    from opsterm.runtime.recovery_copies import RecoveryCopies

_KEEPER = re.compile(r"^(?:keeper (?=\w+ \S+)|\$step = '(?=\w+'\n\$code = @\(Invoke-Keeper\)))(\w+)", re.MULTILINE)
_PENDING, _CONFIRMED = b"guard\tpending\t\t0\n", b"guard\tconfirmed\t\t0\n"
_ANSWERS = {
    "arm": b"armed\t\t\n", "extend": _PENDING, "confirm": _CONFIRMED, "revert": b"guard\treverted\t\t0\n",
}  # fmt: skip


class ActKind(StrEnum):
    """What is done on a target."""

    CONNECT = "connect"
    KEEP = "keep"
    ARM = "arm"
    CHECK = "check"
    RUN = "run"
    NOTE = "note"
    CONFIRM = "confirm"
    PUT_BACK = "put back"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAct:
    """One thing that would be done on a target.

    Attributes:
        target: where.
        kind: what sort of thing.
        what: the command, the check, or what is kept.
        become: the account that sudo becomes, "" for none.
        fails: whether it is pretended to fail.
    """

    target: str
    kind: ActKind
    what: str = ""
    become: str = ""
    fails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a change would do.

    Attributes:
        change: as it would end if all goes as pretended.
        acts: in their order.
        requirement: who would have to approve it.
    """

    change: Change
    acts: tuple[SimulatedAct, ...]
    requirement: str


async def simulate(change: Change, clock: Clock, *, parallel: int, failing: Sequence[str] = ()) -> Simulation:
    """Run a change on targets that are pretended.

    Args:
        change: any change; where it stands does not matter.
        clock: tells the time.
        parallel: targets of it worked on at the same time.
        failing: "web-02", or "web-02:3" for the third command there: what is pretended to fail.

    Raises:
        BadInput: what is to fail is none of its targets.
        NotApproved: this version would carry it out otherwise than was proposed.
    """
    order = replace(change.order, expires_at=clock.now() + 3600.0)
    _require_known(order, failing)
    acts: list[SimulatedAct] = []
    digest = order.digest()
    approved = replace(
        change, id=change.id or 1, order=order, digest=digest, approved_digest=digest, state=ChangeState.APPROVED,
        outcomes=tuple(Outcome(target=target.name) for target in order.targets),
    )  # fmt: skip
    journal = _PretendedJournal()
    ledger = Ledger(cast("JournalStore", journal), Hub(), clock, by="simulation")
    journal.facts.append(ledger.fact(ChangeApproved(change=approved.id, digest=digest), correlation_id=approved.name))
    connector = _PretendedConnector(acts, lambda name: _kept_of(approved, name), _checks_of(order), failing)

    async def pretended_connector() -> Connector:
        return cast("Connector", connector)

    async def require(_: Change) -> None:
        """Nobody is asked."""

    async def passage(_: Change, __: str) -> Passage:
        return Passage(beside=None)

    async def from_here(check: ChangeCheck, target: OrderTarget) -> tuple[bool, str]:
        acts.append(SimulatedAct(target=target.name, kind=ActKind.CHECK, what=str(check)))
        return True, "holds"

    executor = Executor(
        cast("Store", _PretendedStore(approved, journal)), ledger, pretended_connector, clock, require=require,
        passage=passage, marking=_NoMarks(cast("JournalStore", journal), installation="simulation", who=""),
        copies=lambda: cast("RecoveryCopies", _NoCopies()), from_here=from_here, carry=connector.carry,
        runner="simulation", parallel=parallel, output_limit=0, waits=False,
    )  # fmt: skip
    ended = await executor.run(approved.id)
    terms = change.order.terms
    return Simulation(
        change=replace(ended, order=change.order), acts=tuple(acts), requirement=terms.requirement if terms else ""
    )  # fmt: skip


def simulation_lines(found: Simulation) -> list[tuple[str, list[str]]]:
    """Return (folded targets, what is done there line by line), in the order in which they begin; equal ones together.

    A target of a plan whose order is kept across targets stands there once for each time that its turn comes. Targets
    on which nothing would be done stand at the end.
    """
    across = is_across(found.change.order)
    turns: dict[str, int] = {}
    by_turn: dict[tuple[str, int], list[str]] = {}
    for act in found.acts:
        turns[act.target] = turns.get(act.target, 0) + (across and act.kind is ActKind.CONNECT)
        by_turn.setdefault((act.target, turns[act.target]), []).extend(_lines(act))
    for outcome in found.change.outcomes:
        lines = by_turn.setdefault((outcome.target, turns.get(outcome.target, 0)), [])
        lines.append(f"{outcome.state}{f': {outcome.message.partition(chr(10))[0]}' if outcome.message else ''}")
    groups: list[tuple[list[str], list[str]]] = []
    for (name, _), lines in by_turn.items():
        if groups and groups[-1][1] == lines:
            groups[-1][0].append(name)
        else:
            groups.append(([name], lines))
    return [(fold(names), lines) for names, lines in groups]


def _lines(act: SimulatedAct) -> list[str]:
    if act.kind is ActKind.CONNECT:
        return ["connect"]
    first, *more = mask(act.what)[0].split("\n")
    said = (
        f"{act.kind:<9}{clean_line(first)}{f' (as {act.become})' if act.become else ''}{' FAILS' if act.fails else ''}"
    )
    return [said.rstrip(), *(f"{'':<9}{clean_line(line)}" for line in more)]


def _require_known(order: Order, failing: Sequence[str]) -> None:
    names = {target.name for target in order.targets}
    for one in failing:
        if one.partition(":")[0] not in names:
            raise BadInput(f"{one[:80]!r} is none of its targets.", next_step="Write it as in web-02, or web-02:3.")


def _kept_of(change: Change, target: str) -> Mapping[str, str]:
    """Return what is kept on a target, in words, by its place: of a plan for each of its steps in their order."""
    way = prepared(change.order)
    if way is None:
        return {}
    if change.order.shell != PLAN:
        return {"": ", ".join(map(str, way.things))}
    ways = kept_ways(parse_plan(change.order.command), change.order.run_as, target)
    numbers = [*([UNITS] if UNITS in ways else []), *(number for number in ways if number != UNITS)]
    told = [", ".join(map(str, ways[number].things)) for number in numbers if ways[number].things]
    return {"": ", ".join(map(str, way.things)), **{str(at): text for at, text in enumerate(told)}}


def _checks_of(order: Order) -> Mapping[str, str]:
    """Return the checks of an order, and its probe, in words by their shell texts."""
    found = list(verification_of(order).checks)
    if order.shell == PLAN:
        for step in parse_plan(order.command).steps:
            found += [*before_of(step).checks, *after_of(step).checks]
    looked = {text: str(check) for check in found if (text := check_text(check))}
    gate = rollout_of(order).gate
    return looked if gate is None or gate.metric else {**looked, probe_text(gate): gate.probe}


class _PretendedConnector:
    """Opens sessions on nothing, and notes what would be done in them."""

    def __init__(
        self, acts: list[SimulatedAct], kept: Callable[[str], Mapping[str, str]], checks: Mapping[str, str],
        failing: Sequence[str],
    ) -> None:  # fmt: skip
        self._sessions: dict[str, _PretendedSession] = {}
        self._acts = acts
        self._kept = kept
        self._checks = checks
        self._failing = failing

    async def session(self, target: OrderTarget, *, looks: bool = False) -> _PretendedSession:
        del looks
        return self._opened(target)

    def _opened(self, target: OrderTarget) -> _PretendedSession:
        self._acts.append(SimulatedAct(target=target.name, kind=ActKind.CONNECT, what=target.address))
        if target.name not in self._sessions:
            self._sessions[target.name] = _PretendedSession(
                target.name, self._acts, self._kept(target.name), self._checks, self._failing
            )
        return self._sessions[target.name]

    async def carry(self, text: str, shell: str, target: OrderTarget) -> AsyncIterator[bytes | Ended]:
        del shell
        async for piece in self._opened(target).answers(text, AS_LOGGED_IN):
            yield piece

    def fresh(self, target: OrderTarget, steps: object) -> _PretendedFresh:
        del target, steps
        return _PretendedFresh(self)


class _PretendedFresh:
    """A connection of its own to nothing."""

    def __init__(self, connector: _PretendedConnector) -> None:
        self._connector = connector

    async def __aenter__(self) -> _PretendedConnector:
        return self._connector

    async def __aexit__(self, *_: object) -> None:
        """Nothing was opened."""


class _PretendedSession:
    """Answers as a target would on which all goes well."""

    def __init__(
        self, name: str, acts: list[SimulatedAct], kept: Mapping[str, str], checks: Mapping[str, str],
        failing: Sequence[str],
    ) -> None:  # fmt: skip
        self._name = name
        self._acts = acts
        self._kept = kept
        self._checks = checks
        self._failing = failing
        self._captures = self._commands = self._asked = 0

    async def run(
        self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[bytes | Ended]:
        del shell, feed
        async for piece in self.answers(command, how):
            yield piece

    async def answers(self, command: str, how: RunAs) -> AsyncIterator[bytes | Ended]:
        step = _KEEPER.findall(command)
        if step:
            verb = step[-1]
            if verb == "status":
                yield self._status(how)
            elif verb in _OF_KEEPER and not (verb == "revert" and self._is_untouched()):
                self._note(_OF_KEEPER[verb], self._things(verb), how)
            yield _ANSWERS.get(verb, b"")
            yield Ended(exit_status=0)
            return
        if command in self._checks:
            self._note(ActKind.CHECK, self._checks[command], how)
            yield Ended(exit_status=0)
            return
        self._commands += 1
        fails = {self._name, f"{self._name}:{self._commands}"} & {*self._failing}
        self._note(ActKind.RUN, command, how, fails=bool(fails))
        yield Ended(exit_status=1 if fails else 0)

    def _status(self, how: RunAs) -> bytes:
        """Wait at first, as before the checks; then be confirmed, as by a person."""
        self._asked += 1
        if self._asked == 1:
            return _PENDING
        self._note(ActKind.CONFIRM, "", how)
        return _CONFIRMED

    def _is_untouched(self) -> bool:
        return not any(act.target == self._name and act.kind is ActKind.RUN for act in self._acts)

    def _things(self, verb: str) -> str:
        if verb != "capture":
            return ""
        self._captures += 1
        return self._kept.get(str(self._captures - 1), "") or self._kept.get("", "")

    def _note(self, kind: ActKind, what: str, how: RunAs, *, fails: bool = False) -> None:
        self._acts.append(SimulatedAct(target=self._name, kind=kind, what=what, become=how.become, fails=fails))

    async def close(self) -> None:
        """Nothing was opened."""


_OF_KEEPER = {
    "capture": ActKind.KEEP, "note": ActKind.NOTE, "restore": ActKind.PUT_BACK, "arm": ActKind.ARM,
    "confirm": ActKind.CONFIRM, "revert": ActKind.PUT_BACK,
}  # fmt: skip


class _NoMarks(Marking):
    """Leaves none: a mark is a courtesy to others, and nothing of the change."""

    async def take(self, tell: TellLines, change: Change, target: OrderTarget, *, on_windows: bool) -> None:
        """See `Marking.take`."""

    async def give_up(self, tell: TellLines, change: Change, *, on_windows: bool) -> None:
        """See `Marking.give_up`."""


class _NoCopies:
    """Copies nothing to this host, and sends nothing from it."""

    async def copy(self, *_: object, **__: object) -> None:
        """See `RecoveryCopies.copy`."""

    async def copy_after(self, *_: object, **__: object) -> None:
        """See `RecoveryCopies.copy_after`."""

    def parcel(self, *_: object) -> None:
        """See `RecoveryCopies.parcel`."""


class _PretendedJournal:
    """Keeps facts as long as the simulation lasts."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    async def append(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        self.facts += facts
        return ()

    async def search(self, *, kinds: Sequence[str] = (), correlation_id: str = "", limit: int = 200) -> Sequence[Fact]:
        del correlation_id, limit
        return [fact for fact in self.facts if not kinds or fact.event.kind in kinds]


class _PretendedStore:
    """Keeps a change and its facts as long as the simulation lasts."""

    def __init__(self, change: Change, journal: _PretendedJournal) -> None:
        self._change = change
        self.journal = journal
        self.changes = self.output = self.samples = self

    async def get(self, change_id: int) -> Change | None:
        del change_id
        return self._change

    async def move(self, change: Change, **_: object) -> Sequence[Fact]:
        self._change = change
        return ()

    async def save_outcome(self, change_id: int, outcome: Outcome, facts: Sequence[Fact]) -> Sequence[Fact]:
        del change_id, outcome, facts
        return ()

    async def append(self, change_id: int, target: str, data: bytes) -> None:
        """Nothing is printed."""

    async def latest(self, target: str) -> Sequence[Sample]:
        del target
        return ()
