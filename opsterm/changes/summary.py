"""A change and what came of it, said in few lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.core.errors import BadInput
from opsterm.core.http_request import credentials_in
from opsterm.core.text import clean_line
from opsterm.core.units import age_text, span_text
from opsterm.inventory.folding import fold
from opsterm.policy.approval_record import Approval
from opsterm.policy.mask import mask
from opsterm.policy.order import HTTP, PLAN, RESTORE, Order
from opsterm.policy.plan_order import parse_plan
from opsterm.policy.requirements import Missing
from opsterm.policy.restoring import parse_restoring

_WORST_FIRST = (
    OutcomeState.ROLLBACK_FAILED,
    OutcomeState.UNKNOWN,
    OutcomeState.NOT_VERIFIED,
    OutcomeState.FAILED,
    OutcomeState.TIMED_OUT,
    OutcomeState.ROLLED_BACK,
    OutcomeState.UNREACHABLE,
    OutcomeState.CANCELLED,
    OutcomeState.RUNNING,
    OutcomeState.WAITING,
    OutcomeState.DONE,
)


def targets_text(change: Change) -> str:
    """Return where it runs, folded and counted: "web-[01-03] (3 targets)"."""
    names = tuple([target.name for target in change.order.targets])
    return f"{_folded(names)} ({_count(len(names), 'target')})"


@lru_cache(maxsize=256)
def _folded(names: tuple[str, ...]) -> str:
    """Fold once: lists of changes are shown many times a second while one of them runs on a thousand targets."""
    return fold(names)


def as_whom(change: Change) -> str:
    """Return the accounts it runs as, each with its targets where they are not all the same.

    With sudo that is one account, and the others are those that log in: "as root by sudo, logged in as ops".
    """
    if change.order.shell == HTTP:
        secrets = credentials_in(change.order.command.partition("\n\n")[0])
        return f"with the secret {' and '.join(secrets)}" if secrets else "without a secret"
    if change.order.become:
        return f"as {change.order.become} by sudo, logged in {_logged_in(change)}"
    return _logged_in(change)


def limit_text(order: Order) -> str:
    """Return how long it may run on one target: "30 s limit", of a plan "30 s limit a step"."""
    return f"{span_text(order.timeout_s)} limit{' a step' * (order.shell == PLAN)}"


def shell_text(change: Change) -> str:
    """Return which shell it is and how it is started: "sh", "bash as a log-in shell, on a terminal"."""
    order = change.order
    ways = [*["as a log-in shell"] * order.login, *["on a terminal"] * order.pty]
    return f"{order.shell} {', '.join(ways)}".rstrip()


def _logged_in(change: Change) -> str:
    by_user: dict[str, list[str]] = {}
    for target in change.order.targets:
        local = target.protocol == "local"
        by_user.setdefault("yourself" if local else target.user or "your log-in there", []).append(target.name)
    if len(by_user) == 1:
        return f"as {next(iter(by_user))}"
    return "as " + ", ".join(f"{user} on {fold(names)}" for user, names in by_user.items())


def command_shown(order: Order) -> str:
    """Return the command of an order for a list: of a rollback what is put back, of a plan its steps. Masked."""
    if order.shell == PLAN:
        try:
            return f"{PLAN}: {', '.join(step.title for step in parse_plan(order.command).steps)}"
        except BadInput:
            return mask(order.command)[0]
    if order.shell != RESTORE:
        return mask(order.command)[0]
    try:
        found = parse_restoring(order.command)
    except BadInput:
        return order.command
    return mask(f"{RESTORE} {found.name}: {', '.join(map(str, found.things))}")[0]


def line(change: Change, now: float, *, limit: int = 60) -> str:
    """Return a change as one line: number, state, command, where, risk, result or age. Masked and clean.

    Args:
        change: any change.
        now: epoch seconds.
        limit: characters of the command that are shown.
    """
    command = clean_line(command_shown(change.order), limit=100_000)
    if len(command) > limit:
        command = command[: limit - 1] + "…"
    parts = [f"{change.name} {change.state}", command, f"on {targets_text(change)}", f"risk {change.risk.level}"]
    return " · ".join([*parts, _tail(change, now)])


def _tail(change: Change, now: float) -> str:
    if change.state is ChangeState.PROPOSED:
        left = change.order.expires_at - now
        return f"asked by {change.requested_by}, " + (f"{age_text(left)} left" if left > 0 else "time is over")
    if change.state is ChangeState.RUNNING or change.ended_at:
        return exit_summary(change.outcomes)
    if change.decided_by:
        return f"by {change.decided_by}, {age_text(now - change.decided_at)} ago"
    return f"asked by {change.requested_by}, {age_text(now - change.requested_at)} ago"


def exit_summary(outcomes: Sequence[Outcome]) -> str:
    """Return how it went in one line, the worst first: "1 failed (exit 2), 11 done"."""
    if not outcomes:
        return "no targets"
    parts = []
    for state in _WORST_FIRST:
        hit = [outcome for outcome in outcomes if outcome.state is state]
        if hit:
            codes = sorted({outcome.exit_status for outcome in hit if outcome.exit_status})
            exits = f" (exit {', '.join(map(str, codes[:4]))}{', …' if len(codes) > 4 else ''})" if codes else ""
            parts.append(f"{len(hit)} {state}{exits}")
    return ", ".join(parts)


def failures(outcomes: Sequence[Outcome]) -> tuple[tuple[str, str], ...]:
    """Return (folded names, why) for what did not end well, equal reasons together, the largest group first."""
    bad = (o for o in outcomes if o.state not in (OutcomeState.DONE, OutcomeState.RUNNING, OutcomeState.WAITING))
    return _together((outcome.target, outcome.message.partition("\n")[0] or _ending(outcome)) for outcome in bad)


def sightings(outcomes: Sequence[Outcome]) -> tuple[tuple[str, str], ...]:
    """Return (folded names, what was seen) for what was looked at and came out well, as `failures` does."""
    return _together((o.target, o.message) for o in outcomes if o.state is OutcomeState.DONE and o.message)


def _together(said: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    found: dict[str, list[str]] = {}
    for target, text in said:
        found.setdefault(clean_line(text), []).append(target)
    groups = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((fold(names), text) for text, names in groups)


def _ending(outcome: Outcome) -> str:
    if outcome.signal:
        return f"ended by signal {outcome.signal}"
    return f"exit {outcome.exit_status}" if outcome.exit_status is not None else str(outcome.state)


def progress_line(lacking: Missing, given: Sequence[Approval]) -> str:
    """Return how far an approval is: "1 of 2: needs one more of dba, not ana; approved by ben: looks right"."""
    said = [f"{one.who}{f': {clean_line(one.note)}' if one.note else ''}" for one in given]
    return "; ".join([str(lacking), *[f"approved by {', '.join(said)}"] * bool(said)])


def progress_text(outcomes: Sequence[Outcome], *, running_s: float) -> str:
    """Return how far a run is, with the time it may still take: "12 of 200 ended, 3 not well, about 40 s left".

    The rest is taken to go at the pace so far; nothing is said before a first target has ended.

    Args:
        outcomes: of all targets, ended or not.
        running_s: seconds since it started.
    """
    ended = [o for o in outcomes if o.state not in (OutcomeState.WAITING, OutcomeState.RUNNING)]
    bad = sum(1 for outcome in ended if outcome.state is not OutcomeState.DONE)
    parts = [f"{len(ended)} of {len(outcomes)} ended"]
    if bad:
        parts.append(f"{bad} not well")
    if ended and len(ended) < len(outcomes):
        parts.append(f"about {age_text(running_s / len(ended) * (len(outcomes) - len(ended)))} left")
    return ", ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
