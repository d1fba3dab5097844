"""What the runtime needs from SNMP: reads only. `adapters/snmp.py` implements it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opsterm.core.secret import Secret
from opsterm.monitoring.mib import Oid
from opsterm.monitoring.snmp_values import Binding
from opsterm.policy.order import OrderTarget
from opsterm.runtime.credentials import SNMP


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpLogin:
    """How an agent lets us in: a community (version 2c), or a user (version 3).

    Attributes:
        community: of version 2c; None for version 3.
        user: of version 3, "" for version 2c.
        auth: a word of `AUTH_PROTOCOLS`, "" for no authentication.
        auth_passphrase: with `auth`.
        priv: a word of `PRIV_PROTOCOLS`, "" for no encryption.
        priv_passphrase: with `priv`.
    """

    community: Secret | None = None
    user: str = ""
    auth: str = ""
    auth_passphrase: Secret | None = None
    priv: str = ""
    priv_passphrase: Secret | None = None


AUTH_PROTOCOLS = ("SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "MD5")
"""Ways to authenticate: RFC 3414 and RFC 7860."""

PRIV_PROTOCOLS = ("AES", "AES-192", "AES-256", "AES-192-C", "AES-256-C", "DES")
"""Ways to encrypt: RFC 3826, RFC 3414, and longer AES keys: made as Net-SNMP makes them, or (-C) as Cisco does. The two
differ where the digest is shorter than the key."""

SHORTEST_PASSPHRASE = 8
"""Characters of a passphrase at least (RFC 3414, 11.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk found.

    Attributes:
        bindings: in the order of the agent, tree by tree.
        truncated: whether the limit ended it, and there is more.
    """

    bindings: Sequence[Binding]
    truncated: bool


class SnmpReader(Protocol):
    """Reads from SNMP agents. It has no way to set anything.

    Each read raises Unreachable (silent, refused, no route, no such name), AuthenticationFailed (no log-in kept, wrong
    one, too little security), VaultLocked.
    """

    async def get(self, target: OrderTarget, oids: Sequence[Oid]) -> Sequence[Binding]:
        """Return the values of some objects, in their order; what the agent lacks is absent, no error."""
        ...

    async def walk(self, target: OrderTarget, roots: Sequence[Oid], *, limit: int) -> Walked:
        """Return everything below each root, at most `limit` values of all of them together."""
        ...

    async def check(self, target: OrderTarget) -> None:
        """Read sysUpTime; without a kept log-in, see whether an agent answers at all."""
        ...

    async def keep(self, name: str, login: SnmpLogin, *, service: str = SNMP) -> None:
        """Keep a target's log-in in the keyring or the vault, under a service."""
        ...

    async def close(self) -> None:
        """Close every socket. Safe to call twice."""
        ...
