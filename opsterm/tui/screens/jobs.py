"""Jobs by schedule: when each comes next and how it went, its page, and what can be done with it by a key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from opsterm.assistant.jobs.acts import JobVerb
from opsterm.changes.change import Change
from opsterm.changes.job import Job, RunState
from opsterm.changes.job_text import last_text, next_text
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.runtime.commands import command
from opsterm.runtime.job_making import JobDraft
from opsterm.runtime.runtime import Runtime
from opsterm.tui.keys import KeyMap
from opsterm.tui.screens.prompt import ConfirmScreen, PromptScreen
from opsterm.tui.screens.record_list import RecordList
from opsterm.tui.screens.text import TextScreen
from opsterm.tui.widgets.row_table import RowTable, TableColumn, TableRow

_KEYS = ("approve_job", "run_job", "hold_job", "remove_job", "new_job")
LOOK_EVERY_S = 5.0


class JobsScreen(RecordList[int]):
    """Lists jobs; it closes with the number of the standing approval that is to be looked at.

    Args:
        runtime: what is asked.
        keymap: which keys do what.
    """

    def __init__(self, runtime: Runtime, keymap: KeyMap) -> None:
        super().__init__("Jobs by schedule", "jobs", runtime, keymap, ())

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        columns = [
            TableColumn(title="job", min_width=4, max_width=7, priority=9),
            TableColumn(title="next", min_width=8, max_width=18, priority=8),
            TableColumn(title="last", min_width=8, max_width=16, priority=7),
            TableColumn(title="what", min_width=16, max_width=80, priority=6, grows=True),
            TableColumn(title="when", min_width=8, max_width=30, priority=5),
            TableColumn(title="approval", min_width=8, max_width=34, priority=4),
        ]
        empty = f"No job yet. {self._keymap.shown(command('new_job'))} makes one of a sentence: what, where and when."
        yield from self.laid_out(columns, _KEYS, empty)

    async def on_mount(self) -> None:
        """Show what there is, and how it goes on."""
        await super().on_mount()
        self.set_interval(LOOK_EVERY_S, self._again)

    def _again(self) -> None:
        self.begin(self._show, group="look at jobs", exclusive=True)

    async def _show(self) -> None:
        try:
            jobs = await self.runtime.jobs.all()
            rows = [await self._row(job) for job in jobs]
            runs = await self.runtime.workers.living_holder() is not None
        except OpstermError as error:
            self._note(str(error))
            return
        self._table.set_rows(rows)
        self.query_one(".dialog").border_title = f"Jobs by schedule ─ {len(jobs)}"
        self.query_one(".dialog").border_subtitle = "" if runs else "no process runs jobs now"

    async def _row(self, job: Job) -> TableRow:
        now = self.runtime.clock.now()
        last = next(iter(await self.runtime.jobs.runs(job, 1)), None)
        state = "paused" if job.paused else next_text(job, now)
        went = last_text(last, now) or "never"
        failed = "✖ " if last is not None and last.state is RunState.FAILED else ""
        approval = await self.runtime.job_view.approval_text(job)
        return TableRow(job.name, (job.name, state, f"{failed}{went}", job.what, job.phrase, approval))

    def _note(self, text: str) -> None:
        self.query_one("#jobs-note", Static).update(clean_line(text))

    def _begin(self, work: Callable[[Job], Awaitable[str]]) -> None:
        """Do something with the job under the cursor, and say what came of it."""
        name = self._table.cursor_key
        if name:
            self.begin(partial(self._do, name, work), group="jobs", exclusive=True)

    async def _do(self, name: str, work: Callable[[Job], Awaitable[str]]) -> None:
        try:
            said = await work(await self.runtime.jobs.get(name))
        except OpstermError as error:
            said = str(error)
        await self._show()
        self._note(said)

    def action_open_job(self) -> None:
        """Show all of the job under the cursor."""

        async def show(job: Job) -> str:
            self.app.push_screen(
                TextScreen(f"{job.name} {job.what}", "\n".join(await self.runtime.job_view.lines(job)))
            )
            return ""

        self._begin(show)

    def action_approve_job(self) -> None:
        """Look at the standing approval of the job under the cursor: approve or revoke it there."""

        async def show(job: Job) -> str:
            standing: Change | None = await self.runtime.job_making.approval_of(job)
            if standing is None:
                return f"{job.name} only reads, and needs no approval."
            self.dismiss(standing.id)
            return ""

        self._begin(show)

    def action_run_job(self) -> None:
        """Let the job under the cursor run now, beside its schedule."""
        self._begin(lambda job: self.runtime.job_wishes.do(JobVerb.RUN, job.name))

    def action_hold_job(self) -> None:
        """Pause the job under the cursor, or let it go on."""
        self._begin(lambda job: self.runtime.job_wishes.do(JobVerb.RESUME if job.paused else JobVerb.PAUSE, job.name))

    def action_remove_job(self) -> None:
        """Take the job under the cursor out; asks first."""
        name = self._table.cursor_key

        def answered(yes: bool | None) -> None:  # noqa: FBT001 (the framework calls it)
            if yes:
                self._begin(lambda job: self.runtime.job_wishes.do(JobVerb.REMOVE, job.name))

        if name:
            question = f"Take {name} out? Its standing approval is revoked; what it has printed stays."
            self.app.push_screen(ConfirmScreen("Remove", question), answered)

    def action_new_job(self) -> None:
        """Ask for a sentence, say the job back, and keep it on a yes."""
        question = (
            "What is to be done, where, when, and who is told, as in:\n"
            "run `df -P` on web-01 every day at 6 and mail me if any disk is over 85% full"
        )

        async def take(text: str) -> None:
            draft = await self.runtime.job_wishes.draft(text)
            self.begin(partial(self._ask, draft), group="jobs", exclusive=True)

        self.app.push_screen(PromptScreen("Make a job", question, attempt=take))

    async def _ask(self, draft: JobDraft) -> None:
        said = "\n".join(draft.lines())
        if await self.app.push_screen_wait(ConfirmScreen("Keep this job", said)):
            self.begin(partial(self._keep, draft), group="jobs", exclusive=True)

    async def _keep(self, draft: JobDraft) -> None:
        try:
            job, standing = await self.runtime.job_making.keep(draft)
        except OpstermError as error:
            self._note(str(error))
            return
        if standing is not None:
            self.dismiss(standing.id)
            return
        await self._show()
        self._note(f"{job.name} is kept.")

    @on(RowTable.Selected)
    def _selected(self, message: RowTable.Selected) -> None:
        message.stop()
        self.action_open_job()
