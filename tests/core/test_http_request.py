"""A request's text is canonical: it is read back to the same text, and nothing else is read."""

from __future__ import annotations

import pytest

from opsterm.core.addresses import is_off_limits
from opsterm.core.errors import BadInput
from opsterm.core.http_request import HttpRequest, filled, origin_of, parse_request, quoted
from tests.inventory.mutations import mutations

POST = 'POST https://api.example.org/v1/pets?a=b%20c\nContent-Type: application/json\n\n{\n  "name": "rex"\n}'


def test_a_text_is_read_and_written_alike() -> None:
    read = parse_request(POST)
    assert (read.method, read.body, read.target) == ("POST", '{\n  "name": "rex"\n}', "/v1/pets?a=b%20c")
    assert read.text == POST
    assert not read.safe
    assert parse_request("GET https://api.example.org").target == "/"


def test_a_secret_is_a_mark_until_it_is_sent() -> None:
    text = "GET https://a.example/x?k={credential:key}\nAuthorization: Bearer {credential:token}"
    read = parse_request(text)
    assert read.credentials == ("key", "token")
    assert filled(read.target, {"key": "s3cret"}) == "/x?k=s3cret"


@pytest.mark.parametrize(
    "text",
    [
        "", "GET", "GET /x", "get https://a.example/", "TRACE https://a.example/", "CONNECT a.example:443",
        "GET ftp://a.example/", "GET https://", "GET https://a.example/a b", "GET https://a.example/\x1b[2J",
        "GET https://a.example/ü", "GET https://a.example/#x", "GET https://ana:pw@a.example/",
        "GET https://a.example\\@evil.example/", "GET https://a.example:0/", "GET https://a.example:99999/",
        "GET https://a.example:080/", "GET https://a.example/a/../b", "GET https://a.example/a/%2E%2e/b",
        "GET https://a.example/./b", "GET https://a.example/{credential:k}", "GET https://{credential:k}/",
        "GET https://a.example/{x}", "GET https://a.example/\n", "GET https://a.example/\n\n",
        "GET https://a.example/ HTTP/1.1", "GET  https://a.example/", "GET https://a.example/\nHost: b.example",
        "GET https://a.example/\ncontent-length: 5", "GET https://a.example/\nTransfer-Encoding: chunked",
        "GET https://a.example/\nX: a\nx: b", "GET https://a.example/\nX:a", "GET https://a.example/\nX: ",
        "GET https://a.example/\nX: a\r", "GET https://a.example/\nX: a\x00b", "GET https://a.example/\n X: a",
        "GET https://a.example/\nX: ä", "GET https://a.example/\rX: a", "GET https://a.example\n/x",
    ],
)  # fmt: skip
def test_what_is_not_canonical_is_no_request(text: str) -> None:
    with pytest.raises(BadInput):
        parse_request(text)


def test_any_text_is_refused_or_comes_back_as_it_was() -> None:
    taken = 0
    for text in mutations(POST, 10_000, seed=1):
        try:
            read = parse_request(text)
        except BadInput:
            continue
        taken += 1
        assert read.text == text
        assert read.origin == origin_of(read.url)
    assert 1_000 < taken < 9_000


def test_any_value_can_be_written_into_a_query_and_any_text_into_a_body() -> None:
    for value in mutations("a & b=c/d?e#f", 2_000, seed=2):
        made = HttpRequest(method="POST", url=f"https://a.example/?v={quoted(value)}", body=value)
        assert parse_request(made.text) == made


@pytest.mark.parametrize(
    ("url", "origin", "secure"),
    [
        ("https://A.example/x", "https://a.example", True), ("http://a.example:8080/", "http://a.example:8080", False),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1", True),
        ("http://127.0.0.1.x.example/", "http://127.0.0.1.x.example", False),
        ("http://[::1]:9/", "http://[::1]:9", True), ("https://a.example:443/", "https://a.example", True),
    ],
)  # fmt: skip
def test_whom_a_url_is_for(url: str, origin: str, secure: bool) -> None:
    assert (str(origin_of(url)), origin_of(url).secure) == (origin, secure)


@pytest.mark.parametrize(
    ("host", "off"),
    [
        ("169.254.169.254", True), ("[fd00:ec2::254]", True), ("::ffff:169.254.169.254", True), ("fe80::1%eth0", True),
        ("0.0.0.0", True), ("224.0.0.1", True), ("100.100.100.200", True), ("10.0.0.1", False), ("127.0.0.1", False),
        ("api.example.org", False), ("", False), ("64:ff9b::a9fe:a9fe", True), ("2002:a9fe:a9fe::1", True),
        ("::169.254.169.254", True), ("::1", False), ("fd00:ec2::23", True), ("fd20:ce::254", True),
        ("168.63.129.16", True), ("64:ff9b::808:808", False), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_addresses_that_are_not_connected_to(host: str, off: bool) -> None:
    assert is_off_limits(host) is off
