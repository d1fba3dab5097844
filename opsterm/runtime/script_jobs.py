"""Scripts by schedule: each turn is a change of its own, by a standing approval, and what it prints is looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from opsterm.changes.change import Change, Outcome, OutcomeState
from opsterm.changes.job import Job, JobTerms, RunState, once_a_turn
from opsterm.changes.job_notice import JobCause, JobNotice, figure_text, met_by, notice_body, notice_of
from opsterm.changes.job_results import result_rows
from opsterm.core.text import clean_block, clean_bytes, clean_line
from opsterm.inventory.folding import fold
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.condition import ConditionReading, MeasuredCondition, condition_body, condition_of, reading_text
from opsterm.runtime.changes import Changes
from opsterm.runtime.jobs import Jobs, JobWish
from opsterm.runtime.mail import Post
from opsterm.runtime.measured import Measured
from opsterm.runtime.ports_jobs import JobOutcome
from opsterm.runtime.ports_store import OutputStore
from opsterm.runtime.schedules import ReadPhrase
from opsterm.runtime.standing import StandingApprovals

SCRIPT = "script"
"""The kind of these jobs."""

READ_LIMIT = 1_000_000
"""Bytes of what one target printed that are looked at."""

SHOWN_ROWS = 200
SHOWN_LINES = 40
FORGOTTEN_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWish:
    """A script that is to run by schedule.

    Attributes:
        standing: number of the standing approval.
        digest: of what it approves.
        title: what it does, a few words.
        targets: where, folded.
        notice: when somebody is told.
        found_codes: exit codes that say that something was found, and no failure.
        only_if: what has to hold on a target for it to run there, None for nothing.
    """

    standing: int
    digest: str
    title: str
    targets: str
    notice: JobNotice
    found_codes: tuple[int, ...] = ()
    only_if: MeasuredCondition | None = None

    def job(self, when: ReadPhrase, terms: JobTerms) -> JobWish:
        """Return what is kept of it."""
        body = {
            "standing": self.standing, "digest": self.digest, "title": self.title, "targets": self.targets,
            "notice": notice_body(self.notice), "found_codes": self.found_codes,
            "only_if": condition_body(self.only_if) if self.only_if is not None else None,
        }  # fmt: skip
        what = f"{self.title} on {self.targets}{f', only if {self.only_if.text}' if self.only_if is not None else ''}"
        return JobWish(kind=SCRIPT, payload=json.dumps(body, sort_keys=True), what=what, when=when, terms=terms)


def script_wish(job: Job) -> ScriptWish:
    """Return what a job of this kind does."""
    body = json.loads(job.payload)
    return ScriptWish(
        standing=body["standing"], digest=body["digest"], title=body["title"], targets=body["targets"],
        notice=notice_of(body["notice"]), found_codes=tuple(body["found_codes"]),
        only_if=condition_of(body["only_if"]) if body.get("only_if") else None,
    )  # fmt: skip


@dataclass(slots=True)
class _Found:
    """What the tries of a turn have come to.

    Attributes:
        outcomes: the last one of each target.
        output: what it printed, clean.
        failed: why it failed, by target.
        met: what somebody wants to know of, by target.
        rows: the same in lines.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    output: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    met: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)


