"""An Ollama server, asked: whatever it does, what comes is an answer or one of our errors."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.model_place import knock, place_of_model
from opsterm.adapters.ollama_wire import lines_of, row_of
from opsterm.assistant.model.catalogue import PullStep
from opsterm.assistant.model.talk import ChatAsk, ChatMessage, Role, Tool
from opsterm.core.errors import ModelUnavailable
from tests.adapters.ollama_stage import MODEL, ask, asking, pieces, text
from tests.adapters.web_stage import says, serving
from tests.ollama.models import FakeModel
from tests.ollama.scripts import calls, evil, thoughts, tool_call
from tests.ollama.scripts import says as says_text
from tests.ollama.server import ollama_server
from tests.runtime.stage import until

CHAT = ("completion", "tools")
NESTED: dict[str, Any] = {
    "type": "object",
    "properties": {"where": {"type": "object", "properties": {"site": {"type": "string", "minLength": 2}}}},
    "required": ["where"],
    "additionalProperties": False,
}


# ------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize("slicing", ["line", "split", "joined"])
async def test_an_answer_comes_whole_however_its_bytes_are_cut(slicing: str) -> None:
    async with ollama_server() as fake, asking(fake.url) as server:
        fake.slicing = slicing
        said = await pieces(server, ask("wie heißt 日本語?"))
        assert text(said) == "You said: wie heißt 日本語?"
        end = said[-1].end
        assert end is not None
        assert (end.reason, end.answer_tokens) == ("stop", 5)
        again = (await pieces(server, ask("wie heißt 日本語?")))[-1].end
        assert again is not None
        assert again.prompt_tokens is None, "a count that is left out is not known, and not 0"


async def test_what_is_sent_says_context_length_and_thinking_and_keeps_nested_schemas_and_ids() -> None:
    tools = [Tool(name="find", text="Finds.", parameters=NESTED)]
    asked = [tool_call("find", {"where": {"site": "ab"}}, id_="call_7"), tool_call("find", {}, index=1, id_=None)]
    async with (
        ollama_server(FakeModel(MODEL, (*CHAT, "thinking"), script=calls(asked))) as fake,
        asking(fake.url) as server,
    ):
        said = await pieces(server, ask(tools=tools, form=NESTED, think="off", keep_alive_s=-1))
        found = said[0].calls
        assert [call.id for call in found] == ["call_7", "call_1"]
        result = ChatMessage(role=Role.TOOL, text="none", call_id="call_7", tool="find")
        spoken = ChatMessage(role=Role.ASSISTANT, text="", calls=found, thinking="hm")
        await pieces(
            server, ChatAsk(model=MODEL, messages=[spoken, result], context=4096, answer_tokens=9, think="low")
        )
        first, second = fake.bodies("/api/chat")
        assert first["tools"][0]["function"]["parameters"] == first["format"] == NESTED
        assert first["options"] == {"num_ctx": 8192, "num_predict": 512, "temperature": 0.0}
        assert (first["think"], first["keep_alive"], first["stream"]) == (False, -1, True)
        assert second["messages"][0]["tool_calls"][0]["id"] == second["messages"][1]["tool_call_id"] == "call_7"
        assert (second["messages"][0]["thinking"], second["messages"][1]["tool_name"]) == ("hm", "find")


async def test_thoughts_are_kept_apart() -> None:
    model = FakeModel(MODEL, ("completion", "thinking"), script=thoughts)
    async with ollama_server(model) as fake, asking(fake.url) as server:
        said = await pieces(server, ask(think="on"))
        assert "".join(piece.thinking for piece in said) == "let me see"
        assert text(said) == "It is done."
        assert text(await pieces(server, ask(think="off"))) == "It is done."


async def test_a_cut_line_is_seen_by_the_server_at_once() -> None:
    async with ollama_server(FakeModel(MODEL, script=says_text(" word" * 2000))) as fake, asking(fake.url) as server:
        fake.token_s = 0.002
        async with aclosing(server.chat(ask())) as stream:  # type: ignore[type-var]  # a generator
            async for _ in stream:
                break
        took = await until(lambda: fake.disconnects == 1)
        assert took < 2
        assert fake.generated < 2000
        assert text(await pieces(server, ask()))[:5] == " word"[:5]


# -------------------------------------------------------------------------------------------- faults

FAULTS = {
    "error": ("not enough memory", "CUDA error: out of memory"),
    "reset": ("broke off", "cut"),
    "unfinished": ("broke off", "without saying that it was complete"),
    "busy": ("too much to do", "maximum pending requests"),
    "html": ("proxy cannot reach it", "502"),
    "page": ("no Ollama server", "<html>"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_answer_that_fails_says_what_and_why(fault: str) -> None:
    async with ollama_server(FakeModel(MODEL, script=says_text("one two three"))) as fake, asking(fake.url) as server:
        fake.faults = [fault]
        with pytest.raises(ModelUnavailable) as told:
            await pieces(server, ask())
        what, why = FAULTS[fault]
        assert what in told.value.what
        assert why in told.value.why
        assert text(await pieces(server, ask())) == "one two three", "the next question finds a sound line"


@pytest.mark.parametrize(
    ("can", "more", "what", "step"),
    [
        (("completion",), {"model": "nope:1"}, "has no model nope:1", "opsterm model pull nope:1"),
        (("completion",), {"think": "on"}, "cannot do this", "opsterm model list"),
        (("completion",), {"tools": [Tool(name="f", text="", parameters={})]}, "cannot do this", "opsterm model list"),
        (("embedding",), {}, "cannot do this", "opsterm model list"),
        (("completion",), {"context": 1 << 20}, "not enough memory", "model.context"),
    ],
)
async def test_what_the_server_refuses_has_a_next_step(
    can: tuple[str, ...], more: dict[str, Any], what: str, step: str
) -> None:
    async with ollama_server(FakeModel(MODEL, can, trained=1 << 21)) as fake, asking(fake.url) as server:
        with pytest.raises(ModelUnavailable) as told:
            await pieces(server, ask(**more))
        assert what in told.value.what
        assert step in told.value.next_step


async def test_a_server_that_is_gone_or_silent_is_told_within_its_time() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{one.getsockname()[1]}"
        async with asking(url) as server:
            with pytest.raises(ModelUnavailable, match="refused the connection"):
                await pieces(server, ask())
            with pytest.raises(ModelUnavailable, match="refused the connection"):
                await server.embed("m", ["a"], keep_alive_s=1)
        with pytest.raises(ModelUnavailable, match="refused the connection"):
            await knock(place_of_model(url))
    with pytest.raises(ModelUnavailable, match="No such file"):
        await knock(place_of_model("unix:/nowhere/ollama.sock"))

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        await reader.read()

    async with serving(silent) as port, asking(f"http://127.0.0.1:{port}") as server:
        began = asyncio.get_running_loop().time()
        with pytest.raises(ModelUnavailable, match="did not answer in time"):
            await server.loaded(timeout_s=0.1)
        assert asyncio.get_running_loop().time() - began < 5


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"HTTP/1.1 301 Moved\r\nLocation: https://evil.test/\r\nContent-Length: 0\r\n\r\n", "another place"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\n404 page not found", "no Ollama server"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "refuses to talk"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[1]\n", "no Ollama server"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "no Ollama server"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 20\r\n\r\n{\"error\":{\"a\":[1,2]}}", "failed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not speak as it should"),
        (b"", "broke off"),
    ],
)  # fmt: skip
async def test_strangers_on_the_port_are_told(head: bytes, what: str) -> None:
    async with serving(says(head)) as port, asking(f"http://127.0.0.1:{port}") as server:
        with pytest.raises(ModelUnavailable) as told:
            await server.models()
        assert what in told.value.what


@given(st.lists(st.binary(max_size=30)), st.binary(max_size=60))
def test_lines_are_the_same_however_they_are_cut(cuts: list[bytes], tail: bytes) -> None:
    data = b"".join(cuts) + tail

    async def collect(parts: Sequence[bytes]) -> list[bytes]:
        async def come() -> AsyncIterator[bytes]:
            for part in parts:
                yield part

        return [line async for line in lines_of(come())]

    whole = [line for line in data.split(b"\n") if line.strip()]
    assert asyncio.run(collect([*cuts, tail])) == whole
    assert asyncio.run(collect([bytes([byte]) for byte in data])) == whole


@given(st.binary(max_size=200))
def test_a_line_is_an_object_or_one_of_our_errors(data: bytes) -> None:
    with suppress(ModelUnavailable):
        assert isinstance(row_of(data), dict)


@pytest.mark.parametrize("payload", ["\x1b]52;c;ZXZpbA==\x07", "\u202egnp.exe", "{" * 5000, "\x00" * 10, "⟪PW:1⟫"])
async def test_a_model_that_was_taken_over_is_text_and_calls_and_nothing_else(payload: str) -> None:
    can = ("completion", "tools", "thinking")
    async with ollama_server(FakeModel(MODEL, can, script=evil(payload))) as fake, asking(fake.url) as server:
        said = await pieces(server, ask(tools=[Tool(name="find", text="", parameters=NESTED)], think="on"))
        assert [call.name for piece in said for call in piece.calls] == [payload, "", "find"]
        assert said[-1].end is not None


# ------------------------------------------------------------------------- lists, fetching, vectors


async def test_lists_cards_memory_and_what_is_not_there() -> None:
    models = FakeModel("a:1", ("completion", "tools")), FakeModel("old:1", None)
    async with ollama_server(*models) as fake, asking(fake.url) as server:
        fake.on_gpu = 0.7304
        rows = await server.models()
        assert [(row.name, row.capabilities) for row in rows] == [("a:1", ("completion", "tools")), ("old:1", None)]
        card = await server.show("a:1")
        assert (card.longest_context, card.licence) == (131_072, "Apache License 2.0")
        assert await server.version() == "0.12.6"
        assert await server.loaded(timeout_s=5) == []
        await pieces(server, ask(model="a:1", context=16384))
        (one,) = await server.loaded(timeout_s=5)
        assert (one.name, one.context, one.share) == ("a:1", 16384, "73 % GPU")
        with pytest.raises(ModelUnavailable, match="has no model b:1"):
            await server.show("b:1")
        await server.remove("old:1")
        with pytest.raises(ModelUnavailable, match="has no model old:1"):
            await server.remove("old:1")


async def test_fetching_says_how_far_all_parts_together_are() -> None:
    async with ollama_server() as fake, asking(fake.url) as server:
        fake.library["new:1"] = [900, 100]
        steps = [step async for step in server.pull("new:1")]
        assert all(a.done <= b.done for a, b in pairwise(steps))
        assert (steps[-1].done, steps[-1].total, steps[-1].finished) == (1000, 1000, True)
        assert not any(step.finished for step in steps[:-1])
        with pytest.raises(ModelUnavailable, match="no model nope to fetch"):
            [step async for step in server.pull("nope")]
        fake.library["big:1"] = [1000]
        fake.token_s = 0.02
        async with aclosing(server.pull("big:1")) as stream:  # type: ignore[type-var]  # a generator
            async for step in stream:
                if step != PullStep(status=step.status):
                    break
        await until(lambda: fake.disconnects == 1)


async def test_texts_become_vectors_of_length_one_each() -> None:
    async with ollama_server(FakeModel("e:1", ("embedding",))) as fake, asking(fake.url) as server:
        vectors = await server.embed("e:1", ["disk full", "disk full", "no route"], keep_alive_s=60)
        assert vectors[0] == vectors[1] != vectors[2]
        assert all(abs(sum(x * x for x in vector) - 1) < 1e-6 for vector in vectors)
        with pytest.raises(ModelUnavailable, match="no usable vectors"):
            await server.embed("e:1", ["text", ""], keep_alive_s=60)
