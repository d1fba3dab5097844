"""The settings of mail: the server, who writes to whom, and which alerts are told."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import between, one_of, option

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""The port that goes with each kind of security (RFC 6409, RFC 8314, RFC 5321)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailNotifySetting:
    """One `[[mail.notify]]` table: which alerts are told to whom."""

    target: str = option("*", "Selector of the targets whose alerts are told.")
    severity: str = option(
        "critical", "Lowest severity that is told: warning or critical.", check=one_of("warning", "critical")
    )
    to: str = option("", "Addresses, separated by commas; empty: those of mail.to.")
    resolved: bool = option(True, "Tell the end of an alert to those who were told of it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """`[mail]`: the server that takes mail, and which alerts are told by mail."""

    host: str = option("", "Name of the mail server; empty: no mail is sent.")
    port: int = option(0, "Its port; 0: 587 for starttls, 465 for tls, 25 for none.", check=between(0, 65535))
    security: str = option(
        "starttls",
        "How the line is protected: starttls, tls, or none. With none, nobody logs in.",
        check=one_of(*PORTS),
    )
    verify: bool = option(True, "Refuse a server whose certificate is not valid for its name.")
    ca_file: str = option("", "PEM file of the authority that signed its certificate; empty: those of this system.")
    user: str = option(
        "",
        "Account to log in as; empty: no log-in. Its password is kept with `opsterm vault set opsterm:mail USER@HOST`.",
    )
    sender: str = option("", "Address that mail is from; empty: the user, when that is an address.")
    to: str = option("", "Addresses that mail goes to, separated by commas.")
    timeout_s: float = option(30.0, "Seconds to wait for each step of the server.", check=between(0.1, 600))
    give_up_after_s: float = option(
        172_800.0, "Seconds after which a mail that nobody took is given up.", check=between(60, 30 * 86400)
    )
    gather_s: float = option(
        20.0, "Seconds for which alerts are gathered; more than three of them become one mail.", check=between(0, 3600)
    )
    notify: tuple[MailNotifySetting, ...] = option((), "Which alerts are told to whom; without a table, none are.")

    @property
    def port_used(self) -> int:
        """The port, that of the security when none is given."""
        return self.port or PORTS[self.security]

    @property
    def sender_used(self) -> str:
        """The address that mail is from, "" when neither sender nor user is one."""
        return self.sender or (self.user if "@" in self.user else "")

    @property
    def account(self) -> str:
        """The name under which the password is kept, beside the service `opsterm:mail`."""
        return f"{self.user}@{self.host}"
