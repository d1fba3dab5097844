"""Sentences about scripts that no other rule reads: one that brings a script, and one that leans on the one before."""

from __future__ import annotations

import re

from opsterm.assistant.automation_wish import read_automation
from opsterm.assistant.errands import Errand
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.reading import Sentence, understood
from opsterm.assistant.scripts.pasted import pasted_script
from opsterm.assistant.scripts.wish import language_in

WORDS_LIMIT = 400

_CONVERT = re.compile(
    r"(?:(?:now|and|please|can you|could you)\s+)*"
    r"(?:convert|translate|port|rewrite|turn|redo|do|write|give me|show)?\s*"
    r"(?:it|that|this|the same|that script|this script|the script|that one|same)?\s*(?:again\s+)?"
    r"(?:to|into|in|as|for|using)\s+(?:a\s+)?(?:power ?shell|pwsh|python3?|bash|shell|windows|linux)"
    r"(?:\s+(?:script|please|instead|too|as well))*[?.!]*",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"(?:(?:now|and|but|please)\s+)*(?:make (?:it|that|the)|with|use|using|set|change|but)\b.*", re.IGNORECASE
)


def read_script(sentence: Sentence) -> Interpretation | None:
    """Read a sentence that brings a script, or that wants the script before it otherwise."""
    brought = pasted_script(sentence.text)
    if brought is not None:
        return understood(Errand(kind=Intent.SCRIPT, words=brought[0], text=brought[1]))
    last = next(iter(sentence.memory.recent(sentence.world.now)), None)
    if not isinstance(last, Errand) or last.kind is not Intent.SCRIPT or last.text:
        return None
    said = " ".join(sentence.text.split())
    language = language_in(said)
    if _CONVERT.fullmatch(said):
        wanted = language or ("powershell" if "windows" in said.lower() else "bash")
        words = f"convert to {wanted}: {_without_conversion(last.words)}"
    elif _CHANGE.fullmatch(said) and len(said) < WORDS_LIMIT // 2:
        words = f"{last.words}; {said}"
    else:
        return None
    query = Errand(kind=Intent.SCRIPT, words=words[:WORDS_LIMIT], selector=last.selector)
    return understood(query, [f"It follows on: {last.line}."])


def read_wished_automation(sentence: Sentence) -> Interpretation | None:
    """Read a wish for a plan over several protocols."""
    if read_automation(sentence.text) is None:
        return None
    words = " ".join("".join(char if char.isprintable() else " " for char in sentence.text).split())
    return understood(Errand(kind=Intent.SCRIPT, words=words))


def _without_conversion(words: str) -> str:
    return re.sub(r"^(?:convert to \w+: )+", "", words)
