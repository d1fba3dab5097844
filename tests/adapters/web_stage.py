"""Servers for web checks: raw ones that say any bytes, and TLS with certificates made here.

The TLS is OpenSSL's own. The HTTP/2 server is the server side of h2, the library whose client side is under test: it
shows that HTTP/2 is offered, taken and read, and no more.
"""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import h2.config
import h2.connection
import h2.events
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def says(*answers: bytes) -> Answer:
    """Return a server that reads a request's head and says the next of `answers`, the last one for ever."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return answer


async def speaks_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request over HTTP/2 with 200 and "two"."""
    line = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    line.initiate_connection()
    writer.write(line.data_to_send())
    while data := await reader.read(65536):
        for event in line.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                line.send_headers(event.stream_id, [(":status", "200")])
                line.send_data(event.stream_id, b"two", end_stream=True)
        writer.write(line.data_to_send())


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on a port of the loopback, and yield the port; every connection is closed in the end."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, asyncio.LimitOverrunError):
                await answer(reader, writer)
        finally:
            tasks.discard(task)
            writer.close()
            with suppress(OSError):
                writer.transport.abort()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Authority:
    """An authority whose certificates are made for one test."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign("root", self.key.public_key(), self.key, "root", 0, 400, is_authority=True)
        self.file = self.folder / "root.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self._middle_key = ec.generate_private_key(ec.SECP256R1())
        self._middle = self._sign("middle", self._middle_key.public_key(), self.key, "root", 0, 400, is_authority=True)

    def server(
        self, *, name: str = "localhost", starts: float = -1, days: float = 100, chain: bool = True,
        self_signed: bool = False, http2: bool = False,
    ) -> ssl.SSLContext:  # fmt: skip
        """Return what a server shows: a certificate for `name` from `starts` days on for `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer, issuer = (key, name) if self_signed else (self._middle_key, "middle")
        made = self._sign(name, key.public_key(), signer, issuer, starts, days, is_authority=False)
        file = self.folder / "server.pem"
        pem = serialization.Encoding.PEM
        parts = [key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())]
        parts += [made.public_bytes(pem)]
        parts += [self._middle.public_bytes(pem)] if chain and not self_signed else []
        file.write_bytes(b"".join(parts))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
        return context

    def client(self, passphrase: str = "") -> Path:
        """Write a client's certificate and key, the key locked when there is a passphrase; return the file."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign("ann", key.public_key(), self._middle_key, "middle", -1, 10, is_authority=False)
        lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            lock = serialization.BestAvailableEncryption(passphrase.encode())
        pem, file = serialization.Encoding.PEM, self.folder / "client.pem"
        parts = [key.private_bytes(pem, serialization.PrivateFormat.PKCS8, lock)]
        parts += [made.public_bytes(pem), self._middle.public_bytes(pem)]
        file.write_bytes(b"".join(parts))
        file.chmod(0o600)
        return file

    def _sign(
        self, name: str, public: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePrivateKey, issuer: str,
        starts: float, days: float, *, is_authority: bool,
    ) -> x509.Certificate:  # fmt: skip
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=starts - 1))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )
