"""Use-cases of reachability: whether web servers, ports and hosts answer, and what the answer means."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlsplit

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.text import clean_line
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.checks import check_ask
from opsterm.monitoring.reach import (
    HttpAsk,
    HttpReading,
    PingReading,
    ReachVerdict,
    TcpReading,
    judge_http,
    judge_ping,
    judge_tcp,
)
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports_reach import ReachProbe

AT_ONCE = 20
TLS_PORTS = frozenset({443, 8443})
"""Ports of a target on which https is meant."""

TCP_PORTS = {Protocol.SSH: 22, Protocol.WINRM: 5986, Protocol.HTTP: 80}
"""The port that a target has when nothing else is said."""

_PLACE = re.compile(r"\[?(?P<host>[^\s\[\]]+?)\]?:(?P<port>\d{1,5})")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})")

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResult:
    """One web check: what was asked, read and concluded."""

    name: str
    reading: HttpReading
    verdict: ReachVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpResult:
    """One check of a port."""

    name: str
    port: int
    reading: TcpReading
    verdict: ReachVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PingResult:
    """One host that was pinged."""

    name: str
    reading: PingReading
    verdict: ReachVerdict


class Reach:
    """Checks given by URL, place or selector; at most AT_ONCE at a time."""

    def __init__(self, inventory: Inventory, clock: Clock, probe: Callable[[], Awaitable[ReachProbe]]) -> None:
        self._inventory = inventory
        self._clock = clock
        self._probe = probe

    async def http(self, words: Sequence[str], like: HttpAsk, *, path: str = "/") -> Sequence[HttpResult]:
        """Ask web servers.

        Args:
            words: URLs, or selectors of targets.
            like: what is asked of each; its `url` and `name` are replaced.
            path: asked of targets.

        Raises:
            BadInput: a URL, a pattern or a path of JSON that cannot be read; a URL with a password in it.
            NotFound: a selector that matches nothing.
        """
        check_ask(like)
        asks = []
        for word in words:
            if "://" in word:
                asks.append(replace(like, url=checked_url(word), name=word))
                continue
            for row in await self._inventory.resolve(word):
                asks.append(replace(like, url=url_of_target(row.target, path), name=row.target.name))  # noqa: PERF401 (two sources)
        probe = await self._probe()

        async def one(ask: HttpAsk) -> HttpResult:
            reading = await probe.http(ask)
            return HttpResult(name=ask.name, reading=reading, verdict=judge_http(ask, reading, self._clock.now()))

        return await each(asks, one)

    async def tcp(
        self, words: Sequence[str], *, port: int | None, timeout_s: float, banner: bool
    ) -> Sequence[TcpResult]:
        """Open TCP connections to places ("host:22", "[::1]:22") and to targets, there on `port` or their own.

        The host of a place is a target where one has that name.
        """
        places: list[tuple[str, str, int]] = []
        for word in words:
            match = _PLACE.fullmatch(word)
            if match and not _is_address(word):  # "2001:db8::9" is a host, not port 9 of one
                target = self._inventory.target(match["host"])
                host = match["host"] if target is None else target.reach
                places.append((word, host, _checked_port(int(match["port"]), word)))
                continue
            if _is_address(word) and self._inventory.target(word) is None:
                places.append((word, word, _port_said(port, word)))
                continue
            try:
                rows = await self._inventory.resolve(word)
            except NotFound as error:
                if not _HOST.fullmatch(word):
                    raise
                places.append((word, word, _port_said(port, word, why=error.what, near=error.next_step)))
            else:
                places += [(row.target.name, row.target.reach, _port_of(row.target, port)) for row in rows]
        probe = await self._probe()

        async def one(place: tuple[str, str, int]) -> TcpResult:
            name, host, number = place
            reading = await probe.tcp(host, number, timeout_s=timeout_s, banner=banner)
            return TcpResult(name=name, port=number, reading=reading, verdict=judge_tcp(reading))

        return await each(places, one)

    async def ping(self, words: Sequence[str], *, count: int, timeout_s: float) -> Sequence[PingResult]:
        """Ping targets that selectors choose; a word that matches none is a host's name or address."""
        hosts: list[tuple[str, str]] = []
        for word in words:
            if _is_address(word):
                hosts.append((word, word))
                continue
            try:
                rows = await self._inventory.resolve(word)
            except NotFound:
                if not _HOST.fullmatch(word):
                    raise
                hosts.append((word, word))
            else:
                hosts += [(row.target.name, row.target.reach) for row in rows]
        probe = await self._probe()

        async def one(host: tuple[str, str]) -> PingResult:
            reading = await probe.ping(host[1], count=count, timeout_s=timeout_s)
            return PingResult(name=host[0], reading=reading, verdict=judge_ping(reading))

        return await each(hosts, one)


async def each(asks: Sequence[T], one: Callable[[T], Awaitable[R]]) -> Sequence[R]:
    """Do something for each, AT_ONCE at a time; the results in the order of the asks."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(ask: T) -> R:
        async with gate:
            return await one(ask)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(gated(ask)) for ask in asks]
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


def checked_url(word: str) -> str:
    """Return a URL that can be checked. Raises BadInput, without the URL when there is a password in it."""
    try:
        parts = urlsplit(word)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, usable = None, False
    if parts is not None and (parts.username or parts.password):
        raise BadInput(
            "A URL with a user name or password in it is not taken: others can read it.",
            next_step="Use --auth and --user, or auth and user in the settings; the secret is kept in the vault.",
        )
    if not usable or not word.isprintable() or " " in word:
        raise BadInput(
            f"{clean_line(word, limit=200)!r} is not a URL that can be checked.",
            next_step="Write it as in https://web-01/health",
        )
    return word


def host_of(url: str) -> str:
    """Return the host that a checked URL names."""
    return urlsplit(url).hostname or ""


def url_of_target(target: Target, path: str, *, port: int = 0) -> str:
    """Return the URL of a target. Raises BadInput.

    Args:
        target: whose.
        path: with or without the slash before it.
        port: 0 for its own when it is reached over HTTP, else for the one of the scheme.
    """
    number = port or (target.port if target.protocol is Protocol.HTTP else 0) or 0
    scheme = "https" if number in TLS_PORTS else "http"
    host = f"[{target.reach}]" if ":" in target.reach else target.reach
    return checked_url(f"{scheme}://{host}{f':{number}' if number else ''}/{path.removeprefix('/')}")


def _checked_port(port: int, word: str) -> int:
    if not 1 <= port <= 65535:
        raise BadInput(f"{word} has no port from 1 to 65535.")
    return port


def _port_said(port: int | None, host: str, *, why: str = "", near: str = "") -> int:
    """Return the port for a host that is no target. Raises BadInput when none was said."""
    if port is not None:
        return port
    place = f"[{host}]:443" if ":" in host else f"{host}:443"
    raise BadInput(
        f"Which port of {clean_line(host, limit=255)}? It is no target, so it needs one.",
        next_step=f"Write {clean_line(place, limit=262)}, or --port 443." + (f" {near}" if near else ""), why=why,
    )  # fmt: skip


def _port_of(target: Target, port: int | None) -> int:
    number = port or target.port or TCP_PORTS.get(target.protocol)
    if number is None:
        raise BadInput(
            f"{target.name} has no TCP port.",
            next_step=f"Say which, as in --port 443, or leave it out, as in 'all and not {target.name}'.",
        )
    return number


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
