"""What a job does and where, by the words that are left when its time and who is told are taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LANGUAGES = {
    "powershell": "powershell", "pwsh": "powershell", "bash": "bash", "shell": "bash", "python": "python",
    "batch": "cmd", "cmd": "cmd",
}  # fmt: skip
_TICKED = re.compile(r"`([^`]+)`|\"([^\"]+ [^\"]+)\"")
_PLACES = (
    re.compile(r"\b(?:on|across|against)\s+(?P<where>[^`]+)$", re.IGNORECASE),
    re.compile(r"\b(?:for|from|of|at)\s+(?P<where>[^`]+)$", re.IGNORECASE),
)
_UNREAD = re.compile(
    r"\b(?:if|when|whenever|unless|until|except|but|not|don['’]?t|never|at \d\S*|every|each|daily|weekly|monthly"
    r"|hourly|nightly|tomorrow|tonight|\d{1,2}(?::\d\d|\s?[ap]m))\b.*$",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"^(?:please|can you|could you|would you|i want(?: you)? to|i need(?: you)? to|i'd like to|let'?s|then|and|also"
    r"|to|a|an|the|schedule|set up|setup|create|make|add|plan|start|run|execute|have|do|job|task|cron|script|scripts"
    r"|that|which|powershell|pwsh|bash|shell|python|batch|new|recurring|regular|automatic|for|of|called|command"
    r"|check that)\b[\s,:]*",
    re.IGNORECASE,
)
_REPORT = re.compile(
    r"^(?:please\s+)?(?:(?:e-?mail|mail|send)\s+(?:me|us|them|out)?\s*(?:by e?-?mail\s*)?|(?:a|an|the)\s+)*"
    r"(?:(?:report|summary|overview)\s+(?:of|on|about|with)\s+(?P<of>.+)|(?P<what>.+?)\s+(?:report|summary|overview)$"
    r"|(?P<plain>.+))$",
    re.IGNORECASE,
)
_SENDS = re.compile(r"^(?:please\s+)?(?:e-?mail|mail|send)\b", re.IGNORECASE)
_DOES = re.compile(r"`|\bscripts?\b|\b(?:powershell|pwsh|bash|python)\b", re.IGNORECASE)
_SAYS_REPORT = re.compile(r"\b(?:report|summary|overview)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWords:
    """What is to be done.

    Attributes:
        words: of the task, "" for none.
        command: what was in backticks or quotes, exactly; "" for none.
        language: "powershell", "bash", "python", "cmd" or "".
        where: words for the targets, "" for none.
        report: the question of a report, "" when it is none.
        unread: words of it that say something that is not understood, "" for none.
    """

    words: str = ""
    command: str = ""
    language: str = ""
    where: str = ""
    report: str = ""
    unread: str = ""


def task_words(text: str) -> TaskWords:
    """Read what is to be done, of a sentence without its time and without who is told."""
    said = " ".join(text.split()).strip(" ,;.")
    if not _DOES.search(said) and (_SENDS.match(said) or _SAYS_REPORT.search(said)):
        return TaskWords(report=_report(said))
    language = next((found for word, found in _LANGUAGES.items() if re.search(rf"\b{word}\b", said, re.IGNORECASE)), "")
    ticked = _TICKED.search(said)
    command = (ticked[1] or ticked[2]).strip() if ticked else ""
    plain = _TICKED.sub(" ", said)
    place = next((found for pattern in _PLACES if (found := pattern.search(plain))), None)
    where = place["where"].strip(" ,;.") if place else ""
    words = plain[: place.start()] if place else plain
    before = None
    words = words.strip(" ,;.:")
    while words != before:
        before = words
        words = _LEADS.sub("", words).strip(" ,;.:")
    unread = _UNREAD.search(words)
    return TaskWords(
        words=words, command=command, language=language, where=where,
        unread=unread[0] if unread else words if command else "",
    )  # fmt: skip


def _report(said: str) -> str:
    said = re.sub(r"^(?:schedule|set up|create|make|add|i want|run)\s+", "", said, flags=re.IGNORECASE)
    match = _REPORT.match(said)
    if match is None:
        return ""
    what = next((match[name] for name in ("of", "what", "plain") if match[name]), "").strip(" ,;.")
    return re.sub(r"^(?:me|us|a|an|the|list of)\s+", "", what, flags=re.IGNORECASE)
