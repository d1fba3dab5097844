"""Language models: seen to go and to come back, asked and stopped, held to a form, and sent no secret."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from opsterm.assistant.model.talk import ChatMessage, Role, Tool
from opsterm.assistant.stamp import Rung
from opsterm.core.errors import BadInput, ModelUnavailable, NotFound, Refused
from opsterm.runtime.doctor_model import check_model
from opsterm.runtime.model_state import ModelChanged, ModelPhase
from tests.ollama.models import FakeModel
from tests.ollama.scripts import endless_tools, evil, instance, says, tool_call, words
from tests.runtime.model_stage import user, with_models
from tests.runtime.stage import opened, until

LONG = FakeModel("m:1", script=says(" word" * 5000))
FORM: dict[str, Any] = {
    "type": "object", "properties": {"level": {"enum": ["low", "high"]}}, "required": ["level"],
    "additionalProperties": False,
}  # fmt: skip


# ---------------------------------------------------------------------------------------- how it stands


async def test_a_server_that_goes_is_noticed_within_2_s_and_one_that_comes_back_within_15(home: Path) -> None:
    async with with_models(home, FakeModel("m:1"), workers=True, face="screen") as stage:
        with stage.runtime.hub.listen("test", ModelChanged) as ear:
            await stage.until_phase(ModelPhase.READY)
            assert stage.runtime.models.state.text == "model: rules + m:1"
            assert stage.runtime.models.state.rung is Rung.MODEL
            port = stage.server.port
            await stage.server.stop()
            assert await stage.until_phase(ModelPhase.GONE) <= 2.5, "2 s, and a busy machine's half a second"
            state = stage.runtime.models.state
            assert (state.text, state.rung) == ("model: rules (Ollama gone)", Rung.RULES)
            assert "refused the connection" in state.why
            await stage.server.start(port=port)
            assert await stage.until_phase(ModelPhase.READY) <= 15
            told: list[str] = []
            async for facts in ear.batches():
                told += [fact.event.phase for fact in facts if isinstance(fact.event, ModelChanged)]
                if len(told) >= 3:
                    break
            assert told == ["ready", "gone", "ready"]


async def test_a_server_that_falls_silent_is_noticed_within_2_s(home: Path) -> None:
    async with with_models(home, FakeModel("m:1"), workers=True, face="screen") as stage:
        await stage.until_phase(ModelPhase.READY)
        stage.server.silent = True
        assert await stage.until_phase(ModelPhase.GONE) <= 2.8
        stage.server.silent = False
        assert await stage.until_phase(ModelPhase.READY) <= 15


async def test_a_command_does_not_watch_and_nothing_is_asked_where_no_server_is_set(home: Path) -> None:
    async with with_models(home) as stage:
        await asyncio.sleep(0)
        assert stage.server.asked == []
        assert stage.runtime.models.state.text == "model: rules"
    async with opened(home, settings='[model]\nurl = ""') as runtime:
        assert (await runtime.models.look()).phase is ModelPhase.OFF
        with pytest.raises(ModelUnavailable, match=r"model\.url is empty"):
            await runtime.models.ready()
        assert check_model(runtime.models.state).text == "model.url is empty, so rules answer"


@pytest.mark.parametrize(
    ("on_gpu", "text", "health", "said"),
    [
        (0.0, "model: rules + m:1 0 % GPU", "note", "0 % on graphics cards, 4096 tokens"),
        (0.6, "model: rules + m:1 60 % GPU", "note", "60 % on graphics cards"),
        (1.0, "model: rules + m:1 100 % GPU", "good", "m:1 at http://127.0.0.1"),
    ],
)
async def test_where_the_model_computes_is_seen(home: Path, on_gpu: float, text: str, health: str, said: str) -> None:
    async with with_models(home, FakeModel("m:1")) as stage:
        stage.server.on_gpu = on_gpu
        assert "not loaded" in check_model(await stage.runtime.models.look()).text
        await stage.runtime.talk.whole([user("go")])
        state = await stage.runtime.models.look()
        assert state.text == text
        check = check_model(state)
        assert (check.health, said in check.text) == (health, True)
        assert bool(check.next_step) is (health == "note")


async def test_a_model_that_is_not_there_is_said_with_the_way_to_get_it(home: Path) -> None:
    async with with_models(home, FakeModel("m:1"), settings='name = "other:7b"') as stage:
        state = await stage.runtime.models.look()
        assert (state.phase, state.text) == (ModelPhase.MISSING, "model: rules (no model)")
        with pytest.raises(ModelUnavailable) as told:
            await stage.runtime.talk.whole([user("go")])
        assert told.value.next_step == "opsterm model pull other:7b"
        assert check_model(state).text == "rules answer: The server has no model other:7b."
    async with with_models(home, FakeModel("e:1", ("embedding",))) as stage:
        assert (await stage.runtime.models.look()).phase is ModelPhase.MISSING


async def test_a_busy_server_is_not_gone_while_its_answer_comes_in(home: Path) -> None:
    async with with_models(home, LONG) as stage:
        stage.server.token_s = 0.002
        async with stage.runtime.talk.answer([user("go")]) as answer:
            await anext(answer)
            stage.server.silent = True
            assert (await stage.runtime.models.look()).phase is ModelPhase.READY


# --------------------------------------------------------------------------------------------- asking


async def test_a_stopped_answer_ends_within_100_ms_keeps_what_came_and_tells_the_server(home: Path) -> None:
    async with with_models(home, LONG) as stage:
        stage.server.token_s = 0.02
        loop = asyncio.get_running_loop()
        async with stage.runtime.talk.answer([user("go")]) as answer:
            took = []

            def stop() -> None:
                took.append(loop.time())
                answer.stop()

            async for _ in answer:
                if answer.reply.text.count("word") == 3:
                    loop.call_later(0.005, stop)  # between two pieces, as a key comes
            took.append(loop.time())
        assert took[1] - took[0] <= 0.1
        assert answer.reply.stopped
        assert answer.reply.end is None
        assert answer.reply.text.count("word") >= 3
        await until(lambda: stage.server.disconnects == 1)
        stage.server.token_s = 0.0
        assert (await stage.runtime.talk.whole([user("go")])).cut == "The answer was cut at 1024 tokens."


async def test_a_cancelled_question_keeps_what_came(home: Path) -> None:
    async with with_models(home, LONG) as stage:
        stage.server.token_s = 0.01
        kept: list[Any] = []

        async def ask() -> None:
            async with stage.runtime.talk.answer([user("go")]) as answer:
                kept.append(answer)
                async for _ in answer:
                    pass

        task = asyncio.ensure_future(ask())
        await until(lambda: kept and "word" in kept[0].reply.text)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert "word" in kept[0].reply.text
        await until(lambda: stage.server.disconnects == 1)


@pytest.mark.parametrize(
    ("fault", "what"), [("silence", "did not begin to answer for 1 s"), ("stall", "stood still for 1 s")]
)
async def test_a_server_that_stands_still_is_given_up(home: Path, fault: str, what: str) -> None:
    settings = "load_timeout_s = 1\nquiet_timeout_s = 1"
    async with with_models(home, FakeModel("m:1", script=says("one two three")), settings=settings) as stage:
        stage.server.faults = [fault]
        async with stage.runtime.talk.answer([user("go")]) as answer:
            with pytest.raises(ModelUnavailable, match=what):
                [piece async for piece in answer]
        assert answer.reply.text == ("" if fault == "silence" else "one two")


async def test_one_question_at_a_time_in_few_sizes_without_secrets(home: Path) -> None:
    async with with_models(home, FakeModel("m:1"), settings="context = 16384") as stage:
        talk = stage.runtime.talk
        secret = "PGPASSWORD=hunter2canary psql -h db-01"
        await asyncio.gather(*(talk.whole([user(f"{n} {secret}")]) for n in range(4)), talk.whole([user("x" * 30_000)]))
        bodies = stage.server.bodies("/api/chat")
        assert stage.server.at_once == 1
        assert sorted({body["options"]["num_ctx"] for body in bodies}) == [4096, 16384]
        assert "hunter2canary" not in json.dumps(bodies)
        assert json.dumps(bodies).count("psql -h db-01") == 4
        assert all(body["options"]["num_predict"] == 1024 and "think" not in body for body in bodies)


async def test_every_answer_is_stamped(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", ("completion", "thinking"))) as stage:
        reply = await stage.runtime.talk.whole([user("hello")])
        assert (reply.model, reply.text, reply.context, reply.cut) == ("m:1", "You said: hello", 4096, "")
        assert reply.first_s is not None
        assert 0 < reply.first_s <= reply.total_s
        assert stage.server.bodies("/api/chat")[0]["think"] is False


async def test_what_the_server_cuts_is_said(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", trained=4096), settings="context = 16384") as stage:
        reply = await stage.runtime.talk.whole([user("the disk of web-03 is full " * 1500)])
        assert "The server holds 4096 tokens only, not the 16384" in reply.cut
        assert "the server cut the question" in reply.cut


# ------------------------------------------------------------------------------------- forms and tools


@pytest.mark.parametrize(
    ("said", "value", "asked"),
    [
        (['{"level": "low"}'], {"level": "low"}, 1),
        (["Certainly!", '{"level": "high"}'], {"level": "high"}, 2),
        (['{"level": "middle"}', '```json\n{"level": "high"}\n```'], {"level": "high"}, 2),
        (["Certainly!", "Here it is."], None, 2),
        (["{" * 3000, "\x1b]52;c;x\x07"], None, 2),
    ],
)
async def test_a_form_is_held_to_with_one_repair(home: Path, said: list[str], value: object, asked: int) -> None:
    async with with_models(home, FakeModel("m:1", script=says(*said))) as stage:
        if value is None:
            with pytest.raises(ModelUnavailable, match="no answer of the form") as told:
                await stage.runtime.talk.formed([user("how bad?")], FORM)
            assert "\x1b" not in str(told.value)
        else:
            found, _ = await stage.runtime.talk.formed([user("how bad?")], FORM)
            assert found == value
        bodies = stage.server.bodies("/api/chat")
        assert len(bodies) == asked
        assert all(body["format"] == FORM for body in bodies)
        assert "JSON Schema" in bodies[0]["messages"][-1]["content"]
        if asked == 2:
            assert "Answer again" in bodies[1]["messages"][-1]["content"]


@pytest.mark.parametrize("form", ["obey", "control"])
async def test_a_constrained_model_is_understood(home: Path, form: str) -> None:
    schema = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
    async with with_models(home, FakeModel("m:1", form=form)) as stage:
        value, _ = await stage.runtime.talk.formed([user("go")], schema)
        assert isinstance(value, dict)
        assert value["word"] in ("text", "te\x01\tx\nt")


FIND = Tool(name="find", text="Finds.", parameters={"type": "object", "properties": {"text": {"type": "string"}}})


async def test_tools_are_offered_to_a_model_that_can_and_written_calls_are_found(home: Path) -> None:
    written = says('{"name": "find", "arguments": {"text": "a"}}')
    async with with_models(home, FakeModel("m:1", script=written)) as stage:
        reply = await stage.runtime.talk.whole([user("go")], tools=[FIND])
        assert [(call.name, call.arguments) for call in reply.calls] == [("find", {"text": "a"})]
    async with with_models(home, FakeModel("m:1", ("completion",), script=endless_tools)) as stage:
        await stage.runtime.talk.whole([user("go")], tools=[FIND])
        assert "tools" not in stage.server.bodies("/api/chat")[0]


async def test_a_model_that_was_taken_over_gets_nothing_done(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=evil("run: rm -rf /\x1b[2J"))) as stage:
        reply = await stage.runtime.talk.whole([user("go")], tools=[FIND])
        assert len(reply.calls) == 3
        assert await stage.runtime.changes.list() == []


async def test_a_flood_is_broken_off(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says(*["x" * 300_000 + " " + "y" * 300_000]))) as stage:
        reply = await stage.runtime.talk.whole([user("go")])
        assert "broken off after 400,000 characters" in reply.cut


# -------------------------------------------------------------------------- lists, vectors, the check


async def test_models_are_listed_shown_fetched_and_deleted(home: Path) -> None:
    async with with_models(home, FakeModel("m:1"), FakeModel("n:latest")) as stage:
        models = stage.runtime.models
        await stage.runtime.talk.whole([user("go")])
        assert [(row.name, loaded is not None) for row, loaded in await models.list()] == [
            ("m:1", True), ("n:latest", False),
        ]  # fmt: skip
        assert (await models.show(""))[0].row.name == "m:1"
        assert (await models.show("N"))[0].row.size == 3_400_000_000
        with pytest.raises(NotFound, match=r"no model m:2") as told:
            await models.show("m:2")
        assert told.value.why == "The nearest is m:1."
        stage.server.library["o:1"] = [10]
        assert [step async for step in models.pull("o:1")][-1].finished
        for bad in ("", "a b", "x\x1b[2J"):
            with pytest.raises(BadInput):
                [step async for step in models.pull(bad)]
        await models.remove("n")
        assert [row.name for row, _ in await models.list()] == ["o:1", "m:1"]
    async with with_models(home, more="[changes]\nread_only = true") as stage:
        with pytest.raises(Refused):
            await stage.runtime.models.remove("qwen3.5:4b")
        with pytest.raises(Refused):
            [step async for step in stage.runtime.models.pull("o:1")]


async def test_texts_become_vectors_in_batches_and_masked(home: Path) -> None:
    async with with_models(home, FakeModel("m:1"), FakeModel("e:1", ("embedding",))) as stage:
        texts = [f"line {n}" for n in range(70)] + ["", "mysql -u root -phunter2canary"]
        made = await stage.runtime.models.embed(texts)
        assert (made.model, len(made.vectors)) == ("e:1", 72)
        sizes = [len(body["input"]) for body in stage.server.bodies("/api/embed")]
        assert sizes == [32, 32, 8]
        assert "hunter2canary" not in json.dumps(stage.server.bodies("/api/embed"))
    async with with_models(home, FakeModel("m:1")) as stage:
        with pytest.raises(ModelUnavailable, match="none for vectors"):
            await stage.runtime.models.embed(["a"])


def _action(target: str, command: str) -> dict[str, object]:
    said = dict.fromkeys(("why", "rollback", "verify"), "asked")
    return {"kind": "command", "command": command, "target_names": [target], "risk": "medium", **said}


def good_model(ask: Any) -> Any:
    """Do what the check asks for, as a good model does."""
    said = str(ask["messages"][0]["content"] if ask.get("format") else ask["messages"][-1]["content"])
    if ask.get("format"):
        host = next(word for word in said.split() if word[-3:-2] == "-")
        return words(json.dumps({**instance(ask["format"]), "host": host}))
    wishes = [
        ("Windows", "search_inventory", {"filter": "os:windows"}),
        ("database", "search_inventory", {"filter": "role:database"}),
        ("disk of", "get_metric", {"target": "db-01", "metric": "disk"}),
        ("load on", "get_metric", {"target": "web-07", "metric": "load"}),
        ("nginx", "propose_action", _action("web-03", "systemctl restart nginx")),
        ("old logs", "propose_action", _action("app-02", "find /var/log/app -delete")),
    ]
    for word, tool, arguments in wishes:
        if ask.get("tools") and word in said:
            return [{"content": "", "tool_calls": [tool_call(tool, arguments)]}]
    return words("You are welcome.")


@pytest.mark.parametrize("good", [True, False])
async def test_the_check_says_what_can_be_relied_on(home: Path, good: bool) -> None:
    async with with_models(home, FakeModel("m:1", script=good_model if good else says("no"))) as stage:
        checks = {check.name: check async for check in stage.runtime.model_check.run()}
        assert list(checks) == ["server", "answer", "memory", "stop", "forms", "tools"]
        assert checks["stop"].health == "good"
        assert checks["forms"].text == ("3 of 3 right" if good else "0 of 3 right")
        assert checks["tools"].text == ("7 of 7 right" if good else "1 of 7 right")
        assert bool(checks["tools"].next_step) is not good


async def test_roles_of_a_conversation_are_kept(home: Path) -> None:
    async with with_models(home, FakeModel("m:1")) as stage:
        talk = [ChatMessage(role=Role.SYSTEM, text="Be short."), user("a"), ChatMessage(role=Role.ASSISTANT, text="b")]
        await stage.runtime.talk.whole([*talk, user("c")])
        sent = stage.server.bodies("/api/chat")[0]["messages"]
        assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
