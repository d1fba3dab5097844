"""The official Python client, as an independent eye on the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ollama

from tests.ollama.server import FakeOllama


@asynccontextmanager
async def official(server: FakeOllama, *, timeout_s: float = 10.0) -> AsyncIterator[Any]:
    """Give the client; its types ask for more than it does, so it has none here."""
    client: Any = ollama.AsyncClient(server.url, timeout=timeout_s)
    try:
        yield client
    finally:
        await client.close()