class ScriptJobs:
    """Runs scripts by schedule.

    Args:
        standing: lets turns run.
        changes: runs them, by the one executor.
        jobs: knows the turns before.
        output: what they printed.
        post: sends mail.
        host: this machine's name, for mail.
        measured: looks at measurements.
    """

    def __init__(
        self, *, standing: Callable[[], StandingApprovals], changes: Changes, jobs: Jobs, output: OutputStore,
        post: Callable[[], Post], host: str, measured: Callable[[], Measured],
    ) -> None:  # fmt: skip
        self._standing = standing
        self._measured = measured
        self._changes = changes
        self._jobs = jobs
        self._output = output
        self._post = post
        self._host = host

    async def run(self, job: Job) -> JobOutcome:
        """Run the turn in hand; after a try that failed on some targets, on those alone.

        Raises:
            NotApproved: its standing approval does not let it run.
            Refused: a limit, a window or a claim is in the way.
        """
        wish, turn = script_wish(job), job.turn
        await self._forget_old(job)
        again = tuple(turn.rest.split("\n")) if turn is not None and turn.rest else ()
        looked = await self._looked(wish, again)
        chosen = tuple(name for name, one in looked.items() if one.met)
        tries = [await self._changes.get(number) for number in (turn.changes if turn is not None else ())]
        ended = None
        if chosen or not looked:
            change = await self._standing().turn(wish.standing, wish.digest, job=job.name, names=chosen or again)
            ended = await self._changes.run(change.id)
            tries.append(ended)
        found = await self._found(wish, tries)  # where a try has failed it stays failed until another has not
        for name, one in looked.items():
            if one.unread:
                found.failed.setdefault(name, _unread(one))
        await self._look(job, wish, found)
        last = turn is None or not found.failed or turn.tries >= job.terms.retries
        if last:
            await self._tell(job, wish, found, tries)
        return JobOutcome(
            said=_said(wish, found, looked, ended), targets=tuple(found.outcomes), failed=found.failed,
            rest="\n".join(found.failed), changes=(ended.id,) if ended is not None else (),
            unsettled=await self._unsettled(job, wish, found),
            met=found.met if last and wish.notice.occasion in (JobCause.FIGURES, JobCause.DIFFERENCE) else None,
        )  # fmt: skip

    async def _looked(self, wish: ScriptWish, again: Sequence[str]) -> Mapping[str, ConditionReading]:
        """Return what measurements say of where it is to run; {} when that does not matter."""
        if wish.only_if is None:
            return {}
        standing = await self._changes.get(wish.standing)
        names = again or tuple(target.name for target in standing.order.targets)
        return await self._measured().look(wish.only_if, names)

    async def _unsettled(self, job: Job, wish: ScriptWish, found: _Found) -> tuple[str, ...]:
        """Return where it was not run, and the turn that failed there last had not only found nothing fresh."""
        if wish.only_if is None:
            return ()
        standing = await self._changes.get(wish.standing)
        names = {target.name for target in standing.order.targets} - set(found.outcomes)
        unknown = set(names)
        for run in await self._jobs.runs(job):
            failed = unknown.intersection(run.failed)
            if failed:
                changes = [await self._changes.get(number) for number in run.changes]
                ran = {one.target for change in changes for one in change.outcomes}
                names -= failed - ran
                unknown -= failed
        if not found.outcomes:
            names.add(LOCALHOST)  # it stands for the job as a whole, of which nothing was done
        return tuple(sorted(names))

    async def _found(self, wish: ScriptWish, tries: Sequence[Change]) -> _Found:
        found = _Found()
        for change in tries:
            for outcome in change.outcomes:
                name = outcome.target
                found.outcomes[name] = outcome
                kept = await self._changes.output(change.id, name, limit=READ_LIMIT)
                found.output[name] = "\n".join(clean_bytes(line) for line in kept.replace(b"\r\n", b"\n").split(b"\n"))
                found.failed.pop(name, None)
                if outcome.state is not OutcomeState.DONE and outcome.exit_status not in wish.found_codes:
                    found.failed[name] = _why(outcome)
        return found

    async def _look(self, job: Job, wish: ScriptWish, found: _Found) -> None:
        """Find what somebody wants to know of."""
        notice = wish.notice
        before = await self._hashes_before(job) if notice.occasion is JobCause.DIFFERENCE else {}
        for name, outcome in found.outcomes.items():
            if name in found.failed:
                continue
            if notice.occasion is JobCause.FIGURES:
                met = met_by(notice, result_rows(found.output[name]))
                if met is None:
                    figure = notice.field.replace("_", " ")
                    found.failed[name] = f"What it printed holds no figure for {figure}, so nobody was told of any."
                    continue
                lines = [figure_text(notice, clean_line(item, limit=100), figure) for item, figure in met]
            elif notice.occasion is JobCause.DIFFERENCE and name in before:
                lines = ["prints something else"] if before[name] != outcome.output_sha256 else []
            else:
                continue
            if lines:
                found.met[name] = ", ".join(lines[:10]) + (f" and {len(lines) - 10} more" if len(lines) > 10 else "")
                found.rows += [f"{name}  {line}" for line in lines]

    async def _hashes_before(self, job: Job) -> Mapping[str, str]:
        """Return what the last turn that was done printed, as hashes by target."""
        for run in await self._jobs.runs(job):
            if run.state is RunState.DONE and run.changes:
                changes = [await self._changes.get(number) for number in run.changes]
                return {one.target: one.output_sha256 for change in changes for one in change.outcomes}
        return {}

    async def _tell(self, job: Job, wish: ScriptWish, found: _Found, tries: Sequence[Change]) -> None:
        """Send the one mail of a turn, where there is something to tell and somebody to be told."""
        notice = wish.notice
        told = {
            JobCause.ALWAYS: True, JobCause.FIGURES: bool(found.rows or found.failed),
            JobCause.FAILURE: bool(found.failed), JobCause.DIFFERENCE: bool(found.rows or found.failed),
        }[notice.occasion]  # fmt: skip
        of = len({**found.outcomes, **found.failed})
        if not (notice.to and told and of):
            return
        count = len(found.met) or len(found.failed) or of
        what = "found on" if found.met else "failed on" if found.failed else "done on"
        subject = f"[opsterm] {job.name} {wish.title}: {what} {count} of {of}"
        letter = "\n".join(self._letter(job, wish, found, tries))
        await self._post().send(notice.to, subject, letter, once=once_a_turn(job))

    def _letter(self, job: Job, wish: ScriptWish, found: _Found, tries: Sequence[Change]) -> list[str]:
        lines = [f"{wish.title} on {wish.targets}, {job.phrase}.", wish.notice.text, ""]
        if found.rows:
            lines += [*found.rows[:SHOWN_ROWS]]
            lines += [f"and {len(found.rows) - SHOWN_ROWS} more", ""] if len(found.rows) > SHOWN_ROWS else [""]
        if found.failed:
            lines += ["Failed:", *(f"{name}  {why}" for name, why in [*found.failed.items()][:SHOWN_ROWS]), ""]
        if wish.notice.occasion is not JobCause.FIGURES:
            for name, text in found.output.items():
                shown = clean_block(text).strip().split("\n")
                more = [f"… {len(shown) - SHOWN_LINES} more lines"] if len(shown) > SHOWN_LINES else []
                lines += [f"{name}:", *(f"  {line}" for line in shown[:SHOWN_LINES]), *more, ""]
                if len(lines) > SHOWN_ROWS * 2:
                    lines.append("…")
                    break
        output = f"; opsterm output {tries[-1].name}" if tries else ""
        return [*lines, f"opsterm on {self._host}. All of it: opsterm schedule show {job.name}{output}"]

    async def _forget_old(self, job: Job) -> None:
        """Throw away what turns printed that are older than the job keeps; how they ended stays."""
        runs = await self._jobs.runs(job, job.terms.results + FORGOTTEN_AT_ONCE)
        old = [number for run in runs[max(0, job.terms.results - 1) :] for number in run.changes]
        if old:
            await self._output.forget(old)


