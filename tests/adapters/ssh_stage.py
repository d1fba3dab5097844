"""A stage for SSH tests: a home folder, keys, and real SSH servers in this process that run real commands."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from opsterm.adapters.connector import open_connector
from opsterm.adapters.ssh_library import asyncssh
from opsterm.core.secret import Secret
from opsterm.core.settings import SshSettings
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.ports import Connector, Ended, Operator
from opsterm.runtime.secret_places import SecretPlace

HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER_HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
RSA_HOST_KEY = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
USER_KEY = asyncssh.generate_private_key("ssh-ed25519", comment="ana")


class Kept:
    """Credentials in a dictionary; remembers what was looked up."""

    def __init__(self, secrets: Mapping[tuple[str, str], str]) -> None:
        self.secrets = {key: Secret(text) for key, text in secrets.items()}
        self.asked: list[tuple[str, str]] = []

    async def describe(self) -> str:
        return "in memory"

    async def state(self) -> str:
        return "open"

    async def create(self, passphrase: Secret) -> None:
        raise NotImplementedError

    async def unlock(self, passphrase: Secret) -> None:
        raise NotImplementedError

    async def get(self, service: str, account: str, at: SecretPlace | None = None) -> Secret | None:
        self.asked.append((service, account))
        return self.secrets.get((service, account))

    async def unsent(self, service: str, account: str) -> Secret | None:
        return await self.get(service, account)

    async def put(self, service: str, account: str, secret: Secret) -> None:
        self.secrets[service, account] = secret

    async def remove(self, service: str, account: str) -> None:
        self.secrets.pop((service, account), None)

    async def names(self) -> list[tuple[str, str]]:
        return list(self.secrets)


@dataclass
class Door:
    """What one server lets in, and what it saw.

    Attributes:
        password: of every user; "" for none.
        keys: public keys that are let in, None for every key.
        forwards: whether it forwards connections.
        asks: questions of keyboard-interactive, with whether the answer is shown.
        log_ins: users that came in with a key.
        commands: what was run, as sent.
        forwarded: where it was asked to connect to.
        offered: keys that were offered.
        passwords: passwords and answers that were given.
        challenges: how often somebody asked to be asked.
        connections: all of them.
        children: commands that were started.
        attempts: how often somebody connected.
        port: where it listens.
    """

    password: str = ""
    keys: list[bytes] | None = None
    forwards: bool = True
    asks: list[tuple[str, bool]] = field(default_factory=list)
    log_ins: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    forwarded: list[tuple[str, int]] = field(default_factory=list)
    offered: list[bytes] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    children: list[asyncio.subprocess.Process] = field(default_factory=list)
    attempts: int = 0
    challenges: int = 0
    port: int = 0


class Gatekeeper(asyncssh.SSHServer):
    """The server's side of log-in."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._door.connections.append(conn)
        self._door.attempts += 1

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._door.offered.append(key.public_data)
        good = self._door.keys is None or key.public_data in self._door.keys
        if good and username not in self._door.log_ins:
            self._door.log_ins.append(username)
        return good

    def password_auth_supported(self) -> bool:
        return bool(self._door.password) and not self._door.asks

    def validate_password(self, username: str, password: str) -> bool:
        self._door.passwords.append(password)
        return password == self._door.password

    def kbdint_auth_supported(self) -> bool:
        return bool(self._door.asks)

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        self._door.challenges += 1
        return "", "", "", self._door.asks

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        self._door.passwords += responses
        return list(responses) == [self._door.password]

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self._door.forwarded.append((dest_host, dest_port))
        return self._door.forwards


@asynccontextmanager
async def serve(door: Door, *, key: asyncssh.SSHKey = HOST_KEY, port: int = 0, **options: object) -> AsyncIterator[int]:
    """Run a server on 127.0.0.1 and yield its port; a command runs under /bin/sh and outlives its channel."""

    async def run(process: asyncssh.SSHServerProcess[bytes]) -> None:
        door.commands.append(process.command or "")
        if process.command is None:
            await _shell(process)
            return
        await _command(process, door)

    arguments: dict[str, object] = {"server_host_keys": [key], "encoding": None, "process_factory": run, **options}
    server = await asyncssh.create_server(lambda: Gatekeeper(door), "127.0.0.1", port, **arguments)
    door.port = server.get_port()
    try:
        yield door.port
    finally:
        server.close()
        for connection in door.connections:
            connection.abort()
        await server.wait_closed()
        for child in door.children:
            if child.returncode is None:
                child.kill()
            await child.wait()


