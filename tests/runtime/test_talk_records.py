"""The talk with a model in the audit: who was asked, which tools it took, what came of it; hashes, and no texts."""

from __future__ import annotations

import hashlib
from pathlib import Path

from opsterm.assistant.model.offer import OFFERED
from opsterm.assistant.turn import PieceSaid, Proposed
from opsterm.core.events import Fact
from opsterm.policy.audit import as_text, row
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.talk_events import ModelAnswered, ModelAsked
from tests.ollama.models import FakeModel
from tests.ollama.scripts import says, words
from tests.runtime.model_stage import OPEN, calls, end, hosts, propose, steps, turn, with_models

SECRET = "hunter2Zq7canary"
ASKED = f"{OPEN} It logs in with password={SECRET}"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def told(runtime: Runtime) -> list[Fact]:
    """Return the facts of talks, oldest first."""
    found = await runtime.store.journal.search(limit=1000)
    return sorted((fact for fact in found if fact.event.kind.startswith("model.")), key=lambda fact: fact.seq)


def kept_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_question_looks_proposals_and_answer_are_in_the_chain_and_no_text_is(home: Path) -> None:
    script = steps(
        calls("search_inventory", filter="web-01"), calls("search_knowledge", words=f"password={SECRET}"),
        calls("run_shell", command="id"), propose(), words(f"It is proposed [i1]. password={SECRET}"),
    )  # fmt: skip
    async with with_models(home, FakeModel("m:1", script=script)) as stage:
        runtime = stage.runtime
        await hosts(runtime)
        events = await turn(runtime, ASKED, attached=[("a log", f"ERROR 7 password={SECRET}")])
        asked, answered = [fact.event for fact in await told(runtime)]
        assert isinstance(asked, ModelAsked)
        assert isinstance(answered, ModelAnswered)
        assert (asked.model, asked.digest, asked.server, asked.rung) == (
            "m:1", runtime.models.state.digest, stage.server.url, "model",
        )  # fmt: skip
        masked = (await runtime.masking.mask(ASKED)).text
        assert SECRET not in masked
        assert (asked.question_sha256, asked.question_chars, asked.attached) == (sha256(masked), len(masked), 1)
        assert answered.answer_sha256 == sha256((await runtime.masking.mask(end(events).text)).text)
        assert answered.requests == len(stage.server.bodies("/api/chat")) == 6, "the reading of the log is one of them"
        assert answered.proposals == tuple(one.change for one in events if isinstance(one, Proposed))
        assert [look.partition(" ")[0] for look in answered.looks] == [
            "search_inventory", "search_knowledge", "no", "propose_action",
        ]  # fmt: skip
        assert answered.looks[0].endswith("given [i1]")
        assert "There is no tool run_shell" in answered.looks[2]
        assert answered.end == "whole"
        lines = [as_text(found) for fact in await told(runtime) if (found := row(fact)) is not None]
        assert "asked the model m:1" in lines[0]
        assert f"proposed c{answered.proposals[0]}" in lines[1]
        assert (await runtime.audit.verify()).finding is None
    data = kept_below(home)
    assert SECRET.encode() not in data
    assert OPEN.encode() not in data, "no text of a talk is kept when no conversation keeps it"


async def test_an_answer_that_was_stopped_or_never_came_is_told_as_that(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says("word " * 400))) as stage:
        stage.server.token_s = 0.01
        assistant = await stage.runtime.assistant()
        on_its_way = assistant.converse(OPEN)
        async for event in on_its_way:
            if isinstance(event, PieceSaid):
                on_its_way.stop()
        on_its_way = assistant.converse(OPEN)
        await anext(on_its_way)
        await on_its_way.aclose()
        await stage.server.stop()
        stage.runtime.models.watched = True
        await turn(stage.runtime)
        ends = [fact.event.end for fact in await told(stage.runtime) if isinstance(fact.event, ModelAnswered)]
        assert ends[:2] == ["stopped", "broken off"]
        assert len(ends) == 3
        assert "model server" in ends[2]
        talks = [fact.correlation_id for fact in await told(stage.runtime)]
        assert talks[0::2] == talks[1::2]
        assert len(set(talks)) == 3


async def test_a_model_that_was_never_reached_was_not_asked(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says("It is so."))) as stage:
        await turn(stage.runtime)
        on_its_way = (await stage.runtime.assistant()).converse(OPEN)
        on_its_way.stop()
        async for _ in on_its_way:
            pass
        lines = [as_text(found) for fact in await told(stage.runtime) if (found := row(fact)) is not None]
        whats = ["asked the model m:1", "answered", "did not reach the model m:1", "was not asked"]
        assert [what in line for what, line in zip(whats, lines, strict=True)] == [True] * 4, lines
        answers = [fact.event for fact in await told(stage.runtime) if isinstance(fact.event, ModelAnswered)]
        assert [one.requests for one in answers] == [1, 0]


async def test_the_prompt_hash_follows_the_prompt(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says("It is so."))) as stage:
        assert OFFERED
        for text in (OPEN, OPEN, f"{OPEN} now"):
            (await stage.runtime.assistant()).begin()
            await turn(stage.runtime, text)
        first, again, other = [
            fact.event.prompt_sha256 for fact in await told(stage.runtime) if isinstance(fact.event, ModelAnswered)
        ]
        assert len({first, again, other}) >= 2
        assert other not in (first, again)
