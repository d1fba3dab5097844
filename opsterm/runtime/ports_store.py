"""What the runtime needs of the disk. `storage` implements these; `composition` plugs them in.

Conventions: as in `ports`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsterm.changes.change import Change, ChangeState, Outcome
    from opsterm.core.events import Fact
    from opsterm.inventory.target import Target
    from opsterm.monitoring.alerts import Alert
    from opsterm.monitoring.sample import HourRange, Point, Sample, SeriesKey
    from opsterm.policy.approval_record import Approval, ApprovalKind


class JournalStore(Protocol):
    """The append-only, ordered list of facts that all processes of one account share."""

    async def append(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Commit facts; return them with `seq` set. Concurrent calls share one commit."""
        ...

    async def after(self, seq: int, limit: int) -> Sequence[Fact]:
        """Return up to `limit` facts whose `seq` is greater, in order."""
        ...

    async def last_seq(self) -> int:
        """Return the highest `seq` there is, 0 for an empty journal."""
        ...

    async def changed_elsewhere(self) -> bool:
        """Return whether another connection has committed since the last call. Cheap: meant for polling."""
        ...

    async def search(
        self, *, kinds: Sequence[str] = (), correlation_id: str = "", since: float = 0.0, limit: int = 200
    ) -> Sequence[Fact]:
        """Return the newest `limit` matching facts, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a target's reachability.

    Attributes:
        answered: whether it answered when it was last tried.
        tried_at: epoch seconds of the last try.
        seen_at: epoch seconds of the last answer, None for never.
        reason: why it did not answer, "" when it did.
    """

    answered: bool
    tried_at: float
    seen_at: float | None
    reason: str


