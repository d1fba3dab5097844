"""Whether an order can be carried out on its targets, by how they are reached."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.changes.plan_phases import require_places
from opsterm.changes.plan_steps import require_checks, require_transports
from opsterm.core.errors import BadInput
from opsterm.core.http_request import parse_request
from opsterm.inventory.folding import fold
from opsterm.policy.file_put import PUT
from opsterm.policy.order import (
    AS_LOGGED_IN,
    BY_SUDO,
    COMMAND_PROTOCOLS,
    HTTP,
    PLAN,
    RESTORE,
    SHELLS_OF_PROTOCOL,
    STEPS_OF_PROTOCOL,
    UNIX_SHELLS,
    WITH_OWN_VERB,
    Order,
    OrderTarget,
    RunAs,
    require_account,
)
from opsterm.policy.plan_order import parse_plan
from opsterm.policy.put_order import parse_put_order
from opsterm.policy.restoring import parse_restoring
from opsterm.policy.windows import require_sendable


def require_carried_out(order: Order) -> None:
    """Check that every target can carry an order out as it is.

    Raises:
        BadInput: its protocol runs no commands, or not in this shell; or its text is none for that shell.
    """
    _require_run_protocols(order)
    _require_shell(order)
    _require_start(order)
    if order.shell == HTTP:
        _require_request(order.command, order.targets)


def _require_shell(order: Order) -> None:
    """Raise BadInput naming the targets on which the order's shell is not to be had, or what it cannot carry out."""
    others = [target for target in order.targets if order.shell not in SHELLS_OF_PROTOCOL[target.protocol]]
    if others:
        known = " or ".join(shell for shell in SHELLS_OF_PROTOCOL[others[0].protocol] if shell not in WITH_OWN_VERB)
        raise BadInput(
            f"The shell {order.shell!r} is not known on {fold([target.name for target in others])}.",
            next_step=f"Over {others[0].protocol} it is {known}.",
        )
    if order.shell == PUT:
        parse_put_order(order.command)
    if order.shell == RESTORE:
        parse_restoring(order.command)
    if order.shell == PLAN:
        plan = parse_plan(order.command)
        require_checks(plan)
        require_places(plan, [target.name for target in order.targets])
        require_transports(plan, order.targets)
        for step in plan.steps:
            if step.shell == HTTP:
                _require_request(step.command, [one for one in order.targets if not step.on or one.name in step.on])
    require_sendable(order.command, order.shell)


def _require_start(order: Order) -> None:
    """Raise BadInput when its shell cannot be started as the order says."""
    alone = order.run_as == RunAs(become=order.become)
    if order.run_as != AS_LOGGED_IN and order.shell not in (BY_SUDO if alone else UNIX_SHELLS):
        raise BadInput(
            "Only a Unix shell is started by sudo, as a log-in shell or on a terminal.",
            next_step=f"Leave that away, or choose the shell {' or '.join(UNIX_SHELLS)}.",
        )
    if order.become:
        require_account(order.become)


def _require_request(text: str, targets: Sequence[OrderTarget]) -> None:
    """Raise BadInput for a request over HTTP that cannot be sent as it is written, or is for another server."""
    origin = parse_request(text).origin
    for target in targets:
        if (target.address.lower().strip("[]"), target.port) != (origin.host, origin.port):
            raise BadInput(
                f"The request is for {origin}, and {target.name} is another server.",
                next_step=f"`opsterm apis call` writes requests for {target.name}.",
            )


def _require_run_protocols(order: Order) -> None:
    """Raise BadInput naming the targets on which this version cannot run anything."""
    able = (HTTP,) if order.shell == HTTP else tuple(STEPS_OF_PROTOCOL) if order.shell == PLAN else COMMAND_PROTOCOLS
    others = [target for target in order.targets if target.protocol not in able]
    if not others:
        return
    protocols = sorted({target.protocol for target in others})
    rest = len(order.targets) - len(others)
    left_out = " and ".join(f"not protocol:{protocol}" for protocol in protocols)
    raise BadInput(
        f"No command can run on {fold([target.name for target in others])}: reached by {' and '.join(protocols)}, and "
        f"this version runs commands over {' and '.join(able)} only.",
        next_step=f"Add `and {left_out}` to the targets: {rest} of {len(order.targets)} are left."
        if rest
        else "Give a target the protocol ssh if it has an SSH server.",
    )
