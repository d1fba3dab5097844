"""The mask finds the secrets of its exam, leaves the harmless lines, and the exam is what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.policy.exam.questions import part_of
from tests.policy.masking import lines as paper
from tests.policy.masking.lines import SEALED, add_lines, mark, read_lines

LINES = read_lines()
BARS = {"secret": 0.99, "harmless": 0.995}


@pytest.mark.parametrize("kind", BARS)
def test_the_bar_is_met_on_the_open_part(kind: str) -> None:
    result, sealed = mark(LINES, "open", kind), mark(LINES, "sealed", kind)
    print(f"{kind}: open {result.right} of {result.asked}, sealed {sealed.right} of {sealed.asked}")
    assert result.share >= BARS[kind], "\n".join(f"{text!r}\n -> {masked!r}" for text, masked in result.failed)


def test_there_are_enough_lines_and_nobody_chose_the_sealed_ones() -> None:
    assert all(sum(line.kind == kind for line in LINES) >= 400 for kind in BARS)
    assert all(line.part == part_of(line.text) for line in LINES)
    assert 0.29 <= sum(line.part == "sealed" for line in LINES) / len(LINES) <= 0.38


def test_every_line_is_there_once_and_marked_as_it_is_labelled() -> None:
    assert len({line.text for line in LINES}) == len(LINES)
    assert all(bool(line.secrets) == (line.kind == "secret") for line in LINES)
    assert all(len(secret) >= 3 for line in LINES for secret in line.secrets)


def test_a_new_line_goes_where_its_digest_says_and_reads_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPEN", "SEALED"):
        monkeypatch.setattr(paper, name, tmp_path / name)
        (tmp_path / name).touch()
    texts = {f"token=‹{n:04}abcdefghijklmnop›" for n in range(30)}
    assert add_lines(json.dumps({"text": text, "kind": "secret"}) for text in texts) == 30
    assert {line.text for line in read_lines()} == texts
    assert "abcdefghijklmnop" not in (tmp_path / "SEALED").read_text() + (tmp_path / "OPEN").read_text()


def test_nothing_is_told_of_what_fails_in_the_sealed_part() -> None:
    unmarked = [paper.Line(text="nothing to ‹find› here", kind="secret", part="sealed")]
    result = mark(unmarked, "sealed", "secret")
    assert (result.right, result.asked, result.failed) == (0, 1, ())
    assert SEALED.exists()
