"""Web checks against servers that behave, and against those that do not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from opsterm.adapters.http_check import check_http
from opsterm.adapters.http_trust import TrustStore
from opsterm.core.clock import StoppedClock, SystemClock
from opsterm.core.errors import BadInput
from opsterm.core.secret import Secret
from opsterm.monitoring.reach import Failure, Grade, HttpAsk, HttpReading, judge_http
from opsterm.runtime.offload import Offload
from tests.adapters.web_stage import Answer, Authority, says, serving, speaks_http2

CLOCK = SystemClock()
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n" + b'{"state": "up"}'

pytestmark = pytest.mark.blocking  # the servers of the stage make keys and files on the loop


async def read(url: str, secret: str = "", **more: object) -> HttpReading:
    offload = Offload()
    try:
        ask = HttpAsk(url=url, name="x", **more)  # type: ignore[arg-type]  # cases as data
        return await check_http(
            ask, Secret(secret) if secret else None, CLOCK, TrustStore(CLOCK, offload.pool("reach"))
        )
    finally:
        offload.close()


async def test_a_web_page_is_read_with_the_time_of_each_step() -> None:
    async with serving(says(FINE)) as port:
        reading = await read(f"http://localhost:{port}/")
    assert (reading.status, reading.version, reading.body) == (200, "HTTP/1.1", b'{"state": "up"}')
    steps = (reading.lookup_s, reading.connect_s, reading.first_byte_s)
    assert all(step is not None and 0 <= step <= reading.total_s for step in steps)
    assert reading.tls_s is None
    assert reading.certificate is None


async def test_the_time_that_a_client_of_ours_takes_to_be_made_is_not_the_server_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = StoppedClock()

    class Slow(httpx.AsyncHTTPTransport):
        def __init__(self, **given: Any) -> None:
            clock.advance(5)
            super().__init__(**given)

    monkeypatch.setattr(httpx, "AsyncHTTPTransport", Slow)
    offload = Offload()
    async with serving(says(FINE)) as port:
        ask = HttpAsk(url=f"http://localhost:{port}/", name="x")
        reading = await check_http(ask, None, clock, TrustStore(clock, offload.pool("reach")))
    offload.close()
    assert (reading.status, reading.total_s) == (200, 0.0)


def test_nothing_is_loaded_while_the_first_server_is_waited_for() -> None:
    script = (
        "import asyncio, ssl, sys\nfrom opsterm.adapters.reach import _load_http\n_load_http()\nimport httpx\n"
        "trust = ssl.create_default_context()\nbefore = set(sys.modules)\nasync def ask():\n"
        "    line = httpx.AsyncHTTPTransport(verify=trust, http2=True, trust_env=False)\n"
        "    async with httpx.AsyncClient(transport=line, trust_env=False) as client:\n"
        "        try:\n            await client.get('http://127.0.0.1:1/')\n        except httpx.ConnectError:\n"
        "            print(sorted(set(sys.modules) - before))\nasyncio.run(ask())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == "[]\n"


SENTENCES: Mapping[str, tuple[dict[str, object], str]] = {
    "expired": ({"starts": -10, "days": -1}, "has expired"),
    "not yet": ({"starts": 10, "days": 90}, "not valid yet"),
    "wrong name": ({"name": "other.example"}, "is not for localhost; it is for other.example"),
    "self-signed": ({"self_signed": True}, "self-signed"),
    "short chain": ({"chain": False}, "The issuer of the certificate (CN=middle) is not known"),
}


@pytest.mark.parametrize("case", SENTENCES)
async def test_what_is_wrong_with_a_certificate_is_a_sentence(case: str, tmp_path: Path) -> None:
    given, sentence = SENTENCES[case]
    authority = Authority(tmp_path)
    async with serving(says(FINE), authority.server(**given)) as port:  # type: ignore[arg-type]  # cases as data
        reading = await read(f"https://localhost:{port}/", ca_file=str(authority.file))
    assert sentence in reading.trust
    assert reading.status is None
    assert reading.certificate is not None
    assert judge_http(HttpAsk(url="", name=""), reading, CLOCK.now()).grade is Grade.CRITICAL


async def test_a_good_certificate_is_shown_with_its_chain_and_its_days(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serving(says(FINE), authority.server(days=15.5)) as port:
        reading = await read(f"https://localhost:{port}/", ca_file=str(authority.file))
        stranger = await read(f"https://localhost:{port}/")
    assert reading.trust == reading.reason == ""
    assert reading.certificate is not None
    assert (reading.certificate.names, reading.certificate.chain) == (("localhost",), ("CN=localhost", "CN=middle"))
    verdict = judge_http(HttpAsk(url="", name=""), reading, CLOCK.now())
    assert verdict.grade is Grade.WARNING
    assert "expires in 1" in verdict.reasons[0]
    assert stranger.trust


async def test_http2_is_spoken_where_it_is_offered(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serving(speaks_http2, authority.server(http2=True)) as port:
        reading = await read(f"https://localhost:{port}/", ca_file=str(authority.file))
    assert (reading.version, reading.status, reading.body) == ("HTTP/2", 200, b"two")


def to(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_redirects_are_followed_shown_and_limited() -> None:
    async with serving(says(to("/a"), to("/b"), FINE)) as port:
        assert (await read(f"http://localhost:{port}/")).hops == tuple(
            f"http://localhost:{port}/{path}" for path in ("", "a", "b")
        )
    async with serving(says(to("/a"), to("/b"), FINE)) as port:
        assert "more than 1 times" in (await read(f"http://localhost:{port}/", redirects=1)).reason
        assert (await read(f"http://localhost:{port}/", redirects=0)).status in (200, 302)
    async with serving(says(to("/"))) as port:
        assert "circle" in (await read(f"http://localhost:{port}/")).reason
    for nowhere in ("file:///etc/passwd", "gopher://x/", "http://"):
        async with serving(says(to(nowhere))) as port:
            assert (await read(f"http://localhost:{port}/")).failure is Failure.WRONG
    for metadata in ("http://169.254.169.254/", "http://2852039166/", "http://[::ffff:a9fe:a9fe]/"):
        async with serving(says(to(metadata))) as port:
            assert "which is not connected to" in (await read(f"http://localhost:{port}/")).reason


async def test_a_secret_goes_to_the_server_it_is_for_and_to_no_other(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def keeps(answer: bytes) -> Answer:
        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)

        return listen

    authority = Authority(tmp_path)
    tls, ca = authority.server(), str(authority.file)
    async with serving(keeps(FINE), tls) as other, serving(keeps(to(f"https://localhost:{other}/")), tls) as port:
        for auth in ("bearer", "basic"):
            heard.clear()
            reading = await read(f"https://localhost:{port}/", "s3cret", auth=auth, account="ann", ca_file=ca)
            assert reading.status == 200
            assert "s3cret" not in repr(reading)
            assert [b"authorization:" in head.lower() for head in heard] == [True, False]


async def test_digest_proves_the_secret_without_sending_it() -> None:
    heard: list[bytes] = []

    async def challenge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        ask = b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256\r\n'
        writer.write(FINE if b"response=" in heard[-1] else ask + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    async with serving(challenge) as port:
        assert (await read(f"http://localhost:{port}/", "s3cret", auth="digest", account="ann")).status == 200
    assert len(heard) == 2
    assert b"s3cret" not in b"".join(heard)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del writer
    await reader.read()


def endless(start: bytes, piece: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()

    return answer


async def test_servers_that_never_end_are_left_in_time() -> None:
    before = len(asyncio.all_tasks())
    async with serving(silent) as port:
        reading = await read(f"http://127.0.0.1:{port}/", timeout_s=0.2)
        assert (reading.failure, "waiting for the head" in reading.reason) == (Failure.TIMED_OUT, True)
        assert "TLS handshake" in (await read(f"https://127.0.0.1:{port}/", timeout_s=0.2)).reason
    async with serving(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as port:
        reading = await read(f"http://127.0.0.1:{port}/", body_limit=10_000)
        assert (len(reading.body), reading.body_cut) == (10_000, True)
    async with serving(endless(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n" * 1000)) as port:
        assert (await read(f"http://127.0.0.1:{port}/")).failure is Failure.WRONG
    assert len(asyncio.all_tasks()) == before


async def test_nobody_there_is_a_sentence() -> None:
    async with serving(silent) as port:
        pass
    assert "refused the connection" in (await read(f"http://127.0.0.1:{port}/")).reason
    assert "is not known" in (await read("http://nowhere.invalid/")).reason
    with pytest.raises(BadInput):
        await read("http://127.0.0.1/", ca_file="/nowhere")
