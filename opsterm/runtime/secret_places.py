"""Where a secret may be sent: to the places that it was kept for, as they were then."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.http_request import origin_of
from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget

AS_SSH_CONFIG_SAYS = "ssh_config"
"""Protocol of a jump host: its address is the operator's own file's, not the inventory's."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SecretPlace:
    """A place that a secret is sent to. As whom, the account says that the secret is kept under.

    Attributes:
        name: of the target, or of a check.
        protocol: a word of `inventory.Protocol`, "https", "smtp", or AS_SSH_CONFIG_SAYS.
        address: host name or number, lower case, an IPv6 address without brackets.
        port: 0 for the protocol's own.
    """

    name: str
    protocol: str
    address: str
    port: int

    def __str__(self) -> str:
        name, address = clean_line(self.name, limit=120), clean_line(self.address, limit=255)
        if self.protocol == AS_SSH_CONFIG_SAYS:
            return f"the jump host {name}, where ssh_config says it is"
        port = f" port {self.port}" if self.port else ""
        return f"{name} at {address}{port} over {self.protocol}"


def place_of_target(target: OrderTarget) -> SecretPlace:
    """Return where the password for a target goes."""
    address = target.address.lower().strip("[]")
    return SecretPlace(name=target.name, protocol=target.protocol, address=address, port=target.port)


def place_of_jump(name: str) -> SecretPlace:
    """Return where the password for a jump host goes."""
    return SecretPlace(name=name, protocol=AS_SSH_CONFIG_SAYS, address=name.lower(), port=0)


def place_of_url(url: str, name: str) -> SecretPlace:
    """Return where the secret of a request goes. Raises BadInput: it is no URL."""
    origin = origin_of(url)
    return SecretPlace(name=name, protocol=origin.scheme, address=origin.host, port=origin.port)
