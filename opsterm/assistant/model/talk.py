"""What is said to a language model and what it says: messages, tools, the pieces of an answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model asks for a tool. Data, never an order: see `tool_calls.check_calls`.

    Attributes:
        id: what its result is sent back under, ours where the model gave none.
        name: of the tool.
        arguments: a JSON object; a text where the model sent something else.
    """

    id: str
    name: str
    arguments: Mapping[str, object] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a conversation.

    Attributes:
        role: who says it.
        text: what.
        thinking: what a model thought before it, sent back while it uses tools.
        calls: tools that a model asked for.
        call_id: of the call whose result this is.
        tool: the same tool's name.
    """

    role: Role
    text: str
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that a model may ask for.

    Attributes:
        name: a word.
        text: what it does, for the model.
        parameters: JSON Schema of an object.
    """

    name: str
    text: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAsk:
    """One request for an answer.

    Attributes:
        model: its name.
        messages: the conversation.
        tools: that it may ask for.
        form: JSON Schema that the answer must fit, None for free text.
        context: tokens that the server is asked to hold.
        answer_tokens: that the answer may have.
        think: "off", "on", "low", "medium" or "high"; "" for a model that cannot.
        temperature: 0 for the same answer each time.
        keep_alive_s: how long the model stays loaded, below 0 for ever.
    """

    model: str
    messages: Sequence[ChatMessage]
    tools: Sequence[Tool] = ()
    form: Mapping[str, object] | None = None
    context: int
    answer_tokens: int
    think: str = ""
    temperature: float = 0.0
    keep_alive_s: float = 600.0


def asked_sha256(requests: Sequence[ChatAsk]) -> str:
    """Return the SHA-256 of requests in order: of the canonical JSON of each (sorted keys, ASCII), a line each."""
    digest = hashlib.sha256()
    for ask in requests:
        told = {
            "model": ask.model, "form": ask.form, "tools": [tool.name for tool in ask.tools],
            "messages": [
                {"role": one.role.value, "text": one.text, "thinking": one.thinking, "tool": one.tool,
                 "calls": [[call.name, call.arguments] for call in one.calls]}
                for one in ask.messages
            ],
        }  # fmt: skip
        digest.update(json.dumps(told, sort_keys=True, default=str).encode() + b"\n")
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEnd:
    """How an answer ended, as the server says.

    Attributes:
        reason: "stop", "length", "load", "unload"; "" when it said none.
        prompt_tokens: of what the model was given; None when it said none, as after a full hit of its cache.
        answer_tokens: of the answer; None when it said none.
        load_s: seconds for loading the model.
    """

    reason: str = ""
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    load_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPiece:
    """A piece of an answer, in the order in which it came."""

    text: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    end: ChatEnd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """An answer of a model with what must be known to judge it; whole, or as far as it got.

    Attributes:
        model: who said it.
        text: what, as it came: clean it before it is shown.
        thinking: what it thought before.
        calls: tools it asked for.
        end: how it ended; None while it goes on, and when it was broken off.
        stopped: whether the operator stopped it.
        cut: a sentence when the question or the answer was cut, "" for whole.
        context: tokens that the server was asked to hold.
        first_s: seconds until the first piece, None when there was none.
        total_s: seconds from the question to here.
    """

    model: str
    text: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    end: ChatEnd | None = None
    stopped: bool = False
    cut: str = ""
    context: int = 0
    first_s: float | None = None
    total_s: float = 0.0
