"""Recovery points on this host: what there is, what is in one, how it differs from now, and putting it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from opsterm.changes.job_text import last_text, next_text
from opsterm.changes.recovery.difference import Difference
from opsterm.changes.recovery.point import PointEntry, RecoveryPoint
from opsterm.changes.recovery.wish import things_of
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import age_text, bytes_text
from opsterm.runtime.commands import command
from opsterm.runtime.recovery import TakeWish
from opsterm.runtime.recovery_copies import restore_proposal
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.snapshot_jobs import SNAPSHOT
from opsterm.tui.keys import KeyMap
from opsterm.tui.screens.prompt import ConfirmScreen, PromptScreen
from opsterm.tui.screens.record_list import RecordList
from opsterm.tui.screens.text import TextScreen
from opsterm.tui.widgets.row_table import RowTable, TableColumn, TableRow

if TYPE_CHECKING:
    pass

_KEYS = ("difference_of_point", "restore_point", "verify_point", "take_point", "remove_point")
SHOWN_ENTRIES = 300
JOBS_SHOWN = 2


class PointsScreen(RecordList[int]):
    """Lists recovery points; it closes with the number of the change that puts one back.

    Args:
        runtime: what is asked.
        keymap: which keys do what.
        targets: those that were chosen in the inventory: where a point is taken.
    """

    def __init__(self, runtime: Runtime, keymap: KeyMap, targets: Sequence[str]) -> None:
        super().__init__("Recovery points", "points", runtime, keymap, targets)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        columns = [
            TableColumn(title="point", min_width=5, max_width=8, priority=9),
            TableColumn(title="target", min_width=8, max_width=30, priority=8),
            TableColumn(title="taken", min_width=5, max_width=6, priority=7),
            TableColumn(title="size", min_width=7, max_width=8, priority=5),
            TableColumn(title="by", min_width=5, max_width=8, priority=4),
            TableColumn(title="label and what", min_width=16, max_width=90, priority=6, grows=True),
        ]
        empty = f"No recovery points yet. {self._keymap.shown(command('take_point'))} takes one of {self._where()}."
        yield from self.laid_out(columns, _KEYS, empty)

    async def _show(self) -> None:
        recovery = self.runtime.recovery
        try:
            points, room = await recovery.points(), await recovery.room()
            baselines = await recovery.baselines.numbers()
        except OpstermError as error:
            self._note(str(error))
            return
        self._table.set_rows([self._row(point, baseline=point.number in baselines) for point in points])
        title = f"Recovery points ─ {len(points)} in {bytes_text(room.disk_bytes)}, {bytes_text(room.free_bytes)} free"
        self.query_one(".dialog").border_title = title
        await self._show_jobs()

    async def _show_jobs(self) -> None:
        """Say on the border which points are taken by schedule, and how that goes."""
        jobs, now = self.runtime.jobs, self.runtime.clock.now()
        said = []
        for job in await jobs.all(SNAPSHOT):
            last = next(iter(await jobs.runs(job, 1)), None)
            parts = (job.name, last_text(last, now), f"next {next_text(job, now)}")
            said.append(" ".join(part for part in parts if part))
        if said:
            more = f" · {len(said) - JOBS_SHOWN} more" if len(said) > JOBS_SHOWN else ""
            self.query_one(".dialog").border_subtitle = f"by schedule: {' · '.join(said[:JOBS_SHOWN])}{more}"

    def _row(self, one: RecoveryPoint, *, baseline: bool) -> TableRow:
        what = ", ".join(str(thing) for thing in one.things)
        words = [*(["baseline"] if baseline else []), *([f"“{one.label}”"] if one.label else []), what]
        age = age_text(self.runtime.clock.now() - one.taken_at)
        return TableRow(
            one.name, (one.name, one.target, age, bytes_text(one.bytes), one.origin, "  ".join(words))
        )  # fmt: skip

    def _note(self, text: str) -> None:
        self.query_one("#points-note", Static).update(clean_line(text))

    def _begin(self, saying: str, work: Callable[[RecoveryPoint], Awaitable[str]]) -> None:
        """Do something with the point under the cursor, say meanwhile that it is done, and then what came of it."""
        name = self._table.cursor_key
        if name:
            self._note(saying.format(name=name))
            self.begin(partial(self._do, name, work), group="points", exclusive=True)

    async def _do(self, name: str, work: Callable[[RecoveryPoint], Awaitable[str]]) -> None:
        try:
            self._note(await work(await self.runtime.recovery.point(name)))
        except OpstermError as error:
            self._note(str(error))

    def action_open_point(self) -> None:
        """Show what is in the point under the cursor."""

        async def show(point: RecoveryPoint) -> str:
            entries = [entry for part in point.parts for entry in await self.runtime.recovery.entries(part)]
            self.app.push_screen(TextScreen(f"{point.name} of {point.target}", _facts(point, entries)))
            return ""

        self._begin("Reading {name} …", show)

    def action_difference_of_point(self) -> None:
        """Look how the target differs now from the point under the cursor."""

        async def compare(point: RecoveryPoint) -> str:
            found = await self.runtime.recovery.comparison.differences(point, lines=True)
            if found:
                self.app.push_screen(TextScreen(f"{point.target} now, beside {point.name}", _differences(found)))
            return f"{len(found)} differences." if found else f"{point.target} is as {point.name} holds it."

        self._begin("Looking how the target differs from {name} …", compare)

    def action_restore_point(self) -> None:
        """Propose to put the point under the cursor back; its approval opens."""

        async def propose(point: RecoveryPoint) -> str:
            change = await self.runtime.changes.propose(restore_proposal(point, reason="", origin="screen"))
            self.dismiss(change.id)
            return ""

        self._begin("Proposing to put {name} back …", propose)

    def action_verify_point(self) -> None:
        """Read all of the point under the cursor, and hash it again."""

        async def verify(point: RecoveryPoint) -> str:
            [checked, *_] = await self.runtime.recovery.verify([point.name])
            return (
                f"{point.name} is damaged: {' '.join(checked.faults)}" if checked.faults else f"{point.name} is whole."
            )

        self._begin("Reading all of {name} …", verify)

    def action_remove_point(self) -> None:
        """Throw the point under the cursor away; asks first."""
        name = self._table.cursor_key

        async def remove(point: RecoveryPoint) -> str:
            recovery = self.runtime.recovery
            done = await recovery.prune(await recovery.plan_prune(names=[point.name]))
            await self._show()
            return f"{point.name} is gone; {bytes_text(done.freed_bytes)} became free."

        def answered(yes: bool | None) -> None:  # noqa: FBT001 (the framework calls it)
            if yes:
                self._begin("Throwing {name} away …", remove)

        if name:
            question = f"Throw {name} away? What only it holds is lost."
            self.app.push_screen(ConfirmScreen("Remove", question), answered)

    def action_take_point(self) -> None:
        """Ask for paths, and take a point of them on the targets that are chosen in the inventory."""
        if not self._targets:
            self._note("Choose targets in the inventory first.")
            return

        async def take(text: str) -> None:
            wish = TakeWish(selector=" or ".join(self._targets), things=things_of(text.split()))
            self._note(f"Taking it from {self._where()} …")
            self.begin(partial(self._take, wish), group="points", exclusive=True)

        question = (
            f"Files or trees to keep of {self._where()}, from / on, with blanks between.\nNothing is changed there."
        )
        self.app.push_screen(PromptScreen("Take a recovery point", question, value="/etc", attempt=take))

    async def _take(self, wish: TakeWish) -> None:
        try:
            taken = await self.runtime.recovery.take(wish)
        except OpstermError as error:
            self._note(str(error))
            return
        failed = [f"{one.target}: {one.error.what} {one.error.why}" for one in taken if one.error is not None]
        self._note(" ".join([f"{len(taken) - len(failed)} taken.", *failed[:2]]))
        await self._show()

    @on(RowTable.Selected)
    def _selected(self, message: RowTable.Selected) -> None:
        message.stop()
        self.action_open_point()


def _facts(point: RecoveryPoint, entries: Sequence[PointEntry]) -> str:
    lines = [
        f"target    {point.target}", f"by        {point.origin}",
        *([f"label     {point.label}"] if point.label else []),
        f"size      {bytes_text(point.bytes)} in {point.entries} files, folders and links",
        f"added     {bytes_text(point.stored_bytes)} here; {bytes_text(point.sent_bytes)} came over the line",
        f"digest    {point.digest}", *(f"holds     {thing}" for thing in point.things), "",
        *(_entry(entry) for entry in entries[:SHOWN_ENTRIES]),
    ]  # fmt: skip
    if len(entries) > SHOWN_ENTRIES:
        lines.append(f"… and {len(entries) - SHOWN_ENTRIES} more: opsterm snapshot show {point.name} --all")
    return "\n".join(lines)


def _entry(entry: PointEntry) -> str:
    size = bytes_text(entry.size) if entry.kind == "file" else entry.kind
    return f"{entry.mode & 0o7777:04o} {size:>8} {clean_line(entry.path, limit=300)}"


def _differences(found: Sequence[Difference]) -> str:
    lines = []
    for one in found:
        lines.append(f"{one.what:8} {clean_line(one.path or one.thing, limit=300)}  {', '.join(one.how)}".rstrip())
        lines += [f"         {line}" for line in one.lines]
    return "\n".join(lines)
