"""What can be done from the line of the chat with a word behind a slash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    """One of them.

    Attributes:
        name: the word.
        text: what it does, a few words.
        takes: what may follow it, "" for nothing.
    """

    name: str
    text: str
    takes: str = ""


SLASHES: tuple[Slash, ...] = (
    Slash(name="help", text="explains the chat and its keys"),
    Slash(name="new", text="begins another conversation"),
    Slash(name="sessions", text="lists the conversations; enter goes on with one"),
    Slash(name="search", takes="WORDS", text="finds what was asked and answered, in all conversations"),
    Slash(
        name="attach", takes="file PATH | alert a3 | targets | terminal", text="puts a text beside the next question"
    ),
    Slash(name="detach", text="takes what was attached away"),
    Slash(name="rename", takes="TITLE", text="gives this conversation another title"),
    Slash(name="export", takes="FILE", text="writes this conversation to a file, as Markdown"),
    Slash(name="recommend", text="lists what could be made easier here; enter takes it to the line"),
    Slash(name="forget", text="forgets this conversation; asks first"),
)


def read_slash(line: str) -> tuple[str, str] | None:
    """Return (word, what follows) of a line that begins with a slash; None for a path or any other text."""
    if not line.startswith("/"):
        return None
    word, _, rest = line[1:].partition(" ")
    return (word.lower(), rest.strip()) if word.isalpha() or not word else None


def fitting_slashes(line: str) -> Sequence[Slash]:
    """Return those that a line may become, none when it is no slash or is past its word."""
    read = read_slash(line)
    if read is None or " " in line:
        return [one for one in SLASHES if read is not None and one.name == read[0]]
    return [one for one in SLASHES if one.name.startswith(read[0])]


def slash_named(word: str) -> Slash | None:
    """Return the one that a word names: whole, or the beginning of only one."""
    found = [one for one in SLASHES if one.name == word] or [one for one in SLASHES if one.name.startswith(word)]
    return found[0] if word and len(found) == 1 else None
