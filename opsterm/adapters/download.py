"""Fetches one file over HTTP to the disk: implements `ports_embedder.Download`; what broke off is gone on with."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import httpx

from opsterm.adapters.certificate import trusting
from opsterm.adapters.http_faults import STRANGE, as_fault
from opsterm.core.errors import BadInput, BadSetting, NotFound, OpstermError, Refused, StorageFull, Unreachable
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_embedder import Told

MOST_REDIRECTS = 5
RESERVE = 200_000_000
"""Bytes that stay free on the disk."""

_LIMITS = httpx.Timeout(30.0, connect=10.0)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS: Mapping[str, str] = {"User-Agent": "opsterm", "Accept": "*/*", "Accept-Encoding": "identity"}


class HttpDownload:
    """Fetches with the proxies of the environment (HTTPS_PROXY, NO_PROXY) and the authorities of this machine."""

    def __init__(self, run: Run) -> None:
        """`run` calls off the loop."""
        self._run = run

    async def fetch(self, url: str, place: Path, *, plain: bool, limit: int, told: Told) -> None:
        """See `Download.fetch`."""
        part = _PartFile(place, limit)
        context = await self._run(lambda: trusting(""))
        try:
            client = httpx.AsyncClient(verify=context, timeout=_LIMITS, trust_env=True)
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise BadSetting(
                "The proxy of the environment cannot be used.", why=f"{clean_line(str(error), limit=200)}.",
                next_step="See HTTPS_PROXY and ALL_PROXY; as in http://proxy:3128",
            ) from None  # fmt: skip
        async with client:
            for _ in range(MOST_REDIRECTS + 1):
                _check(url, plain=plain)
                led = await self._one(client, url, part, told)
                if not led:
                    return
                url = led
        raise Unreachable(f"The server redirected more than {MOST_REDIRECTS} times.")

    async def _one(self, client: httpx.AsyncClient, url: str, part: _PartFile, told: Told) -> str:
        """Fetch, and return ""; or return where the server leads."""
        host = httpx.URL(url).host
        begun = False
        try:
            async with client.stream("GET", url, headers={**_HEADERS, **await self._run(part.wish)}) as answer:
                if answer.status_code in _REDIRECTS and "location" in answer.headers:
                    return str(httpx.URL(url).join(answer.headers["location"]))
                if answer.status_code == 416:  # what is here is of no use to this server
                    await self._run(part.drop)
                    return url
                _check_status(answer.status_code, url)
                await self._run(lambda: part.begin(answer.status_code, answer.headers))
                begun = True
                async for piece in answer.aiter_raw():
                    await self._run(lambda piece=piece: part.add(piece))  # type: ignore[misc]  # a default binds it
                    told(part.done, part.total)
                await self._run(part.finish)
        except OSError as error:
            await self._run(part.drop)
            raise _no_room(part.place, error) from error
        except STRANGE as error:
            fault = as_fault(error, clean_line(host, limit=255), host)
            if not begun:
                raise fault from error
            raise _broke_off(part, " ".join((fault.what, fault.why)).strip()) from error
        return ""


class _PartFile:
    """A file that is not whole yet, and beside it what the server said of it."""

    def __init__(self, place: Path, limit: int) -> None:
        self.place = place
        self.done = self.total = 0
        self._limit = limit
        self._part = place.with_name(f"{place.name}.part")
        self._about = place.with_name(f"{place.name}.etag")

    def wish(self) -> Mapping[str, str]:
        """Return the headers that ask for the rest; none when there is no beginning, or nobody could tell its rest."""
        try:
            size, mark = self._part.stat().st_size, json.loads(self._about.read_bytes())
        except (OSError, ValueError):
            return {}
        return {"Range": f"bytes={size}-", "If-Range": mark} if size and isinstance(mark, str) else {}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Take what the server says before the content. Raises BadInput, StorageFull, OSError."""
        self.done = self._part.stat().st_size if status == httpx.codes.PARTIAL_CONTENT else 0
        begins = headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
        if status == httpx.codes.PARTIAL_CONTENT and begins != str(self.done):
            self.drop()
            raise Unreachable("The server sent another part than it was asked for.", next_step="Run it again.")
        length = headers.get("content-length", "")
        self.total = self.done + int(length) if length.isdigit() else 0
        self._check(self.total)
        free = shutil.disk_usage(self._part.parent).free
        if self.total - self.done + RESERVE > free:
            raise StorageFull(
                f"It was not fetched: it has {bytes_text(self.total)}, and {bytes_text(free)} are free in "
                f"{self._part.parent}.", why=f"{bytes_text(RESERVE)} stay free."
            )  # fmt: skip
        if not self.done:
            mark = headers.get("etag", "")
            self._part.write_bytes(b"")
            self._part.chmod(0o600)
            self._about.write_text(json.dumps(mark if mark.startswith('"') else None), encoding="utf-8")

    def add(self, piece: bytes) -> None:
        """Write the next piece. Raises BadInput, OSError."""
        self._check(self.done + len(piece))
        with self._part.open("ab") as file:
            file.write(piece)
        self.done += len(piece)

    def finish(self) -> None:
        """Give it its name, if it is whole. Raises Unreachable, OSError."""
        if self.total and self.done != self.total:
            raise _broke_off(self, "")
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.rename(self.place)
        self._about.unlink(missing_ok=True)

    def drop(self) -> None:
        """Remove what is here."""
        self._part.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)

    def _check(self, size: int) -> None:
        if size > self._limit:
            self.drop()
            raise BadInput(f"What is there has more than {bytes_text(self._limit)}, and was not fetched.")


def _check(url: str, *, plain: bool) -> None:
    """Insist on a URL that may be asked. Raises BadInput, Refused."""
    try:
        read = httpx.URL(url)
        scheme, named = read.scheme if read.host else "", bool(read.userinfo)
    except (ValueError, httpx.InvalidURL):
        scheme, named = "", False
    shown = clean_line(url.partition("?")[0].rpartition("@")[2], limit=200)
    if scheme not in ("http", "https"):
        raise BadInput(f"{shown} is no URL that can be fetched from.", next_step="As in https://host/embedder.zip")
    if named:
        raise BadInput("A URL with a user name or password in it is not fetched from: it would be seen and kept.")
    if scheme == "http" and not plain:
        raise Refused(
            f"{shown} is not fetched: over http anybody on the way can send another file.",
            next_step="Use https, or fetch an archive and name its hash with --sha256.",
        )


def _check_status(status: int, url: str) -> None:
    shown = clean_line(url.partition("?")[0], limit=200)
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise NotFound(f"There is nothing at {shown}.")
    if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise Unreachable(
            f"The server answered {status} for {shown}.",
            next_step="What needs a log-in can be fetched by other means and given as a file.",
        )


def _no_room(place: Path, error: OSError) -> OpstermError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    why = "The disk is full." if full else f"{error.strerror}."
    what = f"It was not fetched: {place.parent} cannot be written to."
    return StorageFull(what, why=why, next_step="Make room there.")


def _broke_off(part: _PartFile, why: str) -> Unreachable:
    of = f" of {bytes_text(part.total)}" if part.total else ""
    return Unreachable(
        f"It broke off after {bytes_text(part.done)}{of}.", why=why,
        next_step="Run it again: it goes on from there, if the server can.",
    )  # fmt: skip
