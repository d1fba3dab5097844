"""What a change would do, shown before anybody decides, and what is to be looked at once it has ended."""

from __future__ import annotations

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import guard_of
from opsterm.changes.suggested_checks import suggested_checks
from opsterm.changes.verification import NO_VERIFICATION, verification_from_words, verification_of, words_of
from opsterm.changes.way_back.prepared import has_way_back
from opsterm.core.errors import OpstermError
from opsterm.runtime.simulation import simulation_lines
from opsterm.tui.screens.rewriting import RewriteDialog
from opsterm.tui.screens.text import TextScreen

_CHECKS = (
    "What has to hold on each target once it has ended, parted by semicolons:\n"
    "unit:nginx active; port:443; http:http://localhost/ 200; config:sshd; command:df /\n"
    "With `rollback` among them it is taken back there if it fails or they do not hold."
)


class LookAheadDialog(RewriteDialog):
    """A dialog about a change of which more can be known before it runs."""

    def action_simulate_change(self) -> None:
        """Show what the change would do where, in which order; nothing is sent anywhere."""
        self.begin(self._simulate, group="simulation", exclusive=True)

    async def _simulate(self) -> None:
        try:
            found = await self.runtime.simulated(self.change)
        except OpstermError as error:
            self.fault(error)
            return
        lines = ["Nothing was sent. If all goes well, this would be done:", ""]
        for names, told in simulation_lines(found):
            lines += [f"on {names}", *(f"  {line}" for line in told), ""]
        self.app.push_screen(TextScreen(f"Simulation of {self.change.name}", "\n".join(lines)))

    def action_verify_change(self) -> None:
        """Ask what is to be looked at afterwards; the change that says so takes the place of this one."""
        if self.change.state is not ChangeState.PROPOSED:
            return
        order = self.change.order
        found = verification_of(order)
        words = [words_of(found)] if found != NO_VERIFICATION else [*map(str, suggested_checks(order))]
        if found == NO_VERIFICATION and has_way_back(order):
            words.append("rollback")
        self._ask_line("Verify", _CHECKS, self._verify, value="; ".join(words))

    async def _verify(self, text: str) -> None:
        wish = verification_from_words(text)
        await self.propose_instead(guard=guard_of(self.change.order).wish(), verification=wish)
