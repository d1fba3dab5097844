"""Answers about HTTP APIs: which there are, what they offer, and what one said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, ProposalReference, count_text, table
from opsterm.assistant.queries import ApiQuestion, ApiRequest
from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.summary import line as change_line
from opsterm.core.text import clean_bytes, clean_line
from opsterm.inventory.apis.description import ApiDescription, Json

CELL_LIMIT = 60
MOST_COLUMNS = 6


def answer_apis(question: ApiQuestion, apis: Mapping[str, ApiDescription]) -> Answer:
    """Answer which APIs are known, or which operations one of them has."""
    if question.api:
        description = apis[question.api]
        rows = [(one.id, one.method, one.path, one.summary) for one in description.operations]
        reads = [
            one for one in description.operations if one.only_reads and not any(p.required for p in one.parameters)
        ]
        return Answer(
            blocks=(
                Paragraph(text=f"{description.title} {description.version}: {count_text(len(rows), 'operation')}."),
                table("operation|method|path|what", rows),
            ),
            interpretation=question.line,
            follow_ups=tuple(
                FollowUp(words="ask it", line=ApiRequest(api=question.api, operation=one.id).line) for one in reads[:2]
            ),
        )
    rows = [(name, one.title, one.version, str(len(one.operations))) for name, one in apis.items()]
    return Answer(
        blocks=(table("api|title|version|>operations", rows),),
        interpretation=question.line,
        follow_ups=tuple(FollowUp(words="its operations", line=ApiQuestion(api=name).line) for name in list(apis)[:3]),
    )


def answer_call(question: ApiRequest, change: Change, output: bytes, now: float) -> Answer:
    """Answer a call: what the server said, or that the call waits for an approval.

    Args:
        question: what was asked.
        change: ended, or proposed.
        output: the server's answer as it was kept: a line, headers, an empty line, the body.
        now: epoch seconds.
    """
    if change.state is ChangeState.PROPOSED:
        return Answer(
            blocks=(
                Paragraph(text=f"{change.name} is proposed and waits for approval. Nothing was sent."),
                ProposalReference(change=change.id, summary=change_line(change, now)),
                Paragraph(text=f"Risk {change.risk.level}: {' '.join(change.risk.reasons)}"),
            ),
            interpretation=question.line,
            follow_ups=(
                FollowUp(words="open the approvals", key="6"),
                FollowUp(words="what it is", line=f"explain {change.name}"),
            ),
        )
    (outcome,) = change.outcomes
    head, _, body = output.partition(b"\n\n")
    said = clean_line(head.partition(b"\n")[0].decode("utf-8", errors="backslashreplace").removeprefix("HTTP "))
    if not said or outcome.state not in (OutcomeState.DONE, OutcomeState.FAILED):
        said = clean_line(" ".join(outcome.message.split("\n"))) or str(outcome.state)
    size = f", {outcome.output_bytes - outcome.kept_bytes} bytes more were not kept" if (
        outcome.kept_bytes < outcome.output_bytes) else ""  # fmt: skip
    shown = _shown(body) if body else ()
    return Answer(
        blocks=(Paragraph(text=f"{question.api} says {said} ({change.name}{size})."), *shown),
        interpretation=question.line,
        follow_ups=(FollowUp(words="how it was asked", line=f"explain {change.name}"),),
    )


def _shown(body: bytes) -> tuple[Block, ...]:
    """Return a body as tables: a list of objects by their fields, an object field by field, anything else by line."""
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return (table("answer", [(line,) for line in clean_bytes(body).split("\n")]),)
    if isinstance(value, dict):
        lists = [name for name, item in value.items() if isinstance(item, list) and item]
        if len(lists) == 1 and all(isinstance(item, dict) for item in value[lists[0]]):
            return (*_objects(value[lists[0]]), *_fields({k: v for k, v in value.items() if k != lists[0]}))
        return _fields(value)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return _objects(value)
    items = value if isinstance(value, list) else [value]
    return (table("answer", [(_cell(item),) for item in items]),) if items else (Paragraph(text="The list is empty."),)


def _fields(value: Mapping[str, Json]) -> tuple[Block, ...]:
    rows = [(clean_line(name, limit=CELL_LIMIT), _cell(item)) for name, item in value.items()]
    return (table("field|value", rows),) if rows else ()


def _objects(items: Sequence[Mapping[str, Json]]) -> tuple[Block, ...]:
    names = list(dict.fromkeys(name for item in items[:20] for name in item))
    plain = [name for name in names if not any(isinstance(item.get(name), dict | list) for item in items[:20])]
    chosen = (plain or names)[:MOST_COLUMNS]
    titles = "|".join(clean_line(name, limit=CELL_LIMIT).replace("|", "/").lstrip(">") or "-" for name in chosen)
    made = table(titles, [[_cell(item.get(name)) for name in chosen] for item in items])
    left = len(names) - len(chosen)
    more = (Paragraph(text=f"{count_text(left, 'field')} more; opsterm output has all."),) if left else ()
    return (made, *more)


def _cell(value: Json) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean_line(text, limit=CELL_LIMIT)
