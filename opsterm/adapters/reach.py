"""Checks of reachability: implements `ports_reach.ReachProbe`."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from types import ModuleType

from opsterm.adapters.ping import check_ping
from opsterm.adapters.tcp_check import check_tcp
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.secret import Secret
from opsterm.monitoring.reach import HttpAsk, HttpReading, PingReading, TcpReading
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Credentials

SERVICE = "opsterm:http"
"""Service under which passwords and tokens of web servers are kept."""


def _load_http() -> ModuleType:
    """Import what a web check needs, in a thread: half a second that would count as the server's.

    The last two are what httpx imports when a connection is made.
    """
    for name in ("h2.connection", "anyio.streams.tls", "anyio._backends._asyncio"):
        importlib.import_module(name)
    return importlib.import_module("opsterm.adapters.http_check")


class LineReachProbe:
    """Implements `ports_reach.ReachProbe` over this machine's network; no proxy is used."""

    def __init__(self, credentials: Credentials, clock: Clock, run: Run) -> None:
        self._credentials = credentials
        self._clock = clock
        self._run = run

    async def http(self, ask: HttpAsk) -> HttpReading:
        """See `ReachProbe.http`."""
        module = await self._run(_load_http)
        check: Callable[[HttpAsk, Secret | None, Clock, Run], Awaitable[HttpReading]] = module.check_http
        return await check(ask, await self._secret(ask), self._clock, self._run)

    async def _secret(self, ask: HttpAsk) -> Secret | None:
        if not ask.auth:
            return None
        if ask.auth != "digest" and not ask.url.lower().startswith("https:"):
            raise BadInput(
                f"{ask.auth} sends the secret as it is, and {ask.name} is asked over http.",
                next_step="Use https, or digest where the server offers it.",
            )
        account = f"{ask.account}@{ask.name}" if ask.account else ask.name
        secret = await self._credentials.get(SERVICE, account)
        if secret is None:
            raise NotFound(
                f"There is no secret of {SERVICE} for {account}.",
                next_step=f"Keep it first: opsterm vault set {SERVICE} {account}",
            )
        return secret

    async def tcp(self, host: str, port: int, *, timeout_s: float, banner: bool) -> TcpReading:
        """See `ReachProbe.tcp`."""
        return await check_tcp(host, port, self._clock, timeout_s=timeout_s, banner=banner)

    async def ping(self, host: str, *, count: int, timeout_s: float) -> PingReading:
        """See `ReachProbe.ping`."""
        return await check_ping(host, self._clock, count=count, timeout_s=timeout_s)
