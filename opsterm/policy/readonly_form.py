"""How a call that only reads is written down: which options and words of an executable are known to change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Words(StrEnum):
    """What the words behind the options mean."""

    NONE = "none"
    NAMES = "names"
    PATHS = "paths"
    CONTENT = "content"
    PATTERN_CONTENT = "pattern, then content"
    TREES = "paths, then tests"
    COUNT = "interval and count"
    TIME_FORMAT = "+format"
    TESTS = "operators of test, with what they test"
    PLAIN = "names without a mark that a language of the program's own could take for more"
    STATUS = "a name, then status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way of calling an executable that only reads.

    Attributes:
        flags: single-letter options without a value; they may be written together.
        takes: single-letter options with a value. One that begins with a dash is refused when it is a word of its own:
            to many programs the value is optional, and they would read an option there.
        long: whole options without a value, with their dashes.
        long_takes: whole options with a value (behind `=`, or the next word, as above).
        words: what the other words mean.
        least: fewest other words.
        most: most other words.
        number_dash: whether `-20` is an option.
        bsd: letters that a first word without a dash may have (ps aux).
        needs: options of which each must be there.
        up_to: greatest number that an option may be given.
        one_of: what an option may be given.
        inside: how the paths of files have to begin that a fault would show lines of: among the other words and the
            values of options; "" for anyhow.
        never: words that must not be among the others, with a sentence each.
        endless: options that keep it running until it is stopped.
        sub: ways of calling by the first word; "" for none given.
    """

    flags: str = ""
    takes: str = ""
    long: frozenset[str] = frozenset()
    long_takes: frozenset[str] = frozenset()
    words: Words = Words.NONE
    least: int = 0
    most: int = 64
    number_dash: bool = False
    bsd: str = ""
    needs: tuple[str, ...] = ()
    up_to: Mapping[str, int] = field(default_factory=dict)
    one_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    inside: str = ""
    never: Mapping[str, str] = field(default_factory=dict)
    endless: frozenset[str] = frozenset()
    sub: Mapping[str, Reading] = field(default_factory=dict)


def options(text: str) -> frozenset[str]:
    """Return the options of a text, which stand apart by spaces."""
    return frozenset(text.split())
