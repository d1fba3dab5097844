"""Use-cases of profiles: what a target is, looked at now or as it is kept, and what has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, StorageFull, Unreachable
from opsterm.core.events import Fact
from opsterm.inventory.target import WITH_A_SHELL, Protocol
from opsterm.monitoring.events import ProfileChanged
from opsterm.monitoring.host_people import AskedAt
from opsterm.monitoring.host_profile import HostProfile, host_profile
from opsterm.monitoring.host_upkeep import ReadCertificate
from opsterm.monitoring.kept_profile import KeptProfile, completed, with_texts
from opsterm.monitoring.looks import Look
from opsterm.monitoring.profile_changes import ProfileChange, profile_changes
from opsterm.monitoring.windows_host import windows_profile
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_services import ProfileStore
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.remote_look import Looked, look_at

LIMIT_S = 90.0
"""Seconds for log-in and script: an operator waits, and may press ctrl+c. Each slow part has a limit of its own."""

MOST_TOLD = 20
"""Changes that one fact lists."""

Heard = Callable[[KeptProfile, Fence | None], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileNews:
    """What a look brought.

    Attributes:
        kept: the profile, as it is kept now.
        changes: what is different from the one before; () when nothing is, or when there was none before.
        compared_with: epoch seconds of the last look before; None when this was the first.
    """

    kept: KeptProfile
    changes: tuple[ProfileChange, ...]
    compared_with: float | None


class Profiles:
    """Profiles of Linux and Windows targets, this host included.

    Args:
        connector: returns what opens sessions.
        certificates: returns what takes certificates apart.
    """

    def __init__(
        self, store: ProfileStore, ledger: Ledger, clock: Clock, inventory: Inventory, *, offload: Offload,
        connector: Callable[[], Awaitable[Connector]], certificates: Callable[[], Awaitable[ReadCertificate]],
        read_only: bool = False,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._inventory = inventory
        self._offload = offload
        self._connector = connector
        self._certificates = certificates
        self._read_only = read_only
        self._heard: list[Heard] = []

    def on_look(self, call: Heard) -> None:
        """Call `call` with every profile that a look brings, once it is kept."""
        self._heard.append(call)

    async def kept(self, name: str) -> KeptProfile | None:
        """Return what a target was when it was last looked at, None when it never was. Raises NotFound."""
        await self._inventory.get(name)
        history = await self._store.history(name, 1)
        return history[0] if history else None

    async def all(self) -> Mapping[str, KeptProfile]:
        """Return the newest profile of every target of the inventory that has one."""
        newest = await self._store.newest()
        return {name: newest[name] for name in (row.target.name for row in self._inventory.rows()) if name in newest}

    async def looked_at(self) -> Mapping[str, tuple[float, str]]:
        """Return (time of the last look, boot id then) by target."""
        return await self._store.looked_at()

    async def managers(self) -> Mapping[str, str]:
        """Return the service manager by target, of those that were looked at, as in "systemd". Cheap."""
        return await self._store.managers()

    async def addresses(self) -> Mapping[str, Sequence[str]]:
        """Return the addresses that targets showed, by target. Cheap."""
        return await self._store.addresses()

    async def changes(self, name: str) -> ProfileNews:
        """Return what was different when a target last changed, without looking again.

        Raises:
            NotFound: there is no such target, or it was never looked at.
        """
        await self._inventory.get(name)
        history = await self._store.history(name, 2)
        if not history:
            raise NotFound(
                f"{name} was not looked at yet.", next_step=f"Look now: opsterm targets profile {name} --refresh"
            )
        if len(history) == 1:
            return ProfileNews(kept=history[0], changes=(), compared_with=None)
        new, old = history
        return ProfileNews(kept=new, changes=profile_changes(old.profile, new.profile), compared_with=old.at)

    async def refresh(self, name: str, *, fence: Fence | None = None, tell: bool = True) -> ProfileNews:
        """Log in, look, keep what the target is, and return it with what has changed; its reachability is kept, too.

        Args:
            name: the target.
            fence: proof of the lease, when a worker looks.
            tell: whether those that asked with `on_look` hear of it.

        Raises:
            Refused: read-only mode, in which nothing is sent to a target.
            NotFound: there is no such target.
            BadInput: it is not reached by a shell.
            OpstermError: as `Connector.session`; or it is no Linux host.
        """
        target = await self._inventory.get(name)
        require_writable(read_only=self._read_only, what="looked at over a line")
        if target.protocol not in WITH_A_SHELL:
            raise BadInput(
                f"{name} is reached by {target.protocol}: only targets with a shell have this profile.",
                next_step=f"Give {name} the protocol ssh or winrm if it has such a server.",
            )
        order = self._inventory.order_target(target)
        windows = target.protocol is Protocol.WINRM
        look = Look.WINDOWS_PROFILE if windows else Look.PROFILE
        try:
            looked = await look_at(await self._connector(), order, look, limit_s=LIMIT_S, clock=self._clock)
        except Unreachable as error:
            if fence is None:  # the worker that measures says so of targets that are measured
                await self._note(name, mask(error.what)[0])
            raise
        await self._note(name, "")
        read = await self._certificates()
        found = await self._offload.run("profiles", lambda: _profile(looked, read, target.protocol))
        if found is None and windows:
            raise Unreachable(
                f"{name} let us in, but shows no Windows.",
                why="Its management service (WMI) gave no Win32_OperatingSystem.",
                next_step="See its WMI service (winmgmt), and what the account may read.",
            )
        if found is None:
            raise Unreachable(
                f"{name} let us in, but shows no Linux with sh.",
                why="Its shell did not run a POSIX script.",
                next_step=f"Open a terminal on {name} to see what answers.",
            )
        news = await self._keep(name, found, fence)
        for call in self._heard if tell else ():
            await call(news.kept, fence)
        return news

    async def _keep(self, name: str, found: HostProfile, fence: Fence | None) -> ProfileNews:
        history = await self._store.history(name, 1)
        before = history[0] if history else None
        if before is not None and not found.complete:
            found = completed(found, before.profile)
        changes = profile_changes(before.profile, found) if before else ()
        now = self._clock.now()
        since = before.since if before and not changes else now
        kept = KeptProfile(target=name, since=since, at=now, profile=found)
        with suppress(StorageFull):  # what was seen counts more than that it is remembered
            facts = [self._fact(name, changes)] if changes or before is None else []
            self._ledger.committed(await self._store.keep(kept, facts, fence=fence))
        return ProfileNews(kept=kept, changes=changes, compared_with=before.at if before else None)

    def _fact(self, name: str, changes: Sequence[ProfileChange]) -> Fact:
        told = tuple(change.text for change in changes[:MOST_TOLD])
        return self._ledger.fact(ProfileChanged(target=name, changes=told, more=max(0, len(changes) - MOST_TOLD)))

    async def _note(self, name: str, reason: str) -> None:
        with suppress(StorageFull):  # as above
            await self._inventory.note_seen({name: reason})


def _profile(looked: Looked, read: ReadCertificate, protocol: Protocol) -> HostProfile | None:
    """Read a profile and mask secrets in it; this host's clock is not compared with itself. Blocking: some 10 ms."""
    asked = None if protocol is Protocol.LOCAL else AskedAt(sent=looked.sent, heard=looked.heard)
    if protocol is Protocol.WINRM:
        found = windows_profile(looked.text, asked=asked)
    else:
        found = host_profile(looked.text, read_certificate=read, asked=asked)
    return found and with_texts(found, lambda text: mask(text)[0])
