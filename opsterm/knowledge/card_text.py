"""What of a card is searched: the same parts, whoever looks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsterm.knowledge.card import Card
from opsterm.knowledge.synonyms import card_terms

WORDS_LIMIT = 2_000
"""Characters of a question that count."""

_SEPARATORS = re.compile(r"[^a-z0-9]")


PartTerms = tuple[list[str], ...]
"""The words of title, symptoms, codes and body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """The texts of a card, those first that say most about it.

    Attributes:
        title: with id and services.
        symptoms: in the words of those who see them.
        codes: lines by which errors show.
        body: everything else.
    """

    title: str
    symptoms: str
    codes: str
    body: str

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """The four texts."""
        return self.title, self.symptoms, self.codes, self.body


def card_text(card: Card) -> CardText:
    """Return the texts of a card."""
    steps = [one.text for one in (*card.checks, *card.fix)]
    return CardText(
        title=" ".join((card.title, card.id.replace("-", " "), *card.services)),
        symptoms=". ".join(card.symptoms),
        codes=". ".join(error.example for error in card.errors),
        body=" ".join((card.cause, *steps, card.verify, card.rollback, *card.references, *card.systems)),
    )


def terms_of_card(card: Card) -> PartTerms:
    """Return the words of each text of a card, as `card_terms` gives them."""
    return tuple(card_terms(part) for part in card_text(card).parts)


def index_word(term: str) -> str:
    """Return a word in the spelling of the index of words: small letters, digits and `_`."""
    return _SEPARATORS.sub("_", term)
