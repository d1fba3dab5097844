"""Verbs of what is done by schedule."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePath

from opsterm.changes.job import Job, JobRun, JobTerms, MissedPolicy, RunState
from opsterm.changes.job_notice import parse_notice
from opsterm.changes.job_text import job_line, last_text, next_text
from opsterm.changes.recovery.wish import things_of
from opsterm.changes.schedule_text import schedule_text
from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal
from opsterm.cli.run import Context
from opsterm.cli.verbs.schedules import described, require_schedule
from opsterm.core.errors import BadInput, ExitCode, Refused
from opsterm.core.units import parse_duration, span_text
from opsterm.runtime.job_making import shell_of
from opsterm.runtime.job_wishes import FoundScript, Given
from opsterm.runtime.jobs import JobWish
from opsterm.runtime.recovery import TakeWish
from opsterm.runtime.snapshot_jobs import SnapshotWish

_POLICIES = {
    MissedPolicy.RUN_ONCE: "Missed while nobody ran jobs: run once, as soon as somebody does.",
    MissedPolicy.SKIP: "Missed while nobody ran jobs: left out, and told in the list.",
}


async def snapshot(context: Context) -> int:
    """Take recovery points by schedule."""
    asked = context.invocation
    things = things_of(asked.texts("paths"), asked.texts("unit"), asked.texts("also"))
    await context.runtime.inventory.resolve(asked.text("on"))  # a selector that matches nothing is told now
    given = {word: asked.number(f"keep_{word}") for word in ("last", "daily", "weekly", "monthly")}
    take = TakeWish(selector=asked.text("on"), things=things, label=asked.text("label"), become=asked.text("become"))
    wish = SnapshotWish(take=take, keep={word: count for word, count in given.items() if count is not None})
    when = require_schedule(
        await context.runtime.schedules.read(asked.text("phrase"), timezone=asked.text("timezone"))
    )  # fmt: skip
    return await _keep(context, wish.job(when, _terms(context)))


def _terms(context: Context) -> JobTerms:
    asked = context.invocation
    usual = JobTerms()
    retries = asked.number("retries")
    results = asked.number("results")
    return JobTerms(
        results=usual.results if results is None else results,
        missed=MissedPolicy(asked.text("missed") or usual.missed),
        jitter_s=parse_duration(asked.text("jitter") or "0"),
        retries=usual.retries if retries is None else retries,
        limit_s=parse_duration(asked.text("limit")) if asked.text("limit") else usual.limit_s,
    )


async def _keep(context: Context, wish: JobWish) -> int:
    """Show what would be done when, and keep it when that is meant."""
    terms, printer = wish.terms, context.printer
    lines = [wish.what, *described(wish.when)]
    if terms.jitter_s:
        lines.append(f"Begun up to {span_text(terms.jitter_s)} later.")
    lines += [
        _POLICIES[terms.missed],
        f"A run that fails is tried again {terms.retries} times. A try ends after {span_text(terms.limit_s)}.",
        "While a run goes on the next is left out.", "It only reads the targets, so no run has to be approved.",
    ]  # fmt: skip
    for line in lines:
        printer.say(line)
    if context.invocation.yes("dry_run"):
        return ExitCode.DONE
    await _require_meant(context)
    job = await context.runtime.jobs.add(wish)
    if printer.json:
        printer.record(record_of(job))
    else:
        printer.line(f"{job.name}  {job_line(job, None, context.runtime.clock.now())}")
    await _say_who_runs(context)
    return ExitCode.DONE


async def _require_meant(context: Context) -> None:
    if context.invocation.yes("yes"):
        return
    if not is_asked_on_a_terminal():
        raise BadInput("Nothing was kept: nobody has said that this is meant.", next_step="Add --yes.")
    if (await ask_line("Keep it? [y/N] ")).strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was kept.")


async def _say_who_runs(context: Context) -> None:
    if await context.runtime.workers.living_holder() is None:
        context.printer.say("No process runs jobs now: `opsterm serve` does, and so does an open screen.")


async def add(context: Context) -> int:
    """Make a job of a sentence, or of a phrase and a script."""
    asked = context.invocation
    draft = await context.runtime.job_wishes.draft(" ".join(asked.texts("words")), given=await _given(context))
    for line in draft.lines():
        context.printer.say(line)
    if asked.yes("dry_run"):
        return ExitCode.DONE
    await _require_meant(context)
    job, standing = await context.runtime.job_making.keep(draft)
    if context.printer.json:
        context.printer.record({**record_of(job), "standing": standing.name if standing is not None else None})
    else:
        context.printer.line(f"{job.name}  {job_line(job, None, context.runtime.clock.now())}")
    if standing is not None:
        context.printer.say(f"It runs once its standing approval was given: opsterm approve {standing.name}")
    await _say_who_runs(context)
    return ExitCode.DONE


async def _given(context: Context) -> Given:
    """Return what the line gives beside the sentence. Raises BadInput."""
    asked = context.invocation
    name, timeout, lasts = asked.text("script"), asked.text("timeout"), asked.text("stands")
    script = None
    if name:
        text = await context.runtime.job_making.script_text(name)
        script = FoundScript(text=text, title=asked.text("title") or PurePath(name).name, shell=shell_of(name))
    notice = parse_notice(asked.text("tell")) if asked.text("tell") else None
    return Given(
        script=script, targets=asked.text("on"), to=asked.text("to"), notice=notice, timezone=asked.text("timezone"),
        become=asked.text("become"), timeout_s=parse_duration(timeout) if timeout else None,
        lasts_s=parse_duration(lasts) if lasts else None, terms=_terms(context),
    )  # fmt: skip


async def list_jobs(context: Context) -> int:
    """List jobs."""
    jobs, now = context.runtime.jobs, context.runtime.clock.now()
    found = [(job, next(iter(await jobs.runs(job, 1)), None)) for job in await jobs.all()]
    if context.printer.json:
        for job, last in found:
            context.printer.record(record_of(job, last))
        return ExitCode.DONE
    if found:
        context.printer.table(
            ("job", "next", "last", "when", "what"),
            [
                (j.name, next_text(j, now), last_text(last, now) or "-", schedule_text(j.schedule), j.what)
                for j, last in found
            ],
        )
    context.printer.say(f"{len(found)} job{'s' * (len(found) != 1)}.")
    if found:
        await _say_who_runs(context)
    return ExitCode.DONE


async def show(context: Context) -> int:
    """Show one job and how its runs ended."""
    jobs = context.runtime.jobs
    job = await jobs.get(context.invocation.text("id"))
    if context.printer.json:
        runs = await jobs.runs(job)
        context.printer.record({**record_of(job, next(iter(runs), None)), "runs": [asdict(run) for run in runs]})
        return ExitCode.DONE
    for line in await context.runtime.job_view.lines(job):
        context.printer.line(line)
    return ExitCode.DONE


async def run(context: Context) -> int:
    """Let a job be run now."""
    job = await context.runtime.jobs.run_now(context.invocation.text("id"))
    return await _told(context, job, "is run by the process that runs jobs, within a second or two")


async def pause(context: Context) -> int:
    """Let a job begin no run."""
    return await _told(context, await context.runtime.jobs.pause(context.invocation.text("id")), "is paused")


async def resume(context: Context) -> int:
    """Let a job begin runs again."""
    job = await context.runtime.jobs.pause(context.invocation.text("id"), off=True)
    return await _told(context, job, f"goes on: {next_text(job, context.runtime.clock.now())}")


async def remove(context: Context) -> int:
    """Take a job out."""
    job = await context.runtime.job_making.remove(context.invocation.text("id"))
    return await _told(context, job, "is gone; what it has made stays")


async def _told(context: Context, job: Job, said: str) -> int:
    if context.printer.json:
        context.printer.record(record_of(job))
    context.printer.say(f"{job.name} {said}.")
    if not job.is_over:
        await _say_who_runs(context)
    return ExitCode.DONE


async def say_jobs(context: Context, *, kind: str = "", only_failed: bool = False) -> None:
    """Say in a line each how jobs stand; of a kind, or those alone whose last run failed."""
    jobs, now = context.runtime.jobs, context.runtime.clock.now()
    for job in await jobs.all(kind):
        last = next(iter(await jobs.runs(job, 1)), None)
        if not only_failed or (last is not None and last.state is RunState.FAILED):
            why = f" {last.said}" if last is not None and last.state is RunState.FAILED else ""
            context.printer.say(f"{job.name}  {job_line(job, last, now)}{why}")


def record_of(job: Job, last: JobRun | None = None) -> dict[str, object]:
    """Return a job as an object with the keys of `json_keys.JOB_KEYS`; times are epoch seconds."""
    schedule, turn = job.schedule, job.turn
    return {
        "id": job.name, "kind": job.kind, "what": job.what, "phrase": job.phrase, "english": schedule_text(schedule),
        "cron": schedule.cron or None, "rrule": schedule.rule or None,
        "start": schedule.start.isoformat(timespec="minutes") if schedule.start else None,
        "timezone": schedule.timezone, **asdict(job.terms), "paused": job.paused, "by": job.by, "made_at": job.made_at,
        "next_at": job.next_at, "turn": asdict(turn) if turn is not None else None,
        "last": asdict(last) if last is not None else None,
    }  # fmt: skip
