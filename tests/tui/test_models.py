"""The status line says which model there is and where it computes, and when it has gone."""

from __future__ import annotations

from pathlib import Path

from tests.ollama.models import FakeModel
from tests.ollama.server import ollama_server
from tests.runtime.model_stage import user
from tests.tui.cockpit import STILL, Stage, sitting


async def test_the_status_line_follows_the_model(tmp_path: Path, utc: None) -> None:
    async with ollama_server(FakeModel("qwen3.5:4b")) as server:
        stage = Stage(tmp_path, settings=f'{STILL}\n[model]\nurl = "{server.url}"\n')
        async with sitting(stage, (140, 40)) as there:
            await there.until("model: rules + qwen3.5:4b ")
            server.on_gpu = 0.0
            await there.app.runtime.talk.whole([user("go")])
            await there.until("model: rules + qwen3.5:4b 0 % GPU")
            stage.clock.advance(5)  # that an answer came in is some time ago
            await server.stop()
            await there.until("model: rules (Ollama gone)")
