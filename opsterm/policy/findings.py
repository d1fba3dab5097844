"""What is gathered while a text is read: effects with their places, and why something of it is not understood."""

from __future__ import annotations

from opsterm.policy.effects import Certainty, Effect, EffectKind, Span


class Findings:
    """Effects and opaque sentences of one text, in the order in which they are met, none of them twice."""

    def __init__(self) -> None:
        self._effects: dict[Effect, None] = {}
        self._opaque: dict[str, None] = {}

    def add(
        self, kind: EffectKind, what: str, span: tuple[int, int], certainty: Certainty = Certainty.CERTAIN,
    ) -> None:  # fmt: skip
        """Note an effect on `what`, shown by the characters of `span`."""
        place = Span(start=span[0], end=max(span))
        self._effects[Effect(kind=kind, object=what, certainty=certainty, span=place)] = None

    def hide(self, sentence: str) -> None:
        """Note why a part is not understood."""
        self._opaque[sentence] = None

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects that were noted."""
        return tuple(self._effects)

    @property
    def opaque(self) -> tuple[str, ...]:
        """The sentences that were noted."""
        return tuple(self._opaque)
