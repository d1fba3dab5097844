"""What is asked on the screen before a change runs on targets that others have claimed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App

from opsterm.changes.change import Change
from opsterm.changes.claim import Claim, claim_lines
from opsterm.runtime.runtime import Runtime
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.screens.prompt import PromptScreen

_WAIT = "wait, and run it when they are gone"
_BESIDE = "run it beside them, and say why"


class ClaimQuestion:
    """Asks whether an approved change waits or runs beside the claims of others; esc leaves it approved.

    Args:
        app: shows what is asked.
        runtime: the door.
        change: approved.
        say: says on the change's own screen what was chosen.
    """

    def __init__(self, app: App[Any], runtime: Runtime, change: Change, say: Callable[[str], None]) -> None:
        self._app = app
        self._runtime = runtime
        self._change = change
        self._say = say

    def ask(self, claims: Sequence[Claim]) -> None:
        """Say who, what and since when, and ask."""
        lines = claim_lines(claims, self._runtime.clock.now())
        ways = [_WAIT, _BESIDE] if self._runtime.claims.may_go_on else [_WAIT]

        def chosen(way: frozenset[str] | None) -> None:
            if way is None:
                self._say("It is approved and does not run: others have claimed its targets.")
            elif _WAIT in way:
                self._say(f"It runs when this is over: {'; '.join(lines)}.")
                self._runtime.changes.start(self._change.id, when_free=True)
            else:
                self._ask_why(lines)

        self._app.push_screen(
            ChoiceScreen(
                f"Claimed by others: {self._change.name}", ways, details=[("; ".join(lines),)] * len(ways),
                headings=("what to do", "who is there"), text="enter does it, esc leaves it approved",
            ),
            chosen,
        )  # fmt: skip

    def _ask_why(self, lines: Sequence[str]) -> None:
        def told(why: str | None) -> None:
            if why:
                self._runtime.changes.start(self._change.id, despite=why.strip())
            else:
                self._say("It is approved and does not run: others have claimed its targets.")

        said = "\n".join(f"{line}." for line in lines[:3])
        self._app.push_screen(
            PromptScreen(
                f"Run {self._change.name} beside that", f"{said}\nWhy all the same? It is kept in the audit.",
                check=lambda text: "" if text.strip() else "Say why.",
            ),
            told,
        )  # fmt: skip
