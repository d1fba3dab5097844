"""Rooms that a single command seldom needs: each is loaded and built when it is first asked for.

Loading all of them is a third of what a start would import. A process that stays loads them at once, in a thread.
"""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import TYPE_CHECKING, cast

from opsterm.runtime.learning_rooms import LearningRooms

if TYPE_CHECKING:
    from opsterm.assistant.intents.model import IntentModel
    from opsterm.runtime.assistant import Assistant
    from opsterm.runtime.conversations import Conversations
    from opsterm.runtime.dialogue import Dialogue
    from opsterm.runtime.errands import ErrandAnswers
    from opsterm.runtime.exposition import Exposition
    from opsterm.runtime.mail import Post
    from opsterm.runtime.model_check import ModelCheck
    from opsterm.runtime.model_talk import ModelTalk
    from opsterm.runtime.model_turns import ModelTurns
    from opsterm.runtime.notices import MailNotices
    from opsterm.runtime.shelf import Shelf

LOADED_LATER = (
    "assessments", "audit", "checkpoints", "collection_sources", "collection_upkeep", "collections",
    "connection_test", "conversations", "countersigning", "doctor", "embedder_supply", "evidence", "exposition",
    "files", "fixes", "forecasts", "gates", "job_making", "job_view", "job_wishes", "jobs", "knowledge", "learned_risk",
    "mail", "measurers", "model", "model_talk", "notices", "plan_filling", "plan_outline", "plans", "previews",
    "recovery", "recovery_copies", "recovery_selection", "registry", "remote_monitoring", "removals", "reviews",
    "recommendations", "rewrites", "schedules", "scripts", "session_paths", "snmp", "standing", "suggestions",
    "terminals", "traps", "works",
)  # fmt: skip
"""Their modules."""


class LaterRooms(LearningRooms):
    """The use-cases that are loaded when they are first asked for; those of the assistant in a thread."""

    _assistant: Assistant | None = None

    def load_all(self) -> None:
        """Load what `cached_property` would load later. Blocks for 0.1 s: for a process that stays, in a thread."""
        for name in LOADED_LATER:
            importlib.import_module(f"opsterm.runtime.{name}")

    @cached_property
    def exposition(self) -> Exposition:
        """Measurements for Prometheus."""
        from opsterm.runtime.exposition import Exposition

        return Exposition(self.clock, self.inventory, self.monitoring, self.alerts)

    @cached_property
    def conversations(self) -> Conversations:
        """Conversations of the chat."""
        from opsterm.runtime.conversations import Conversations

        edges = self._edges
        return Conversations(
            lambda: self.store.conversations, self.clock, self.masking, operator=edges.operator,
            settings=self.settings.chat, files=edges.files, offload=self.offload,
            collections=lambda: self.collections,
        )  # fmt: skip

    async def dialogue(self) -> Dialogue:
        """Return a conversation that can go on."""
        from opsterm.runtime.dialogue import Dialogue

        return Dialogue(self.assistant, self.conversations, self.clock)

    @cached_property
    def post(self) -> Post:
        """Mail."""
        from opsterm.runtime.mail import Post

        edges = self._edges
        return Post(
            self.store.mail, self.ledger, self.clock, settings=self.settings.mail, operator=edges.operator,
            transport=edges.open_mail, credentials=lambda: self.credentials,
        )  # fmt: skip

    @cached_property
    def notices(self) -> MailNotices:
        """Mail about alerts."""
        from opsterm.runtime.notices import MailNotices

        return MailNotices(
            self.store, self.ledger, self.clock, settings=self.settings.mail, operator=self._edges.operator,
            inventory=self.inventory, post=self.post,
        )  # fmt: skip

    @cached_property
    def talk(self) -> ModelTalk:
        """Asking a language model."""
        from opsterm.runtime.model_talk import ModelTalk

        return ModelTalk(self.models, self.clock, self.masking, self.offload.pool("model"))

    @cached_property
    def model_check(self) -> ModelCheck:
        """Trying a language model."""
        from opsterm.runtime.model_check import ModelCheck

        return ModelCheck(self.models, self.talk, self.clock)

    async def assistant(self) -> Assistant:
        """Return the assistant, loaded when first asked for: its rules are a seventh of what a start would import."""
        module = await self.offload.run("imports", lambda: importlib.import_module("opsterm.runtime.assistant"))
        apis = await self.apis()
        if self._assistant is None:
            from opsterm.runtime.alert_orders import AlertOrders
            from opsterm.runtime.query_answers import QueryAnswers
            from opsterm.runtime.shelf import Shelf

            errands = self._errands()
            answers = QueryAnswers(
                self.clock, operator=self.operator, inventory=self.inventory, monitoring=self.monitoring,
                alerts=self.alerts, changes=self.changes, apis=apis, audit=self.audit,
                profiles=self.profiles, services=self.services, errands=errands,
                forecasts=lambda: self.forecasts,
                alert_orders=AlertOrders(self.clock, self.alerts, self.inventory, self.said_back),
            )  # fmt: skip
            make = cast("type[Assistant]", module.Assistant)
            shelf = Shelf(self.clock, errands.source_text)
            self._assistant = make(
                self.clock, answers, shelf, open_model=self._open_model, turns=self._model_turns(shelf)
            )
        return self._assistant

    def _model_turns(self, shelf: Shelf) -> ModelTurns:
        from opsterm.runtime.model_reader import ModelReader
        from opsterm.runtime.model_tools import ModelTools
        from opsterm.runtime.model_turns import ModelTurns
        from opsterm.runtime.talk_records import TalkRecords

        tools = ModelTools(
            self.clock, shelf, inventory=self.inventory, monitoring=self.monitoring, alerts=self.alerts,
            changes=self.changes, cards=lambda: self.knowledge, masking=self.masking,
        )  # fmt: skip
        records = TalkRecords(self.ledger, self.masking, self.clock)
        return ModelTurns(
            self.models, self.talk, tools, shelf, self.clock, reader=ModelReader(self.talk), records=records
        )

    async def _open_model(self) -> IntentModel:
        from opsterm.assistant.intents.model import read_model

        place, files = self.paths.shipped / "knowledge_seed" / "intents" / "weights.json", self._edges.files
        return await self.offload.run("files", lambda: read_model(files.read(place)))

    def _errands(self) -> ErrandAnswers:
        from opsterm.runtime.errands import ErrandAnswers, ErrandRooms

        return ErrandAnswers(
            ErrandRooms(
                changes=self.changes, alerts=self.alerts, compliance=lambda: self.compliance,
                assessments=lambda: self.assessments, recovery=lambda: self.recovery,
                scripts=lambda: self.scripts, knowledge=self._edges.open_knowledge, cards=lambda: self.knowledge,
                fixes=lambda: self.fixes, wishes=lambda: self.job_wishes, said_back=self.said_back,
                automations=lambda: self.automations,
            )
        )  # fmt: skip
