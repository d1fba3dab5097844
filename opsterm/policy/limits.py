"""What is not run, whoever approves it: programs, paths, time limits, rates, and a breaker after failures.

A limit is about environments. What cannot be followed in a command is not within a limit about its content.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from opsterm.core.approval_settings import LimitSetting
from opsterm.core.errors import Refused
from opsterm.core.text import clean_line
from opsterm.core.units import age_text, span_text
from opsterm.policy.change_windows import Zone, parse_window
from opsterm.policy.file_put import PUT
from opsterm.policy.invocation import unknown_program
from opsterm.policy.order import HTTP, RESTORE, Order
from opsterm.policy.put_order import puts_of
from opsterm.policy.restoring import parse_restoring
from opsterm.policy.understanding import READERS, Understanding, understand

_ONLY_LOOK = frozenset({"ls", "df", "du", "stat", "test", "[", "mountpoint", "cd", "pwd"})
"""Programs that may name a folder above a forbidden path: what is below it stays untouched."""

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A change that was run before, as far as limits care.

    Attributes:
        by: the account that asked for it.
        environments: where it ran.
        started_at: epoch seconds.
        ended_at: epoch seconds, 0 while it runs.
        failed: whether it ended badly.
    """

    by: str
    environments: tuple[str, ...]
    started_at: float
    ended_at: float
    failed: bool


def words_of(text: str) -> tuple[str, ...]:
    """Return what a comma-separated setting lists."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def covers(pattern: str, environment: str) -> bool:
    """Return whether a setting's environments, as in "prod,stage" or "*", hold one; case does not matter."""
    return any(fnmatchcase(environment.lower(), word.lower()) for word in words_of(pattern))


def applying(limits: Iterable[LimitSetting], environments: Sequence[str]) -> list[LimitSetting]:
    """Return the limits that are for any of these environments."""
    return [one for one in limits if any(covers(one.environment, place) for place in environments or ("",))]


def require_within(order: Order, limits: Sequence[LimitSetting]) -> None:
    """Check what can be told from the order alone.

    Args:
        order: what would run.
        limits: those that apply.

    Raises:
        Refused: it is beyond one of them.
    """
    understood = understand(order.command, order.shell) if order.shell in READERS else None
    for limit in limits:
        if limit.read_only:
            raise _refused("nothing is changed there.", limit, "read_only")
        if limit.timeout_s and order.timeout_s > limit.timeout_s:
            raise _refused(
                f"it may run for {span_text(order.timeout_s)}; {span_text(limit.timeout_s)} is the most.",
                limit, "timeout_s", f"Propose it with --timeout {limit.timeout_s:g}s.",
            )  # fmt: skip
        if limit.executables and order.shell not in (HTTP, PUT, RESTORE):
            stranger = _stranger(understood, words_of(limit.executables))
            if stranger:
                raise _refused(stranger, limit, "executables")
        if limit.forbidden_paths and order.shell != HTTP:
            touched = _touched(order, understood, words_of(limit.forbidden_paths))
            if touched:
                raise _refused(touched, limit, "forbidden_paths")


def _refused(why: str, limit: LimitSetting, name: str, next_step: str = "") -> Refused:
    return Refused(
        f"A limit of the environment {limit.environment} does not let this run: {why}",
        why=f"The setting is {name} of an [[approvals.limit]] table.",
        next_step=next_step,
    )


def _stranger(understood: Understanding | None, known: Sequence[str]) -> str:
    commands = understood.commands if understood is not None else ()
    for command in commands:
        for program in (command.words[0], *command.via):
            if program not in known and "?" not in program:  # to the byte: /tmp/nft is not nft
                return f"{clean_line(program, limit=80)} is not one of the programs that may be started."
    listed = {unknown_program(posixpath.basename(program)) for program in known}
    if understood is None or not commands or set(understood.opaque) - listed:
        return "a part of it cannot be followed, so which programs it starts is not known."
    return ""


