"""A check says that a target answers only when an SSH server speaks on the port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.adapters import ssh_session
from opsterm.core.errors import OpstermError, TimedOut, Unreachable
from tests.adapters.ssh_stage import USER_KEY, Door, Gatekeeper, Home, run, serve, target


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An operator's home folder."""
    return Home(tmp_path / "home")


@asynccontextmanager
async def says(greeting: bytes, *, stays: bool) -> AsyncIterator[int]:
    """Listen, say something to whoever comes, and close or stay; yields the port."""
    leave = asyncio.Event()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        if stays:
            await leave.wait()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        leave.set()
        server.close()


async def test_an_ssh_server_answers(home: Home) -> None:
    async with serve(Door()) as port, home.connector() as connector:
        await connector.check(target(port))


async def test_lines_before_the_greeting_are_allowed(home: Home) -> None:
    async with says(b"Authorized use only\r\nSSH-2.0-OpenSSH_9\r\n", stays=True) as port, home.connector() as connector:
        await connector.check(target(port))


@pytest.mark.parametrize(
    ("greeting", "stays", "kind", "said"),
    [
        (b"", False, Unreachable, "closed it again"),
        (b"", True, TimedOut, "said nothing for 0.5 s"),
        (b"220 mail.example.com ESMTP\r\n", False, Unreachable, "It said: 220 mail.example.com ESMTP"),
        (b"\x1b[2J\x9bSSH", False, Unreachable, r"It said: \\x1b\[2J\\x9bSSH"),
        (b"x" * 9000, True, Unreachable, "is no SSH server"),
    ],
    ids=["closes", "silent", "mail", "hostile", "endless"],
)
async def test_what_is_no_ssh_server_does_not_answer(
    greeting: bytes, stays: bool, kind: type[OpstermError], said: str, home: Home
) -> None:
    async with says(greeting, stays=stays) as port, home.connector(connect_timeout_s=0.5) as connector:
        with pytest.raises(kind, match=said) as caught:
            await connector.check(target(port))
    assert "\x1b" not in str(caught.value)


async def test_a_server_that_starts_nothing_is_given_up_after_the_setting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: object) -> bool:
        await asyncio.Event().wait()
        return False

    monkeypatch.setattr(Gatekeeper, "session_requested", never)
    monkeypatch.setattr(ssh_session, "END_LIMIT_S", 0.2)
    home.write_key("id_ed25519", USER_KEY)
    async with serve(Door(), process_factory=None) as port, home.connector(start_timeout_s=0.5) as connector:
        home.know(port)
        with pytest.raises(OpstermError, match=r"did not start the command within 0\.5 s") as caught:
            await run(connector, target(port), "true")
    assert "ssh.start_timeout_s" in str(caught.value)
