"""How much a model can hold: the room that is asked for, what is left out so that it fits, and whether it was cut.

A server drops what does not fit without a word: so the conversation is cut here, where it can be said.
"""

from __future__ import annotations

import functools
import json
import math
import re
from dataclasses import replace

from opsterm.assistant.model.talk import ChatAsk, ChatEnd, ChatMessage, Role
from opsterm.core.model_settings import CONTEXTS

MESSAGE_TOKENS = 8
"""Tokens that a template puts around a message."""

_MOST_BYTES_A_TOKEN = 6.0
"""More is not met in running text, once runs of blanks count as one."""

_PIECES = re.compile(r"([A-Za-z]+)|([ \t]{2,}|\s*\n\s*)|([^\sA-Za-z])")
_LETTERS_A_TOKEN = 3.0
_BLANKS_A_TOKEN = 4.0
"""Of a longer run of blanks."""

_SPARE = 0.05
_SEEN_SHARE = 0.8
_BLANKS = re.compile(r"\s+")


def most_tokens(text: str) -> int:
    """Return how many tokens a text has at most, in all likelihood.

    Digits and signs count one each, as many models split them; a character beyond ASCII counts three, its bytes.
    """
    total = 0.0
    for word, blanks, sign in _PIECES.findall(text):
        if word:
            total += 0.5 + len(word) / _LETTERS_A_TOKEN
        else:
            total += 1 + len(blanks) / _BLANKS_A_TOKEN if blanks else 1 if sign.isascii() else 3
    return math.ceil(total)


def least_tokens(text: str) -> int:
    """Return how many tokens a text has at least."""
    return int(len(_BLANKS.sub(" ", text).encode("utf-8", "replace")) / _MOST_BYTES_A_TOKEN)


def _whole(message: ChatMessage) -> str:
    calls = "".join(f"{call.name}{json.dumps(call.arguments, default=str)}" for call in message.calls)
    return message.text + message.thinking + calls


def _fixed(ask: ChatAsk) -> int:
    """Return the tokens that tools and the answer take, however many messages there are."""
    tools = [{"name": tool.name, "text": tool.text, "parameters": dict(tool.parameters)} for tool in ask.tools]
    return (_tokens_of_tools(json.dumps(tools)) if tools else 0) + ask.answer_tokens


@functools.lru_cache(maxsize=8)
def _tokens_of_tools(text: str) -> int:
    return most_tokens(text)  # the same few tools are offered again and again


def fitted(ask: ChatAsk) -> tuple[ChatAsk, int]:
    """Return a request in the smallest context that holds it, and how many messages were left out of it.

    Its own `context` is the largest that may be used. Left out are the oldest, never the system's nor the last one, and
    never a tool's result without its call.
    """
    costs = [most_tokens(_whole(message)) + MESSAGE_TOKENS for message in ask.messages]
    fixed, needed = _fixed(ask), sum(costs)
    for context in [size for size in CONTEXTS if size < ask.context]:
        if needed <= _room(context, fixed):
            return replace(ask, context=context), 0
    kept = list(zip(ask.messages, costs, strict=True))
    while needed > _room(ask.context, fixed):
        at = next((n for n, (message, _) in enumerate(kept[:-1]) if message.role is not Role.SYSTEM), None)
        if at is None:
            break
        needed -= kept.pop(at)[1]
        while at < len(kept) - 1 and kept[at][0].role is Role.TOOL:
            needed -= kept.pop(at)[1]
    return replace(ask, messages=tuple(message for message, _ in kept)), len(ask.messages) - len(kept)


def _room(context: int, fixed: int) -> int:
    return context - fixed - math.ceil(context * _SPARE)


def cut_sentence(ask: ChatAsk, end: ChatEnd, *, left_out: int = 0, held: int = 0) -> str:
    """Return what to say about a question or an answer that was cut, "" for a whole one.

    Args:
        ask: what was sent.
        end: what the server said of it.
        left_out: messages that were left out before.
        held: tokens that the server really holds, 0 when not known.
    """
    said = []
    if left_out:
        said.append(f"{left_out} earlier messages were left out: they do not fit into {ask.context} tokens.")
    sent = sum(least_tokens(_whole(message)) for message in ask.messages)
    if 0 < held < ask.context:
        said.append(f"The server holds {held} tokens only, not the {ask.context} that were asked for.")
    if end.prompt_tokens is not None and end.prompt_tokens < _SEEN_SHARE * sent:
        said.append(f"The model saw {end.prompt_tokens} of at least {sent} tokens: the server cut the question.")
    if end.reason == "length":
        said.append(f"The answer was cut at {end.answer_tokens or ask.answer_tokens} tokens.")
    return " ".join(said)
