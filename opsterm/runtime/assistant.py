"""Use-case of the chat: read a sentence, fetch what it asks for, answer. It can propose, and nothing more."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

from opsterm.assistant.answer import Answer
from opsterm.assistant.answers_apis import answer_apis, answer_call
from opsterm.assistant.answers_audit import answer_audit
from opsterm.assistant.answers_errands import answer_ahead
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
from opsterm.assistant.answers_measures import answer_ranking, answer_values, answer_windows, series_wanted
from opsterm.assistant.answers_profiles import answer_discovery, answer_offering
from opsterm.assistant.answers_services import answer_hosts, answer_needed_by
from opsterm.assistant.answers_talk import (
    answer_error,
    answer_greeting,
    answer_held,
    answer_help,
    answer_not_understood,
    with_notes,
)
from opsterm.assistant.denotation import NOTHING, Denotation, Known, denote
from opsterm.assistant.errands import Errand
from opsterm.assistant.intents.model import IntentModel
from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import Interpretation, Memory
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
from opsterm.assistant.reply import Reply, proposed, question_of
from opsterm.assistant.world import Vocabulary, World, vocabulary
from opsterm.changes.change import ChangeState
from opsterm.core.clock import Clock
from opsterm.core.errors import NotFound, OpstermError
from opsterm.inventory.apis.calls import Call
from opsterm.monitoring.alerts import Alert
from opsterm.monitoring.sample import Sample
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

WINDOW_POINTS = 240
CONTEXT_LIMIT = 10
LOOKED_THROUGH = 1000
"""Changes, audited facts and resolved alerts that a question looks through."""


class Assistant:
    """One conversation. What is asked is read against live state; what was asked before is remembered for a while."""

    def __init__(  # noqa: PLR0913 (the use-cases that it may ask, one by one)
        self, clock: Clock, *, operator: Operator, inventory: Inventory, monitoring: Monitoring, alerts: Alerts,
        changes: Changes, apis: Apis, audit: Audit, profiles: Profiles, services: Services, errands: ErrandAnswers,
        open_model: Callable[[], Awaitable[IntentModel]],
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
        self._open_model = open_model
        self._model: IntentModel | None = None
        self._memory = Memory()
        self._kept: tuple[World, Vocabulary] | None = None

    async def ask(self, text: str, *, origin: str) -> Answer:
        """Answer a sentence, or record the proposal it asks for.

        Args:
            text: the operator's words.
            origin: "chat" or "command line": where a proposal is said to come from.
        """
        now = self._clock.now()
        read = interpret(text, await self._world(now), self._memory)
        self._memory = self._memory.after(read, now)
        return await self._answered(read, now, origin)

    async def reply(
        self, text: str, *, context: Sequence[str] = (), now: float | None = None, origin: str = ""
    ) -> Reply:
        """Answer a sentence for a script; the conversation of the chat is left alone.

        Args:
            text: the sentence.
            context: what was said before it, oldest first; the last CONTEXT_LIMIT count.
            now: epoch seconds; the clock's when None. The same one again costs no new look at the state.
            origin: where a proposal is said to come from; "" records nothing and carries nothing out.
        """
        at = self._clock.now() if now is None else now
        if self._kept is None or self._kept[0].now != at:
            world = await self._world(at)
            self._kept = (world, vocabulary(world))
        world, words = self._kept
        memory = Memory()
        for earlier in context[-CONTEXT_LIMIT:]:
            memory = memory.after(interpret(earlier, world, memory, words=words), at)
        read = interpret(text, world, memory, words=words)
        acts = isinstance(read.query, RunRequest | DiscoverRequest | ApiRequest)
        held = acts and not origin
        answer = answer_held(read) if held else await self._answered(read, at, origin)
        return Reply(
            intent=read.intent, interpretation=read.line, denotation=await self._denotation(read, text, at),
            question=question_of(read, answer), answer=answer,
            proposal=proposed(read.query, world.rows, answer.change_id), utc_offset_s=world.utc_offset_s,
        )  # fmt: skip

    async def _denotation(self, read: Interpretation, text: str, now: float) -> Denotation:
        query = read.query
        if query is None:
            return NOTHING
        samples = await self._newest(query, now) if isinstance(query, RankingQuestion) else ()
        alerts = await self._alerts_for(query) if isinstance(query, AlertQuestion) else ()
        return denote(query, text, Known(rows=self._inventory.rows(), samples=samples, alerts=alerts, now=now))

    async def _answered(self, read: Interpretation, now: float, origin: str) -> Answer:
        if read.query is None:
            return answer_not_understood(read)
        try:
            answer = await self._answer(read.query, now, origin)
        except OpstermError as error:
            return answer_error(read.line, error)
        return with_notes(answer, read)

    async def _world(self, now: float) -> World:
        return World(
            now=now,
            utc_offset_s=float(time.localtime(now).tm_gmtoff),
            operator=self._operator.name,
            rows=self._inventory.rows(),
            series=await self._monitoring.all_series(),
            apis=await self._apis.known(),
            managers=await self._profiles.managers(),
            services=await self._services.list(),
            model=await self._intents(),
        )

    async def _answer(self, query: Query, now: float, origin: str) -> Answer:
        rows = self._inventory.rows()
        match query:
            case Greeting():
                waiting = await self._changes.list([ChangeState.PROPOSED])
                return answer_greeting(query, self._operator.name, rows, len(self._alerts.feed()), len(waiting))
            case HelpQuestion():
                return answer_help(query)
            case InventoryQuestion() | DetailQuestion() | FactQuestion():
                return await self._of_targets(query, now)
            case MetricQuestion() | RankingQuestion():
                return await self._measures(query, now)
            case AlertQuestion():
                return answer_alerts(query, await self._alerts_for(query), rows, now)
            case ChangeQuestion() | AuditQuestion():
                return await self._of_the_past(query, now)
            case ExplainQuestion() | KnowledgeQuestion() | Errand():
                return await self._explain(query, now)
            case HostQuestion() | DiscoverRequest():
                return await self._of_hosts(query, now)
            case RunRequest():
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

    async def _measures(self, query: MetricQuestion | RankingQuestion, now: float) -> Answer:
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

    async def _intents(self) -> IntentModel:
        if self._model is None:
            self._model = await self._open_model()
        return self._model

    async def _explain(self, query: ExplainQuestion | KnowledgeQuestion | Errand, now: float) -> Answer:
        if isinstance(query, Errand):
            if query.kind is not Intent.CAPACITY:
                return await self._errands.answer(query, now)
            return answer_ahead(query, await self._measures(_fullest(query), now))
        if isinstance(query, KnowledgeQuestion):
            return await self._errands.know(query)
        try:
            if query.kind == "alert":
                return answer_alert(query, await self._alerts.get(query.number), now)
            return answer_change(query, await self._changes.get(query.number), now)
        except NotFound:
            return answer_alert(query, None, now) if query.kind == "alert" else answer_change(query, None, now)

    async def _propose(self, query: RunRequest, now: float, origin: str) -> Answer:
        proposal = Proposal(command=query.command, selector=query.selector or "all", origin=origin)
        return answer_proposal(query, await self._changes.propose(proposal), now)

    async def _of_apis(self, query: ApiQuestion | ApiRequest, origin: str) -> Answer:
        if isinstance(query, ApiQuestion):
            return answer_apis(query, await self._apis.known())
        call = Call(operation=query.operation, words=query.words)
        reply = await self._apis.ask(query.api, call, origin=origin)
        return answer_call(query, reply.change, reply.output, self._clock.now())


def _fullest(errand: Errand) -> RankingQuestion:
    """Return the question that a look ahead is answered with, as long as nothing is forecast."""
    return RankingQuestion(metric="fs.used_percent", selector=errand.selector, limit=5)
