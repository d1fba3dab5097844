"""Use-cases of checks at an interval: which there are, how each stands, and one made now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsterm.core.check_settings import CheckSettings
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, OpstermError, StorageError
from opsterm.core.text import clean_line
from opsterm.inventory.target import Target
from opsterm.monitoring.checks import (
    CheckKind,
    CheckPlan,
    Reading,
    check_rules,
    judge,
    plans_from,
)
from opsterm.monitoring.reach import Grade, ReachVerdict
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.service_checks import is_of_service, service_rules
from opsterm.monitoring.thresholds import Rule
from opsterm.policy.mask import mask
from opsterm.runtime.check_places import CheckAt, CheckPlace, named_place, target_place
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.monitoring import Monitoring, check_selector
from opsterm.runtime.ports_reach import ReachProbe
from opsterm.runtime.ports_store import PreferenceStore
from opsterm.runtime.reach import each
from opsterm.runtime.service_checks import ServiceChecks

FAULTS_KEY = "checks.faults"
"""Preference under which the process that checks says why checks do not pass: for the others to show."""

REASON_LIMIT = 300
"""Characters of a reason: it may hold what a stranger's server said."""

STALLED_AFTER = 3.0
"""Intervals, and what one check can take besides, after which a check that was not made is said to be stalled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFault:
    """Why a check does not pass.

    Attributes:
        grade: how bad; "" when it could not be made at all.
        reasons: one sentence each, clean and masked.
    """

    grade: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """How a check of one place stands.

    Attributes:
        place: which.
        state: "passing", "warning", "failing", "waiting" (never made), "stalled" (not made when it was due), "unable"
            (cannot be made), or "idle" (nobody makes it: no process runs the workers).
        made_at: epoch seconds of the newest result, None for none.
        latency_ms: of the newest result, None when there was no answer.
        certificate_days: days that the server's certificate held then, None without one.
        reasons: why it does not pass.
    """

    place: CheckPlace
    state: str
    made_at: float | None = None
    latency_ms: float | None = None
    certificate_days: float | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check, made once.

    Attributes:
        place: which.
        reading: what came; None when it could not be made.
        verdict: what that means.
    """

    place: CheckPlace
    reading: Reading | None
    verdict: ReachVerdict


