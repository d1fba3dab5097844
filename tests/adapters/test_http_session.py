"""A request goes out as it was approved, to whom it was approved for, and what comes back is output."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from opsterm.adapters.http_fetch import HttpDescriptionReader
from opsterm.adapters.http_session import open_session
from opsterm.adapters.oauth_tokens import TokenCache
from opsterm.core.clock import SystemClock
from opsterm.core.errors import BadInput, NotFound, OpstermError, Refused, Unreachable
from opsterm.core.secret import Secret
from opsterm.policy.order import OrderTarget
from opsterm.runtime.credentials import API
from opsterm.runtime.offload import Offload, Run
from opsterm.runtime.ports import Ended
from opsterm.runtime.secret_places import SecretPlace
from tests.adapters.petstore_stage import PASSWORD, TOKEN, petstore
from tests.adapters.web_stage import Answer, Authority, says, serving


class KeptSecrets:
    """What is kept, by service and account."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = secrets

    async def get(self, service: str, account: str, at: SecretPlace | None = None) -> Secret | None:
        """Return one."""
        assert service == API
        text = self.secrets.get(account)
        return None if text is None else Secret(text)


@pytest.fixture
def run() -> Run:
    return Offload().pool("http")


def place(port: int, host: str = "127.0.0.1") -> OrderTarget:
    return OrderTarget(name="api", protocol="http", address=host, port=port, user="")


async def sent(text: str, target: OrderTarget, run: Run, **secrets: str) -> tuple[bytes, int | None]:
    """Send a request; return the output and the exit status."""
    session = await open_session(target, KeptSecrets(**secrets), run, TokenCache(SystemClock()))  # type: ignore[arg-type]  # `get` is all it needs
    output, status = b"", None
    try:
        async with aclosing(session.run(text, shell="http")) as pieces:
            async for piece in pieces:
                if isinstance(piece, Ended):
                    status = piece.exit_status
                else:
                    output += piece
    finally:
        await session.close()
    return output, status


async def heard(text: str, run: Run) -> bytes:
    """Send a request to a server that only listens; return the bytes that it heard."""
    came: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        came.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    async with serving(listen) as port:
        await sent(text.replace("PORT", str(port)), place(port), run)
        return came[0].replace(str(port).encode(), b"PORT")


async def test_the_bytes_on_the_line_are_those_that_were_approved(run: Run) -> None:
    text = (
        'POST http://127.0.0.1:PORT/v1/a%2Fb?x=%20&y=1\nX-MiXed: a  b\nContent-Type: application/json\n\n{"n": "ü"}\n'
    )
    assert await heard(text, run) == (
        b"POST /v1/a%2Fb?x=%20&y=1 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-MiXed: a  b\r\n"
        b"Content-Type: application/json\r\nContent-Length: 12\r\nAccept-Encoding: identity\r\nUser-Agent: opsterm\r\n"
        b'Connection: close\r\n\r\n{"n": "\xc3\xbc"}\n'
    )


async def test_output_is_the_line_some_headers_and_the_body_and_no_cookie(run: Run) -> None:
    with petstore() as store:
        target = place(int(store.url.rpartition(":")[2]))
        output, status = await sent(f"GET {store.url}/v1/pets", target, run)
        head = b"HTTP 200 OK\nContent-Type: application/json\nContent-Length: 41\n\n"
        assert (status, output) == (0, head + b'[{"id": 1, "name": "rex", "kind": "dog"}]')
        output, status = await sent(f"GET {store.url}/v1/none", target, run)
        assert (status, output[:8]) == (1, b"HTTP 404")
        assert await sent(f"HEAD {store.url}/v1/pets", target, run) == (head, 0)


async def test_nothing_is_redirected(run: Run) -> None:
    with petstore() as store:
        output, status = await sent(f"GET {store.url}/v1/moved", place(int(store.url.rpartition(":")[2])), run)
        assert (status, output[:9]) == (1, b"HTTP 302 ")
        assert f"Location: {store.url}/v1/pets".encode() in output
        assert len(store.came) == 1


