"""Rooms of what is known, learned and expected: each is loaded and built when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from opsterm.runtime.plan_rooms import PlanRooms

if TYPE_CHECKING:
    from opsterm.runtime.collections import Collections
    from opsterm.runtime.embedder_supply import EmbedderSupply
    from opsterm.runtime.fixes import Fixes
    from opsterm.runtime.forecasts import Forecasts
    from opsterm.runtime.knowledge import Knowledge
    from opsterm.runtime.model import Models
    from opsterm.runtime.recommendations import Recommendations
    from opsterm.runtime.suggestions import Suggestions


class LearningRooms(PlanRooms):
    """The use-cases of knowledge, of what is learned from it, of what comes, and of models."""

    @cached_property
    def knowledge(self) -> Knowledge:
        """Cards of what is known."""
        from opsterm.runtime.knowledge import Knowledge

        edges = self._edges
        return Knowledge(
            lambda: self.store.cards, self.ledger, self.clock, operator=edges.operator,
            trials=lambda: self.store.trials, open_index=edges.open_card_index, files=edges.files, offload=self.offload,
            folder=self.paths.shipped / "knowledge_seed" / "cards",
            by_meaning=self.collections.cards_by_meaning,
        )  # fmt: skip

    @cached_property
    def collections(self) -> Collections:
        """The five collections of what is known."""
        from opsterm.runtime.collections import Collections

        return Collections(
            lambda: self.store.items, self.store.preferences, self.clock, operator=self._edges.operator,
            masking=self.masking, models=lambda: self.models, open_edges=self._edges.open_vectors,
        )  # fmt: skip

    async def embedder_supply(self) -> EmbedderSupply:
        """What fetches embedders, when the operator says so."""
        from opsterm.runtime.embedder_supply import EmbedderSupply

        edges = self._edges
        return EmbedderSupply(
            await edges.open_download(), (await edges.open_vectors()).stock, self.offload.pool("files"),
            try_folder=self.collections.try_folder,
            use=lambda folder: self.offload.run("files", lambda: edges.write_setting("knowledge.embedder", folder)),
            in_use=self.settings.knowledge.embedder,
        )  # fmt: skip

    @cached_property
    def fixes(self) -> Fixes:
        """Fixes from cards."""
        from opsterm.runtime.fixes import Fixes

        return Fixes(
            self.store.trials, self.ledger, self.clock, knowledge=self.knowledge, changes=self.changes,
            inventory=self.inventory, alerts=self.alerts, operator=self.operator,
        )  # fmt: skip

    @cached_property
    def suggestions(self) -> Suggestions:
        """Commands suggested from those that were run."""
        from opsterm.runtime.suggestions import Suggestions

        return Suggestions(
            self.store.command_uses, self.ledger, self.clock, operator=self.operator, inventory=self.inventory,
            masking=self.masking, offload=self.offload, knowledge=lambda: self.knowledge,
            on=self.settings.learning.commands, stays=self.face == "screen",
        )  # fmt: skip

    @cached_property
    def forecasts(self) -> Forecasts:
        """Forecasts from kept measurements."""
        from opsterm.runtime.forecasts import Forecasts

        return Forecasts(self.store, self.inventory, self.monitoring, self.offload)

    @cached_property
    def recommendations(self) -> Recommendations:
        """What could be made easier."""
        from opsterm.runtime.recommendations import Recommendations

        return Recommendations(
            self.store.preferences, self.clock, operator=self.operator, suggestions=self.suggestions,
            alerts=self.alerts, changes=self.changes, jobs=lambda: self.jobs, knowledge=lambda: self.knowledge,
            on=self.settings.learning.commands,
        )  # fmt: skip

    @cached_property
    def models(self) -> Models:
        """Language models."""
        from opsterm.runtime.model import Models

        return Models(
            self.settings.model, self.ledger, self.clock, masking=self.masking,
            open_server=lambda: self._edges.open_model(self.credentials), read_only=self.settings.changes.read_only,
        )  # fmt: skip
