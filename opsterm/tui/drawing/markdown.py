"""A block of a model's Markdown as rows: headings, lists, quotes, tables, lines of text; what has no support is marked.

Drawn are the lines as they were written: a line is a row or more, and nothing of it is left out but the signs of bold.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from opsterm.assistant.answer import UNSUPPORTED, CitedSentence
from opsterm.assistant.model.grounding import sentence_spans
from opsterm.core.text import clean_block
from opsterm.tui.cells import shown
from opsterm.tui.drawing.inline import inline_runs, with_support
from opsterm.tui.drawing.rows import Row, RowSpan, StyledText, styled_rows

LEAST_COLUMN = 6
GAP = "  "

_HEAD = re.compile(r"\s{0,3}#{1,6}\s+(?=\S)")
_ITEM = re.compile(r"(\s*)([-*+•]|\d{1,3}[.)])(\s+)(\[[ xX]\]\s+)?(?=\S)")
_QUOTE = re.compile(r"(?:\s{0,3}>\s?)+")
_RULE = re.compile(r"\s{0,3}([-*_])(?:\s*\1){2,}\s*")
_DASHES = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_BARS = re.compile(r"(?<!\\)\|")
_TICKED = re.compile(r"`[^`\n]{1,1000}`")
_DEEPEST = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What of an answer has support: all else is marked.

    Attributes:
        sentences: the texts of those sentences, and blocks of code, that have it; None while nobody has looked.
    """

    sentences: frozenset[str] | None = None

    def missing(self, line: str) -> list[tuple[int, int]]:
        """Return where the sentences of a line begin and end that have none."""
        if self.sentences is None:
            return []
        return [(start, end) for start, end in sentence_spans(line) if line[start:end] not in self.sentences]

    def misses(self, code: str) -> bool:
        """Return whether a block of code, or a part of a long one, has none."""
        if self.sentences is None or not code.strip():
            return False
        return code not in self.sentences and not any(code in one for one in self.sentences if "\n" in one)


def support_of(blocks: Sequence[object]) -> Support:
    """Return what of an answer has support."""
    looked_at = [block for block in blocks if isinstance(block, CitedSentence)]
    return Support(sentences=frozenset(one.text for one in looked_at if not one.fault))


def text_rows(lines: Sequence[str], room: int, *, indent: int, plain: bool, support: Support) -> list[Row]:
    """Return the rows of lines between two empty ones.

    Args:
        lines: as they came.
        room: cells of a row, the indent included.
        indent: cells before each row.
        plain: ASCII only.
        support: what of it has support.
    """
    rows: list[Row] = []
    cleaned = clean_block("\n".join(lines)).split("\n")
    at = 0
    while at < len(cleaned):
        if is_table(cleaned[at : at + 2]):
            end = at + 2
            while end < len(cleaned) and "|" in cleaned[end]:
                end += 1
            rows += _table_rows(cleaned[at:end], room, indent, plain=plain, support=support)
            at = end
        else:
            rows += _line_rows(cleaned[at], room, indent, plain=plain, support=support)
            at += 1
    return rows


def is_table(lines: Sequence[str]) -> bool:
    """Return whether two lines are the titles of a table and what stands below them."""
    return (
        len(lines) == 2
        and "|" in lines[0]
        and "-" in lines[1]
        and bool(_DASHES.fullmatch(lines[1]))
        and len(_cells(lines[0])) == len(_cells(lines[1]))
    )


