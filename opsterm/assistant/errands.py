"""Wishes beyond a question that is read whole: a script, a time, a cause, a way back, a rule, a forecast."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.tokens import Token

VERBS: Mapping[Intent, str] = {
    Intent.SCRIPT: "write script",
    Intent.SCHEDULE: "schedule",
    Intent.TROUBLESHOOT: "troubleshoot",
    Intent.ROLLBACK: "way back",
    Intent.EXPLAIN: "explain text",
    Intent.COMPLIANCE: "rules on",
    Intent.CAPACITY: "look ahead",
}
"""Intent -> how its line begins."""

_NAME = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*-?\d+")
_LINE = re.compile(rf"({'|'.join(VERBS.values())})(?: of (.+?))? -- (.+)")
_BEHIND = re.compile(
    r"\s+(?:do(?:es)?|mean|allowed|permitted|dangerous|risky|safe|compliant|ok(?:ay)?|harmful)\b.*$"
    r"|\s+(?:on|in|against) \S+$"
)
_NOT_COMMANDS = frozenset(
    {"a", "at", "date", "w", "who", "id", "last", "test", "service", "sync", "time", "make", "host"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A wish that is answered with what is there for it; nothing is changed by it.

    Attributes:
        kind: one of `VERBS`.
        words: what was said, on one line.
        selector: canonical, the targets that were named; "" for none.
        text: a script that came with the words, with its lines; "" for none. No line holds it.
    """

    kind: Intent
    words: str
    selector: str = ""
    text: str = ""

    @property
    def intent(self) -> Intent:
        """What kind of thing it is."""
        return self.kind

    @property
    def subject(self) -> str:
        """The words that documents are searched with: names of machines say nothing there."""
        return " ".join(word for word in self.words.split() if not _NAME.fullmatch(word.strip("?.,!")))

    @property
    def line(self) -> str:
        """The canonical line."""
        of = f" of {self.selector}" if self.selector else ""
        return f"{VERBS[self.kind]}{of} -- {self.words}"


def read_errand_line(line: str) -> tuple[Intent, str, str] | None:
    """Return (kind, selector as written, words) of a canonical line; None when it is none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    kind = next(intent for intent, verb in VERBS.items() if verb == match[1])
    return kind, match[2] or "", match[3].strip()


def command_in(text: str, tokens: tuple[Token, ...], commands: frozenset[str]) -> str:
    """Return the command that a sentence speaks of, "" for none: what is in backticks or quotes, or begins like one."""
    quoted = next((token.text.strip() for token in tokens if token.quote and " " in token.text.strip()), "")
    ticked = next((token.text.strip() for token in tokens if token.quote == "`"), "")
    if ticked or quoted:
        return ticked or quoted
    for token in tokens[:8]:
        if token.low in commands - _NOT_COMMANDS and token.start:
            return _BEHIND.sub("", text[token.start :].rstrip(" ?.!")).strip()
    return ""
