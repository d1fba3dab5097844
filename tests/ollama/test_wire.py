"""Behaviours 1 to 17: how the server's bytes come, and what it says of its models."""

from __future__ import annotations

import json

import httpx
import ollama
import pytest

from tests.ollama.models import FakeModel
from tests.ollama.official import official
from tests.ollama.scripts import says
from tests.ollama.server import FakeOllama, ollama_server

ASK = {"model": "qwen3.5:4b", "messages": [{"role": "user", "content": "wie heißt 日本語?"}]}


async def raw(server: FakeOllama, body: object, path: str = "/api/chat") -> tuple[httpx.Response, list[bytes]]:
    """Ask; return the answer and its pieces as they came."""
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("POST", server.url + path, json=body) as response,
    ):
        pieces = [piece async for piece in response.aiter_raw()]
    return response, pieces


@pytest.mark.parametrize("slicing", ["line", "split", "joined"])
async def test_1_2_3_an_answer_comes_in_chunks_however_they_are_cut(slicing: str) -> None:
    async with ollama_server() as server:
        server.slicing = slicing
        response, pieces = await raw(server, ASK)
        assert response.headers["content-type"] == "application/x-ndjson"
        assert response.headers["transfer-encoding"] == "chunked"
        rows = [json.loads(line) for line in b"".join(pieces).splitlines()]
        assert "".join(row["message"]["content"] for row in rows) == "You said: wie heißt 日本語?"
        most = max(piece.count(b"\n") for piece in pieces)
        assert {"line": len(pieces) >= len(rows), "split": any(b"\n" not in p for p in pieces), "joined": most > 1}[
            slicing
        ]
        async with official(server) as client:
            said = [part async for part in await client.chat(**ASK, stream=True)]
        assert "".join(part.message.content or "" for part in said) == "You said: wie heißt 日本語?"


async def test_4_5_6_the_last_chunk_measures_leaves_out_zeros_and_says_more_than_is_known() -> None:
    async with ollama_server() as server:
        lasts = []
        for _ in range(2):
            _, pieces = await raw(server, ASK)
            lasts.append(json.loads(b"".join(pieces).splitlines()[-1]))
        assert lasts[0]["done"] is True
        assert (lasts[0]["done_reason"], lasts[0]["eval_count"]) == ("stop", 5)
        assert lasts[0]["prompt_eval_count"] > 5
        assert "prompt_eval_count" not in lasts[1], "the second time it is all in the cache"
        assert "an_unknown_field" in lasts[0]


async def test_7_8_one_object_where_no_stream_is_wanted_and_where_nothing_is_said() -> None:
    async with ollama_server() as server:
        response, pieces = await raw(server, {**ASK, "stream": False})
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert json.loads(b"".join(pieces))["message"]["content"].startswith("You said")
        for alive, reason in ((60, "load"), (0, "unload")):
            response, pieces = await raw(server, {"model": "qwen3.5:4b", "messages": [], "keep_alive": alive})
            said = json.loads(b"".join(pieces))
            assert (said["done_reason"], response.headers["content-type"].split(";")[0]) == (reason, "application/json")
            assert bool(server.loaded) is (reason == "load")


async def test_9_its_root_and_version_answer_to_head_as_well() -> None:
    async with ollama_server() as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        assert (await client.get("/")).text == "Ollama is running"
        assert (await client.head("/")).status_code == (await client.head("/api/version")).status_code == 200
        assert (await client.get("/api/version")).json() == {"version": "0.12.6"}
        assert (await client.get("/api/nothing")).status_code == 404


async def test_10_11_a_name_without_a_tag_and_one_that_is_not_there() -> None:
    async with ollama_server(FakeModel("llama3:latest")) as server, official(server) as client:
        assert (await client.chat("llama3", ASK["messages"])).done
        with pytest.raises(ollama.ResponseError) as told:
            await client.chat("llama4", ASK["messages"])
        assert (told.value.status_code, told.value.error) == (404, "model 'llama4' not found")
        with pytest.raises(ollama.ResponseError, match='model "llama4" not found, try pulling it first'):
            await client.embed("llama4", "text")


