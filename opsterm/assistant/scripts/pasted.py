"""A script that came with a sentence: where it begins, what it is written in, what is asked of it."""

from __future__ import annotations

import re

from opsterm.changes.scripts.task import Language

_ASKED = re.compile(
    r"(?:(?:please|can you|could you)\s+)?"
    r"(?:check|lint|validate|review|verify|test|look at|inspect|examine|explain|what does|walk me through)\s+"
    r"(?:this|the following|my|that|the)?\s*(?:(?:bash|shell|power ?shell|python3?|linux|windows)\s+)?"
    r"(?:script|code|snippet|function|one-liner)\b(?:\s+(?:do|line by line|for me|please))*\s*(?P<end>[:\n?])",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```(?P<language>\w*)[^\S\n]*\n?(?P<text>.*?)(?:```|\Z)", re.DOTALL)
_LINES = re.compile(r"\b(?:explain|what does|walk me through|line by line)\b", re.IGNORECASE)
_POWERSHELL = re.compile(
    r"^\s*param\s*\(|\$\w+\s*=|\b(?:Get|Set|New|Remove|Start|Stop|Restart|Write|Test|Invoke|Select|Where|Out|Add|Copy)-[A-Z]\w+"
    r"|\s-(?:eq|ne|gt|lt|ge|le|like|match)\s",
    re.MULTILINE,
)
_PYTHON = re.compile(
    r"^\s*(?:import \w+|from \w[\w.]* import|def \w+\(.*\).*:|print\(|if .*:$|for .* in .*:$)", re.MULTILINE
)
_BASH_SIGNS = re.compile(r"\bthen\b|\bdone\b|\bfi\b|\besac\b|\$\{|\$\(|^\s*\w+=\S", re.MULTILINE)


def pasted_script(said: str) -> tuple[str, str] | None:
    """Return (the words about it, the script) of a sentence that brings one; None when it brings none."""
    match = _ASKED.match(said.strip())
    if match is None:
        return None
    said = said.strip()
    words, text = said[: match.end()].rstrip(":\n? "), said[match.end() :]
    fence = _FENCE.search(text)
    if fence is not None:
        words, text = f"{words} {fence['language']}".strip(), fence["text"]
    text = text.strip("\n")
    return (" ".join(words.split()), text if text.endswith("\n") else text + "\n") if text.strip() else None


def asks_for_lines(words: str) -> bool:
    """Return whether it is asked what a script does, and not whether it is sound."""
    return _LINES.search(words) is not None


def language_of(text: str) -> Language:
    """Return what a script is most likely written in; its first line says, or its words do."""
    first = text.lstrip().split("\n", 1)[0]
    if first.startswith("#!"):
        return Language.PYTHON if "python" in first else Language.POWERSHELL if "pwsh" in first else Language.BASH
    if _PYTHON.search(text) and not re.search(r"^\s*(?:fi|done|esac)\b", text, re.MULTILINE):
        return Language.PYTHON
    signs = len(_POWERSHELL.findall(text))
    return Language.POWERSHELL if signs > len(_BASH_SIGNS.findall(text)) else Language.BASH
