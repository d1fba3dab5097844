"""Text from outside is shown for what it is, and no terminal obeys any of it."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.text import BLOCK_LIMIT, LINE_LIMIT, clean_block, clean_bytes, clean_line, escaped, shown_exactly

EVERY_CHARACTER = [chr(point) for point in range(0x110000)]

HOSTILE = {
    "escape": ("a\x1b[31mb", r"a\x1b[31mb"),
    "8-bit control": ("a\x9b31mb", r"a\x9b31mb"),
    "title": ("\x1b]0;pwned\x07", r"\x1b]0;pwned\x07"),
    "clipboard": ("\x1b]52;c;cm0=\x1b\\", r"\x1b]52;c;cm0=\x1b" + "\\"),
    "8-bit clipboard": ("\x9d52;c;cm0=\x9c", r"\x9d52;c;cm0=\x9c"),
    "carriage return": ("shown\rhidden", r"shown\rhidden"),
    "backspace": ("rm -rf /\b\b\bls", r"rm -rf /\x08\x08\x08ls"),
    "new lines": ("a\nb\vc\fd\x85e\u2028f\u2029g", r"a\nb\x0bc\x0cd\x85e\u2028f\u2029g"),
    "right to left": ("user\u202etxt.exe", r"user\u202etxt.exe"),
    "isolates": ("\u2066a\u2069\u061c", r"\u2066a\u2069\u061c"),
    "zero width": ("a\u200bb\u200dc\ufeffd\u2060e", r"a\u200bb\u200dc\ufeffd\u2060e"),
    "soft hyphen": ("root\xad@host", r"root\xad@host"),
    "tags": ("a\U000e0041\U000e007f", r"a\U000e0041\U000e007f"),
    "variation selectors": ("a\ufe0f\U000e0100", r"a\ufe0f\U000e0100"),
    "fillers": ("\u3164\uffa0\u115f", r"\u3164\uffa0\u115f"),
    "surrogate": ("a\udcffb", r"a\udcffb"),
    "noncharacters": ("\ufffe\uffff\ufdd0", r"\ufffe\uffff\ufdd0"),
    "format characters past the first plane": ("\U00013430\U0001bca0\U0001d173", r"\U00013430\U0001bca0\U0001d173"),
    "piled marks": ("Z" + "\u0335" * 5 + "|", "Z\u0335\u0335\u0335\\u0335\\u0335|"),
    "piled marks of another script": ("\u0e01" + "\u0e47" * 4, "\u0e01\u0e47\u0e47\u0e47\\u0e47"),
    "nothing wrong": ("Zoë 漢字 Ελλάδα 👍 é́", "Zoë 漢字 Ελλάδα 👍 é́"),
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_is_shown_by_its_escapes(text: str, shown: str) -> None:
    assert clean_line(text) == shown


def test_no_character_that_a_terminal_obeys_or_an_eye_misses_survives() -> None:
    survivors = [char for char in EVERY_CHARACTER if char in clean_line(char)]
    obeyed = [char for char in survivors if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert obeyed == []
    turning = [char for char in survivors if unicodedata.bidirectional(char) in {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN", "B",
    }]  # fmt: skip
    assert turning == []
    formats = {unicodedata.name(char) for char in survivors if unicodedata.category(char) == "Cf"}
    assert all("NUMBER" in n or "SIGN" in n or "MARK" in n or "AYAH" in n or "SAFHA" in n for n in formats), formats


def test_every_other_character_is_left_alone() -> None:
    for char in EVERY_CHARACTER:
        line = clean_line(char)
        assert line in (char, escaped(char))
        block = clean_block(char)
        assert block == line or char in "\n\t"


@given(st.text(st.characters(categories=None)))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    line = clean_line(text)
    if "more characters" not in line:
        assert clean_line(line) == line
    block = clean_block(text)
    if "more characters" not in block:
        assert clean_block(block) == block


@given(st.text(st.characters(categories=None), max_size=200), st.integers(1, 60))
def test_a_line_is_one_line_of_at_most_its_limit(text: str, limit: int) -> None:
    line = clean_line(text, limit=limit)
    kept = re.sub(r"… \(\d+ more characters\)$", "", line)
    assert len(kept) <= limit
    assert line.isprintable() or not re.search("[\x00-\x1f\x7f-\x9f]", line)


def test_what_is_cut_is_said() -> None:
    assert clean_line("abcdef", limit=4) == "abcd… (2 more characters)"
    assert clean_line("abcd", limit=4) == "abcd"
    assert clean_line("\x1b" * 4000).endswith(" more characters)"), "escapes take room too"
    assert clean_block("a" * 5000 + "\nb") == "a" * LINE_LIMIT + "… (904 more characters)\nb"
    assert clean_block("ab\ncd", limit=4) == "ab\nc… (1 more characters)"


def test_a_block_keeps_its_lines_and_expands_its_tabs() -> None:
    assert clean_block("a\r\nb\tc\n") == "a\nb       c\n"
    assert clean_block("\ta\n12345678\tb", tab_size=4) == "    a\n12345678    b"
    assert clean_block("a\rb") == r"a\rb"


def test_bytes_that_are_no_text_are_seen() -> None:
    assert clean_bytes(b"ok \xff\xc0\xaf \xe2\x82") == r"ok \xff\xc0\xaf \xe2\x82"
    assert clean_bytes("Zoë\x9b31m".encode()) == r"Zoë\x9b31m"
    assert clean_bytes(b"a" * 100, limit=10) == "a" * 10 + "… (30 more characters)\n… (60 more bytes)"
    assert clean_bytes("漢".encode() * 10, limit=10) == "漢" * 10
    assert clean_bytes("👍".encode() * 11, limit=10).endswith("… (4 more bytes)"), "nothing is cut silently"


@pytest.mark.speed
@pytest.mark.parametrize(
    "text", ["a" * BLOCK_LIMIT, "\x1b" * BLOCK_LIMIT, "e" + "\u0301" * BLOCK_LIMIT, "ж\u0301" * 500_000],
    ids=["plain", "escapes", "one pile", "marks"],
)  # fmt: skip
def test_a_megabyte_on_one_line_costs_well_under_two_seconds(text: str) -> None:
    began = time.perf_counter()
    assert len(clean_block(text)) < LINE_LIMIT + 100
    assert len(clean_line(text)) < LINE_LIMIT + 100
    assert time.perf_counter() - began < 2


# ------------------------------------------------------------------------------------------- on the approval screen

LOOK_ALIKES = {
    "Cyrillic letters": ("cаt /еtc", r"c\u0430t /\u0435tc"),
    "Greek letters": ("Αlpha ο", r"\u0391lpha \u03bf"),
    "typographic quotes": ("echo “$x” ‘y’", r"echo \u201c$x\u201d \u2018y\u2019"),
    "dashes": ("rm –rf —all", r"rm \u2013rf \u2014all"),
    "full-width forms": ("ls；rm", r"ls\uff1brm"),
    "small forms": ("ls﹔rm ﹠", r"ls\ufe54rm \ufe60"),
    "slashes": ("rm ∕tmp ⁄ ⧸", r"rm \u2215tmp \u2044 \u29f8"),
    "bars and backslashes": ("a ǀ b ∣ c ∖ d", r"a \u01c0 b \u2223 c \u2216 d"),
    "dotless and phonetic letters": ("sudo vısudo ɡrep ſ", r"sudo v\u0131sudo \u0261rep \u017f"),
    "mathematical letters": ("𝐫𝐦", r"\U0001d42b\U0001d426"),
    "Greek question mark": ("ls\u037e rm", r"ls\u037e rm"),
    "spaces": ("rm\u00a0-rf\u2003/", r"rm\xa0-rf\u2003/"),
    "trailing spaces": ("ls  \npwd ", "ls\\x20\\x20\npwd\\x20"),
    "a mark drawn through a letter": ("rm\u0338 x", r"rm\u0338 x"),
    "letters that turn the direction": ("cat א.txt", r"cat \u05d0.txt"),
    "ideographs like a dash": ("rm 一rf", r"rm \u4e00rf"),
    "controls": ("ls\x1b[8m;rm\t-rf\x1b[0m", r"ls\x1b[8m;rm\t-rf\x1b[0m"),
    "private use": ("\ue0b0", r"\ue0b0"),
    "emoji": ("👍", r"\U0001f44d"),
    "accents and ideographs are what they seem": ("cat Zoë/größe/日本語/한국 €", "cat Zoë/größe/日本語/한국 \\u20ac"),
}


@pytest.mark.parametrize(("command", "shown"), LOOK_ALIKES.values(), ids=list(LOOK_ALIKES))
def test_a_command_is_shown_with_its_look_alikes_by_their_escapes(command: str, shown: str) -> None:
    assert shown_exactly(command) == shown


def test_whatever_is_shown_of_a_command_is_clean_and_no_form_of_an_ascii_character() -> None:
    for char in EVERY_CHARACTER:
        shown = shown_exactly(f"x{char}x")
        if char in shown and char != "\n":
            assert clean_line(shown) == shown
            if not char.isascii():
                assert not unicodedata.normalize("NFKC", char).isascii(), escaped(char)
                assert unicodedata.bidirectional(char) == "L", escaped(char)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_an_ascii_command_is_shown_as_it_is_but_for_spaces_at_its_end(command: str) -> None:
    kept = command.rstrip(" ")
    assert shown_exactly(command) == kept + r"\x20" * (len(command) - len(kept))
