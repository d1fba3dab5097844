"""What may be meant by the command that is being typed: its end behind the cursor, and a list with reasons below it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from rich.text import Text
from textual.suggester import Suggester
from textual.widgets import Input, Static

from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.suggestions import RatedSuggestion

SHOWN = 5
_IN_CHAT = re.compile(r"^(?:please )?(?:run|propose|execute) `([^`]*)$", re.IGNORECASE)

Ask = Callable[[str], Awaitable[Sequence[RatedSuggestion]]]


def asking(runtime: Runtime, targets: Callable[[], Sequence[str]] = lambda: ()) -> Ask:
    """Return what asks for suggestions; where they cannot be had there are none: they are only a comfort."""

    async def ask(prefix: str) -> Sequence[RatedSuggestion]:
        try:
            return await runtime.suggestions.suggest(prefix, targets=targets(), limit=SHOWN)
        except OpstermError:
            return ()

    return ask


def begun_in_chat(line: str) -> str | None:
    """Return the command that a line of the chat has begun, as in "run `df"; None when it has begun none."""
    match = _IN_CHAT.match(line)
    return match[1] if match else None


class CommandEnd(Suggester):
    """Gives the end that stands behind the cursor; the arrow to the right takes it, and enter never does.

    A command that is high or critical is never given: it stands in the list only, with its grade.

    Args:
        ask: what asks for suggestions.
        begun: returns the command that a line has begun, None when there is none.
    """

    def __init__(self, ask: Ask, *, begun: Callable[[str], str | None] = lambda line: line) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._ask = ask
        self._begun = begun

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole line that is suggested."""
        begun = self._begun(value)
        if not begun or not begun.strip():
            return None
        for one in await self._ask(begun):
            command = clean_line(one.suggestion.command)
            if one.calm and command == one.suggestion.command and command.startswith(begun):
                return value[: len(value) - len(begun)] + command
        return None


class SuggestionList(Static):
    """The likeliest commands, each with its grade and why; one of them is the one that tab takes.

    Attributes:
        chosen: the one that tab takes, "" for none.
    """

    def __init__(self, ask: Ask) -> None:
        super().__init__("", markup=False, id="suggestions")
        self._ask = ask
        self._found: Sequence[RatedSuggestion] = ()
        self._at = 0

    @property
    def chosen(self) -> str:
        """The command that tab takes."""
        return clean_line(self._found[self._at].suggestion.command) if self._found else ""

    def look(self, prefix: str) -> None:
        """Look for what fits, soon; a newer look takes the place of one that is not over."""
        self.run_worker(self._look(prefix), group="suggestions", exclusive=True)

    async def _look(self, prefix: str) -> None:
        self._found, self._at = await self._ask(prefix), 0
        self._draw()

    def move(self, by: int) -> None:
        """Go to another one."""
        if self._found:
            self._at = (self._at + by) % len(self._found)
            self._draw()

    def take(self, line: Input) -> None:
        """Put the chosen one into a line; it is not sent."""
        if self.chosen:
            line.value = self.chosen
            line.cursor_position = len(line.value)

    def _draw(self) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        for place, one in enumerate(self._found):
            mark = "> " if place == self._at else "  "
            risk = "" if one.calm else f"  {one.level.value.upper()}"
            text.append(
                f"{mark}{clean_line(one.suggestion.command, limit=60)}{risk}", "bold" if place == self._at else ""
            )
            text.append(f"  {clean_line(one.suggestion.why)}\n", "dim")
        if self._found:
            text.append("tab takes it · up and down choose", "dim")
        self.update(text)
