r"""The Markdown inside a line: bold, italic, code, links, read so that no sign of a command or a path is taken away.

CommonMark takes the stars of `/var/log/*.log and /tmp/*` for emphasis, `\` for an escape and `&#27;` for a character:
what is read here as a look begins at the beginning of a word and ends at the end of one, and all else stands as it is.
The address of a link is shown behind its words, since it may be another one than the words say; nothing opens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opsterm.assistant.answer import UNSUPPORTED
from opsterm.tui.drawing.rows import StyledText

DEEPEST = 3
"""Looks within looks."""

# Each is bounded, so that a line that only looks like Markdown costs no more than its length times these numbers.
_SIGNS = re.compile(
    r"(?P<code>`[^`\n]{1,1000}`|``(?!`).{1,500}?``(?!`))"
    r"|(?P<picture>!?)\[(?P<words>[^\[\]\n]{0,300})\]\((?P<address><[^<>\n]{0,1000}>|[^\s()<>]{0,1000})"
    r"(?:\s+[\"'(][^\"')\n]{0,200}[\"')])?\)"
    r"|(?<![\w*\\/])\*\*(?=[\w`\"'(\[/.])(?P<bold>.{1,600}?)(?<=[\w`\"')\].,:;!?%])\*\*(?![\w*/])"
    r"|(?<![\w*\\/])(?P<italic>(?P<sign>[*_])(?=[\w`\"'(])[^*_\n]{1,300}(?<=[\w`\"').,:;!?%])(?P=sign))(?![\w*/])"
)


def inline_runs(
    line: str, start: int = 0, end: int | None = None, styles: frozenset[str] = frozenset(), depth: int = 0
) -> Iterator[StyledText]:
    """Yield a part of a line as runs, each with its place in the line."""
    end = len(line) if end is None else end
    at = start
    for found in _SIGNS.finditer(line, start, end) if depth < DEEPEST else ():
        if found.start() > at:
            yield StyledText(text=line[at : found.start()], styles=styles, at=at)
        if found["code"]:
            yield StyledText(text=found["code"], styles=styles | {"code"}, at=found.start())
        elif found["address"] is not None:
            yield from _link(line, found, styles, depth)
        elif found["italic"]:  # with its signs: `*web*` may as well be a pattern of names
            yield StyledText(text=found["italic"], styles=styles | {"italic"}, at=found.start())
        else:
            yield from inline_runs(line, found.start("bold"), found.end("bold"), styles | {"bold"}, depth + 1)
        at = found.end()
    if at < end:
        yield StyledText(text=line[at:end], styles=styles, at=at)


def _link(line: str, found: re.Match[str], styles: frozenset[str], depth: int) -> Iterator[StyledText]:
    """Yield the words of a link, and its address where that is not what the words are."""
    words, address = found["words"], found["address"].strip("<>")
    if found["picture"]:
        yield StyledText(text="image " if words else "image", styles=styles, at=found.start(), whole=True)
    yield from inline_runs(line, found.start("words"), found.end("words"), styles, depth + 1)
    if address and address != words.strip():
        blank = " " if words or found["picture"] else ""
        yield StyledText(text=f"{blank}({address})", styles=styles | {"address"}, at=found.start("address"), whole=True)


def with_support(runs: Sequence[StyledText], unsupported: Sequence[tuple[int, int]]) -> Iterator[StyledText]:
    """Yield runs with the sign of what has no support behind each sentence that has none, and its words in that look.

    Args:
        runs: of a line, in order.
        unsupported: where such sentences begin and end in the line, in order.
    """
    waiting = list(unsupported)
    for run in runs:
        at, end = run.at, run.at + len(run.text)
        while at < end:
            while waiting and waiting[0][1] <= at:
                waiting.pop(0)
                yield SIGN
            within = bool(waiting) and waiting[0][0] <= at
            stop = end if run.whole or not waiting else min(end, waiting[0][1 if within else 0])
            text = run.text[at - run.at : stop - run.at]
            yield StyledText(text=text, styles=run.styles | {"unsupported"} if within else run.styles, at=at)
            at = stop
    for _ in waiting:
        yield SIGN


SIGN = StyledText(text=f" {UNSUPPORTED}", styles=frozenset({"sign"}))
"""What has no support."""