async def test_a_secret_is_put_in_at_the_moment_of_sending(run: Run) -> None:
    with petstore() as store:
        target = place(int(store.url.rpartition(":")[2]))
        typed = "Content-Type: application/json\nAuthorization:"
        text = f'POST {store.url}/v1/pets\n{typed} Bearer {{credential:token}}\n\n{{"name": "a"}}'
        assert (await sent(text, target, run, **{f"token@{store.url}": TOKEN}))[1] == 0
        basic = f'PUT {store.url}/v1/pets/1\n{typed} Basic {{credential:b}}\n\n{{"name": "b"}}'
        assert (await sent(basic, target, run, **{f"b@{store.url}": f"ana:{PASSWORD}"}))[1] == 0
        query = f"GET {store.url}/v1/pets?k={{credential:k}}"
        assert (await sent(query, target, run, **{f"k@{store.url}": "a b&c=d"}))[1] == 0
        assert [one.target for one in store.came][-1] == "/v1/pets?k=a%20b%26c%3Dd"
        assert store.faults == []


async def test_a_secret_of_another_server_is_not_sent(run: Run) -> None:
    with petstore() as store:
        text = f"GET {store.url}/v1/pets\nAuthorization: Bearer {{credential:token}}"
        with pytest.raises(NotFound, match="no secret token is kept"):
            await sent(text, place(int(store.url.rpartition(":")[2])), run, **{"token@https://bank.example": TOKEN})
        assert store.came == []


async def test_a_secret_that_no_header_can_hold_is_not_sent_and_not_said(run: Run) -> None:
    with petstore() as store:
        text = f"GET {store.url}/v1/pets\nX-Key: {{credential:k}}"
        for secret in ("s3cret\r\nHost: evil", "s3cretü"):
            with pytest.raises(BadInput) as refused:
                await sent(text, place(int(store.url.rpartition(":")[2])), run, **{f"k@{store.url}": secret})
            assert "s3cret" not in str(refused.value)
        assert store.came == []


@pytest.mark.parametrize("size", [1, 3, 7, 100])
async def test_a_secret_that_the_server_repeats_is_taken_out_however_it_comes(run: Run, size: int) -> None:
    body = f"you said: Bearer {TOKEN}, and once more {TOKEN}".encode()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(body), size):
            piece = body[at : at + size]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async with serving(echo) as port:
        url = f"http://127.0.0.1:{port}"
        output, _ = await sent(f"GET {url}/\nX: {{credential:t}}", place(port), run, **{f"t@{url}": TOKEN})
    assert TOKEN.encode() not in output
    assert output.endswith(b"you said: Bearer [masked:credential], and once more [masked:credential]")


async def test_a_secret_that_comes_back_in_a_link_or_in_json_is_taken_out(run: Run) -> None:
    secret = 'a/b+c=d"é e'

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        said = json.dumps({"key": secret}).replace("/", "\\/").encode()
        writer.write(b"HTTP/1.1 200 OK\r\nLink: <%s&page=2>\r\nContent-Length: %d\r\n\r\n" % (target, len(said)))
        writer.write(said)

    async with serving(echo) as port:
        url = f"http://127.0.0.1:{port}"
        output, _ = await sent(f"GET {url}/?key={{credential:k}}", place(port), run, **{f"k@{url}": secret})
    assert output.count(b"[masked:credential]") == 2
    assert b"b+c" not in output
    assert b"b%2Bc" not in output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("GET http://127.0.0.1:1/x", "another server"), ("GET http://localhost:PORT/x", "another server"),
        ("GET https://evil.example/x", "another server"), ("uptime", "not a request"),
    ],
)  # fmt: skip
async def test_what_is_not_for_this_target_is_not_sent(run: Run, text: str, said: str) -> None:
    async with serving(says(b"")) as port:
        with pytest.raises(OpstermError, match=said):
            await sent(text.replace("PORT", str(port)), place(port), run)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 2000 X\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 200 OK\r\nX\x00: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000, b"HTTP/1.1 100 Continue\r\n\r\n" * 100, b"\xff" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_http_says_that_the_request_may_have_arrived(run: Run, answer: bytes) -> None:
    async with serving(says(answer)) as port:
        with pytest.raises(Unreachable) as broke:
            await sent(f"DELETE http://127.0.0.1:{port}/x", place(port), run)
    assert "look whether it was carried out" in str(broke.value) or "cut the connection" in str(broke.value)


