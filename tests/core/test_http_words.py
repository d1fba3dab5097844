"""A URL that says it changes something is noticed, whoever wrote it and however."""

from __future__ import annotations

import pytest

from opsterm.core.http_words import changing_word
from tests.inventory.mutations import mutations


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("/axis-cgi/restart.cgi", "restart"), ("/users/{id}/deleteAll", "delete"), ("/x?do=poweroff", "do=poweroff"),
        ("/a?action=getparam", ""), ("/a?Action=List", ""), ("/a?op=LISTSTATUS", ""), ("/a?action=", "action="),
        ("https://reset.example.org/pets", ""), ("https://a.example?reboot", "reboot"), ("/pets/deleted", ""),
        ("/%72eboot", "reboot"), ("//[x", ""), ("/x?" + "a=1&" * 5000, ""),
    ],
)  # fmt: skip
def test_words(url: str, word: str) -> None:
    assert changing_word(url) == word


def test_no_text_brings_it_down() -> None:
    for text in mutations("https://[::1]:8/a%2fb?action=%zz&x=1;y#z", 5_000, seed=4):
        changing_word(text)
