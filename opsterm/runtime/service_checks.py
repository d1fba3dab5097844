"""Accepted services at an interval: where they are checked, which failure is only the echo of another, their health."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opsterm.core.check_settings import CheckSettings
from opsterm.core.clock import Clock
from opsterm.inventory.dependencies import Dependency, failing_root
from opsterm.inventory.service import ServiceRecord, ServiceState
from opsterm.monitoring.reach import ReachVerdict
from opsterm.monitoring.service_checks import HealthFinding, finding_of, service_plan
from opsterm.policy.mask import mask
from opsterm.runtime.check_places import CheckPlace
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ports_store import Fence

if TYPE_CHECKING:
    from opsterm.runtime.services import Services

KEPT_AFTER_S = 300.0
"""A health that does not change is written this often."""


class ServiceChecks:
    """The services that `checks.services` chooses. What is known of failures is of this process: the one that checks.

    A service whose dependency fails as well raises no alert of its own: the one that everything hangs on does, and
    says what else it takes with it.
    """

    def __init__(
        self, settings: CheckSettings, clock: Clock, inventory: Inventory, services: Callable[[], Services]
    ) -> None:  # fmt: skip
        self._settings = settings
        self._clock = clock
        self._inventory = inventory
        self._services = services
        self._known: dict[str, tuple[ServiceRecord, CheckPlace]] = {}
        self._dependencies: Sequence[Dependency] = ()
        self._failing: set[str] = set()
        self._held: dict[str, str] = {}
        self._found: dict[str, HealthFinding] = {}

    @property
    def wanted(self) -> bool:
        """Whether any are checked at an interval."""
        return bool(self._settings.services.strip())

    async def places(self) -> Sequence[CheckPlace]:
        """Return every accepted service that is checked over the network, as the registry is now. Costs two queries.

        One that a look has missed is checked on: that it is gone is what should be told.
        """
        if not self.wanted:
            return ()
        records = await self._services().list(selector=self._settings.services)
        self._dependencies = await self._services().dependencies()
        self._known = {}
        for one in records:
            target = self._inventory.target(one.target)
            plan = service_plan(one, target.reach, self._settings) if target is not None else None
            if plan is not None and one.decided is ServiceState.ACCEPTED:
                place = CheckPlace(plan=plan, target=one.target, host=plan.place, port=plan.port, ask=plan.ask)
                self._known[one.id] = one, place
        self._failing &= self._known.keys()
        self._held = {name: root for name, root in self._held.items() if name in self._failing}
        return [place for _, place in self._known.values()]

    def take(self, place: CheckPlace, verdict: ReachVerdict, *, passed: bool) -> str:
        """Take in how a check went.

        Returns:
            A sentence when it fails because of another service that fails, "" when it passes or fails by itself.
        """
        name = place.plan.name
        if name not in self._known:
            return ""
        self._held.pop(name, None)
        if passed:
            self._failing.discard(name)
            said = ""
        else:
            self._failing.add(name)
            said = self._because(name)
        finding = finding_of(verdict, f"{place.where} answers.")
        text = f"{said} {finding.text}".strip()
        self._found[name] = HealthFinding(health=finding.health, text=mask(text)[0])
        return said

    def _because(self, name: str) -> str:
        root = failing_root(self._dependencies, self._failing, name)
        if not root:
            return ""
        self._held[name] = root
        return f"It depends on {self._known[root][1].where} ({root}), which is down."

    def echoes(self, name: str) -> str:
        """Return a sentence about the services that fail because this one does, "" for none."""
        held = sorted(one for one, root in self._held.items() if root == name)
        if not held:
            return ""
        more = f" and {len(held) - 3} more" if len(held) > 3 else ""
        return f"{', '.join(held[:3])}{more} {'fails' if len(held) == 1 else 'fail'} with it."

    async def keep(self, fence: Fence) -> None:
        """Keep health that changed, or was kept a while ago, in the registry. Raises StorageError, LeaseLost."""
        now = self._clock.now()
        news = {name: found for name, found in self._found.items() if self._is_news(name, found, now)}
        self._found = {}
        if news:
            await self._services().keep_health(news, fence)
            for name, found in news.items():
                self._remember(name, found, now)

    def _is_news(self, name: str, found: HealthFinding, now: float) -> bool:
        if name not in self._known:
            return False
        record = self._known[name][0]
        old = record.health_at is None or now - record.health_at >= KEPT_AFTER_S
        return old or record.health is not found.health

    def _remember(self, name: str, found: HealthFinding, now: float) -> None:
        if name in self._known:
            record, place = self._known[name]
            self._known[name] = replace(record, health=found.health, health_at=now), place
