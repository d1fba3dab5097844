"""A fitted classifier as plain numbers: what kind of thing a sentence wants, with how much certainty.

The numbers come from `opsterm.assistant.intents.training`; to use them needs no library.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from array import array
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from opsterm.assistant.intents.frames import PLACES, Frames
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.intents.traits import SHARES, TRAITS, Concepts, concept_traits, word_traits
from opsterm.core.errors import BadInput

SCALE = 1000
"""Weights are kept as whole thousandths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentModel:
    """A classifier.

    Attributes:
        digest: SHA-256 of the sentences, concepts and frames it was fitted to, in hex: its version.
        intents: in the order of the weights.
        bias: one number an intent.
        rows: place of each trait in the table.
        table: for each trait its rarity, as inverse document frequency, and one weight an intent; in thousandths.
        concepts: phrases and what they name.
        temperature: scores are divided by it, so that a probability is how often it is right.
    """

    digest: str
    intents: tuple[Intent, ...]
    bias: tuple[float, ...]
    rows: Mapping[str, int]
    table: array[int]
    concepts: Concepts
    temperature: float

    def probabilities(self, text: str) -> Mapping[Intent, float]:
        """Return how likely each intent is, the likeliest first; they sum to 1. About 1 ms for a sentence."""
        scores = list(self.bias)
        width = len(scores) + 1
        for trait, value in self._values(text).items():
            start = self.rows[trait] * width + 1
            for at, weight in enumerate(self.table[start : start + width - 1]):
                scores[at] += weight * value / SCALE
        highest = max(scores)
        raised = [math.exp((score - highest) / self.temperature) for score in scores]
        total = sum(raised)
        pairs = zip(self.intents, (value / total for value in raised), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def _values(self, text: str) -> dict[str, float]:
        """Return how much each known trait of a text counts; each kind has the length of its share."""
        seen = chain(word_traits(text), concept_traits(text, self.concepts))
        counts = Counter(trait for trait in seen if trait in self.rows)
        width = len(self.intents) + 1
        rarity = {trait: self.table[self.rows[trait] * width] / SCALE for trait in counts}
        values = {trait: (1 + math.log(count)) * rarity[trait] for trait, count in counts.items()}
        squares: dict[str, float] = defaultdict(float)
        for trait, value in values.items():
            squares[trait[0]] += value * value
        return {trait: SHARES[trait[0]] * value / math.sqrt(squares[trait[0]]) for trait, value in values.items()}


def concepts_from(table: Mapping[str, str]) -> Concepts:
    """Return phrases and what they name, from one text of phrases by commas for each concept."""
    made: dict[tuple[str, ...], tuple[str, ...]] = {}
    for concept, phrases in table.items():
        for phrase in phrases.split(","):
            key = tuple(phrase.split())
            if key and concept not in made.get(key, ()):
                made[key] = (*made.get(key, ()), concept)
    return made


def sentences_digest(sentences: Mapping[str, Sequence[str]], concepts: Mapping[str, str], frames: Frames) -> str:
    """Return the version of what a model is fitted to."""
    said = {name: list(rows) for name, rows in sorted(sentences.items())}
    text = json.dumps([TRAITS, said, dict(concepts), {place: list(frames[place]) for place in PLACES}])
    return hashlib.sha256(text.encode()).hexdigest()


def model_text(model: IntentModel, concepts: Mapping[str, str]) -> str:
    """Return a model as JSON; `concepts` as they are written.

    Its table is base64 of whole numbers of two bytes, the low one first: JSON's own are read ten times as slowly.
    """
    table = array("h", model.table)
    if sys.byteorder == "big":
        table.byteswap()
    kept = {
        "traits": TRAITS, "digest": model.digest, "intents": model.intents,
        "temperature": round(model.temperature, 4), "bias": [round(value * SCALE) for value in model.bias],
        "concepts": {name: " ".join(text.split()) for name, text in concepts.items()},
        "rows": "\n".join(sorted(model.rows, key=lambda trait: model.rows[trait])),
        "table": b64encode(table.tobytes()).decode(),
    }  # fmt: skip
    return json.dumps(kept, ensure_ascii=False) + "\n"


def read_model(text: str) -> IntentModel:
    """Return the model of a JSON text. Raises BadInput."""
    try:
        kept = json.loads(text)
        if kept["traits"] != TRAITS:
            raise BadInput("The shipped classifier looks at sentences in another way than this program.",
                           next_step="Install opsterm anew.")  # fmt: skip
        table = array("h", b64decode(kept["table"], validate=True))
        if sys.byteorder == "big":
            table.byteswap()
        traits = kept["rows"].split("\n")
        if len(table) != len(traits) * (len(kept["intents"]) + 1):
            raise ValueError("its table has not as many numbers as its traits need")
        return IntentModel(
            digest=kept["digest"],
            intents=tuple(Intent(name) for name in kept["intents"]),
            bias=tuple(value / SCALE for value in kept["bias"]),
            rows={trait: at for at, trait in enumerate(traits)},
            table=table,
            concepts=concepts_from(kept["concepts"]),
            temperature=float(kept["temperature"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            "The shipped classifier cannot be read.", why=str(error), next_step="Install opsterm anew."
        ) from None
