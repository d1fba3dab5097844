"""A target: one thing that opsterm looks after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.errors import BadInput

LOCALHOST = "localhost"
"""Name of the target that is the machine opsterm stands on."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,252}")


class Protocol(StrEnum):
    """How a target is reached."""

    LOCAL = "local"
    SSH = "ssh"
    WINRM = "winrm"
    SNMP = "snmp"
    HTTP = "http"


WITH_A_SHELL = (Protocol.SSH, Protocol.WINRM, Protocol.LOCAL)
"""What a target is reached by that scripts can run on."""


class Status(StrEnum):
    """What is known of a target's health, in one word. `order` sorts the worst first."""

    ONLINE = "online"
    WARNING = "warning"
    CRITICAL = "critical"
    OFFLINE = "offline"
    UNKNOWN = "unknown"

    @property
    def order(self) -> int:
        """0 for the worst."""
        return ("critical", "offline", "warning", "unknown", "online").index(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the operator has said, or an import has found, about one target.

    Attributes:
        name: unique; letters, digits and `_ . : @ -`.
        address: host name or IP; "" means the name is the address.
        os: free words, as in "debian 12", "win10"; "" when not known.
        groups: in order of import; names without spaces.
        tags: sorted; names without spaces.
        protocol: how it is reached.
        port: None for the protocol's own.
        user: log-in name; "" for what ssh_config or the account says.
        environment: as in "prod", "lab"; "" when not said.
        site: place; "" when not said.
        source: where it comes from: "manual", "ssh_config", "ansible", "csv", "known_hosts", "built-in".
    """

    name: str
    address: str = ""
    os: str = ""
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    protocol: Protocol = Protocol.SSH
    port: int | None = None
    user: str = ""
    environment: str = ""
    site: str = ""
    source: str = "manual"

    @property
    def reach(self) -> str:
        """The address that is connected to."""
        return self.address or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target with what is known of it now: one row of a list.

    Attributes:
        target: what was said.
        status: worst of reachability and open alerts.
        last_seen: when it last answered, epoch seconds; None for never.
        note: one line that explains the status, as in "load 9.1" or "no route to host"; "" for nothing to say.
    """

    target: Target
    status: Status = Status.UNKNOWN
    last_seen: float | None = None
    note: str = ""


def check_name(name: str) -> str:
    """Return `name` when it may name a target, group or tag.

    Raises:
        BadInput: it may not.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be a name.",
            next_step="Use letters, digits and _ . : @ -, begin with a letter, digit or _, at most 253 characters.",
        )
    return name
