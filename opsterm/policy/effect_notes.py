"""What is gathered while a text is read: effects with their places, commands, and why something is not understood."""

from __future__ import annotations

from collections import Counter

from opsterm.policy.effects import Certainty, Effect, EffectKind, Span
from opsterm.policy.invocation import Findings, Invocation

EFFECTS_AT_MOST = 250
INSIDE_AT_MOST = 6_000
"""Characters of all texts that are read inside a text, one in the other."""

OF_EACH_KIND = 20
"""Effects of a kind that are kept beyond the limit, so that what is rare does not drown in what is not."""


class EffectList:
    """Effects in the order in which they are met, none of them twice, and not without end.

    Attributes:
        overflowed: whether some were left out, so that there is more than is told.
    """

    def __init__(self) -> None:
        self.overflowed = False
        self._effects: dict[Effect, None] = {}
        self._of_kind: Counter[EffectKind] = Counter()

    def add(self, effect: Effect) -> None:
        """Keep an effect, if there is room."""
        if effect in self._effects:
            return
        if len(self._effects) >= EFFECTS_AT_MOST and self._of_kind[effect.kind] >= OF_EACH_KIND:
            if not self.overflowed:
                anything = Effect(
                    kind=EffectKind.REMOTE_CODE, object="?", certainty=Certainty.POSSIBLE, span=effect.span
                )
                self._effects[anything] = None
            self.overflowed = True
            return
        self._effects[effect] = None
        self._of_kind[effect.kind] += 1

    @property
    def all(self) -> tuple[Effect, ...]:
        """Those that are kept."""
        return tuple(self._effects)


TOO_MANY = f"It does more than {EFFECTS_AT_MOST:,} things; what is said of it is not all."


class EffectNotes:
    """Effects, commands and opaque sentences of one text, in the order in which they are met, none of them twice."""

    def __init__(self) -> None:
        self._effects = EffectList()
        self._opaque: dict[str, None] = {}
        self._commands: list[Invocation] = []
        self._inside = 0

    def may_read(self, text: str) -> bool:
        """Return whether a text inside the text may be read: all of them together have a limit."""
        self._inside += len(text)
        return self._inside <= INSIDE_AT_MOST

    def add(
        self, kind: EffectKind, what: str, span: tuple[int, int], certainty: Certainty = Certainty.CERTAIN,
    ) -> None:  # fmt: skip
        """Note an effect on `what`, shown by the characters of `span`."""
        place = Span(start=span[0], end=max(span))
        self._effects.add(Effect(kind=kind, object=what, certainty=certainty, span=place))

    def hide(self, sentence: str) -> None:
        """Note why a part is not understood."""
        self._opaque[sentence] = None

    def start(self, invocation: Invocation) -> None:
        """Note a command that would be started."""
        self._commands.append(invocation)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects that were noted."""
        return self._effects.all

    @property
    def opaque(self) -> tuple[str, ...]:
        """The sentences that were noted."""
        return (*self._opaque, TOO_MANY) if self._effects.overflowed else tuple(self._opaque)

    def findings(self) -> Findings:
        """Return all that was noted."""
        return Findings(effects=self.effects, opaque=self.opaque, commands=tuple(self._commands))
