"""A scope over many vectors gets the nearest in it: exactly while few are in it, nearly all of them when many are."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.knowledge.collection import CollectionName, CollectionScope
from opsterm.knowledge.embedding import embed_dense
from opsterm.storage.vectors import columns
from opsterm.storage.vectors.columns import ColumnWriter, Row, VectorColumns
from opsterm.storage.vectors.sketches import Matrix

DIMENSION = 64
BLOCK = 700
KINDS, OWNERS, ABOUTS = ("concept", "runbook"), ("", "", "ana", "bo"), tuple(f"host-{number}" for number in range(9))


def unit(vectors: np.ndarray) -> Matrix:
    made: Matrix = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype("<f4")
    return made


def rows_of(vectors: Matrix, dice: random.Random) -> list[Row]:
    return [
        (number * 3 + 1, vector.tobytes(), dice.choice(KINDS), dice.choice(OWNERS), dice.choice(ABOUTS), float(number))
        for number, vector in enumerate(vectors)
    ]


def columns_of(folder: Path, rows: Sequence[Row], dimension: int = DIMENSION) -> VectorColumns:
    with ColumnWriter(folder, "knowledge", dimension, len(rows)) as writer:
        for at in range(0, len(rows), BLOCK):
            writer.write(rows[at : at + BLOCK])
    return VectorColumns(folder, "knowledge", dimension)


def nearest(rows: Sequence[Row], vector: Matrix, scope: CollectionScope, limit: int) -> list[int]:
    """Return the numbers that are right, by looking at each row."""
    there = [
        row for row in rows
        if row[3] in ("", scope.asker) and (not scope.kinds or row[2] in scope.kinds)
        and (not scope.about or row[4] in scope.about) and row[5] >= scope.since
    ]  # fmt: skip
    scored = sorted(there, key=lambda row: -float(np.frombuffer(row[1], "<f4") @ vector))
    return [row[0] for row in scored[:limit]]


def share(found: Sequence[int], right: Sequence[int]) -> float:
    return len(set(found) & set(right)) / len(right)


SCOPES = st.builds(
    CollectionScope, collections=st.just([CollectionName.KNOWLEDGE]), asker=st.sampled_from(["ana", "cy"]),
    kinds=st.lists(st.sampled_from([*KINDS, "question"]), max_size=2),
    about=st.lists(st.sampled_from([*ABOUTS, "nowhere"]), max_size=3),
    since=st.one_of(st.just(0.0), st.floats(0, 400)),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(scope=SCOPES, seed=st.integers(0, 9), count=st.sampled_from([0, 1, 300]), limit=st.integers(1, 20))
def test_of_few_exactly_those_are_found_that_looking_at_each_finds(
    scope: CollectionScope, seed: int, count: int, limit: int
) -> None:
    dice = np.random.default_rng(seed)
    rows = rows_of(unit(dice.standard_normal((count, DIMENSION))), random.Random(seed))
    asked = unit(dice.standard_normal(DIMENSION))
    with tempfile.TemporaryDirectory() as folder:
        numbers, scores = columns_of(Path(folder), rows).near(asked, scope, limit)
        assert numbers.tolist() == nearest(rows, asked, scope, limit)
        assert scores.tolist() == sorted(scores.tolist(), reverse=True)


@settings(max_examples=20, deadline=None)
@given(scope=SCOPES)
def test_sketches_leave_out_nothing_while_there_are_few_enough_to_compare(
    many: tuple[VectorColumns, Sequence[Row], Matrix], scope: CollectionScope
) -> None:
    found, rows, asked = many
    assert found.is_large
    assert found.near(asked, scope, 10)[0].tolist() == nearest(rows, asked, scope, 10)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[VectorColumns, Sequence[Row], Matrix]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "FEW", 1_000)
        dice = np.random.default_rng(46)
        rows = rows_of(unit(dice.standard_normal((2_500, DIMENSION))), random.Random(46))
        return columns_of(tmp_path_factory.mktemp("columns"), rows), rows, unit(dice.standard_normal(DIMENSION))


def in_heaps(dice: np.random.Generator) -> tuple[Matrix, Matrix]:
    centres = dice.standard_normal((80, 128))

    def some(count: int) -> Matrix:
        return unit(centres[dice.integers(0, 80, count)] + 0.6 * dice.standard_normal((count, 128)))

    return some(4_000), some(20)


def of_texts(dice: np.random.Generator) -> tuple[Matrix, Matrix]:
    """Hashed vectors of made up texts, asked for by half of their words: mostly noughts."""
    words = ["".join(dice.choice(list("abdefgiklmnoprstu"), 6)) for _ in range(900)]
    texts = [[words[int(900 * one**3)] for one in dice.random(9)] for _ in range(1_500)]
    asked = [texts[place][:5] for place in dice.integers(0, 1_500, 20)]
    made = [[np.frombuffer(embed_dense(" ".join(one)), "<f4") for one in some] for some in (texts, asked)]
    return np.stack(made[0]), np.stack(made[1])


@pytest.mark.parametrize("kind", [in_heaps, of_texts])
def test_of_many_nearly_all_are_found_though_a_tenth_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: object
) -> None:
    assert callable(kind)
    vectors, asked = kind(np.random.default_rng(47))
    rows = rows_of(vectors, random.Random(47))
    monkeypatch.setattr(columns, "FEW", 1_000)
    monkeypatch.setattr(columns, "COMPARED", len(rows) // 10)
    found = columns_of(tmp_path, rows, vectors.shape[1])
    for since in (0.0, 700.0):
        scope = CollectionScope(collections=[CollectionName.KNOWLEDGE], asker="ana", since=since, kinds=KINDS[:1])
        shares = [share(found.near(one, scope, 10)[0].tolist(), nearest(rows, one, scope, 10)) for one in asked]
        assert sum(shares) / len(shares) > 0.95


def test_two_of_one_text_are_told_from_others_only(tmp_path: Path) -> None:
    """An item that nobody else may find stays so when there are sketches, and when its owner has no items."""
    vectors = unit(np.ones((3, DIMENSION)))
    rows: list[Row] = [
        (n, vectors[n].tobytes(), "question", owner, "", 1.0) for n, owner in enumerate(("ana", "bo", ""))
    ]
    found = columns_of(tmp_path, rows)
    for asker, right in (("ana", {0, 2}), ("bo", {1, 2}), ("cy", {2})):
        scope = CollectionScope(collections=[CollectionName.INTERACTIONS], asker=asker)
        assert set(found.near(vectors[0], scope, 10)[0].tolist()) == right
