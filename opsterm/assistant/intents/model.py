"""A fitted classifier as plain numbers: what kind of thing a sentence wants, with how much certainty.

The numbers come from `opsterm.assistant.intents.training`; to use them needs no library.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.intents.traits import TRAITS, Concepts, concept_traits, word_traits
from opsterm.core.errors import BadInput

SCALE = 1000
"""Weights are kept as whole thousandths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentModel:
    """A classifier.

    Attributes:
        digest: SHA-256 of the sentences and concepts it was fitted to, in hex: its version.
        intents: in the order of the weights.
        bias: one number an intent.
        rarity: how rare each trait is, as inverse document frequency.
        weights: one number an intent for each trait.
        concepts: phrases and what they name.
        share: how much the concepts count beside the words.
        temperature: scores are divided by it, so that a probability is how often it is right.
    """

    digest: str
    intents: tuple[Intent, ...]
    bias: tuple[float, ...]
    rarity: Mapping[str, float]
    weights: Mapping[str, tuple[float, ...]]
    concepts: Concepts
    share: float
    temperature: float

    def probabilities(self, text: str) -> Mapping[Intent, float]:
        """Return how likely each intent is, the likeliest first; they sum to 1. About 1 ms for a sentence."""
        scores = list(self.bias)
        for traits, share in ((word_traits(text), 1.0), (concept_traits(text, self.concepts), self.share)):
            for trait, value in self._values(traits, share).items():
                for at, weight in enumerate(self.weights[trait]):
                    scores[at] += weight * value
        highest = max(scores)
        raised = [math.exp((score - highest) / self.temperature) for score in scores]
        total = sum(raised)
        pairs = zip(self.intents, (value / total for value in raised), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def _values(self, traits: Iterable[str], share: float) -> dict[str, float]:
        counts = Counter(trait for trait in traits if trait in self.weights)
        values = {trait: (1 + math.log(count)) * self.rarity[trait] for trait, count in counts.items()}
        length = math.sqrt(sum(value * value for value in values.values())) or 1.0
        return {trait: share * value / length for trait, value in values.items()}


def concepts_from(table: Mapping[str, str]) -> Concepts:
    """Return phrases and what they name, from one text of phrases by commas for each concept."""
    made: dict[tuple[str, ...], tuple[str, ...]] = {}
    for concept, phrases in table.items():
        for phrase in phrases.split(","):
            key = tuple(phrase.split())
            if key and concept not in made.get(key, ()):
                made[key] = (*made.get(key, ()), concept)
    return made


def sentences_digest(sentences: Mapping[str, Sequence[str]], concepts: Mapping[str, str]) -> str:
    """Return the version of what a model is fitted to."""
    text = json.dumps([TRAITS, {name: list(rows) for name, rows in sorted(sentences.items())}, dict(concepts)])
    return hashlib.sha256(text.encode()).hexdigest()


def model_text(model: IntentModel, concepts: Mapping[str, str]) -> str:
    """Return a model as JSON; `concepts` as they are written."""
    traits = {
        trait: [round(model.rarity[trait] * SCALE), *(round(weight * SCALE) for weight in weights)]
        for trait, weights in sorted(model.weights.items())
    }
    head = {
        "traits": TRAITS, "digest": model.digest, "intents": model.intents, "share": model.share,
        "temperature": round(model.temperature, 4), "bias": [round(value * SCALE) for value in model.bias],
        "concepts": {name: " ".join(text.split()) for name, text in concepts.items()},
    }  # fmt: skip
    lines = [f"{json.dumps(trait, ensure_ascii=False)}:{json.dumps(row, separators=(',', ':'))}"
             for trait, row in traits.items()]  # fmt: skip
    body = ",\n".join(lines)
    return f'{json.dumps(head)[:-1]}, "weights": {{\n{body}\n}}}}\n'


def read_model(text: str) -> IntentModel:
    """Return the model of a JSON text. Raises BadInput."""
    try:
        kept = json.loads(text)
        if kept["traits"] != TRAITS:
            raise BadInput("The shipped classifier looks at sentences in another way than this program.",
                           next_step="Install opsterm anew.")  # fmt: skip
        rows = kept["weights"].items()
        return IntentModel(
            digest=kept["digest"],
            intents=tuple(Intent(name) for name in kept["intents"]),
            bias=tuple(value / SCALE for value in kept["bias"]),
            rarity={trait: row[0] / SCALE for trait, row in rows},
            weights={trait: tuple(value / SCALE for value in row[1:]) for trait, row in rows},
            concepts=concepts_from(kept["concepts"]),
            share=float(kept["share"]),
            temperature=float(kept["temperature"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            "The shipped classifier cannot be read.", why=str(error), next_step="Install opsterm anew."
        ) from None
