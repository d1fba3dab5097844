"""Tokens of OAuth 2.0 by a client's own secret: fetched once, kept in memory, never told."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from opsterm.adapters.http_session import open_session
from opsterm.adapters.oauth_tokens import TokenCache
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, OpstermError, Refused
from opsterm.core.oauth import as_secret, client_of
from opsterm.core.secret import Secret
from opsterm.policy.order import OrderTarget
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Ended

CLIENT = "ops term:s3cret/of+ours"
TOKEN = "tok-0123456789"


@dataclass
class Server:
    """A token endpoint and an API on one port; it keeps what it heard.

    Attributes:
        answer: of the token endpoint: status and JSON, or a text that is none.
        takes: the token that the API takes.
    """

    answer: tuple[int, object] = (200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300})
    takes: str = TOKEN
    port: int = 0
    heard: list[tuple[str, str, str]] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:  # a line that was opened and not used
            writer.close()
            return
        lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        kept = next(line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("authorization"))
        body = (await reader.readexactly(int(lines.get("content-length", "0")))).decode()
        path = head.split()[1]
        self.heard.append((path, kept, body))
        status, said = (
            self.answer if path == "/token" else (200 if kept == f"Bearer {self.takes}" else 401, {"i": kept})
        )
        text = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))
        await writer.drain()
        writer.close()

    def paths(self) -> list[str]:
        """Return which paths were asked for, in order."""
        return [path for path, _, _ in self.heard]


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield server


class Kept:
    """A vault with one client."""

    def __init__(self, server: Server, *, scope: str = "") -> None:
        self._secret = as_secret(f"http://127.0.0.1:{server.port}/token", scope, Secret(CLIENT))

    async def get(self, service: str, account: str, place: object) -> Secret:
        """Return it."""
        del service, account, place
        return self._secret


async def called(server: Server, tokens: TokenCache, *, scope: str = "") -> tuple[str, int | None]:
    """Call the API; return the output and the exit status."""
    offload = Offload()
    target = OrderTarget(name="api", protocol="http", address="127.0.0.1", port=server.port, user="")
    session = await open_session(target, Kept(server, scope=scope), offload.pool("http"), tokens)  # type: ignore[arg-type]  # `get` is all it needs
    output, status = b"", None
    text = f"GET http://127.0.0.1:{server.port}/things\nAuthorization: Bearer {{credential:oauth}}"
    try:
        async with aclosing(session.run(text, shell="http")) as pieces:
            async for piece in pieces:
                if isinstance(piece, Ended):
                    status = piece.exit_status
                else:
                    output += piece
    finally:
        await session.close()
        offload.close()
    return output.decode(), status


async def test_a_token_is_fetched_once_and_used_until_shortly_before_its_end() -> None:
    clock = StoppedClock()
    tokens = TokenCache(clock)
    async with running(Server()) as server:
        output, status = await called(server, tokens, scope="read write")
        assert status == 0
        assert TOKEN not in output
        assert "[masked:credential]" in output
        path, authorization, body = server.heard[0]
        assert (path, body) == ("/token", "grant_type=client_credentials&scope=read+write")
        assert base64.b64decode(authorization.removeprefix("Basic ")) == b"ops+term:s3cret%2Fof%2Bours"
        await called(server, tokens, scope="read write")
        clock.advance(269)
        await called(server, tokens, scope="read write")
        assert server.paths() == ["/token", "/things", "/things", "/things"]
        clock.advance(2)
        await called(server, tokens, scope="read write")
        assert server.paths()[4:] == ["/token", "/things"]


async def test_a_token_that_is_not_taken_is_fetched_anew_the_next_time() -> None:
    tokens = TokenCache(StoppedClock())
    async with running(Server(takes="another")) as server:
        output, status = await called(server, tokens)
        assert (status, output.startswith("HTTP 401")) == (1, True)
        await called(server, tokens)
        assert server.paths() == ["/token", "/things", "/token", "/things"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((401, {"error": "invalid_client"}), "It answered 401: invalid_client."),
        ((400, {"error": f"no: {CLIENT}"}), "It answered 400."),
        ((200, "<html>"), "It answered 200."),
        ((200, ["x"]), "gave no token"),
        ((200, {"access_token": TOKEN, "token_type": "mac"}), "no bearer token"),
        ((200, {"access_token": "a\r\nX: y", "token_type": "bearer"}), "no header can have"),
        ((200, {"access_token": "", "token_type": "bearer"}), "no header can have"),
    ],
)
async def test_without_a_token_nothing_is_sent(answer: tuple[int, object], sentence: str) -> None:
    async with running(Server(answer=answer)) as server:
        with pytest.raises(Refused) as raised:
            await called(server, TokenCache(StoppedClock()))
        assert sentence in str(raised.value)
        assert "s3cret" not in str(raised.value)
        assert server.paths() == ["/token"]


@pytest.mark.parametrize("client", ["", "id", "id:", ":secret"])
def test_what_is_kept_is_read_back_or_refused_without_being_told(client: str) -> None:
    assert client_of("a plain token") is None
    kept = client_of(as_secret("https://x/token", "a b", Secret(CLIENT)).reveal())
    assert kept is not None
    assert (kept.token_url, kept.scope, kept.client) == ("https://x/token", "a b", Secret(CLIENT))
    assert "s3cret" not in repr(kept)
    with pytest.raises(BadInput):
        client_of(as_secret("https://x/token", "", Secret(client)).reveal())
    with pytest.raises(OpstermError) as raised:
        client_of("oauth2-client {s3cret")
    assert "s3cret" not in str(raised.value)


async def test_a_secret_goes_over_tls_only() -> None:
    async with running(Server()) as server:
        client = client_of(as_secret("http://tokens.example/token", "", Secret(CLIENT)).reveal())
        assert client is not None
        with pytest.raises(BadInput, match="https"):
            await TokenCache(StoppedClock()).get(client, None)  # type: ignore[arg-type]  # it is not come as far as that
        assert server.heard == []
