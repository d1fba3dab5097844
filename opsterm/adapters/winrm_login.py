"""How a target is logged in to: which account, which way, over which line; and what is refused beforehand."""

from __future__ import annotations

import ssl
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from winrm.protocol import Protocol

from opsterm.adapters.winrm_kerberos import KerberosKey, KerberosTransport, kerberos_is_here
from opsterm.adapters.winrm_transport import GuardedTransport, knock
from opsterm.adapters.winrm_wire import Wire
from opsterm.core.errors import BadInput, Refused
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.core.winrm_settings import SEALS, WinrmSettings
from opsterm.policy.order import OrderTarget
from opsterm.runtime.credentials import WINRM
from opsterm.runtime.ports import Credentials
from opsterm.runtime.secret_places import place_of_target


@dataclass(frozen=True, slots=True, kw_only=True)
class WinrmLogin:
    """All that a new connection needs.

    Attributes:
        place: the address and port as they are shown.
        https: whether it is TLS.
        auth: a word of `winrm.auth`.
        user: account; "" for a certificate, and for whose keytab or ticket it is.
        password: None for a certificate, and for Kerberos with a keytab or a ticket.
        settings: of the section.
    """

    address: str
    port: int
    https: bool
    auth: str
    user: str
    password: Secret | None = field(repr=False)
    settings: WinrmSettings

    @property
    def place(self) -> str:
        """Address and port, fit to be shown."""
        return f"{clean_line(self.address, limit=255)} port {self.port}"

    @property
    def endpoint(self) -> str:
        """The URL of the service."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{'https' if self.https else 'http'}://{host}:{self.port}/wsman"

    def knock(self) -> None:
        """See whether WS-Management answers, without logging in. Blocking. Raises WireError."""
        settings = self.settings
        knock(
            self.endpoint, _authorities(settings) if settings.verify else None,
            connect_s=settings.connect_timeout_s, answer_s=settings.answer_timeout_s,
        )  # fmt: skip

    def wire(self) -> Wire:
        """Return a connection that is made when it is first used. Blocking: looks for files.

        Raises:
            BadInput: a file or a library is missing.
        """
        if self.auth == "kerberos":
            _require_kerberos(self.settings)
        if self.auth == "certificate":
            _require_certificate(self.settings)
        answer_s = self.settings.answer_timeout_s
        protocol = Protocol(
            self.endpoint, transport="plaintext", username="-", password="", read_timeout_sec=int(answer_s) + 1,
            operation_timeout_sec=max(1, int(answer_s * 2 / 3)),
        )  # fmt: skip
        return Wire(protocol, self._transport())

    def _transport(self) -> GuardedTransport:
        settings = self.settings
        shared: dict[str, Any] = {
            "connect_s": settings.connect_timeout_s, "answer_s": settings.answer_timeout_s, "endpoint": self.endpoint,
            "server_cert_validation": "validate" if settings.verify else "ignore",
            "ca_trust_path": _authorities(settings), "proxy": None,
        }  # fmt: skip
        secret = self.password.reveal() if self.password is not None else None
        if self.auth == "kerberos":
            key = KerberosKey(user=self.user, keytab=_expanded(settings.keytab), password=secret)
            return KerberosTransport(key=key, host=self.address, sealed=not self.https, **shared)
        password: str | bytes | None = secret
        user: str | bytes | None = self.user or None
        if self.auth == "basic":  # RFC 7617; the library would take Latin 1 and name the character that is none
            user, password = (
                self.user.encode("utf-8", "surrogateescape"),
                str(secret).encode("utf-8", "surrogateescape"),
            )
        return GuardedTransport(
            auth_method=self.auth, username=user, password=password, cert_pem=_expanded(settings.certificate) or None,
            cert_key_pem=_expanded(settings.certificate_key) or None,
            message_encryption="auto" if self.https else "always", **shared,
        )  # fmt: skip


async def find_log_in(target: OrderTarget, settings: WinrmSettings, credentials: Credentials | None) -> WinrmLogin:
    """Return how a target is logged in to.

    Raises:
        BadInput: an account or a password is missing.
        Refused: it would show a password to whoever answers, or send what anyone can read.
        SecretNotSent: the password is kept for another place.
        VaultLocked: the password cannot be looked up.
    """
    require_safe(settings, target)
    name = target.name
    user, password = target.user or settings.user, None
    if settings.auth == "certificate":
        user = ""
    elif not user and settings.auth != "kerberos":
        raise BadInput(
            f"No account is known for {name}.",
            next_step=f"Name one: opsterm targets edit {name} --user 'LAB\\ops', or set winrm.user.",
        )
    elif settings.auth == "kerberos" and "\\" in user:
        raise BadInput(
            f"Kerberos knows no account {clean_line(user, limit=200)}: there it is a name and a realm.",
            next_step=f"Write it so: opsterm targets edit {name} --user ops@LAB.EXAMPLE, or set winrm.user.",
        )
    elif user and credentials is not None and not (settings.auth == "kerberos" and settings.keytab):
        place = place_of_target(target)
        password = await credentials.get(WINRM, f"{user}@{name}", place) or await credentials.get(WINRM, user, place)
    if password is None and settings.auth not in ("kerberos", "certificate"):
        shown = clean_line(user, limit=200)
        raise BadInput(
            f"No password is kept for {shown} on {name}.",
            next_step=f"Keep it: opsterm vault set {WINRM} '{shown}@{name}', or '{shown}' for all targets.",
        )
    port = settings.port_used(target.port)
    return WinrmLogin(
        address=target.address, port=port, https=settings.is_https(port), auth=settings.auth, user=user,
        password=password, settings=settings,
    )  # fmt: skip


def require_safe(settings: WinrmSettings, target: OrderTarget) -> None:
    """Raise Refused where a log-in would give away a password, or the line anything at all."""
    https = settings.is_https(settings.port_used(target.port))
    if not https and settings.auth not in SEALS:
        raise Refused(
            f"{target.name} is not logged in to: {settings.auth} cannot encrypt messages, and the line would be HTTP.",
            why="Anyone on the way could read the log-in and the commands, and change them.",
            next_step=f"Use HTTPS: opsterm targets edit {target.name} --port 5986; or set winrm.auth to ntlm.",
        )
    if settings.auth == "basic" and not settings.verify:
        raise Refused(
            f"{target.name} is not logged in to: winrm.auth is basic and winrm.verify is off.",
            why="The password would be handed to whoever answers.",
            next_step="Set winrm.verify to true, and winrm.ca_file to the authority that signed its certificate.",
        )


def _require_kerberos(settings: WinrmSettings) -> None:
    if not kerberos_is_here():
        raise BadInput(
            "Kerberos needs libraries that are not installed here.",
            why="gssapi and krb5 are built against this system's Kerberos: apt install gcc python3-dev libkrb5-dev.",
            next_step=f"Install them: {sys.executable} -m pip install 'pyspnego[kerberos]'. Or set winrm.auth to ntlm.",
        )
    if settings.keytab and not Path(_expanded(settings.keytab)).is_file():
        raise BadInput(
            f"There is no keytab {clean_line(settings.keytab, limit=200)}.",
            next_step="Set winrm.keytab to the file, or to nothing to log in with a password or a ticket.",
        )


def _require_certificate(settings: WinrmSettings) -> None:
    for key, path in (("certificate", settings.certificate), ("certificate_key", settings.certificate_key)):
        if not path or not Path(_expanded(path)).is_file():
            said = f"There is no file {clean_line(path, limit=200)}." if path else f"winrm.{key} is not set."
            raise BadInput(
                "Logging in with a certificate needs the certificate and its key.",
                why=said, next_step=f"Set winrm.{key} to a PEM file.",
            )  # fmt: skip


def _expanded(path: str) -> str:
    return str(Path(path).expanduser()) if path else ""


def _authorities(settings: WinrmSettings) -> str:
    """Return the file or folder of the authorities that count; pywinrm's own default is a list inside a package."""
    if settings.ca_file:
        return _expanded(settings.ca_file)
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or ""
