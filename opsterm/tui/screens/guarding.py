"""How a change is confirmed, on its screen: asked for before it is approved, and decided while its targets wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.guard import OPEN, GuardWish, guard_of, wish_from
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.verification import Verification
from opsterm.changes.way_back.prepared import inverse_of, way_back_of
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import parse_duration
from opsterm.runtime.proposal import proposal_again
from opsterm.tui.screens.assent import AssentDialog
from opsterm.tui.screens.prompt import PromptScreen

_DEADLINE = (
    "Its target takes it back by itself unless it is confirmed within this time:\n"
    "60s           a fresh log-in that works confirms it\n"
    "5m by hand    you do, with {key}, after a fresh log-in that works"
)
_INVERSE = (
    "What it touches is kept as far as that is known. For the rest, which command takes it back? It is judged by\n"
    "itself, and approved together with this change. Empty for none."
)
_REASON = (
    "It can cut our way to the target. Without the guard nothing takes it back by itself: the risk is critical then,\n"
    "and whoever approves it gives a reason. Why does it run without?"
)


class GuardDialog(AssentDialog):
    """A dialog about a change that may have a guard."""

    async def turn_to(self, new: Change) -> None:
        """Show another change in place of this one."""
        raise NotImplementedError

    async def propose_instead(
        self, *, command: str = "", guard: GuardWish, verification: Verification | None = None,
        inverse: str | None = None, rollout: RolloutWish | None = None,
    ) -> None:  # fmt: skip
        """Propose it again with something else in it, and deny this one. Raises OpstermError."""
        old = self.change
        kept = inverse_of(old.order) if inverse is None else inverse
        again = proposal_again(old, command=command or old.order.command, guard=guard, inverse=kept)
        again = again if verification is None else replace(again, verification=verification)
        new = await self.runtime.changes.propose(again if rollout is None else replace(again, rollout=rollout))
        await self.runtime.changes.deny(old.id, note=f"replaced by {new.name}")
        await self.turn_to(new)

    def ask_for_inverse(self) -> None:
        """Ask for the command that takes it back; what is known to do the opposite stands there at first."""
        order = self.change.order
        first = clean_line(inverse_of(order) or way_back_of(order).opposite)
        self._ask_line("The inverse", _INVERSE, self._with_inverse, value=first, needed=False)

    async def _with_inverse(self, text: str) -> None:
        if text.strip() != inverse_of(self.change.order):
            await self.propose_instead(guard=guard_of(self.change.order).wish(), inverse=text.strip())

    def ask_for_guard(self, key: str) -> None:
        """Ask for the guard of a change that has none; take that of another away, with a reason where it needs one.

        Args:
            key: what confirms a change by hand.
        """
        guard = guard_of(self.change.order)
        if not guard.seconds:
            default = f"{self.runtime.settings.changes.confirm_s}s"
            self._ask_line("The guard", _DEADLINE.format(key=key), self._guard_in_words, value=default)
        elif self.evidence.can_cut:
            self._ask_line("No guard", _REASON, self._unguard)
        else:
            self.begin(self._clear_guard, group="guard")

    async def _guard_in_words(self, text: str) -> None:
        await self.propose_instead(guard=wish_from(text))

    async def _unguard(self, reason: str) -> None:
        await self.propose_instead(guard=wish_from("", unguarded=reason))

    async def _clear_guard(self) -> None:
        try:
            await self.propose_instead(guard=GuardWish(seconds=0))
        except OpstermError as error:
            self.fault(error)

    def ask_for_time(self) -> None:
        """Ask how much more time the targets wait."""
        default = f"{guard_of(self.change.order).seconds}s"
        self._ask_line(
            "More time", "From now until the targets take it back, as in 60s or 5m:", self._extend, value=default
        )

    async def _extend(self, text: str) -> None:
        await self._act(KeeperStep.EXTEND, seconds=round(parse_duration(text)))

    def decide_guard(self, step: KeeperStep) -> None:
        """Have the targets keep it, or take it back now."""
        self.say("logging in afresh …")
        self.begin(partial(self._decide, step), group="guard")

    async def _decide(self, step: KeeperStep) -> None:
        try:
            await self._act(step)
        except OpstermError as error:
            self.fault(error)

    async def _act(self, step: KeeperStep, *, seconds: int = 0) -> None:
        seen = await self.runtime.guards.act(self.change.id, step, seconds=seconds)
        self.change = await self.runtime.changes.get(self.change.id)
        await self.evidence.hear_guards(self.change)
        self.say("\n".join(f"{one.target}: {one.fault}" for one in seen if one.fault))
        self.show()

    @property
    def waits_for_confirmation(self) -> bool:
        """Whether a target would still take it back, or is asked what became of it."""
        if self.change.state in (ChangeState.PROPOSED, ChangeState.APPROVED):
            return False
        return any(one.state in OPEN for one in self.evidence.guards)

    def _ask_line(
        self, title: str, question: str, attempt: Callable[[str], Awaitable[None]], *, value: str = "",
        needed: bool = True,
    ) -> None:  # fmt: skip
        def empty(text: str) -> str:
            return "" if text.strip() or not needed else "An empty line says nothing; esc leaves it."

        self.app.push_screen(
            PromptScreen(
                f"{title} of {self.change.name}", question, value=value, replaces=True, check=empty, attempt=attempt
            )
        )  # fmt: skip
