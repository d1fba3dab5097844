"""What a script printed, as rows of figures: JSON, `key=value`, tables as df and PowerShell print them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROWS_LIMIT = 10_000
"""Rows of one target that are looked at."""

_PAIR = re.compile(r"""([A-Za-z_][\w.%/-]*)=("[^"]*"|'[^']*'|\S*)""")
_RULE = re.compile(r"-{2,}(?:\s+-{2,})*")
_FIELD = re.compile(r"([A-Za-z_][\w .%()/-]{0,40}?)\s*:\s+(\S.*)")
_NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*(%|[KMGTP]i?B?)?", re.IGNORECASE)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%(?:\s+of\s+\S+(?:\s+\S+)?)??\s*(used|full|free|available)?")
_PLACE = re.compile(r"\bon\s+(\S+)(?:\s+\(.*\))?\s*$")
_ITEMS = (
    "drive", "driveletter", "deviceid", "mount", "mounted_on", "mountpoint", "volume", "disk", "item", "name", "path",
    "service", "unit", "interface", "filesystem", "caption", "id", "target",
)  # fmt: skip
"""Fields that say what a row is about, the first that it has counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """A row of figures.

    Attributes:
        item: what it is about on its target, as in "C:"; "" for the target itself.
        fields: by name in small letters with `_`, as they were printed.
    """

    item: str
    fields: Mapping[str, str]

    def number(self, name: str) -> float | None:
        """Return a field as a number, its unit left away; None when it has none or it is no number."""
        return number_in(self.fields.get(name, ""))


def number_in(text: str) -> float | None:
    """Return the number that a text is, with or without a unit behind it; None when it is none."""
    match = _NUMBER.fullmatch(text.strip())
    return float(match[1].replace(",", ".")) if match else None


def result_rows(output: str) -> Sequence[ResultRow]:
    """Return the rows in what one target printed; () when it holds no figures that can be told apart."""
    text = output.replace("\r\n", "\n").lstrip("\ufeff").strip()
    for read in (_json_rows, _pair_rows, _table_rows, _ruled_rows, _listed_rows, _percent_rows):
        rows = list(_counted(read(text)))
        if rows:
            return rows
    return ()


def _counted(rows: Iterator[Mapping[str, str]]) -> Iterator[ResultRow]:
    for _, fields in zip(range(ROWS_LIMIT), rows, strict=False):
        item = next((fields[name] for name in _ITEMS if fields.get(name)), "")
        yield ResultRow(item=item, fields=fields)


def _name(text: str) -> str:
    low = text.strip().lower().replace("%", "_percent").replace("(", "").replace(")", "")
    return re.sub(r"[\s./-]+", "_", low).strip("_")


def _flat(found: object) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {_name(str(key)): str(value) for key, value in found.items() if isinstance(value, str | int | float)}


def _json_rows(text: str) -> Iterator[Mapping[str, str]]:
    """Read JSON: one list, one object, or an object a line; lines between them are passed over."""
    if not text.startswith(("{", "[")) and "\n{" not in text:
        return
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = [_loaded(line) for line in text.split("\n") if line.startswith("{")]
    for one in whole if isinstance(whole, list) else [whole]:
        if fields := _flat(one):
            yield fields


def _loaded(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _pair_rows(text: str) -> Iterator[Mapping[str, str]]:
    """Read `key=value` pairs, a row a line; a word before them says what the row is about."""
    for line in text.split("\n"):
        pairs = _PAIR.findall(line)
        rest = _PAIR.sub("", line).strip(" ,;:\t")
        if not pairs or len(rest.split()) > 2:
            continue
        fields = {_name(key): value.strip("\"',;") for key, value in pairs}
        yield {"item": rest, **fields} if rest else fields


def _table_rows(text: str) -> Iterator[Mapping[str, str]]:
    """Read the table of df: "Use%" and "Mounted on" are its words."""
    lines = text.split("\n")
    at = next((number for number, line in enumerate(lines) if re.match(r"Filesystem\s.*(Use%|Capacity)", line)), -1)
    if at < 0:
        return
    for line in lines[at + 1 :]:
        words = line.split(None, lines[at].replace("Mounted on", "Mounted").count(" ") or 5)
        percent = next((number for number, word in enumerate(words) if re.fullmatch(r"\d+%", word)), -1)
        if percent > 0 and percent + 1 < len(words):
            mount = line.split("%", 1)[1].strip()
            yield {"filesystem": words[0], "mounted_on": mount, "used_percent": words[percent].rstrip("%")}


def _ruled_rows(text: str) -> Iterator[Mapping[str, str]]:
    """Read tables whose titles have a line of dashes below them, as PowerShell prints them."""
    lines = text.split("\n")
    for at in range(1, len(lines)):
        if not _RULE.fullmatch(lines[at].strip()):
            continue
        spans = [match.span() for match in re.finditer(r"-{2,}", lines[at])]
        titles, starts = lines[at - 1].split(), [start for start, _ in spans]
        if len(titles) != len(spans):
            titles = [_cell(lines[at - 1], starts, number) for number in range(len(spans))]
        for line in lines[at + 1 :]:
            if not line.strip():
                break
            words = line.split()
            cells = words if len(words) == len(spans) else [_cell(line, starts, n) for n in range(len(spans))]
            yield {_name(title): cell for title, cell in zip(titles, cells, strict=True) if cell}


def _cell(line: str, starts: Sequence[int], number: int) -> str:
    end = starts[number + 1] if number + 1 < len(starts) else len(line)
    return line[starts[number] : end].strip()


def _listed_rows(text: str) -> Iterator[Mapping[str, str]]:
    """Read blocks of `Key : value` lines with an empty line between them, as PowerShell prints them."""
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            match = _FIELD.fullmatch(line.strip())
            if match is None:
                break
            fields[_name(match[1])] = match[2].strip()
        else:
            if fields and any(number_in(value) is not None for value in fields.values()):
                yield fields


def _percent_rows(text: str) -> Iterator[Mapping[str, str]]:
    """Read lines such as "C: 91 % used" and "OVER 91 % used, 3 GB free on C:", with one percentage each."""
    for line in text.split("\n"):
        match = _PERCENT.search(line)
        if match is None or line.count("%") != 1:
            continue
        place = _PLACE.search(line)
        item = place[1] if place else "" if match.start() == 0 else line.split()[0]
        yield {"item": item, "free_percent" if match[2] in ("free", "available") else "used_percent": match[1]}
