"""Which secrets there can be, and what stands for the account of each: the one table of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

SSH, SSH_KEY, SUDO, WINRM = "opsterm:ssh", "opsterm:ssh-key", "opsterm:sudo", "opsterm:winrm"
HTTP, API, MAIL, MODEL = "opsterm:http", "opsterm:api", "opsterm:mail", "opsterm:model"
SNMP, SNMP_TRAPS = "opsterm:snmp", "opsterm:snmp-traps"
RECOVERY = "opsterm:recovery"

_ALMOST = 0.9
"""How alike two names are when one is taken for a slip of the other (difflib)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A kind of secret.

    Attributes:
        name: as it is kept, "opsterm:ssh".
        what: what the secret is, a few words.
        account: what stands for the account, as in "USER@TARGET".
        example: one that could be.
        binds: whether it goes only to the places that were meant when it was kept. The others say in their account
            where they go, or are sent nowhere.
    """

    name: str
    what: str
    account: str
    example: str
    binds: bool = False


SERVICES: Sequence[Service] = (
    Service(name=SSH, what="password to log in over SSH", account="USER@TARGET", example="ops@web-01",
            binds=True),
    Service(name=SSH_KEY, what="passphrase of a private key", account="FILE",
            example="/home/ana/.ssh/id_ed25519"),
    Service(
        name=SUDO, what="password that sudo asks for; left out: the one to log in", account="USER@TARGET",
        example="ops@web-01", binds=True,
    ),
    Service(name=WINRM, what="password to log in to Windows", account="USER@TARGET or USER", example="ops@win-01",
            binds=True),
    Service(name=HTTP, what="password or token of a web check or a camera, passphrase of a certificate",
            account="USER@NAME, NAME or FILE", example="monitor@web-01", binds=True),
    Service(name=API, what="what an HTTP API lets us in with, kept by opsterm apis login", account="SCHEME@SERVER",
            example="token@https://api.example.com"),
    Service(name=MAIL, what="password of the mail server", account="USER@HOST", example="ops@mail.example.com"),
    Service(name=MODEL, what="token of the server of language models", account="SERVER",
            example="https://models.example.com"),
    Service(name=SNMP, what="community or passphrases, kept by opsterm snmp login", account="TARGET", example="sw-1",
            binds=True),
    Service(name=SNMP_TRAPS, what="the same for what a target sends by itself, if it is another", account="TARGET",
            example="sw-1"),
    Service(name=RECOVERY, what="key of the recovery points on this host, made by opsterm", account="this host",
            example="this host"),
)  # fmt: skip
"""What opsterm looks up, in the order in which it is offered."""


def require_looked_up(service: str, account: str) -> None:
    """Check that a secret is kept where it will be looked for.

    Raises:
        BadInput: the service is a slip of a known one, or the account has not its form.
    """
    known = {one.name: one for one in SERVICES}
    near = difflib.get_close_matches(service, known, n=1, cutoff=_ALMOST)
    if service not in known and near:
        raise BadInput(
            f"There is no service {clean_line(service, limit=80)}.",
            why=f"The nearest is {near[0]}.",
            next_step="`opsterm vault services` lists those there are.",
        )
    user, at, place = account.rpartition("@")
    if service in known and known[service].account == "USER@TARGET" and not (user and at and place):
        raise BadInput(
            f"{clean_line(account, limit=80)} is not USER@TARGET.",
            next_step=f"Write who logs in and where, as in: {service} {known[service].example}",
        )
