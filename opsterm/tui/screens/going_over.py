"""How a change goes over its targets, on its screen: asked for before it is approved, and hurried while it waits."""

from __future__ import annotations

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import guard_of
from opsterm.changes.rollout import rollout_of, wish_of
from opsterm.changes.rollout_words import LINE_EXAMPLE, wish_from_words, words_of_wish
from opsterm.core.errors import OpstermError
from opsterm.tui.screens.looking_ahead import LookAheadDialog

_ROLLOUT = (
    "In which order it goes over its targets, parted by semicolons:\n"
    f"{LINE_EXAMPLE}\n"
    "The first is parallel, sequential, rolling:5, canary:1 or canary:1:5; all else may be left away."
)


class RolloutDialog(LookAheadDialog):
    """A dialog about a change that goes over several targets."""

    def action_rollout_change(self) -> None:
        """Ask how it goes over its targets; the change that says so takes the place of this one."""
        if self.change.state is not ChangeState.PROPOSED or self.just_appeared():
            return
        if len(self.change.order.targets) == 1:
            self.say("It has one target: there is nothing to go over.")
            return
        value = words_of_wish(wish_of(rollout_of(self.change.order)))
        self._ask_line("Rollout", _ROLLOUT, self._go_over, value=value)

    async def _go_over(self, text: str) -> None:
        wish = wish_from_words(text)
        await self.propose_instead(guard=guard_of(self.change.order).wish(), rollout=wish)

    async def action_proceed_change(self) -> None:
        """Wait no longer between two batches."""
        if self.evidence.gate is None or self.just_appeared():
            return
        try:
            await self.runtime.gates.proceed(self.change.id)
        except OpstermError as error:
            self.fault(error)
