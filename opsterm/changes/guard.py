"""The guard of a change: within how long it is confirmed, by whom, and why one that needs a guard has none.

What can cut our way to a target is guarded, asked for or not. Only a reason leaves that out, and then more is asked
for. Where a command of it is not taken back at all, it is not guarded unasked: that one may be what cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.changes.plan_phases import is_across
from opsterm.changes.way_back.prepared import way_back_of
from opsterm.core.errors import BadInput, OpstermError, Unguarded
from opsterm.core.text import clean_line
from opsterm.core.units import parse_duration
from opsterm.policy.level import RiskLevel
from opsterm.policy.lockout import Lockout
from opsterm.policy.mask import mask
from opsterm.policy.order import Order, Terms
from opsterm.policy.risk import Risk
from opsterm.policy.way_back import ThingKind, WayBack

SHORTEST_S, LONGEST_S = 5, 3600
"""Seconds that a target may be told to wait for the confirmation."""

BY_HAND = "by hand"
_ACROSS = "Its steps go over several targets in an order, and each target would take back its own by itself."
_WRITE_IT = "Write it as in 60s, or 5m by hand."
_OF_ACCOUNT = ("HKCU:", "HKCR:")
"""Parts of the registry of Windows that are others for another account."""


class GuardState(StrEnum):
    """What a target says of a guarded change; ARMED and UNKNOWN are said here."""

    ARMED = "armed"
    PENDING = "pending"
    LOST = "lost"
    CONFIRMED = "confirmed"
    REVERTING = "reverting"
    REVERTED = "reverted"
    REVERT_FAILED = "revert-failed"
    NONE = "none"
    UNKNOWN = "unknown"


OPEN = frozenset({GuardState.ARMED, GuardState.PENDING, GuardState.REVERTING, GuardState.UNKNOWN})
"""States that another one follows without anybody doing anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardAnswer:
    """What a target says of a guarded change.

    Attributes:
        state: how it stands.
        said: what could not be taken back, "" for nothing.
        left_s: seconds until it is taken back, 0 when it does not wait.
    """

    state: GuardState
    said: str = ""
    left_s: float = 0.0


