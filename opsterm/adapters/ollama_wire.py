"""The words of Ollama's API: requests written and answers read. Whatever a server sends is taken for what it is.

Source: docs/api.md and docs/openapi.yaml of Ollama. A field that is missing, or not what it should be, is left out:
older servers say less, newer ones more, and a hostile one anything.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from opsterm.assistant.model.catalogue import LoadedModel, ModelCard, ModelRow
from opsterm.assistant.model.talk import ChatAsk, ChatEnd, ChatMessage, ChatPiece, ToolCall
from opsterm.core.errors import ModelUnavailable
from opsterm.core.text import clean_line

LONGEST_LINE = 2_000_000
"""Bytes of one line of an answer; a tool call with a file in it is far below."""

_NANO = 1e9
_NAME_LIMIT = 200
Row = Mapping[str, object]


# ------------------------------------------------------------------------------------------------ requests


def chat_body(ask: ChatAsk) -> dict[str, object]:
    """Return the body of a request for an answer."""
    body: dict[str, object] = {
        "model": ask.model,
        "messages": [_message(message) for message in ask.messages],
        "stream": True,
        "keep_alive": _keep_alive(ask.keep_alive_s),
        "options": {"num_ctx": ask.context, "num_predict": ask.answer_tokens, "temperature": ask.temperature},
    }
    if ask.think:
        body["think"] = {"off": False, "on": True}.get(ask.think, ask.think)
    if ask.form is not None:
        body["format"] = dict(ask.form)
    if ask.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.text, "parameters": dict(tool.parameters)},
            }
            for tool in ask.tools
        ]
    return body


def _keep_alive(seconds: float) -> float | int:
    return -1 if seconds < 0 else int(seconds)  # a number is seconds; a text would need a unit


def _message(message: ChatMessage) -> dict[str, object]:
    row: dict[str, object] = {"role": str(message.role), "content": message.text}
    if message.thinking:
        row["thinking"] = message.thinking
    if message.calls:
        row["tool_calls"] = [
            {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}} for call in message.calls
        ]
    if message.tool:
        row["tool_name"] = message.tool
    if message.call_id:
        row["tool_call_id"] = message.call_id
    return row


# ------------------------------------------------------------------------------------------------- answers


async def lines_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a stream, however it is cut; the last one may lack its end. Raises ModelUnavailable."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        *whole, rest = bytes(held).split(b"\n") if b"\n" in piece else [bytes(held)]
        if len(rest) > LONGEST_LINE:
            raise ModelUnavailable(f"The model server sent a line of more than {LONGEST_LINE:,} bytes.")
        for line in whole:
            if line.strip():
                yield line
        held = bytearray(rest) if whole else held
    if held.strip():
        yield bytes(held)


def row_of(data: bytes) -> Row:
    """Return the object of a line or of a whole answer. Raises ModelUnavailable: it is none."""
    try:
        value = json.loads(data.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        start = clean_line(data[:80].decode("utf-8", "replace"))
        raise ModelUnavailable(
            "What answers is no Ollama server.", why=f"It said: {start}" if start else "It said nothing.",
            next_step="See model.url; a proxy on the way may have answered instead.",
        )  # fmt: skip
    return value


def text_of(row: Row, key: str, *, limit: int = 0) -> str:
    """Return a text of an object, "" when there is none; with a limit cleaned, in one line."""
    value = row.get(key)
    if not isinstance(value, str):
        return ""
    return clean_line(value, limit=limit) if limit else value


def count_of(row: Row, key: str) -> int | None:
    """Return a count of an object, None when there is none."""
    value = row.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def rows_of(row: Row, key: str) -> Sequence[Row]:
    """Return the objects of a list of an object."""
    value = row.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def object_of(row: Row, key: str) -> Row:
    """Return an object of an object, an empty one when there is none."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def piece_of(row: Row, first_call: int) -> ChatPiece:
    """Return a piece of an answer.

    Args:
        row: a line of it.
        first_call: how many calls came before: what a call is named by when the model gave it no id.
    """
    message = object_of(row, "message")
    calls = tuple(
        _call(call, first_call + number) for number, call in enumerate(rows_of(message, "tool_calls"))
    )  # fmt: skip
    end = None
    if row.get("done") is True:
        end = ChatEnd(
            reason=text_of(row, "done_reason", limit=40),
            prompt_tokens=count_of(row, "prompt_eval_count"),
            answer_tokens=count_of(row, "eval_count"),
            load_s=(count_of(row, "load_duration") or 0) / _NANO,
        )
    return ChatPiece(text=text_of(message, "content"), thinking=text_of(message, "thinking"), calls=calls, end=end)


