"""An error on the screen: what it is, which looks run at once, and which steps can be proposed; one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsterm.changes.change import ChangeState
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.inventory.folding import fold
from opsterm.knowledge.card import CardKind, CardStep
from opsterm.knowledge.error_signs import signs_of
from opsterm.knowledge.steps import commands_of, fillings, guessed
from opsterm.runtime.knowledge import CardHit
from opsterm.runtime.ports_knowledge import CardFilter
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.screens.prompt import PromptScreen
from opsterm.tui.screens.text import TextScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

CAUSES = 4
_NONE = "No card is sure enough of that. The chat looks in the documents too."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of the list.

    Attributes:
        hit: the card that it is from.
        step: number of the step that it proposes, 0 for all looks of the card.
    """

    hit: CardHit
    step: int = 0

    @property
    def steps(self) -> Sequence[CardStep]:
        """What has words to fill in."""
        return [self.hit.card.fix[self.step - 1]] if self.step else self.hit.card.checks


class TroubleErrand:
    """Asks for an error, or is given one, and lists what helps; nothing runs but what only reads."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home

    def ask(self, names: Sequence[str]) -> None:
        """Ask for the words of an error on the chosen targets."""

        async def take(text: str | None) -> None:
            if text and text.strip():
                await self.show(text, names)

        question = "What does it say, or what do you see? Paste the error; looks and steps are for the chosen targets."
        self._home.app.push_screen(PromptScreen("Trouble", question), take)

    async def show(self, text: str, names: Sequence[str]) -> None:
        """List causes with their looks and steps, the likeliest first."""
        fixes = self._home.runtime.fixes
        selector = " or ".join(names)
        try:
            places = await fixes.places(selector)
            only = CardFilter(systems={place.system for place in places})
            hits = await self._home.runtime.knowledge.search(text, only=only, limit=CAUSES, places=places)
        except OpstermError as error:
            self._home.cockpit.fail(error)
            return
        said = signs_of(text).text
        rows = _rows(hits)
        if not rows:
            self._home.app.push_screen(TextScreen("Trouble", f"{said}\n\n{_NONE}".strip()))
            return
        where = fold(list(names)) if names else "no target: choose some in the inventory"

        async def chosen(lines: frozenset[str] | None) -> None:
            for line in lines or ():
                await self._do(rows[line], text, names)

        self._home.app.push_screen(
            ChoiceScreen(
                f"Trouble on {where}", list(rows), details=[_details(row) for row in rows.values()],
                headings=("what", "here", "risk", "cause and command"),
                text=f"{said} enter looks or proposes; nothing changes without approval.".strip(),
            ),
            chosen,
        )  # fmt: skip

    async def _do(self, row: _Row, text: str, names: Sequence[str]) -> None:
        if not names:
            self._home.cockpit.say("Choose targets in the inventory first: space marks them.", severity="warning")
            return
        card = row.hit.card
        wanted = list(dict.fromkeys(word for step in row.steps for word in fillings(step)))
        known: dict[str, str] = {}
        for step in row.steps:
            known |= guessed(step, card, text)
        if not row.step and all(not fillings(step) for step in row.steps):
            await self._look(row, names, {})
        elif not wanted:
            await self._propose(row, names, {})
        else:
            self._ask_words(row, names, wanted, known)

    def _ask_words(self, row: _Row, names: Sequence[str], wanted: Sequence[str], known: Mapping[str, str]) -> None:
        """Ask what the words in capitals stand for."""

        async def take(line: str) -> None:
            given = dict(part.partition("=")[::2] for part in line.split())
            values = {name: value for name, value in given.items() if value}
            await (self._propose(row, names, values) if row.step else self._look(row, names, values))

        commands = "\n".join(step.text for step in row.steps if fillings(step))
        value = " ".join(f"{name}={known.get(name, '')}" for name in wanted)
        question = f"{commands}\n\nWhat do the words in capitals stand for? A look whose word stays empty is left out."
        self._home.app.push_screen(PromptScreen(row.hit.card.title, question, value=value, attempt=take))

    async def _look(self, row: _Row, names: Sequence[str], values: Mapping[str, str]) -> None:
        """Run what only reads, and show the first of it."""
        runtime = self._home.runtime
        try:
            made, left = await runtime.fixes.look(
                row.hit.card.id, selector=" or ".join(names), values=values, origin="screen"
            )
        except OpstermError as error:
            self._home.cockpit.fail(error)
            return
        for change in made:
            if change.state is ChangeState.APPROVED:
                runtime.changes.start(change.id)
        said = f"{len(made)} looks: {', '.join(change.name for change in made)}."
        self._home.cockpit.say("\n".join([said, *(f"Left out: {one}" for one in left)]))
        self._home.errands.show_change(made[0].id)

    async def _propose(self, row: _Row, names: Sequence[str], values: Mapping[str, str]) -> None:
        """Propose a step, and show the proposal. Raises what keeps it from that."""
        change = await self._home.runtime.fixes.propose(
            row.hit.card.id, row.step, selector=" or ".join(names), values=values, origin="screen"
        )
        self._home.errands.show_change(change.id)


def _rows(hits: Sequence[CardHit]) -> Mapping[str, _Row]:
    """Return the lines of the list: for each card its looks, then its commands."""
    rows: dict[str, _Row] = {}
    for place, hit in enumerate(hits, 1):
        if hit.card.kind is CardKind.CONCEPT:
            continue
        if hit.card.checks:
            rows[f"{place}. look: {clean_line(hit.card.title, limit=46)}"] = _Row(hit=hit)
        for number in commands_of(hit.card):
            rows[f"{place}. step {number}: {clean_line(hit.card.fix[number - 1].text, limit=46)}"] = _Row(
                hit=hit, step=number
            )
    return rows


def _details(row: _Row) -> Sequence[str]:
    card, site = row.hit.card, row.hit.record.site
    so_far = f"{site.worked} of {site.tried} worked" if site.tried else "not tried"
    if row.step:
        back = f" Way back: {card.rollback}" if card.rollback else ""
        return so_far, card.risk, f"{card.fix[row.step - 1].text}. Done when: {card.verify}{back}"
    looks = "; ".join(step.text for step in card.checks)
    return so_far, "read", f"{card.cause} Looks: {looks}"
