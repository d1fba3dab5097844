"""What could be made easier, from what an operator and this site did: counted, said with its counts, never done.

A command that is run by hand at the same time again and again could be a job, a sequence that ends well a runbook, an
alert that somebody acknowledges each time has a threshold that is too low, and a job that fails wants a look.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

from opsterm.core.units import value_text
from opsterm.knowledge.command_use import CommandUse
from opsterm.knowledge.habits import HIDDEN
from opsterm.knowledge.workflows import Workflow
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.metrics import subject

DAY_S = 86_400.0
LATELY_S = 90 * DAY_S
"""What is older counts no more."""

LEAST_WEEKS, LEAST_DAYS = 4, 6
LEAST_ALERTS = 4
LEAST_FAILURES = 2
SPREAD_H = 1.5
"""Hours to each side of the usual time that still count as the same time of day."""

_REGULAR = 0.8  # share of the uses that must be at the usual time
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class RecommendationKind(StrEnum):
    """What is recommended."""

    JOB = "job"
    FAILING_JOB = "failing job"
    THRESHOLD = "threshold"
    RUNBOOK = "runbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingJob:
    """A job by schedule whose newest runs failed.

    Attributes:
        name: as in "j3".
        what: what it does.
        failures: its newest runs that failed, one after another.
        since: when the first of them was, epoch seconds.
    """

    name: str
    what: str
    failures: int
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Something that could be made easier.

    Attributes:
        id: the same for the same thing, whatever its counts.
        kind: what it is.
        text: what could be done, in a few words.
        why: from what that follows, with counts.
        line: what to say in the chat for it, "" for none: it is said back or proposed there as anything is.
        command: the command line that does it or shows it; words in capitals are to be filled in.
        weight: what sorts them; greater is more urgent.
    """

    id: str
    kind: RecommendationKind
    text: str
    why: str
    line: str
    command: str
    weight: float


def recommendations(
    *, uses: Sequence[CommandUse], workflows: Sequence[Workflow], alerts: Sequence[Alert], jobs: Sequence[FailingJob],
    places: dict[int, str], kept: Collection[tuple[str, ...]], scheduled: Collection[str], now: float, offset_s: float,
) -> Sequence[Recommendation]:  # fmt: skip
    """Return what can be recommended, the most urgent first.

    Args:
        uses: commands of one operator, in the order in which they were run.
        workflows: sequences among them, as `habits workflows` numbers them.
        alerts: the newest ones, resolved ones included.
        jobs: those that fail.
        places: selector by number of the change, of those that are still known.
        kept: the commands of each runbook that the site has.
        scheduled: commands that a job runs already.
        now: epoch seconds.
        offset_s: what local time is ahead of UTC.
    """
    lately = [use for use in uses if now - use.at <= LATELY_S]
    found = [
        *map(_of_job, jobs), *_jobs_by_hand(lately, places, scheduled, offset_s), *_thresholds(alerts, now),
        *_runbooks(workflows, kept, now),
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.weight, one.id))


def _made(
    kind: RecommendationKind, of: str, *, text: str, why: str, line: str, command: str, weight: float
) -> Recommendation:
    mark = hashlib.sha256(f"{kind}\0{of}".encode()).hexdigest()[:6]
    return Recommendation(
        id=f"{kind.value.partition(' ')[0]}-{mark}", kind=kind, text=text, why=why, line=line, command=command,
        weight=weight,
    )  # fmt: skip


def _of_job(job: FailingJob) -> Recommendation:
    return _made(
        RecommendationKind.FAILING_JOB, job.name, text=f"look at job {job.name}: {job.what}",
        why=f"its last {job.failures} runs failed", line=f"show job {job.name}",
        command=f"opsterm schedule show {job.name}", weight=10.0 + job.failures,
    )  # fmt: skip


