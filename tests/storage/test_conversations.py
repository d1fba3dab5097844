"""Conversations are kept per account, turn by turn, and found again by words."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.assistant.answer import (
    Answer,
    CitedSentence,
    FollowUp,
    Listing,
    Paragraph,
    ProposalReference,
    Source,
    answer_json,
    table,
)
from opsterm.assistant.answer_reading import answer_of
from opsterm.assistant.attachments import Attachment, AttachmentKind
from opsterm.assistant.conversation import (
    Conversation,
    KeptTurn,
    TurnState,
    conversation_markdown,
    title_of,
    turn_of,
    turn_record,
)
from opsterm.assistant.stamp import Rung, Stamp
from opsterm.core.clock import StoppedClock
from opsterm.core.paths import Paths
from opsterm.storage.store import SqliteStore, open_store

ANSWER = Answer(
    blocks=(
        Paragraph(text="Two targets are offline [m1]."),
        table("target|>age", [("web-01", "3 s"), ("db-1", "4 m")]),
        ProposalReference(change=7, summary="c7 proposed"),
        Listing(text="df -h\n", language="bash"),
        CitedSentence(text="It is full.", cites=("m1",), fault="no such number"),
    ),
    interpretation="count targets where offline",
    follow_ups=(FollowUp(words="list them", line="list targets", edit=True), FollowUp(words="open", key="6")),
    sources=(Source(tag="m1", text="inventory, now"),),
    stamp=Stamp(rung=Rung.MODEL, model="m:4b", context=12, first_s=0.5, total_s=1.5, cut="It was cut."),
)
FULL = KeptTurn(
    question="how many are offline?\nand why", at=100.0, state=TurnState.DONE, answer=ANSWER, text="**two**",
    thinking="hm", looked=("alerts of web-01",),
    attached=(Attachment(kind=AttachmentKind.FILE, name="/etc/motd", text="a\nb", cut=3),),
)  # fmt: skip


async def test_a_turn_comes_back_so_that_it_can_be_drawn_again(store: SqliteStore) -> None:
    kept = await store.conversations.put("ana", FULL, "offline")
    assert (kept.number, kept.conversation) == (1, 1)
    assert (
        list(await store.conversations.turns("ana", 1, limit=10)) == [kept] == [replace(FULL, number=1, conversation=1)]
    )
    (found,) = await store.conversations.all("ana")
    assert (found.title, found.began_at, found.last_at, found.turns) == ("offline", 100.0, 100.0, 1)


async def test_a_partial_answer_becomes_whole_in_its_place(store: SqliteStore) -> None:
    begun = await store.conversations.put("ana", KeptTurn(question="why", at=5.0), "why")
    (partial,) = await store.conversations.turns("ana", begun.conversation, limit=10)
    assert partial.state is TurnState.PARTIAL
    await store.conversations.put("ana", replace(begun, text="Because.", state=TurnState.DONE), "other")
    (whole,) = await store.conversations.turns("ana", begun.conversation, limit=10)
    assert (whole.number, whole.text, whole.state) == (begun.number, "Because.", TurnState.DONE)


async def test_no_account_sees_those_of_another(store: SqliteStore) -> None:
    of_ana = await store.conversations.put("ana", FULL, "offline")
    number = of_ana.conversation
    assert await store.conversations.get("ben", number) is None
    assert list(await store.conversations.turns("ben", number, limit=10)) == []
    assert list(await store.conversations.search("ben", ["offline"], limit=10)) == []
    assert not await store.conversations.rename("ben", number, "mine")
    assert await store.conversations.remove("ben", number) is None
    by_ben = await store.conversations.put("ben", replace(FULL, number=0, conversation=number), "of ben")
    assert by_ben.conversation != number
    assert await store.conversations.remove("ana", number) == 1
    assert [one.number for one in await store.conversations.all("ben")] == [by_ben.conversation]


@pytest.mark.parametrize(
    ("words", "fits"),
    [(["offline"], True), (["web-01"], True), (["WEB-01", "why"], True), (["two"], True), (["web_01"], False),
     (["100%"], False), (["nowhere"], False), (["offline", "nowhere"], False)],
)  # fmt: skip
async def test_all_words_are_looked_for_in_question_and_answer(
    store: SqliteStore, words: list[str], fits: bool
) -> None:
    await store.conversations.put("ana", FULL, "offline")
    found = await store.conversations.search("ana", words, limit=10)
    assert bool(found) == fits
    if fits:
        assert any(word.lower() in found[0].excerpt.lower() for word in words)


async def test_old_ones_are_forgotten_whole(store: SqliteStore) -> None:
    old = await store.conversations.put("ana", FULL, "old")
    young = await store.conversations.put("ana", replace(FULL, at=900.0), "young")
    await store.conversations.put("ana", replace(FULL, number=0, conversation=young.conversation, at=950.0), "")
    assert await store.conversations.tidy(500.0) == 1
    assert [one.title for one in await store.conversations.all("ana")] == ["young"]
    assert list(await store.conversations.turns("ana", old.conversation, limit=10)) == []
    again = await store.conversations.put("ana", replace(FULL, conversation=old.conversation), "again")
    assert again.conversation not in (old.conversation, young.conversation)


async def test_what_another_version_wrote_is_left_out_and_stays(store: SqliteStore, paths: Paths) -> None:
    kept = await store.conversations.put("ana", FULL, "one")

    def spoil() -> None:
        with closing(sqlite3.connect(paths.database, isolation_level=None)) as db:
            db.execute("UPDATE conversation_turn SET body = ?", (json.dumps({"shape": 9}),))

    await asyncio.to_thread(spoil)
    assert list(await store.conversations.turns("ana", kept.conversation, limit=9)) == []
    assert list(await store.conversations.search("ana", ["offline"], limit=9)) == []
    assert (await store.conversations.all("ana"))[0].turns == 1


async def test_the_newest_turns_come_oldest_first(store: SqliteStore, paths: Paths, clock: StoppedClock) -> None:
    number = 0
    for at in range(5):
        turn = await store.conversations.put("ana", KeptTurn(question=f"q{at}", at=float(at), conversation=number), "q")
        number = turn.conversation
    other = await open_store(paths, clock)
    try:
        assert [one.question for one in await other.conversations.turns("ana", number, limit=3)] == ["q2", "q3", "q4"]
    finally:
        await other.close()


TEXTS = st.text(max_size=40)


@given(TEXTS, TEXTS, TEXTS, st.sampled_from(TurnState), st.booleans())
def test_every_turn_survives_json(question: str, text: str, fault: str, state: TurnState, has_answer: bool) -> None:
    turn = replace(FULL, question=question, text=text, fault=fault, state=state, answer=ANSWER if has_answer else None)
    record = json.loads(json.dumps(turn_record(turn)))
    assert turn_of(record, number=0, conversation=0, at=turn.at) == turn
    assert answer_of(json.loads(json.dumps(answer_json(ANSWER)))) == ANSWER


@given(st.text(alphabet="ab \n`!.[](\x1b\u202e", max_size=60))
def test_nothing_in_an_export_leaves_its_fence(text: str) -> None:
    turn = KeptTurn(question="q", at=0.0, text=f"![x](http://evil.example/{text})", state=TurnState.DONE)
    conversation = Conversation(number=1, title="t", began_at=0.0, last_at=0.0)
    lines = conversation_markdown(conversation, [turn]).splitlines()
    fence = ""
    for line in lines:
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line.removesuffix("text")
        else:
            assert "evil.example" not in line
    assert not any(char in "".join(lines) for char in "\x1b\u202e")


@pytest.mark.parametrize(
    ("question", "title"),
    [("why?", "why?"), ("\n  a   b\nc", "a b"), ("x" * 70, "x" * 59 + "…"), ("\x1b[2J", "\\x1b[2J"), ("", "")],
)  # fmt: skip
def test_a_title_is_the_first_line(question: str, title: str) -> None:
    assert title_of(question) == title
