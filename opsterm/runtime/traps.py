"""Use-cases of traps: what was received, from whom; and the worker that receives."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace

from opsterm.core.clock import Clock
from opsterm.core.errors import BadSelector, BadSetting, OpstermError, StorageError
from opsterm.core.events import Fact
from opsterm.core.snmp_settings import SnmpSettings, udp_place
from opsterm.core.text import clean_line
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import Protocol
from opsterm.monitoring.events import TrapReceived
from opsterm.monitoring.item_limit import ItemLimit
from opsterm.monitoring.metrics import SNMP_TRAP
from opsterm.monitoring.mib import NAMES
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.trap_rules import TrapRule, ends_at, interface, is_link, is_start, readings, trap_rules
from opsterm.monitoring.traps import ArrivedTrap, SenderCount, Trap, TrapSieve
from opsterm.policy.mask import mask
from opsterm.runtime.alert_keeper import MONITOR
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports_mail import WholeStore
from opsterm.runtime.ports_snmp import SnmpReader
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.ports_traps import Arrival, LocalEngine, TrapEar
from opsterm.runtime.supervisor import Heart
from opsterm.runtime.trap_engines import TrapEngines

ROUND_S = 0.2
"""How long what arrives is gathered: one commit for all of it."""

REPORT_EVERY_S = 5.0
NAMES_WITHIN_S = 1.5
NAMES_AT_ONCE = 8
NAMES_KNOWN = 20_000
NAMELESS_S = 60.0
"""How long an interface goes by its number after its agent did not tell its name."""

TEXT_TOLD = 300

ITEMS = 2000
"""Interfaces, and things of a rule, that the traps of one target may name: anybody can send in its name."""

ENGINE_KEY = "snmp.engine"
REPORT_KEY = "snmp.traps"

_ENGINE_PREFIX = bytes.fromhex("8000000005")  # RFC 3411, 5: no enterprise's, and octets of our own follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """How the receiver is, as it last said.

    Attributes:
        at: when, epoch seconds.
        place: where it listens, as the setting says it.
        error: why it does not, "" when it does.
        next_step: what to do about that.
        left_out: traps that were not kept because their target sent too many.
        senders: what came from whom since it began, the newest first.
    """

    at: float
    place: str
    error: str = ""
    next_step: str = ""
    left_out: int = 0
    senders: Sequence[SenderCount] = ()


class Traps:
    """Traps and informs. One process receives, the holder of the lease; every process may look.

    Attributes:
        engines: whose engines the traps of version 3 are from.
    """

    def __init__(
        self, store: WholeStore, ledger: Ledger, clock: Clock, *, settings: SnmpSettings, inventory: Inventory,
        monitoring: Monitoring, alerts: Alerts, open_ear: Callable[[], Awaitable[TrapEar]],
        open_reader: Callable[[], Awaitable[SnmpReader]],
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._inventory = inventory
        self._monitoring = monitoring
        self._alerts = alerts
        self._open_ear = open_ear
        self._open_reader = open_reader
        self._rules: Sequence[TrapRule] = ()
        self._sieve = TrapSieve()
        self._nameless: dict[tuple[str, int], float] = {}  # when they were asked for last, in vain
        self._names: dict[tuple[str, int], str] = {}
        self._ends: dict[SeriesKey, float] = {}
        self._left_out = 0
        self._items = ItemLimit(ITEMS)
        self.engines = TrapEngines(store.preferences, ledger)

    # ------------------------------------------------------------------------------------------------- looking

    async def list(self, selector: str = "", *, since_s: float = 86400.0, limit: int = 1000) -> Sequence[Trap]:
        """Return the traps of some targets, the newest first.

        Args:
            selector: which targets; "" for all, those that are in the inventory no longer included.
            since_s: those that came last within so many seconds.
            limit: at most so many.

        Raises:
            BadSelector, NotFound: the selector chooses nothing.
        """
        chosen = [row.target.name for row in await self._inventory.resolve(selector)] if selector.strip() else None
        return await self._store.traps.list(targets=chosen, since=self._clock.now() - since_s, limit=limit)

    async def receiver(self) -> Receiver | None:
        """Return how the receiver of whichever process is; None when it never said anything."""
        try:
            said = json.loads(await self._store.preferences.get(REPORT_KEY) or "")
            return Receiver(**{**said, "senders": tuple(SenderCount(**row) for row in said["senders"])})
        except (ValueError, TypeError, KeyError):
            return None

    # ----------------------------------------------------------------------------------------------- receiving

    async def receive_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Receive, keep, and raise and end alerts. Run under the lease.

        Raises:
            BadSetting: snmp.traps or a table [[snmp.trap_alert]] cannot be used.
            Refused, Unreachable: the port cannot be opened.
            LeaseLost: another process runs the workers now.
            StorageError: something could not be kept, and the disk is not just full.
        """
        place = udp_place(self._settings.traps)
        if place is None:
            raise BadSetting(f"snmp.traps is no place to receive at: {self._settings.traps}")
        self._rules = checked_trap_rules(self._settings)
        ear = await self._open_ear()
        try:
            await ear.listen(*place, await self._engine())
        except OpstermError as error:
            await self._report(Receiver(at=self._clock.now(), place=self._settings.traps, error=error.what,
                                        next_step=error.next_step))  # fmt: skip
            raise
        self._sieve, self._left_out, self._items = TrapSieve(), 0, ItemLimit(ITEMS)
        for alert in self._alerts.feed():
            self._items.key(alert.key)  # so that what ends it is still told from the others
        self._ends = {
            alert.key: end
            for alert in self._alerts.feed()
            if alert.key.metric == SNMP_TRAP and (end := ends_at(alert.key, alert.last_seen, self._rules))
        }
        try:
            await self._rounds(ear, heart, fence)
        finally:
            await ear.close()

    async def _rounds(self, ear: TrapEar, heart: Heart, fence: Fence) -> None:
        report_at, reported = 0.0, ""
        while True:
            heart.beat()
            ear.know(self._addresses())
            await self.take(await ear.arrivals(1.0), fence)
            if self._clock.monotonic() >= report_at:
                report_at = self._clock.monotonic() + REPORT_EVERY_S
                said = repr(ear.counts())
                if said != reported:  # a quiet receiver costs no writes
                    reported = said
                    await self._report(Receiver(at=self._clock.now(), place=self._settings.traps,
                                                left_out=self._left_out, senders=ear.counts()))  # fmt: skip
            await asyncio.sleep(ROUND_S)

    async def take(self, arrivals: Sequence[Arrival], fence: Fence) -> None:
        """Keep what has arrived, acknowledge it, and let alerts follow from it; end those whose time is over."""
        traps = await self.engines.judged(
            [arrival.trap for arrival in arrivals], writes=not self._store.read_only_because
        )
        believed = [trap for trap in traps if trap.checked or not self._settings.traps_need_login]
        if traps:
            await self._keep(traps, fence)
            for arrival in arrivals:
                arrival.acknowledge()
            await self._learn_names(believed)
        newest: dict[SeriesKey, Sample] = {}
        for trap in believed:
            for reading in readings(trap, self._rules, chooses=self._inventory.chooses, names=self._names):
                key = self._items.key(reading.key._replace(item=mask(reading.key.item)[0]))
                newest[key] = Sample(key, reading.at, reading.value)
                self._ends.pop(key, None)
                if reading.ends_at:
                    self._ends[key] = reading.ends_at
        now = self._clock.now()
        for key in [key for key, end in self._ends.items() if end <= now]:
            del self._ends[key]
            newest[key] = Sample(key, now, 0.0)
        if newest:
            await self._monitoring.take(sorted(newest.values(), key=lambda sample: sample.key.target), fence)

    async def _keep(self, traps: Sequence[ArrivedTrap], fence: Fence) -> None:
        sifted = self._sieve.sift(traps)
        self._left_out += sum(sifted.left_out.values())
        if not sifted.new and not sifted.again:
            return
        new = [masked(trap) for _, trap in sifted.new]
        try:
            kept, facts = await self._store.traps.keep(new, sifted.again, self._facts, fence=fence)
        except StorageError:
            if not self._store.read_only_because:
                raise
            return  # a disk that takes no writes costs the list, not the alerts
        self._sieve.kept([mark for mark, _ in sifted.new], kept)
        self._ledger.committed(facts)

    def _facts(self, kept: Sequence[Trap]) -> Sequence[Fact]:
        return [
            self._ledger.fact(
                TrapReceived(
                    target=trap.target, sender=trap.sender, trap=trap.trap, name=trap.name,
                    text=clean_line(trap.text, limit=TEXT_TOLD),
                ),
                by=MONITOR,
            )
            for trap in kept
        ]  # fmt: skip

    async def _report(self, receiver: Receiver) -> None:
        if not self._store.read_only_because:
            await self._store.preferences.put(REPORT_KEY, json.dumps(asdict(receiver), separators=(",", ":")))

    async def _engine(self) -> LocalEngine:
        """Return who we are: the same id at every start, and one more boot."""
        try:
            said = json.loads(await self._store.preferences.get(ENGINE_KEY) or "")
            engine = LocalEngine(id=bytes.fromhex(said["id"]), boots=int(said["boots"]) + 1)
        except (ValueError, TypeError, KeyError):
            engine = LocalEngine(id=_ENGINE_PREFIX + secrets.token_bytes(12), boots=1)
        if not self._store.read_only_because:
            said = json.dumps({"id": engine.id.hex(), "boots": engine.boots})
            await self._store.preferences.put(ENGINE_KEY, said)
        return engine

    # --------------------------------------------------------------------------------------- who and which link

    def _addresses(self) -> dict[str, str]:
        """Return whose address is whose; where two targets share one, the one that is reached by SNMP has it."""
        found: dict[str, str] = {}
        for row in sorted(self._inventory.rows(), key=lambda row: row.target.protocol is Protocol.SNMP):
            found[row.target.reach] = row.target.name
        return found

    async def _learn_names(self, traps: Sequence[ArrivedTrap]) -> None:
        """Ask agents for names of interfaces that their traps tell by number only; who does not answer is let be."""
        wanted: set[tuple[str, int]] = set()
        now = self._clock.monotonic()
        for trap in traps:
            if is_start(trap.trap):
                self._names = {key: name for key, name in self._names.items() if key[0] != trap.target}
            number, name = interface(trap) if is_link(trap.trap) else (0, "")
            key = (trap.target, number)
            asked_in_vain = now - self._nameless.get(key, -NAMELESS_S) < NAMELESS_S
            if number and not name and key not in self._names and not asked_in_vain:
                wanted.add(key)
        async with asyncio.TaskGroup() as group:
            for target, number in sorted(wanted)[:NAMES_AT_ONCE]:
                group.create_task(self._learn_name(target, number))

    async def _learn_name(self, name: str, number: int) -> None:
        if len(self._names) + len(self._nameless) > NAMES_KNOWN:
            self._names.clear()
            self._nameless.clear()
        self._nameless[name, number] = self._clock.monotonic()
        target = self._inventory.target(name)
        if target is None or target.protocol is not Protocol.SNMP:
            return
        objects = [(*NAMES["ifName"], number), (*NAMES["ifDescr"], number)]
        try:
            async with asyncio.timeout(NAMES_WITHIN_S):
                reader = await self._open_reader()
                found = await reader.get(self._inventory.order_target(target), objects)
        except (OpstermError, TimeoutError):
            return
        told = [binding.value.text for binding in found if binding.value.text]
        if told:
            self._names[name, number] = told[0]


def masked(trap: Trap) -> Trap:
    """Return a trap whose texts hold no secrets of common forms."""
    return replace(trap, bindings=tuple((name, mask(value)[0]) for name, value in trap.bindings))


def checked_trap_rules(settings: SnmpSettings) -> Sequence[TrapRule]:
    """Return which traps are alerts. Raises BadSetting."""
    rules = trap_rules(settings.trap_alert)
    for number, setting in enumerate(settings.trap_alert, 1):
        try:
            parse_selector(setting.target)
        except BadSelector as error:
            raise BadSetting(
                f"[[snmp.trap_alert]] number {number}: the target {setting.target!r} is no selector.",
                why=error.what,
                next_step="Write it as in tag:edge, sw-[01-12] or *.",
            ) from error
    return rules
