"""Is a call of `test` or `[` one that only looks: its operators and what they test."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.core import lean_re as re
from opsterm.policy.readonly_form import options
from opsterm.policy.words import Word

_OF_ONE = options("-b -c -d -e -f -g -h -k -L -n -O -G -p -r -s -S -u -w -x -z")
_OF_TWO = options("= == != -nt -ot -ef")
_OF_NUMBERS = options("-eq -ne -lt -le -gt -ge")
_JOINTS = options("-a -o")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


def refusal_of_test(name: str, words: Sequence[Word]) -> str:
    """Return why a call of test is not known to only look, "" when it is.

    A number must be written as one: bash takes what stands there for a sum, in which an index may run a command.

    Args:
        name: test or [, which has to be closed.
        words: what stands behind it.
    """
    rest = list(words)
    if name == "[" and (not rest or rest.pop().text != "]"):
        return "[ has to be closed by ]."
    while rest:
        if rest[0].text == "!":
            rest = rest[1:]
        used = _one_test(rest)
        if not used:
            tested = " ".join(word.text for word in rest) or "nothing to test"
            return f"{name} with {tested} is not one of the plain tests."
        rest = rest[used:]
        if rest and rest[0].text not in _JOINTS:
            return f"{name} has more words than its tests take: {rest[0].text}."
        if rest and len(rest) == 1:
            return f"{name} needs a test behind {rest[0].text}."
        rest = rest[1:]
    return ""


def _one_test(words: Sequence[Word]) -> int:
    """Return how many words the first test has, 0 for none that is known."""
    texts = [word.text for word in words]
    if any(word.glob for word in words[:3]):
        return 0
    if len(texts) >= 3 and texts[1] in _OF_TWO:
        return 3
    if len(texts) >= 3 and texts[1] in _OF_NUMBERS:
        return 3 if _NUMBER.fullmatch(texts[0]) and _NUMBER.fullmatch(texts[2]) else 0
    if len(texts) >= 2 and texts[0] in _OF_ONE:
        return 2
    return 0
