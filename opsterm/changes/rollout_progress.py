"""How far a rollout is: what may start now, and why nothing more will.

It knows no clock and waits for nothing. Whoever runs a change asks `starts` at the beginning and after every end. When
it is `at_gate`, nothing starts until whoever runs it says that the gate is passed, or stays shut.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence

from opsterm.changes.change import Outcome, OutcomeState
from opsterm.changes.rollout import Rollout, Strategy

_OPEN = (OutcomeState.WAITING, OutcomeState.RUNNING)


class RolloutProgress:
    """Says of a rollout which targets may start.

    A start takes one of the failure budget until its target has ended well, so that the budget cannot be overrun. A
    member of a redundancy group counts as away while it is worked on and when it has failed.

    Attributes:
        stopped: why nothing more starts, "" while that is not so. It never changes back.
        at_gate: targets of the batch behind which the rollout stands at a gate, () while it stands at none.

    Args:
        rollout: any.
        names: of the targets, in the order in which they are worked on.
        at_once: targets that are worked on at the same time, at most.
        silent: names of targets that do not answer, as known when it begins.
    """

    def __init__(
        self, rollout: Rollout, names: Sequence[str], *, at_once: int, silent: Collection[str] = ()
    ) -> None:  # fmt: skip
        self.stopped = ""
        self.at_gate: tuple[str, ...] = ()
        self._passed = False
        self._rollout = rollout
        self._batches = rollout.batches(names)
        self._batch: OrderedDict[str, None] = OrderedDict()  # of the batch that is at work: what has not started
        self._running: set[str] = set()
        self._failed: set[str] = set()
        self._at_once = at_once
        self._budget = rollout.budget.of(len(names)) if rollout.budget is not None else None
        self._trying = rollout.first > 0
        self._away = {group: set(members) & {*silent, *rollout.away} for group, members in rollout.groups.items()}
        self._groups = {name: self._groups_with(name) for name in names} if rollout.groups else {}
        self._next = 0

    def _groups_with(self, name: str) -> tuple[str, ...]:
        return tuple(group for group, members in self._rollout.groups.items() if name in members)

    @property
    def not_started(self) -> list[str]:
        """Names of the targets that have not been started, in their order."""
        return [*self._batch, *(name for batch in self._batches[self._next :] for name in batch)]

    def starts(self) -> tuple[str, ...]:
        """Return the targets that are to be started now, in their order; they count as started from here on."""
        if not self.stopped:
            self.stopped = self._obstacle()
        if self.stopped:
            return ()
        if not self._batch and not self._running:
            if self._has_gate():
                self.at_gate = tuple(self._batches[self._next - 1])
                return ()
            self._begin_batch()
        chosen: list[str] = []
        for name in list(self._batch) if self._groups else self._batch:
            if len(chosen) >= self._room():
                break
            if self._groups and not self._may_be_away(name):
                continue
            chosen.append(name)
            for group in self._groups.get(name, ()):
                self._away[group].add(name)
        for name in chosen:
            del self._batch[name]
        self._running.update(chosen)
        if self._batch and not self._running:
            self.stopped = self._why_held(next(iter(self._batch)))
        return tuple(chosen)

    def _has_gate(self) -> bool:
        """Return whether there is a gate between the batch that has ended and the next that it is not through yet."""
        between = 0 < self._next < len(self._batches) and not self._passed
        return between and bool(self._rollout.wait_s or (self._trying and self._rollout.gate is not None))

    @property
    def is_trial(self) -> bool:
        """Whether what is at work, or was last, are those that are tried first."""
        return self._trying

    def passed(self) -> None:
        """Take note that the gate is passed: the next batch may begin."""
        self.at_gate, self._passed = (), True

    def shut(self, why: str, *, fallen: Collection[str] = ()) -> None:
        """Take note that the gate stays shut: nothing more starts.

        Args:
            why: in a few words.
            fallen: targets that had ended well, and are found not to be.
        """
        self.at_gate = ()
        self._failed.update(fallen)
        self.stopped = self.stopped or why

    def _begin_batch(self) -> None:
        self._passed = False
        if self._next < len(self._batches):
            self._batch = OrderedDict.fromkeys(self._batches[self._next])
            self._trying = self._rollout.first > 0 and self._next == 0
            self._next += 1

    def _room(self) -> int:
        """Return how many may start beside those that run."""
        room = self._at_once - len(self._running)
        if self._budget is not None:
            room = min(room, self._budget - len(self._failed) - len(self._running))
        return room

    def _may_be_away(self, name: str) -> bool:
        most = self._rollout.max_unavailable
        return all(len(self._away[group]) + (name not in self._away[group]) <= most for group in self._groups[name])

    def ended(self, name: str, *, well: bool) -> None:
        """Take note that a target that was started has ended.

        Args:
            name: of the target.
            well: whether it was done; anything else takes one of the budget for good.
        """
        self._running.remove(name)
        if not well:
            self._failed.add(name)
            return
        for group in self._groups.get(name, ()):
            self._away[group].discard(name)

    def may_fail(self, count: int) -> bool:
        """Return whether a budget was given that so many failures do not use up."""
        return self._budget is not None and count < self._budget

    def stop(self, why: str) -> None:
        """Start nothing more.

        Args:
            why: the reason, part of a sentence.
        """
        self.stopped = self.stopped or why

    def _obstacle(self) -> str:
        """Return why nothing more may ever start, "" for no reason."""
        failed = len(self._failed)
        if not failed:
            return ""
        if self._budget is not None and failed >= self._budget:
            return f"{failed} failed, and the budget is {self._budget}"
        if self._trying:
            return f"{failed} of the {self._rollout.first} that were tried first failed"
        if self._budget is None and self._rollout.strategy is not Strategy.PARALLEL:
            return f"{failed} failed, and no budget for failures was given"
        return ""

    def _why_held(self, name: str) -> str:
        """Return why a target can never start although nothing runs."""
        most = self._rollout.max_unavailable
        held = next(group for group in self._groups[name] if len(self._away[group] | {name}) > most)
        away = ", ".join(sorted(self._away[held] - {name}))
        return f"of {held} at most {most} may be away, and {away} failed or did not answer"


def failed_names(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the targets on which a change was begun and did not end well, or that were not reached."""
    good = (OutcomeState.DONE, *_OPEN)
    return tuple(one.target for one in outcomes if one.state not in good and not _is_untouched(one))


def not_started_names(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the targets on which a change was never begun."""
    return tuple(one.target for one in outcomes if one.state is OutcomeState.WAITING or _is_untouched(one))


def _is_untouched(outcome: Outcome) -> bool:
    return outcome.state is OutcomeState.CANCELLED and not outcome.started_at
