"""The order: the exact thing that an approval is for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

COMMAND_BYTES = 100_000
"""Bytes of a command at most: Linux takes 131,071 for one argument, and quoting needs some of them."""

HTTP = "http"
"""The shell of an order whose text is a request over HTTP; see `core.http_request`."""

SHELLS_OF_PROTOCOL: Mapping[str, tuple[str, ...]] = {
    "local": ("sh", "bash"),
    "ssh": ("sh", "bash"),
    "http": (HTTP,),
}
"""What carries a text out, by how the target is reached (words of `inventory.Protocol`).

A shell is whatever gives the text its meaning: an interpreter on the target, or one of our own sessions.
"""

RUN_PROTOCOLS = tuple(SHELLS_OF_PROTOCOL)
"""Protocols over which this version runs anything."""

COMMAND_PROTOCOLS = tuple(protocol for protocol, shells in SHELLS_OF_PROTOCOL.items() if HTTP not in shells)
"""Those of them over which it is commands that run, and on which a shell can be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTarget:
    """One target as it was resolved when the order was written; a later edit of the inventory voids the order.

    Attributes:
        name: target name.
        protocol: how it is reached, a word of `inventory.Protocol`.
        address: what is connected to.
        port: 0 for the protocol's own.
        user: log-in name, "" for what ssh_config or the account says.
    """

    name: str
    protocol: str
    address: str
    port: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What would run, where, as whom, for how long, until when. Every byte of it is approved.

    Attributes:
        command: the text handed to the shell, unchanged.
        shell: what carries the text out; a word of SHELLS_OF_PROTOCOL.
        targets: in the order in which they are worked on.
        timeout_s: seconds it may run on one target.
        expires_at: epoch seconds after which it may not start.
    """

    command: str
    shell: str
    targets: tuple[OrderTarget, ...]
    timeout_s: float
    expires_at: float

    def canonical(self) -> bytes:
        """Return the bytes that are approved: JSON with sorted keys, times in whole milliseconds, no floats."""
        body = {
            "v": 1,
            "command": self.command,
            "shell": self.shell,
            "targets": [[t.name, t.protocol, t.address, t.port, t.user] for t in self.targets],
            "timeout_ms": round(self.timeout_s * 1000),
            "expires_ms": round(self.expires_at * 1000),
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

    def digest(self) -> str:
        """Return sha256 over `canonical`, 64 hex digits."""
        return hashlib.sha256(self.canonical()).hexdigest()
