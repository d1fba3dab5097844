"""A Windows host of the tests' own, and a connector that reaches it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from opsterm.adapters.winrm import WinrmConnector
from opsterm.core.secret import Secret
from opsterm.core.winrm_settings import WinrmSettings
from opsterm.policy.order import OrderTarget
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Ended
from opsterm.runtime.secret_places import SecretPlace
from tests.adapters.web_stage import Authority
from tests.adapters.wsman.host import ScriptedHost
from tests.adapters.wsman.http import WsmanServer
from tests.adapters.wsman.soap import Operations

USER, PASSWORD = "LAB\\ops", "pass wörd"


class Kept:
    """Credentials that hold one password."""

    def __init__(self, password: str | None = PASSWORD) -> None:
        self.password = password
        self.asked: list[tuple[str, str]] = []

    async def get(self, service: str, account: str, at: SecretPlace | None = None) -> Secret | None:
        """Return it for every account of WinRM."""
        self.asked.append((service, account))
        return Secret(self.password) if self.password is not None and service == "opsterm:winrm" else None


class Windows:
    """The server, what is behind it, and ways to reach it."""

    def __init__(self, server: WsmanServer, folder: Path) -> None:
        self.server = server
        self.operations = server.operations
        self.host = server.operations.host
        self.folder = folder
        self.authority = ""

    def target(self, **changed: Any) -> OrderTarget:
        """Return the target, under the name that its certificate has."""
        fields = {"name": "win-1", "protocol": "winrm", "address": "localhost" if self.server.tls else "127.0.0.1",
                  "port": self.server.port, "user": USER}  # fmt: skip
        return OrderTarget(**{**fields, **changed})

    def settings(self, **changed: Any) -> WinrmSettings:
        """Return settings under which it is reached."""
        fields: dict[str, Any] = {"security": "https" if self.server.tls else "message", "ca_file": self.authority}
        return WinrmSettings(**{**fields, **changed})

    @asynccontextmanager
    async def connector(self, password: str | None = PASSWORD, **settings: Any) -> AsyncIterator[WinrmConnector]:
        """Yield a connector, closed in the end; no thread is left at work."""
        offload = Offload()
        connector = WinrmConnector(self.settings(**settings), Kept(password), offload)  # type: ignore[arg-type]  # the part that is used
        try:
            yield connector
        finally:
            await connector.close()
            offload.close()

    async def run(
        self, connector: WinrmConnector, command: str, shell: str = "cmd", **target: Any
    ) -> tuple[str, int | None]:
        """Run a command to its end; return what it printed and its exit code."""
        session = await connector.session(self.target(**target))
        said = b""
        try:
            async with contextlib.aclosing(session.run(command, shell=shell)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Ended):
                        return said.decode(), piece.exit_status
                    said += piece
        finally:
            await session.close()
        raise AssertionError


@contextmanager
def windows(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, tls: bool = False, client: bool = False
) -> Iterator[Windows]:
    """Yield a host that listens; with `client` it asks for a client's certificate."""
    accounts = folder / "accounts"
    accounts.write_text(f"LAB:ops:{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(accounts))
    context: ssl.SSLContext | None = None
    der, authority = b"", ""
    if tls:
        made = Authority(folder)
        context = made.server()
        der = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes()).public_bytes(
            serialization.Encoding.DER
        )
        authority = str(made.file)
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(made.file)
            write_client(made, folder)
    with WsmanServer(Operations(ScriptedHost()), tls=context, certificate=der) as server:
        found = Windows(server, folder)
        found.authority = authority
        yield found


def write_client(authority: Authority, folder: Path) -> None:
    """Write client.pem and client.key, signed by the authority, for the name "ops"."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = authority._sign("ops", key.public_key(), authority.key, "root", 0, 10, is_authority=False)
    pem = serialization.Encoding.PEM
    (folder / "client.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "client.key").write_bytes(private)


async def until(what: Callable[[], object], *, seconds: float = 5.0) -> None:
    """Wait until `what()` holds."""
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 (a server in other threads tells no event)
            await asyncio.sleep(0.01)


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    with windows(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    with windows(tmp_path, monkeypatch, tls=True) as found:
        yield found
