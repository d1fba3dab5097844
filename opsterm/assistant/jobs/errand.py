"""Takes a sentence for a wish about jobs: one that there is, or one that is to be made."""

from __future__ import annotations

from opsterm.assistant.errands import Errand
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Confidence, Interpretation
from opsterm.assistant.jobs.acts import read_job_act
from opsterm.assistant.reading import Sentence
from opsterm.assistant.targets import canonical

LONGEST = 400
"""Characters of such a sentence."""


def read_of_jobs(sentence: Sentence) -> Interpretation | None:
    """Read a sentence about jobs that there are."""
    if len(sentence.text) > LONGEST or read_job_act(sentence.text, sentence.world.jobs) is None:
        return None
    return job_errand(sentence)


def job_errand(sentence: Sentence) -> Interpretation:
    """Return a sentence as a wish about something that is done by schedule."""
    names = [sentence.words.names[t.low] for t in sentence.tokens if not t.quote and t.low in sentence.words.names]
    words = " ".join("".join(char if char.isprintable() else " " for char in sentence.text).split())[:LONGEST]
    selector = canonical(" or ".join(dict.fromkeys(names)))
    query = Errand(kind=Intent.SCHEDULE, words=words, selector=selector)
    return Interpretation(intent=Intent.SCHEDULE, query=query, confidence=Confidence.CERTAIN)
