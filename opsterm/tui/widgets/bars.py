"""The lines around the panes: status above, message and keys below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from opsterm.changes.change import Change, ChangeState
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.inventory.fleet import count_statuses
from opsterm.policy.requirements import ONE_PERSON
from opsterm.runtime.commands import PLACES, Command, command, commands_of
from opsterm.runtime.model_state import ModelChanged
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import QUEUE_FACTS, FactsArrived
from opsterm.tui.glyphs import Glyphs
from opsterm.tui.keys import KeyMap

_FIRST = ("open_help", "open_palette")
_UNSAID = (
    "next_pane",
    "previous_pane",
    "say_quit",
    "back",
    "show_credentials",
    *(f"pane_{number}" for number in range(1, 7)),
)
"""Commands that everybody knows, or whose keys stand elsewhere on the screen."""


class _Part(NamedTuple):
    """A piece of the status line.

    Attributes:
        text: what it says.
        weight: the lightest goes first where there is no room.
        style: as Textual writes it, "" for the line's own.
        gap: cells before it.
    """

    text: str
    weight: int
    style: str = ""
    gap: int = 2


class StatusLine(Static):
    """One line: where, who, how many targets stand how, what waits, the time to the minute.

    What matters least is left out where there is no room.
    """

    def __init__(self, runtime: Runtime, glyphs: Glyphs) -> None:
        super().__init__("", markup=False, id="status-line")
        self.runtime = runtime
        self._glyphs = glyphs
        self._begun = False
        self._lease_decided = False
        self._place = ""
        self._environments = ""
        self._waiting = self._for_others = 0
        self._breakers: list[str] = []
        self._reviews: list[str] = []
        self._shown: tuple[_Part, ...] = ()

    def begin(self) -> None:
        """The runtime is open: show what it knows."""
        self._begun = True
        self.run_worker(self._count(), group="status", exclusive=True)
        self.set_interval(5.0, self._look_again)

    def _look_again(self) -> None:
        """Show what time has changed; who runs the workers is known by now."""
        self._lease_decided = True
        self.show()

    async def hear(self, message: FactsArrived) -> None:
        """Count anew what waits, and show how the model stands."""
        if message.has(ModelChanged):
            self.show()
        if message.has(*QUEUE_FACTS):
            await self._count()

    async def _count(self) -> None:
        waiting = await self.runtime.changes.list([ChangeState.PROPOSED])
        self._waiting = len(waiting)
        self._for_others = sum([await self._is_for_others(change) for change in waiting])
        self._reviews = [f"c{review.change}" for review in await self.runtime.reviews.open()]
        self._breakers = [one.environment for one in await self.runtime.limits.breakers() if one.is_open]
        self.show()

    async def _is_for_others(self, change: Change) -> bool:
        """Return whether a yes of the account here would not count; where any one person will do it does."""
        if change.order.terms is None or change.order.terms.requirement == ONE_PERSON.text:
            return False
        with suppress(OpstermError):
            progress = await self.runtime.approvals.progress(change)
            return progress is not None and not progress.wants_you
        return False

    def show_places(self, place: str) -> None:
        """Show the strip of numbers while only one pane is on the screen; "" for none."""
        self._place = place
        self.show()

    def show_environments(self, names: Sequence[str]) -> None:
        """Show in which environments the chosen targets are."""
        self._environments = " ".join(name.upper() for name in names)
        self.show()

    def on_resize(self) -> None:
        """Leave out more, or less."""
        self.show()

    def show(self) -> None:
        """Write the line anew if it reads differently."""
        parts = tuple(self._fitting(self._parts()))
        if parts != self._shown:
            self._shown = parts
            self.update(Content.assemble(*((part.text, part.style) for part in parts)))

    def _parts(self) -> list[_Part]:
        operator, ellipsis = self.runtime.operator, "…" if self._glyphs.braille else "..."
        parts = [_Part("opsterm", 2)]
        if self._environments:
            parts.append(_Part(self._environments, 9, "bold $sev-warning"))
        parts.append(_Part(f"{operator.name}@{operator.host}", 4))
        if self._reviews:
            more = f" and {len(self._reviews) - 1} more" if len(self._reviews) > 1 else ""
            parts.append(_Part(f" REVIEW OPEN: {self._reviews[0]}{more} ", 11, "bold reverse $sev-critical"))
        if self._breakers:
            parts.append(_Part(f" BREAKER OPEN: {' '.join(self._breakers)} ", 11, "bold reverse $sev-critical"))
        if self._place:
            strip = " ".join(f"[{n}]" if name == self._place else str(n) for n, name in enumerate(PLACES, 1))
            parts.append(_Part(strip, 6))
        parts += self._counts() if self._begun else [_Part(f"opening {ellipsis}", 8)]
        if self.runtime.read_only_because:
            parts.append(_Part(f"READ-ONLY: {self.runtime.read_only_because}", 10, "bold $sev-warning"))
        elif self.runtime.settings.changes.read_only:
            parts.append(_Part("READ-ONLY", 10, "bold $sev-warning"))
        clock = datetime.fromtimestamp(self.runtime.clock.now(), tz=UTC).astimezone().strftime("%H:%M")
        return [*parts, _Part(clock, 5)]

    def _counts(self) -> list[_Part]:
        counts = count_statuses(self.runtime.inventory.rows())
        parts = [_Part(f"{counts.total} target{'' if counts.total == 1 else 's'}", 3)]
        for place, (status, number) in enumerate(counts.present()):
            ink = self._glyphs.sign(status).ink
            parts.append(_Part(f"{self._glyphs.status(status)} {number}", 8, f"$sev-{ink}", gap=1 if place else 2))
        if self._waiting:
            one = self._waiting == 1
            yours = self._waiting - self._for_others
            you = "" if not self._for_others else f", {yours} for you" if yours else ", none for you"
            parts.append(_Part(f"{self._waiting} approval{' waits' if one else 's wait'}{you} [6]", 8, "bold"))
        parts.append(self._model())
        if self._lease_decided and not self.runtime.runs_workers:
            parts.append(_Part("following", 1))
        return parts

    def _model(self) -> _Part:
        """Return what answers, and where it computes: without a graphics card that has to be seen."""
        state = self.runtime.models.state
        return _Part(state.text, 1, "$sev-warning" if state.gpu_percent == 0 else "")

    def _fitting(self, parts: list[_Part]) -> list[_Part]:
        """Return what fits, with the blanks between; the last part stands at the right."""
        room = self.size.width
        while len(parts) > 1 and sum(cell_len(part.text) + part.gap for part in parts) > room + parts[0].gap:
            parts.remove(min(parts, key=lambda part: part.weight))
        spaced, used = [], 0
        for number, part in enumerate(parts):
            gap = 0 if not number else part.gap
            if number and number == len(parts) - 1:
                gap = max(gap, room - used - cell_len(part.text))
            text = clean_line(part.text)
            spaced += [_Part(" " * gap, 0), _Part(text, 0, part.style)]
            used += gap + cell_len(text)
        return spaced


class MessageLine(Static):
    """What was told last; it stays until the next message or esc."""

    def __init__(self) -> None:
        super().__init__("", markup=False, id="message-line")

    def on_mount(self) -> None:
        """Take no room while there is nothing to say."""
        self.display = False

    def say(self, text: str, severity: str) -> None:
        """Show a cleaned text, at most four lines of it."""
        lines = text.splitlines()[:4]
        self.set_classes(f"-{severity}")
        self.update("\n".join(lines))
        self.display = bool(lines)

    def clear(self) -> None:
        """Take the message away."""
        self.display = False


class KeyBar(Static):
    """The keys that matter most where the focus is, as many as there is room for; all are under ?."""

    def __init__(self, keymap: KeyMap) -> None:
        super().__init__("", markup=False, id="key-bar")
        self._keymap = keymap
        self._wanted: tuple[str, bool, bool] = ("inventory", False, False)
        self._shown: tuple[tuple[str, str], ...] = ()

    def show(self, place: str, *, typing: bool = False, remote: bool = False) -> None:
        """Show the keys of a place.

        Args:
            place: pane name.
            typing: whether a line of text has the focus: then letters are text.
            remote: whether keys go to a shell.
        """
        self._wanted = place, typing, remote
        pieces = tuple(self._pieces(place, typing=typing, remote=remote))
        if pieces != self._shown:
            self._shown = pieces
            self.update(Content.assemble(*pieces))

    def on_resize(self) -> None:
        """Show more keys, or fewer."""
        place, typing, remote = self._wanted
        self.show(place, typing=typing, remote=remote)

    def _pieces(self, place: str, *, typing: bool, remote: bool) -> Iterator[tuple[str, str]]:
        if typing:
            keys = [("enter", "takes it"), ("esc", "leaves the line, its text stays")]
        elif remote:
            keys = [(self._keymap.shown(command("leave_terminal")), "leaves; every other key goes to the remote")]
        else:
            keys = [(self._keymap.shown(c), c.title) for c in self._ordered(place)]
        room = self.size.width
        for number, (key, title) in enumerate(keys):
            gap = "  " if number else ""
            room -= len(gap) + cell_len(f"{key} {title}")
            if room < 0:
                return
            yield gap, ""
            yield clean_line(key), "bold $accent"
            yield f" {clean_line(title)}", ""

    def _ordered(self, place: str) -> Iterator[Command]:
        """Yield a place's commands: help and palette, its own, then those that count everywhere."""
        keyed = [c for c in commands_of(place) if self._keymap.shown(c)]
        yield from (c for c in keyed if c.id in _FIRST)
        yield from (c for c in keyed if c.pane != "everywhere")
        yield from (c for c in keyed if c.pane == "everywhere" and c.id not in (*_FIRST, *_UNSAID))
