"""Targets in memory: everything that can be asked of the inventory without a query."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.changes.claim import Claim, claim_note
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.inventory.selector import Selector, parse_selector
from opsterm.inventory.target import Protocol, Target, TargetRow
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.status import target_status
from opsterm.policy.context import Surroundings, shares_of
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports_store import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows that a selector chose.

    Attributes:
        rows: by name.
        canonical: the selector as it was understood.
        total: how many targets there are in all.
    """

    rows: tuple[TargetRow, ...]
    canonical: str
    total: int


class KnownTargets:
    """What is known of targets and of whether they answer; `Inventory` fills it."""

    def __init__(
        self, clock: Clock, *, open_alerts: Callable[[], Mapping[str, Sequence[Alert]]],
        heard_at: Callable[[str], float | None], claims: Callable[[str], Sequence[Claim]],
    ) -> None:  # fmt: skip
        self._claims = claims
        self._clock = clock
        self._open_alerts = open_alerts
        self._heard_at = heard_at
        self._targets: dict[str, Target] = {}
        self._seen: dict[str, Seen] = {}

    def rows(self) -> Sequence[TargetRow]:
        """Return every target with its status, by name. Costs no query."""
        alerts = self._open_alerts()
        return [self._row(self._targets[name], alerts.get(name, ())) for name in sorted(self._targets)]

    def _row(self, target: Target, alerts: Sequence[Alert]) -> TargetRow:
        seen = self.seen(target.name)
        here = target.protocol is Protocol.LOCAL
        answered = True if here else None if seen is None else seen.answered
        status, note = target_status(alerts, answered=answered, reason=seen.reason if seen else "")
        last_seen = self._clock.now() if here else seen.seen_at if seen else None
        notes = [part for part in (note, claim_note(self._claims(target.name))) if part]
        return TargetRow(target=target, status=status, last_seen=last_seen, note="; ".join(notes))

    def select(self, selector: str = "") -> Selection:
        """Return the rows a selector chooses. Raises BadSelector."""
        parsed: Selector = parse_selector(selector)
        rows = self.rows()
        return Selection(rows=tuple(row for row in rows if parsed.matches(row)), canonical=str(parsed), total=len(rows))

    async def resolve(self, selector: str) -> Sequence[TargetRow]:
        """Return the rows for something that will be done to them: an empty choice, or no choice, is an error.

        Raises:
            BadInput: the selector is empty; write `all` to mean all.
            NotFound: nothing matches; names near ones.
        """
        if not selector.strip():
            raise BadInput(
                "No targets were chosen.", next_step="Name them, as in web-[01-03] or tag:web; `all` is all."
            )
        selection = self.select(selector)
        if not selection.rows:
            near = difflib.get_close_matches(selector.strip(), list(self._targets), n=3)
            hint = f"Near names: {', '.join(near)}." if near else "`opsterm targets list` shows those there are."
            raise NotFound(f"No target matches {selection.canonical}.", next_step=hint)
        return selection.rows

    async def get(self, name: str) -> Target:
        """Return one target. Raises NotFound, naming near ones."""
        target = self._targets.get(name)
        if target is None:
            near = difflib.get_close_matches(name, list(self._targets), n=3)
            hint = f"Near names: {', '.join(near)}." if near else "`opsterm targets list` shows those there are."
            raise NotFound(f"There is no target {name}.", next_step=hint)
        return target

    def target(self, name: str) -> Target | None:
        """Return one target, None when there is none. Costs no query."""
        return self._targets.get(name)

    def row(self, name: str) -> TargetRow | None:
        """Return one target with its status, None when there is none."""
        target = self._targets.get(name)
        return None if target is None else self._row(target, self._open_alerts().get(name, ()))

    def seen(self, name: str) -> Seen | None:
        """Return what is known of a target's reachability, None when it was never tried.

        That a measured target still answers is kept every half a minute only: in between its measurements say so.
        """
        seen, heard = self._seen.get(name), self._heard_at(name)
        if seen is None or not seen.answered or heard is None or heard <= seen.tried_at:
            return seen
        return replace(seen, tried_at=heard, seen_at=heard)

    def order_target(self, target: Target) -> OrderTarget:
        """Return a target as an order binds it."""
        return OrderTarget(
            name=target.name, protocol=target.protocol, address=target.reach, port=target.port or 0, user=target.user
        )

    def surroundings(self, chosen: Sequence[str]) -> Surroundings:
        """Return where a command on these targets would run: environments, and how much of each group it is."""
        found = [self._targets.get(name) for name in chosen]
        labels = {name: (target.groups, target.tags) for name, target in self._targets.items()}
        return Surroundings(
            environments=tuple(target.environment if target is not None else "" for target in found),
            shares=shares_of(chosen, labels),
        )

    def tags(self, chosen: Sequence[str]) -> Sequence[str]:
        """Return the tags that any of these targets has, sorted."""
        found = (self._targets[name] for name in chosen if name in self._targets)
        return sorted({tag for target in found for tag in target.tags})

    def chooses(self, selector: str, name: str) -> bool:
        """Return whether a selector (of a threshold) takes in the target of that name."""
        target = self._targets.get(name)
        return target is not None and parse_selector(selector).matches(TargetRow(target=target))
