"""Text takes as many cells as Rich says, which measures for the screen."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from opsterm.core.text import clean_line
from opsterm.core.width import cell_width, padded


def test_every_character_that_can_be_shown_is_as_wide_as_for_rich() -> None:
    wrong = [
        f"{point:x}"
        for point in range(0x110000)
        if clean_line(chr(point)) == chr(point)
        and unicodedata.category(chr(point)) != "Cn"  # Rich may know a later Unicode than this Python
        and cell_width(chr(point)) != cell_len(chr(point))
    ]
    assert wrong == []


@given(st.text(st.characters(exclude_categories=["Cn"])).map(clean_line))
def test_a_text_is_as_wide_as_for_rich(text: str) -> None:
    assert cell_width(text) == cell_len(text)


def test_padding_counts_cells() -> None:
    assert padded("漢字", 6) == "漢字  "
    assert padded("漢字", 6, right=True) == "  漢字"
    assert padded("e\u0301", 3) == "e\u0301  "
    assert padded("longer than that", 3) == "longer than that"
