"""Checks of reachability: implements `ports_reach.ReachProbe`."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from types import ModuleType

from opsterm.adapters.lookup import tell_look_up
from opsterm.adapters.ping import check_ping
from opsterm.adapters.tcp_check import check_tcp
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.secret import Secret
from opsterm.monitoring.reach import HttpAsk, HttpReading, PingReading, TcpReading
from opsterm.runtime.credentials import HTTP
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_connection_test import UNHEARD, Steps
from opsterm.runtime.secret_places import place_of_url


def _load_http() -> ModuleType:
    """Import what a web check needs, in a thread: half a second that would count as the server's.

    All but the first are what httpx imports when it first makes a transport and a connection.
    """
    for name in ("h2.connection", "httpcore", "certifi", "anyio.streams.tls", "anyio._backends._asyncio"):
        importlib.import_module(name)
    return importlib.import_module("opsterm.adapters.http_check")


def _load_trust() -> ModuleType:
    return importlib.import_module("opsterm.adapters.http_trust")


Check = Callable[[HttpAsk, Secret | None, Secret | None, Steps], Awaitable[HttpReading]]
"""Asks a web server, given the secret, and the passphrase of a client certificate."""


class LineReachProbe:
    """Implements `ports_reach.ReachProbe` over this machine's network; no proxy is used."""

    def __init__(self, credentials: Credentials, clock: Clock, run: Run) -> None:
        self._credentials = credentials
        self._clock = clock
        self._run = run
        self._check: Check | None = None
        self._loading = asyncio.Lock()

    async def look_up(self, host: str, steps: Steps) -> Sequence[str]:
        """See `ReachProbe.look_up`."""
        return [place[1] for place in await tell_look_up(host, steps)]

    async def http(self, ask: HttpAsk, steps: Steps = UNHEARD) -> HttpReading:
        """See `ReachProbe.http`."""
        async with self._loading:
            if self._check is None:
                self._check = await self._load()
        secret = await self._secret(ask)
        passphrase = await self._credentials.unsent(HTTP, ask.client_certificate) if ask.client_certificate else None
        return await self._check(ask, secret, passphrase, steps)

    async def _load(self) -> Check:
        module, trust = await self._run(_load_http), await self._run(_load_trust)
        store = trust.TrustStore(self._clock, self._run)

        async def check(ask: HttpAsk, secret: Secret | None, passphrase: Secret | None, steps: Steps) -> HttpReading:
            reading: HttpReading = await module.check_http(
                ask, secret, self._clock, store, passphrase=passphrase, steps=steps
            )
            return reading

        return check

    async def _secret(self, ask: HttpAsk) -> Secret | None:
        if not ask.auth:
            return None
        if ask.auth != "digest" and not ask.url.lower().startswith("https:"):
            raise BadInput(
                f"{ask.auth} sends the secret as it is, and {ask.name} is asked over http.",
                next_step="Use https, or digest where the server offers it.",
            )
        account = ask.secret_account
        secret = await self._credentials.get(HTTP, account, place_of_url(ask.url, ask.name))
        if secret is None:
            raise NotFound(
                f"There is no secret of {HTTP} for {account}.",
                next_step=f"Keep it first: opsterm vault set {HTTP} {account}",
            )
        return secret

    async def tcp(self, host: str, port: int, *, timeout_s: float, banner: bool, steps: Steps = UNHEARD) -> TcpReading:
        """See `ReachProbe.tcp`."""
        return await check_tcp(host, port, self._clock, timeout_s=timeout_s, banner=banner, steps=steps)

    async def ping(self, host: str, *, count: int, timeout_s: float) -> PingReading:
        """See `ReachProbe.ping`."""
        return await check_ping(host, self._clock, count=count, timeout_s=timeout_s)
