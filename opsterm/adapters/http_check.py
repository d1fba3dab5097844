"""Asks a web server with httpx: one connection per hop, so that each has its own times, certificate and credentials."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from opsterm.adapters.certificate import read_certificate, show_untrusted, why_untrusted
from opsterm.adapters.http_auth import auth_of, without_secret
from opsterm.adapters.http_faults import STRANGE, causes
from opsterm.adapters.http_trust import TrustStore
from opsterm.adapters.lookup import tell_look_up, why_not
from opsterm.core.addresses import is_off_limits
from opsterm.core.clock import Clock
from opsterm.core.errors import Unreachable
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.monitoring.reach import Failure, HttpAsk, HttpReading
from opsterm.runtime.ports_connection_test import UNHEARD, Phase, Steps

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = (("User-Agent", "opsterm"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))


async def check_http(
    ask: HttpAsk,
    secret: Secret | None,
    clock: Clock,
    trust: TrustStore,
    *,
    passphrase: Secret | None = None,
    steps: Steps = UNHEARD,
) -> HttpReading:
    """See `ReachProbe.http`.

    Args:
        ask: what is asked.
        secret: password or token when `ask.auth` says so.
        clock: measures.
        trust: makes the contexts for TLS.
        passphrase: of the client certificate's key, None when it has none.
        steps: hears of each step of each hop.
    """
    others = await trust.context(ask.ca_file)
    ours = await trust.context(ask.ca_file, ask.client_certificate, passphrase) if ask.client_certificate else others
    walk = _Walk(ask, auth_of(ask, secret), clock, ours, others, steps)
    begun = clock.monotonic()
    try:
        async with asyncio.timeout(ask.timeout_s):
            reading = await walk.follow()
    except TimeoutError:
        reading = walk.ended(Failure.TIMED_OUT, f"Not done within {ask.timeout_s:g} s: it was {walk.hop.step}.")
    took = clock.monotonic() - begun - walk.set_up_s
    return without_secret(replace(reading, total_s=max(0.0, took)), ask, secret)


@dataclass(slots=True)
class HopProgress:
    """How far one request has come; httpcore tells of each step."""

    clock: Clock
    steps: Steps
    host: str = ""
    step: str = "looking up the name"
    stream: Any = None
    begun: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)

    async def tell(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear of a step, as in "connection.start_tls.complete"."""
        _, _, rest = event.partition(".")
        name, _, state = rest.partition(".")
        if state == "started":
            self.begun[name] = self.clock.monotonic()
            self.step = _STEPS.get(name, self.step)
            if name in _PHASES:
                self.steps.begin(_PHASES[name], self.host)
        elif state == "complete" and name in self.begun:
            self.took[name] = self.clock.monotonic() - self.begun[name]
            if name == "connect_tcp":
                self.stream = info.get("return_value")
                self.steps.found(_peer(self.stream))
            if name == "start_tls":
                self.steps.found(_secured(info.get("return_value")))
            if name == "receive_response_headers":
                asked = self.begun.get("send_request_headers", self.begun[name])
                self.took["first_byte"] = self.clock.monotonic() - asked


_STEPS = {
    "connect_tcp": "opening the TCP connection",
    "start_tls": "in the TLS handshake",
    "send_request_headers": "sending the request",
    "receive_response_headers": "waiting for the head of the answer",
    "receive_response_body": "reading the body",
}
_PHASES = {"connect_tcp": Phase.TCP, "start_tls": Phase.TLS, "send_request_headers": Phase.ANSWER}


def _peer(stream: Any) -> str:
    """Return address and port of the other side, "" when it is gone already."""
    address = stream.get_extra_info("server_addr") if stream is not None else None
    return f"{address[0]} port {address[1]}" if address else ""


def _secured(stream: Any) -> str:
    """Return the version of TLS and whose certificate was shown, "" when that is not known."""
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    if connection is None:
        return ""
    certificate = read_certificate(connection)
    return f"{connection.version()}, {certificate.subject}" if certificate is not None else str(connection.version())


