"""The way back that belongs to an order: whether there is one, what it is called, and what puts it back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.way_back.opposites.devices import way_back_of_device
from opsterm.changes.way_back.plan import DONE_AGAIN, way_back_from
from opsterm.changes.way_back.script import keeper_digest, keeper_text, receive_text
from opsterm.changes.way_back.windows.plan import way_back_on_windows
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import BadInput, NotApproved
from opsterm.core.text import shown_exactly
from opsterm.policy.file_put import PUT
from opsterm.policy.order import AS_LOGGED_IN, BESIDE_SESSIONS, PLAN, RESTORE, UNIX_SHELLS, Order, OrderTarget, RunAs
from opsterm.policy.plan_order import PlanOrder, parse_plan
from opsterm.policy.put_order import puts_of
from opsterm.policy.restoring import Restoring, Stored, parse_restoring
from opsterm.policy.understanding import understand
from opsterm.policy.way_back import Coverage, Thing, ThingKind, WayBack, in_order

MOST_FILES = 60
"""Files of a folder that is put of which each is kept: that takes a tenth of a second each on the target."""

_SHOWN = 4
_BY_COMMAND = ("what it leaves is not compared with what was there before",)
_LOOK = "it knows nothing of what was there: look at it, and give it with --inverse"
_NO_SHELL = WayBack(coverage=Coverage.NONE, gaps=("Only what runs in a shell can be taken back by this version.",))
_AGAIN = WayBack(coverage=Coverage.NONE, gaps=("What is put back is not kept once more; propose the change again.",))


def way_back_of(order: Order) -> WayBack:
    """Return how an order would be taken back. Never raises."""
    return way_back_to(order.command, order.shell, order.run_as)


def way_back_to(command: str, shell: str, how: RunAs = AS_LOGGED_IN) -> WayBack:
    """Return how a text would be taken back that nobody has ordered yet. Never raises.

    Args:
        command: the text.
        shell: its language.
        how: as whom it would run.
    """
    if shell == RESTORE:
        return _before_restoring(command, how)
    if shell == PUT:
        return _of_files(command)
    if shell == PLAN:
        return _of_plan(command, how)
    if shell == "network-cli":
        return way_back_of_device(understand(command, shell))
    if shell in ("powershell", "cmd"):
        return way_back_on_windows(understand(command, shell))
    if shell not in UNIX_SHELLS:
        return _NO_SHELL
    return way_back_from(understand(command, shell), how)


def inverse_of(order: Order) -> str:
    """Return the command that an operator gave to take an order back, "" for none."""
    return order.terms.inverse if order.terms is not None else ""


def _before_restoring(command: str, how: RunAs) -> WayBack:
    """Return how putting back a recovery point is taken back; a rollback is not."""
    try:
        found = parse_restoring(command)
    except BadInput:
        return _AGAIN
    if found.change:
        return _AGAIN
    again = any(thing.kind in DONE_AGAIN for thing in found.things)
    return WayBack(
        coverage=Coverage.INVERSE if again else Coverage.EXACT, things=found.things, become=how.become
    )  # fmt: skip


def stored_for(command: str, target: str) -> Stored | None:
    """Return the copy on this host that is sent to a target for a command of the shell RESTORE, None for none."""
    return next((one for one in parse_restoring(command).stored if one.target == target), None)


def coverage_of(order: Order, *, kept: bool, inverse: str = "") -> Coverage:
    """Return how much of an order can be taken back as it is asked for.

    Args:
        order: any order.
        kept: whether what it touches is kept beforehand, as the one who asks may leave out.
        inverse: the command that takes it back; of an order that has its terms these say so.
    """
    coverage = way_back_of(order).coverage
    if not kept and coverage is not Coverage.NOTHING:
        coverage = Coverage.NONE
    by_command = bool(inverse or inverse_of(order)) and coverage in (Coverage.PARTIAL, Coverage.NONE)
    return Coverage.INVERSE if by_command else coverage


def _of_files(text: str) -> WayBack:
    try:
        paths = [put.path for put in puts_of(text)]
    except BadInput:
        return _NO_SHELL
    if len(paths) > MOST_FILES:
        return WayBack(coverage=Coverage.NONE, gaps=(f"Of more than {MOST_FILES} files nothing is kept beforehand.",))
    return WayBack(
        coverage=Coverage.EXACT, things=tuple(Thing(kind=ThingKind.FILES, name=path) for path in paths)
    )  # fmt: skip


def _of_plan(text: str, how: RunAs) -> WayBack:
    """Return what of all steps is taken back; how each is, `step_ways` says."""
    try:
        plan = parse_plan(text)
    except BadInput:
        return _NO_SHELL
    if plan.takes_back:
        return _AGAIN
    ways = step_ways(plan, how)
    worst = max((way.coverage for way in ways), key=list(Coverage).index)
    leads_back = any(way.leads_back for way in ways)
    return WayBack(
        coverage=Coverage.PARTIAL if worst is Coverage.NONE and leads_back else worst,
        things=in_order([thing for way in ways for thing in way.things]),
        gaps=tuple(f"Step {number}: {gap}" for number, way in enumerate(ways, 1) for gap in way.gaps),
        own=tuple(text for way in reversed(ways) for text in way.own), become=ways[0].become,
        whole=all(way.whole for way in ways),
    )  # fmt: skip


def step_ways(plan: PlanOrder, how: RunAs) -> tuple[WayBack, ...]:
    """Return how each step of a plan is taken back, in their order; one account does it for all of them.

    Args:
        plan: any.
        how: as whom its steps run.
    """
    ways = [
        WayBack(coverage=Coverage.EXACT, own=(step.inverse,), become=how.become)
        if step.inverse and step.shell in BESIDE_SESSIONS else
        WayBack(coverage=Coverage.INVERSE, gaps=("its own command takes it back, and that is not proven.",),
                own=(step.inverse,), become=how.become, whole=False)
        if step.inverse else way_back_to(step.command, step.shell, how)
        for step in plan.steps
    ]  # fmt: skip
    become = next((way.become for way in ways if way.become), "")
    return tuple(replace(way, become=become) for way in ways)


def prepared(order: Order) -> WayBack | None:
    """Return the way back that the order was approved with, None when it was with none.

    Raises:
        NotApproved: this version would prepare another one.
    """
    bound = order.terms.rollback if order.terms is not None else ""
    if not bound:
        return None
    found = way_back_of(order)
    if found.digest() != bound:
        raise NotApproved(
            "Its way back is no longer the one that was approved.",
            why="Another version of opsterm proposed it, or somebody edited the database.",
            next_step="Propose it again.",
        )
    return found


def has_way_back(order: Order) -> bool:
    """Return whether what the order touches is kept before it runs."""
    return order.terms is not None and bool(order.terms.rollback)


def may_be_taken_back(change: Change) -> bool:
    """Return whether a change has ended and left something to take back; what was proven to be back is not."""
    has_one = has_way_back(change.order) or bool(inverse_of(change.order))
    return bool(change.ended_at) and has_one and change.state is not ChangeState.ROLLED_BACK


def way_back_lines(order: Order) -> tuple[str, ...]:
    """Return what of an order can be taken back, in whole lines, the first of them with how much."""
    way = way_back_of(order)
    inverse = inverse_of(order)
    coverage = coverage_of(order, kept=has_way_back(order))
    if way.coverage is Coverage.NOTHING:
        return ("nothing to take back: it only reads",)
    if inverse and not has_way_back(order):
        return (f"{coverage}: by the command {shown_exactly(inverse)}", *_BY_COMMAND)
    suggested = (f"the opposite would be: {shown_exactly(way.opposite)}", _LOOK) if way.opposite and not inverse else ()
    if not way.leads_back:
        none = [f"{way.coverage}: {way.gaps[0]}" if not number else gap for number, gap in enumerate(way.gaps)]
        return (*none, *suggested)
    if not has_way_back(order):
        return (f"{Coverage.NONE}: it is proposed without a way back",)
    shown = [*(_in_a_line(text) for text in way.own[:_SHOWN]), *(str(thing) for thing in way.things[:_SHOWN])]
    more = f" and {len(way.things) - _SHOWN} more" if len(way.things) > _SHOWN else ""
    then = (f"then by the command {shown_exactly(inverse)}", *_BY_COMMAND) if inverse else ()
    gaps = (f"not {'kept' if inverse else 'covered'}: {gap}" for gap in way.gaps)
    return (f"{coverage}: {', '.join(shown)}{more}", *then, *gaps, *suggested)


def _in_a_line(text: str) -> str:
    first, *more = text.split("\n")
    return f"`{first}`{f' (+{len(more)} lines)' if more else ''}"


def point_of(change: Change, step: int = 0) -> str:
    """Return the name of a recovery point, the same on each target: "c18-" and 12 digits of what was approved.

    Args:
        change: any change.
        step: of a plan the step before which it is made, 1 and up; 0 for the change as a whole.
    """
    of_step = f"\0step {step}".encode() if step else b""
    return f"{change.name}-{hashlib.sha256(change.order.canonical() + of_step).hexdigest()[:12]}"


def restoring(
    change: Change, way: WayBack, *, step: int = 0, insist: bool = False, stored: Sequence[Stored] = ()
) -> Restoring:  # fmt: skip
    """Return what puts back what a change has changed.

    Args:
        change: the one to take back.
        way: its `prepared` way back, or that of its step.
        step: of a plan the step, 0 for the change as a whole.
        insist: whether what somebody else has changed since is put back, too.
        stored: copies on this host, for targets that have lost theirs.
    """
    return Restoring(
        change=change.id, point=point_of(change, step), keeper=keeper_digest(), insist=insist, things=way.things,
        stored=tuple(stored),
    )  # fmt: skip


def as_run(order: Order) -> tuple[str, str, RunAs]:
    """Return the text, the shell and the account with which an order is carried out.

    Raises:
        NotApproved: it puts back with shell texts that this version does not have.
    """
    if order.shell != RESTORE:
        return order.command, order.shell, order.run_as
    return restoring_text(order.command), keeper_shell(order.targets[0]), keeping_as(order.become)


def restoring_text(command: str) -> str:
    """Return the text for `sh`, or for PowerShell, that puts back what a command of the shell RESTORE says.

    Raises:
        NotApproved: it puts back with shell texts that this version does not have.
    """
    found = parse_restoring(command)
    if found.keeper != keeper_digest():
        raise NotApproved(
            "It was approved to be put back by another version of opsterm.", next_step="Propose the rollback again."
        )
    if found.stored:
        return receive_text(found.point, found.things, insist=found.insist)
    return keeper_text(KeeperStep.RESTORE, found.point, found.things, insist=found.insist)


def keeper_shell(target: OrderTarget) -> str:
    """Return the shell that keeps and puts back on a target."""
    return "powershell" if target.protocol == "winrm" else "sh"


def keeping_as(become: str) -> RunAs:
    """Return how keeping and putting back are started: never on a terminal, no profile files."""
    return RunAs(become=become) if become else AS_LOGGED_IN
