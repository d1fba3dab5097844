"""Use-cases of what is learned from commands: suggest, show, forget, and make a runbook of what is repeated."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, Refused
from opsterm.core.text import clean_line
from opsterm.knowledge.card import Card, CardKind, CardRisk, CardStep, CardSystem
from opsterm.knowledge.card_file import write_cards
from opsterm.knowledge.command_use import CommandUse
from opsterm.knowledge.events import HabitForgotten
from opsterm.knowledge.habits import SESSION_GAP_S, Habits, Suggestion
from opsterm.knowledge.workflows import Workflow, workflows_of
from opsterm.policy.level import RiskLevel
from opsterm.policy.risk import assess
from opsterm.runtime.fixes import context_of
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.knowledge import Knowledge
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.masking import Masking
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_habits import CommandUseStore

TAKEN_AT_ONCE = 2_000
FRESH_S = 2.0
"""Seconds for which what is in memory is taken as it is: a keystroke asks no disk."""

LEAST_GROUPED, MOST_GROUPED = 12, 2_000
"""Different commands between which groups are worth the second that they take: with more, what followed tells more."""

_DIRECTORY = re.compile(r"cd (?:-- )?([^\s;&|<>$`'\"*?]+) *(?:&&|;)")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RISKS = tuple(RiskLevel)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedSuggestion:
    """A suggestion with how bad it could be.

    Attributes:
        suggestion: the command and why.
        level: its grade by itself; where it would run may raise it.
    """

    suggestion: Suggestion
    level: RiskLevel

    @property
    def calm(self) -> bool:
        """Whether it may stand behind the cursor as the end of what is typed: anything risky is only ever listed."""
        return self.level in (RiskLevel.READ, RiskLevel.LOW, RiskLevel.MEDIUM)


class Suggestions:
    """What an operator ran, kept masked on this host, and what is suggested from it. Nothing runs from here.

    Args:
        on: the setting learning.commands.
        stays: whether this process stays, so that it is worth loading scikit-learn in a thread.
    """

    def __init__(
        self, store: CommandUseStore, ledger: Ledger, clock: Clock, *, operator: Operator, inventory: Inventory,
        masking: Masking, offload: Offload, knowledge: Callable[[], Knowledge], on: bool, stays: bool,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._operator = operator
        self._inventory = inventory
        self._masking = masking
        self._offload = offload
        self._knowledge = knowledge
        self._on = on
        self._stays = stays
        self._groups: Mapping[str, int] | None = None  # None before they are sorted, {} once they are taken
        self._habits = Habits()
        self._uses: list[CommandUse] = []
        self._state = (0, 0)
        self._asked_at = -FRESH_S
        self._turn = asyncio.Lock()
        self._levels: dict[tuple[str, str], RiskLevel] = {}
        self._shells: dict[str, str] = {}

    # ------------------------------------------------------------------ learning

    async def refresh(self) -> None:
        """Take in what has run since, and what other processes have taken in or forgotten. Raises StorageError."""
        async with self._turn:
            while taken := await self._store.not_taken(TAKEN_AT_ONCE):
                await self._store.keep(await self._masked(taken))
                if len(taken) < TAKEN_AT_ONCE:
                    break
            state = await self._store.newest()
            if state == self._state:
                return
            if state[1] != self._state[1]:  # something was forgotten
                self._uses, self._habits = [], Habits()
            first = not self._uses
            fresh = await self._store.since(self._uses[-1].id if self._uses else 0, self._operator.name)
            self._uses += fresh
            self._shells.update((use.command, use.shell) for use in fresh)
            if first:
                uses = list(self._uses)
                self._habits = await self._offload.run("learning", lambda: Habits(uses))
            else:
                for use in fresh:
                    self._habits.add(use)
            self._state = state

    async def _masked(self, taken: Sequence[tuple[CommandUse, Sequence[str]]]) -> Sequence[CommandUse]:
        texts = await self._masking.mask_all([use.command for use, _ in taken])
        return [
            replace(use, command=_one_line(text), host_class=self.host_class(names), directory=directory_in(text))
            for (use, names), text in zip(taken, texts, strict=True)
        ]

    def host_class(self, names: Sequence[str]) -> str:
        """Return what some targets are in a word or two, as in "linux web"; "" when they differ or are not known."""
        found = {context_of(target) for name in names if (target := self._inventory.target(name)) is not None}
        kinds = {f"{one.system} {one.role}".strip() for one in found}
        return kinds.pop() if len(kinds) == 1 else ""

    def _learn_groups(self) -> None:
        """Sort the commands into groups of like ones, once, in a thread that nobody waits for."""
        commands = list(self._habits.commands)
        if self._groups is not None or not LEAST_GROUPED <= len(commands) <= MOST_GROUPED:
            return
        self._groups = {}

        def work() -> None:
            from opsterm.knowledge.habit_groups import groups_of  # noqa: PLC0415 (scikit-learn takes 1.4 s to load)

            self._groups = groups_of(commands)

        self._offload.begin("learning", work)

    # ------------------------------------------------------------------ suggesting

    async def suggest(
        self, prefix: str = "", *, after: Sequence[str] = (), targets: Sequence[str] = (), directory: str = "",
        limit: int = 5,
    ) -> Sequence[RatedSuggestion]:  # fmt: skip
        """Return commands that may be meant, the likeliest first; none when the setting learning.commands is off.

        Args:
            prefix: what was typed of it; "" for the next one.
            after: what was run before, the newest last; () for what was run here within half an hour.
            targets: names of those that it would run on.
            directory: where, "" when not known.
            limit: most to return.

        Raises:
            StorageError: what was run cannot be read.
        """
        if not self._on:
            return ()
        if self._clock.monotonic() - self._asked_at > FRESH_S:
            await self.refresh()
            self._asked_at = self._clock.monotonic()
            if self._stays:
                self._learn_groups()
        if self._groups:
            self._habits.use_groups(self._groups)
            self._groups = {}
        found = self._habits.suggest(
            prefix.lstrip(), after=after or self._latest(), host_class=self.host_class(targets), directory=directory,
            now=self._clock.now(), limit=limit,
        )  # fmt: skip
        return [RatedSuggestion(suggestion=one, level=self._level(one.command)) for one in found]

    def _latest(self) -> Sequence[str]:
        """Return the commands of the half hour that is not over, the newest last."""
        if not self._uses or self._clock.now() - self._uses[-1].at > SESSION_GAP_S:
            return ()
        return [use.command for use in self._uses[-3:]]

    def _level(self, command: str) -> RiskLevel:
        key = command, self._shells.get(command, "sh")
        if key not in self._levels:
            self._levels[key] = assess(*key, [], []).level
        return self._levels[key]

    # ------------------------------------------------------------------ looking, forgetting

    async def uses(self) -> Sequence[CommandUse]:
        """Return what is kept of this operator's commands, the oldest first. Raises StorageError."""
        if self._on:
            await self.refresh()
            return tuple(self._uses)
        return await self._store.since(0, self._operator.name)

    async def forget(self, command: str = "") -> int:
        """Forget all uses of a command by this operator, "" for everything; return how many they were.

        The changes themselves stay in the audit. Raises NotFound when there is nothing to forget.
        """
        text = command.strip()
        facts = await self._store.forget(
            self._operator.name, text, lambda uses: [self._ledger.fact(HabitForgotten(uses=uses))]
        )
        if not facts:
            raise NotFound(
                f"Nothing is kept of {clean_line(text)[:60]!r}." if text else "Nothing is kept of your commands.",
                next_step="`opsterm habits list` lists what is kept.",
            )
        self._ledger.committed(facts)
        self._asked_at = -FRESH_S
        await self.refresh()
        return sum(fact.event.uses for fact in facts if isinstance(fact.event, HabitForgotten))

    # ------------------------------------------------------------------ what is repeated

    async def workflows(self) -> Sequence[Workflow]:
        """Return the sequences that were repeated and ended well. Raises StorageError."""
        uses = await self.uses()
        return await self._offload.run("learning", lambda: workflows_of(uses))

    async def save(self, number: int, *, card_id: str, title: str) -> Card:
        """Keep a sequence as a runbook of this site.

        Args:
            number: its place among `workflows`, from 1.
            card_id: of the card.
            title: one line.

        Raises:
            BadInput: there is no such sequence, the id is none, or is taken.
            Refused: learning is off.
        """
        if not self._on:
            raise Refused("Nothing is learned from commands.", next_step="Set learning.commands to true.")
        found = await self.workflows()
        if not 1 <= number <= len(found):
            raise BadInput(f"There are {len(found)} sequences, and no number {number}.")
        card = runbook_of(found[number - 1], card_id, title)
        (kept,) = await self._knowledge().add(write_cards([card]))
        return kept


