"""How a text is given to a model so that it stays data: between words that nobody could know, without the unseen."""

from __future__ import annotations

from opsterm.core.text import without_unseen

TEXT_LIMIT = 12_000
"""Characters of one text for a model: of a longer one the beginning and the end, which tell most."""


def fenced(text: str, word: str) -> str:
    """Return a text between lines with a word that was made for this request alone.

    Args:
        text: as it came from a target.
        word: random, of one request; a text that has it by chance loses it.
    """
    bare = without_unseen(shortened(text)).replace(word, "")
    return f"<data {word}>\n{bare}\n</data {word}>"


def numbered(text: str) -> str:
    """Return a text with the number of each line before it, as its lines are cited."""
    return "\n".join(f"{number} {line}" for number, line in enumerate(text.split("\n"), 1))


def shortened(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return a text of at most so many characters, with what was left out said in its middle."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"
