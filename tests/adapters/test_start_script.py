"""What is said before a command begins: told from its output however the bytes arrive in pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.start_script import Preamble, end_words, start_words
from opsterm.policy.order import RunAs

MARK = "0123456789abcdef"
NOISE = st.binary(max_size=60).filter(lambda data: MARK[:4].encode() not in data)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def fed(preamble: Preamble, data: bytes, cuts: list[int]) -> bytes:
    """Hand data over in pieces and return what was output, the end included."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    output = b"".join(preamble.take(data[a:b]) for a, b in pairwise(places))
    return output + preamble.end()


@given(NOISE, NOISE, CUTS)
def test_without_sudo_only_the_announcement_is_taken_out(before: bytes, after: bytes, cuts: list[int]) -> None:
    preamble = Preamble(MARK, become=False)
    data = before + f"{MARK} 12 S 1 12 12 0\n".encode() + after
    assert fed(preamble, data, cuts) == before + after
    assert preamble.began
    assert preamble.numbers == "12 S 1 12 12 0"


@given(NOISE, NOISE, NOISE, st.integers(0, 3), CUTS)
def test_with_sudo_its_words_are_kept_apart_and_its_questions_counted(
    before: bytes, lecture: bytes, after: bytes, asked: int, cuts: list[int]
) -> None:
    preamble = Preamble(MARK, become=True)
    data = (
        before + f"{MARK} 12 S 1 12 12\n".encode()
        + (lecture + f"{MARK}-sudo:".encode()) * asked + lecture
        + f"{MARK}-began 13 R 12 13 13\n".encode() + after
    )  # fmt: skip
    assert fed(preamble, data, cuts) == before + after
    assert (preamble.began, preamble.questions, preamble.numbers) == (True, asked, "13 R 12 13 13")
    assert preamble.said == lecture * (asked + 1)


@given(NOISE, st.integers(0, 3), CUTS)
def test_a_sudo_that_ends_leaves_what_it_said_and_no_output(said: bytes, asked: int, cuts: list[int]) -> None:
    preamble = Preamble(MARK, become=True)
    data = f"{MARK} 12 S\n".encode() + f"{MARK}-sudo:".encode() * asked + said
    assert fed(preamble, data, cuts) == b""
    assert (preamble.began, preamble.questions, preamble.said) == (False, asked, said)
    assert preamble.is_with_sudo is False or preamble.numbers == "12 S"


def test_a_question_is_seen_as_soon_as_it_is_whole() -> None:
    preamble = Preamble(MARK, become=True)
    assert preamble.take(f"{MARK} 12\nWe trust you\n{MARK}-sud".encode()) == b""
    assert preamble.questions == 0
    preamble.take(b"o:")
    assert preamble.questions == 1
    preamble.take(f"\n{MARK}-began 13\nout".encode())
    assert preamble.began


def test_words_of_a_command_that_shows_the_mark_are_output_once_it_has_begun() -> None:
    preamble = Preamble(MARK, become=True)
    shown = f"{MARK}-sudo:{MARK}-began 99\n".encode()
    assert preamble.take(f"{MARK} 12\n{MARK}-began 13\n".encode() + shown) == shown
    assert (preamble.questions, preamble.numbers) == (0, "13")


def test_a_log_in_shell_that_says_too_much_is_all_output() -> None:
    flood = b"x" * 70_000
    preamble = Preamble(MARK, become=True)
    assert preamble.take(flood) + preamble.end() == flood
    assert not preamble.began


def test_the_words_that_start_a_command_are_the_same_to_every_log_in_shell() -> None:
    for how in (RunAs(), RunAs(login=True, pty=True), RunAs(become="root"), RunAs(become="db", login=True)):
        words = start_words(MARK, "a 'command'\n!", shell="bash", how=how)
        assert words.count("a 'command'\n!") == 1
        assert not set("\n\\'!") & set("".join(word for word in words if "command" not in word))
    assert not set("\n\\'!") & set("".join(end_words(MARK, "1", "2", become="root")))
