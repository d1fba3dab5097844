"""Reads an answer back from what `answer_json` made of it, so that it can be drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from opsterm.assistant.answer import (
    Answer,
    AnswerTable,
    Block,
    CitedSentence,
    Column,
    FollowUp,
    Json,
    Listing,
    Paragraph,
    ProposalReference,
    Source,
)
from opsterm.assistant.stamp import Rung, Stamp


def answer_of(record: Mapping[str, Json]) -> Answer:
    """Return the answer of a record. Raises KeyError, ValueError or TypeError for what `answer_json` did not make."""
    return Answer(
        blocks=tuple(_block(one) for one in _records(record["blocks"])),
        interpretation=str(record["interpretation"]),
        understood=bool(record["understood"]),
        follow_ups=tuple(
            FollowUp(words=str(one["words"]), line=str(one["line"]), key=str(one["key"]), edit=bool(one["edit"]))
            for one in _records(record["follow_ups"])
        ),
        sources=tuple(Source(tag=str(one["tag"]), text=str(one["text"])) for one in _records(record["sources"])),
        stamp=_stamp(cast("Mapping[str, Json]", record["stamp"])) if record["stamp"] else None,
    )


def _stamp(record: Mapping[str, Json]) -> Stamp:
    first_s = record["first_s"]
    return Stamp(
        rung=Rung(str(record["rung"])), model=str(record["model"]), context=int(cast("int", record["context"])),
        first_s=None if first_s is None else float(cast("float", first_s)),
        total_s=float(cast("float", record["total_s"])), cut=str(record["cut"]),
    )  # fmt: skip


def _block(record: Mapping[str, Json]) -> Block:
    if record["kind"] == "text":
        return Paragraph(text=str(record["text"]))
    if record["kind"] == "statement":
        cites = tuple(str(tag) for tag in cast("list[str]", record["cites"]))
        return CitedSentence(
            text=str(record["text"]), cites=cites, fault=str(record["fault"]), code=bool(record["code"])
        )
    if record["kind"] == "listing":
        return Listing(text=str(record["text"]), language=str(record["language"]))
    if record["kind"] == "proposal":
        return ProposalReference(change=int(cast("int", record["change"])), summary=str(record["summary"]))
    if record["kind"] != "table":
        msg = f"no block of an answer: {record['kind']!r}"
        raise ValueError(msg)
    titles, right = cast("list[str]", record["columns"]), cast("list[bool]", record["right"])
    rows = cast("list[list[str]]", record["rows"])
    return AnswerTable(
        columns=tuple(Column(title=title, right=side) for title, side in zip(titles, right, strict=True)),
        rows=tuple(tuple(str(cell) for cell in row) for row in rows),
        left_out=int(cast("int", record["left_out"])),
    )


def _records(value: Json) -> list[dict[str, Json]]:
    return cast("list[dict[str, Json]]", value)
