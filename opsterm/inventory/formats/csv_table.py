"""Targets from and to a CSV table with a header.

Columns: name (or host) and any of address, os, group or groups, tag or tags, protocol, port, user, environment,
site; several groups or tags in a cell are joined by `;`. A status column is accepted and left out: opsterm says
what it measured itself. Unknown columns are named once. A bad row is reported by its line and left out; a row
whose name came before adds its groups and tags to it.

A spreadsheet takes a cell that begins with = + - or @ for a formula and runs it. Such a cell is written with an
apostrophe before it, which a spreadsheet does not show, and which is taken away again when the table is read.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Iterable, Sequence

from opsterm.core.errors import BadInput, NotFound
from opsterm.inventory.fields import FIELD_NAMES, field_name, field_text, shown, with_fields
from opsterm.inventory.imports import BUILT_IN, Gathering, ImportResult
from opsterm.inventory.target import Target

SOURCE = "csv"
ROW_LINE_LIMIT = 20
"""Lines that one row may go over; more is a quote that was never closed."""

_FORMULA = re.compile(r"'*[=+@-]")
_GUARDED = re.compile(r"'+[=+@-]")

_DELIMITERS = (",", ";", "\t")
_NAME_COLUMNS = ("name", "host", "target")
_IGNORED = {
    "status": "The status column is left out: opsterm shows what it measured itself.",
    "last_seen": "",
    "note": "",
    "source": "",
}


def import_csv(file: str, text: str) -> ImportResult:
    """Return the targets of a table.

    Args:
        file: how messages name it.
        text: its text, with or without a BOM; `,`, `;` or a tab between cells, whichever the header has most of.
    """
    gathering = Gathering(SOURCE)
    text = text.removeprefix("\ufeff")
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header_line.count)
    # Lines end at \n only, else a quoted cell could not hold other line separators; csv counts lines itself.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    columns: list[str] | None = None
    for line, cells in _rows(gathering, file, reader):
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _columns(gathering, file, line, cells)
            if not columns:
                break
        else:
            _add(gathering, file, line, columns, cells)
    if not header_line:
        gathering.problem(file, 0, "It is empty. The first line names the columns, as in name,address,tags.")
    return gathering.result(complete=frozenset({"protocol"} & set(columns or ())))


def _rows(gathering: Gathering, file: str, reader: Iterable[list[str]]) -> Iterable[tuple[int, list[str]]]:
    """Yield (line where the row begins, cells); a row that cannot be read is reported."""
    rows = iter(reader)
    while True:
        line = int(getattr(rows, "line_num", 0)) + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            gathering.problem(file, line, f"This row cannot be read: {error}.")
            continue
        length = int(getattr(rows, "line_num", 0)) - line + 1
        if length > ROW_LINE_LIMIT:
            gathering.problem(file, line, f"A quote here is not closed for {length:,} lines; they are left out.")
        else:
            yield line, cells


def _columns(gathering: Gathering, file: str, line: int, cells: Sequence[str]) -> list[str]:
    """Return the field of each column: "name", a field, or "" for one that is left out."""
    columns: list[str] = []
    for cell in cells:
        word = cell.strip().lower()
        if word in _NAME_COLUMNS and "name" not in columns:
            columns.append("name")
            continue
        if not word or word in _IGNORED:
            columns.append("")
            if _IGNORED.get(word):
                gathering.note(_IGNORED[word])
            continue
        try:
            name = field_name(word)
        except NotFound as error:
            gathering.problem(file, line, f"The column {shown(word)} is left out. {error.next_step}")
            name = ""
        if name and name in columns and name not in ("groups", "tags"):
            gathering.problem(file, line, f"The column {shown(word)} is there twice; the second is left out.")
            name = ""
        columns.append(name)
    if "name" not in columns:
        gathering.problem(
            file, line, "The first line must name the columns, and one of them name. Known besides: "
            + ", ".join(FIELD_NAMES) + ".",
        )  # fmt: skip
        return []
    return columns


def _add(gathering: Gathering, file: str, line: int, columns: Sequence[str], cells: Sequence[str]) -> None:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        gathering.problem(file, line, f"The row has {len(cells)} cells and the header {len(columns)}; it is left out.")
        return
    values: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column and cell.strip():
            value = _unguarded(cell.strip())
            values[column] = f"{values[column]};{value}" if column in values else value
    name = values.pop("name", "").strip()
    if not name:
        gathering.problem(file, line, "The row has no name; it is left out.")
        return
    if not gathering.is_usable_name(file, line, name):
        return
    try:
        target = with_fields(Target(name=name, source=SOURCE), values)
    except BadInput as error:
        gathering.refused(file, line, error, f"{name} is left out.")
        return
    before = gathering.targets.get(name)
    gathering.targets[name] = target if before is None else _joined(before, target)


def _joined(before: Target, after: Target) -> Target:
    """Return the first row of a name with the groups and tags of a later one."""
    return dataclasses.replace(
        before,
        groups=tuple(dict.fromkeys((*before.groups, *after.groups))),
        tags=tuple(sorted({*before.tags, *after.tags})),
    )


def export_csv(targets: Iterable[Target]) -> str:
    """Return targets as a table with every column, without what is built in; `import_csv` reads them back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", *FIELD_NAMES])
    for target in targets:
        if target.source != BUILT_IN:
            writer.writerow([target.name, *(_guarded(field_text(target, name)) for name in FIELD_NAMES)])
    return out.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell
