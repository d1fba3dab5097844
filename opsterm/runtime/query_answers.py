"""Answers what a sentence was read as, from live state: the assistant's eyes, and its one hand, which proposes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, assert_never

from opsterm.assistant.alert_order import AlertOrder, command_for
from opsterm.assistant.answer import Answer
from opsterm.assistant.answers_apis import answer_apis, answer_call
from opsterm.assistant.answers_audit import answer_audit
from opsterm.assistant.answers_facts import answer_fact
from opsterm.assistant.answers_fleet import (
    answer_alert,
    answer_alerts,
    answer_change,
    answer_changes,
    answer_detail,
    answer_inventory,
    answer_proposal,
)
from opsterm.assistant.answers_forecasts import answer_forecasts
from opsterm.assistant.answers_measures import answer_ranking, answer_values, answer_windows, series_wanted
from opsterm.assistant.answers_profiles import answer_discovery, answer_offering
from opsterm.assistant.answers_services import answer_hosts, answer_needed_by
from opsterm.assistant.answers_talk import (
    answer_greeting,
    answer_help,
)
from opsterm.assistant.denotation import Denotation, Known, denote
from opsterm.assistant.errands import Errand
from opsterm.assistant.fix_request import FixRequest
from opsterm.assistant.forecast_question import ForecastQuestion
from opsterm.assistant.forecasts import loosely_ahead
from opsterm.assistant.intents.model import IntentModel
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.queries import (
    AlertQuestion,
    ApiQuestion,
    ApiRequest,
    AuditQuestion,
    ChangeQuestion,
    DetailQuestion,
    DiscoverRequest,
    ExplainQuestion,
    FactQuestion,
    Greeting,
    HelpQuestion,
    HostQuestion,
    InventoryQuestion,
    KnowledgeQuestion,
    MetricQuestion,
    Query,
    RankingQuestion,
    RunRequest,
)
from opsterm.assistant.query_words import HostTopic
from opsterm.assistant.reply import ProposedCommand, proposed
from opsterm.assistant.turn import Proposed
from opsterm.assistant.world import World
from opsterm.changes.change import ChangeState
from opsterm.core.clock import Clock
from opsterm.core.errors import NotFound
from opsterm.inventory.apis.calls import Call
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.sample import Sample
from opsterm.runtime.alert_orders import AlertOrders
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.apis import Apis
from opsterm.runtime.audit import Audit
from opsterm.runtime.changes import Changes
from opsterm.runtime.errands import ErrandAnswers
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.monitoring import Monitoring
from opsterm.runtime.ports import Operator
from opsterm.runtime.profiles import Profiles
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.services import Services

if TYPE_CHECKING:
    from opsterm.runtime.forecasts import Forecasts

WINDOW_POINTS = 240
LOOKED_THROUGH = 1000
"""Changes, audited facts and resolved alerts that a question looks through."""


class QueryAnswers:
    """Answers queries. It can propose, and nothing more."""

    def __init__(  # noqa: PLR0913 (the use-cases that it may ask, one by one)
        self, clock: Clock, *, operator: Operator, inventory: Inventory, monitoring: Monitoring, alerts: Alerts,
        changes: Changes, apis: Apis, audit: Audit, profiles: Profiles, services: Services, errands: ErrandAnswers,
        forecasts: Callable[[], Forecasts], alert_orders: AlertOrders,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._operator = operator
        self._inventory = inventory
        self._monitoring = monitoring
        self._alerts = alerts
        self._changes = changes
        self._apis = apis
        self._audit = audit
        self._profiles = profiles
        self._services = services
        self._errands = errands
        self._forecasts = forecasts
        self._alert_orders = alert_orders

    async def world(self, now: float, model: IntentModel) -> World:
        """Return the state that a sentence is read against."""
        series, apis, managers, services, jobs = await asyncio.gather(  # each waits for a thread: side by side
            self._monitoring.all_series(), self._apis.known(), self._profiles.managers(), self._services.list(),
            self._errands.jobs(),
        )  # fmt: skip
        return World(
            now=now,
            utc_offset_s=utc_offset_s(now),
            offset_at=utc_offset_s,
            operator=self._operator.name,
            rows=self._inventory.rows(),
            series=series,
            apis=apis,
            managers=managers,
            services=services,
            model=model,
            jobs=jobs,
        )

    async def confirmed(self, text: str) -> Answer | None:
        """Do what was said back, when this is a yes to it; None when it is another sentence."""
        return await self._errands.confirmed(text)

    def drop_waiting(self) -> None:
        """Let nothing wait for a yes any more."""
        self._errands.drop_waiting()

    async def denotation(self, query: Query, text: str, now: float) -> Denotation:
        """Return what the answer of a query is of."""
        samples = await self._newest(query, now) if isinstance(query, RankingQuestion) else ()
        alerts = await self._alerts_for(query) if isinstance(query, AlertQuestion) else self._alerts.feed()
        return denote(query, text, Known(rows=self._inventory.rows(), samples=samples, alerts=alerts, now=now))

    def proposal_for(self, query: Query | None, change: int) -> ProposedCommand | None:
        """Return the command that a query proposes, None when it proposes none; `change` is its number, 0 for none."""
        if not isinstance(query, AlertOrder):
            return proposed(query, self._inventory.rows(), change)
        meant = self._alert_orders.meant(query)
        names = list(dict.fromkeys(alert.key.target for alert in meant))
        return (
            ProposedCommand(command=command_for(query, meant), selector=query.selector, targets=names)
            if meant
            else None
        )

    async def proposal_of(self, made: Proposed) -> ProposedCommand:
        """Return a change that a model has proposed, as a reply for a script has it."""
        change = await self._changes.get(made.change)
        return ProposedCommand(
            command=change.order.command, selector=change.selector,
            targets=[target.name for target in change.order.targets], change=change.id, marks=made.marks,
        )  # fmt: skip

    async def answer(self, query: Query, now: float, origin: str) -> Answer:
        """Answer a query, or record the proposal it asks for; `now` in epoch seconds, `origin` as of a proposal."""
        rows = self._inventory.rows()
        match query:
            case Greeting():
                waiting = await self._changes.list([ChangeState.PROPOSED])
                return answer_greeting(query, self._operator.name, rows, len(self._alerts.feed()), len(waiting))
            case HelpQuestion():
                return answer_help(query)
            case InventoryQuestion() | DetailQuestion() | FactQuestion():
                return await self._of_targets(query, now)
            case MetricQuestion() | RankingQuestion() | ForecastQuestion():
                return await self._measures(query, now)
            case AlertQuestion():
                return answer_alerts(query, await self._alerts_for(query), rows, now)
            case ChangeQuestion() | AuditQuestion():
                return await self._of_the_past(query, now)
            case ExplainQuestion() | KnowledgeQuestion() | Errand():
                return await self._explain(query, now)
            case HostQuestion() | DiscoverRequest():
                return await self._of_hosts(query, now)
            case RunRequest() | FixRequest() | AlertOrder():
                return await self._propose(query, now, origin)
            case ApiQuestion() | ApiRequest():
                return await self._of_apis(query, origin)
            case _:
                assert_never(query)

    async def _of_targets(self, query: InventoryQuestion | DetailQuestion | FactQuestion, now: float) -> Answer:
        if isinstance(query, DetailQuestion):
            await self._monitoring.know([query.target])
            samples = self._monitoring.latest(query.target)
            return answer_detail(query, self._inventory.row(query.target), samples, self._alerts.feed(), now)
        rows = self._inventory.rows()
        return answer_fact(query, rows, now) if isinstance(query, FactQuestion) else answer_inventory(query, rows, now)

    async def _of_hosts(self, query: HostQuestion | DiscoverRequest, now: float) -> Answer:
        if isinstance(query, DiscoverRequest):
            return await self._discover(query)
        if query.topic is HostTopic.NEEDED_BY:
            return answer_needed_by(query, await self._services.dependencies())
        if query.topic is HostTopic.OFFERING:
            return answer_offering(query, await self._services.list(selector=query.selector), now)
        return answer_hosts(query, self._inventory.rows(), await self._profiles.all(), now)

    async def _discover(self, query: DiscoverRequest) -> Answer:
        found = await self._services.discover(query.selector or "all")
        brought = {"new": found.new, "changed": found.changed, "back": found.back, "gone": found.gone}
        return answer_discovery(query, brought=brought, seen=found.seen, failed=found.failed)

    async def _of_the_past(self, query: ChangeQuestion | AuditQuestion, now: float) -> Answer:
        if isinstance(query, ChangeQuestion):
            return answer_changes(query, await self._changes.list(limit=LOOKED_THROUGH), now)
        done = await self._audit.rows(since=query.window.start if query.window else 0.0, limit=LOOKED_THROUGH)
        return answer_audit(query, done, await self._alerts.recent(LOOKED_THROUGH), now)

    async def _measures(self, query: MetricQuestion | RankingQuestion | ForecastQuestion, now: float) -> Answer:
        if isinstance(query, ForecastQuestion):
            return await self._ahead(query, now)
        rows = self._inventory.rows()
        wanted = series_wanted(query, rows, await self._monitoring.all_series())
        if isinstance(query, MetricQuestion) and query.window is not None:
            window = query.window
            windows = await self._monitoring.window(wanted, start=window.start, end=window.end, points=WINDOW_POINTS)
            return answer_windows(query, windows, rows, now)
        samples = await self._newest(query, now)
        if isinstance(query, MetricQuestion):
            return answer_values(query, samples, rows, now)
        return answer_ranking(query, samples, rows, now)

    async def _ahead(self, query: ForecastQuestion, now: float) -> Answer:
        found = await self._forecasts().look(query.metrics, query.selector, now=now, within_s=query.within_h * 3600.0)
        return answer_forecasts(query, found, now)

    async def _newest(self, query: MetricQuestion | RankingQuestion, now: float) -> Sequence[Sample]:
        """Return the newest sample of each series that a question is about, as it was known at a time."""
        wanted = series_wanted(query, self._inventory.rows(), await self._monitoring.all_series())
        await self._monitoring.know({key.target for key in wanted})
        chosen = set(wanted)
        found = {sample.key: sample for sample in self._monitoring.latest("") if sample.key in chosen}
        later = [key for key, sample in found.items() if sample.at > now]
        for one in await self._monitoring.window(later, start=now - 3600, end=now, points=60) if later else ():
            del found[one.key]
            if one.points:
                found[one.key] = Sample(key=one.key, at=min(now, one.points[-1].at), value=one.points[-1].mean)
        return [found[key] for key in wanted if key in found]

    async def _alerts_for(self, query: AlertQuestion) -> Sequence[Alert]:
        past = query.state == "resolved" or query.window is not None
        return await self._alerts.recent(LOOKED_THROUGH) if past else self._alerts.feed()

    async def _explain(self, query: ExplainQuestion | KnowledgeQuestion | Errand, now: float) -> Answer:
        if isinstance(query, Errand):
            if query.kind is not Intent.CAPACITY:
                return await self._errands.answer(query, now)
            here = World(now=now, utc_offset_s=utc_offset_s(now), offset_at=utc_offset_s)
            return await self._ahead(loosely_ahead(query, here), now)
        if isinstance(query, KnowledgeQuestion):
            return await self._errands.know(query, now)
        try:
            if query.kind == "alert":
                return answer_alert(query, await self._alerts.get(query.number), now)
            return answer_change(query, await self._changes.get(query.number), now)
        except NotFound:
            return answer_alert(query, None, now) if query.kind == "alert" else answer_change(query, None, now)

    async def _propose(self, query: RunRequest | FixRequest | AlertOrder, now: float, origin: str) -> Answer:
        if isinstance(query, AlertOrder):
            return self._alert_orders.answer(query, now)
        if isinstance(query, FixRequest):
            return await self._errands.propose_fix(query, now, origin)
        proposal = Proposal(command=query.command, selector=query.selector or "all", origin=origin)
        return answer_proposal(query, await self._changes.propose(proposal), now)

    async def _of_apis(self, query: ApiQuestion | ApiRequest, origin: str) -> Answer:
        if isinstance(query, ApiQuestion):
            return answer_apis(query, await self._apis.known())
        call = Call(operation=query.operation, words=query.words)
        reply = await self._apis.ask(query.api, call, origin=origin)
        return answer_call(query, reply.change, reply.output, self._clock.now())


def utc_offset_s(now: float) -> float:
    """Return what local time is ahead of UTC, in seconds."""
    return float(time.localtime(now).tm_gmtoff)
