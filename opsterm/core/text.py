r"""Text from outside, made safe to show.

A log line, a banner, a file name or a model's answer may carry bytes that a terminal obeys: escape sequences,
8-bit controls, clipboard writes (OSC 52), characters that turn the reading direction around, or characters
without a width. Every face passes every foreign text through one of the two functions here. A character that a
terminal would obey, or that an eye would miss, is replaced by its escape (`\x1b`, `\u202e`), so it is seen for
what it is; nothing is silently dropped.

Sources: ECMA-48 (C0, C1), Unicode TR9 (bidi controls), Unicode TR36 (invisible characters).
"""

from __future__ import annotations

import re
import unicodedata

LINE_LIMIT = 4096
"""Characters kept of one line; a terminal row is far shorter, a search in a log is not helped by more."""

BLOCK_LIMIT = 1_000_000
"""Characters kept of one block."""

_OBEYED_OR_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners and fillers without a shape
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, line separators, bidi embeddings and isolates
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"  # filler, variation selectors, BOM, annotations
    "\ud800-\udfff\U000e0000-\U000e0fff"  # lone surrogates; tags and more variation selectors
)
_IN_BLOCK = re.compile(f"[{_OBEYED_OR_UNSEEN}]")
_IN_LINE = re.compile(f"[{_OBEYED_OR_UNSEEN}\t\n]")
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILED_MARKS = re.compile(f"({_MARK}{{3}}){_MARK}+")
_LONG_LINE = re.compile(f"[^\n]{{{LINE_LIMIT + 1},}}")


def escaped(char: str) -> str:
    r"""Return the ASCII escape that stands for one character: "\x1b", "\u202e", "\n"."""
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if named:
        return named
    point = ord(char)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _escape_match(match: re.Match[str]) -> str:
    return escaped(match[0])


def _cut(line: str, limit: int) -> str:
    return f"{line[:limit]}… ({len(line) - limit} more characters)" if len(line) > limit else line


def clean_line(text: str, *, limit: int = LINE_LIMIT) -> str:
    """Return `text` fit for a single-line place: no controls, no newline, at most `limit` characters.

    What is cut is said: "… (N more characters)". Idempotent on its own output when nothing was cut.
    """
    cut = _cut(text, limit)
    return _PILED_MARKS.sub(r"\1", _IN_LINE.sub(_escape_match, cut))


def clean_block(text: str, *, limit: int = BLOCK_LIMIT, tab_size: int = 8) -> str:
    """Return `text` fit for a many-line place: newlines kept, tabs expanded, every line at most LINE_LIMIT.

    CR LF counts as one newline. Cost: about 30 ms for 1 MB.
    """
    cut = _cut(text, limit).replace("\r\n", "\n")
    cut = _IN_BLOCK.sub(_escape_match, cut)
    cut = _PILED_MARKS.sub(r"\1", cut)
    if "\t" in cut:
        cut = cut.expandtabs(tab_size)
    return _LONG_LINE.sub(lambda match: _cut(match[0], LINE_LIMIT), cut)


def clean_bytes(data: bytes, *, limit: int = BLOCK_LIMIT) -> str:
    r"""Decode bytes from a target (UTF-8, a stray byte shown as \xNN) and clean them as a block."""
    return clean_block(data[: limit * 4].decode("utf-8", errors="backslashreplace"), limit=limit)


_ALIKE = re.compile("[\u0370-\u052f\u0531-\u058f\u13a0-\u13ff\u2010-\u2015\u2018-\u201f\u2024-\u2027\u2039-\u203a"
                    "\u2044\u2212\u2215\u2236\u2248\u29f8\ua4d0-\ua4ff\uff01-\uff5e\U0001d400-\U0001d7ff]")  # fmt: skip


def shown_exactly(command: str) -> str:
    r"""Return a command with every character that is not what it seems replaced by its escape.

    For the approval screen: besides what `clean_line` shows, look-alikes of ASCII (Cyrillic and Greek letters,
    typographic quotes and dashes, full-width forms) and every space that is not U+0020 are escaped, and
    trailing spaces become visible. A newline stays a newline: a command may have several lines.
    """

    def one(char: str) -> str:
        if char == "\n" or " " <= char <= "~":
            return char
        if _IN_LINE.match(char) or _ALIKE.match(char) or unicodedata.category(char) in ("Zs", "Cn", "Co"):
            return escaped(char)
        return char

    lines = "".join(one(char) for char in command).split("\n")
    return "\n".join(re.sub(r" +$", lambda m: "\\x20" * len(m[0]), line) for line in lines)
