"""Behaviours 27 to 37: a server that is gone, silent, cut off, busy, behind a proxy; and one that keeps account."""

from __future__ import annotations

import asyncio
import json

import httpx
import ollama
import pytest

from tests.ollama.models import FakeModel
from tests.ollama.official import official
from tests.ollama.scripts import says
from tests.ollama.server import FakeOllama, ollama_server
from tests.runtime.stage import until

USER = [{"role": "user", "content": "go"}]
LONG = FakeModel("t:1", script=says("one two three four five six"))


async def said(server: FakeOllama, *, timeout_s: float = 10.0) -> str:
    """Return what the model says, with the official client's own faults."""
    async with official(server, timeout_s=timeout_s) as client:
        parts = [part async for part in await client.chat("t:1", USER, stream=True)]
    return "".join(part.message.content or "" for part in parts)


async def test_27_a_server_that_is_gone_refuses_and_comes_back_on_the_same_port() -> None:
    async with ollama_server(LONG) as server:
        port = server.port
        await server.stop()
        with pytest.raises(httpx.ConnectError):
            await said(server)
        await server.start(port=port)
        assert (await said(server)).startswith("one two")


@pytest.mark.parametrize("fault", ["silence", "stall"])
async def test_28_29_it_takes_the_request_and_then_stands_still(fault: str) -> None:
    async with ollama_server(LONG) as server:
        server.faults = [fault]
        with pytest.raises(httpx.ReadTimeout):
            await said(server, timeout_s=0.2)


async def test_30_an_error_in_the_middle_is_a_line_of_a_good_answer() -> None:
    async with ollama_server(LONG) as server:
        server.faults = ["error"]
        with pytest.raises(ollama.ResponseError, match="CUDA error: out of memory") as told:
            await said(server)
        assert told.value.status_code == -1


async def test_31_a_line_that_is_cut_in_the_middle() -> None:
    async with ollama_server(LONG) as server:
        server.faults = ["reset"]
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await said(server)


async def test_32_an_answer_that_just_ends_looks_whole_to_the_official_client() -> None:
    async with ollama_server(LONG) as server:
        server.faults = ["unfinished"]
        assert await said(server) == "one two three four five six"


async def test_33_too_many_at_once_are_refused() -> None:
    async with ollama_server(LONG) as server:
        server.queue, server.token_s = 1, 0.02
        answers = await asyncio.gather(*(said(server) for _ in range(4)), return_exceptions=True)
        refused = [one for one in answers if isinstance(one, ollama.ResponseError)]
        assert refused
        assert {one.status_code for one in refused} == {503}
        assert "maximum pending requests exceeded" in refused[0].error
        assert server.at_once == 2


async def test_34_a_strange_host_is_refused_without_a_word() -> None:
    async with ollama_server(LONG) as server, httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(server.url + "/api/tags", headers={"Host": "evil.test"})
        assert (response.status_code, response.content) == (403, b"")


async def test_35_a_proxy_answers_with_a_page() -> None:
    async with ollama_server(LONG) as server:
        server.faults = ["html", "page"]
        with pytest.raises(ollama.ResponseError) as told:
            await said(server)
        assert (told.value.status_code, "<html>" in told.value.error) == (502, True)
        with pytest.raises(json.JSONDecodeError):
            await said(server)


async def test_36_fetching_says_how_far_it_is_goes_on_where_it_was_and_fails_with_200() -> None:
    async with ollama_server() as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        response = await client.post("/api/pull", json={"model": "nope"})
        lines = [json.loads(line) for line in response.text.splitlines()]
        assert (response.status_code, lines[-1]) == (200, {"error": "pull model manifest: file does not exist"})
        server.library["new:1"] = [1000, 50]
        server.token_s = 0.01
        async with client.stream("POST", "/api/pull", json={"model": "new:1"}) as broken:
            async for line in broken.aiter_lines():
                if json.loads(line).get("completed", 0) >= 400:
                    break
        server.token_s = 0.0
        response = await client.post("/api/pull", json={"model": "new:1"})
        steps = [json.loads(line) for line in response.text.splitlines()]
        first = next(step for step in steps if "completed" in step)
        assert first["completed"] >= 400, "what was there is not fetched again"
        assert len({step["digest"] for step in steps if "digest" in step}) == 2
        assert steps[-1] == {"status": "success"}
        assert server.models[0].name == "new:1"


async def test_37_it_stops_when_nobody_listens_and_remembers_what_it_was_asked() -> None:
    async with ollama_server(FakeModel("t:1", script=says(" word" * 1000))) as server:
        server.token_s = 0.005
        async with official(server) as client:
            stream = await client.chat("t:1", USER, stream=True, options={"num_ctx": 8192})
            async for _ in stream:
                break
            await stream.aclose()
        await until(lambda: server.disconnects == 1)
        assert server.generated < 1000
        assert server.bodies("/api/chat")[0]["options"] == {"num_ctx": 8192}
