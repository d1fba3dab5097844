"""A text is masked from the command line: text to standard output, counts to standard error."""

from __future__ import annotations

import pytest

from tests.cli.account import Account


def test_a_text_comes_back_without_its_secrets(account: Account) -> None:
    text = "mysql -pblue7 shop\nAuthorization: Bearer abcdefgh12345678\n"
    masked = account.run("mask", "-", stdin=text, expect=0)
    assert masked.out == "mysql -p[masked:password] shop\nAuthorization: Bearer [masked:authorization]\n"
    assert masked.err == "Masked: 1 authorization, 1 password.\n"
    assert account.run("mask", "--json", "-", stdin=text).record() == {
        "text": masked.out, "counts": {"authorization": 1, "password": 1},
    }  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"no end of line", b"\xff\xfe\x00\x1b[31m raw\r\n", "grüße ●\n".encode()])
def test_what_is_no_secret_comes_back_byte_for_byte(account: Account, data: bytes) -> None:
    masked = account.run("mask", "-", stdin=data, expect=0)
    assert masked.out_bytes == data
    assert masked.err == "Masked: nothing.\n"


def test_a_text_is_no_argument(account: Account) -> None:
    refused = account.run("mask", "password=x", expect=2)
    assert "opsterm mask - < app.log" in refused.err