def _unread(looked: ConditionReading) -> str:
    return f"It was not run: {looked.unread}."


def _why(outcome: Outcome) -> str:
    first = outcome.message.partition("\n")[0]
    code = "" if outcome.exit_status is None else f"It ended with {outcome.exit_status}."
    return " ".join(filter(None, (first, code))) or f"It is {outcome.state}."


def _said(wish: ScriptWish, found: _Found, looked: Mapping[str, ConditionReading], change: Change | None) -> str:
    of = len({**found.outcomes, **found.failed})
    parts = [f"{change.name}: {of - len(found.failed)} of {of} done."] if change is not None else ["Nothing was run."]
    read = [f"{name}: {reading_text(one.read)}" for name, one in looked.items() if one.read is not None]
    if change is None and wish.only_if is not None and read:
        parts = [f"Nothing was run. Not {wish.only_if.text}: {'; '.join(read[:3])}."]
    parts += [f"{name}: {why}" for name, why in [*found.failed.items()][:3]]
    if found.outcomes and wish.notice.occasion in (JobCause.FIGURES, JobCause.DIFFERENCE) and not found.failed:
        parts.append(f"Found on {fold(list(found.met))}." if found.met else "Nothing was found.")
        parts += [f"{name}: {text}." for name, text in [*found.met.items()][:3]]
    return " ".join(parts)
