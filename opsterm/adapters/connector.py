"""The one door to targets: chooses how each is reached."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Protocol, cast

from opsterm.adapters.file_get import get_file
from opsterm.adapters.file_walk import walk_files
from opsterm.adapters.local_command import LocalSession
from opsterm.adapters.local_files import LocalPlace
from opsterm.adapters.oauth_tokens import TokenCache
from opsterm.adapters.sudo import SudoLogin
from opsterm.adapters.tcp_check import check_tcp
from opsterm.core.clock import SystemClock
from opsterm.core.errors import BadInput, Unreachable
from opsterm.core.settings import SshSettings
from opsterm.core.winrm_settings import WinrmSettings
from opsterm.policy.order import COMMAND_PROTOCOLS, OrderTarget
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Connector, Credentials, Operator, Session, Sessions, Shell
from opsterm.runtime.ports_connection_test import Steps
from opsterm.runtime.ports_files import Contents, FoundEntry, FoundFile, Have
from opsterm.runtime.secret_places import place_of_target

if TYPE_CHECKING:
    from pathlib import Path

    from opsterm.adapters.ssh import SshConnector
    from opsterm.adapters.winrm import WinrmConnector

LOCAL, SSH, WINRM, HTTP = "local", "ssh", "winrm", "http"
HTTP_PORT = 80
CHECK_S = 10.0
"""Seconds in which a web server must take a connection to count as one that answers."""


def open_connector(
    settings: SshSettings,
    operator: Operator,
    environment: Mapping[str, str],
    credentials: Credentials | None,
    *,
    winrm: WinrmSettings | None = None,
    offload: Offload | None = None,
    contents: Contents | None = None,
) -> Connector:
    """Return the connector of this process; opens nothing and imports nothing heavy yet.

    Args:
        settings: the `[ssh]` section.
        operator: whose home folder and name count.
        environment: what local commands get, and where SSH_AUTH_SOCK is looked up.
        credentials: where passwords and passphrases are; None: keys without passphrase and the agent only.
        winrm: the `[winrm]` section; None for its defaults.
        offload: the process's thread pools; None: pools of its own, closed with it.
        contents: where the contents of files that are put are; None: no file can be put.
    """
    return TargetConnector(settings, winrm or WinrmSettings(), operator, environment, credentials, offload, contents)


class TargetConnector:
    """Implements `ports.Connector` for "local", "ssh" and "winrm" targets; on "http" nothing opens a shell."""

    def __init__(
        self,
        settings: SshSettings,
        winrm: WinrmSettings,
        operator: Operator,
        environment: Mapping[str, str],
        credentials: Credentials | None,
        offload: Offload | None,
        contents: Contents | None,
    ) -> None:
        self._settings = settings
        self._winrm_settings = winrm
        self._operator = operator
        self._environment = dict(environment)
        self._tokens = TokenCache(SystemClock())
        self._credentials = credentials
        self._offload = offload or Offload()
        self._owns_offload = offload is None
        self._contents = contents
        self._ssh: SshConnector | None = None
        self._winrm: WinrmConnector | None = None
        self._loading = asyncio.Lock()

    async def session(self, target: OrderTarget, *, looks: bool = False) -> Session:
        """Connect; see `ports.Connector.session`.

        Raises:
            BadInput: the target's protocol is not spoken here.
        """
        if target.protocol == LOCAL:
            login = SudoLogin(
                user=self._operator.name, target=target.name, at=place_of_target(target), credentials=self._credentials
            )
            return LocalSession(
                self._environment, self._operator.home, login, sudo_limit_s=self._settings.login_timeout_s,
                place=self._local_place, contents=self._contents,
            )  # fmt: skip
        if target.protocol == WINRM:
            return await (await self._load_winrm()).session(target, looks=looks)
        if target.protocol == HTTP:
            module = await self._offload.run("http", lambda: importlib.import_module("opsterm.adapters.http_session"))
            pool = self._offload.pool("http")
            opened: Session = await module.open_session(target, self._credentials, pool, self._tokens, self._contents)
            return opened
        return await (await self._ssh_for(target)).session(target)

    async def read_file(
        self, target: OrderTarget, path: str, *, have: Have | None = None
    ) -> AsyncGenerator[FoundFile | bytes, None]:
        """Read a file; see `ports.Connector.read_file`."""
        if target.protocol == LOCAL:
            pieces = get_file(self._local_place, path, target=target.name, have=have)
        else:
            pieces = (await self._ssh_for(target)).read_file(target, path, have=have)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def list_files(self, target: OrderTarget, folder: str) -> AsyncGenerator[FoundEntry, None]:
        """List what is below a folder; see `ports.Connector.list_files`."""
        if target.protocol == LOCAL:
            entries = walk_files(self._local_place, folder, target=target.name)
        else:
            entries = (await self._ssh_for(target)).list_files(target, folder)
        async with aclosing(entries):
            async for entry in entries:
                yield entry

    @property
    def _local_place(self) -> LocalPlace:
        return LocalPlace(self._offload.pool("files of this host"))

    @asynccontextmanager
    async def fresh(self, target: OrderTarget, steps: Steps) -> AsyncIterator[Sessions]:
        """Open a connection of its own; see `ports.Connector.fresh`. This machine needs none."""
        if target.protocol == LOCAL:
            yield self
            return
        if target.protocol == WINRM:
            async with (await self._load_winrm()).fresh(target) as shells:
                yield shells
            return
        async with (await self._ssh_for(target)).fresh(target, steps) as sessions:
            yield sessions

    async def shell(self, target: OrderTarget, *, columns: int, rows: int, term: str) -> Shell:
        """Open an interactive log-in shell; see `ports.Connector.shell`."""
        if target.protocol != LOCAL:
            return await (await self._ssh_for(target)).shell(target, columns=columns, rows=rows, term=term)
        module = await self._offload.run("ssh", lambda: importlib.import_module("opsterm.adapters.local_shell"))
        opener = cast("_LocalShellModule", module).open_local_shell
        return await opener(
            columns=columns, rows=rows, term=term, environment=self._environment, home=self._operator.home
        )

    async def check(self, target: OrderTarget) -> None:
        """See whether the target answers; this machine always does. See `ports.Connector.check`."""
        if target.protocol == HTTP:
            port = target.port or HTTP_PORT
            reading = await check_tcp(target.address, port, SystemClock(), timeout_s=CHECK_S, banner=False)
            if reading.failure:
                raise Unreachable(
                    reading.reason, next_step="See whether its web server runs, and whether the port is right."
                )
        elif target.protocol == WINRM:
            await (await self._load_winrm()).check(target)
        elif target.protocol != LOCAL:
            await (await self._ssh_for(target)).check(target)

    async def identity(self, target: OrderTarget) -> str:
        """Return by what a target is known; see `ports.Connector.identity`."""
        return await (await self._load_ssh()).identity(target) if target.protocol == SSH else ""

    async def trust(self, target: OrderTarget | str, fingerprint: str) -> None:
        """Take a host key into known_hosts; see `ports.Connector.trust`."""
        await (await self._load_ssh()).trust(target, fingerprint)

    async def close(self) -> None:
        """Close every connection; safe to call twice."""
        if self._ssh is not None:
            await self._ssh.close()
        if self._winrm is not None:
            await self._winrm.close()
        if self._owns_offload:
            self._offload.close()

    async def _ssh_for(self, target: OrderTarget) -> SshConnector:
        if target.protocol != SSH:
            raise BadInput(
                f"{target.name} is reached by {target.protocol}: this version runs commands "
                f"on {' and '.join(COMMAND_PROTOCOLS)} targets.",
                next_step=f"Give {target.name} the protocol ssh if it has an SSH server.",
            )
        return await self._load_ssh()

    async def _load_ssh(self) -> SshConnector:
        """Import the SSH library when the first target is reached, in a thread: it takes about 0.1 s."""
        async with self._loading:
            if self._ssh is None:
                module = await self._offload.run("ssh", lambda: importlib.import_module("opsterm.adapters.ssh"))
                connector = cast("type[SshConnector]", module.SshConnector)
                self._ssh = connector(
                    self._settings, self._operator, self._environment, self._credentials, self._offload.pool("ssh"),
                    self._contents,
                )  # fmt: skip
            return self._ssh

    async def _load_winrm(self) -> WinrmConnector:
        """Import the WinRM library when the first target is reached, in a thread: it takes about 0.2 s."""
        async with self._loading:
            if self._winrm is None:
                module = await self._offload.run(
                    "winrm aside", lambda: importlib.import_module("opsterm.adapters.winrm")
                )
                connector = cast("type[WinrmConnector]", module.WinrmConnector)
                self._winrm = connector(self._winrm_settings, self._credentials, self._offload)
            return self._winrm


class _LocalShellModule(Protocol):
    """What is used of `local_shell`."""

    async def open_local_shell(
        self, *, columns: int, rows: int, term: str, environment: Mapping[str, str], home: Path
    ) -> Shell:
        """Open this account's log-in shell on a PTY."""
        ...
