"""A profile is read from any text without a failure, and holds nothing that a terminal would obey."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.text import clean_line
from opsterm.monitoring.host_profile import host_profile
from tests.monitoring.test_looks import PROFILE

LINES = PROFILE.format(sudo="sudo", virtual="kvm").splitlines()
hostile = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n =\"'():-0123456789"), max_size=200)


@given(line=st.integers(0, len(LINES) - 1), inside=hostile)
def test_any_line_may_be_anything(line: int, inside: str) -> None:
    found = host_profile("\n".join([*LINES[:line], inside, *LINES[line + 1 :], ""]))
    for field in fields(found) if found else ():
        value = getattr(found, field.name)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                assert text == clean_line(text)


@given(hostile)
def test_what_is_no_profile_is_none(text: str) -> None:
    assert host_profile(text) is None
