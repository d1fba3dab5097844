"""Making jobs: what would be done is worked out and shown before anything is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from opsterm.changes.change import Change
from opsterm.changes.job import Job, JobTerms, MissedPolicy
from opsterm.changes.job_notice import JobCause, JobNotice
from opsterm.changes.lifecycle import WAITING_STATES
from opsterm.changes.summary import as_whom, limit_text, shell_text, targets_text
from opsterm.core.errors import BadInput, Refused
from opsterm.core.mail import parse_addresses
from opsterm.core.mail_settings import MailSettings
from opsterm.core.text import clean_line, shown_exactly
from opsterm.core.units import age_text, span_text
from opsterm.inventory.folding import fold
from opsterm.inventory.target import Protocol
from opsterm.monitoring.condition import MeasuredCondition
from opsterm.policy.compliance.review import lines_of
from opsterm.policy.order import RunAs
from opsterm.runtime.changes import Changes
from opsterm.runtime.edges import Files
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.jobs import Jobs, JobWish
from opsterm.runtime.mail import check_server
from opsterm.runtime.measure_jobs import MeasureWish
from opsterm.runtime.measured import Measured
from opsterm.runtime.offload import Offload
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.report_jobs import ReportWish
from opsterm.runtime.schedules import ReadPhrase
from opsterm.runtime.script_jobs import SCRIPT, ScriptWish, script_wish
from opsterm.runtime.standing import StandingApprovals

STANDS_S = 90 * 86_400.0
"""How long a standing approval lasts when nothing else is said."""

SHELLS = {".ps1": "powershell", ".cmd": "cmd", ".bat": "cmd", ".bash": "bash", ".sh": "bash"}
"""What carries out a script file, by the end of its name."""

SHOWN_LINES = 80

_POLICIES = {
    MissedPolicy.RUN_ONCE: "Missed while nobody ran jobs: run once, as soon as somebody does.",
    MissedPolicy.SKIP: "Missed while nobody ran jobs: left out, and told in the list.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScript:
    """A script that somebody wants to be run by schedule.

    Attributes:
        text: the script, exactly.
        title: what it does, a few words.
        selector: which targets.
        shell: what carries it out, "" for the usual one of the targets.
        notice: when somebody is told.
        found_codes: exit codes that say that something was found.
        become: the account that sudo becomes, "" for none.
        timeout_s: seconds it may run on one target; None for the setting.
        lasts_s: seconds for which its standing approval is asked.
        reason: why, "" when not said.
        only_if: what has to hold on a target for it to run there, None for nothing.
    """

    text: str
    title: str
    selector: str
    shell: str = ""
    notice: JobNotice = field(default_factory=lambda: JobNotice(occasion=JobCause.FAILURE))
    found_codes: tuple[int, ...] = ()
    become: str = ""
    timeout_s: float | None = None
    lasts_s: float = STANDS_S
    reason: str = ""
    only_if: MeasuredCondition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """A job that nobody has kept yet.

    Attributes:
        when: its times.
        terms: how it is run.
        script: what would run, None for a report.
        standing: the approval that it would need, None for a report.
        report: what would be sent, None for a script.
        measure: what would be looked at, None for a script.
        places: targets of that, in words.
    """

    when: ReadPhrase
    terms: JobTerms
    script: NewScript | None = None
    standing: Change | None = None
    report: ReportWish | None = None
    measure: MeasureWish | None = None
    places: str = ""

    def lines(self) -> list[str]:
        """Return all of it for whoever says yes, in lines."""
        lines = self._what()
        lines += when_lines(self.when)
        if self.measure is not None:
            lines += [
                f"told    {self.measure.told}",
                "yes     it only reads what is kept here: nobody has to approve it",
            ]
        if self.script is not None and self.standing is not None:
            lines += only_if_lines(self.script.only_if)
            lines.append(f"told    {self.script.notice.text}")
            lines += _approval_lines(self.standing, self.script.lasts_s)
        return [*lines, *terms_lines(self.terms)]

    def _what(self) -> list[str]:
        if self.report is not None:
            return [f"what    report: {self.report.question}", f"to      {', '.join(self.report.to)}"]
        if self.measure is not None:
            what = f"what    look whether {self.measure.condition.text}, by what opsterm has measured itself"
            return [what, f"where   {self.places}"]
        if self.script is None or self.standing is None:
            return []
        order = self.standing.order
        text = shown_exactly(order.command).split("\n")
        more = [f"        … {len(text) - SHOWN_LINES} more lines"] if len(text) > SHOWN_LINES else []
        return [
            f"what    {self.script.title}", *(f"        {line}" for line in text[:SHOWN_LINES]), *more,
            f"        {shell_text(self.standing)} · {as_whom(self.standing)} · {limit_text(order)} on each target",
            f"where   {targets_text(self.standing)}",
        ]  # fmt: skip


def only_if_lines(condition: MeasuredCondition | None) -> list[str]:
    """Return what has to hold for a script to run."""
    if condition is None:
        return []
    return [
        f"only if {condition.text}, by opsterm's own measurements; where none is fresh it does not run, and says so"
    ]


def when_lines(when: ReadPhrase) -> list[str]:
    """Return when something is done: in English, as cron or rule, the next times, and the default that was taken."""
    schedule = when.schedule
    written = (schedule.cron or schedule.rule) if schedule is not None else ""
    kind = f"{schedule.kind}: {written}" if schedule is not None and written else ""
    lines = [f"when    {when.english}", *([f"        {kind}"] if kind else [])]
    lines += [f"next    {time:%a %Y-%m-%d %H:%M %Z}" for time in when.times]
    return [*lines, *([f"assumed {when.question}"] if when.question else [])]


def terms_lines(terms: JobTerms) -> list[str]:
    """Return how a job is run."""
    tried = f"tried again {terms.retries} times" if terms.retries else "not tried again"
    return [
        *([f"Begun up to {span_text(terms.jitter_s)} later."] if terms.jitter_s else []),
        _POLICIES[terms.missed],
        f"A run that fails is {tried}. A try ends after {span_text(terms.limit_s)}.",
        "While a run goes on the next is left out.",
    ]


def _approval_lines(standing: Change, lasts_s: float) -> list[str]:
    risk = standing.risk
    lines = [f"risk    {risk.level.upper()}  {' '.join(risk.reasons)}".rstrip()]
    lines += [f"{'' if number else 'rules':<8}{line}" for number, line in enumerate(lines_of(standing.review))]
    return [*lines, f"yes     it runs once its standing approval was given, for {age_text(lasts_s)} at most"]


class JobMaking:
    """Works out jobs, and keeps them.

    Args:
        jobs: keeps them.
        changes: revokes the approval of a job that is taken out.
        inventory: targets.
        standing: drafts standing approvals.
        mail: how mail is sent.
        files: reads scripts that the operator names.
        offload: threads.
        measured: looks at measurements.
    """

    def __init__(
        self, jobs: Jobs, changes: Changes, inventory: Inventory, standing: Callable[[], StandingApprovals], *,
        mail: MailSettings, files: Files, offload: Offload, measured: Callable[[], Measured],
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._changes = changes
        self._inventory = inventory
        self._standing = standing
        self._mail = mail
        self._files = files
        self._offload = offload
        self._measured = measured

    async def script_text(self, name: str) -> str:
        """Return the script in a file of the operator's. Raises BadInput: it cannot be read."""
        try:
            return await self._offload.run("files", lambda: self._files.read(Path(name)))
        except OSError as error:
            raise BadInput(
                f"The script {clean_line(name)} cannot be read.", why=f"{error.strerror or error}.",
                next_step="Name a file that is there.",
            ) from error  # fmt: skip

    async def is_windows(self, selector: str) -> bool:
        """Return whether all targets of a selector are reached as Windows is. Raises BadInput: there is none."""
        rows = await self._inventory.resolve(selector)
        return all(row.target.protocol is Protocol.WINRM for row in rows)

    def addresses(self, text: str) -> tuple[str, ...]:
        """Return who gets mail: those of a text, else mail.to. Raises BadInput, BadSetting: no server is set."""
        found = parse_addresses(text or self._mail.to)
        if found:
            check_server(self._mail)
        return found

    async def script(self, wanted: NewScript, when: ReadPhrase, terms: JobTerms) -> JobDraft:
        """Work out a job that runs a script; nothing is kept.

        Raises:
            BadInput: no target, no text, or it is nothing that can run unattended.
            Refused: read-only mode, or a limit or rule does not let it run.
        """
        if wanted.notice.to:
            check_server(self._mail)
        proposal = Proposal(
            command=wanted.text, selector=wanted.selector, shell=wanted.shell, origin="schedule",
            reason=wanted.reason or f"by schedule: {wanted.title}", timeout_s=wanted.timeout_s,
            how=RunAs(become=wanted.become),
        )  # fmt: skip
        standing = await self._standing().draft(proposal, lasts_s=wanted.lasts_s)
        return JobDraft(when=when, terms=terms, script=wanted, standing=standing)

    def report(self, question: str, to: Sequence[str], when: ReadPhrase, terms: JobTerms) -> JobDraft:
        """Work out a job that sends a report. Raises BadInput: there is nobody to send it to."""
        if not to:
            raise BadInput("There is nobody to write to.", next_step="Name an address, or set mail.to.")
        check_server(self._mail)
        return JobDraft(when=when, terms=terms, report=ReportWish(question=question, to=tuple(to)))

    async def measure(self, wish: MeasureWish, when: ReadPhrase, terms: JobTerms) -> JobDraft:
        """Work out a job that looks at measurements. Raises BadInput: no target, or nothing of them is measured."""
        names = [row.target.name for row in await self._inventory.resolve(wish.selector)]
        looked = await self._measured().look(wish.condition, names)
        unread = {name: found.unread for name, found in looked.items() if found.unread}
        if unread and len(unread) == len(names):
            name, why = next(iter(unread.items()))
            raise BadInput(
                f"opsterm itself cannot tell. {name}: {why}.",
                next_step="Have a script look: a script to check disk space. Or measure it: monitoring.remote.",
            )  # fmt: skip
        count = f"{len(names)} target{'s' * (len(names) != 1)} now"
        said = f"; of {fold(list(unread))} nothing fresh is known yet" if unread else ""
        return JobDraft(
            when=when, terms=replace(terms, retries=0),  # the next turn looks again, and telling waits for no try
            measure=wish, places=f"{wish.selector}: {fold(names)} ({count}){said}",
        )  # fmt: skip

    async def keep(self, draft: JobDraft) -> tuple[Job, Change | None]:
        """Keep a job, and propose the standing approval that it needs.

        Raises:
            BadInput: its times are over.
            Refused: read-only mode.
        """
        if draft.report is not None:
            return await self._jobs.add(draft.report.job(draft.when, draft.terms)), None
        if draft.measure is not None:
            return await self._jobs.add(draft.measure.job(draft.when, draft.terms)), None
        assert draft.script is not None  # noqa: S101 (it is the one or the other)
        assert draft.standing is not None  # noqa: S101 (the same)
        standing = await self._standing().keep(draft.standing)
        try:
            return await self._jobs.add(self._wish(draft.script, standing, draft)), standing
        except (BadInput, Refused):
            await self._changes.deny(standing.id, note="no job was made of it")
            raise

    @staticmethod
    def _wish(script: NewScript, standing: Change, draft: JobDraft) -> JobWish:
        names = [target.name for target in standing.order.targets]
        return ScriptWish(
            standing=standing.id, digest=standing.digest, title=script.title, targets=fold(names),
            notice=script.notice, found_codes=script.found_codes, only_if=script.only_if,
        ).job(draft.when, draft.terms)  # fmt: skip

    async def approval_of(self, job: Job) -> Change | None:
        """Return the standing approval of a job; None for one that needs none."""
        return await self._changes.get(script_wish(job).standing) if job.kind == SCRIPT else None

    async def remove(self, name: str) -> Job:
        """Take a job out, and revoke its standing approval. Raises BadInput, NotFound, Refused."""
        job = await self._jobs.remove(name)
        standing = await self.approval_of(job)
        if standing is not None and standing.state in WAITING_STATES:
            await self._changes.deny(standing.id, note=f"{job.name} was taken out")
        return job


def shell_of(name: str) -> str:
    """Return what carries out a script file, by its name; "" for the usual shell of the targets."""
    return SHELLS.get(PurePath(name).suffix.lower(), "")
