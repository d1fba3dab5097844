"""Records of what a look at a host finds: services, ports, connections, users, clock, certificates, packages.

None, "" and () stand for what is not known. All text is cleaned.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUnit:
    """A service of the host's own service manager.

    Attributes:
        name: as the manager knows it, without ".service".
        state: "running", "exited", "failed", "stopped", "starting", or another word of the manager; "" when not known.
        enabled: whether it starts with the host; None when not known, or when others start it.
        description: one line, "" for none.
    """

    name: str
    state: str = ""
    enabled: bool | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A port on which the host takes connections or packets.

    Attributes:
        protocol: "tcp" or "udp".
        address: the local address; "*" for every one.
        port: 1 to 65535.
        process: name of the process, "" when the account may not see it.
        unit: the service that the process belongs to; "" when not known.
        container: whether the process runs in a container.
    """

    protocol: str
    address: str
    port: int
    process: str = ""
    unit: str = ""
    container: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only the host itself can reach it."""
        return self.address.startswith("127.") or self.address in ("::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A TCP connection that stands, seen from the host that opened it; its own port tells nothing and is left out.

    Attributes:
        address: of the other side.
        port: of the other side.
        process: that opened it, "" when not known.
    """

    address: str
    port: int
    process: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """Somebody who is logged in."""

    user: str
    terminal: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with a shell; on Windows one of its own that is not disabled, `uid` the end of its SID."""

    name: str
    uid: int
    shell: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostClock:
    """How right the host's clock is.

    Attributes:
        skew_s: seconds that it is ahead of this machine's clock, negative when behind.
        error_s: how wrong that may be: half the time that the question was under way.
        service: what keeps it right: "chrony", "ntpd", "systemd-timesyncd", "ptp", "w32time"; "none" when none runs.
        synchronized: whether that service says so; None when it cannot be asked.
    """

    skew_s: float | None = None
    error_s: float | None = None
    service: str = ""
    synchronized: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCertificate:
    """A certificate on the host.

    Attributes:
        place: path of its file, or "port 443".
        subject: as in "CN=www.example.org"; "" when it cannot be read.
        names: DNS names and addresses that it is for.
        issuer: who signed it.
        not_after: until when it holds, epoch seconds; None when it cannot be read.
    """

    place: str
    subject: str = ""
    names: tuple[str, ...] = ()
    issuer: str = ""
    not_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingUpdate:
    """A package that a newer version waits for; `security` is None where the system does not tell these apart."""

    name: str
    version: str
    security: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageState:
    """Packages, without asking any server.

    Attributes:
        installed: how many.
        pending: those with a newer version in the index; None when not known.
        index_age_s: seconds since the index was refreshed; None when not known. What is pending is no newer than that.
        tells_security: whether the system says which updates are for security.
        reboot: whether the system asks for a reboot.
        versions: of the packages whose services are known by name.
    """

    installed: int | None = None
    pending: tuple[PendingUpdate, ...] | None = None
    index_age_s: float | None = None
    tells_security: bool = False
    reboot: bool = False
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def security(self) -> tuple[PendingUpdate, ...] | None:
        """Updates for security; None when not known."""
        if self.pending is None or not self.tells_security:
            return None
        return tuple(update for update in self.pending if update.security)
