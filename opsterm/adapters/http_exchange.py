"""One request over HTTP/1.1, sent as it is written, and its answer: h11 on a line of our own.

The line is opened before the request is given, so that a server that cannot be reached is told from one that went
away while it answered. TLS is verified, nothing is redirected, and addresses at which clouds keep the secrets of a
machine are not connected to, whatever a name says.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from urllib.parse import urlsplit

import h11

from opsterm.adapters.certificate import show_untrusted, trusting, why_untrusted
from opsterm.adapters.http_upload import Upload
from opsterm.adapters.lookup import look_up, why_not
from opsterm.core.addresses import is_off_limits
from opsterm.core.errors import BadInput, Refused, Unreachable
from opsterm.core.http_request import HttpRequest, filled
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Run

CONNECT_S = 10.0
READ_BYTES = 65_536
MOST_INTERIM = 20
"""Answers of the kind 1xx that may come before the answer."""

_OURS = (("Accept-Encoding", "identity"), ("User-Agent", "opsterm"), ("Connection", "close"))


class HttpLine:
    """A TCP connection to a server, for one request. Made by `open_http_line`."""

    def __init__(
        self, host: str, address: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, run: Run
    ) -> None:  # fmt: skip
        self._host = host
        self._address = address
        self._port = port
        self._reader = reader
        self._writer = writer
        self._run = run

    async def exchange(
        self,
        request: HttpRequest,
        secrets: Mapping[str, str],
        headers: Mapping[str, str],
        upload: Upload | None = None,
    ) -> AsyncGenerator[h11.Response | bytes, None]:
        """Send a request; yield the head of the answer, then its body as it comes.

        Args:
            request: for this server, and sent as it is.
            secrets: by name, as its target and body have them.
            headers: values that take the place of the request's own: those that hold a secret.
            upload: the body of a form with files.

        Raises:
            Refused: the server's certificate is not trusted; nothing was sent.
            Unreachable: the line broke, or what came is no HTTP; whether the request arrived nobody knows.
        """
        if request.origin.scheme == "https":
            await self._encrypt()
        talk = h11.Connection(h11.CLIENT)
        try:
            body = request.body.encode()
            length = upload.length if upload is not None else len(body)
            head = _head_bytes(talk, request, secrets, headers, length)
            if upload is not None:
                self._writer.write(head)
                with contextlib.suppress(OSError):  # it may have answered already, and closed
                    await self._send(talk, upload)
            else:
                self._writer.write(head + _sent(talk, body))
                await self._writer.drain()
            interim = 0
            while True:
                event = talk.next_event()
                if event is h11.NEED_DATA:
                    talk.receive_data(await self._reader.read(READ_BYTES))
                elif isinstance(event, h11.InformationalResponse):
                    interim += 1
                    if interim > MOST_INTERIM:
                        raise self._strange("It sent more interim answers than make sense.")
                elif isinstance(event, h11.Response):
                    yield event
                elif isinstance(event, h11.Data):
                    yield bytes(event.data)
                else:
                    return
        except h11.RemoteProtocolError as error:
            raise self._strange(clean_line(str(error), limit=200)) from None
        except OSError as error:
            raise Unreachable(why_not(error, f"{self._address} port {self._port}")) from error

    async def _send(self, talk: h11.Connection, upload: Upload) -> None:
        async with aclosing(upload.pieces()) as pieces:
            async for piece in pieces:
                self._writer.write(talk.send(h11.Data(data=piece)) or b"")
                await self._writer.drain()
        self._writer.write(talk.send(h11.EndOfMessage()) or b"")

    def _strange(self, why: str) -> Unreachable:
        return Unreachable(
            f"{self._address} port {self._port} did not answer as HTTP/1.1 does.", why=why,
            next_step="The request was sent: look whether it was carried out before you send it again.",
        )  # fmt: skip

    async def _encrypt(self) -> None:
        context = await self._run(lambda: trusting(""))
        try:
            await self._writer.start_tls(context, server_hostname=self._host, ssl_handshake_timeout=CONNECT_S)
        except ssl.SSLCertVerificationError as error:
            shown = await show_untrusted(self._address, self._port, self._host)
            raise Refused(
                "The request was not sent: the server's certificate is not trusted.",
                why=why_untrusted(error, self._host, shown),
                next_step="Add its authority to this machine's, or name a file of authorities in SSL_CERT_FILE.",
            ) from None
        except (ssl.SSLError, OSError) as error:
            said = clean_line(getattr(error, "reason", None) or str(error) or "no answer", limit=200)
            raise Refused(
                f"The request was not sent: {self._address} does not speak TLS as this machine does.", why=said
            ) from None

    async def close(self) -> None:
        """Close; safe to call twice."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()


async def open_http_line(host: str, port: int, run: Run) -> HttpLine:
    """Connect to a server.

    Args:
        host: name or address.
        port: where it listens.
        run: a thread for reading the trusted authorities.

    Raises:
        Refused: it is at an address that is not connected to.
        Unreachable: nobody answers.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            return await _connect(host, port, run)
    except TimeoutError:
        raise Unreachable(f"{clean_line(host, limit=255)} port {port} did not answer within {CONNECT_S:g} s.") from None


async def _connect(host: str, port: int, run: Run) -> HttpLine:
    failure = Unreachable(f"{clean_line(host, limit=255)} has no address.")
    for family, address, _, _ in await look_up(host):
        _require_ordinary(address, host)
        try:
            reader, writer = await asyncio.open_connection(address, port, family=family)
        except OSError as error:
            failure = Unreachable(why_not(error, f"{address} port {port}"))
        else:
            return HttpLine(host, address, port, reader, writer, run)
    raise failure


def _require_ordinary(address: str, host: str) -> None:
    """Refuse addresses at which no API of an operator is, and clouds hand out a machine's secrets."""
    if is_off_limits(address):
        raise Refused(
            f"{clean_line(host, limit=255)} is {address}, which is not connected to.",
            why="It is a link-local, multicast or metadata address: clouds keep the secrets of a machine there.",
            next_step="Give the API's own address as --server.",
        )


def _head_bytes(
    talk: h11.Connection, request: HttpRequest, secrets: Mapping[str, str], headers: Mapping[str, str], length: int
) -> bytes:
    """Return what goes over the line before a body of so many bytes."""
    sent = [("Host", urlsplit(request.url).netloc)]
    sent += [(name, headers.get(name, value)) for name, value in request.headers]
    if length or request.method in ("POST", "PUT", "PATCH"):
        sent.append(("Content-Length", str(length)))
    try:
        head = h11.Request(
            method=request.method, target=filled(request.target, secrets),
            headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in (*sent, *_OURS)],
        )  # fmt: skip
        return talk.send(head) or b""
    except (h11.LocalProtocolError, UnicodeEncodeError):  # its text may hold the secret
        raise BadInput(
            "The request was not sent: the kept secret has characters that a header cannot have.",
            next_step="Keep it again: opsterm apis login",
        ) from None


def _sent(talk: h11.Connection, body: bytes) -> bytes:
    """Return a body, and its end."""
    pieces = [talk.send(h11.Data(data=body)) if body else b"", talk.send(h11.EndOfMessage())]
    return b"".join(piece or b"" for piece in pieces)
