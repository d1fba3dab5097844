"""Questions for the documents: "what do I do when the disk is full", and what a program printed when it failed."""

from __future__ import annotations

import re

from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.queries import KnowledgeQuestion
from opsterm.assistant.reading import Sentence, understood
from opsterm.assistant.tokens import find_phrase
from opsterm.assistant.vocabulary import words
from opsterm.knowledge.fusion import asks_what_is

_ASKING = (
    "what do i do when", "what do i do if", "what do we do when", "what should i do when", "what should i do if",
    "what should we do when", "what to do when", "what to do if", "what can i do when", "what can i do if",
    "what can i do about",
    "what do i do about", "how do i", "how do we", "how do you", "how to", "how can i", "how can we", "how should i",
    "help me with",
    "help me", "help with", "i have a problem with", "i need help with", "look up", "search for",
    "search knowledge for", "search",
    "find a runbook for", "is there a runbook for", "runbook for", "runbooks for", "documentation on",
    "documentation about",
    "docs on", "docs about", "what does", "why is", "why does", "why are", "why do", "explain", "troubleshoot",
    "diagnose", "what is",
    "what are", "what causes", "tell me about",
)  # fmt: skip
_LOOSE = frozenset({"what is", "what are", "why is", "why are", "why do", "tell me about", "help me", "search"})
_STOP = words("the a an is are was were my our your i we it to of on in at for and or do does can could should would "
              "please when "
              "if get gets getting have has be been being there this that these those with mean means me "
              "about")  # fmt: skip
_ERROR = re.compile(
    r"\b(errors?|fail(ed|ure|s)?|denied|refused|cannot|can't|unable|no space left|timed? ?out|traceback|"
    r"exception|panic|oom|killed|"
    r"segfault|unreachable|no such file|not found|certificate|corrupt(ed)?|full|slow|stuck|hangs?|crash(ed|es|ing)?)\b",
    re.IGNORECASE,
)
_WORDS_LIMIT = 16


def read_knowledge(sentence: Sentence, *, loosely: bool = False) -> Interpretation | None:
    """Read "what do I do when the disk is full", and loosely: "what is …" and pasted errors."""
    at, length, phrase = find_phrase(sentence.tokens, tuple(sorted(_ASKING, key=lambda p: -len(p.split()))))
    opened = 0 <= at <= 3 and (loosely or phrase not in _LOOSE)
    if not opened and not (loosely and _ERROR.search(sentence.text)):
        return None
    tokens = sentence.tokens[at + length :] if opened else sentence.tokens
    kept = [(t.low or t.text).strip(".,:()`\"'") for t in tokens if t.low not in _STOP and t.low not in ",()"]
    words_kept = " ".join(" ".join(kept).split()[:_WORDS_LIMIT])
    if not words_kept or not words_kept.isprintable():
        return None
    asked = f"what is {words_kept}" if asks_what_is(sentence.text) else words_kept
    return understood(KnowledgeQuestion(words=asked))


def is_error_text(sentence: Sentence) -> bool:
    """Return whether a sentence looks like what a program printed when something went wrong."""
    return _ERROR.search(sentence.text) is not None
