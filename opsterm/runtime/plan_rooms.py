"""Rooms of plans and of HTTP APIs, of which a plan may have calls: each is loaded when it is first asked for."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import TYPE_CHECKING, cast

from opsterm.runtime.job_rooms import JobRooms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsterm.core.http_request import HttpRequest
    from opsterm.runtime.apis import Apis
    from opsterm.runtime.automations import Automations
    from opsterm.runtime.plans import Plans


class PlanRooms(JobRooms):
    """The use-cases of plans and of APIs; those of APIs are loaded in a thread."""

    _apis: Apis | None = None

    @cached_property
    def plans(self) -> Plans:
        """Plans in files."""
        from opsterm.inventory.apis.calls import Call, call_words
        from opsterm.runtime.plan_filling import PlanFilling
        from opsterm.runtime.plans import Plans

        async def write_call(name: str, words: Sequence[str]) -> tuple[HttpRequest, Sequence[str]]:
            operation, *values = words
            apis = await self.apis()
            request = await apis.request(name, Call(operation=operation, words=call_words(values)))
            from opsterm.runtime.apis import doubts_of

            return request, doubts_of(name, (await apis.description(name)).operation(operation))

        filling = PlanFilling(
            lambda words: self.inventory.resolve(words),  # noqa: PLW0108 (a file is looked at without it)
            lambda: self.cameras.reader(), write_call,  # noqa: PLW0108 (the same)
        )  # fmt: skip
        return Plans(
            self._edges.files, filling, lambda: self.store.journal, self.scripts.step, lambda: self.assessments,
            self.offload,
        )  # fmt: skip

    @cached_property
    def automations(self) -> Automations:
        """Plans from sentences."""
        from opsterm.runtime.automations import Automations

        async def kept() -> Sequence[tuple[str, str]]:
            return await self.credentials.names()

        return Automations(self.inventory, kept, self.settings.mail)

    async def apis(self) -> Apis:
        """Return the use-cases of HTTP APIs, loaded when first asked for."""
        module = await self.offload.run("imports", lambda: importlib.import_module("opsterm.runtime.apis"))
        if self._apis is None:
            from opsterm.runtime.accepted_operations import AcceptedOperations

            edges = self._edges
            self._apis = cast("type[Apis]", module.Apis)(
                self.store.apis, self.ledger, self.clock, inventory=self.inventory, changes=self.changes,
                credentials=lambda: self.credentials, reader=edges.open_apis, files=edges.files, offload=self.offload,
                read_only=self.settings.changes.read_only,
                accepted=AcceptedOperations(self.store.preferences, self.ledger),
                contents=edges.open_contents, upload_limit=self.settings.changes.put_limit_mb * 1_000_000,
            )  # fmt: skip
        return self._apis
