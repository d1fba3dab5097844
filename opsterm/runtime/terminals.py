"""Use-case of the terminal: a shell on a target, opened by the operator's own hand."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from opsterm.core.errors import BadInput, StorageFull, Unreachable
from opsterm.core.events import Event, event
from opsterm.inventory.target import Protocol, Target
from opsterm.policy.approval import require_writable
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Connector, Shell
from opsterm.runtime.refusals import refusals_told
from opsterm.runtime.supervisor import to_the_end


@event("terminal.opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalOpened(Event):
    """The operator opened a shell on a target."""

    target: str


@event("terminal.closed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalClosed(Event):
    """A shell on a target ended; `exit_status` is None when it was hung up."""

    target: str
    exit_status: int | None


@event("hostkey.trusted")
@dataclass(frozen=True, slots=True, kw_only=True)
class HostKeyTrusted(Event):
    """The operator compared the key of a host and took it into known_hosts."""

    target: str
    fingerprint: str


class Terminals:
    """Opens shells and tells that they were opened.

    Args:
        read_only: the setting changes.read_only: no shell is opened, since anything can be typed into one.
    """

    def __init__(
        self, ledger: Ledger, inventory: Inventory, connector: Callable[[], Awaitable[Connector]], *,
        read_only: bool = False,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._inventory = inventory
        self._connector = connector
        self._read_only = read_only

    @refusals_told("open a terminal")
    async def require(self, target: str) -> Target:
        """Return a target on which a shell can be opened.

        Raises:
            Refused: read-only mode.
            NotFound: no such target.
            BadInput: what it is reached by has no terminals.
        """
        require_writable(read_only=self._read_only, what="opened in a terminal")
        found = await self._inventory.get(target)
        if found.protocol in (Protocol.LOCAL, Protocol.SSH):
            return found
        instead = f"add that as a target of its own: opsterm targets add {target}-ssh --address {found.reach}"
        windows = f"Run a command: opsterm propose --on {target} --shell powershell -- …"
        raise BadInput(
            f"{target} is reached by {found.protocol}, which has no terminals.",
            next_step=windows if found.protocol is Protocol.WINRM else f"If it has an SSH server, {instead}",
        )

    async def open(self, target: str, *, columns: int, rows: int, term: str = "xterm-256color") -> Shell:
        """Open a log-in shell on a target's PTY.

        Raises:
            Refused, NotFound, BadInput: as `require`.
            Unreachable: and its kinds; what was learned of reachability is kept.
        """
        order_target = self._inventory.order_target(await self.require(target))
        try:
            shell = await (await self._connector()).shell(order_target, columns=columns, rows=rows, term=term)
        except Unreachable as error:
            with contextlib.suppress(StorageFull):
                await self._inventory.note_seen({target: error.what})
            raise
        try:
            await self._inventory.note_seen({target: ""})
            await self._ledger.record(self._ledger.fact(TerminalOpened(target=target)))
        except StorageFull:
            return shell  # room is made on a full disk from a terminal
        except BaseException:
            await to_the_end(shell.close())
            raise
        return shell

    async def closed(self, target: str, exit_status: int | None) -> None:
        """Tell that a shell ended; on a full disk nobody is told."""
        with contextlib.suppress(StorageFull):
            await self._ledger.record(self._ledger.fact(TerminalClosed(target=target, exit_status=exit_status)))

    async def trust(self, host: str | Target, fingerprint: str) -> None:
        """Accept a host key that the operator has compared; raises when the host now shows another one.

        Args:
            host: a target's name, or the name or address of a host on the way to one; or a target that may not be in
                the inventory yet.
            fingerprint: "SHA256:…", as it was shown.
        """
        target = host if isinstance(host, Target) else self._inventory.target(host)
        what = self._inventory.order_target(target) if target is not None else str(host)
        await (await self._connector()).trust(what, fingerprint)
        name = target.name if target is not None else str(host)
        with contextlib.suppress(StorageFull):
            await self._ledger.record(self._ledger.fact(HostKeyTrusted(target=name, fingerprint=fingerprint)))
