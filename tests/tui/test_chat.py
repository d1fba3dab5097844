"""The chat: what was asked is there again, an answer streams and stops, passages are picked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from opsterm.assistant.answer import Answer
from opsterm.assistant.model.grounding import statements
from opsterm.assistant.stamp import Rung, Stamp
from opsterm.assistant.turn import PieceSaid, Thought, ToolLooked, TurnEnded, TurnEvent
from opsterm.knowledge.collection import CollectionName
from opsterm.knowledge.command_use import CommandUse
from opsterm.runtime.dialogue import Dialogue
from opsterm.tui.drawing.model_passages import MarkdownPassages
from opsterm.tui.drawing.passage import ChatPassage, PassageKind, PassageLook
from opsterm.tui.panes.chat import ChatPane
from opsterm.tui.panes.slash import read_slash, slash_named
from opsterm.tui.screens.target_page import TargetPage
from tests.tui.cockpit import Sitting, Stage, sitting

LOOK = PassageLook(width=60)
MARKDOWN = (
    "# Disk\n\nIt is **full** [m1].\n\n```bash\ndf -h\n\ndu -x /\n```\n\n- one\n- two ![x](http://evil.example/?q)\n"
)


class Streaming:
    """A model that says what the test lets it say, and is stopped at once."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[TurnEvent | None] = asyncio.Queue()
        self.stopped_at = 0.0
        self._events = self._told()

    async def __call__(self) -> Streaming:
        return self

    def converse(self, text: str, *, attached: Sequence[tuple[str, str]] = (), there: str = "") -> Streaming:
        self.asked = text, attached, there
        self._events = self._told()
        return self

    async def _told(self) -> AsyncGenerator[TurnEvent, None]:
        said, stopped = "", False
        while (piece := await self.pieces.get()) is not None:
            if isinstance(piece, TurnEnded):
                stopped = True
                break
            said += piece.text if isinstance(piece, PieceSaid) else ""
            yield piece
        stamp = Stamp(rung=Rung.MODEL, model="m:4b", total_s=1.0)
        blocks = statements(said, {})
        yield TurnEnded(answer=Answer(blocks=blocks, stamp=stamp), turn=1, text=said, stopped=stopped)

    def stop(self) -> None:
        self.stopped_at = time.perf_counter()
        self.pieces.put_nowait(TurnEnded(answer=Answer(blocks=()), turn=1))

    def begin(self) -> None:
        pass

    def __aiter__(self) -> Streaming:
        return self

    async def __anext__(self) -> TurnEvent:
        return await anext(self._events)

    async def aclose(self) -> None:
        await self._events.aclose()


def chat(there: Sitting) -> ChatPane:
    return cast("ChatPane", there.app.home.pane("chat"))


def streaming(there: Sitting) -> Streaming:
    model, runtime = Streaming(), there.app.runtime
    chat(there)._dialogue = Dialogue(model, runtime.conversations, runtime.clock)  # type: ignore[arg-type]  # part of it
    return model


async def ask(there: Sitting, text: str) -> None:
    await there.press("4")
    await there.type(text)
    await there.press("enter")


