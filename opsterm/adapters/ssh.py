"""SSH: opens, shares and closes connections; the SSH half of `ports.Connector`."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from opsterm.adapters.file_get import get_file
from opsterm.adapters.file_walk import walk_files
from opsterm.adapters.ssh_destination import Destination, StrictHostKeys
from opsterm.adapters.ssh_dial import open_tcp, read_greeting
from opsterm.adapters.ssh_files import sftp_place
from opsterm.adapters.ssh_host_key import UnknownHostKey
from opsterm.adapters.ssh_identity import Identity, IdentityFiles, read_identity_files
from opsterm.adapters.ssh_known_hosts import add_known_host, fingerprint, key_type, known_hosts_line
from opsterm.adapters.ssh_library import asyncssh
from opsterm.adapters.ssh_lines import Hold, SharedLines, SshLine
from opsterm.adapters.ssh_login import LoginClient, Way, log_in
from opsterm.adapters.ssh_refusals import TurnedAway
from opsterm.adapters.ssh_route import Asked, Prepared, RouteBook, asked_for
from opsterm.adapters.ssh_session import LoneSessions, SshSession, SshShell, open_shell
from opsterm.adapters.ssh_unended import UnendedCommands
from opsterm.core.errors import AuthenticationFailed, HostKeyChanged, TimedOut, Unreachable
from opsterm.core.settings import SshSettings
from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials, Operator, Sessions
from opsterm.runtime.ports_connection_test import UNHEARD, Phase, Steps
from opsterm.runtime.ports_files import Contents, FoundEntry, FoundFile, Have

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

MOST_ATTEMPTS = 4
"""Log-ins tried when a server closes before its greeting: sshd does so at random above MaxStartups."""
FIRST_PAUSE_S = 0.3
"""Seconds before the second of them, give or take half; twice as long before each further one."""


class SshConnector:
    """Sessions, terminals and checks over SSH. One per process; use it from one loop."""

    def __init__(
        self,
        settings: SshSettings,
        operator: Operator,
        environment: Mapping[str, str],
        credentials: Credentials | None,
        run: Run,
        contents: Contents | None = None,
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._run = run
        self._contents = contents
        self._unended = UnendedCommands()
        self._routes = RouteBook(settings, operator, environment)
        self._lines = SharedLines(self._open, settings)

    async def session(self, target: OrderTarget) -> SshSession:
        """Return a session on an open connection, or on a new one; see `ports.Connector.session`."""
        hold = await self._lines.hold(asked_for(target), target.name)
        try:
            await self._unended.end(hold)
        except BaseException:
            hold.leave()
            raise
        return self._session_on(hold, target.name)

    def _session_on(self, hold: Hold, target: str) -> SshSession:
        return SshSession(
            hold, self._credentials, sudo_limit_s=self._settings.login_timeout_s,
            start_limit_s=self._settings.start_timeout_s, contents=self._contents, target=target, unended=self._unended,
        )  # fmt: skip

    async def list_files(self, target: OrderTarget, folder: str) -> AsyncGenerator[FoundEntry, None]:
        """List what is below a folder over SFTP; see `ports.Connector.list_files`."""
        hold = await self._lines.hold(asked_for(target), target.name)
        try:
            async with sftp_place(hold) as place, aclosing(walk_files(place, folder, target=target.name)) as entries:
                async for entry in entries:
                    yield entry
        finally:
            hold.leave()

    async def read_file(
        self, target: OrderTarget, path: str, *, have: Have | None = None
    ) -> AsyncGenerator[FoundFile | bytes, None]:
        """Read a file over SFTP; see `ports.Connector.read_file`."""
        hold = await self._lines.hold(asked_for(target), target.name)
        try:
            async with (
                sftp_place(hold) as place,
                aclosing(get_file(place, path, target=target.name, have=have)) as pieces,
            ):
                async for piece in pieces:
                    yield piece
        finally:
            hold.leave()

    async def shell(self, target: OrderTarget, *, columns: int, rows: int, term: str) -> SshShell:
        """Open a log-in shell; see `ports.Connector.shell`."""
        hold = await self._lines.hold(asked_for(target), target.name)
        try:
            limit_s = self._settings.start_timeout_s
            return await open_shell(hold, columns=columns, rows=rows, term=term, start_limit_s=limit_s)
        except BaseException:
            hold.leave()
            raise

    async def check(self, target: OrderTarget) -> None:
        """See whether an SSH server answers on the port; see `ports.Connector.check`.

        Behind a jump host the target itself is asked only while a connection to the jump host is open anyway:
        a check logs in nowhere. Else the jump host is asked, and Unreachable says that the target was not.
        Behind a ProxyCommand nothing is asked.
        """
        await self._check_place(asked_for(target))

    async def _check_place(self, asked: Asked) -> None:
        prepared = await self._prepare(asked)
        destination = prepared.destination
        if prepared.jump is not None:
            await self._check_through(destination, prepared.jump)
        elif destination.proxy_command:
            raise Unreachable(
                f"{destination.place} is behind a ProxyCommand: not checked.",
                next_step="Open a terminal on it to see whether it answers.",
            )
        else:
            connection = await self._dial(destination)
            try:
                await read_greeting(
                    destination.place,
                    lambda size: asyncio.get_running_loop().sock_recv(connection, size),
                    timeout_s=self._connect_limit(destination),
                )
            finally:
                connection.close()

    async def _check_through(self, destination: Destination, jump: Asked) -> None:
        line = self._lines.open_line(jump)
        name = clean_line(jump.name, limit=255)
        if line is None:
            await self._check_place(jump)
            raise Unreachable(
                f"{destination.place} is behind the jump host {name}: not checked.",
                why=f"{name} answers; a check logs in nowhere, so it goes no further.",
                next_step="Open a terminal on the target, or run a command, to see whether it answers.",
            )
        limit = self._connect_limit(destination)
        try:
            async with asyncio.timeout(limit):
                reader, writer = await line.connection.open_connection(
                    destination.hostname, destination.port, encoding=None
                )
                try:
                    await read_greeting(destination.place, reader.read, timeout_s=limit)
                finally:
                    writer.close()
        except TimeoutError as error:
            raise TimedOut(
                f"{destination.place} did not answer within {limit:g} s, asked from its jump host {name}.",
                why="It is down, or a firewall drops the packets.",
                next_step="See whether the target is up.",
            ) from error
        except (asyncssh.Error, OSError) as error:
            said = clean_line(str(getattr(error, "reason", "") or error), limit=200)
            raise Unreachable(
                f"{destination.place} cannot be reached from its jump host {name}.",
                why=f"The jump host said: {said}",
                next_step="See whether the target is up.",
            ) from error
        finally:
            self._lines.give_back(line, carries=True)

    async def identity(self, target: OrderTarget) -> str:
        """Return where a target is and which keys it is known by; see `ports.Connector.identity`."""
        return await self._identity(asked_for(target))

    async def _identity(self, asked: Asked) -> str:
        prepared = await self._prepare(asked)
        known, destination = prepared.known, prepared.destination
        keys = sorted(fingerprint(key.blob) for key in (*known.keys, *known.authorities))
        before = f"{await self._identity(prepared.jump)}, then " if prepared.jump is not None else ""
        return f"{before}{destination.user}@{destination.hostname}:{destination.port} {' '.join(keys) or 'no key'}"

    async def trust(self, target: OrderTarget | str, fingerprint_: str) -> None:
        """Take a host key into known_hosts if the host shows it now; see `ports.Connector.trust`.

        Where the unknown key is that of a jump host before the target, it is that one that is compared and added.
        """
        asked = asked_for(target)
        try:
            shown = await self._shown_key(asked)
        except UnknownHostKey as unknown:
            if unknown.fingerprint != fingerprint_:
                raise _not_the_compared(unknown.destination.place, unknown.blob, fingerprint_) from unknown
            await self._add(unknown.destination, unknown.blob)
            return
        if shown is None or fingerprint(shown) != fingerprint_:
            raise _not_the_compared(clean_line(asked.name, limit=255), shown or b"", fingerprint_)

    async def close(self) -> None:
        """Close every connection and wait until it is; safe to call twice."""
        await self._lines.close()

    async def _prepare(self, asked: Asked) -> Prepared:
        return await self._run(lambda: self._routes.prepare(asked))

    def _connect_limit(self, destination: Destination) -> float:
        return destination.connect_timeout_s or self._settings.connect_timeout_s

    async def _dial(self, destination: Destination, steps: Steps = UNHEARD) -> socket.socket:
        return await open_tcp(
            destination.place,
            destination.hostname,
            destination.port,
            family=destination.family,
            bind_address=destination.bind_address,
            timeout_s=self._connect_limit(destination),
            name=destination.name,
            steps=steps,
        )

    async def _open(self, asked: Asked, target: str) -> SshLine:
        """Open a line; a server that turns us away before its greeting is asked again, a little later each time."""
        prepared, files = await self._run(lambda: self._ready(asked))
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._connect_limit(prepared.destination)
        pause = FIRST_PAUSE_S
        for _ in range(MOST_ATTEMPTS - 1):
            try:
                return await self._open_once(asked, prepared, files, target)
            except TurnedAway:
                spread = pause * random.uniform(0.5, 1.5)  # noqa: S311 - it spreads attempts and hides nothing
                if loop.time() + spread > give_up_at:
                    raise
                await asyncio.sleep(spread)
                pause *= 2
        return await self._open_once(asked, prepared, files, target)

    def _ready(self, asked: Asked) -> tuple[Prepared, IdentityFiles]:
        prepared = self._routes.prepare(asked)
        return prepared, read_identity_files(prepared.destination)

    async def _open_once(self, asked: Asked, prepared: Prepared, files: IdentityFiles, target: str) -> SshLine:
        through = await self._take_jump(prepared, target)
        try:
            return await self._enter(asked, prepared, files, target, through)
        except BaseException:
            self._give_back_jump(through)
            raise

    async def _enter(
        self, asked: Asked, prepared: Prepared, files: IdentityFiles, target: str, through: SshLine | None,
        steps: Steps = UNHEARD,
    ) -> SshLine:  # fmt: skip
        """Log in and return the line; write down a key that accept-new took."""
        connection: SSHClientConnection | None = None
        identity = Identity(prepared.destination, files, self._credentials, self._run)
        client = LoginClient(prepared.destination, prepared.known, identity, target, steps)
        try:
            try:
                connection = await self._log_in(prepared, client, target, through, steps)
                client.let_in()
            finally:
                await identity.close()
            if client.new_key is not None:
                await self._add(prepared.destination, client.new_key)
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        return SshLine(asked, connection, prepared.destination, through)

    async def _take_jump(self, prepared: Prepared, target: str) -> SshLine | None:
        """Return a line to the jump host, None where there is none."""
        return None if prepared.jump is None else await self._lines.take(prepared.jump, target, carries=True)

    def _give_back_jump(self, through: SshLine | None) -> None:
        if through is not None:
            self._lines.give_back(through, carries=True)

    async def _log_in(
        self, prepared: Prepared, client: LoginClient, target: str, through: SshLine | None, steps: Steps = UNHEARD
    ) -> SSHClientConnection:
        """Log in directly, over a ProxyCommand or through the line to a jump host."""
        destination = prepared.destination
        if through is not None:
            steps.begin(Phase.TUNNEL, destination.name)
            steps.found(f"jump host {through.destination.name}")
            way = Way(jump=through.connection)
        elif destination.proxy_command:
            steps.begin(Phase.TUNNEL, destination.name)
            steps.found("ProxyCommand")
            way = Way(command=destination.proxy_command)
        else:
            way = Way(socket=await self._dial(destination, steps))
        limit = self._settings.login_timeout_s
        try:
            return await log_in(destination, prepared.known, way, client, target=target, timeout_s=limit)
        except BaseException:
            if way.socket is not None:
                way.socket.close()
            raise

    @asynccontextmanager
    async def fresh(self, target: OrderTarget, steps: Steps) -> AsyncIterator[Sessions]:
        """Open lines that nobody shares, to the target and its jump hosts; see `ports.Connector.fresh`."""
        opened: list[SshLine] = []
        try:
            line = await self._open_fresh(asked_for(target), target.name, steps, opened)
            yield LoneSessions(self._lines, line, self._session_on)
        finally:
            for line in reversed(opened):
                await self._lines.end(line)

    async def _open_fresh(self, asked: Asked, target: str, steps: Steps, opened: list[SshLine]) -> SshLine:
        steps.begin(Phase.CONFIG, asked.name)
        prepared, files = await self._run(lambda: self._ready(asked))
        steps.found(_as_configured(prepared))
        through = None
        if prepared.jump is not None:
            through = await self._open_fresh(prepared.jump, target, steps, opened)
        line = await self._enter(asked, prepared, files, target, through, steps)
        line.through = None  # each is closed by itself
        opened.append(line)
        return line

    async def _shown_key(self, asked: Asked) -> bytes | None:
        """Do the key exchange only; return the key if it is accepted already.

        Raises:
            UnknownHostKey: of the host or of a jump host before it.
        """
        prepared = await self._prepare(asked)
        destination = replace(prepared.destination, strict=StrictHostKeys.ASK, methods=("publickey",))
        client = LoginClient(destination, prepared.known, None, asked.name)
        through = await self._take_jump(prepared, asked.name)
        try:
            (await self._log_in(replace(prepared, destination=destination), client, asked.name, through)).close()
        except AuthenticationFailed:
            if client.shown_key is None:
                raise
        finally:
            self._give_back_jump(through)
        return client.shown_key

    async def _add(self, destination: Destination, blob: bytes) -> None:
        if not destination.user_known_hosts:
            return  # UserKnownHostsFile none: nothing is to be kept
        line = known_hosts_line(destination.known_name, key_type(blob), blob, hashed=destination.hash_known_hosts)
        await self._run(lambda: add_known_host(destination.user_known_hosts[0], line))


def _as_configured(prepared: Prepared) -> str:
    """Return where a connection goes and as whom, once ssh_config was asked."""
    destination = prepared.destination
    jump = f", through {prepared.jump.name}" if prepared.jump is not None else ""
    return f"{destination.user} at {destination.hostname} port {destination.port}{jump}"


def _not_the_compared(place: str, blob: bytes, compared: str) -> HostKeyChanged:
    shows = f"{key_type(blob)} {fingerprint(blob)}" if blob else "a certificate, or a key that is known already"
    return HostKeyChanged(
        f"The key of {place} was not added: it is not the one that was compared.",
        why=f"Compared was {clean_line(compared, limit=100)}; the host shows {shows}.",
        next_step="Compare again, from a place that you trust (on the console: ssh-keygen -lf "
        "/etc/ssh/ssh_host_ed25519_key.pub).",
    )