def _one_line(text: str) -> str:
    """Return a command as it is learned; "" for what has several lines, which no line to type in could hold."""
    said = text.strip()
    return said if said.isprintable() else ""


def directory_in(command: str) -> str:
    """Return the directory that a command goes to first, "" when it goes nowhere."""
    match = _DIRECTORY.match(command)
    return match[1] if match else ""


def runbook_of(workflow: Workflow, card_id: str, title: str) -> Card:
    """Return a sequence as a runbook: what only reads are its looks too, and the risk is that of its worst step.

    Raises:
        BadInput: the id is none, or there is no title.
    """
    if not _ID.fullmatch(card_id):
        raise BadInput(f"{card_id[:60]!r} is no id.", next_step="Write small letters and digits joined by -.")
    if not title.strip():
        raise BadInput("A runbook needs a title.")
    levels = [assess(command, shell, [], []).level for command, shell in workflow.commands]
    worst = max(levels, key=_RISKS.index)
    windows = all(shell in ("powershell", "cmd") for _, shell in workflow.commands)
    return Card(
        id=card_id, kind=CardKind.RUNBOOK, title=title.strip(), family="ours",
        systems=(CardSystem.WINDOWS if windows else CardSystem.LINUX,), symptoms=(title.strip(),),
        fix=tuple(
            CardStep(text=command, shell="sh" if shell == "bash" else shell) for command, shell in workflow.commands
        ),
        risk=CardRisk(worst.value) if worst.value in set(CardRisk) else CardRisk.CRITICAL,
        rollback="" if worst is RiskLevel.READ else "That of each step: opsterm rollback of its change.",
        verify=f"Each step ended well {workflow.times} times before.",
    )  # fmt: skip