async def test_what_was_asked_is_there_again_and_can_be_searched_and_left(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await ask(there, "how many targets?")
        await there.until("rules")
        await there.until(lambda: not chat(there).busy)
    async with sitting(furnished) as there:
        await there.press("4")
        assert "how many targets?" in there.text
        await there.type("/new")
        await there.press("enter")
        assert "you   how many" not in there.text
        await ask(there, "list alerts")
        await there.until(lambda: not chat(there).busy)
        await there.type("/search how many")
        await there.press("enter")
        await there.until("enter goes there")
        await there.press("enter")
        await there.until("you   how many targets?")
        assert [one.turns for one in await there.app.runtime.conversations.list()] == [1, 1]


async def test_an_answer_streams_and_esc_stops_it_within_100_ms_and_keeps_its_part(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        model = streaming(there)
        await there.press("4")
        await there.type("why?")
        there._send("enter")
        model.pieces.put_nowait(Thought(text="let me see"))
        model.pieces.put_nowait(PieceSaid(text="It is "))
        await there.until("It is")
        assert "thinking, 1 line" in there.text
        for key in ["a", "n", "d", "enter"]:  # the line stays usable; `type` would wait for the answer
            there._send(key)
        await there.until("waits: and", within_s=20)
        began = time.perf_counter()
        there._send("escape")
        await there.until(lambda: model.stopped_at > 0, within_s=20)
        assert model.stopped_at - began < 0.1
        await there.until(lambda: len(chat(there).turns) == 2)
        await there.until(lambda: model.asked[0] == "and", within_s=20)  # the one that waited is asked next
        model.pieces.put_nowait(None)
        await there.until(lambda: not chat(there).busy)
        (kept,) = await there.app.runtime.conversations.list()
        first, _ = await there.app.runtime.conversations.turns(kept.number)
        assert (first.text, first.state) == ("It is ", "partial")


async def test_while_nothing_comes_it_says_for_how_long_and_the_end_stays_in_sight_when_the_size_changes(
    furnished: Stage,
) -> None:
    async with sitting(furnished) as there:
        model = streaming(there)
        await there.press("4")
        await there.type("why?")
        there._send("enter")
        await there.until(lambda: len(chat(there).turns) == 1)
        furnished.clock.advance(7)
        await there.until("nothing for 7 s; esc stops it")
        model.pieces.put_nowait(ToolLooked(tool="search_knowledge", words="words=disk", tag="k1"))
        await there.until("looked at search_knowledge words=disk [k1]")
        assert "nothing for" not in there.text
        model.pieces.put_nowait(PieceSaid(text="- one more line\n" * 60 + "the last one"))
        await there.until("the last one")
        for size in ((140, 40), (80, 24), (80, 40), (100, 24)):
            await there.pilot.resize_terminal(*size)
            await there.until("the last one")
        model.pieces.put_nowait(None)
        await there.until(lambda: not chat(there).busy)


async def test_passages_are_picked_copied_and_asked_again(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await ask(there, "what do I do when the disk is full?")
        await there.until("[k1] card")
        await there.press("escape", "g")
        picked = chat(there).transcript.current
        assert picked is not None
        assert picked.kind is PassageKind.QUESTION
        await there.press("y")
        assert "Copied: what do I do" in there.text
        await there.press("e")
        assert chat(there).line.value == "what do I do when the disk is full?"
        await there.press("escape", "g")
        passages = chat(there).transcript.passages
        chat(there).transcript.pick(next(at for at, one in enumerate(passages) if one.opens == "[k1]"))
        await there.press("enter")
        await there.until("Ships with opsterm")


async def test_names_of_an_answer_are_walked_and_opened_and_why_a_sentence_has_no_support_is_listed(
    furnished: Stage,
) -> None:
    async with sitting(furnished) as there:
        model = streaming(there)
        await there.press("4")
        await there.type("why?")
        there._send("enter")
        await there.until(lambda: len(chat(there).turns) == 1)
        said = "The disk of **web-01** is full [m1:2]. It will burst."
        for at in range(0, len(said), 7):
            model.pieces.put_nowait(PieceSaid(text=said[at : at + 7]))
        model.pieces.put_nowait(None)
        await there.until(lambda: not chat(there).busy)
        assert "The disk of web-01 is full [m1:2]. (?) It will burst. (?)" in there.text
        assert "(?) 2 of 2 sentences have no support; enter says why" in there.text
        await there.press("escape", "up", "up", "enter")
        await there.until("there is no m1")
        assert "it names no source" in there.text
        await there.press("escape", "left")
        transcript = chat(there).transcript
        assert transcript.current_name is not None
        assert transcript.current_name.opens == "[m1:2]"
        await there.press("h")
        assert transcript.current_name.opens == "target web-01"
        await there.press("left")
        assert "No name before this opens anything" in there.text
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, TargetPage))
        assert "web-01" in there.text
        await there.press("escape", "l", "right")
        assert "No name further on opens anything" in there.text


async def test_what_could_be_made_easier_is_listed_with_its_counts_and_taken_with_enter(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        runtime = there.app.runtime
        await ask(there, "/recommend")
        await there.until("Nothing is recommended.")
        now = runtime.clock.now()
        await runtime.store.command_uses.keep([
            CommandUse(actor=runtime.operator.name, command=command, at=now - day * 86_400 + place, ended_well=True)
            for day in (9, 7, 4, 2) for place, command in enumerate(("nginx -t", "systemctl reload nginx"))
        ])  # fmt: skip
        await there.type("/recommend")
        await there.press("enter")
        await there.until("What could be made easier")
        assert "runbook" in there.text
        await there.press("enter")
        await there.until("opsterm habits")


async def test_a_paste_of_several_lines_stands_beside_the_line_and_goes_with_the_question(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        model = streaming(there)
        await there.press("4")
        there.app.screen.focused.post_message(events.Paste("one\ntwo\x1b[2J\nq"))  # type: ignore[union-attr]  # the line
        await there.settle()
        assert "[paste 1, 3 lines]" in there.text
        await there.type("why?")
        there._send("enter")
        await there.until(lambda: len(chat(there).turns) == 1)
        model.pieces.put_nowait(None)
        await there.until(lambda: not chat(there).busy)
        assert model.asked[0] == "why?\none\ntwo\x1b[2J\nq"


async def test_words_behind_a_slash_attach_rename_export_and_forget(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await ask(there, "how many targets?")
        await there.until(lambda: not chat(there).busy)
        await there.app.workers.wait_for_complete([one for one in there.app.workers if one.group == "remember"])
        (meant,) = await there.app.runtime.collections.search("targets", collections=[CollectionName.INTERACTIONS])
        assert (meant.item.body, meant.item.about) == ("how many targets?", "count")
        await there.type("/")
        assert "/sessions" in there.text
        await there.type("ren")
        await there.press("tab")
        await there.type("the fleet")
        await there.press("enter")
        await there.until("4 Chat ─ the fleet")
        file = there.app.runtime.paths.home / "notes"
        file.write_text("a\nb\n")
        for line in ("/attach file /dev/zero", f"/attach file {file}", "/attach alert a1"):
            await there.type(line)
            await there.press("enter")
        await there.until("[alert a1")
        assert [one.text for one in chat(there).attached][:1] == ["a\nb\n"]
        await there.press("backspace")
        assert len(chat(there).attached) == 1
        await there.type("/exp out.md")
        await there.press("enter")
        await there.until("Written:")
        assert "the fleet" in (there.app.runtime.paths.home / "out.md").read_text()
        await there.type("/nothing")
        await there.press("enter")
        assert "There is no /nothing" in there.text
        chat(there).line.value = ""
        await there.type("/forget")
        await there.press("enter", "y")
        await there.until("Forgotten, 1 question")
        assert list(await there.app.runtime.conversations.list()) == []
        assert not (await there.app.runtime.collections.store.counts())[CollectionName.INTERACTIONS]


@given(st.lists(st.integers(1, len(MARKDOWN)), max_size=12))
def test_markdown_is_the_same_however_it_is_cut_and_sealed_blocks_stay(cuts: list[int]) -> None:
    whole = MarkdownPassages(0, LOOK)
    whole.add(MARKDOWN)
    parts = MarkdownPassages(0, LOOK)
    sealed: list[ChatPassage] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(MARKDOWN)], strict=True):
        parts.add(MARKDOWN[start:end])
        assert parts.passages[: len(sealed)] == sealed
        sealed = parts.passages[: parts.sealed]
    assert parts.passages == whole.passages
    assert [one.text for one in whole.passages if one.kind is PassageKind.CODE] == ["df -h\n\ndu -x /"]


@given(st.text(max_size=200))
def test_no_control_reaches_a_row(text: str) -> None:
    model = MarkdownPassages(0, PassageLook(width=30, plain=True))
    model.add(text)
    for passage in model.passages:
        assert all(row.text.isascii() and row.text.isprintable() for row in passage.rows)


@pytest.mark.parametrize(
    ("line", "read"),
    [("/help", ("help", "")), ("/search a b", ("search", "a b")), ("/var/log is full", None), ("why /help", None),
     ("/", ("", ""))],
)  # fmt: skip
def test_a_path_is_no_word_behind_a_slash(line: str, read: tuple[str, str] | None) -> None:
    assert read_slash(line) == read


def test_a_beginning_names_only_one() -> None:
    found = slash_named("sea")
    assert found is not None
    assert found.name == "search"
    assert slash_named("") is None
    assert slash_named("e") is not None


@pytest.mark.speed
async def test_sixty_pieces_a_second_leave_the_keys_their_time(furnished: Stage) -> None:
    async with sitting(furnished, (140, 40)) as there:
        model = streaming(there)
        await there.press("4")
        await there.type("go")
        there._send("enter")
        lags: list[float] = []
        for number in range(300):
            model.pieces.put_nowait(PieceSaid(text=f"word {number} " + ("\n\n" if number % 20 == 19 else "")))
            began = time.perf_counter()
            await asyncio.sleep(1 / 60)
            lags.append(time.perf_counter() - began - 1 / 60)
        model.pieces.put_nowait(None)
        await there.until(lambda: not chat(there).busy)
        lags.sort()
        print(f"lag p50 {lags[150] * 1000:.1f} ms, p95 {lags[285] * 1000:.1f} ms, max {lags[-1] * 1000:.1f} ms")
        assert lags[285] <= 0.05
