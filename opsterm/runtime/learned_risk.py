"""Use-cases of what is learned of risk: train it, say how it stands, let it raise a grade, show it to an auditor."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import takewhile
from pathlib import Path

from opsterm.changes.past_commands import ENDED, past_commands
from opsterm.core.clock import Clock
from opsterm.core.errors import StorageError
from opsterm.policy.context import NOWHERE, Surroundings
from opsterm.policy.learned.kept import model_from_text, model_to_text
from opsterm.policy.learned.lesson import Lesson, digest_of, judged, lessons_of, read_cases
from opsterm.policy.learned.model import LearnedModel, raise_by, why_silent
from opsterm.policy.learned.traits import TRAITS, situation
from opsterm.runtime.compliance import Compliance
from opsterm.runtime.edges import Files
from opsterm.runtime.events import RiskModelTrained
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports_learned import LearnedFile
from opsterm.runtime.ports_store import ChangeStore

MOST_OWN = 5_000
"""Changes that are learned from at most, the newest."""

READ_AGAIN_S = 60.0
"""Seconds after which the file is read again: another process may have trained."""

_NOT_TRAINED = "Nothing was learned yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedState:
    """What was learned, and whether it speaks.

    Attributes:
        model: what was trained last, None when there is nothing that can be used.
        silent: a sentence that says why it raises nothing, "" when it may.
        at: epoch seconds at which this was so.
        outdated: whether it is silent only because its file is spoilt, or of another version: to be trained anew.
    """

    model: LearnedModel | None
    silent: str
    at: float
    outdated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedExport:
    """What an auditor is shown.

    Attributes:
        state: what is in force.
        lessons: what a training would use now, secrets masked.
        same: whether the model was trained on these very lessons.
    """

    state: LearnedState
    lessons: Sequence[Lesson]
    same: bool


class LearnedRisk:
    """Raises grades by what became of this operator's own changes. It has no way to lower one."""

    def __init__(
        self, clock: Clock, *, compliance: Compliance, files: Files, cases: Path, offload: Offload,
        open_file: Callable[[], Awaitable[LearnedFile]], changes: Callable[[], ChangeStore],
        inventory: Callable[[], Inventory], ledger: Callable[[], Ledger],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._compliance = compliance
        self._files = files
        self._cases = cases
        self._offload = offload
        self._open_file = open_file
        self._changes = changes
        self._inventory = inventory
        self._ledger = ledger
        self._state: LearnedState | None = None

    async def status(self) -> LearnedState:
        """Return how it stands. Needs no open store."""
        now = self._clock.now()
        if self._state is None or not 0 <= now - self._state.at < READ_AGAIN_S:
            self._state = await self._read(now)
        return self._state

    async def _read(self, now: float) -> LearnedState:
        try:
            text = await (await self._open_file()).read()
            if text is None:
                return LearnedState(model=None, silent=_NOT_TRAINED, at=now)
            model = await self._offload.run("learning", lambda: model_from_text(text))
        except StorageError as error:
            return LearnedState(model=None, silent=str(error), at=now, outdated=True)
        library = await self._offload.run("learning", lambda: metadata.version("scikit-learn"))
        outdated = (model.traits, model.library) != (TRAITS, library)
        return LearnedState(model=model, silent=why_silent(model, library), at=now, outdated=outdated)

    async def around(
        self, command: str, shell: str, around: Surroundings | None, *, tags: Collection[str] = (), become: str = ""
    ) -> Surroundings | None:
        """Return the surroundings of a command with what was learned of such commands; as given when that is nothing.

        Args:
            command: the text for the shell.
            shell: its language.
            around: where and when it would run, None when nothing is known of it.
            tags: of its targets.
            become: the account that sudo becomes, "" for none.

        Raises:
            BadSetting: policy.windows cannot be read.
        """
        state = await self.status()
        if state.silent or state.model is None or (understood := judged(command, shell)) is None:
            return around
        now = self._clock.now()
        place = around or NOWHERE
        where = situation(
            place, at=now, tags=tuple(tags), become=bool(become), in_window=self._compliance.in_window(now)
        )  # fmt: skip
        return replace(place, learned=raise_by(state.model, understood, where))

    async def train(self) -> LearnedState:
        """Learn from the newest changes and from the cases that ship. Needs an open store.

        A caller that is cancelled ends the training within a fit, and what was learned before stays.

        Raises:
            BadSetting: policy.windows cannot be read.
            StorageError: it cannot be kept.
        """
        gather, now, stop = await self._gathering(), self._clock.now(), threading.Event()

        def work() -> LearnedModel:
            from opsterm.policy.learned.training import train  # noqa: PLC0415 (scikit-learn takes 1.4 s to load)

            return train(gather(stop.is_set), at=now, stopped=stop.is_set)

        try:
            model = await self._offload.run("learning", work)
        finally:
            stop.set()
        await (await self._open_file()).keep(model_to_text(model))
        self._state = None
        state, figures, ledger = await self.status(), model.figures, self._ledger()
        event = RiskModelTrained(
            lessons=model.lessons, own=figures.own, bad=figures.bad, shipped=figures.shipped, silent=state.silent
        )  # fmt: skip
        await ledger.record(ledger.fact(event))
        return state

    async def export(self) -> LearnedExport:
        """Return what was learned, and what it would be learned from now. Needs an open store.

        Raises:
            BadSetting: policy.windows cannot be read.
        """
        gather, state = await self._gathering(), await self.status()
        lessons = await self._offload.run("learning", lambda: gather(lambda: False))
        same = state.model is not None and state.model.lessons == digest_of(lessons)
        return LearnedExport(state=state, lessons=lessons, same=same)

    async def write(self, text: str, file: str) -> None:
        """Write an export to a new file that this account alone may read. Raises BadInput."""
        await self._offload.run("files", lambda: self._files.write_new(Path(file).expanduser(), text.encode()))

    async def _gathering(self) -> Callable[[Callable[[], bool]], Sequence[Lesson]]:
        """Return what gathers the lessons of now; it blocks, for a millisecond each, or until it is told to stop."""
        changes = await self._changes().list(ENDED, MOST_OWN)
        targets = [row.target for row in self._inventory().rows()]
        labels = {target.name: (target.groups, target.tags) for target in targets}

        def gather(stopped: Callable[[], bool]) -> Sequence[Lesson]:
            own = takewhile(lambda _: not stopped(), past_commands(changes, labels, self._compliance.in_window))
            return lessons_of([*own, *read_cases(self._files.read(self._cases))])

        return gather
