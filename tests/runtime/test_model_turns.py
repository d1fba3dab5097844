"""A turn of the chat by a model: rules first, looks within limits, proposals for a person, an end in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from opsterm.assistant.answer import CitedSentence, Paragraph
from opsterm.assistant.artefact import SourceTrust
from opsterm.assistant.model.offer import MOST_PROPOSALS, MOST_STEPS
from opsterm.assistant.reply import reply_record
from opsterm.assistant.stamp import Rung
from opsterm.assistant.turn import PieceSaid, Proposed, Thought, ToolLooked, TurnEvent
from opsterm.changes.change import ChangeState
from tests.ollama.models import FakeModel
from tests.ollama.scripts import Said as Piece
from tests.ollama.scripts import endless_tools, says, thoughts, words
from tests.runtime.model_stage import OPEN, calls, end, hosts, propose, steps, turn, with_models
from tests.runtime.stage import until


async def test_rules_come_first_and_the_model_gets_what_they_do_not_read(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says("It may be the cache [x1]."))) as stage:
        runtime = stage.runtime
        await hosts(runtime)
        for text in ("how many targets are there?", "list alerts", "run `df -h` on web-01", "hello", "restart nope-7"):
            answer = end(await turn(runtime, text)).answer
            assert answer.stamp is not None
            assert answer.stamp.rung is not Rung.MODEL, text
        assert stage.server.bodies("/api/chat") == []
        for text in (OPEN, "tell me a joke about disks", "what is a zombie process?"):
            answer = end(await turn(runtime, text)).answer
            assert answer.stamp is not None
            assert (answer.stamp.rung, answer.stamp.model, answer.stamp.context) == (Rung.MODEL, "m:1", 4096)
            assert answer.stamp.first_s is not None
            assert answer.stamp.first_s <= answer.stamp.total_s
        asked = len(stage.server.bodies("/api/chat"))
        assert asked == 3
        strict = end(await turn(runtime, OPEN)).answer.follow_ups[0].line
        for text, offline in ((OPEN, True), (strict, False)):
            answer = end(await turn(runtime, text, offline=offline)).answer
            assert answer.stamp is not None
            assert answer.stamp.rung is Rung.RETRIEVAL
        assert len(stage.server.bodies("/api/chat")) == asked + 1
        await stage.server.stop()
        runtime.models.watched = True
        answer = end(await turn(runtime)).answer
        assert "The model did not answer, so this is from rules." in str(answer.blocks[-1])


async def test_pieces_come_as_they_are_said_and_thoughts_apart(home: Path) -> None:
    model = FakeModel("m:1", ("completion", "tools", "thinking"), script=thoughts)
    async with with_models(home, model, settings='think = "on"') as stage:
        events = await turn(stage.runtime)
        assert "".join(one.text for one in events if isinstance(one, Thought)) == "let me see"
        assert "".join(one.text for one in events if isinstance(one, PieceSaid)) == "It is done."
        assert end(events).text == "It is done."


async def test_a_look_is_an_artefact_that_the_answer_cites(home: Path) -> None:
    script = steps(calls("search_inventory", filter="web-01"), words("There is web-01 [i1]. There is web-09 [i1]."))
    async with with_models(home, FakeModel("m:1", script=script)) as stage:
        await hosts(stage.runtime)
        events = await turn(stage.runtime)
        assert [(one.tool, one.tag, one.fault) for one in events if isinstance(one, ToolLooked)] == [
            ("search_inventory", "i1", "")
        ]
        said = [block for block in end(events).answer.blocks if isinstance(block, CitedSentence)]
        assert [(one.cites, one.fault) for one in said] == [(("i1",), ""), (("i1",), "web-09 is not in i1")]
        assert [source.tag for source in end(events).answer.sources] == ["i1"]
        kept = await (await stage.runtime.assistant()).artefact(end(events).turn, "i1")
        assert "web-01 unknown groups=all-of-them" in kept.text
        assert kept.trust is SourceTrust.STATE
        told = stage.server.bodies("/api/chat")[1]["messages"][-1]
        assert (told["role"], kept.text in told["content"]) == ("tool", True)


LOOKS: list[tuple[str, dict[str, object], str]] = [
    ("search_inventory", {"filter": "(("}, "A term is missing here."),
    ("get_metric", {"target": "web-1", "metric": "load.1m"}, "There is no host web-1. Names are never guessed."),
    ("get_metric", {"target": "wеb-01", "metric": "load.1m"}, "There is no host"),
    ("get_metric", {"target": "web-01", "metric": "load.1m"}, "Nothing that load.1m names is measured on web-01"),
    ("list_alerts", {"target": "nope"}, "There is no host nope"),
    ("read_output", {"ref": "c99/web-01"}, "There is no change c99"),
    ("read_output", {"ref": "../etc/passwd"}, "is not the number of a change"),
    ("run_shell", {"command": "id"}, "There is no tool run_shell"),
    ("search_inventory", {"filter": "all", "extra": "x"}, "The arguments do not fit"),
    ("propose_action", {"command": "id"}, "The arguments do not fit"),
]


async def test_what_cannot_be_looked_at_is_told_to_the_model(home: Path) -> None:
    model = FakeModel("m:1")
    async with with_models(home, model) as stage:
        await hosts(stage.runtime)
        for name, arguments, fault in LOOKS:
            model.script = steps(calls(name, **arguments), words("I see."))
            [looked] = [one for one in await turn(stage.runtime) if isinstance(one, ToolLooked)]
            assert fault in looked.fault
            assert fault in stage.server.bodies("/api/chat")[-1]["messages"][-1]["content"]


async def test_a_model_that_never_answers_is_stopped_by_the_steps(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=endless_tools)) as stage:
        await turn(stage.runtime)
        bodies = stage.server.bodies("/api/chat")
        assert len(bodies) == MOST_STEPS
        assert "tools" not in bodies[-1]
        assert all("tools" in body for body in bodies[:-1])


async def test_the_same_look_again_is_refused(home: Path) -> None:
    again = calls("search_inventory", filter="all")
    async with with_models(home, FakeModel("m:1", script=steps(again, again, words("ok")))) as stage:
        events = [one for one in await turn(stage.runtime) if isinstance(one, ToolLooked)]
        assert events[0].fault == ""
        assert events[1].fault == "You asked for exactly this before: see [i1]. Answer, or ask for something else."


async def test_a_proposal_is_an_ordinary_one_and_everything_in_it_is_recomputed(home: Path) -> None:
    script = steps(propose("rm -rf /srv/data", risk="read"), words("It is proposed."))
    async with with_models(home, FakeModel("m:1", script=script)) as stage:
        await hosts(stage.runtime)
        events = await turn(stage.runtime)
        [proposed] = [one for one in events if isinstance(one, Proposed)]
        change = await stage.runtime.changes.get(proposed.change)
        assert (change.origin, change.state) == ("model", ChangeState.PROPOSED)
        assert change.risk.level not in ("read", "low")
        assert [target.name for target in change.order.targets] == ["web-01"]
        assert change.order.command == "rm -rf /srv/data"
        assert change.reason == "The model says: it is slow"
        assert end(events).answer.change_id == change.id
        assert "(you said read)" in json.dumps(stage.server.bodies("/api/chat")[-1])


BAD_PROPOSALS: list[tuple[str, Sequence[str], str]] = [
    ("systemctl restart nginx", ["web-1"], "There is no host web-1"),
    ("systemctl restart nginx", ["wеb-01"], "There is no host"),
    ("systemctl restart nginx", ["all"], "There is no host all"),
    ("systemctl restart nginx", ["web-01 or db-01"], "There is no host"),
    ("systemctl restart nginx", ["*"], "There is no host"),
    ("systemctl restart nginx", [f"h{n}" for n in range(10_000)], "for 1 to 50 hosts"),
    ("id\rrm -rf /", ["web-01"], "is not what it seems"),
    ("id\nrm -rf /", ["web-01"], "is not what it seems"),
    ("id\x1b]52;c;aGk=\x07", ["web-01"], "is not what it seems"),
    ("systemctl restаrt nginx", ["web-01"], "is not what it seems"),
    ("  ", ["web-01"], "is empty"),
]


async def test_a_proposal_that_cannot_be_meant_is_told_back(home: Path) -> None:
    model = FakeModel("m:1")
    async with with_models(home, model) as stage:
        await hosts(stage.runtime)
        for command, names, fault in BAD_PROPOSALS:
            model.script = steps(propose(command, names), words("ok"))
            [looked] = [one for one in await turn(stage.runtime) if isinstance(one, ToolLooked)]
            assert fault in looked.fault
        assert await stage.runtime.changes.list() == []


async def test_a_flood_of_proposals_ends_at_a_few_a_turn_and_at_those_that_wait(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.runtime.model_tools.MOST_WAITING", MOST_PROPOSALS + 1)
    numbers = count()

    def flood(ask: Any) -> Iterable[Piece]:
        if not any(message["role"] == "tool" for message in ask["messages"]):
            said = [propose(f"echo {next(numbers)}")[0]["tool_calls"][0] for _ in range(200)]
            return [{"content": "", "tool_calls": said}]
        return words("So many.")

    async with with_models(home, FakeModel("m:1", script=flood)) as stage:
        await hosts(stage.runtime)
        made = [len([one for one in await turn(stage.runtime) if isinstance(one, Proposed)]) for _ in range(2)]
        assert made == [MOST_PROPOSALS, 1]
        assert len(await stage.runtime.changes.list()) == MOST_PROPOSALS + 1


async def test_no_setting_lets_a_proposal_of_a_model_run_alone(home: Path) -> None:
    more = '[[approvals.autonomy]]\nenvironment = "*"\nlevel = "high"\nactor = "*"\ndaily = 1000'
    async with with_models(home, FakeModel("m:1", script=steps(propose(), words("ok"))), more=more) as stage:
        await hosts(stage.runtime)
        await turn(stage.runtime)
        [change] = await stage.runtime.changes.list()
        assert change.state is ChangeState.PROPOSED
        assert await stage.runtime.approvals.permit(change) is None


async def test_a_written_call_is_carried_out_and_not_shown(home: Path) -> None:
    written = words('{"name": "search_inventory", "arguments": {"filter": "all"}}')
    async with with_models(home, FakeModel("m:1", script=steps(written, words("{one} host [i1].")))) as stage:
        events = await turn(stage.runtime)
        assert [one.tool for one in events if isinstance(one, ToolLooked)] == ["search_inventory"]
        assert "".join(one.text for one in events if isinstance(one, PieceSaid)) == "{one} host [i1]."


async def test_a_model_without_tools_answers_from_cards_in_its_prompt(home: Path) -> None:
    script = says("The disk is full [k1].")
    async with with_models(home, FakeModel("m:1", ("completion",), script=script)) as stage:
        events = await turn(stage.runtime, "what do I do when the disk is full?")
        [body] = stage.server.bodies("/api/chat")
        assert "tools" not in body
        assert "[k1] card " in body["messages"][-1]["content"]
        assert [one.fault for one in end(events).answer.blocks if isinstance(one, CitedSentence)] == [""]


# --------------------------------------------------------------------------------------------------- ending


async def test_stop_ends_a_turn_within_100_ms_with_what_was_said(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says(" word" * 5000))) as stage:
        stage.server.token_s = 0.02
        loop = asyncio.get_running_loop()
        going = (await stage.runtime.assistant()).converse(OPEN)
        at: list[float] = []

        def stop() -> None:
            at.append(loop.time())
            going.stop()

        events: list[TurnEvent] = []
        async for event in going:
            events.append(event)
            if len(events) == 3:
                loop.call_later(0.005, stop)
        assert loop.time() - at[0] <= 0.1
        assert end(events).stopped
        assert end(events).text.startswith("word word")
        await until(lambda: stage.server.disconnects == 1)


async def test_a_turn_that_is_left_cuts_the_line(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says(" word" * 5000))) as stage:
        stage.server.token_s = 0.02
        going = (await stage.runtime.assistant()).converse(OPEN)
        await anext(going)
        await going.aclose()
        await until(lambda: stage.server.disconnects == 1)


async def test_a_turn_ends_in_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsterm.runtime.model_turns.TURN_S", 0.3)
    async with with_models(home, FakeModel("m:1", script=says(" word" * 5000))) as stage:
        stage.server.token_s = 0.02
        ended = end(await turn(stage.runtime))
        assert (ended.stopped, ended.why) == (False, "It was ended after 0 s.")
        assert any("ended after" in block.text for block in ended.answer.blocks if isinstance(block, Paragraph))


async def test_a_model_that_breaks_off_keeps_what_it_said(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says("one two three"))) as stage:
        stage.server.faults = ["reset"]
        ended = end(await turn(stage.runtime))
        assert ended.text == "one two"
        assert ended.why.startswith("The model broke off: ")


async def test_a_conversation_goes_on_and_is_forgotten(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=says("First [x1].", "Second [x1]."))) as stage:
        await turn(stage.runtime)
        await turn(stage.runtime, "and why might it be slow in the evening?")
        roles = [message["role"] for message in stage.server.bodies("/api/chat")[1]["messages"]]
        assert roles == ["system", "user", "assistant", "user"]
        (await stage.runtime.assistant()).begin()
        await turn(stage.runtime)
        assert len(stage.server.bodies("/api/chat")[2]["messages"]) == 2


async def test_a_script_gets_the_same_with_its_stamp_and_a_line_of_many_never_does(home: Path) -> None:
    async with with_models(home, FakeModel("m:1", script=steps(propose(), words("Proposed.")))) as stage:
        await hosts(stage.runtime)
        assistant = await stage.runtime.assistant()
        record = reply_record(await assistant.reply(OPEN))
        assert record["stamp"] is not None
        assert stage.server.bodies("/api/chat") == []
        record = reply_record(await assistant.reply(OPEN, origin="command line", offline=False))
        assert record["stamp"]["model"] == "m:1"  # type: ignore[index,call-overload]  # what JSON is made of
        assert record["proposal"] == {
            "command": "systemctl restart nginx", "selector": "web-01", "targets": ["web-01"], "change": "c1",
            "marks": [],
        }  # fmt: skip