class _Walk:
    """One check, redirects included.

    Attributes:
        hop: the request that is under way, or was the last.
        set_up_s: seconds that went into clients of our own, which no server can help.
    """

    def __init__(
        self, ask: HttpAsk, auth: httpx.Auth | None, clock: Clock, ours: ssl.SSLContext, others: ssl.SSLContext,
        steps: Steps,
    ) -> None:  # fmt: skip
        self._ask = ask
        self._auth = auth
        self._clock = clock
        self._ours = ours
        self._others = others
        self._steps = steps
        self._hops: list[str] = []
        self.hop = HopProgress(clock, steps)
        self.set_up_s = 0.0

    async def follow(self) -> HttpReading:
        """Ask, and follow redirects as far as that is allowed."""
        url = first = httpx.URL(self._ask.url)
        while True:
            if str(url) in self._hops:
                return self.ended(Failure.WRONG, "The redirects lead in a circle.")
            self._hops.append(str(url))
            reading, location = await self._hop(url, ours=_same_origin(url, first))
            if location is None or not self._ask.redirects:
                return reading
            if len(self._hops) > self._ask.redirects:
                return self.ended(Failure.WRONG, f"It was redirected more than {self._ask.redirects} times.")
            try:
                url = url.join(location)
            except STRANGE:
                return self.ended(Failure.WRONG, "It redirects to what is not a URL.")
            if url.scheme not in ("http", "https") or not url.host:
                return self.ended(
                    Failure.WRONG, f"It redirects to {clean_line(str(url), limit=200)}, which is no web page."
                )

    def ended(self, failure: Failure, reason: str) -> HttpReading:
        """Return the reading of a check without an answer, with what was measured until then."""
        return self._measured(HttpReading(failure=failure, reason=reason))

    def _measured(self, reading: HttpReading) -> HttpReading:
        took = self.hop.took
        return replace(
            reading, hops=tuple(self._hops), lookup_s=took.get("lookup"), connect_s=took.get("connect_tcp"),
            tls_s=took.get("start_tls"), first_byte_s=took.get("first_byte"),
        )  # fmt: skip

    async def _hop(self, url: httpx.URL, *, ours: bool) -> tuple[HttpReading, str | None]:
        begun = self._clock.monotonic()
        host = url.raw_host.decode("ascii")
        hop = self.hop = HopProgress(self._clock, self._steps, host)
        try:
            places = await tell_look_up(host, self._steps)
        except Unreachable as error:
            return self.ended(Failure.UNREACHABLE, error.what), None
        hop.took["lookup"] = self._clock.monotonic() - begun
        ended = self.ended(Failure.UNREACHABLE, f"{clean_line(host, limit=255)} has no address.")
        for place in places:
            if not ours and is_off_limits(place[1]):  # on our own server's word we do not go where clouds keep secrets
                return self.ended(Failure.WRONG, f"It redirects to {place[1]}, which is not connected to."), None
            try:
                return await self._request(url, place[1], host, ours=ours)
            except STRANGE as error:
                ended = await self._failed(error, url, place[1], host)
                if "connect_tcp" in hop.took:  # it answers, if not well: another address is another server
                    break
            finally:
                if hop.stream is not None:  # httpcore leaves it open when it is cancelled in the TLS handshake
                    with contextlib.suppress(OSError):
                        await hop.stream.aclose()
        return ended, None

    async def _request(self, url: httpx.URL, address: str, host: str, *, ours: bool) -> tuple[HttpReading, str | None]:
        """Ask one address; what belongs to `ask.url` (secret, headers, certificate) goes to its own server only."""
        begun = self._clock.monotonic()
        trust = self._ours if ours else self._others
        transport = httpx.AsyncHTTPTransport(verify=trust, http2=True, trust_env=False)
        headers = [*_HEADERS, *(self._ask.headers if ours else ()), ("Host", url.netloc.decode("ascii"))]
        async with httpx.AsyncClient(transport=transport, timeout=self._ask.timeout_s, trust_env=False) as client:
            request = client.build_request(
                self._ask.method, url.copy_with(host=address), headers=_merged(headers),
                extensions={"sni_hostname": host, "trace": self.hop.tell},
            )  # fmt: skip
            self.set_up_s += self._clock.monotonic() - begun
            response = await client.send(request, stream=True, auth=self._auth if ours else None)
            try:
                connection = response.extensions["network_stream"].get_extra_info("ssl_object")
                certificate = read_certificate(connection) if connection is not None else None
                location = response.headers.get("location") if response.status_code in REDIRECTS else None
                body, cut = (b"", False) if location is not None else await self._body(response)
            finally:
                await response.aclose()
        reading = HttpReading(
            status=response.status_code, version=response.http_version, body=body, body_cut=cut, certificate=certificate
        )
        return self._measured(reading), location

    async def _body(self, response: httpx.Response) -> tuple[bytes, bool]:
        read = bytearray()
        async for piece in response.aiter_raw():
            read += piece
            if len(read) > self._ask.body_limit:
                return bytes(read[: self._ask.body_limit]), True
        return bytes(read), False

    async def _failed(self, error: Exception, url: httpx.URL, address: str, host: str) -> HttpReading:
        for cause in causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                shown = await show_untrusted(address, url.port or 443, host)
                reading = self.ended(Failure.WRONG, "")
                return replace(reading, certificate=shown, trust=why_untrusted(cause, host, shown))
            if isinstance(cause, ssl.SSLError):
                said = clean_line(cause.reason or str(cause), limit=200)
                return self.ended(Failure.WRONG, f"{address} does not speak TLS as this machine does: {said}.")
            if isinstance(cause, OSError) and cause.errno:
                return self.ended(Failure.UNREACHABLE, why_not(cause, f"{address} port {url.port or _port(url)}"))
        said = clean_line(str(error), limit=200) or type(error).__name__
        return self.ended(Failure.WRONG, f"{address} does not speak HTTP as it should: {said}.")


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _merged(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name; one that is given twice counts as it was given last."""
    return {name.title(): text for name, text in headers}


def _same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))