class Checks:
    """The checks of the settings. Reads are the same in every process; `CheckWorker` makes them.

    Attributes:
        plans: the checks that are tables of the settings.
        services: those of accepted services.
    """

    def __init__(
        self, settings: CheckSettings, clock: Clock, inventory: Inventory, preferences: PreferenceStore,
        probe: Callable[[], Awaitable[ReachProbe]], services: ServiceChecks,
    ) -> None:  # fmt: skip
        """Read the settings. Raises BadSetting."""
        self.plans = plans_from(settings)
        self.services = services
        self._settings = settings
        check_selector(settings.services, "checks.services")
        for plan in self.plans:
            if plan.selector:
                check_selector(plan.selector, f"[[checks.{plan.kind}]] ({plan.name}): the target")
        self._clock = clock
        self._inventory = inventory
        self._preferences = preferences
        self._probe = probe
        self._opened: ReachProbe | None = None
        self._opening = asyncio.Lock()
        self._by_name = {plan.name: plan for plan in self.plans}
        self._faults: dict[CheckAt, CheckFault] = {}
        self._kept = ""

    def rules(self) -> Sequence[Rule]:
        """Return the rules that raise alerts about checks."""
        ours = check_rules(self.plans, explain=self._explain)
        return [*ours, *service_rules(self._settings, explain=self._explain)]

    def _explain(self, key: SeriesKey) -> str:
        fault = self._faults.get(CheckAt(key.item, key.target))
        said = fault.reasons[0] if fault and fault.reasons else ""
        return f"{said} {self.services.echoes(key.item)}".strip()

    def every_s(self, key: SeriesKey) -> float:
        """Return the seconds between two measurements of a check's series, 0 for a series that is no check's."""
        if is_of_service(key):
            return self._settings.services_interval_s
        plan = self._by_name.get(key.item) if key.metric.startswith("check.") else None
        return plan.interval_s if plan is not None else 0.0

    # --------------------------------------------------------------------- where

    def places(self, plans: Iterable[CheckPlan] | None = None) -> Sequence[CheckPlace]:
        """Return every check of the settings at every place that it is made at now. Costs no query."""
        chosen: dict[str, Sequence[Target]] = {}
        named = {
            name: row.target.name for row in self._inventory.rows() for name in (row.target.reach, row.target.name)
        }
        made = []
        for plan in self.plans if plans is None else plans:
            if not plan.selector:
                made.append(named_place(plan, named))
                continue
            if plan.selector not in chosen:
                chosen[plan.selector] = [row.target for row in self._inventory.select(plan.selector).rows]
            made += [target_place(plan, target) for target in chosen[plan.selector]]
        return made

    async def all_places(self, names: Sequence[str] = ()) -> Sequence[CheckPlace]:
        """Return every check of every place, those of services too, or those with some names. Raises NotFound."""
        of_services = await self.services.places()
        if not names:
            return [*self.places(), *of_services]
        by_id = {place.plan.name: place for place in of_services}
        chosen: list[CheckPlace] = []
        for name in names:
            chosen += [by_id[name]] if name in by_id else self.places([self._plan(name, by_id)])
        return chosen

    # ------------------------------------------------------------------- looking

    async def make(self, place: CheckPlace) -> Reading:
        """Make one check. Raises OpstermError when it cannot be made: that says nothing about the place."""
        if place.fault:
            raise BadInput(place.fault)
        async with self._opening:
            if self._opened is None:
                self._opened = await self._probe()
        plan, probe = place.plan, self._opened
        if place.ask is not None:
            return await probe.http(place.ask)
        if plan.kind is CheckKind.TCP:
            return await probe.tcp(place.host, place.port, timeout_s=plan.timeout_s, banner=bool(plan.banner))
        return await probe.ping(place.host, count=plan.count, timeout_s=plan.timeout_s)

    async def run(self, names: Sequence[str]) -> Sequence[CheckResult]:
        """Make checks now, whoever else makes them; what they say is returned and not kept. Raises NotFound."""

        async def one(place: CheckPlace) -> CheckResult:
            try:
                reading = await self.make(place)
            except OpstermError as error:
                fault = ReachVerdict(grade=Grade.CRITICAL, reasons=(error.what,))
                return CheckResult(place=place, reading=None, verdict=fault)
            return CheckResult(place=place, reading=reading, verdict=judge(place.plan, reading, self._clock.now()))

        return await each(await self.all_places(names), one)

    def _plan(self, name: str, others: Iterable[str]) -> CheckPlan:
        plan = self._by_name.get(name)
        if plan is None:
            known = ", ".join(sorted([*self._by_name, *others]))
            known = known or "none; they are tables of config.toml, as [[checks.http]]"
            raise NotFound(f"There is no check {clean_line(name, limit=64)}.", next_step=f"There are: {known}.")
        return plan

    # -------------------------------------------------------------------- states

    def note(self, at: CheckAt, fault: CheckFault | None) -> None:
        """Remember why a check does not pass; None when it does, or is made no longer."""
        if fault is None:
            self._faults.pop(at, None)
        else:
            reasons = tuple(mask(clean_line(reason, limit=REASON_LIMIT))[0] for reason in fault.reasons)
            self._faults[at] = replace(fault, reasons=reasons)

    async def share(self) -> None:
        """Tell other processes why checks do not pass, if that changed. Raises StorageError."""
        text = json.dumps([[*at, fault.grade, *fault.reasons] for at, fault in sorted(self._faults.items(), key=_at)])
        if text != self._kept:
            await self._preferences.put(FAULTS_KEY, text)
            self._kept = text

    async def _shared(self) -> Mapping[CheckAt, CheckFault]:
        try:
            rows = json.loads(await self._preferences.get(FAULTS_KEY) or "[]")
            return {
                CheckAt(str(name), str(target)): CheckFault(grade=str(grade), reasons=tuple(map(str, reasons)))
                for name, target, grade, *reasons in rows
            }
        except (ValueError, TypeError, StorageError):
            return {}

    async def states(self, monitoring: Monitoring, *, working: bool, names: Sequence[str] = ()) -> Sequence[CheckState]:
        """Return how every check stands, those that do not pass first.

        Args:
            monitoring: has the newest measurements.
            working: whether a process runs the workers.
            names: of checks and ids of services, () for all.

        Raises:
            NotFound: no check has such a name.
        """
        places = await self.all_places(names)
        await monitoring.know({place.target for place in places})
        faults = await self._shared()
        newest = {sample.key: sample for sample in monitoring.latest("") if sample.key.metric.startswith("check.")}
        now = self._clock.now()
        states = [_state(place, newest, faults.get(place.at), now, working=working) for place in places]
        return sorted(states, key=lambda s: (_WORST_FIRST.index(s.state), s.place.at))


_WORST_FIRST = ("failing", "stalled", "unable", "warning", "waiting", "idle", "passing")


def _at(item: tuple[CheckAt, CheckFault]) -> CheckAt:
    return item[0]


def _state(
    place: CheckPlace, newest: Mapping[SeriesKey, Sample], fault: CheckFault | None, now: float, *, working: bool
) -> CheckState:
    plan = place.plan
    up = newest.get(SeriesKey(place.target, "check.up", plan.name))
    held = newest.get(SeriesKey(place.target, "check.held", plan.name))
    if held is not None and held.value and (up is None or held.at > up.at):
        up = held._replace(value=0.0)  # it fails, and another one raises the alert
    age_s = None if up is None else now - up.at
    late = age_s is not None and age_s > STALLED_AFTER * plan.interval_s + plan.longest_s
    unable = (place.fault,) if place.fault else fault.reasons if fault is not None and not fault.grade else ()
    if unable:
        word = "unable"
    elif not working:
        word = "idle"
    elif up is None:
        word = "waiting"
    elif late:
        word = "stalled"
    else:
        grade = fault.grade if fault is not None else ""
        word = "failing" if not up.value else "warning" if grade and grade != Grade.OK else "passing"

    def value(metric: str) -> float | None:
        sample = newest.get(SeriesKey(place.target, metric, plan.name))
        return sample.value if sample is not None and up is not None and sample.at >= up.at else None

    return CheckState(
        place=place, state=word, made_at=up.at if up else None, latency_ms=value("check.latency_ms"),
        certificate_days=value("check.certificate_days"),
        reasons=unable or (fault.reasons if fault and word in ("failing", "warning") else ()),
    )  # fmt: skip
