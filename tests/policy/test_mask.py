"""Secrets are masked, and what is none stays readable."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsterm.policy.mask import mask

CASES = tomllib.loads((Path(__file__).parent / "cases" / "mask.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("marked", CASES["masked"])
def test_a_secret_is_masked_and_the_rest_stays(marked: str) -> None:
    pieces = marked.replace("‹", "\0").replace("›", "\0").split("\0")
    secrets, around = pieces[1::2], pieces[::2]
    masked, count = mask("".join(pieces))
    assert count >= 1
    assert not any(secret.strip("'\"") in masked for secret in secrets)
    assert all(part.strip("'\" ") in masked for part in around)


@pytest.mark.parametrize("text", CASES["kept"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == (text, 0)


def test_a_key_block_goes_whole_even_when_its_end_is_cut() -> None:
    block = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\nAAAA\n"
    whole = f"before\n{block}-----END OPENSSH PRIVATE KEY-----\nafter"
    assert "b3Blb" not in mask(whole)[0]
    assert mask(whole)[0].endswith("after")
    assert "AAAA" not in mask(block)[0]


def test_every_secret_of_a_text_is_counted() -> None:
    assert mask("password=a1 token=b2\nhttps://u:p@h/") == (
        "password=[masked:password] token=[masked:password-2]\nhttps://u:[masked:password-3]@h/", 3,
    )  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=80), st.lists(st.sampled_from([*CASES["masked"], *CASES["kept"], "\n", "; "])).map("".join)
    )
)
@example("http/smbclient -U0%0")  # the placeholder of one rule looks like the secret of another
def test_masking_twice_changes_nothing(text: str) -> None:
    once, _ = mask(text)
    assert mask(once) == (once, 0)


@pytest.mark.speed
@pytest.mark.parametrize(
    "piece",
    [
        "a_",
        "a",
        "mysql ",
        "curl -u ",
        "password ",
        "eyJ",
        "--pass",
        "a-",
        "://",
        "login docker ",
        "-----BEGIN PRIVATE KEY-----",
        "echo a ",
        "snmpwalk -c",
        "'",
        "zip -p ",
        "x://",
    ],
)
def test_no_text_makes_it_slow(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    started = time.process_time()
    mask(text)
    assert time.process_time() - started < 2.0


@pytest.mark.speed
def test_two_words_of_one_rule_do_not_multiply() -> None:
    text = "docker login " * 8_000
    started = time.process_time()
    mask(text)
    assert time.process_time() - started < 0.6
