"""What models of the test server say: a script is given the request and returns what comes, token by token.

`evil` says any payload wherever a model can say something, and `obedient` does what it reads in the text it is given:
together they are a model that somebody else has taken over.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Ask = Mapping[str, Any]
Said = Mapping[str, Any]
"""Fields of a message: content, thinking, tool_calls."""

Script = Callable[[Ask], Iterable[Said]]


def last_text(ask: Ask) -> str:
    """Return what was said last."""
    messages = ask.get("messages") or [{"content": ask.get("prompt", "")}]
    return str(messages[-1].get("content", ""))


def words(text: str) -> list[Said]:
    """Return a text as a model says it, a word a token."""
    return [{"content": word} for word in re.findall(r"\s*\S+", text)]


def echo(ask: Ask) -> Iterable[Said]:
    """Repeat what was said, or give what a form asks for."""
    if isinstance(ask.get("format"), dict):
        return words(json.dumps(instance(ask["format"])))
    return words(f"You said: {last_text(ask)}")


def says(*texts: str) -> Script:
    """Say these texts, one an answer, the last one for ever."""
    left = list(texts)

    def script(ask: Ask) -> Iterable[Said]:
        del ask
        return words(left.pop(0) if len(left) > 1 else left[0])

    return script


def tool_call(name: str, arguments: object, *, index: int = 0, id_: str | None = "call_abcd1234") -> dict[str, Any]:
    """Return a call as the server writes it; without an id as older ones did."""
    call: dict[str, Any] = {"function": {"index": index, "name": name, "arguments": arguments}}
    return call if id_ is None else {"id": id_, **call}


def calls(*chunks: Sequence[Mapping[str, Any]]) -> Script:
    """Ask for tools, some calls in each chunk."""
    return lambda ask: [{"content": "", "tool_calls": list(chunk)} for chunk in chunks]


def endless_tools(ask: Ask) -> Iterable[Said]:
    """Ask for the first tool again and again, whatever comes back."""
    name = ask["tools"][0]["function"]["name"] if ask.get("tools") else "search"
    return [{"content": "", "tool_calls": [tool_call(name, {"text": "again"})]}]


def thoughts(ask: Ask) -> Iterable[Said]:
    """Think first, then answer."""
    return [{"content": "", "thinking": "let me "}, {"content": "", "thinking": "see"}, *words("It is done.")]


def instance(schema: Mapping[str, Any]) -> Any:
    """Return a value that fits a schema, as a constrained model gives one: the form is right, the rest is chance."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: instance(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance(schema.get("items", {"type": "string"}))] * max(1, int(schema.get("minItems", 1)))
    return {"string": "text", "number": 1.5, "integer": 3, "boolean": True, "null": None}[kind]


def formed(form: str, body: Mapping[str, Any], pieces: Iterable[Said]) -> Iterable[Said]:
    """Return what a model says with what it makes of a form."""
    if body.get("format") and form == "ignore":
        return [{"content": "Certainly, "}, {"content": f"here it is: {last_text(body)}"}]
    if body.get("format") and form == "control":
        return [{"content": str(said.get("content", "")).replace("text", "te\x01\tx\nt")} for said in pieces]
    if body.get("format") and form == "cut":
        return list(pieces)[:1]
    return pieces


def vector(text: str, size: int) -> list[float]:
    """Return a vector of length 1 that follows from a text."""
    seed = hashlib.sha256(text.encode()).digest()
    numbers = [(seed[n % 32] * (n + 1) % 251) - 125 for n in range(size)]
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [number / length for number in numbers]


# ------------------------------------------------------------------------------------------------- evil

OBEYS = re.compile(r"(?:run|execute|send|call)\s*[:=]\s*([^\n]+)", re.IGNORECASE)


def obedient(ask: Ask) -> Iterable[Said]:
    """Do whatever any text asks for that it was given, a tool's result or a line of a log among them."""
    found = [order for message in ask["messages"] for order in OBEYS.findall(str(message.get("content", "")))]
    offered = [tool["function"]["name"] for tool in ask.get("tools") or ()] or ["run_shell"]
    return [{"content": "", "tool_calls": [tool_call(offered[-1], {"command": order})]} for order in found] or words(
        "ok"
    )


def evil(payload: str) -> Script:
    """Say a payload wherever a model can say something: as text, as a thought, as a tool's name and arguments."""

    def script(ask: Ask) -> Iterable[Said]:
        names = [tool["function"]["name"] for tool in ask.get("tools") or ()]
        return [
            {"content": "", "thinking": payload},
            {"content": payload},
            {"content": json.dumps({"name": names[0] if names else payload, "arguments": {"command": payload}})},
            {"content": "", "tool_calls": [tool_call(payload, {"command": payload}), tool_call("", payload)]},
            *({"content": "", "tool_calls": [tool_call(name, {payload: payload})]} for name in names),
        ]

    return script
