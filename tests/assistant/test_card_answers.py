"""What is known of a fault is answered from its card: cause, looks, steps, risk and way back, each with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.assistant.answer import AnswerTable, Paragraph
from opsterm.assistant.answers_cards import STEPS_SHOWN, answer_cards
from opsterm.knowledge.card import Card, CardKind, CardRisk, CardStep, CardSystem
from opsterm.knowledge.document import parse_document
from opsterm.knowledge.search import KnowledgeBase
from tests.runtime.stage import opened

FULL = Card(
    id="disk-full", kind=CardKind.SOLUTION, title="No space left", family="disk", systems=(CardSystem.LINUX,),
    cause="Logs\ngrew.", checks=(CardStep(text="df -h", shell="sh"),), risk=CardRisk.HIGH, rollback="None.",
    fix=(CardStep(text="Find the largest."), CardStep(text="apt-get clean", shell="sh")), verify="df shows room.",
)  # fmt: skip
INODES = Card(
    id="inode", kind=CardKind.CONCEPT, title="What an inode is", family="disk", systems=(CardSystem.ANY,),
    cause="A record of a file.",
)  # fmt: skip
PAGE = KnowledgeBase(
    [
        parse_document(
            "---\nid: d\ntitle: A disk fills\nkind: runbook\nabout: disk full\n---\n## Look\nRun df.\n", "d.md"
        )
    ]
)


def said(*cards: Card) -> list[str]:
    return [b.text for b in answer_cards("look up x", cards, ()).blocks if isinstance(b, Paragraph)]


def test_a_fault_is_told_from_its_cause_to_how_one_sees_that_it_is_gone() -> None:
    assert said(FULL) == [
        "No space left [k1]", "Why: Logs grew.", "Look: `df -h`", "Do 1: Find the largest.", "Do 2: `apt-get clean`",
        "Risk of that: high.", "Way back: None.", "Done when: df shows room.",
    ]  # fmt: skip


def test_a_concept_is_told_as_it_is() -> None:
    assert said(INODES) == ["What an inode is [k1]", "A record of a file."]


def test_what_else_speaks_of_it_is_named_with_its_source() -> None:
    answer = answer_cards("look up x", [FULL, INODES], PAGE.search("disk full", 3))
    assert [(source.tag, source.text) for source in answer.sources] == [
        ("k1", "card disk-full"), ("k2", "card inode"), ("k3", "d.md:8"),
    ]  # fmt: skip
    [also] = [block for block in answer.blocks if isinstance(block, AnswerTable)]
    assert [row[0] for row in also.rows] == ["What an inode is", "A disk fills"]


def test_many_steps_are_cut_and_it_is_said() -> None:
    long = Card(
        id="long", kind=CardKind.RUNBOOK, title="Long", family="x", systems=(CardSystem.ANY,),
        fix=tuple(CardStep(text=f"step {n}") for n in range(STEPS_SHOWN + 3)),
    )  # fmt: skip
    assert "3 more: opsterm knowledge show long" in said(long)


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("what do I do when the disk is full", "card disk-full"),
        ("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "card proc-port-in-use"),
    ],
)
async def test_a_question_and_a_pasted_error_find_their_card(home: Path, text: str, card: str) -> None:
    async with opened(home) as runtime:
        answer = await (await runtime.assistant()).ask(text, origin="chat")
    assert answer.sources[0].text == card
