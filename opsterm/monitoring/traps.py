"""Traps: what arrived, which of it is the same again, and how much of it is kept.

A sender may send as much as it likes. So there is a limit for what of one sender is looked at, and a lower one for what
is kept; what goes beyond is counted, and the counts are shown.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.core.text import clean_line
from opsterm.monitoring.mib import Oid, oid_name, oid_text
from opsterm.monitoring.snmp_values import Binding, value_words

SAME_S = 300.0
"""A trap that says the same as one of the last so many seconds is that one once more."""

KEPT_AT_ONCE, KEPT_PER_S = 100.0, 0.2
"""New traps of one target that are kept: so many at once, and so many a second in the long run."""

REMEMBERED = 5000
"""Traps by which a further one is known as the same."""

BINDINGS_KEPT = 40
TEXT_KEPT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedTrap:
    """A trap or an inform, as it came from a target.

    Attributes:
        target: name of the target whose address it came from.
        sender: that address.
        at: epoch seconds.
        version: "1", "2c" or "3".
        user: of version 3, else "".
        checked: whether a kept log-in says that it is the target's: version 3 with a passphrase, or a known community.
        engine: id of the sender's engine in hexadecimal digits, proved by its passphrase; "" for none, as of an inform.
        trap: which one.
        up_time: of the sender, hundredths of a second; None when it does not say.
        bindings: what it tells.
        is_inform: whether it was acknowledged.
    """

    target: str
    sender: str
    at: float
    version: str
    user: str
    checked: bool
    trap: Oid
    up_time: int | None
    bindings: Sequence[Binding]
    is_inform: bool
    engine: str = ""

    @property
    def mark(self) -> str:
        """32 hex digits, equal for traps that say the same."""
        parts = [self.target, oid_text(self.trap), *(f"{b.oid}{b.value.value!r}" for b in self.bindings)]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A trap as it is kept, cleaned and masked.

    Attributes:
        id: number; 0 until it is kept.
        target, sender, version, user, checked, is_inform: as `ArrivedTrap`.
        trap: its number, as in "1.3.6.1.6.3.1.1.5.3".
        name: as a person says it: "linkDown", or the number.
        up_time_s: of the sender when it was sent first; None when it does not say.
        at: when it came first, epoch seconds.
        last_at: when it came last.
        count: how often.
        bindings: objects with their values, both as texts.
    """

    id: int = 0
    target: str
    sender: str
    version: str
    user: str
    checked: bool
    is_inform: bool
    trap: str
    name: str
    up_time_s: float | None
    at: float
    last_at: float
    count: int = 1
    bindings: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """What it tells, on one line."""
        return ", ".join(f"{name} {value}" for name, value in self.bindings)


def trap_of(arrived: ArrivedTrap) -> Trap:
    """Return an arrived trap in the form in which it is kept; not masked yet."""
    bindings = [
        (oid_name(binding.oid), clean_line(value_words(binding), limit=TEXT_KEPT))
        for binding in arrived.bindings[:BINDINGS_KEPT]
    ]
    if len(arrived.bindings) > BINDINGS_KEPT:
        bindings.append(("…", f"{len(arrived.bindings) - BINDINGS_KEPT} more"))
    return Trap(
        target=arrived.target, sender=arrived.sender, version=arrived.version,
        user=clean_line(arrived.user, limit=64), checked=arrived.checked, is_inform=arrived.is_inform,
        trap=oid_text(arrived.trap), name=oid_name(arrived.trap),
        up_time_s=None if arrived.up_time is None else arrived.up_time / 100, at=arrived.at, last_at=arrived.at,
        bindings=tuple(bindings),
    )  # fmt: skip


class Bucket:
    """Lets through so many at once, and so many a second in the long run."""

    __slots__ = ("_at", "_full", "_left", "_per_s")

    def __init__(self, full: float, per_s: float, now: float) -> None:
        self._full, self._per_s = full, per_s
        self._left, self._at = full, now

    def take(self, now: float) -> bool:
        """Return whether one more may pass; a clock that was set back costs nothing."""
        self._left = min(self._full, self._left + max(0.0, now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCount:
    """What came from one address, since the receiver began.

    Attributes:
        sender: the address.
        target: the target it is the address of, "" for a stranger.
        received: packets.
        taken: traps and informs that were taken.
        dropped: packets over the limit, not looked at.
        malformed: packets that are no SNMP.
        refused: traps with a wrong community or user, or too little security.
        seen_at: epoch seconds of the newest.
        said: what was wrong with the last one that was not taken, or what a stranger sent; "" when there is nothing.
    """

    sender: str
    target: str = ""
    received: int = 0
    taken: int = 0
    dropped: int = 0
    malformed: int = 0
    refused: int = 0
    seen_at: float = 0.0
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """What is to be kept of a batch.

    Attributes:
        new: traps to be kept.
        again: by number of a kept one: how often it came again, and when last.
        left_out: how many new ones are not kept because their target sent too many, by target.
    """

    new: Sequence[tuple[str, Trap]]
    again: Mapping[int, tuple[int, float]]
    left_out: Mapping[str, int]


class TrapSieve:
    """Tells new traps from those that say the same again, and from those that are too many. One owner."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, float]] = OrderedDict()  # mark -> number, when last
        self._buckets: dict[str, Bucket] = {}

    def sift(self, arrived: Iterable[ArrivedTrap]) -> Sifted:
        """Return what is to be kept of some traps; tell `kept` the numbers of the new ones afterwards."""
        new: dict[str, Trap] = {}
        again: dict[int, tuple[int, float]] = {}
        left_out: dict[str, int] = {}
        for trap in arrived:
            mark = trap.mark
            number, last_at = self._known.get(mark, (0, 0.0))
            if mark in new:
                new[mark] = replace(new[mark], count=new[mark].count + 1, last_at=trap.at)
            elif number and trap.at - last_at <= SAME_S:
                again[number] = (again.get(number, (0, 0.0))[0] + 1, trap.at)
                self._known[mark] = (number, trap.at)
            elif self._bucket(trap.target, trap.at).take(trap.at):
                new[mark] = trap_of(trap)
            else:
                left_out[trap.target] = left_out.get(trap.target, 0) + 1
        return Sifted(new=list(new.items()), again=again, left_out=left_out)

    def kept(self, marks: Sequence[str], traps: Sequence[Trap]) -> None:
        """Remember the traps that were kept, with their numbers, in the order of `Sifted.new`."""
        for mark, trap in zip(marks, traps, strict=True):
            self._known[mark] = (trap.id, trap.last_at)
            self._known.move_to_end(mark)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _bucket(self, target: str, now: float) -> Bucket:
        if target not in self._buckets:
            self._buckets[target] = Bucket(KEPT_AT_ONCE, KEPT_PER_S, now)
        return self._buckets[target]
