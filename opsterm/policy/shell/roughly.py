"""Commands of a text whose syntax could not be followed: better too many than one too few."""

from __future__ import annotations

from collections.abc import Iterator

from opsterm.core import lean_re as re
from opsterm.policy.shell.argument import Argument, expand_braces
from opsterm.policy.shell.notes import ShellText

_BETWEEN = re.compile(r"[;|&\n(){}`]+|\$\(|(?:^|\s)(?:then|do|else|if|while|until)\s")
_COMMAND_END = re.compile(r"[;|&\n]+")
_WORD = re.compile(r"""[^\s'"]*(?:'[^']*'?|"[^"]*"?)?[^\s'"]*""")
COMMANDS_AT_MOST = 200


def rough_commands(source: ShellText) -> Iterator[list[Argument]]:
    """Yield what stands between the operators of a text, as words without quotes.

    A text in braces alone, as `{rm,-rf,/home}`, is expanded first.
    """
    text = source.text
    whole = source.span(0, len(text))
    for part in _COMMAND_END.split(text)[:COMMANDS_AT_MOST]:
        bare = part.strip()
        if bare.startswith("{") and "," in bare.split(" ")[0]:
            words = [word for piece in bare.split() for word in expand_braces(piece)]
            yield [Argument(text=word, raw=word, span=whole) for word in words]
    for part in _BETWEEN.split(text)[:COMMANDS_AT_MOST]:
        words = [re.sub(r"[\"'\\]", "", match) for match in _WORD.findall(part) if match]
        words = [word for word in words if word]
        if words:
            yield [Argument(text=word, raw=word, span=whole, glob="*" in word) for word in words]
