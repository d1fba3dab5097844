"""A symptom finds its card, and what nobody wrote a card about finds none.

The figures are promises: docs/decisions/0041-knowledge.md says how weights and floor were fitted on the seen part
alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.knowledge.card_text import terms_of_card
from opsterm.knowledge.embedding import DIMENSIONS, Embedding, VectorTable, embed_card, embed_question, word_number
from opsterm.knowledge.fusion import Candidate, fuse
from opsterm.knowledge.synonyms import card_terms
from opsterm.runtime.ports_knowledge import CardFilter
from opsterm.storage.card_index import SqliteCardIndex
from tests.knowledge.cards import found_by, gain_at_ten, here, indexed, questions, shipped_cards

pytestmark = pytest.mark.blocking


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cards")


@pytest.fixture
async def index(folder: Path) -> AsyncIterator[SqliteCardIndex]:
    """The index over what ships, made once."""
    path = folder / "cards.index"
    if path.exists():
        yield SqliteCardIndex(path, here)
    else:
        yield await indexed(path, list(shipped_cards().values()))


@pytest.mark.parametrize("part", ["seen", "sealed"])
async def test_questions_find_their_cards(index: SqliteCardIndex, part: str) -> None:
    asked = [one for one in questions(part) if one.cards]
    assert fmean([gain_at_ten(await found_by(index, one.text), one.cards) for one in asked]) >= 0.90


async def test_what_no_card_is_about_finds_none(index: SqliteCardIndex) -> None:
    asked = [one for part in ("seen", "sealed") for one in questions(part) if not one.cards]
    assert fmean([not await found_by(index, one.text) for one in asked]) >= 0.90


async def test_every_error_text_finds_its_own_card(index: SqliteCardIndex) -> None:
    asked = [(card.id, error.example) for card in shipped_cards().values() for error in card.errors]
    first = [(await found_by(index, example))[:3] for _, example in asked[::4]]
    hits = [name in found for (name, _), found in zip(asked[::4], first, strict=True)]
    assert fmean(hits) >= 0.95


async def test_a_typo_and_another_word_for_it_find_the_same(index: SqliteCardIndex) -> None:
    for words in ("no space left on devcie", "filesytem has no sapce left"):
        assert "disk-full" in (await found_by(index, words))[:3], words
    for words in ("k8s pod CrashLoopBackOff", "kube crashloop"):
        assert "k8s-crashloop" in (await found_by(index, words))[:3], words


@pytest.mark.parametrize("words", ["", "   ", "\x00", "🜁🜂", "* ^ :", "a" * 2000])
async def test_what_is_no_question_finds_none(index: SqliteCardIndex, words: str) -> None:
    assert await found_by(index, words) == []


@settings(max_examples=40)
@given(st.text(alphabet="aOR AND NOT NEAR()*^:\"'-+{}disk full\x00\x1b", max_size=60))
def test_the_language_of_the_index_is_not_spoken_by_questions(folder: Path, words: str) -> None:
    async def asked() -> None:
        path = folder / "cards.index"
        index = SqliteCardIndex(path, here) if path.exists() else await indexed(path, list(shipped_cards().values()))
        assert all(name in shipped_cards() for name in await found_by(index, words))

    asyncio.run(asked())


async def test_only_what_is_asked_for_is_found(index: SqliteCardIndex) -> None:
    found = await index.rank("disk full", CardFilter(systems=["windows"], kinds=["solution"]))
    assert found.candidates
    for name in found.candidates:
        card = shipped_cards()[name]
        assert card.kind == "solution"
        assert {"windows", "any"} & {*card.systems}


async def test_a_vector_survives_the_file(index: SqliteCardIndex) -> None:
    card = shipped_cards()["disk-full"]
    vector = embed_card(terms_of_card(card))
    again = Embedding.from_bytes(vector.to_bytes())
    assert again.numbers.tolist() == vector.numbers.tolist()
    assert again.weights.tolist() == vector.weights.tolist()
    assert list(await index.cards(["disk-full", "never-there"])) == [card]


@settings(max_examples=40)
@given(st.lists(st.text(max_size=100), min_size=1, max_size=6), st.text(max_size=100))
def test_likeness_is_a_cosine(texts: list[str], asked: str) -> None:
    table = VectorTable([embed_question(text) for text in texts])
    found = table.nearness(embed_question(asked), [word_number(term) for term in card_terms(asked)])
    assert found.likeness.shape == found.coverage.shape == found.shared.shape == (len(texts),)
    assert ((found.likeness >= -1e-6) & (found.likeness <= 1 + 1e-5)).all()
    assert ((found.coverage >= 0) & (found.coverage <= 1 + 1e-5)).all()
    if card_terms(asked):
        own = VectorTable([embed_question(asked)])
        assert np.allclose(own.nearness(embed_question(asked), []).likeness, 1.0, atol=1e-4)
    assert all(embed_question(text).numbers.max(initial=0) < DIMENSIONS for text in texts)


def candidate(name: str, *, fits: bool = False) -> Candidate:
    return Candidate(id=name, likeness=0.5, coverage=0.9, shared=3, fits=fits)


def test_lists_that_agree_win_and_a_pattern_counts() -> None:
    known = {name: candidate(name) for name in "abc"}
    assert [one.candidate.id for one in fuse("abc", "bac", known)][:1] == ["a"]
    known["c"] = candidate("c", fits=True)
    assert {one.candidate.id for one in fuse("abc", "bac", known)} == set("abc")
    assert fuse("abc", "bac", known)[0].candidate.id in "ac"
    unsure = {name: Candidate(id=name, likeness=0.01, coverage=0.05, shared=1, fits=False) for name in "abc"}
    assert fuse("abc", "bac", unsure) == ()


@pytest.mark.parametrize(
    ("words", "card"),
    [
        ("What is a zombie process?", "concept-process-states"), ("what is an inode", "concept-inodes"),
        ("What is load average?", "concept-load-average"), ("what does OOM killer mean", "concept-oom-score"),
        ("what is conntrack", "concept-firewall-stateful"), ("explain swap", "concept-swap-concept"),
    ],
)  # fmt: skip
async def test_what_something_is_is_told_before_what_can_go_wrong_with_it(
    index: SqliteCardIndex, words: str, card: str
) -> None:
    assert (await found_by(index, words))[0] == card


@pytest.mark.parametrize(
    ("words", "card"),
    [
        ("zombie processes pile up", "proc-zombie"), ("what is wrong with conntrack", "net-conntrack-full"),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_told_first_to_who_asks_for_it(index: SqliteCardIndex, words: str, card: str) -> None:
    assert (await found_by(index, words))[0] == card
