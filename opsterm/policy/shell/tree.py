"""The one door to the grammar: a text becomes a syntax tree of tree-sitter-bash."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

_BOTH_WAYS = re.compile(r"<>(?!\()")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@cache
def _parser() -> Parser:
    """Make the parser when the first text needs it: 15 ms."""
    from tree_sitter import Language, Parser  # noqa: PLC0415 (start-up loads no grammar)
    from tree_sitter_bash import language  # noqa: PLC0415 (start-up loads no grammar)

    return Parser(Language(language()))


def parse(text: str) -> Tree:
    """Return the tree of a text; its offsets are characters.

    A character outside ASCII is a letter to the shell, so an X stands for it while parsing: bytes and characters agree.
    The grammar does not know `<>`; what it opens for both ways is taken for a file that is written to.
    """
    return _parser().parse(_BOTH_WAYS.sub(">>", _BEYOND_ASCII.sub("X", text)).encode("ascii"))


def first_fault(root: Node) -> Node | None:
    """Return the first node that the grammar could not follow, None when it followed all."""
    if not root.has_error:
        return None
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or node.is_missing:
            return node
        waiting.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
    return root
