"""The documents that ship, for tests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from opsterm.knowledge.document import Document, parse_document
from opsterm.knowledge.search import KnowledgeBase

SEED = Path(__file__).resolve().parents[2] / "knowledge_seed"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def documents() -> tuple[Document, ...]:
    """Every document that ships."""
    return tuple(parse_document(path.read_text(encoding="utf-8"), path.name) for path in sorted(SEED.glob("*.md")))


@cache
def base() -> KnowledgeBase:
    """All of them, ready to search."""
    return KnowledgeBase(documents())


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield (file, text) of fenced blocks: `sh` only looks and runs as it is, `bash` changes or has placeholders."""
    for path in sorted(SEED.glob("*.md")):
        for found in _BLOCK.finditer(path.read_text(encoding="utf-8")):
            if found[1] == language:
                yield path.name, found[2]


def lines(language: str) -> list[tuple[str, str]]:
    """Return (file, command line) of fenced blocks."""
    return [(name, line) for name, text in blocks(language) for line in text.splitlines() if line.strip()]


def programs(line: str) -> list[str]:
    """Return the programs that a command line starts, the built-in words of the shell left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&()<>")
    lexer.whitespace_split = True
    found, expected = [], True
    for word in lexer:
        if set(word) <= set("|;&(") or (expected and word in ("do", "then")):
            expected = True
        elif expected:
            found.append(word)
            expected = False
    words = {"for", "done", "echo", "true", "if", "fi"}
    return [word for word in found if word not in words]