@pytest.mark.parametrize(
    ("can", "more", "said"),
    [
        (("embedding",), {}, '"m:1" does not support chat'),
        (("completion",), {"think": True}, '"m:1" does not support thinking'),
        (
            ("completion",),
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            "registry.ollama.ai/library/m:1 does not support tools",
        ),
        (("completion",), {"keep_alive": "300"}, 'time: missing unit in duration "300"'),
        (("completion",), {"model": ""}, "model is required"),
    ],
)
async def test_12_what_a_model_cannot_do_is_refused_in_these_words(
    can: tuple[str, ...], more: dict[str, object], said: str
) -> None:
    async with ollama_server(FakeModel("m:1", can)) as server:
        response, pieces = await raw(server, {**ASK, "model": "m:1", **more})
        assert (response.status_code, json.loads(b"".join(pieces))) == (400, {"error": said})


async def test_13_lists_cards_and_loaded_models_read_by_the_official_client() -> None:
    cloud = FakeModel("big:1-cloud", ("completion",), remote="https://ollama.com:443")
    async with (
        ollama_server(FakeModel("a:1", ("completion", "tools")), cloud, FakeModel("old:1", None)) as server,
        official(server) as client,
    ):
        listed = await client.list()
        assert [row.model for row in listed.models] == ["a:1", "big:1-cloud", "old:1"]
        assert (await client.show("a:1")).capabilities == ["completion", "tools"]
        assert (await client.show("old:1")).capabilities is None
        async with httpx.AsyncClient(trust_env=False) as plain:
            rows = (await plain.get(server.url + "/api/tags")).json()["models"]
        assert rows[0]["capabilities"] == ["completion", "tools"]
        assert (rows[1]["remote_host"], "capabilities" in rows[2]) == ("https://ollama.com:443", False)
        await client.chat("a:1", ASK["messages"])
        (one,) = (await client.ps()).models
        assert (one.model, one.context_length) == ("a:1", 4096)


async def test_14_15_loading_takes_time_and_another_context_loads_anew() -> None:
    async with ollama_server() as server, official(server) as client:
        server.load_s = 0.05
        took = []
        for context in (8192, 8192, 4096):
            _, pieces = await raw(server, {**ASK, "options": {"num_ctx": context}, "keep_alive": 60})
            took.append(json.loads(b"".join(pieces).splitlines()[-1]).get("load_duration", 0) / 1e9)
        assert took[0] >= 0.05 > took[1]
        assert took[2] >= 0.05
        server.shift_s = 61
        assert (await client.ps()).models == []
        await client.chat(**ASK, keep_alive=-1)
        server.shift_s = 86400 * 365
        assert len((await client.ps()).models) == 1


async def test_16_what_does_not_fit_beside_others_takes_their_place() -> None:
    async with ollama_server(FakeModel("a:1"), FakeModel("b:1")) as server:
        server.memory = 5_000_000_000
        for name in ("a:1", "b:1"):
            await raw(server, {**ASK, "model": name})
            assert list(server.loaded) == [name]
        response, pieces = await raw(server, {**ASK, "options": {"num_ctx": 131072}})
        assert response.status_code == 404
        response, pieces = await raw(server, {**ASK, "model": "a:1", "options": {"num_ctx": 131072}})
        assert response.status_code == 500
        assert b"requires more system memory" in b"".join(pieces)


@pytest.mark.parametrize(("on_gpu", "whole"), [(0.0, "none"), (0.5, "some"), (1.0, "all")])
async def test_17_how_much_is_on_the_graphics_card(on_gpu: float, whole: str) -> None:
    async with ollama_server(FakeModel("a:1", script=says("ok"))) as server:
        server.on_gpu = on_gpu
        await raw(server, {**ASK, "model": "a:1"})
        async with httpx.AsyncClient(trust_env=False) as client:
            (row,) = (await client.get(server.url + "/api/ps")).json()["models"]
        assert {"none": row["size_vram"] == 0, "some": 0 < row["size_vram"] < row["size"],
                "all": row["size_vram"] == row["size"]}[whole]  # fmt: skip