async def test_an_answer_without_end_is_cut_off(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsterm.adapters.http_session.BODY_LIMIT", 500_000)

    async def for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 100_000)
            await writer.drain()

    async with serving(for_ever) as port:
        output, status = await sent(f"GET http://127.0.0.1:{port}/", place(port), run)
    assert (status, len(output) < 500_100, output[-33:]) == (0, True, b"\n(cut off: the answer is longer)\n")


async def test_a_server_that_does_not_answer_was_not_reached(run: Run) -> None:
    async with serving(says(b"")) as port:
        pass
    with pytest.raises(Unreachable, match="refused the connection"):
        await open_session(place(port), None, run, TokenCache(SystemClock()))


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1", "0.0.0.0", "::ffff:169.254.169.254"])
async def test_metadata_addresses_are_not_connected_to(run: Run, host: str) -> None:
    with pytest.raises(Refused, match="not connected to"):
        await open_session(place(80, host), None, run, TokenCache(SystemClock()))


@asynccontextmanager
async def trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **how: bool | str | float
) -> AsyncIterator[ssl.SSLContext]:
    """Trust an authority made for the test, and yield what a server of it shows."""
    authority = await asyncio.to_thread(Authority, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    yield await asyncio.to_thread(lambda: authority.server(**how))  # type: ignore[arg-type]  # passed on as it came


async def test_over_tls_a_write_arrives(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with trusted(tmp_path, monkeypatch) as tls:
        with petstore(tls=tls) as store:
            port = int(store.url.rpartition(":")[2])
            text = f"DELETE {store.url}/v1/pets/1\nAuthorization: Bearer {{credential:token}}"
            output, status = await sent(text, place(port, "localhost"), run, **{f"token@{store.url}": TOKEN})
            assert (status, output[:8], store.pets) == (0, b"HTTP 200", {})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"self_signed": True}, "self-signed"),
        ({"days": -1.0}, "expired"),
        ({"name": "other.example"}, "not for localhost"),
    ],
)
async def test_a_server_that_is_not_trusted_gets_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: dict[str, bool | str | float], said: str
) -> None:  # fmt: skip
    came: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(100))

    async with trusted(tmp_path, monkeypatch, **how) as tls, serving(listen, tls) as port:
        with pytest.raises(Refused) as refused:
            await sent(f"DELETE https://localhost:{port}/x", place(port, "localhost"), run)
    assert said in str(refused.value)
    assert "was not sent" in str(refused.value)
    assert b"".join(came) == b""


async def test_a_server_that_speaks_no_tls_gets_nothing(run: Run) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read(100)

    async with serving(greet) as port:
        with pytest.raises(Refused, match="does not speak TLS"):
            await sent(f"DELETE https://127.0.0.1:{port}/x", place(port), run)


def leads_to(*urls: str) -> Answer:
    return says(*(f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode() for url in urls))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["http://169.254.169.254/latest"], "not connected to"),
        (["file:///etc/passwd"], "no request|not a request|URL"),
        (["/a"], "redirected more than"),
        (["gopher://x/"], "URL|request"),
        (["http://ana:pw@127.0.0.1/"], "password"),
    ],
)
async def test_a_description_is_not_fetched_from_anywhere(run: Run, answers: Sequence[str], said: str) -> None:
    async with serving(leads_to(*answers)) as port:
        with pytest.raises(OpstermError, match=said):
            await HttpDescriptionReader(run).fetch(f"http://127.0.0.1:{port}/", limit=1000)


async def test_a_description_is_fetched_up_to_a_limit(run: Run) -> None:
    reader = HttpDescriptionReader(run)
    async with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{  }")) as port:
        assert await reader.fetch(f"http://127.0.0.1:{port}/", limit=4) == b"{  }"
        with pytest.raises(BadInput, match="more than 3 bytes"):
            await reader.fetch(f"http://127.0.0.1:{port}/", limit=3)
    async with serving(says(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")) as port:
        with pytest.raises(Unreachable, match="answered 403"):
            await reader.fetch(f"http://127.0.0.1:{port}/", limit=3)
