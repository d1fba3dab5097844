"""`re`, but a pattern is compiled when it is first used: `from opsterm.core import lean_re as re`.

For modules with patterns of their own that many commands load and few use: to compile all of them was a sixth of the
start of a command on targets. Not for a pattern that somebody else wrote: `re` itself says at once what is wrong.
"""

from __future__ import annotations

import re
from re import (
    ASCII,
    DOTALL,
    IGNORECASE,
    MULTILINE,
    VERBOSE,
    Match,
    Pattern,
    escape,
    findall,
    finditer,
    fullmatch,
    match,
    search,
    split,
    sub,
)
from typing import Any, cast

__all__ = [
    "ASCII", "DOTALL", "IGNORECASE", "MULTILINE", "VERBOSE", "Match", "Pattern", "compile", "escape", "findall",
    "finditer", "fullmatch", "match", "search", "split", "sub",
]  # fmt: skip


class LaterPattern:
    """Stands for a compiled pattern, and becomes as quick as one when it is first used."""

    def __init__(self, text: str, flags: int) -> None:
        self.written = (text, flags)

    def __getattr__(self, name: str) -> Any:  # Any: whatever a pattern has
        compiled = re.compile(*self.written)
        found = getattr(compiled, name)
        for method in ("match", "fullmatch", "search", "finditer", "sub"):
            setattr(self, method, getattr(compiled, method))
        setattr(self, name, found)
        return found


def compile(text: str, flags: int = 0) -> Pattern[str]:  # noqa: A001 - as in `re`
    """Return what does all that a compiled pattern does; only the functions of `re` do not take it for one."""
    return cast("Pattern[str]", LaterPattern(text, flags))
