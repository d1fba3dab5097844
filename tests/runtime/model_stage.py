"""A runtime whose model server is the tests' own, over a real line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsterm.assistant.model.talk import ChatMessage, Role
from opsterm.runtime.runtime import Runtime
from tests.ollama.models import FakeModel
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
