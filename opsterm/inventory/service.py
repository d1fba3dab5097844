"""A service of a target: what the registry holds, how it is named, and what the operator has decided about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

_ODD = re.compile(r"[^A-Za-z0-9_.-]+")
LONGEST_NAME = 80


class ServiceState(StrEnum):
    """Where a record stands. Nobody but the operator makes it accepted or ignored, or takes it out."""

    FOUND = "found"
    ACCEPTED = "accepted"
    IGNORED = "ignored"
    GONE = "gone"


class HealthCheckKind(StrEnum):
    """How it is seen whether a service works."""

    TCP = "tcp"
    HTTP = "http"
    HTTPS = "https"
    UNIT = "unit"
    NONE = "none"


class HealthStatus(StrEnum):
    """What the last check said."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """A port that a service listens on; `local` when only its own target reaches it."""

    protocol: str
    port: int
    local: bool = False

    @property
    def text(self) -> str:
        """As in "tcp/443"."""
        return f"{self.protocol}/{self.port}{' (local)' if self.local else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How to see whether a service works; `port` is None for a check that needs none."""

    kind: HealthCheckKind
    port: int | None = None

    @property
    def text(self) -> str:
        """As in "tcp 5432"."""
        return self.kind.value if self.port is None else f"{self.kind} {self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """One record of the registry.

    Attributes:
        name: of the service on its target, without "@" and blanks.
        target: whose it is.
        kind: "http", "ssh", "sql:postgres"; "tcp" when nothing more is known.
        capabilities: what it can be asked for: its kind, and "tls" where it speaks TLS.
        ports: where it listens.
        process: name of its process, "" when not known.
        unit: as the target's service manager knows it, "" when not known.
        version: of its package, "" when not known.
        check: how its health is seen.
        decided: ACCEPTED or IGNORED once the operator has said so, else FOUND.
        found_at: epoch seconds when it was first found.
        seen_at: epoch seconds when it was last found.
        gone_at: epoch seconds when it was first missed, None while it is there.
        health: what the last check said.
        health_text: one line about that.
        health_at: epoch seconds of the last check, None for none.
    """

    name: str
    target: str
    kind: str
    capabilities: tuple[str, ...]
    ports: tuple[ServicePort, ...]
    check: HealthCheck
    found_at: float
    seen_at: float
    process: str = ""
    unit: str = ""
    version: str = ""
    decided: ServiceState = ServiceState.FOUND
    gone_at: float | None = None
    health: HealthStatus = HealthStatus.UNKNOWN
    health_text: str = ""
    health_at: float | None = None

    @property
    def id(self) -> str:
        """As in "nginx@web-01"."""
        return f"{self.name}@{self.target}"

    @property
    def state(self) -> ServiceState:
        """Where the record stands."""
        return ServiceState.GONE if self.gone_at is not None else self.decided

    def offers(self, capability: str) -> bool:
        """Return whether it can be asked for a capability: "sql" is offered by "sql:postgres", not the reverse."""
        return any(one == capability or one.startswith(f"{capability}:") for one in self.capabilities)


def service_name(text: str) -> str:
    """Return a name fit for a record: a unit's or a process's, with what an id cannot hold replaced."""
    return _ODD.sub("-", clean_line(text, limit=LONGEST_NAME)).strip("-.") or "unnamed"


def parse_service_id(text: str) -> tuple[str, str]:
    """Return (name, target) of "nginx@web-01". Raises BadInput."""
    name, at, target = text.strip().partition("@")
    if not at or not name or not target or service_name(name) != name:
        raise BadInput(
            f"{clean_line(text, limit=100)!r} does not name a service.",
            next_step="Write it as SERVICE@TARGET, as in nginx@web-01; `opsterm services list` shows them.",
        )
    return name, target