async def _command(process: asyncssh.SSHServerProcess[bytes], door: Door) -> None:
    """Run a command as sshd does: in a session of its own, which outlives the channel."""
    child = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", process.command or "", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    door.children.append(child)
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    feeding = asyncio.create_task(_feed(process.stdin, child.stdin))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(child.stdout, process.stdout))
            group.create_task(_pump(child.stderr, process.stderr))
        status = await child.wait()
        if status < 0:
            process.exit_with_signal({9: "KILL", 15: "TERM", 13: "PIPE"}[-status])
        else:
            process.exit(status)
    finally:
        feeding.cancel()
        child._transport.close()  # type: ignore[attr-defined]  # no public way to let its pipes go


async def _pump(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    while data := await source.read(65536):
        try:
            sink.write(data)
            await sink.drain()
        except (OSError, asyncssh.Error):
            return


async def _feed(source: asyncssh.SSHReader[bytes], sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except (OSError, asyncssh.Error):
        pass
    finally:
        sink.close()


async def _shell(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """A shell that repeats each line with the terminal's size, and ends at "exit N"."""
    while True:
        try:
            line = await process.stdin.readline()
        except asyncssh.TerminalSizeChanged:
            continue
        word, _, number = line.decode().strip().partition(" ")
        if not line or word == "exit":
            process.exit(int(number or 0))
            return
        columns, rows = process.get_terminal_size()[:2]
        process.stdout.write(f"{process.get_terminal_type()} {columns}x{rows} ".encode() + line)


@dataclass
class Home:
    """An operator's home folder.

    Attributes:
        path: where it is.
        environment: what the connector sees of the environment.
    """

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.path / ".ssh").mkdir(mode=0o700, parents=True, exist_ok=True)
        self.environment |= {"HOME": str(self.path), "PATH": os.environ["PATH"]}

    @property
    def known_hosts(self) -> Path:
        return self.path / ".ssh/known_hosts"

    def write(self, name: str, text: str | bytes, mode: int = 0o600) -> Path:
        path = self.path / ".ssh" / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def write_key(self, name: str, key: asyncssh.SSHKey, passphrase: str | None = None) -> Path:
        return self.write(name, key.export_private_key(passphrase=passphrase))

    def know(self, port: int, key: asyncssh.SSHKey = HOST_KEY, host: str = "127.0.0.1") -> None:
        with self.known_hosts.open("a") as file:
            file.write(f"[{host}]:{port} {key.export_public_key().decode()}")

    @asynccontextmanager
    async def connector(
        self, credentials: Kept | BoundCredentials | None = None, **settings: object
    ) -> AsyncIterator[Connector]:
        operator = Operator(name="ana", uid=os.geteuid(), host="jump-01", origin="", home=self.path)
        values = {"connect_timeout_s": 60.0, "login_timeout_s": 60.0, **settings}
        connector = open_connector(SshSettings(**values), operator, self.environment, credentials)  # type: ignore[arg-type]  # a table of settings
        try:
            yield connector
        finally:
            await connector.close()


def target(port: int, name: str = "web-1", address: str = "127.0.0.1", user: str = "ops") -> OrderTarget:
    """Return an SSH target."""
    return OrderTarget(name=name, protocol="ssh", address=address, port=port, user=user)


async def run(
    connector: Connector, where: OrderTarget, command: str, shell: str = "sh", how: RunAs = AS_LOGGED_IN
) -> tuple[bytes, Ended]:
    """Run a command to its end and return its output and how it ended."""
    session = await connector.session(where)
    output, ended = b"", None
    try:
        async for piece in session.run(command, shell=shell, how=how):
            if isinstance(piece, Ended):
                ended = piece
            else:
                output += piece
    finally:
        await session.close()
    assert ended is not None
    return output, ended


def unused_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
