"""How the safer form of a change is taken on its screen."""

from __future__ import annotations

from opsterm.changes.change import ChangeState
from opsterm.core.errors import OpstermError
from opsterm.tui.screens.guarding import GuardDialog


class RewriteDialog(GuardDialog):
    """A dialog about a change that may have a safer form."""

    def just_appeared(self) -> bool:
        """Return whether the screen has not been seen for long enough: the key was meant for something else."""
        raise NotImplementedError

    async def action_take_rewrite(self) -> None:
        """Propose the safer form instead; the old proposal is denied."""
        if self.change.state is not ChangeState.PROPOSED or self.just_appeared():
            return
        if self.evidence.rewrite is None:
            self.say("No safer form of this command is known.")
            return
        try:
            new = await self.runtime.rewrites.take(self.change)
        except OpstermError as error:
            self.fault(error)
            return
        await self.turn_to(new)
