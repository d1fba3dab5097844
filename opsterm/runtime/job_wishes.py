"""Wishes about jobs in a person's words: made whole or asked back, said back, and done once that is confirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from shlex import quote
from typing import Protocol

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, ProposalReference, table
from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Memory
from opsterm.assistant.jobs.acts import JobAct, JobVerb, read_job_act
from opsterm.assistant.jobs.measured import is_look, measured_of
from opsterm.assistant.jobs.notices import ToldWords, told_words
from opsterm.assistant.jobs.tasks import TaskWords, task_words
from opsterm.assistant.jobs.times import job_times
from opsterm.assistant.queries import ApiRequest, DiscoverRequest, RunRequest
from opsterm.assistant.reading import Sentence, take_targets
from opsterm.assistant.tokens import tokenize
from opsterm.assistant.world import World, vocabulary
from opsterm.changes.job import Job, JobTerms
from opsterm.changes.job_notice import JobCause, JobNotice
from opsterm.changes.job_text import last_text, next_text
from opsterm.changes.schedule_text import schedule_text
from opsterm.changes.summary import line as change_line
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.inventory.target import LOCALHOST
from opsterm.monitoring.condition import MeasuredCondition
from opsterm.runtime.job_making import JobDraft, JobMaking, NewScript
from opsterm.runtime.job_windows import planned_window
from opsterm.runtime.jobs import Jobs
from opsterm.runtime.measure_jobs import MeasureWish
from opsterm.runtime.said_back import SaidBack
from opsterm.runtime.schedules import ReadPhrase, Schedules

LISTED = 30
_DONE = {JobVerb.PAUSE: "is paused", JobVerb.RESUME: "goes on", JobVerb.REMOVE: "is gone", JobVerb.RUN: "is run now"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundScript:
    """A script for a task.

    Attributes:
        text: the script, exactly.
        title: what it does, a few words.
        shell: what carries it out.
        found_codes: exit codes that say that something was found.
    """

    text: str
    title: str
    shell: str
    found_codes: tuple[int, ...] = ()


class ScriptFinder(Protocol):
    """Finds scripts for tasks."""

    async def find(self, words: str, language: str, *, windows: bool, notice: JobNotice | None) -> FoundScript | None:
        """Return the script for a task, None when there is none.

        Args:
            words: of the task.
            language: "powershell", "bash", "python" or "" for any.
            windows: whether the targets are Windows.
            notice: what somebody wants to be told of: its figure may be a threshold of the script.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is given beside a sentence, and takes the place of its words.

    Attributes:
        script: a script.
        targets: a selector.
        to: mail addresses, as written.
        notice: when somebody is told.
        timezone: the one that counts when none is named.
        become: the account that sudo becomes.
        timeout_s: seconds on one target.
        lasts_s: seconds for which the standing approval is asked, None for the usual.
        terms: how the job is run.
    """

    script: FoundScript | None = None
    targets: str = ""
    to: str = ""
    notice: JobNotice | None = None
    timezone: str = ""
    become: str = ""
    timeout_s: float | None = None
    lasts_s: float | None = None
    terms: JobTerms = field(default_factory=JobTerms)


NOTHING_GIVEN = Given()


class JobWishes:
    """Reads what somebody wants of jobs. Nothing is done before it was said back and confirmed.

    Args:
        clock: what time it is.
        schedules: reads phrases of time.
        making: works out jobs, and keeps them.
        jobs: those there are.
        scripts: finds scripts.
        said_back: keeps what waits for a yes.
        world: returns what sentences are read against.
    """

    def __init__(
        self, clock: Clock, *, schedules: Schedules, making: JobMaking, jobs: Jobs, scripts: ScriptFinder,
        said_back: SaidBack, world: Callable[[float], Awaitable[World]],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._schedules = schedules
        self._making = making
        self._jobs = jobs
        self._scripts = scripts
        self._world = world
        self._said_back = said_back

    async def texts(self) -> Sequence[str]:
        """Return each job in one text, for whoever looks for one by words."""
        return [f"{job.name} {job.what} {job.phrase}" for job in await self._jobs.all()]

    # ---------------------------------------------------------------------------------------- in a conversation

    async def answer(self, words: str, line: str, now: float) -> Answer:
        """Say back what a sentence wants, or ask; what it says is done when `confirmed` hears a yes."""
        self._said_back.drop()
        act = read_job_act(words, await self.texts())
        try:
            if act is not None:
                return await self._act(act, line, now)
            draft = await self.draft(words, now=now)
        except (BadInput, NotFound) as error:
            said = " ".join(part for part in (error.what, error.why, error.next_step) if part)
            return Answer(blocks=(Paragraph(text=said),), interpretation=line, understood=False)
        self._said_back.wait(partial(self._kept, draft), now)
        said = "Nothing is kept yet. Say yes to keep this job"
        after = " and to propose its standing approval." if draft.standing is not None else "."
        return _said_back([*draft.lines(), said + after], line, f"opsterm schedule add {quote(words)} --yes")

    async def _kept(self, draft: JobDraft) -> Answer:
        job, standing = await self._making.keep(draft)
        now = self._clock.now()
        blocks: list[Block] = [Paragraph(text=f"{job.name} is kept: {job.what}; {next_text(job, now)}.")]
        if standing is not None:
            blocks += [
                ProposalReference(change=standing.id, summary=change_line(standing, now)),
                Paragraph(text=f"It runs once {standing.name}, its standing approval, was given."),
            ]
        return Answer(blocks=tuple(blocks), follow_ups=(_LISTS,))

    async def _done(self, verb: JobVerb, names: Sequence[str]) -> Answer:
        lines = [await self.do(verb, name) for name in names]
        return Answer(blocks=tuple(Paragraph(text=said) for said in lines), follow_ups=(_LISTS,))

    async def do(self, verb: JobVerb, name: str) -> str:
        """Pause, resume, remove or run a job; return what was done. Raises BadInput, NotFound, Refused."""
        job = (
            await self._making.remove(name) if verb is JobVerb.REMOVE
            else await self._jobs.run_now(name) if verb is JobVerb.RUN
            else await self._jobs.pause(name, off=verb is JobVerb.RESUME)
        )  # fmt: skip
        return f"{job.name}, {job.what}, {_DONE[verb]}."

    async def _act(self, act: JobAct, line: str, now: float) -> Answer:
        jobs = await self._jobs.all()
        if act.verb in (JobVerb.LIST, JobVerb.SHOW):
            chosen = [job for job in jobs if not act.names or job.name in act.names]
            return await self._listed(chosen, act, line, now)
        names = tuple(job.name for job in jobs) if act.every else act.names
        if not names:
            raise BadInput("Which job?", next_step=f"Name it, as in j3. {_names(jobs)}")
        chosen = [await self._jobs.get(name) for name in names]
        if len(chosen) > 1 and not act.every and not all(name in act.words for name in names):
            raise BadInput("That fits more than one job.", next_step=f"Name one: {_names(chosen)}")
        self._said_back.wait(partial(self._done, act.verb, names), now)
        said = [f"{act.verb.capitalize()} {job.name}: {job.what}, {schedule_text(job.schedule)}." for job in chosen]
        if act.verb is JobVerb.REMOVE:
            said.append("Its standing approval is revoked; what it has printed stays.")
        said.append("Nothing is done yet. Say yes to do it.")
        return _said_back(said, line, f"opsterm schedule {act.verb} {names[0]}")

    async def _listed(self, jobs: Sequence[Job], act: JobAct, line: str, now: float) -> Answer:
        window = planned_window(act.time, now)
        rows = []
        for job in jobs:
            times = await self._schedules.between(job.schedule, *window) if window else ()
            if window and not (times and not job.paused):
                continue
            last = next(iter(await self._jobs.runs(job, 1)), None)
            when = ", ".join(f"{time:%a %H:%M}" for time in times[:3]) if window else next_text(job, now)
            rows.append((job.name, when, last_text(last, now) or "-", schedule_text(job.schedule), job.what))
        until = f" {act.time}" if act.time else ""
        if not rows:
            said = f"No job runs{until}." if jobs else "There is no job by schedule."
            return Answer(blocks=(Paragraph(text=said),), interpretation=line)
        head = Paragraph(text=f"{len(rows)} job{'s' * (len(rows) != 1)}{until}.")
        return Answer(
            blocks=(head, table("job|next|last|when|what", rows[:LISTED])), interpretation=line,
            follow_ups=(FollowUp(words="pause one", line=f"pause {rows[0][0]}", edit=True),),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------- from a sentence

    async def draft(self, words: str, *, now: float | None = None, given: Given = NOTHING_GIVEN) -> JobDraft:
        """Work out the job that a sentence asks for; nothing is kept.

        Args:
            words: the sentence, or a phrase of time alone when the rest is given.
            now: epoch seconds, None for the clock's.
            given: what takes the place of its words.

        Raises:
            BadInput: something has to be asked: when, what, where, or whom to tell.
            BadSetting: a mail is wanted, and no server is set.
        """
        at = self._clock.now() if now is None else now
        told = told_words(words)
        _check_level(told)
        when, rest = await self._when(told.rest, at, given.timezone)
        task = task_words(rest)
        if task.unread and given.script is None:
            raise BadInput(f"I do not understand {task.unread!r}.", next_step="Say it in another way, or leave it out.")
        if task.report and given.script is None:
            return await self._report(task, told.notice, when, at, given)
        own_look = given.script is None and given.notice is None and _is_own_look(words, task)
        condition = _measured(told, task) if told.is_condition or own_look else None
        said = None if told.is_condition else told.notice
        notice = self._notice(given.notice or said, wants_mail=told.wants_mail, to=given.to)
        selector = given.targets or await self._selector(task.where, at)
        if condition is not None and own_look:
            return await self._making.measure(
                MeasureWish(condition=condition, selector=selector, to=notice.to), when, given.terms
            )
        script = given.script or await self._script(task, selector, notice, at)
        wanted = NewScript(
            text=script.text, title=script.title, selector=selector, shell=script.shell, found_codes=script.found_codes,
            notice=notice, become=given.become, timeout_s=given.timeout_s,
            only_if=condition if told.is_condition else None,
        )  # fmt: skip
        if given.lasts_s is not None:
            wanted = replace(wanted, lasts_s=given.lasts_s)
        return await self._making.script(wanted, when, given.terms)

    async def _when(self, text: str, at: float, timezone: str) -> tuple[ReadPhrase, str]:
        """Read the longest words that say when."""
        for phrase, rest in job_times(text):
            found = await self._schedules.read(phrase, now=datetime.fromtimestamp(at, UTC), timezone=timezone)
            if found.is_whole:
                if found.schedule is None or not found.times:
                    raise BadInput(found.question or "That never comes.", next_step="Say it with the answer in it.")
                return found, rest
        raise BadInput("When?", next_step="As in: every day at 06:00, or tomorrow at 3 pm.")

    def _notice(self, notice: JobNotice | None, *, wants_mail: bool, to: str) -> JobNotice:
        notice = notice or JobNotice(occasion=JobCause.FAILURE)
        wanted = to or ", ".join(notice.to)
        if not wanted and not wants_mail:
            return notice
        found = self._making.addresses(wanted)
        if not found:
            raise BadInput("To which address is the mail to go?", next_step="Name it, or set mail.to.")
        return replace(notice, to=found)

    async def _selector(self, where: str, at: float) -> str:
        if not where:
            raise BadInput("On which targets?", next_step="Name them, as in: on all Windows servers, or on web-01.")
        if where.lower() in ("this host", "this machine", "here"):
            return LOCALHOST
        world = await self._world(at)
        tokens = tokenize(where)
        sentence = Sentence(text=where, tokens=tokens, world=world, words=vocabulary(world), memory=Memory())
        phrase = take_targets(sentence, tokens)
        if phrase.unknown or phrase.absent:
            said = ", ".join(repr(word) for word in dict.fromkeys(phrase.unknown)) or where
            near = f" Known and alike: {', '.join(phrase.near)}." if phrase.near else ""
            raise BadInput(f"I do not know the targets {said}, and I do not guess where a job runs.{near}")
        return phrase.selector or "all"

    async def _script(self, task: TaskWords, selector: str, notice: JobNotice, at: float) -> FoundScript:
        if task.command:
            title = task.command if len(task.command) <= 60 else f"{task.command[:59]}…"
            return FoundScript(text=task.command, title=title, shell="")
        if not task.words:
            raise BadInput("What is to be done?", next_step="Name a task, or put a command in backticks.")
        windows = await self._making.is_windows(selector)
        found = await self._scripts.find(task.words, task.language, windows=windows, notice=notice)
        if found is None:
            raise BadInput(
                f"No script here is for: {task.words}.",
                next_step="Put a command in backticks, or give a file: opsterm schedule add PHRASE --script FILE",
            )
        return found

    async def _report(
        self, task: TaskWords, notice: JobNotice | None, when: ReadPhrase, at: float, given: Given
    ) -> JobDraft:  # fmt: skip
        if notice is not None and notice.occasion is JobCause.FIGURES:
            raise BadInput("A report is sent each time, whatever is measured.", next_step="Leave the condition out.")
        to = self._making.addresses(given.to or ", ".join(notice.to if notice else ()))
        if not to:
            raise BadInput("To which address is the report to go?", next_step="Name it, or set mail.to.")
        world = await self._world(at)
        for question in _questions(task.report):
            read = interpret(question, world)
            if read.query is not None and not isinstance(read.query, RunRequest | DiscoverRequest | ApiRequest):
                return self._making.report(question, to, when, given.terms)
        raise BadInput(
            f"I have no report of: {task.report}.", next_step="Name what can be asked here, as in: open alerts."
        )


def _check_level(told: ToldWords) -> None:
    """Raise BadInput for a condition that is not one level: acting on the half of it would be worse than asking."""
    if told.unread:
        raise BadInput(
            f"I do not understand {told.unread!r}.",
            next_step="Say one level alone; the opposite of over is at most: if memory is at most 90 %.",
        )


def _measured(told: ToldWords, task: TaskWords) -> MeasuredCondition | None:
    """Return what a sentence says of a measured level. Raises BadInput: it would act on one that nobody measures."""
    notice = told.notice
    if notice is None or notice.occasion is not JobCause.FIGURES:
        return None
    condition = measured_of(told, task.words)
    if condition is None and told.is_condition:
        raise BadInput(
            f"Only if what is so? opsterm does not measure {told.about or 'that'!r}.",
            next_step="Name memory, cpu, disk, swap, load or another metric; or let the script look itself.",
        )
    return condition


def _is_own_look(words: str, task: TaskWords) -> bool:
    """Return whether a task is a look for which no script is named, so that what is measured here says all."""
    return is_look(task.words) and not (task.command or task.language or "script" in words.lower())


_LISTS = FollowUp(words="what is planned", line="list scheduled jobs")


def _said_back(lines: Sequence[str], line: str, command: str) -> Answer:
    return Answer(
        blocks=tuple(Paragraph(text=one) for one in lines), interpretation=line,
        follow_ups=(FollowUp(words="do it", line="yes"), FollowUp(words=command, line="")),
    )  # fmt: skip


def _names(jobs: Sequence[Job]) -> str:
    return "; ".join(f"{job.name} {job.what}" for job in jobs[:8])


def _questions(words: str) -> list[str]:
    """Return ways in which the subject of a report may be asked for in the chat."""
    low = words.strip()
    week = low
    for said, meant in (
        ("of the week", "of the last 7 days"), ("of this week", "of the last 7 days"),
        ("of the month", "of the last 30 days"), ("of the day", "of the last 24 hours"),
        ("of yesterday", "of the last 24 hours"),
    ):  # fmt: skip
        week = week.replace(said, meant)
    known = {
        "inventory": "list targets", "status": "list targets", "alert": "list alerts", "alerts": "list alerts",
        "change": "list changes", "changes": "list changes", "disk": "which disks are fullest",
        "disk usage": "which disks are fullest",
    }.get(low.lower(), "")  # fmt: skip
    return [one for one in (known, week, low, f"list {week}", f"show {week}") if one]