def _call(row: Row, number: int) -> ToolCall:
    function = object_of(row, "function")
    given = function.get("arguments")
    arguments: Row | str = given if isinstance(given, dict) else given if isinstance(given, str) else json.dumps(given)
    return ToolCall(
        id=text_of(row, "id", limit=100) or f"call_{number}", name=text_of(function, "name"), arguments=arguments
    )


def model_row(row: Row) -> ModelRow:
    """Return a model of the list of models."""
    details = object_of(row, "details")
    return ModelRow(
        name=text_of(row, "model", limit=_NAME_LIMIT) or text_of(row, "name", limit=_NAME_LIMIT),
        digest=text_of(row, "digest", limit=100),
        size=count_of(row, "size") or 0,
        family=text_of(details, "family", limit=40),
        parameters=text_of(details, "parameter_size", limit=20),
        quantization=text_of(details, "quantization_level", limit=20),
        remote=text_of(row, "remote_host", limit=_NAME_LIMIT),
        capabilities=_capabilities(row),
    )


def _capabilities(row: Row) -> tuple[str, ...] | None:
    value = row.get("capabilities")
    if not isinstance(value, list):
        return None
    return tuple(clean_line(word, limit=40) for word in value if isinstance(word, str))


def model_card(name: str, row: Row) -> ModelCard:
    """Return what a server says of the model with that name."""
    details, facts = object_of(row, "details"), object_of(row, "model_info")
    lengths = [count_of(facts, key) or 0 for key in facts if key.endswith(".context_length")]
    licence = next((line for line in text_of(row, "license").splitlines() if line.strip()), "")
    return ModelCard(
        row=ModelRow(
            name=name,
            family=text_of(details, "family", limit=40),
            parameters=text_of(details, "parameter_size", limit=20),
            quantization=text_of(details, "quantization_level", limit=20),
            remote=text_of(row, "remote_host", limit=_NAME_LIMIT),
            capabilities=_capabilities(row),
        ),
        longest_context=max(lengths, default=0),
        parameters=text_of(row, "parameters")[:2000],
        licence=clean_line(licence.strip(), limit=120),
    )


def loaded_model(row: Row) -> LoadedModel:
    """Return a model in a server's memory."""
    return LoadedModel(
        name=text_of(row, "model", limit=_NAME_LIMIT) or text_of(row, "name", limit=_NAME_LIMIT),
        size=count_of(row, "size") or 0,
        on_gpu=count_of(row, "size_vram") or 0,
        context=count_of(row, "context_length") or 0,
        expires_at=_time(text_of(row, "expires_at")),
    )


def _time(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def vectors_of(row: Row, wanted: int) -> Sequence[Sequence[float]]:
    """Return the vectors of an answer. Raises ModelUnavailable: they are not one for each text, of one dimension."""
    given = row.get("embeddings")
    vectors = given if isinstance(given, list) else []
    sizes = {len(vector) if isinstance(vector, list) else 0 for vector in vectors}
    numbers = all(
        isinstance(number, int | float) and math.isfinite(number) for vector in vectors if isinstance(vector, list)
        for number in vector
    )  # fmt: skip
    if len(vectors) != wanted or len(sizes) != 1 or 0 in sizes or not numbers:
        raise ModelUnavailable("The model server gave no usable vectors.", why=f"{len(vectors)} for {wanted} texts.")
    return vectors
