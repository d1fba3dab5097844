"""A text that is read, perhaps one inside another: where its effects go and which languages its parts may be in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.effects import Certainty, EffectKind

LONGEST = 65_536
"""Characters of a text; a longer one is not looked at."""

MOST_LAYERS = 8
"""Texts within texts, as in `cmd /c "powershell -Command …"`."""

ReadText = Callable[[str, "Layer"], None]
"""Notes what a text of one language does. Never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Where a text stands.

    Attributes:
        notes: where effects go.
        languages: shell -> what reads it.
        span: of a text that does not stand in the whole one as it is, what shows it; None for the whole text itself.
        via: what starts it, outermost first.
        where: "" for the target itself, else the other host.
    """

    notes: EffectNotes
    languages: Mapping[str, ReadText]
    span: tuple[int, int] | None = None
    via: tuple[str, ...] = ()
    where: str = ""

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return what shows a part of this text in the whole one."""
        return self.span or (start, end)

    def unread(self, sentence: str, end: int) -> None:
        """Note that this text was not read to its end, so that it may run anything."""
        self.notes.hide(sentence)
        self.notes.add(EffectKind.REMOTE_CODE, "?", self.place(0, end), Certainty.POSSIBLE)

    def run(self, shell: str, text: str, span: tuple[int, int], *, via: str, where: str = "") -> None:
        """Read a text inside this one.

        Args:
            shell: its language.
            text: what is run.
            span: what shows it, in the text of this layer.
            via: what runs it; "" where that is already told.
            where: the host on which it runs, "" for the same.
        """
        if len(self.via) >= MOST_LAYERS:
            self.unread("It holds texts within texts, deeper than this check goes.", 0)
            return
        if not self.notes.may_read(text):
            self.unread("The texts in it that are run are together longer than this check reads.", 0)
            return
        read = self.languages.get(shell)
        if read is None:
            self.unread(f"It runs a text of {shell}, which is not read here.", 0)
            return
        via_all = (*self.via, via) if via else self.via
        read(text, replace(self, span=self.place(*span), via=via_all, where=where or self.where))
