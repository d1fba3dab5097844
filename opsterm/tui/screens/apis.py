"""HTTP APIs on the screen: choose one, choose an operation, give its values."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsterm.changes.change import ChangeState
from opsterm.core.errors import BadInput, OpstermError
from opsterm.inventory.apis.calls import Call, body_fields, call_words
from opsterm.inventory.apis.description import ApiDescription, Operation
from opsterm.inventory.apis.schemas import schema_words
from opsterm.tui.screens.choice import ChoiceScreen, PaletteScreen
from opsterm.tui.screens.prompt import PromptScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

_SHOWN_VALUES = 8


class ApiErrand:
    """Calls an operation of an API: at once when it only reads, else as a proposal on the approval screen."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home
        self._drafts: dict[str, str] = {}  # values that were left with esc, by API and operation

    async def run(self) -> None:
        """Choose an API; with one alone, its operations are there at once."""
        try:
            apis = await (await self._home.runtime.apis()).known()
        except OpstermError as error:
            self._home.cockpit.fail(error)
            return
        if not apis:
            self._home.cockpit.say("No API is known yet. Add one: opsterm apis add URL-or-file")
            return
        if len(apis) == 1:
            self._choose_operation(*next(iter(apis.items())))
            return

        def chosen(names: frozenset[str] | None) -> None:
            for name in names or ():
                self._choose_operation(name, apis[name])

        details = [(one.version, str(len(one.operations)), one.title) for one in apis.values()]
        headings = ("API", "version", "operations", "title")
        self._home.app.push_screen(ChoiceScreen("APIs", list(apis), details=details, headings=headings), chosen)

    def _choose_operation(self, api: str, description: ApiDescription) -> None:
        def chosen(names: frozenset[str] | None) -> None:
            for name in names or ():
                self._ask_values(api, description, description.operation(name))

        operations = description.operations
        self._home.app.push_screen(
            PaletteScreen(
                f"Operations of {api}",
                [one.id for one in operations],
                details=[(one.method, f"{one.path}  {one.summary}") for one in operations],
                headings=("operation", "method", "what it is"),
                text="enter asks for its values",
            ),
            chosen,
        )

    def _ask_values(self, api: str, description: ApiDescription, operation: Operation) -> None:
        """Ask for the values in one line; what is wrong with them is said, and the line stays."""
        place = f"{api} {operation.id}"

        async def take(text: str) -> None:
            call = Call(operation=operation.id, words=call_words(_split(text)))
            change = await (await self._home.runtime.apis()).call(api, call, origin="screen")
            self._drafts.pop(place, None)
            if change.state is ChangeState.APPROVED:
                self._home.runtime.changes.start(change.id)
            self._home.run_worker(self._home.errands.with_change("open", change.id), group="change", exclusive=True)

        def left(text: str) -> None:
            self._drafts[place] = text

        what = "It only reads: enter asks it." if operation.only_reads else "Enter proposes it; nothing is sent yet."
        question = "\n".join([f"{operation.method} {operation.path}", what, *_values(description, operation)])
        value = self._drafts.get(place, _wanted(description, operation))
        self._home.app.push_screen(PromptScreen(place, question, value=value, attempt=take, left=left))


def _split(text: str) -> Sequence[str]:
    """Return the words of a line, in which quotes hold blanks together."""
    try:
        return shlex.split(text)
    except ValueError:
        raise BadInput("A quote is not closed.") from None


def _values(description: ApiDescription, operation: Operation) -> list[str]:
    """Return what an operation takes, a line each."""
    named = description.schemas
    taken = [(p.name, p.required, p.schema) for p in operation.parameters] + list(body_fields(description, operation))
    lines = [f"{'* ' if must else '  '}{name}: {schema_words(schema, named)}" for name, must, schema in taken]
    more = [f"  … and {len(lines) - _SHOWN_VALUES} more"] if len(lines) > _SHOWN_VALUES else []
    return [*lines[:_SHOWN_VALUES], *more, "Write NAME=VALUE …; those with * must be there."] if lines else []


def _wanted(description: ApiDescription, operation: Operation) -> str:
    """Return a line to begin with: what must be there, without its values."""
    names = [p.name for p in operation.parameters if p.required]
    names += [name for name, must, _ in body_fields(description, operation) if must]
    return " ".join(f"{name}=" for name in names)
