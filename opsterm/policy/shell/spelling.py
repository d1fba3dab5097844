"""From the nodes of a syntax tree to words as the program would get them."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from opsterm.core import lean_re as re
from opsterm.policy.shell.argument import (
    UNKNOWN,
    Argument,
    ansi_c,
    expand_braces,
    has_glob,
    unescaped,
    unescaped_in_quotes,
)
from opsterm.policy.shell.notes import Scope, ShellText

if TYPE_CHECKING:
    from tree_sitter import Node

_LITERAL, _QUOTED, _SPLIT = "literal", "quoted", "split"
_Piece = tuple[str, str]

_FIXED = {"HOME": "~", "TMPDIR": "/tmp", "IFS": " ", "SHELL": "/bin/sh", "?": "0", "$": "1", "#": "1", "!": "1"}  # noqa: S108 (a place on targets)
"""Variables whose value is as good as known."""

_AS_IT_IS = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
"""Most words: no character in them means anything to a shell."""

_NAME = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*|[?$#!])\}?")
_WHICH = re.compile(r"\s*(?:which|command\s+-v|type\s+-[pP]|readlink\s+-f)\s+([\w./+-]+)\s*(?:2>\s*/dev/null\s*)?")
_SAYS = re.compile(r"""\s*(?:echo|printf)\s+(?:-n\s+|-e\s+|'%s'\s+|"%s"\s+|%s\s+)*(['"]?)([^'"$`|;&<>]*)\1\s*""")
_DECODES = re.compile(
    r"""\s*(?:echo|printf)\s+(?:-n\s+|%s\s+|'%s'\s+)*['"]?([A-Za-z0-9+/=]{2,})['"]?\s*\|\s*base64\s+(?:-d|-D|--decode|-di)\s*"""
)


def arguments_of(node: Node, source: ShellText, scope: Scope) -> list[Argument]:
    """Return the words that a node becomes: one, several by braces and splitting, or none."""
    start, end = node.start_byte, node.end_byte
    raw = source.text[start:end]
    span = source.span(start, end)
    if _AS_IT_IS.fullmatch(raw):
        return [Argument(text=raw, raw=raw, span=span, base=source.base(start))]
    pieces: list[_Piece] = []
    _gather(node, source, scope, pieces)
    unquoted = [text for text, mode in pieces if mode == _LITERAL]
    glob = any(has_glob(text) for text in unquoted)
    home = (bool(pieces) and pieces[0][0].startswith("~") and pieces[0][1] != _QUOTED) or raw.startswith('"$HOME')
    process = raw[2:-1] if node.type == "process_substitution" else ""
    texts = _texts(pieces)
    base = _base(node, source, pieces) if len(texts) == 1 else -1
    return [
        Argument(text=text, raw=raw, span=span, glob=glob, home=home, base=base, process=process) for text in texts
    ]  # fmt: skip


def _texts(pieces: list[_Piece]) -> list[str]:
    joined = "".join(text if mode != _LITERAL else unescaped(text) for text, mode in pieces)
    if all(mode == _LITERAL for _, mode in pieces):
        whole = "".join(text for text, _ in pieces)
        if "{" in whole and "," in whole:
            return [unescaped(word) for word in expand_braces(whole)]
    if any(mode == _SPLIT and re.search(r"\s", text) for text, mode in pieces):
        marked = "".join(
            text if mode == _SPLIT else (unescaped(text) if mode == _LITERAL else text).replace(" ", "\x01")
            for text, mode in pieces
        )
        return [word.replace("\x01", " ") for word in marked.split()]
    if not joined and all(mode == _SPLIT for _, mode in pieces):
        return []
    return [joined]


def _base(node: Node, source: ShellText, pieces: list[_Piece]) -> int:
    if len(pieces) != 1 or "\\" in pieces[0][0] or UNKNOWN in pieces[0][0]:
        return -1
    raw = source.text[node.start_byte : node.end_byte]
    text = pieces[0][0]
    for lead in (0, 1):
        if raw[lead : len(raw) - lead] == text:
            return source.base(node.start_byte + lead)
    return -1


def _gather(node: Node, source: ShellText, scope: Scope, pieces: list[_Piece]) -> None:
    """Add the pieces of a node, left to right, without recursion."""
    waiting: list[Node] = [node]
    while waiting:
        one = waiting.pop()
        kind = one.type
        text = source.text[one.start_byte : one.end_byte]
        if kind in ("command_name", "concatenation"):
            waiting.extend(reversed(one.children))
        elif kind == "raw_string":
            pieces.append((text[1:-1], _QUOTED))
        elif kind == "ansi_c_string":
            pieces.append((ansi_c(text[2:-1]), _QUOTED))
        elif kind in ("string", "translated_string"):
            pieces.append((_in_quotes(one, source, scope), _QUOTED))
        elif kind in ("simple_expansion", "expansion", "command_substitution"):
            pieces.append((_value(one, source, scope), _SPLIT))
        elif kind == "process_substitution":
            pieces.append(("/dev/fd/63", _QUOTED))
        elif kind == "arithmetic_expansion":
            pieces.append((UNKNOWN, _QUOTED))
        else:
            pieces.append((text, _LITERAL))


def _in_quotes(node: Node, source: ShellText, scope: Scope) -> str:
    """Return what is between double quotes; what the tree has no node for, as blanks, is taken from the source."""
    parts: list[str] = []
    start = node.start_byte + (2 if source.text[node.start_byte] == "$" else 1)
    end = node.end_byte - 1
    for child in node.named_children:
        if child.type in ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"):
            parts.append(unescaped_in_quotes(source.text[start : child.start_byte]))
            parts.append(UNKNOWN if child.type == "arithmetic_expansion" else _value(child, source, scope))
            start = child.end_byte
    parts.append(unescaped_in_quotes(source.text[start:end]))
    return "".join(parts)


def _value(node: Node, source: ShellText, scope: Scope) -> str:
    """Return what an expansion stands for, UNKNOWN when that is known only when it runs."""
    text = source.text[node.start_byte : node.end_byte]
    if node.type == "command_substitution":
        return _said(text[2:-1] if text.startswith("$(") else text[1:-1])
    match = _NAME.fullmatch(text)
    if match is None:
        return UNKNOWN
    name = match[1]
    if name == "PWD":
        return scope.cwd or "."
    value = scope.variables.get(name, _FIXED.get(name))
    if value is None:
        return UNKNOWN
    between = scope.variables.get("IFS")
    return re.sub(f"[{re.escape(between)}]", " ", value) if between else value


def _said(text: str) -> str:
    """Return what a substituted command would print, for the few of which that is plain."""
    if found := _WHICH.fullmatch(text):
        return found[1]
    if text.strip() == "pwd":
        return "."
    if found := _DECODES.fullmatch(text):
        return decoded(found[1]) or UNKNOWN
    if found := _SAYS.fullmatch(text):
        return ansi_c(found[2]).strip()
    return UNKNOWN


def decoded(text: str) -> str:
    """Return the text inside base64, "" when it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8").strip()
    except (binascii.Error, ValueError):
        return ""