def answer_from(told: Sequence[Sequence[str]]) -> GuardAnswer:
    """Return what a step told, given as fields of lines; UNKNOWN when it told of no guard, as when it was cut."""
    fields = next((fields for fields in told if fields[0] == "guard" and len(fields) > 3), None)
    if fields is None or fields[1] not in set(GuardState):
        return GuardAnswer(state=GuardState.UNKNOWN)
    left = fields[3]
    return GuardAnswer(
        state=GuardState(fields[1]), said=mask(clean_line(fields[2]))[0],
        left_s=float(left) if left.replace(".", "", 1).isdigit() else 0.0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardWish:
    """What is asked for about the guard of a change.

    Attributes:
        seconds: until the target takes it back; None for what is usual, 0 for none.
        by_hand: whether a person confirms it; otherwise a fresh log-in that works does.
        unguarded: why what can cut our way has no guard, "" when that is not asked for.
        if_possible: whether what cannot be taken back is let go without one, as when a command is edited.
    """

    seconds: int | None = None
    by_hand: bool = False
    unguarded: str = ""
    if_possible: bool = False


USUAL = GuardWish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The guard that a change is proposed with, as its terms bind it.

    Attributes:
        seconds: until the target takes it back unless it is confirmed; 0 for no guard.
        by_hand: whether a person confirms it.
        unguarded: why what can cut our way has none, "" for anything else.
    """

    seconds: int = 0
    by_hand: bool = False
    unguarded: str = ""

    def wish(self) -> GuardWish:
        """Return what asks for the same again, as far as that can be had."""
        return GuardWish(
            seconds=self.seconds or None, by_hand=self.by_hand, unguarded=self.unguarded, if_possible=True
        )  # fmt: skip

    def timeout_s(self, asked_s: float) -> float:
        """Return how long the command may run: not beyond the moment at which the target takes it back."""
        return min(asked_s, float(self.seconds)) if self.seconds else asked_s


UNGUARDED = Guard()


def guard_of(order: Order) -> Guard:
    """Return the guard that an order binds."""
    return guard_in(order.terms) if order.terms is not None else UNGUARDED


def guard_in(terms: Terms) -> Guard:
    """Return the guard in the terms of an order."""
    return Guard(seconds=terms.confirm_s, by_hand=terms.confirm_by_hand, unguarded=terms.unguarded)


def wish_from(text: str, *, by_hand: bool = False, unguarded: str = "") -> GuardWish:
    """Return what is asked for in words: "60s", "5m by hand", "" for what is usual.

    Args:
        text: the deadline.
        by_hand: whether it is said elsewhere that a person confirms.
        unguarded: why there is to be no guard, "" when that is not asked for.

    Raises:
        BadInput: it is no length of time, or both a guard and none are asked for.
    """
    words = " ".join(text.split())
    if unguarded and (words or by_hand):
        raise BadInput("A change is confirmed, or it is not: both are asked for.", next_step="Leave one of them away.")
    by_hand = by_hand or words.endswith(BY_HAND)
    length = words.removesuffix(BY_HAND).strip()
    seconds = None
    if length:
        try:
            seconds = round(parse_duration(length))
        except BadInput as error:
            raise BadInput(error.what, next_step=_WRITE_IT) from None
        _require_length(seconds)
    return GuardWish(seconds=seconds, by_hand=by_hand, unguarded=" ".join(unguarded.split()))


def _require_length(seconds: int) -> None:
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise BadInput("A target waits 5 s to 1 h for the confirmation.", next_step=_WRITE_IT)


def guard_for(order: Order, wish: GuardWish, lockout: Lockout, *, kept: bool, default_s: int) -> Guard:
    """Return the guard of what is to be proposed.

    Args:
        order: what is to be proposed, without its terms.
        wish: what is asked for.
        lockout: what it may do to our way.
        kept: whether what it touches is kept beforehand.
        default_s: seconds where nothing is said.

    Raises:
        BadInput: what is asked for cannot be done.
        Unguarded: it can cut our way, and nothing would take it back.
    """
    asked = bool(wish.seconds or wish.by_hand)
    if lockout.cuts and wish.unguarded:
        return Guard(unguarded=wish.unguarded)
    if not asked and not lockout.cuts:
        return UNGUARDED
    seconds = wish.seconds or default_s
    _require_length(seconds)
    why = _ACROSS if is_across(order) else _why_not(way_back_of(order), kept=kept, asked=asked)
    if not why:
        return Guard(seconds=seconds, by_hand=wish.by_hand)
    if lockout.cuts:
        raise Unguarded(
            "It can cut our way to the target, and the target would not take all of it back by itself.",
            why=why,
            next_step="Have another way to the target, and propose it with --no-confirm 'REASON': then more is asked "
            "for. --confirm 60s guards what can be taken back, if there is any.",
        )
    if wish.if_possible:
        return UNGUARDED
    raise BadInput(
        "The target could not take this back by itself.", why=why,
        next_step="Propose it without --confirm, and have another way to the target.",
    )  # fmt: skip


def _why_not(way: WayBack, *, kept: bool, asked: bool) -> str:
    """Return why a target cannot take back what it can be asked to, "" when it can."""
    if way.own:
        return "A step of it is taken back by a text of its own, which is run from here."
    if any(thing.kind is ThingKind.REGISTRY and thing.name.startswith(_OF_ACCOUNT) for thing in way.things):
        return "What takes it back there is the system account, and keys of the account that logs in are not its own."
    if not way.things:
        return " ".join(way.gaps) or "Nothing of it is kept beforehand."
    if not kept:
        return "It is proposed without a way back."
    return "" if way.whole or asked else " ".join(way.gaps)


def unguarded_risk(risk: Risk, guard: Guard) -> Risk:
    """Return the grade of a change with that guard: what can cut our way and has none is critical."""
    if not guard.unguarded:
        return risk
    said = f"Nothing takes it back by itself if it cuts our way: {guard.unguarded}"
    return Risk(level=RiskLevel.CRITICAL, reasons=(said, *risk.reasons))


def guard_line(guard: Guard) -> str:
    """Return what is said of a guard, "" for none that is needed."""
    if guard.unguarded:
        return f"NOT GUARDED: nothing takes it back by itself if it cuts our way. Why: {guard.unguarded}"
    if not guard.seconds:
        return ""
    who = "a person confirms it, after a fresh log-in that works," if guard.by_hand else "a fresh log-in confirms it"
    return f"the target takes it back by itself unless {who} within {guard.seconds} s"


def guard_lines(order: Order) -> tuple[str, ...]:
    """Return what is said of the guard of an order, () for none that is needed."""
    guard = guard_of(order)
    said = guard_line(guard)
    if not guard.seconds or len(order.targets) == 1:
        return (said,) if said else ()
    return (said, "all are armed before the first is changed; those changed together stay only if all of them are well")


def standing_line(state: GuardState, left_s: float, name: str) -> str:
    """Return how a guarded change stands on a target, and what can be done about it.

    Args:
        state: of its guard.
        left_s: seconds until it is taken back, 0 when that is not known.
        name: of the change, as in "c18".
    """
    left = f"in {left_s:.0f} s" if left_s else "when its time is over"
    match state:
        case GuardState.ARMED:
            return f"armed, and the command runs or is about to; taken back {left} unless it is confirmed by then."
        case GuardState.PENDING:
            return f"taken back {left} unless it is confirmed: opsterm confirm {name}."
        case GuardState.REVERTING:
            return "it is being taken back."
        case GuardState.REVERTED:
            return "taken back; everything there is proven to be as it was."
        case GuardState.REVERT_FAILED:
            return f"not all of it could be taken back: look at it there, and see opsterm rollback {name}."
        case GuardState.CONFIRMED:
            return "confirmed: it stays."
        case GuardState.LOST:
            return f"it stays, and nothing takes it back any more: opsterm rollback {name}, or opsterm confirm {name}."
        case GuardState.NONE:
            return "nothing waits there."
        case _:
            return f"not known: it takes it back by itself {left}, and is asked again: opsterm status {name}."


def is_guardable(order: Order) -> bool:
    """Return whether a target can be asked to take an order back by itself."""
    try:
        guard_for(order, GuardWish(seconds=SHORTEST_S), Lockout(cuts=False), kept=True, default_s=SHORTEST_S)
    except OpstermError:
        return False
    return True
