"""What is gathered while a text is read: effects with their places, commands, and why something is not understood."""

from __future__ import annotations

from opsterm.policy.effects import Certainty, Effect, EffectKind, Span
from opsterm.policy.invocation import Findings, Invocation


class EffectNotes:
    """Effects, commands and opaque sentences of one text, in the order in which they are met, none of them twice."""

    def __init__(self) -> None:
        self._effects: dict[Effect, None] = {}
        self._opaque: dict[str, None] = {}
        self._commands: list[Invocation] = []

    def add(
        self, kind: EffectKind, what: str, span: tuple[int, int], certainty: Certainty = Certainty.CERTAIN,
    ) -> None:  # fmt: skip
        """Note an effect on `what`, shown by the characters of `span`."""
        place = Span(start=span[0], end=max(span))
        self._effects[Effect(kind=kind, object=what, certainty=certainty, span=place)] = None

    def hide(self, sentence: str) -> None:
        """Note why a part is not understood."""
        self._opaque[sentence] = None

    def start(self, invocation: Invocation) -> None:
        """Note a command that would be started."""
        self._commands.append(invocation)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects that were noted."""
        return tuple(self._effects)

    @property
    def opaque(self) -> tuple[str, ...]:
        """The sentences that were noted."""
        return tuple(self._opaque)

    def findings(self) -> Findings:
        """Return all that was noted."""
        return Findings(effects=self.effects, opaque=self.opaque, commands=tuple(self._commands))
