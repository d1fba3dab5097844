"""An answer: blocks that a face draws, the line it answers, where its figures are from, and what can follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.assistant.stamp import Stamp
from opsterm.core.text import clean_block, clean_line

ROWS_LIMIT = 60
"""Rows of a table; what is left out is said."""

LISTING_WIDTH = 2_000
"""Characters of a line of a listing."""

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
"""What JSON carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One or more sentences, on one line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSentence:
    """A sentence of a model, or a block of code, looked at.

    Attributes:
        text: its words; from a model, so cleaned by the face that shows them.
        cites: tags of what it says that it rests on.
        fault: why that does not support it, as in "no source"; "" when it does.
        code: whether it is a block of code, of several lines.
    """

    text: str
    cites: tuple[str, ...] = ()
    fault: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A text of several lines that is shown as it is: a script, a file.

    Attributes:
        text: its lines.
        language: what it is written in, as in "bash"; "" for none.
    """

    text: str
    language: str = ""

    @property
    def lines(self) -> Sequence[str]:
        """Its lines, cleaned."""
        return [clean_line(line, limit=LISTING_WIDTH) for line in self.text.expandtabs(4).rstrip("\n").split("\n")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of an answer's table; `right` for numbers."""

    title: str
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """Rows of texts.

    Attributes:
        columns: titles and sides.
        rows: cells, as many as columns; texts from outside, cleaned by the face that shows them.
        left_out: rows that were left out.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReference:
    """A change that was recorded and waits for approval.

    Attributes:
        change: its number.
        summary: its one line.
    """

    change: int
    summary: str


Block = Paragraph | CitedSentence | Listing | AnswerTable | ProposalReference


UNSUPPORTED = "(?)"
"""Stands behind a sentence that nothing supports."""

REASONS_TOLD = 3


def statement_lines(block: CitedSentence) -> tuple[str, ...]:
    """Return a statement as plain, cleaned lines; one without support bears the sign of that."""
    lines = clean_block(block.text).split("\n") if block.code else [clean_line(block.text)]
    if block.fault and not block.code:
        lines[-1] += f" {UNSUPPORTED}"
    return (*lines, UNSUPPORTED) if block.fault and block.code else tuple(lines)


def unsupported(blocks: Sequence[Block]) -> tuple[CitedSentence, ...]:
    """Return the sentences that nothing supports."""
    return tuple(block for block in blocks if isinstance(block, CitedSentence) and block.fault)


def support_told(blocks: Sequence[Block]) -> str:
    """Return how many sentences have no support, as in "3 of 5 sentences have no support"; "" when all have."""
    all_of_them = sum(isinstance(block, CitedSentence) for block in blocks)
    without = len(unsupported(blocks))
    have = "has" if without == 1 else "have"
    return f"{without} of {count_text(all_of_them, 'sentence')} {have} no support" if without else ""


def _reasons_told(blocks: Sequence[Block]) -> str:
    """Return why sentences have no support, the commonest reasons first."""
    counts = Counter(one.fault for one in unsupported(blocks))
    told = [f"{fault} ({times})" if times > 1 else fault for fault, times in counts.most_common(REASONS_TOLD)]
    more = len(counts) - len(told)
    return "; ".join([*told, *([f"{more} other reasons"] if more > 0 else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What can be done next.

    Attributes:
        words: what it does, in a few words.
        line: the line to send for it, "" when a key does it.
        key: the key that does it, "" when it is a line to send.
        edit: whether the line is an example to be finished: a face puts it into the input and does not send it.
    """

    words: str
    line: str = ""
    key: str = ""
    edit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a figure is from.

    Attributes:
        tag: as it is cited, "m1".
        text: what it is and how old.
    """

    tag: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is shown for a sentence.

    Attributes:
        blocks: in order.
        interpretation: the canonical line that was answered, "" when there was none.
        follow_ups: what can be done next, the likeliest first.
        sources: where figures are from, in order of their tags.
        understood: False when the sentence was not.
        stamp: where it is from; None until it is complete.
    """

    blocks: tuple[Block, ...]
    interpretation: str = ""
    follow_ups: tuple[FollowUp, ...] = ()
    sources: tuple[Source, ...] = ()
    understood: bool = True
    stamp: Stamp | None = None

    @property
    def change_id(self) -> int:
        """Number of the change that was proposed, 0 when none was."""
        return next((block.change for block in self.blocks if isinstance(block, ProposalReference)), 0)


