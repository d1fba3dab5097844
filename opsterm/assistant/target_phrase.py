"""What a phrase that chooses targets came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsterm.assistant.terms import TargetTerm


@dataclass(slots=True)
class TargetPhrase:
    """What a phrase came to.

    Attributes:
        selector: canonical; "" for every target.
        unknown: words that were not understood; the selector must not be used while there are any.
        fields: the fields it speaks of, for follow-ups that replace a condition.
        everything: whether it says that all are meant.
        noun: whether it names targets as such ("hosts").
        reference: whether it points to what was spoken of ("those", "there").
        notes: what was assumed, sentences.
        absent: labels that the inventory does not have; nothing is proposed while there are any.
        near: known words that are spelt like the unknown and the absent ones.
        near_lines: the lines that list what these name.
    """

    selector: str = ""
    unknown: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    everything: bool = False
    noun: bool = False
    reference: bool = False
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    near_lines: tuple[str, ...] = ()
    terms: tuple[TargetTerm, ...] = field(default=(), repr=False)

    @property
    def says_something(self) -> bool:
        """Whether any word of it chooses targets."""
        return bool(self.selector or self.everything or self.reference)
