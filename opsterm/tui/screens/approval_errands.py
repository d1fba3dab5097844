"""Around approvals: emergencies that somebody else has to look at, and breakers that stop approvals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from opsterm.core.errors import OpstermError
from opsterm.core.units import age_text
from opsterm.runtime.change_limits import Breaker
from opsterm.runtime.reviews import Review
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.screens.prompt import PromptScreen
from opsterm.tui.screens.text import TextScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

Row = TypeVar("Row")

_NO_REVIEW = (
    "No review is open. One opens when a person approves alone in an emergency, and stays open until somebody else "
    "has looked at it."
)
_NO_BREAKER = (
    "No limit has a breaker. In the settings file the key failures of an [[approvals.limit]] table sets one: after so "
    "many failed changes in a row nothing is approved there until a person says so."
)


class ApprovalErrands:
    """Lists reviews and breakers; enter closes or resets the one under the cursor."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home

    async def reviews(self) -> None:
        """List the open reviews."""
        try:
            found = await self._home.runtime.reviews.open()
        except OpstermError as error:
            self._home.cockpit.fail(error)
            return
        now = self._home.runtime.clock.now()
        rows = {f"c{review.change}": review for review in found}
        details = [(one.by, f"{age_text(now - one.at)} ago", one.reason) for one in rows.values()]
        headings = ("change", "approved by", "when", "reason")
        self._choose("Open reviews", rows, details, headings, _NO_REVIEW, "enter closes it", self._close)

    async def breakers(self) -> None:
        """List the breakers."""
        try:
            found = await self._home.runtime.limits.breakers()
        except OpstermError as error:
            self._home.cockpit.fail(error)
            return
        rows = {breaker.environment: breaker for breaker in found}
        details = [
            ("OPEN" if one.is_open else "closed", f"{one.failures} failure{'s' * (one.failures > 1)}", _standing(one))
            for one in rows.values()
        ]
        headings = ("environment", "now", "opens after", "what that means")
        self._choose("Breakers", rows, details, headings, _NO_BREAKER, "enter resets an open one", self._reset)

    def _choose(
        self, title: str, rows: Mapping[str, Row], details: Sequence[Sequence[str]], headings: Sequence[str], none: str,
        text: str, then: Callable[[Row], None],
    ) -> None:  # fmt: skip
        if not rows:
            self._home.app.push_screen(TextScreen(title, none))
            return

        def chosen(names: frozenset[str] | None) -> None:
            for name in names or ():
                then(rows[name])

        self._home.app.push_screen(
            ChoiceScreen(title, list(rows), details=details, headings=headings, text=text), chosen
        )

    def _close(self, review: Review) -> None:
        """Ask for what was found; the one who approved alone is asked for the file of somebody else before that."""
        name, runtime = f"c{review.change}", self._home.runtime

        def ask_for_note(file: str, who: str) -> None:
            async def close(note: str) -> None:
                await runtime.reviews.close(review.change, note=note, written=file)

            question = f"{review.by} approved {name} alone: {review.reason}\n{who} It is kept in the audit."
            self._ask(f"Close the review of {name}", question, close, f"The review of {name} is closed.")

        def named(file: str | None) -> None:
            if file and file.strip():
                ask_for_note(file.strip(), "What did they find? An empty line takes what their file says.")

        if review.by != runtime.operator.name:
            ask_for_note("", "What did you find?")
            return
        question = (
            f"You approved {name} alone, so somebody else closes its review, from an account of theirs:\n"
            f"opsterm change {name} --request > {name}.request    prints it, for them to read\n"
            f"opsterm sign {name}.request --review --reason ... > {name}.review    is what they do\n"
            "The file that they made:"
        )
        self._home.app.push_screen(PromptScreen(f"Close the review of {name}", question), named)

    def _reset(self, breaker: Breaker) -> None:
        """Ask why changes may go on."""
        place = breaker.environment
        if not breaker.is_open:
            self._home.cockpit.say(f"The breaker of {place} is closed: there is nothing to reset.")
            return

        async def reset(text: str) -> None:
            await self._home.runtime.limits.reset(place, text)

        question = (
            f"{breaker.failures} changes in a row have failed in {place}.\nWhat was found, so that they may go on?"
        )
        self._ask(f"Reset the breaker of {place}", question, reset, f"Changes go on in {place}.")

    def _ask(self, title: str, question: str, attempt: Callable[[str], Awaitable[None]], done: str) -> None:
        def told(text: str | None) -> None:
            if text is not None:
                self._home.cockpit.say(done)

        self._home.app.push_screen(PromptScreen(title, question, attempt=attempt), told)


def _standing(breaker: Breaker) -> str:
    if breaker.is_open:
        return "Nothing is approved there until a person resets it."
    return "Changes are approved there as usual."
