"""Claiming targets from the screen, and giving that up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsterm.changes.claim import ClaimKind, claim_lines
from opsterm.core.errors import OpstermError
from opsterm.core.units import parse_duration
from opsterm.inventory.folding import fold
from opsterm.tui.screens.prompt import ConfirmScreen, PromptScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen


class ClaimErrand:
    """Asks for how long and why, or whether a claim is given up."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home

    def claim(self, names: Sequence[str]) -> None:
        """Claim targets; where all of them are claimed by this person already, ask whether that is given up."""
        room, now = self._home.runtime.claims, self._home.runtime.clock.now()
        there = [claim for name in names for claim in room.known(name)]
        own = {one.target for one in there if one.kind is ClaimKind.BY_HAND and one.by == room.identity}
        where = fold(list(names))
        if own >= set(names):
            self._give_up(where)
            return
        claimed = "\n".join(f"{line}." for line in claim_lines(there, now)[:3])

        async def take(text: str) -> None:
            length, _, reason = text.strip().partition(" ")
            await room.take(where, for_s=parse_duration(length), reason=reason)

        def told(text: str | None) -> None:
            if text is not None:
                self._home.cockpit.say(f"{where}: claimed by {room.identity}.")

        question = "For how long, and why? As in: 2h new kernel\nOthers are asked before they change them."
        self._home.app.push_screen(
            PromptScreen(f"Claim {where}", f"{claimed}\n{question}".strip(), value="1h ", attempt=take), told
        )

    def _give_up(self, where: str) -> None:
        async def give_up(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if sure:
                try:
                    await self._home.runtime.claims.release(where)
                except OpstermError as error:
                    self._home.cockpit.fail(error)
                else:
                    self._home.cockpit.say(f"{where}: claimed no more.")

        self._home.app.push_screen(ConfirmScreen("Claim", f"You have claimed {where}. Give that up?"), give_up)