def table(columns: str, rows: Sequence[Sequence[str]], *, limit: int = ROWS_LIMIT) -> AnswerTable:
    """Return a table.

    Args:
        columns: titles by `|`; one that begins with `>` is right-aligned.
        rows: cells.
        limit: rows kept.
    """
    made = tuple(Column(title=title.lstrip(">"), right=title.startswith(">")) for title in columns.split("|"))
    kept = tuple(tuple(row) for row in rows[:limit])
    return AnswerTable(columns=made, rows=kept, left_out=max(0, len(rows) - limit))


def count_text(number: int, word: str, many: str = "") -> str:
    """Return "1 target", "12 targets"."""
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def answer_lines(answer: Answer) -> tuple[str, ...]:
    """Return an answer as plain, cleaned lines for a face without widgets."""
    lines: list[str] = []
    for block in answer.blocks:
        if isinstance(block, Paragraph):
            lines.append(clean_line(block.text))
        elif isinstance(block, CitedSentence):
            lines += statement_lines(block)
        elif isinstance(block, AnswerTable):
            lines += _table_lines(block)
        elif isinstance(block, Listing):
            lines += block.lines
        else:
            lines.append(clean_line(block.summary))
    if told := support_told(answer.blocks):
        lines.append(clean_line(f"{UNSUPPORTED} {told}: {_reasons_told(answer.blocks)}"))
    lines += [clean_line(f"[{source.tag}] {source.text}") for source in answer.sources]
    lines += [clean_line(f"  {f.key or '>'}  {f.line or f.words}") for f in answer.follow_ups]
    return tuple(lines)


def _table_lines(block: AnswerTable) -> list[str]:
    rows = [tuple(column.title for column in block.columns), *block.rows]
    cells = [[clean_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(block.columns))]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(row, widths, block.columns, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    if block.left_out:
        lines.append(f"… and {count_text(block.left_out, 'line')} more")
    return lines


def answer_json(answer: Answer) -> dict[str, Json]:
    """Return an answer as what JSON carries."""
    blocks: list[Json] = []
    for block in answer.blocks:
        if isinstance(block, Paragraph):
            blocks.append({"kind": "text", "text": block.text})
        elif isinstance(block, CitedSentence):
            blocks.append({
                "kind": "statement", "text": block.text, "cites": list(block.cites), "supported": not block.fault,
                "fault": block.fault, "code": block.code,
            })  # fmt: skip
        elif isinstance(block, Listing):
            blocks.append({"kind": "listing", "language": block.language, "text": block.text})
        elif isinstance(block, AnswerTable):
            blocks.append(
                {
                    "kind": "table",
                    "columns": [column.title for column in block.columns],
                    "right": [column.right for column in block.columns],
                    "rows": [list(row) for row in block.rows],
                    "left_out": block.left_out,
                }
            )
        else:
            blocks.append({"kind": "proposal", "change": block.change, "summary": block.summary})
    return {
        "interpretation": answer.interpretation,
        "understood": answer.understood,
        "blocks": blocks,
        "follow_ups": [{"key": f.key, "line": f.line, "words": f.words, "edit": f.edit} for f in answer.follow_ups],
        "sources": [{"tag": s.tag, "text": s.text} for s in answer.sources],
        "stamp": _stamp_json(answer.stamp) if answer.stamp else None,
    }


def _stamp_json(stamp: Stamp) -> dict[str, Json]:
    return {
        "rung": stamp.rung.value, "model": stamp.model, "context": stamp.context, "first_s": stamp.first_s,
        "total_s": stamp.total_s, "cut": stamp.cut,
    }  # fmt: skip