def _line_rows(line: str, room: int, indent: int, *, plain: bool, support: Support) -> list[Row]:
    if _RULE.fullmatch(line):
        return [Row(text=" " * indent + ("-" if plain else "─") * min(20, room - indent), style="dim")]
    style, lead, start = "", "", 0
    if head := _HEAD.match(line):
        style, start = "head", head.end()
    elif item := _ITEM.match(line):
        lead, start = line[: item.end()], item.end()
    elif quote := _QUOTE.match(line):
        lead, start = "> " * quote[0].count(">"), quote.end()
    else:
        start = len(line) - len(line.lstrip())
        lead = line[:start]
    lead = shown(lead.replace("•", "*") if plain else lead, plain=plain)
    lead = lead if cell_len(lead) <= min(_DEEPEST, (room - indent) // 2) else ""
    runs = with_support(list(inline_runs(line, start)), support.missing(line))
    first = " " * indent + lead
    rest = " " * indent + ("> " * lead.count(">") if lead.startswith(">") else " " * cell_len(lead))
    return styled_rows(runs, room, first=first, rest=rest, style=style, plain=plain)


# ----------------------------------------------------------------------------------------------- tables


def _cells(line: str) -> list[tuple[int, int]]:
    """Return where the cells of a line of a table begin and end; a bar in code or behind a backslash divides none."""
    ticked = [one.span() for one in _TICKED.finditer(line)]
    bars = [
        one.start()
        for one in _BARS.finditer(line)
        if not any(start < one.start() < end for start, end in ticked)
    ]  # fmt: skip
    edges = [-1, *bars, len(line)]
    found = [(start + 1, end) for start, end in itertools.pairwise(edges)]
    if len(found) > 1 and not line[slice(*found[0])].strip():
        found = found[1:]
    if len(found) > 1 and not line[slice(*found[-1])].strip():
        found = found[:-1]
    return [_stripped(line, *one) for one in found]


def _stripped(line: str, start: int, end: int) -> tuple[int, int]:
    part = line[start:end]
    at = start + len(part) - len(part.lstrip())
    return at, at + len(part.strip())


def _table_rows(lines: Sequence[str], room: int, indent: int, *, plain: bool, support: Support) -> Iterator[Row]:
    """Yield a table that fits: its widest columns give way, what they hold goes on in the next row.

    A row with more cells than titles keeps them in its last one; where there is no room for columns, the lines stand as
    they were written.
    """
    titles, said = _cells(lines[0]), [lines[0], *lines[2:]]
    right = [lines[1][slice(*span)].endswith(":") and lines[1][span[0]] != ":" for span in _cells(lines[1])]
    table = []
    for number, line in enumerate(said):
        spans = _cells(line)
        if len(spans) > len(titles):
            spans = [*spans[: len(titles) - 1], (spans[len(titles) - 1][0], spans[-1][1])]
        missing = bool(support.missing(line))
        look = frozenset([*(["bold"] if number == 0 else []), *(["unsupported"] if missing else [])])
        cells = [[replace(run, styles=run.styles | look) for run in inline_runs(line, *span)] for span in spans]
        table.append((cells + [[] for _ in range(len(titles) - len(cells))], missing))
    free = room - indent - len(GAP) * (len(titles) - 1) - (len(UNSUPPORTED) + 1) * any(row[1] for row in table)
    widths = [max(_width(row[0][at], plain=plain) for row in table) for at in range(len(titles))]
    if free < LEAST_COLUMN * len(titles) and sum(widths) > free:
        for line in lines:
            yield from _line_rows(line, room, indent, plain=plain, support=support)
        return
    while sum(widths) > free:
        widths[widths.index(max(widths))] -= 1
    for cells, missing in table:
        columns = [
            _column(styled_rows(runs, max(1, width), plain=plain), width, right=side)
            for runs, width, side in zip(cells, widths, right, strict=True)
        ]
        yield from _beside(columns, widths, indent, missing=missing)


def _width(runs: Sequence[StyledText], *, plain: bool) -> int:
    return sum(cell_len(shown(run.text, plain=plain)) for run in runs)


def _column(rows: Sequence[Row], width: int, *, right: bool) -> list[Row]:
    """Return the rows of a cell in exactly the width of its column, where they fit at all."""
    made = []
    for row in rows:
        blank = " " * max(0, width - cell_len(row.text))
        by = len(blank) if right else 0
        spans = tuple(RowSpan(start=one.start + by, end=one.end + by, styles=one.styles) for one in row.spans)
        made.append(Row(text=blank + row.text if right else row.text + blank, spans=spans))
    return made


def _beside(columns: Sequence[Sequence[Row]], widths: Sequence[int], indent: int, *, missing: bool) -> Iterator[Row]:
    """Yield the rows that one row of a table takes, its cells beside one another."""
    for number in range(max(len(rows) for rows in columns)):
        text, spans = " " * indent, list[RowSpan]()
        for rows, width in zip(columns, widths, strict=True):
            cell = rows[number] if number < len(rows) else Row(text=" " * width)
            at = len(text)
            spans += [RowSpan(start=one.start + at, end=one.end + at, styles=one.styles) for one in cell.spans]
            text += cell.text + GAP
        text = text.rstrip()
        if missing and number == 0:
            spans.append(RowSpan(start=len(text) + 1, end=len(text) + 1 + len(UNSUPPORTED), styles=frozenset({"sign"})))
            text = f"{text} {UNSUPPORTED}"
        yield Row(text=text, spans=tuple(spans))
