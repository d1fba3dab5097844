"""The text of a form with files says all that is sent, in one way only."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.core.http_parts import MULTIPART, Part, parse_parts, parts_text
from opsterm.core.http_request import parse_request

SHA = "0123456789abcdef" * 4
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(['"', "\\", "\r\n", "@x"])


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(
    st.builds(lambda name, value: Part(name=name, value=value), _TEXTS, _TEXTS)
    | st.builds(
        lambda name, value, size: Part(name=name, value=value, media_type="image/png", size=size, sha256=SHA),
        _TEXTS, _TEXTS, st.integers(0, 10**9),
    ), min_size=1, max_size=4,
))  # fmt: skip
def test_parts_come_back_from_their_text(parts: list[Part]) -> None:
    text = parts_text(parts)
    assert text.isascii()
    assert parse_parts(text) == tuple(parts)
    for part in parts:
        assert part.head("b").count(b"\r\n\r\n") == 1, "no name ends the head before its time"


@pytest.mark.parametrize("text", [
    "", "field", 'field "a"', 'field "a" "b" ', 'field  "a" "b"', 'field "\\u0061" "b"', 'field "a" "b"\n',
    f'file "a" "b" image/png 1 {SHA[:-1]}', f'file "a" "b" image/png 01 {SHA}', f'file "a" "b" image/png -1 {SHA}',
    f'file "a" "b" IMAGE/png 1 {SHA}', 'field "\\ud800" "b"', 'field "a" "b\n"', "field 1 2",
])  # fmt: skip
def test_any_other_text_is_refused_also_in_a_request(text: str) -> None:
    with pytest.raises(BadInput):
        parse_parts(text)
    with pytest.raises(BadInput):
        parse_request(f"POST https://x.example/a\nContent-Type: {MULTIPART}\n\n{text}")
