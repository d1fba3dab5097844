r"""Text from outside, made safe to show.

A log line, a banner, a file name or a model's answer may carry bytes that a terminal obeys: escape sequences,
8-bit controls, clipboard writes (OSC 52), characters that turn the reading direction around, or characters
without a width. Every face passes every foreign text through one of the two functions here. A character that a
terminal would obey, or that an eye would miss, is replaced by its escape (`\x1b`, `\u202e`), so it is seen for
what it is; nothing is silently dropped.

Sources: ECMA-48 (C0, C1), Unicode TR9 (bidi controls), Unicode TR36 (invisible characters).
"""

from __future__ import annotations

import functools
import unicodedata

from opsterm.core import lean_re as re

LINE_LIMIT = 4096
"""Characters kept of one line; a terminal row is far shorter, a search in a log is not helped by more."""

BLOCK_LIMIT = 1_000_000
"""Characters kept of one block."""

_OBEYED_OR_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners and fillers without a shape
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, line separators, bidi embeddings and isolates
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"  # filler, variation selectors, BOM, annotations
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3"  # joiners of hieroglyphs, overlaps of shorthand
    "\U0001d159\U0001d173-\U0001d17a"  # musical beams and ties that only begin or end, a note without a head
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff"  # lone surrogates; noncharacters; tags
)
_IN_BLOCK = re.compile(f"[{_OBEYED_OR_UNSEEN}]")
_IN_LINE = re.compile(f"[{_OBEYED_OR_UNSEEN}\t\n]")
_LONG_LINE = re.compile(f"[^\n]{{{LINE_LIMIT + 1},}}")
_MARKS_SHOWN = 3
_MARKS_LIVE_IN = (
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x1FFF), (0x20D0, 0x20FF), (0x2CEF, 0x2DFF), (0x302A, 0x309A),
    (0xA66F, 0xABFF), (0xFB1E, 0xFB1E), (0xFE20, 0xFE2F), (0x10000, 0x1EFFF),
)  # fmt: skip
_MAYBE_PILED = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in _MARKS_LIVE_IN)}]{{4,}}")


@functools.cache
def _piled_marks() -> re.Pattern[str]:
    """Return what finds more than three marks on one character. Made when the first text needs it: 10 ms."""
    marks = "".join(
        chr(point)
        for first, last in _MARKS_LIVE_IN
        for point in range(first, last + 1)
        if unicodedata.category(chr(point)) in ("Mn", "Me")
    )
    return re.compile(f"([{marks}]{{{_MARKS_SHOWN}}})([{marks}]+)")


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


def _made_visible(text: str, unsafe: re.Pattern[str]) -> str:
    """Replace what a terminal obeys or an eye misses, and every mark past the third on one character."""
    shown = unsafe.sub(_escape_match, text)
    if shown.isascii():
        return shown
    return _MAYBE_PILED.sub(_spread_pile, shown)


def _spread_pile(match: re.Match[str]) -> str:
    return _piled_marks().sub(lambda pile: pile[1] + "".join(map(escaped, pile[2])), match[0])


def _cut(shown: str, limit: int, more: int = 0) -> str:
    """Return at most `limit` characters, and say how many are missing; `more` were left out before."""
    missing = max(0, len(shown) - limit) + more
    return f"{shown[:limit]}… ({missing} more characters)" if missing else shown


def clean_line(text: str, *, limit: int = LINE_LIMIT) -> str:
    """Return `text` fit for a single-line place: no controls, no newline, at most `limit` characters.

    What is cut is said behind it: "… (N more characters)". Idempotent on its own output when nothing was cut.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text  # most names and most lines: a tenth of what looking at each character costs
    return _cut(_made_visible(text[:limit], _IN_LINE), limit, max(0, len(text) - limit))


def clean_block(text: str, *, limit: int = BLOCK_LIMIT, tab_size: int = 8) -> str:
    """Return `text` fit for a many-line place: newlines kept, tabs expanded, every line at most LINE_LIMIT.

    CR LF counts as one newline. What is cut is said, as in `clean_line`. Cost: about 30 ms for 1 MB.
    """
    shown = _made_visible(text[:limit].replace("\r\n", "\n"), _IN_BLOCK)
    if "\t" in shown:
        shown = shown.expandtabs(tab_size)
    shown = _cut(shown, limit, max(0, len(text) - limit))
    return _LONG_LINE.sub(lambda match: _cut(match[0], LINE_LIMIT), shown)


def without_unseen(text: str) -> str:
    """Return a text without what a terminal obeys or an eye would miss: for a reader that is no terminal."""
    return _IN_BLOCK.sub("", text.replace("\r\n", "\n"))


def clean_bytes(data: bytes, *, limit: int = BLOCK_LIMIT) -> str:
    r"""Decode bytes from a target (UTF-8, a stray byte shown as \xNN) and clean them as a block.

    Of more than `4 * limit` bytes the rest is not looked at; it is said how many these are.
    """
    looked_at = data[: limit * 4]
    shown = clean_block(looked_at.decode("utf-8", errors="backslashreplace"), limit=limit)
    rest = len(data) - len(looked_at)
    return f"{shown}\n… ({rest} more bytes)" if rest else shown


_OWN_LATIN = frozenset("ßæøåðþœłđħŧŋĸÆØÅÐÞŒŁĐĦŦŊ")
"""Latin letters that no ASCII letter with a mark makes, and that are not taken for one."""

_LIKE_LINES = frozenset("一丨丶丿乀乁亅ーノメヽヾ")
"""Wide letters that look like a dash, a bar or a slash."""

_OVERLAYS = re.compile("[\u0334-\u0338\u0489\u20d2\u20d3\u20d8-\u20dc\u20dd-\u20f0]")
"""Marks that are drawn through or around a letter."""


def _is_what_it_seems(char: str) -> bool:
    """Return whether nobody takes a character outside ASCII for another one, or overlooks it.

    That is: accented Latin letters, and wide letters (Chinese, Japanese, Korean). Cyrillic and Greek look like Latin,
    Hebrew and Arabic turn the reading direction, and there is a look-alike of every sign of the shell somewhere.
    """
    if _IN_LINE.match(char):
        return False
    kind = unicodedata.category(char)
    if kind == "Lo":
        return unicodedata.east_asian_width(char) == "W" and char not in _LIKE_LINES
    if kind not in ("Lu", "Ll"):
        return False
    parts = unicodedata.normalize("NFD", char)
    return char in _OWN_LATIN or (len(parts) > 1 and parts[0].isascii() and not _OVERLAYS.search(parts))


def shown_exactly(command: str) -> str:
    r"""Return a command with every character that is not what it seems replaced by its escape.

    For the approval screen: besides what `clean_line` shows, everything outside ASCII is escaped but accented Latin
    letters and wide ones, so look-alikes of ASCII (Cyrillic and Greek letters, typographic quotes and dashes,
    full-width and small forms), marks, and spaces that are not U+0020 are seen; trailing spaces become visible. A
    newline stays a newline: a command may have several lines.
    """

    def one(char: str) -> str:
        return char if char == "\n" or " " <= char <= "~" or _is_what_it_seems(char) else escaped(char)

    lines = "".join(map(one, command)).split("\n")
    return "\n".join(re.sub(r" +$", lambda m: "\\x20" * len(m[0]), line) for line in lines)
