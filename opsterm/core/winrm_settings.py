"""The settings of WinRM: how Windows targets are logged in to, and what is never done unless it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import between, one_of, option

HTTPS_PORT, HTTP_PORT = 5986, 5985
"""The ports of WinRM (MS-WSMV 2.1)."""

_HTTPS_PORTS, _HTTP_PORTS = frozenset({HTTPS_PORT, 443}), frozenset({HTTP_PORT, 80})
SEALS = frozenset({"ntlm", "kerberos"})
"""Ways to log in that can encrypt messages themselves, so that no TLS is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WinrmSettings:
    """`[winrm]`: how Windows targets are reached."""

    auth: str = option(
        "ntlm",
        "How to log in: ntlm, kerberos, certificate, or basic. Basic hands the target the password itself; it is used "
        "over HTTPS with verification only.",
        check=one_of("ntlm", "kerberos", "certificate", "basic"),
    )
    security: str = option(
        "https",
        "How the line is protected where the port does not say it (5986: https, 5985: message): https, or message, "
        "which is HTTP with every message encrypted by NTLM or Kerberos. Nothing is ever sent unencrypted.",
        check=one_of("https", "message"),
    )
    verify: bool = option(True, "Refuse a target whose certificate is not valid for its address.")
    ca_file: str = option("", "PEM file of the authorities that signed the certificates; empty: those of this system.")
    user: str = option(
        "",
        "Account for targets without a user, as in LAB\\\\ops or ops@LAB.EXAMPLE. Its password is kept with "
        "`opsterm vault set opsterm:winrm USER@TARGET`, or just USER for all targets.",
    )
    certificate: str = option("", "PEM file of the client certificate, for auth certificate.")
    certificate_key: str = option("", "PEM file of its key, without a passphrase and readable by this account only.")
    keytab: str = option(
        "",
        "Keytab of the account, for auth kerberos. Empty: the password that is kept for it, else a ticket of kinit "
        "(KRB5CCNAME).",
    )
    connect_timeout_s: float = option(10.0, "Seconds to wait for a TCP connection.", check=between(0.5, 300))
    answer_timeout_s: float = option(
        30.0, "Seconds to wait for each answer; a command that prints nothing is asked again.", check=between(2, 600)
    )
    shells_per_host: int = option(
        4, "Shells on one target as one user; Windows allows 30 (MaxShellsPerUser), and more commands wait.",
        check=between(1, 25),
    )  # fmt: skip
    commands: int = option(32, "Commands on all targets at the same time; each takes a thread.", check=between(1, 200))
    idle_timeout_s: float = option(30.0, "Seconds an unused shell stays open.", check=between(0, 100))
    wait_timeout_s: float = option(
        300.0, "Seconds a command waits for a free shell before it is given up.", check=between(0.1, 86400)
    )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is less safe than it is by default, whole sentences; () when nothing is."""
        said = []
        if self.auth == "basic":
            said.append("WinRM logs in with Basic: each target is handed the password itself (winrm.auth).")
        if not self.verify:
            said.append("Certificates of WinRM targets are not verified: anyone may answer for them (winrm.verify).")
        return tuple(said)

    def is_https(self, port: int) -> bool:
        """Return whether a port is spoken to over TLS; 0 for none given."""
        if port in _HTTPS_PORTS or port in _HTTP_PORTS:
            return port in _HTTPS_PORTS
        return self.security == "https"

    def port_used(self, port: int) -> int:
        """Return the port, that of the security when none is given."""
        return port or (HTTPS_PORT if self.security == "https" else HTTP_PORT)
