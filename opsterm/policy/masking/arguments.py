"""Secrets among the arguments of command-line tools, found by what `tools.py` says of each.

A text is taken apart into words as a shell does, line by line, and only on lines that name a tool. Each word is looked
at once for each tool before it in the same command, of which the last few count, so the time is linear.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from opsterm.core import lean_re as re
from opsterm.policy.masking.plain import is_plain
from opsterm.policy.masking.spans import SecretSpan, fold_case
from opsterm.policy.masking.tools import TOOLS

_DEEPEST = 4
"""Quoted commands inside quoted commands that are looked into."""

_TOOLS_AT_ONCE = 3
"""Tools of one command whose places are looked for: `sudo docker exec db mysql` is one command."""

_STARTERS = frozenset({"sshpass"})
"""Tools whose first argument is another command, whose options are not theirs."""

_WORD = re.compile(
    r"""(?P<end>\n|;|\||&|`)|(?P<open>\$?\()|\)|(?P<word>(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\\\n|\\.|\$\((?=\w)|[^\s"';|&()`\\]|["'])+)"""
)


class _Place(NamedTuple):
    """One place of a secret, as the table has it.

    Attributes:
        option: "-p", or "" for a place among the other arguments.
        attached: whether the value may be written onto the option.
        apart: whether it may be the next word.
        sign: the secret is behind the first one in the value; "" for the whole value.
        until: it ends before the last one of these; "" for the end of the value.
        order: of the other arguments, as ("add_user", ".", "!").
        skipped: whether the next word is only passed over.
        only: words of which one must stand before it; () for always.
    """

    option: str
    attached: bool
    apart: bool
    sign: str
    until: str
    order: tuple[str, ...]
    only: frozenset[str]
    skipped: bool = False


def _read_place(text: str) -> _Place:
    only = frozenset[str]()
    if text.startswith("["):
        words, _, text = text[1:].partition("]")
        only = frozenset(words.split(","))
    text, _, sign = text.partition("|")
    sign, _, until = sign.partition("..")
    if text[0] in "-/" and "," not in text:
        option = text.rstrip("^~_")
        attached = text[-1] in "^~" or bool(sign)
        return _Place(option, attached, not text.endswith("^"), sign, until, (), only, text.endswith("_"))
    return _Place("", attached=False, apart=False, sign=sign, until=until, order=tuple(text.split(",")), only=only)


class _Tool(NamedTuple):
    """The places of one tool.

    Attributes:
        options: option -> its places.
        orders: places among the other arguments.
    """

    options: Mapping[str, Sequence[_Place]]
    orders: Sequence[_Place]


@functools.cache
def _tools() -> Mapping[str, _Tool]:
    """Return tool -> its places."""
    found: dict[str, list[_Place]] = {}
    for line in TOOLS.strip().splitlines():
        names, _, places = line.partition(": ")
        for name in names.split():
            found.setdefault(name, []).extend(_read_place(place) for place in places.split())
    return {
        name: _Tool(
            options={option: [p for p in places if p.option == option] for option in {p.option for p in places} - {""}},
            orders=[place for place in places if place.order],
        )
        for name, places in found.items()
    }


def known_tools() -> Set[str]:
    """Return the names of the tools that the table has, in small letters."""
    return _tools().keys()


_NAME = re.compile(r"(?<![\w.-])(?<![\w.-]@)[0-9a-z][\w.-]*(?=[\s\"'\\])")
"""What could be the name of a program, in small letters."""


def _tool_after(small: str, at: int, end: int) -> int:
    """Return where a tool's name ends that stands behind a position, -1 when there is none."""
    tools = _tools()
    for match in _NAME.finditer(small, at, end):
        if match[0].removesuffix(".exe") in tools:
            return match.end()
    return -1


@dataclass(slots=True)
class _Use:
    """A tool in use: what was seen of its arguments so far.

    Attributes:
        tool: its places.
        arguments: those that are no options.
        words: all of them, for places that count only after a word.
        waiting: places whose option was the last word.
        pairs: whether every further key=value is secret.
        starts: whether its first argument is another command.
    """

    tool: _Tool
    arguments: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    waiting: list[_Place] = field(default_factory=list)
    pairs: bool = False
    starts: bool = False


