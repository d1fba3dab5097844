"""Fits the classifier of intents anew and writes its numbers: python -m tests.assistant.exam.train."""

from __future__ import annotations

import tomllib
from pathlib import Path

from opsterm.assistant.intents.frames import Frames
from opsterm.assistant.intents.model import model_text, read_model, sentences_digest
from tests.assistant.exam.intents import labelled, macro_f1

SHIPPED = Path(__file__).parents[3] / "knowledge_seed" / "intents"


def sentences() -> dict[str, list[str]]:
    """Return the sentences that ship, by name of their intent."""
    return {
        file.stem: [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        for file in sorted(SHIPPED.glob("*.txt"))
    }


def concepts() -> dict[str, str]:
    """Return the concepts that ship."""
    return tomllib.loads((SHIPPED / "concepts.toml").read_text(encoding="utf-8"))


def frames() -> Frames:
    """Return the frames that ship."""
    found: Frames = tomllib.loads((SHIPPED / "frames.toml").read_text(encoding="utf-8"))
    return found


def shipped_digest() -> str:
    """Return the version that the numbers must have been fitted to."""
    return sentences_digest(sentences(), concepts(), frames())


def main() -> None:
    """Train, write, and say how the open part of the exam goes."""
    from opsterm.assistant.intents.training import train

    text = model_text(train(sentences(), concepts(), frames()), concepts())
    (SHIPPED / "weights.json").write_text(text, encoding="utf-8")
    model = read_model(text)
    pairs = []
    for one in labelled():
        if not one.is_sealed:
            said, sure = next(iter(model.probabilities(one.text).items()))
            pairs.append((one.intent.value, said.value))
            if said is not one.intent:
                print(f"{one.intent:15} {said:15} {sure:.2f} {one.text}")
    print(f"{len(model.rows)} traits, temperature {model.temperature:.2f}, open part: F1 {macro_f1(pairs):.4f}")


if __name__ == "__main__":
    main()
