"""What one log-in shell reads as a word, every log-in shell reads as that word."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.adapters.ssh_quote import command_line, quote_word

SHELLS = [name for name in ("sh", "bash", "dash", "zsh", "busybox", "fish", "csh", "tcsh") if shutil.which(name)]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=30, deadline=None)
@given(TEXT)
def test_a_word_comes_out_as_it_went_in(shell: str, word: str) -> None:
    if shell in ("csh", "tcsh"):
        word = word.replace("\n", " ")
    prefix = ["busybox", "sh"] if shell == "busybox" else [shell]
    done = subprocess.run([*prefix, "-c", command_line("printf", "%s", word)], capture_output=True, check=True)
    assert done.stdout == word.encode()


@pytest.mark.parametrize(
    ("word", "quoted"),
    [("plain-1.2/x", "plain-1.2/x"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("a\\b!", "'a'\\\\'b'\\!")],
)
def test_what_is_sent_stays_readable(word: str, quoted: str) -> None:
    assert quote_word(word) == quoted
