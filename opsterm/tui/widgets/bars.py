"""The lines around the panes: status above, message and keys below."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from opsterm.changes.change import ChangeState
from opsterm.core.text import clean_line
from opsterm.inventory.fleet import count_statuses
from opsterm.runtime.commands import commands_of, key_text
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import CHANGE_FACTS, FactsArrived
from opsterm.tui.glyphs import Glyphs
from opsterm.tui.keys import KeyMap

_PLACES = (("inventory", 1), ("chart", 2), ("alerts", 3), ("chat", 4), ("terminal", 5), ("approvals", 6))
_MOST_KEYS = 7


class StatusLine(Static):
    """One line: who, where, how many targets stand how, what waits, the time to the minute."""

    def __init__(self, runtime: Runtime, glyphs: Glyphs) -> None:
        super().__init__("", markup=False, id="status-line")
        self.runtime = runtime
        self._glyphs = glyphs
        self._begun = False
        self._place = ""
        self._waiting = 0
        self._shown = ""

    def begin(self) -> None:
        """The runtime is open: show what it knows."""
        self._begun = True
        self.run_worker(self._count(), group="status", exclusive=True)
        self.set_interval(5.0, self.show)

    async def hear(self, message: FactsArrived) -> None:
        """Count anew what waits."""
        if message.has(*CHANGE_FACTS):
            await self._count()

    async def _count(self) -> None:
        self._waiting = len(await self.runtime.changes.list([ChangeState.PROPOSED]))
        self.show()

    def show_places(self, place: str) -> None:
        """Show the strip of numbers while only one pane is on the screen; "" for none."""
        self._place = place
        self.show()

    def on_mount(self) -> None:
        """Show what is known before anything is read."""
        self.show()

    def show(self) -> None:
        """Write the line anew if it reads differently."""
        text = self._text()
        if text != self._shown:
            self._shown = text
            self.update(text)

    def _text(self) -> str:
        operator = self.runtime.operator
        parts = ["opsterm", f"{operator.name}@{operator.host}"]
        if self._place:
            parts.append(" ".join(f"[{n}]" if name == self._place else str(n) for name, n in _PLACES))
        if not self._begun:
            parts.append("opening …" if self._glyphs.braille else "opening ...")
        else:
            parts += self._counts()
        if self.runtime.read_only_because:
            parts.append(f"READ-ONLY: {self.runtime.read_only_because}")
        elif self.runtime.settings.changes.read_only:
            parts.append("READ-ONLY")
        parts.append(datetime.fromtimestamp(self.runtime.clock.now(), tz=UTC).astimezone().strftime("%H:%M"))
        return clean_line("  ".join(parts))

    def _counts(self) -> list[str]:
        counts = count_statuses(self.runtime.inventory.rows())
        states = " ".join(f"{self._glyphs.status(status)} {n}" for status, n in counts.present())
        parts = [f"{counts.total} target{'' if counts.total == 1 else 's'} {states}", "model: rules"]
        if self._waiting:
            parts.append(
                f"{self._waiting} approval{'s' if self._waiting > 1 else ''} wait{'' if self._waiting > 1 else 's'}"
            )
        if not self.runtime.runs_workers:
            parts.append("following")
        return parts


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
        self.display = True

    def clear(self) -> None:
        """Take the message away."""
        self.display = False


class KeyBar(Horizontal):
    """The keys that matter most where the focus is; all others are under ?."""

    def __init__(self, keymap: KeyMap) -> None:
        super().__init__(id="key-bar")
        self._keymap = keymap
        self._shown = ""

    def compose(self) -> ComposeResult:
        """One line of text."""
        yield Static("", markup=False, id="key-bar-text")

    def show(self, place: str, *, typing: bool = False, remote: bool = False) -> None:
        """Show the keys of a place.

        Args:
            place: pane name.
            typing: whether a line of text has the focus: then letters are text.
            remote: whether keys go to a shell.
        """
        if typing:
            text = "enter takes it · esc leaves the line, its text stays"
        elif remote:
            text = f"every key goes to the remote · {key_text('ctrl+right_square_bracket')} leaves"
        else:
            keyed = [c for c in commands_of(place) if self._keymap.shown(c) and c.pane != "lists"]
            first = [c for c in keyed if c.id in ("open_help", "open_palette")]
            own = [c for c in keyed if c.pane != "everywhere"]
            rest = [c for c in keyed if c.pane == "everywhere" and c not in first and not c.id.startswith("pane_")]
            chosen = [*first, *own, *rest][:_MOST_KEYS]
            text = "  ".join(f"{self._keymap.shown(c)} {c.title}" for c in chosen)
        if text != self._shown:
            self._shown = text
            self.query_one("#key-bar-text", Static).update(Text(clean_line(text), no_wrap=True, overflow="crop"))
