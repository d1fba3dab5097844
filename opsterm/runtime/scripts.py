"""Use-cases of scripts: write one from a task, look at one, keep versions, and turn one into a proposal."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opsterm.assistant.scripts.tasks import TaskNames
from opsterm.assistant.scripts.wish import WishedScript, read_wish
from opsterm.changes.scripts.events import ScriptKept
from opsterm.changes.scripts.explained import ExplainedLine, explain_script
from opsterm.changes.scripts.kept import KeptScript, parse_reference, require_name, require_text
from opsterm.changes.scripts.powershell_parse import powershell_fault
from opsterm.changes.scripts.task import Language, ScriptTask
from opsterm.changes.scripts.task_file import tasks_of
from opsterm.changes.scripts.written import WrittenScript, runnable, write_script
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.text import clean_line
from opsterm.policy.assessment import Assessment
from opsterm.policy.mask import mask
from opsterm.runtime.assessments import NOWHERE, Assessments, Whereabouts
from opsterm.runtime.edges import Files
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_scripts import ScriptStore, ScriptTools, ToolReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptReview:
    """A script looked at.

    Attributes:
        reports: what each program said; our own reading first.
        assessment: what it would do, its risk, and what the rules say.
    """

    reports: Sequence[ToolReport]
    assessment: Assessment

    @property
    def runs(self) -> bool:
        """Whether nothing was found that keeps it from running."""
        return not any(report.grave and report.faults for report in self.reports)


class Scripts:
    """Scripts: those that are written from tasks that ship, and those of this site.

    Args:
        store: returns where those of this site are.
        assessments: returns what grades a text.
        tools: finds the programs that look at one.
        folder: where the tasks are.
    """

    def __init__(
        self, store: Callable[[], ScriptStore], ledger: Ledger, clock: Clock, *, operator: Operator,
        assessments: Callable[[], Assessments], tools: Callable[[], Awaitable[ScriptTools]], files: Files,
        offload: Offload, folder: Path,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._operator = operator
        self._assessments = assessments
        self._tools = tools
        self._files = files
        self._offload = offload
        self._folder = folder
        self._tasks: Mapping[str, ScriptTask] | None = None
        self._words: TaskNames | None = None

    # ------------------------------------------------------------------ writing

    async def tasks(self) -> Mapping[str, ScriptTask]:
        """Return the tasks that scripts can be written for, by their ids."""
        if self._tasks is None:
            self._tasks = await self._offload.run("files", self._read_tasks)
        return self._tasks

    async def task(self, task_id: str) -> ScriptTask:
        """Return a task. Raises NotFound."""
        found = (await self.tasks()).get(task_id)
        if found is None:
            raise NotFound(
                f"There is no task {clean_line(task_id)[:60]!r}.", next_step="`opsterm script list` lists them."
            )
        return found

    async def wish(self, words: str) -> WishedScript:
        """Return what words wish for; it asks back where two tasks fit, and names what is near where none does."""
        tasks = await self.tasks()
        if self._words is None:
            self._words = TaskNames(tasks.values())
        return read_wish(words, tasks, self._words)

    async def write(
        self, task_id: str, language: Language, given: Mapping[str, str], *, limit_s: int = 0, only_check: bool = False
    ) -> WrittenScript:
        """Write a script from a task; see `changes.scripts.written.write_script`.

        Raises:
            NotFound: there is no such task.
            BadInput: it is not there in this language, or a value is missing or none.
        """
        return write_script(
            await self.task(task_id), language, given, limit_s=limit_s, only_check=only_check
        )  # fmt: skip

    # ------------------------------------------------------------------ looking

    async def review(self, text: str, language: Language, *, where: Whereabouts = NOWHERE) -> ScriptReview:
        """Look at a script without running it. Raises BadInput for what is none, BadSetting for rules that are none."""
        require_text(text)
        reports = [] if language is not Language.POWERSHELL else [_own_reading(text)]
        reports += await (await self._tools()).look(text, language)
        return ScriptReview(reports=reports, assessment=await self.assess(text, language, where=where))

    async def assess(self, text: str, language: Language, *, where: Whereabouts = NOWHERE) -> Assessment:
        """Return what a script would do, its risk, and what the rules say. Raises BadSetting."""
        command, shell = runnable(text, language)
        return await self._assessments().assess(command, shell=shell, where=where)

    async def explain(self, text: str, language: Language) -> Sequence[ExplainedLine]:
        """Return each line with what it does. Raises BadInput for what is no script."""
        require_text(text)
        return await self._offload.run("files", lambda: explain_script(text, language))

    async def read(self, file: str) -> str:
        """Return the text of a file. Raises BadInput."""
        try:
            return await self._offload.run("files", lambda: self._files.read(Path(file).expanduser()))
        except OSError as error:
            raise BadInput(f"{file} cannot be read.", why=f"{error.strerror}.") from error

    # ------------------------------------------------------------------ keeping

    async def kept(self) -> Sequence[KeptScript]:
        """Return the newest version of each script of this site, by name."""
        return await self._store().newest()

    async def versions(self, name: str) -> Sequence[KeptScript]:
        """Return all versions of a script, the newest first. Raises NotFound."""
        found = await self._store().versions(name)
        if not found:
            raise NotFound(
                f"This site has no script {clean_line(name)[:60]!r}.",
                next_step="`opsterm script list` lists what there is; `opsterm script save` keeps one.",
            )
        return found

    async def get(self, reference: str) -> KeptScript:
        """Return a version of a script, as in "disk@3"; the newest where none is said. Raises NotFound."""
        name, version = parse_reference(reference) or (reference, 0)
        found = await self.versions(name)
        if not version:
            return found[0]
        for one in found:
            if one.version == version:
                return one
        raise NotFound(
            f"{name} has no version {version}.", next_step=f"The newest is {found[0].reference}."
        )  # fmt: skip

    async def step(self, reference: str) -> tuple[str, str]:
        """Return (text, shell) that a step of a plan runs for a version of a script.

        Raises:
            NotFound: there is no such version.
            BadInput: it is in PowerShell, and plans run in shells of Unix.
        """
        kept = await self.get(reference)
        if kept.language is Language.POWERSHELL:
            raise BadInput(
                f"{kept.reference} is in PowerShell, and the steps of plans run in sh and bash.",
                next_step=f"Run it by itself: opsterm script run {kept.reference} --on SELECTOR",
            )
        return runnable(kept.text, kept.language)

    async def save(self, name: str, text: str, language: Language, *, about: str = "") -> KeptScript:
        """Keep a text as the next version of a name; the very text of the newest version makes no other one.

        Raises:
            BadInput: the name is none or that of a task, the text is none or does not run, or it holds a secret.
        """
        require_name(name)
        if name in await self.tasks():
            raise BadInput(f"{name} is the name of a task that ships.", next_step="Give it another name.")
        require_text(text)
        _require_no_secret(text)
        broken = [fault for report in (await self.review(text, language)).reports if report.grave
                  for fault in report.faults]  # fmt: skip
        if broken:
            raise BadInput(
                f"The script does not run: line {broken[0][0]}: {broken[0][1]}",
                next_step="`opsterm script check` tells everything that was found.",
            )
        newest = next(iter(await self._store().versions(name)), None)
        if newest is not None and (newest.text, newest.language) == (text, language):
            return newest
        script = KeptScript(
            name=name, version=0, language=language, text=text, about=clean_line(mask(about)[0])[:200],
            by=self._operator.name, at=self._clock.now(),
        )  # fmt: skip
        digest = hashlib.sha256(text.encode()).hexdigest()
        version, facts = await self._store().keep(
            script,
            lambda number: [
                self._ledger.fact(ScriptKept(script=f"{name}@{number}", language=language.value, sha256=digest))
            ],
        )
        self._ledger.committed(facts)
        return replace(script, version=version)

    def _read_tasks(self) -> Mapping[str, ScriptTask]:
        """Return the tasks that ship, by family and in the order of their files."""
        paths = [Path(name) for name in self._files.glob(f"{self._folder}/*.toml")]
        return {task.id: task for path in paths for task in tasks_of(self._files.read(path), path.name)}


def _own_reading(text: str) -> ToolReport:
    fault = powershell_fault(text)
    return ToolReport(tool="our own reading", ran=True, faults=(fault,) if fault else (), grave=True)


def _require_no_secret(text: str) -> None:
    """Refuse a text that holds a secret: what is kept is what runs, so that it cannot be masked. Raises BadInput."""
    for number, line in enumerate(text.split("\n"), 1):
        if mask(line)[1]:
            raise BadInput(
                f"Line {number} of the script holds what looks like a secret, so it was not kept.",
                why="A script is kept as it runs, where others can read it.",
                next_step="Let it read the secret on the target, from a file that only its account may read.",
            )
    if mask(text)[1]:
        raise BadInput(
            "The script holds what looks like a secret over several lines, so it was not kept.",
            next_step="Let it read the secret on the target, from a file that only its account may read.",
        )