def _touched(order: Order, understood: Understanding | None, forbidden: Sequence[str]) -> str:
    if order.shell == PUT:
        named = [(put.path, False) for put in puts_of(order.command)]
    elif order.shell == RESTORE:
        named = [(path, False) for path in parse_restoring(order.command).paths]
    elif understood is None or understood.opaque:
        return "a part of it cannot be followed, so what it touches is not known."
    else:
        named = _named(understood)
    windows = order.shell in ("powershell", "cmd")
    for path, only_looks in named:
        parts = _parts(path, windows=windows)
        for barred in forbidden:
            if parts is not None and _meet(parts, _parts(barred, windows=windows) or [], only_looks=only_looks):
                return f"{clean_line(path, limit=80)} is, or leads to, the forbidden path {barred}."
    return ""


def _named(understood: Understanding) -> list[tuple[str, bool]]:
    """Return (path, whether it is only looked at) for all that a text names."""
    found = [(effect.object, False) for effect in understood.effects if "/" in effect.object or "\\" in effect.object]
    for command in understood.commands:
        looks = posixpath.basename(command.words[0]) in _ONLY_LOOK
        found += [(word.rpartition("=")[2], looks) for word in command.words[1:]]
        found += [(text.lstrip("0123456789&<>| "), False) for text in command.redirects]
    looked_at = {path for path, looks in found if looks}
    return [(path, looks or path in looked_at) for path, looks in found]


def _parts(path: str, *, windows: bool) -> list[str] | None:
    """Return the names on an absolute path, None for what is none."""
    text = path.replace("\\", "/").lower() if windows else path
    if not text.startswith("/") and not (windows and text[1:2] == ":"):
        return None
    return [part for part in posixpath.normpath(text).split("/") if part]


def _meet(path: Sequence[str], barred: Sequence[str], *, only_looks: bool) -> bool:
    """Return whether a path is a forbidden one, below it, or above it; an unknown piece is any."""
    if len(path) < len(barred) and only_looks:
        return False
    return all(fnmatchcase(there, part.replace("?", "*")) for part, there in zip(path, barred, strict=False))


def require_rate(limits: Sequence[LimitSetting], past: Sequence[PastRun], *, by: str, now: float) -> None:
    """Check that an account has not run too many changes within an hour.

    Args:
        limits: those that apply.
        past: what was run before.
        by: the account that asked for this one.
        now: epoch seconds.

    Raises:
        Refused: it has.
    """
    for limit in limits:
        recent = sorted(
            run.started_at for run in past
            if run.by == by and run.started_at > now - HOUR_S and applying([limit], run.environments)
        )  # fmt: skip
        if limit.per_hour and len(recent) >= limit.per_hour:
            left = recent[-limit.per_hour] + HOUR_S - now
            raise _refused(
                f"{by} has run {len(recent)} changes in the last hour; {limit.per_hour} is the most.",
                limit, "per_hour", f"Wait {age_text(left)}.",
            )  # fmt: skip


def tripped(limit: LimitSetting, past: Sequence[PastRun], *, reset_at: float) -> bool:
    """Return whether the breaker of a limit is open: so many changes have failed in a row since it was last reset.

    Args:
        limit: one with `failures`.
        past: what was run before, in any order.
        reset_at: epoch seconds at which a person last said that it may go on, 0 for never.
    """
    if not limit.failures:
        return False
    ended = sorted(
        (run for run in past if run.ended_at > reset_at and applying([limit], run.environments)),
        key=lambda run: run.ended_at,
    )
    row: list[float] = []
    for run in ended:
        row = [*row, run.ended_at][-limit.failures :] if run.failed else []
        within = not limit.failures_within_s or (row and row[-1] - row[0] <= limit.failures_within_s)
        if len(row) == limit.failures and within:
            return True
    return False


def decision_outside(limits: Sequence[LimitSetting], *, now: float, zone: Zone) -> tuple[str, str]:
    """Return (decision, window) for the strictest window that is closed; ("", "") when all are open.

    Args:
        limits: those that apply.
        now: epoch seconds.
        zone: finds a time zone.
    """
    closed = [
        (limit.outside, limit.window) for limit in limits
        if limit.window and not parse_window(limit.window).is_open(now, zone)
    ]  # fmt: skip
    return min(closed, key=lambda one: one[0] != "deny", default=("", ""))
