"""Kerberos on a WS-Management connection (RFC 4559): the log-in, and the sealing of messages with its key.

pywinrm's own Kerberos takes nothing but a ticket of `kinit` and hides why a log-in failed. Here pyspnego does it, with
a keytab, a password or a ticket. It stands on gssapi and krb5, which are built against this system's Kerberos and are
an extra therefore: docs/decisions/0017-winrm.md.
"""

from __future__ import annotations

import base64
import binascii
import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import spnego
from requests.auth import AuthBase
from spnego.channel_bindings import GssChannelBindings

from opsterm.adapters.certificate import end_point_of
from opsterm.adapters.winrm_faults import BadAnswer, KerberosFailed, WireError
from opsterm.adapters.winrm_transport import GuardedTransport

SERVICE = "HTTP"
"""What the service is called in Kerberos, before the host's name. WSMAN would be right too; few domains list it."""

TICKET_EXPIRED = 2529638944
"""KRB5KRB_AP_ERR_TKT_EXPIRED, as an unsigned number of 32 bits."""

_OFFERED = re.compile(r"(?:^|[\s,])(Negotiate|Kerberos)(?:\s+([A-Za-z0-9+/=]+))?\s*(?=,|$)", re.IGNORECASE)


def kerberos_is_here() -> bool:
    """Return whether the libraries that Kerberos needs are installed. Blocking: looks for files."""
    return all(importlib.util.find_spec(name) is not None for name in ("gssapi", "krb5"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KerberosKey:
    """What an account is proved with: the first of these that there is.

    Attributes:
        user: principal, as in "ops@LAB.EXAMPLE"; "": the one of the keytab or of the ticket.
        keytab: path, "" for none.
        password: None for none.
    """

    user: str
    keytab: str = ""
    password: str | None = field(default=None, repr=False)

    def credential(self) -> Any:
        """Return what pyspnego takes."""
        if self.keytab:
            return spnego.KerberosKeytab(keytab=f"FILE:{self.keytab}", principal=self.user or None)
        if self.password is not None:
            return spnego.Password(username=self.user, password=self.password)
        return spnego.CredentialCache(username=self.user or None)


class KerberosAuth(AuthBase):
    """Logs connections in when they are asked to. One log-in for each request, and none twice.

    Args:
        key: of the account.
        host: name by which Kerberos knows the target.
        certificate: returns the target's certificate on the open connection, DER; None without TLS.
    """

    def __init__(self, key: KerberosKey, host: str, certificate: Callable[[], bytes | None]) -> None:
        self._key = key
        self._host = host
        self._certificate = certificate
        self._context: Any = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Prepare a request; see `AuthBase`."""
        request.headers["Connection"] = "Keep-Alive"
        request.register_hook("response", self._answered)
        return request

    def wrap_winrm(self, host: str, message: bytes) -> tuple[bytes, bytes]:
        """Return (what is sealed, its header); `host` is pywinrm's way to tell contexts apart.

        Raises:
            KerberosFailed: it cannot be sealed.
            BadAnswer: the cipher that was agreed on is RC4, which is broken; only that one pads.
        """
        with _told():
            sealed = self._context.wrap_winrm(message)
        if sealed.padding_length:
            raise BadAnswer("It agrees on no cipher but RC4, which is broken.")
        return sealed.data, sealed.header

    def unwrap_winrm(self, host: str, sealed: bytes, header: bytes) -> bytes:
        """Return the message. Raises BadAnswer: it was not sealed with this log-in's key."""
        try:
            with _told():
                message: bytes = self._context.unwrap_winrm(header, sealed)
        except KerberosFailed as error:
            raise BadAnswer("It was not sealed with the key of this log-in.") from error
        return message

    def _answered(self, response: requests.Response, **how: Any) -> requests.Response:
        """Log in where that is asked for, and send the request again."""
        if response.status_code != 401 or _offered(response) is None:
            return response
        _ = response.content  # is read, so that the connection can be used again
        response.raw.release_conn()
        request = response.request.copy()
        request.headers["Authorization"] = f"Negotiate {base64.b64encode(self._begun()).decode()}"
        answer: requests.Response = response.connection.send(request, **how)
        try:
            self._finish(answer)
        except WireError:
            answer.close()
            raise
        return answer

    def _begun(self) -> bytes:
        """Return the first token."""
        with _told():
            self._context = spnego.client(
                self._key.credential(), hostname=self._host, service=SERVICE, protocol="kerberos",
                channel_bindings=self._bindings(), options=spnego.NegotiateOptions.wrapping_winrm,
            )  # fmt: skip
            token: bytes = self._context.step() or b""
        return token

    def _bindings(self) -> GssChannelBindings | None:
        """Return what ties the log-in to the TLS connection, so that nobody on the way can pass it on."""
        certificate = self._certificate()
        return GssChannelBindings(application_data=end_point_of(certificate)) if certificate is not None else None

    def _finish(self, answer: requests.Response) -> None:
        """See that the target has the service's key: only then is it the one that was meant."""
        token = _offered(answer)
        if token:
            with _told():
                self._context.step(token)
        if answer.status_code == 200 and not self._context.complete:
            raise BadAnswer("It did not prove that it is the target that was meant.")


class KerberosTransport(GuardedTransport):
    """The guarded transport with this module's log-in in place of pywinrm's.

    Args:
        key: of the account.
        host: name by which Kerberos knows the target.
        sealed: whether messages are encrypted by Kerberos: always over HTTP.
        arguments: of the guarded transport.
    """

    def __init__(self, *, key: KerberosKey, host: str, sealed: bool, **arguments: Any) -> None:
        super().__init__(auth_method="plaintext", username="-", password="", message_encryption="auto", **arguments)
        self._auth = KerberosAuth(key, host, self.certificate)
        self._sealed = sealed

    def build_session(self) -> requests.Session:
        """Return the session, with its messages sealed where they must be."""
        if self.session is not None:
            return self.session
        self.auth_method = "plaintext"  # of pywinrm's ways the one that sends nothing by itself
        session = super().build_session()
        self.auth_method = "kerberos"
        session.auth = self._auth
        if self._sealed:
            self.setup_encryption(session)
        return session


@contextmanager
def _told() -> Iterator[None]:
    """Make the libraries' errors one of ours, with the number that tells what failed."""
    import gssapi.raw.misc  # noqa: PLC0415 (an extra: there where Kerberos is used)
    import krb5  # noqa: PLC0415 (as above)

    try:
        yield
    except (spnego.exceptions.SpnegoError, gssapi.raw.misc.GSSError, krb5.Krb5Error) as error:
        raise KerberosFailed(_number(error), str(error)) from error


def _number(error: BaseException) -> int:
    """Return the number of krb5 that says what failed, 0 when there is none."""
    if isinstance(error, spnego.exceptions.CredentialsExpiredError):
        return TICKET_EXPIRED  # gssapi has noticed it by itself, and no number of krb5 comes with that
    for one in _chain(error):
        told = getattr(one, "min_code", None) or getattr(one, "err_code", None)
        if isinstance(told, int) and told:
            return told & 0xFFFFFFFF
    return 0


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = getattr(error, "base_error", None) or error.__cause__


def _offered(response: requests.Response) -> bytes | None:
    """Return the token with which a target offers to log in, b"" without one; None when it offers nothing."""
    found = _OFFERED.search(response.headers.get("WWW-Authenticate", ""))
    if found is None:
        return None
    try:
        return base64.b64decode(found[2] or "", validate=True)
    except binascii.Error:
        raise BadAnswer("Its log-in token is no base64.") from None
