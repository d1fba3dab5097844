"""Reports by schedule: a question of the chat is asked anew at each turn, and its answer is sent by mail."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opsterm.assistant.answer import answer_lines
from opsterm.changes.job import Job, JobTerms, once_a_turn
from opsterm.core.errors import BadInput
from opsterm.inventory.target import LOCALHOST
from opsterm.runtime.jobs import JobWish
from opsterm.runtime.mail import Post
from opsterm.runtime.ports_jobs import JobOutcome
from opsterm.runtime.schedules import ReadPhrase

if TYPE_CHECKING:
    from opsterm.runtime.assistant import Assistant

REPORT = "report"
"""The kind of these jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWish:
    """A report that is to be sent by schedule.

    Attributes:
        question: in words of the chat; it is read anew each time, so that "the last 7 days" stays what it says.
        to: mail addresses.
    """

    question: str
    to: tuple[str, ...]

    def job(self, when: ReadPhrase, terms: JobTerms) -> JobWish:
        """Return what is kept of it."""
        body = json.dumps({"question": self.question, "to": self.to}, sort_keys=True)
        what = f"report to {', '.join(self.to)}: {self.question}"
        return JobWish(kind=REPORT, payload=body, what=what, when=when, terms=terms)


def report_wish(job: Job) -> ReportWish:
    """Return what a job of this kind sends."""
    body = json.loads(job.payload)
    return ReportWish(question=body["question"], to=tuple(body["to"]))


class ReportJobs:
    """Sends reports by schedule; they only read what is kept here, so nobody approves them.

    Args:
        assistant: answers.
        post: sends mail.
        host: this machine's name, for mail.
    """

    def __init__(self, assistant: Callable[[], Awaitable[Assistant]], post: Callable[[], Post], host: str) -> None:
        self._assistant = assistant
        self._post = post
        self._host = host

    async def run(self, job: Job) -> JobOutcome:
        """Ask, and send the answer. Raises BadInput: the question is no longer understood."""
        wish = report_wish(job)
        reply = await (await self._assistant()).reply(wish.question)
        if not reply.answer.understood:
            raise BadInput(f"The question is no longer understood: {wish.question}", next_step="Make the job anew.")
        lines = [f"{wish.question}, {job.phrase}.", "", *answer_lines(replace(reply.answer, follow_ups=())), ""]
        mail = await self._post().send(
            wish.to, f"[opsterm] {job.name} {wish.question}", "\n".join([*lines, f"opsterm on {self._host}"]),
            once=once_a_turn(job),
        )  # fmt: skip
        return JobOutcome(said=f"{mail.name} to {', '.join(wish.to)} is in the queue.", targets=(LOCALHOST,))
