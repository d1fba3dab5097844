"""Words for a log-in shell that nobody chose: quoted so that sh, bash, zsh, csh and fish all read the same.

sshd hands a command to the account's log-in shell as one text. Plain characters stand in single quotes; what
some shell obeys inside them (quote and backslash in fish, "!" in csh) stands outside, behind a backslash.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")
_PIECE = re.compile(r"[^'\\!]+|['\\!]")


def quote_word(word: str) -> str:
    """Return one word in quotes. A newline in it is read by every shell but csh and tcsh, which refuse it."""
    if _PLAIN.fullmatch(word):
        return word
    pieces = (f"'{piece}'" if len(piece) > 1 or piece not in "'\\!" else f"\\{piece}" for piece in _PIECE.findall(word))
    return "".join(pieces) or "''"


def command_line(*words: str) -> str:
    """Return the text that makes a log-in shell run these words."""
    return " ".join(quote_word(word) for word in words)
