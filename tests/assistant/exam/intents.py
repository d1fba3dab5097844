"""Sentences of the exam of intents: open ones may be looked at, a third is sealed and only counted.

Which are sealed is decided by the digest of each, so nobody chose them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from opsterm.assistant.intents.names import Intent

FILE = Path(__file__).parents[1] / "cases" / "intents.txt"
STRANGERS = FILE.with_name("intents_of_strangers.tsv")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence and what it wants."""

    text: str
    intent: Intent

    @property
    def is_sealed(self) -> bool:
        """Whether it is of the third that is not looked at."""
        return int(hashlib.sha256(self.text.encode()).hexdigest(), 16) % 3 == 0


def labelled() -> tuple[Labelled, ...]:
    """Return every sentence, in the order of the file."""
    names = {f"# {intent}": intent for intent in Intent}
    found, intent = [], Intent.OUT_OF_SCOPE
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line in names:
            intent = names[line]
        elif line:
            found.append(Labelled(line, intent))
    return tuple(found)


def of_strangers() -> dict[str, list[Labelled]]:
    """Return the sentences of people who had seen nothing of this, by name of their set."""
    found: dict[str, list[Labelled]] = {}
    for line in STRANGERS.read_text(encoding="utf-8").splitlines():
        name, intent, text = line.split("\t")
        found.setdefault(name, []).append(Labelled(text.replace("\\n", "\n"), Intent(intent)))
    return found


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    """Return the mean of the F1 of each label, of pairs (wanted, said)."""
    scores = []
    for label in {wanted for wanted, _ in pairs}:
        hits = sum(wanted == said == label for wanted, said in pairs)
        either = sum((wanted == label) + (said == label) for wanted, said in pairs)
        scores.append(2 * hits / either)
    return sum(scores) / len(scores)
