"""Standing approvals: a yes to very bytes on very targets that is given once and used at each turn of a job.

A standing order is approved like any other and never run itself. Each turn is an order of its own that names the
standing one by number and digest; here is what both have to have in common.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace

from opsterm.core.errors import NotApproved
from opsterm.core.units import age_text
from opsterm.policy.order import Order, Terms


def standing_text(hosts: Mapping[str, str]) -> str:
    """Return what a standing order binds beyond an order: who answers at each target, by target name."""
    return json.dumps(dict(hosts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def is_standing(order: Order) -> bool:
    """Return whether an order is approved for turns of a job, and never run itself."""
    return order.terms is not None and bool(order.terms.standing)


def hosts_of(order: Order) -> Mapping[str, str]:
    """Return who answers at each target by what was approved; {} for an order that is no standing one."""
    if order.terms is None or not order.terms.standing:
        return {}
    found = json.loads(order.terms.standing)
    return {str(name): str(text) for name, text in found.items()}


def under_text(number: int, digest: str) -> str:
    """Return by which standing approval a turn runs, as its terms have it."""
    return f"c{number} {digest}"


def under_of(terms: Terms) -> tuple[int, str]:
    """Return (number, digest) of the standing approval that a turn runs by. Raises NotApproved for none."""
    number, _, digest = terms.under.partition(" ")
    if not number.startswith("c") or not number[1:].isdecimal() or not digest:
        raise NotApproved("That is no turn of a standing approval.")
    return int(number[1:]), digest


def require_within(turn: Order, standing: Order, digest: str, name: str) -> None:
    """Check that a turn is what a standing order says, byte for byte, on targets of it, in their order.

    Args:
        turn: what would run.
        standing: what was approved.
        digest: of the standing order, as the turn names it.
        name: of the standing approval, as in "c18".

    Raises:
        NotApproved: something differs.
    """
    if not is_standing(standing) or not hmac.compare_digest(standing.digest().encode(), digest.encode()):
        raise NotApproved(f"{name} is no standing approval of these bytes.", next_step="Make the job anew.")
    kept = [target for target in standing.targets if target in turn.targets]
    if not kept or tuple(kept) != turn.targets:
        raise _differs(name, "the targets")
    places = dict(zip(standing.targets, standing.terms.environments if standing.terms else (), strict=True))
    same = replace(
        turn, targets=standing.targets, expires_at=standing.expires_at, terms=standing.terms
    )  # fmt: skip
    if not hmac.compare_digest(same.digest().encode(), digest.encode()):
        raise _differs(name, "the script, its account or its limit")
    if turn.terms is None or standing.terms is None or turn.terms != replace(
        standing.terms, standing="", under=turn.terms.under, once=turn.terms.once,
        environments=tuple(places[target] for target in turn.targets),
    ):  # fmt: skip
        raise _differs(name, "what was approved with it")


def _differs(name: str, what: str) -> NotApproved:
    return NotApproved(
        f"The turn was not run: {what} differ from what {name} approves.",
        next_step=f"See it: opsterm change {name}. Make the job anew if it is still wanted.",
    )


def standing_lines(order: Order, now: float) -> list[str]:
    """Return what an approver has to know of a standing order, one sentence a line; [] for any other order."""
    if order.terms is not None and order.terms.under:
        return [f"A turn of a job, by the standing approval {order.terms.under.split()[0]}."]
    if not is_standing(order):
        return []
    left = f"for {age_text(order.expires_at - now)} from now" if order.expires_at > now else "no longer: it has expired"
    keys = [f"{name} is {text}" for name, text in hosts_of(order).items() if text]
    return [
        f"A yes to this lets its job run these very bytes on these targets, unattended, at each turn, {left}.",
        "Another byte, target, address or host key, or a no to it later, ends that. Nothing runs by the yes itself.",
        *keys[:8],
        *([f"and {len(keys) - 8} more"] if len(keys) > 8 else []),
    ]