class TargetStore(Protocol):
    """The inventory on disk."""

    async def all(self) -> Sequence[Target]:
        """Return every target, by name."""
        ...

    async def save(self, targets: Sequence[Target], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Insert or replace targets by name."""
        ...

    async def update(
        self,
        change: Callable[[Mapping[str, Target]], Sequence[Target]],
        facts: Callable[[Sequence[Target]], Sequence[Fact]],
        *,
        names: Sequence[str] | None = None,
    ) -> tuple[Sequence[Target], Sequence[Fact]]:
        """Change targets as they are at this moment, so that what another process has just written is not lost.

        Args:
            change: called inside the transaction, in another thread, with the targets by name; returns those to
                insert or replace, none for nothing. What it raises is raised, and nothing is kept.
            facts: called with what `change` returned, if that is anything.
            names: which targets `change` needs to see; None for all.
        """
        ...

    async def remove(self, names: Sequence[str], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Remove targets by name and remember the names in `removed`, so that an automatic import leaves them out."""
        ...

    async def removed(self) -> frozenset[str]:
        """Return names that the operator removed (and that were not saved again since)."""
        ...

    async def seen(self) -> Mapping[str, Seen]:
        """Return reachability by target name."""
        ...

    async def mark_seen(self, seen: Mapping[str, Seen], facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep reachability by target name."""
        ...


class SampleStore(Protocol):
    """Measurements: raw, one-minute and one-hour."""

    async def write(self, samples: Sequence[Sample], *, fence: Fence | None = None) -> None:
        """Keep measurements; with a fence, only while it holds (else LeaseLost)."""
        ...

    async def series(self, target: str) -> Sequence[SeriesKey]:
        """Return every series a target has, by metric and item."""
        ...

    async def latest(self, target: str) -> Sequence[Sample]:
        """Return the newest sample of every series of a target."""
        ...

    async def known(self) -> Sequence[SeriesKey]:
        """Return every series that was ever measured, of all targets; of some nothing may be left. Cheap."""
        ...

    async def newer(self, than: Mapping[str, float]) -> Sequence[Sample]:
        """Return what each target last showed, where that is newer than the time named for it (0 where none is).

        Args:
            than: epoch seconds by target name.

        Returns:
            Each target's samples of its newest moment, side by side.
        """
        ...

    async def points(self, key: SeriesKey, start: float, end: float, step_s: float) -> Sequence[Point]:
        """Return the window as at most one point per `step_s`, aligned to multiples of `step_s`, holes absent.

        Reads the coarsest table that is at least as fine as `step_s` and reaches back to `start`; where raw rows
        are gone it falls back to coarser ones, and where minutes have not been made yet to raw ones.
        """
        ...

    async def points_of(
        self, keys: Sequence[SeriesKey], start: float, end: float, step_s: float
    ) -> Sequence[Sequence[Point]]:
        """Return `points` of several series, in the order of `keys`, all from one state: cheaper than one by one."""
        ...

    async def ranges(self, metric: str, start: float, end: float, target: str = "") -> Sequence[HourRange]:
        """Return what the hours of each series of a metric range over; of one target, or ("") of all."""
        ...

    async def compact(self, now: float, *, keep_raw_s: float, keep_minutes_s: float, keep_hours_s: float,
                      fence: Fence | None = None) -> None:  # fmt: skip
        """Make minute and hour points from what is complete, and drop what is older than it is kept for."""
        ...


class AlertStore(Protocol):
    """Alerts on disk."""

    async def open(self) -> Sequence[Alert]:
        """Return alerts that are not resolved, pending ones included, newest `since` first."""
        ...

    async def recent(self, limit: int) -> Sequence[Alert]:
        """Return the newest alerts, resolved ones included."""
        ...

    async def get(self, alert_id: int) -> Alert | None:
        """Return one alert."""
        ...

    async def save(
        self, alert: Alert, facts: Callable[[Alert], Sequence[Fact]], *, fence: Fence | None = None
    ) -> tuple[Alert, Sequence[Fact]]:
        """Insert (id 0) or replace an alert. `facts` is called with the alert as it was kept, id set."""
        ...

    async def update(
        self, alert_id: int, change: Callable[[Alert], Alert], facts: Callable[[Alert], Sequence[Fact]], *,
        fence: Fence | None = None,
    ) -> tuple[Alert, Sequence[Fact]] | None:  # fmt: skip
        """Change an alert as it is at this moment; None when there is none with this number.

        Args:
            alert_id: which one.
            change: called inside the transaction, in another thread, with the alert as it is kept; returns what is to
                be kept. What it raises is raised, and nothing is kept.
            facts: called with what `change` returned.
            fence: proof of the lease.
        """
        ...


class ChangeStore(Protocol):
    """Changes on disk; the only place where a change may move from state to state."""

    async def insert(self, change: Change, facts: Callable[[Change], Sequence[Fact]]) -> tuple[Change, Sequence[Fact]]:
        """Keep a new change; return it with its id."""
        ...

    async def get(self, change_id: int) -> Change | None:
        """Return one change with its outcomes."""
        ...

    async def list(self, states: Sequence[ChangeState] = (), limit: int = 200) -> Sequence[Change]:
        """Return the newest changes (in any of `states`), newest first."""
        ...

    async def move(
        self, change: Change, *, expected: ChangeState, facts: Sequence[Fact], runner: str = "",
        outcomes: Sequence[Outcome] = (), approvals: Sequence[Approval] = (), spending: Spending | None = None,
        beside: Collection[int] | None = None,
    ) -> Sequence[Fact] | None:  # fmt: skip
        """Write `change` if its state on disk is still `expected`; None when it is not: somebody was quicker.

        None as well, and nothing is kept, when a budget is spent or an approval says what its person has said before.

        Args:
            change: the change with its new state, decision and times; its order and digest are never written again.
            expected: the state it must have.
            facts: committed in the same transaction, only when the move happens.
            runner: who runs it ("pid@boot"), kept while it is RUNNING.
            outcomes: kept in the same transaction, only when the move happens.
            approvals: sealed ones, kept in the same transaction.
            spending: a budget that must not be spent.
            beside: numbers of changes that may run on its targets meanwhile, None for any; with another one that does
                it is not moved.
        """
        ...

    async def save_outcome(self, change_id: int, outcome: Outcome, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Insert or replace what came of one target."""
        ...

    async def claiming(self, since: float) -> Sequence[Change]:
        """Return what is approved or runs, and what was interrupted after `since` (epoch seconds), by number."""
        ...

    async def rollbacks(self, since: float) -> Sequence[Change]:
        """Return the changes that took others back and ended after `since` (epoch seconds), by number."""
        ...

    async def runner(self, change_id: int) -> str:
        """Return who runs a RUNNING change, "" when nobody does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A budget of what runs without a person.

    Attributes:
        grant: its name: the note of each approval that is counted.
        since: epoch seconds from which they count.
        at_most: how many there may be.
    """

    grant: str
    since: float
    at_most: int


class ApprovalStore(Protocol):
    """Who said what of changes. They are written with the move of the change that they lead to."""

    async def of(self, change_id: int) -> Sequence[Approval]:
        """Return what was said of a change, oldest first, whether its seal is sound or not."""
        ...

    async def of_kind(self, kind: ApprovalKind, since: float) -> Sequence[Approval]:
        """Return all of a kind that are not older than `since` (epoch seconds), oldest first."""
        ...

    async def add(self, approval: Approval, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep a sealed one that moves no change, with its facts; () when its person has said the same before."""
        ...

    async def key(self) -> bytes:
        """Return the key of the seals; raises StorageError when its file cannot be read or made."""
        ...


class OutputStore(Protocol):
    """What commands printed: files beside the database, capped by the caller."""

    def path(self, change_id: int, target: str) -> Path:
        """Return where the output of one target is kept."""
        ...

    async def append(self, change_id: int, target: str, data: bytes) -> None:
        """Add bytes to a target's output."""
        ...

    async def read(self, change_id: int, target: str, *, offset: int = 0, limit: int = 1_000_000) -> bytes:
        """Return kept bytes from `offset`; b"" when there are none."""
        ...

    async def forget(self, change_ids: Sequence[int]) -> None:
        """Throw away what changes printed; that there was some, and its hash, stays with them."""
        ...


class PreferenceStore(Protocol):
    """Small things that stick, such as the theme: text by key."""

    async def get(self, key: str) -> str | None:
        """Return the kept text."""
        ...

    async def put(self, key: str, text: str) -> None:
        """Keep a text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Proof of holding the lease: a write that carries it is refused once somebody else holds the lease."""

    holder: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """Who runs the workers.

    Attributes:
        holder: "pid@boot".
        epoch: raised at every change of holder.
        face: what kind of process it is: "screen", "serve", "command".
        renewed_at: boot-wide monotonic seconds of the last renewal.
        boot: id of the boot that `renewed_at` belongs to.
        since: epoch seconds when this holder took it.
    """

    holder: str
    epoch: int
    face: str
    renewed_at: float
    boot: str
    since: float


class LeaseStore(Protocol):
    """The one row that says which process runs the workers."""

    async def acquire(
        self, *, holder: str, face: str, boot: str, monotonic: float, now: float, ttl_s: float
    ) -> LeaseRow:
        """Take or renew the lease if free, ours, of an earlier boot, or older than `ttl_s`; return who holds it."""
        ...

    async def release(self, fence: Fence) -> None:
        """Give the lease up if we still hold it."""
        ...

    async def holder(self) -> LeaseRow | None:
        """Return who holds it."""
        ...


class Store(Protocol):
    """Everything that is kept, opened once per process."""

    journal: JournalStore
    targets: TargetStore
    samples: SampleStore
    alerts: AlertStore
    changes: ChangeStore
    approvals: ApprovalStore
    output: OutputStore
    preferences: PreferenceStore
    lease: LeaseStore

    @property
    def read_only_because(self) -> str:
        """A sentence when nothing can be written now (disk full, read-only file system), else ""."""
        ...

    async def facts(self) -> Mapping[str, str]:
        """Return what doctor shows: path, size, schema, journal mode, rows."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and close every connection. Safe to call twice."""
        ...
