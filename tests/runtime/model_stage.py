"""A runtime whose model server is the tests' own, over a real line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsterm.assistant.model.talk import ChatMessage, Role
from opsterm.assistant.turn import TurnEnded, TurnEvent
from opsterm.inventory.target import Target
from opsterm.runtime.runtime import Runtime
from tests.ollama.models import FakeModel
from tests.ollama.scripts import Said as Piece
from tests.ollama.scripts import tool_call, words
from tests.ollama.server import FakeOllama, ollama_server
from tests.runtime.stage import opened, until


@dataclass
class ModelStage:
    """Both ends."""

    runtime: Runtime
    server: FakeOllama

    async def until_phase(self, phase: str, *, within_s: float = 30.0) -> float:
        """Wait until the model stands so; return how many seconds that took."""
        return await until(lambda: self.runtime.models.state.phase == phase, within_s=within_s)


@asynccontextmanager
async def with_models(
    home: Path, *models: FakeModel, settings: str = "", more: str = "", **how: Any
) -> AsyncIterator[ModelStage]:
    """Open a runtime that asks a server with these models; `settings` belong to [model], `more` stands behind."""
    async with ollama_server(*models) as server:
        text = f'[model]\nurl = "{server.url}"\n{settings}\n{more}'
        async with opened(home, settings=text, **how) as runtime:
            yield ModelStage(runtime, server)


def user(text: str) -> ChatMessage:
    """Return a message of the operator."""
    return ChatMessage(role=Role.USER, text=text)


OPEN = "why might the nginx on web-01 be slow since the last deployment?"
"""A question that no rule reads whole."""


def steps(*said: Iterable[Piece] | Callable[[Any], Iterable[Piece]]) -> Callable[[Any], Iterable[Piece]]:
    """Return a script that says one thing an answer, in order; a call without tools that wants a form gets its own."""
    left = list(said)

    def script(ask: Any) -> Iterable[Piece]:
        if ask.get("format"):
            return words(json.dumps({"error_class": "disk full", "lines": [2], "says": "the disk is full"}))
        now = left.pop(0) if len(left) > 1 else left[0]
        return now(ask) if callable(now) else now

    return script


def calls(name: str, **arguments: object) -> list[Piece]:
    return [{"content": "", "tool_calls": [tool_call(name, arguments)]}]


def propose(
    command: str = "systemctl restart nginx", names: Sequence[str] = ("web-01",), **other: object
) -> list[Piece]:  # fmt: skip
    given = {"kind": "command", "command": command, "target_names": list(names), "why": "it is slow", "risk": "low",
             "rollback": "none", "verify": "none", **other}  # fmt: skip
    return calls("propose_action", **given)


async def turn(runtime: Runtime, text: str = OPEN, **how: Any) -> list[TurnEvent]:
    return [event async for event in (await runtime.assistant()).converse(text, **how)]


def end(events: Sequence[TurnEvent]) -> TurnEnded:
    assert isinstance(events[-1], TurnEnded)
    return events[-1]


async def hosts(runtime: Runtime, *names: str) -> None:
    for name in names or ("web-01", "db-01"):
        await runtime.inventory.add(Target(name=name, groups=("all-of-them",)))
