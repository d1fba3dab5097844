"""Use-cases of plans: a file of several steps, looked at and proposed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from opsterm.changes.change import Change
from opsterm.changes.events import ChangeStepEnded, ChangeStepRolledBack, ChangeStepStarted
from opsterm.changes.plan_file import PlanFile, kept_scripts_in, read_plan_file
from opsterm.changes.plan_remainder import everywhere, names_of
from opsterm.changes.step_progress import steps_now
from opsterm.core.errors import BadInput, OpstermError
from opsterm.core.toml_text import TomlFault
from opsterm.inventory.folding import fold
from opsterm.policy.order import PLAN, RunAs
from opsterm.runtime.assessments import Assessments
from opsterm.runtime.edges import Files
from opsterm.runtime.offload import Offload
from opsterm.runtime.plan_filling import PlanFilling
from opsterm.runtime.plan_outline import StepOutline, outline
from opsterm.runtime.plan_running import KEPT_FACTS
from opsterm.runtime.ports_store import JournalStore
from opsterm.runtime.proposal import Proposal

SHOWN_FAULTS = 5

KeptScripts = Callable[[str], Awaitable[tuple[str, str]]]
"""Returns (text, shell) of what "report@3" names, as `Scripts.step`."""


class Plans:
    """Reads plans.

    Args:
        files: reads the operator's files.
        filling: says on which targets each step is, and writes what is no command.
        journal: returns what says how far plans are; a file is looked at without it.
        assessments: gives what judges steps.
        scripts: returns (text, shell) of a version of a kept script.
        offload: runs what blocks.
    """

    def __init__(
        self, files: Files, filling: PlanFilling, journal: Callable[[], JournalStore], scripts: KeptScripts,
        assessments: Callable[[], Assessments], offload: Offload,
    ) -> None:  # fmt: skip
        self._files = files
        self._filling = filling
        self._journal = journal
        self._scripts = scripts
        self._assessments = assessments
        self._offload = offload

    async def check(self, file: str) -> Sequence[TomlFault]:
        """Return everything that is wrong with a file, () for nothing. Raises BadInput when it cannot be read."""
        _, faults = await self._read(file)
        return faults

    async def proposal(self, file: str, *, on: str = "", origin: str) -> Proposal:
        """Return what a file asks for.

        Args:
            file: its path.
            on: which targets instead of those that it names, "" for those.
            origin: "screen" or "command line".

        Raises:
            BadInput: it cannot be read, has a fault, nobody has said which targets, or `on` says it against its steps,
                is no selector, or is for calls alone.
        """
        found, faults = await self._read(file)
        if found is None:
            more = len(faults) - SHOWN_FAULTS
            raise BadInput(
                f"{file} is no plan: it has {len(faults)} fault{'s' * (len(faults) != 1)}.",
                why="\n".join([*map(str, faults[:SHOWN_FAULTS]), *[f"{more} more"] * (more > 0)]),
                next_step=f"Mend it; all of it is told by: opsterm change check {file}",
            )
        plan, selector, said = found.plan, on or found.selector, tuple[str, ...]()
        if on and any(found.places):
            raise BadInput(
                f"The steps of {file} say on which targets they run, and --on says otherwise.",
                next_step="Leave --on away, or change the file.",
            )
        if on and all(wish is not None and wish.call for wish in found.wishes):
            raise BadInput(
                f"All steps of {file} are calls, and an API says itself where it is.",
                next_step="Leave --on away.",
            )
        if any(found.places) or any(found.wishes):
            plan, said = await self._filling.placed(replace(found, selector=selector))
            plan, selector = everywhere(plan), fold(names_of(plan))
        if not selector.strip():
            raise BadInput(
                f"{file} does not say on which targets.", next_step='Write on = "tag:web" at its top, or use --on.'
            )
        return Proposal(
            command=plan.text(), selector=selector, shell=PLAN, reason=found.reason or found.title, origin=origin,
            timeout_s=found.timeout_s, how=RunAs(become=found.become), rollout=found.rollout, way_back=found.way_back,
            guard=found.guard, verification=found.verification, warnings=said,
        )  # fmt: skip

    async def outline(self, change: Change) -> Sequence[StepOutline]:
        """Return what each step of a plan is by itself. Raises BadInput for what is no plan."""
        return await outline(
            change.order, self._assessments(), reason=change.reason, told=change.risk.reasons
        )  # fmt: skip

    async def steps(self, change: Change) -> Mapping[str, str]:
        """Return by target which step of a plan is at work or was last; {} for what is no plan."""
        if change.order.shell != PLAN or not change.started_at:
            return {}
        kinds = [ChangeStepStarted.kind, ChangeStepEnded.kind, ChangeStepRolledBack.kind]
        facts = await self._journal().search(kinds=kinds, correlation_id=change.name, limit=KEPT_FACTS)
        return steps_now(change, [fact.event for fact in facts])

    async def _read(self, file: str) -> tuple[PlanFile | None, Sequence[TomlFault]]:
        path, text = await self._offload.run("files", lambda: self._text_of(file))
        kept = {name: await self._kept(name) for name in kept_scripts_in(text)}

        def script(name: str) -> tuple[str, str]:
            if name not in kept:
                return self._text(path.parent / Path(name).expanduser()), ""
            found = kept[name]
            if isinstance(found, OpstermError):
                raise found
            return found

        return await self._offload.run("files", lambda: read_plan_file(text, file, script))

    async def _kept(self, name: str) -> tuple[str, str] | OpstermError:
        """Return the error, so that it is told with its line."""
        try:
            return await self._scripts(name)
        except OpstermError as error:
            return error

    def _text_of(self, file: str) -> tuple[Path, str]:
        path = Path(file).expanduser()
        return path, self._text(path)

    def _text(self, path: Path) -> str:
        try:
            return self._files.read(path)
        except OSError as error:
            raise BadInput(
                f"{path} cannot be read.", why=error.strerror or "", next_step="Name a file that is there."
            ) from error
