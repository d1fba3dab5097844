"""Whose engine sends a target's traps of version 3: the first that was seen is kept, as a host key is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.core.errors import BadInput, NotFound
from opsterm.monitoring.events import SnmpEngineChanged, SnmpEngineTrusted
from opsterm.monitoring.traps import ArrivedTrap
from opsterm.runtime.alert_keeper import MONITOR
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import PreferenceStore

KEY = "snmp.engines"


@dataclass(frozen=True, slots=True)
class KnownEngine:
    """The engine of a target.

    Attributes:
        kept: its id in hexadecimal digits, the first that proved to know the passphrase.
        other: another that proved it since, "" for none: nobody has said yes to it.
    """

    kept: str
    other: str = ""


class TrapEngines:
    """Engines of targets, shared by all processes.

    One passphrase is often the same for many devices, so that who sends with the right one need not be this device.
    """

    def __init__(self, preferences: PreferenceStore, ledger: Ledger) -> None:
        self._preferences = preferences
        self._ledger = ledger
        self._known: dict[str, KnownEngine] = {}

    async def known(self) -> Mapping[str, KnownEngine]:
        """Return what is kept now, by target."""
        try:
            said = json.loads(await self._preferences.get(KEY) or "{}")
            self._known = {str(name): KnownEngine(str(one[0]), str(one[1])) for name, one in said.items()}
        except (ValueError, TypeError, AttributeError, LookupError):
            self._known = {}
        return self._known

    async def judged(self, traps: Sequence[ArrivedTrap], *, writes: bool) -> Sequence[ArrivedTrap]:
        """Return traps with those of another engine than the kept one as not authenticated.

        Args:
            traps: what arrived.
            writes: whether anything can be kept now.
        """
        if not any(trap.engine and self._differs(trap) for trap in traps):
            return traps
        await self.known()  # somebody may have said yes to it in another process
        return [await self._judged(trap, writes=writes) if trap.engine else trap for trap in traps]

    def _differs(self, trap: ArrivedTrap) -> bool:
        known = self._known.get(trap.target)
        return known is None or known.kept != trap.engine

    async def _judged(self, trap: ArrivedTrap, *, writes: bool) -> ArrivedTrap:
        if not self._differs(trap):
            return trap
        known = self._known.get(trap.target)
        if known is None:
            await self._keep(trap.target, KnownEngine(trap.engine), writes=writes)
            return trap
        if known.other != trap.engine:
            await self._keep(trap.target, replace(known, other=trap.engine), writes=writes)
            if writes:
                told = SnmpEngineChanged(target=trap.target, sender=trap.sender, before=known.kept, now=trap.engine)
                await self._ledger.record(self._ledger.fact(told, by=MONITOR))
        return replace(trap, checked=False)

    async def _keep(self, target: str, engine: KnownEngine, *, writes: bool) -> None:
        self._known[target] = engine
        if writes:
            said = {name: [one.kept, one.other] for name, one in sorted(self._known.items())}
            await self._preferences.put(KEY, json.dumps(said, separators=(",", ":")))

    async def trust(self, target: str, *, shown: str = "") -> KnownEngine:
        """Keep the other engine of a target in place of the one before; return both, as they were.

        Args:
            target: whose.
            shown: the other engine as the operator saw it; "" for whichever was seen last.

        Raises:
            NotFound: no other has been seen.
            BadInput: yet another has been seen meanwhile.
        """
        known = (await self.known()).get(target)
        if known is None or not known.other:
            raise NotFound(
                f"No other engine than the kept one has sent traps of {target}.",
                next_step="`opsterm snmp traps` says when one does.",
            )
        if shown not in ("", known.other):
            raise BadInput(
                f"{target} was not trusted: yet another engine, {known.other}, has sent its traps meanwhile.",
                next_step="Look at it again, and find out what sends in its name.",
            )
        await self._keep(target, KnownEngine(known.other), writes=True)
        told = SnmpEngineTrusted(target=target, engine=known.other)
        await self._ledger.record(self._ledger.fact(told))
        return known


def what_changed(known: KnownEngine) -> str:
    """Return the sentences about an engine that has changed, without what to do about it."""
    return (
        f"Its SNMP engine has changed, from {known.kept} to {known.other}. It was replaced or reset, or another device "
        "sends in its name; its traps raise no alert."
    )


def changed_words(target: str, known: KnownEngine) -> str:
    """Return the sentences about a target whose engine has changed, as a command line has them."""
    return f"{target}: {what_changed(known)} If you know why: opsterm snmp trust {target}"
