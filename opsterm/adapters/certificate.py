"""A server's certificate: read from a TLS connection, and the reason why it is not trusted as a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import Sequence

from cryptography import x509

from opsterm.core.text import clean_line
from opsterm.monitoring.reach import Certificate

_NAME_LIMIT = 500
_MOST_NAMES = 100

_EXPIRED, _NOT_YET, _SELF_SIGNED, _SELF_SIGNED_ROOT = 10, 9, 18, 19
_NO_ISSUER = frozenset({2, 20, 21})
_WRONG_NAME = frozenset({62, 64})
"""Numbers of X509_V_ERR_… (OpenSSL, x509_vfy.h)."""


def end_point_of(certificate: bytes) -> bytes:
    """Return the channel binding "tls-server-end-point" of a certificate in DER (RFC 5929, 4.1)."""
    signed_with = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    name = signed_with.name if signed_with is not None and signed_with.name not in ("md5", "sha1") else "sha256"
    return b"tls-server-end-point:" + hashlib.new(name, certificate).digest()


def trusting(ca_file: str) -> ssl.SSLContext:
    """Return a context that verifies chain and name. Raises OSError (ssl.SSLError is one). Blocking: 30 ms.

    Args:
        ca_file: PEM file of the authorities to trust; "" for those of this machine.
    """
    return ssl.create_default_context(cafile=ca_file or None)


def read_certificate(connection: ssl.SSLObject) -> Certificate | None:
    """Return what the other side showed, None when it cannot be read."""
    chain = _chain(connection)
    return certificate_of(chain) if chain else None


def certificate_of(chain: Sequence[bytes]) -> Certificate | None:
    """Return the first of DER-encoded certificates, with the subjects of all; None when it cannot be read."""
    try:
        parsed = [x509.load_der_x509_certificate(one) for one in chain]
        first = parsed[0]
        return Certificate(
            subject=_said(first.subject),
            issuer=_said(first.issuer),
            names=_names(first),
            not_before=first.not_valid_before_utc.timestamp(),
            not_after=first.not_valid_after_utc.timestamp(),
            chain=tuple(_said(one.subject) for one in parsed),
        )
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion):  # a stranger's bytes
        return None


def _said(name: x509.Name) -> str:
    return clean_line(name.rfc4514_string(), limit=_NAME_LIMIT)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    kinds = (x509.DNSName, x509.IPAddress)
    return tuple(
        clean_line(str(name.value), limit=_NAME_LIMIT) for name in list(found)[:_MOST_NAMES] if isinstance(name, kinds)
    )


def _chain(connection: ssl.SSLObject) -> Sequence[bytes]:
    """Return what the server sent, DER. Only Python 3.13 tells more than the first certificate publicly."""
    told = getattr(connection, "get_unverified_chain", None)
    if told is not None:
        return list(told())
    inner = getattr(connection, "_sslobj", None)
    sent = inner.get_unverified_chain() if inner is not None and hasattr(inner, "get_unverified_chain") else None
    if sent:
        return [one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in sent]
    first = connection.getpeercert(binary_form=True)
    return [first] if first else []


async def show_untrusted(address: str, port: int, server_name: str) -> Certificate | None:
    """Return the certificate of a server that is not trusted, over a connection on which nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only to say what is wrong with it
    writer: asyncio.StreamWriter | None = None
    try:
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=server_name)
        connection = writer.get_extra_info("ssl_object")
        return read_certificate(connection) if connection is not None else None
    except OSError:
        return None
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()


def why_untrusted(error: ssl.SSLCertVerificationError, host: str, shown: Certificate | None) -> str:
    """Return one sentence: what is wrong with a certificate."""
    code = error.verify_code
    if code == _EXPIRED:
        return "The certificate, or one that signed it, has expired."
    if code == _NOT_YET:
        return "The certificate is not valid yet; or the clock of this machine is slow."
    if code == _SELF_SIGNED:
        return "The certificate is self-signed: no authority vouches for it."
    if code == _SELF_SIGNED_ROOT:
        return "The certificate comes from an authority that this machine does not trust."
    if code in _NO_ISSUER:
        issuer = f" ({shown.issuer})" if shown else ""
        return (
            f"The issuer of the certificate{issuer} is not known: the server does not send the certificates between, "
            "or this machine does not trust the authority."
        )
    if code in _WRONG_NAME:
        names = f"; it is for {', '.join(shown.names[:5])}" if shown and shown.names else ""
        return f"The certificate is not for {clean_line(host, limit=255)}{names}."
    return f"The certificate is not trusted: {clean_line(error.verify_message, limit=200)}."
