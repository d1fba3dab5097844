"""Fetches a description from a server: implements `ports_apis.DescriptionReader`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from urllib.parse import urljoin

import h11

from opsterm.adapters.http_exchange import open_http_line
from opsterm.core.errors import BadInput, Refused, TimedOut, Unreachable
from opsterm.core.http_request import HttpRequest, parse_request
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Run

FETCH_S = 60.0
MOST_REDIRECTS = 5
_ACCEPT = "application/json, application/yaml;q=0.9, */*;q=0.5"


class HttpDescriptionReader:
    """Reads over this machine's network; no proxy, no secret."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def fetch(self, url: str, *, limit: int) -> bytes:
        """See `DescriptionReader.fetch`."""
        try:
            async with asyncio.timeout(FETCH_S):
                for _ in range(MOST_REDIRECTS + 1):
                    found = await self._one(url, limit)
                    if isinstance(found, bytes):
                        return found
                    if url.startswith("https:") and not found.startswith("https:"):
                        raise Refused("The description was not fetched: the server leads from https to http.")
                    url = found
        except TimeoutError:
            raise TimedOut(f"The description was not read within {FETCH_S:g} s.") from None
        raise Unreachable(f"The server redirected more than {MOST_REDIRECTS} times.")

    async def _one(self, url: str, limit: int) -> bytes | str:
        """Return what is there, or where it leads."""
        request = parse_request(HttpRequest(method="GET", url=url, headers=(("Accept", _ACCEPT),)).text)
        line = await open_http_line(request.origin.host, request.origin.port, self._run)
        body = bytearray()
        try:
            async with aclosing(line.exchange(request, {}, dict(request.headers))) as pieces:
                async for piece in pieces:
                    if isinstance(piece, h11.Response):
                        led = _location(piece, url)
                        if led:
                            return led
                    else:
                        body += piece
                        if len(body) > limit:
                            raise BadInput(f"What is at {clean_line(url, limit=200)} has more than {limit:,} bytes.")
        finally:
            await line.close()
        return bytes(body)


def _location(response: h11.Response, url: str) -> str:
    """Return where an answer leads, "" when it is the thing itself. Raises Unreachable for any other answer."""
    status = response.status_code
    if status == 200:
        return ""
    where = next((value for name, value in response.headers if name == b"location"), b"")
    if status in (301, 302, 303, 307, 308) and where:
        return urljoin(url, where.decode("ascii", errors="replace"))
    raise Unreachable(
        f"The server answered {status} for {clean_line(url, limit=200)}.",
        next_step="A description that needs a log-in can be given as a file.",
    )
