"""A mail server of aiosmtpd, which speaks RFC 5321, with certificates made for the test; and one that says anything.

The bytes it takes are looked at with the standard library's parser.
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from opsterm.adapters.smtp import SmtpTransport
from opsterm.core.mail import Mail, Recipient
from opsterm.core.mail_settings import MailSettings
from opsterm.runtime.offload import Offload

NOW = datetime.now(UTC)


@dataclass
class Inbox:
    """What the server answers, and what it has taken.

    Attributes:
        rcpt: answers to recipients, used up one after the other; the last one stays.
        sender: the answer to the sender, "" for yes.
        data: the answer to the message, "" for yes.
        taken: recipients and message of each mail that was taken.
    """

    rcpt: dict[str, list[str]] = field(default_factory=dict)
    sender: str = ""
    data: str = ""
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 (the name that the library calls)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender:
            return self.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 (the name that the library calls)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.rcpt.get(address, ["250 OK"])
        answer = said.pop(0) if len(said) > 1 else said[0]
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 (the name that the library calls)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data:
            return self.data
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.SMTP)
        assert isinstance(message, EmailMessage)
        self.raw.append(content)
        self.taken.append((list(envelope.rcpt_tos), message))
        return "250 2.0.0 queued as 7"


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ops", b"right horse")
    return AuthResult(success=good, handled=good)


@asynccontextmanager
async def mail_server(
    inbox: Inbox, *, context: ssl.SSLContext | None = None, at_once: bool = False, auth: bool = False
) -> AsyncIterator[int]:
    """Serve; give the port."""
    loop = asyncio.get_running_loop()

    made: list[SMTP] = []

    def make() -> SMTP:
        with warnings.catch_warnings():  # it sees no TLS where the line is secured before it is asked
            warnings.simplefilter("ignore", UserWarning)
            protocol = made_by_library()
        made.append(protocol)
        return protocol

    def made_by_library() -> SMTP:
        return SMTP(
            inbox, hostname="mx.test", loop=loop, enable_SMTPUTF8=True, timeout=30,
            tls_context=None if at_once else context,
            require_starttls=bool(context) and not at_once, auth_require_tls=not at_once,
            authenticator=_authenticate if auth else None, auth_required=auth,
        )  # fmt: skip

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if at_once else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        for protocol in made:
            if isinstance(protocol.transport, asyncio.WriteTransport):
                protocol.transport.abort()
        await asyncio.sleep(0.01)  # an aborted transport closes its socket in the next rounds of the loop


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def told_server(talk: Talk) -> AsyncIterator[int]:
    """Serve whatever `talk` says; give the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def replies(by_word: Mapping[str, bytes], *, greeting: bytes = b"220 mx.test\r\n") -> Talk:
    """Return a server that answers each command with given bytes; b"" cuts the line."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while line := await reader.readline():
            word = line.split()[0].decode("ascii", "replace").upper() if line.split() else ""
            said = by_word.get(word, b"250 OK\r\n")
            if not said:
                return
            writer.write(said)
            if word == "DATA" and said.startswith(b"354"):
                if "." not in by_word:
                    await reader.read(20)  # the line is cut in the middle of the message
                    return
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(by_word["."])
            if word == "QUIT":
                return

    return talk


def transport(port: int, **settings: Any) -> SmtpTransport:
    """Return a transport to a server of the test's."""
    given = {"host": "localhost", "security": "none", "sender": "opsterm@jump.test", "timeout_s": 5.0, **settings}
    return SmtpTransport(MailSettings(port=port, **given), "jump-01", Offload().pool("mail"))


def mail(*to: str, subject: str = "disk full", body: str = "97 %\n") -> Mail:
    """Return a mail to somebody."""
    return Mail(
        id=1, message_id="<m1@jump.test>", subject=subject, body=body, made_at=1_795_000_000.0, since=0.0,
        recipients=tuple(Recipient(address=address) for address in to or ("ana@site.test",)),
    )  # fmt: skip


# ----------------------------------------------------------------------------------------- certificates


def certificate(folder: Path, kind: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's context with a certificate of a kind, and the authority's file.

    Args:
        folder: where files are made.
        kind: "good", "wrong name", "self-signed" or "expired".
    """
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed("test authority", authority_key, "test authority", authority_key, is_authority=True)
    name = "other.test" if kind == "wrong name" else "localhost"
    ends = NOW - timedelta(days=1) if kind == "expired" else NOW + timedelta(days=30)
    leaf = (
        _signed(name, key, name, key, ends=ends)
        if kind == "self-signed"
        else _signed("test authority", authority_key, name, key, ends=ends)
    )
    chain, ca_file = folder / f"{kind}.pem", folder / f"{kind}-ca.pem"
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + leaf.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    ca_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    return context, ca_file


def _signed(
    issuer: str, issuer_key: ec.EllipticCurvePrivateKey, name: str, key: ec.EllipticCurvePrivateKey, *,
    ends: datetime = NOW + timedelta(days=30), is_authority: bool = False,
) -> x509.Certificate:  # fmt: skip
    names: list[x509.GeneralName] = [x509.DNSName(name.replace(" ", "-"))]
    if name == "localhost":
        names.append(x509.IPAddress(ip_address("127.0.0.1")))
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