def _jobs_by_hand(
    uses: Iterable[CommandUse], places: dict[int, str], scheduled: Collection[str], offset_s: float
) -> Iterable[Recommendation]:
    """Yield commands that are run by hand at the same time each week, or each day."""
    by_command: dict[tuple[str, str], list[CommandUse]] = defaultdict(list)
    for use in uses:
        if use.command and HIDDEN not in use.command and "\n" not in use.command and use.command not in scheduled:
            by_command[use.command, places.get(use.change, "")].append(use)
    for (command, place), found in by_command.items():
        when = _usual_time([use.at + offset_s for use in found])
        if when is None or not place or any(use.ended_well is False for use in found[-3:]) or "`" in command:
            continue
        phrase, share = when
        line = f"{phrase} run `{command}` on {place}"
        yield _made(
            RecommendationKind.JOB, f"{command}\0{place}", text=f"make `{command}` on {place} a job: {phrase}",
            why=f"you ran it {len(found)} times by hand, {share} of them {phrase}",
            line=line, command=f"opsterm schedule add {quote(line)}", weight=min(len(found), 9) / 2,
        )  # fmt: skip


def _usual_time(times: Sequence[float]) -> tuple[str, int] | None:
    """Return (phrase of a time, uses at it) of local times, None when they are not regular."""
    days = sorted({int(at // DAY_S) for at in times})
    if len(days) < LEAST_WEEKS:
        return None
    hours = sorted(at % DAY_S / 3600 for at in times)
    hour = hours[len(hours) // 2]
    near = [at for at in times if abs((at % DAY_S / 3600 - hour + 12) % 24 - 12) <= SPREAD_H]
    half = min(round(hour * 2), 47)  # not 24:00: that is another day
    clock = f"{half // 2:02}:{half % 2 * 30:02}"
    weekdays = Counter((int(at // DAY_S) + 3) % 7 for at in near)  # the first of January 1970 was a Thursday
    weekday, often = max(weekdays.items(), key=lambda one: (one[1], -one[0]))
    weeks = {int(at // DAY_S) // 7 for at in near if (int(at // DAY_S) + 3) % 7 == weekday}
    if len(weeks) >= LEAST_WEEKS and often >= _REGULAR * len(times):
        return f"every {WEEKDAYS[weekday]} at {clock}", often
    daily = {int(at // DAY_S) for at in near}
    span = days[-1] - days[0] + 1
    if len(daily) >= LEAST_DAYS and len(near) >= _REGULAR * len(times) and len(daily) >= 0.6 * span:
        return f"every day at {clock}", len(near)
    return None


def _thresholds(alerts: Iterable[Alert], now: float) -> Iterable[Recommendation]:
    """Yield alerts of one series and rule that somebody took note of each time, and that ended by themselves."""
    same: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.id and now - alert.since <= LATELY_S:
            same[alert.fingerprint].append(alert)
    for fingerprint, found in same.items():
        taken = [alert for alert in found if alert.by]
        if len(found) < LEAST_ALERTS or len(taken) < _REGULAR * len(found):
            continue
        newest = max(found, key=lambda alert: alert.since)
        what = f"{subject(newest.key)} on {newest.key.target}"
        worst = value_text(max(alert.value for alert in found), newest.unit)
        yield _made(
            RecommendationKind.THRESHOLD, fingerprint,
            text=f"change the threshold of {what} ({newest.rule}), or silence it",
            why=f"{len(taken)} of {len(found)} such alerts were acknowledged or silenced by hand; "
            f"the highest was {worst}",
            line=f"explain {newest.name}", command="opsterm settings", weight=5.0 + min(len(found), 9) / 2,
        )  # fmt: skip


def _runbooks(workflows: Sequence[Workflow], kept: Collection[tuple[str, ...]], now: float) -> Iterable[Recommendation]:
    """Yield sequences that ended well again and again and are no runbook yet."""
    for number, one in enumerate(workflows, 1):
        commands = tuple(command for command, _ in one.commands)
        if commands in kept or now - one.last_at > LATELY_S:
            continue
        more = f" and {len(commands) - 1} more" if len(commands) > 1 else ""
        yield _made(
            RecommendationKind.RUNBOOK, "\0".join(commands), text=f"keep `{commands[0]}`{more} as a runbook",
            why=f"you ran these {len(commands)} commands one after another {one.times} times, each with a good end",
            line="", command=f"opsterm habits save {number} ID TITLE", weight=min(one.times, 9) / 3,
        )  # fmt: skip