def find_arguments(text: str, small: str) -> Iterator[SecretSpan]:
    """Yield the secrets among the arguments of tools.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    at = _tool_after(small, 0, len(small))
    while at >= 0:
        start = small.rfind("\n", 0, at) + 1
        while start > 1 and small[start - 2] == "\\":  # the line before goes on in this one
            start = small.rfind("\n", 0, start - 1) + 1
        done = _line_end(small, at)
        yield from _in_line(text, start, done, 0)
        at = _tool_after(small, done, len(small))


def _line_end(text: str, at: int) -> int:
    """Return where the line ends that a position is in; a backslash at its end makes it go on."""
    end = text.find("\n", at)
    while end > 0 and text[end - 1] == "\\":
        end = text.find("\n", end + 1)
    return end if end >= 0 else len(text)


def _in_line(text: str, start: int, end: int, depth: int) -> Iterator[SecretSpan]:
    uses: list[_Use] = []
    tools = _tools()
    for match in _WORD.finditer(text, start, end):
        if match["end"] or match["open"]:
            uses = []
        if not match["word"]:
            continue
        low, high = _bare(text, *match.span("word"))
        word = text[low:high]
        uses = [use for use in uses if not (use.starts and use.arguments)]
        for use in uses:
            yield from _take(use, word, low)
        name = (
            word[-80:]
            .rpartition("$(")[2]
            .lower()
            .rpartition("/")[2]
            .rpartition("\\")[2]
            .lstrip("@")
            .removesuffix(".exe")
        )
        if name in tools:
            uses = [*uses[1 - _TOOLS_AT_ONCE :], _Use(tools[name], starts=name in _STARTERS)]
        elif depth < _DEEPEST and (" " in word or "\t" in word) and _tool_after(fold_case(word), 0, len(word)) >= 0:
            yield from _in_line(text, *_inside(text, low, high), depth + 1)


def _bare(text: str, low: int, high: int) -> tuple[int, int]:
    """Return the place of a word without quotes that are around all of it."""
    if high - low >= 2 and text[low] in "'\"" and text[high - 1] == text[low]:
        return low + 1, high - 1
    return low, high


_ASSIGNED = re.compile(r"[\w.:-]{1,80}=(?=['\"])")


def _inside(text: str, low: int, high: int) -> tuple[int, int]:
    """Return the place of the command that a word is or has behind an equals sign: A="mysql -p…"."""
    assigned = _ASSIGNED.match(text, low, high)
    return _bare(text, assigned.end(), high) if assigned else (low, high)


def _take(use: _Use, word: str, low: int) -> Iterator[SecretSpan]:
    """Look at the next word of a command; yield what of it is secret."""
    waiting, use.waiting = use.waiting, []
    if waiting and not word.startswith("--"):
        for place in waiting:
            yield from _secret(place, word, low)
        return
    if word.startswith("-") or (word.startswith("/") and _is_option(use, word)):
        yield from _take_option(use, word, low)
        use.words.add(word)
        return
    if use.pairs:
        yield from _pair(word, low)
        return
    use.words.add(word)
    if len(use.arguments) < 40:
        use.arguments.append(word)
        yield from _take_argument(use, word, low)


def _is_option(use: _Use, word: str) -> bool:
    """Return whether a word that begins with `/` is an option, and not a path: of a tool that has such options."""
    return any(option.startswith("/") for option in use.tool.options) and "/" not in word[1:]


def _take_option(use: _Use, word: str, low: int) -> Iterator[SecretSpan]:
    size = min((at for at in (word.find("="), word.find(":")) if at > 0), default=len(word))
    name = word[:size].lower() if word.startswith("/") else word[:size]
    places = use.tool.options.get(name, ())
    size = size if places else next((length for length in (3, 2) if word[:length] in use.tool.options), 0)
    onto = () if places else use.tool.options.get(word[:size], ())
    for place in (*places, *onto):
        if place.only and not place.only & use.words:
            continue
        if onto:
            if place.attached:
                yield from _secret(place, word[size:], low + size)
        elif size < len(word):
            yield from _secret(place, word[size + 1 :], low + size + 1)
        elif place.apart:
            use.waiting.append(place)


def _take_argument(use: _Use, word: str, low: int) -> Iterator[SecretSpan]:
    given = use.arguments
    for place in use.tool.orders:
        order = place.order
        if place.only and not place.only & use.words:
            continue
        if order[0] in {".", "!"}:
            fits = len(given) == len(order) and _fits(given, order)
        else:
            fits = len(given) >= len(order) and _fits(given[-len(order) :], order)
        if fits and order[-1] == "=":
            use.pairs = True
            yield from _pair(word, low)
        elif fits:
            skipped = len(order[-1]) - 1
            yield from _secret(place, word[skipped:], low + skipped)


def _fits(given: Sequence[str], order: Sequence[str]) -> bool:
    """Return whether arguments are the ones of an order."""
    return all(
        want in {".", "!", "="}
        or word.lower() == want
        or (want.endswith("*") and word.startswith(want[:-1]))
        or (want.endswith("!") and word.lower().startswith(want[:-1]))
        for word, want in zip(given, order, strict=True)
    )


def _secret(place: _Place, value: str, low: int) -> Iterator[SecretSpan]:
    if place.skipped:
        return
    kind = "community" if place.option == "-c" else "password"
    if place.sign:
        before, sign, value = value.partition(place.sign)
        if not sign or (sign == "%" and not before):  # of cmd it is a variable: %USER%
            return
        if sign == "=" and before.lower() in _NO_SECRETS:
            return
        if sign == "/" and "." in before:  # a path or a version
            return
        low += len(before) + len(sign)
        if place.until and place.until in value:
            value = value[: value.rindex(place.until)]
    yield from _value(value, low, kind)


_NO_SECRETS = frozenset({
    "user", "username", "login", "user_name", "host", "hostname", "port", "server", "database", "region", "account",
    "email", "role", "number",
})  # fmt: skip
"""Keys whose values stay readable among pairs that are all secrets."""


def _pair(word: str, low: int) -> Iterator[SecretSpan]:
    """Yield the value of key=value."""
    key, sign, value = word.partition("=")
    if sign and key.lower() not in _NO_SECRETS:
        yield from _value(value, low + len(key) + 1, "password")


def _value(value: str, low: int, kind: str) -> Iterator[SecretSpan]:
    """Yield a value unless it says where the secret comes from."""
    start, end = _bare(value, 0, len(value))
    while end > start and value[end - 1] in "'\"" and value[start] != value[end - 1]:
        end -= 1
    if end > start and not is_plain(value[start:end]):
        yield SecretSpan(low + start, low + end, kind)
