"""Keys: the table of commands and the operator's own wishes become bindings, checked for clashes in one place.

The framework lets one command silently take another's key; here a clash is a sentence.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from textual.binding import Binding

from opsterm.core.errors import BadSetting
from opsterm.runtime.commands import COMMANDS, Command, key_text

NEVER = frozenset({
    "ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+left_square_bracket", "ctrl+s", "ctrl+q", "ctrl+z", "ctrl+b",
    "ctrl+a", "f10", "f11",
})  # fmt: skip
"""Keys that are another key, or that the terminal, tmux or flow control takes away."""

_WORDS = {"?": "question_mark", ":": "colon", "@": "at", "/": "slash", "+": "plus", "-": "minus", "esc": "escape",
          "ctrl+]": "ctrl+right_square_bracket", "!": "exclamation_mark", "*": "asterisk", "#": "number_sign",
          "=": "equals_sign", ",": "comma", ".": "full_stop", ";": "semicolon"}  # fmt: skip


_COVERING = (
    "everywhere",
    "approval",
    "terminal",
    "target",
    "connection",
    "credentials",
    "services",
    "files",
    "points",
    "jobs",
)
"""Places whose keys may mean something else than everywhere: nothing else is in reach while they are open."""


class KeyMap:
    """Which keys do what: the table, changed by `[keys]` of the settings.

    Args:
        wishes: command id -> keys, several divided by a blank.

    Raises:
        BadSetting: an unknown command, a key that never arrives, or two commands of one place on one key.
    """

    def __init__(self, wishes: Mapping[str, str]) -> None:
        ids = [command.id for command in COMMANDS]
        for name in wishes:
            if name not in ids:
                near = difflib.get_close_matches(name, ids, n=1)
                hint = f"The nearest is {near[0]}." if near else "`opsterm keys --json` lists their ids."
                raise BadSetting(f"[keys]: there is no command {name}.", next_step=hint)
        self._keys = {c.id: tuple(_parse(wishes[c.id])) if c.id in wishes else c.keys for c in COMMANDS}
        for name in wishes:
            for key in self._keys[name]:
                if key in NEVER:
                    raise BadSetting(
                        f"[keys]: {name} cannot be on {key_text(key)}: a terminal sends it as another key or keeps it.",
                        next_step="Choose another key.",
                    )
        self._check_clashes()

    def _check_clashes(self) -> None:
        taken: dict[tuple[str, str], Command] = {}
        everywhere = {key: c for c in COMMANDS if c.pane == "everywhere" for key in self._keys[c.id]}
        for command in COMMANDS:
            for pane in command.pane.split(", "):
                for key in self._keys[command.id]:
                    other = taken.get((pane, key)) or (everywhere.get(key) if pane not in _COVERING else None)
                    if other is not None and other.id != command.id:
                        raise BadSetting(
                            f"[keys]: {command.id} and {other.id} are both on {key_text(key)}.",
                            next_step="Give one of them another key.",
                        )
                    taken[pane, key] = command

    def keys(self, command: Command) -> Sequence[str]:
        """Return the keys of a command."""
        return self._keys[command.id]

    def shown(self, command: Command) -> str:
        """Return the first key as a person writes it, "" when there is none."""
        keys = self._keys[command.id]
        return key_text(keys[0]) if keys else ""

    def bindings(self, pane: str, *, on: str = "") -> list[Binding]:
        """Return the bindings of one place; the action has the name of the command.

        Args:
            pane: the place.
            on: "focused." when the focused widget does it, "" for whoever holds the binding.
        """
        return [
            Binding(",".join(self._keys[c.id]), f"{on}{c.id}", c.title, show=False, tooltip=c.text)
            for c in COMMANDS
            if pane in c.pane.split(", ") and self._keys[c.id]
        ]


def _parse(text: str) -> list[str]:
    return [_WORDS.get(word, word) for word in text.split()]
