"""Operations of APIs that the operator has said yes to once: they only read, whatever their words leave open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from opsterm.inventory.apis.description import ApiDescription, Operation
from opsterm.inventory.apis.events import ApiOperationAccepted
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import PreferenceStore

KEY = "apis.accepted"


class AcceptedOperations:
    """What was accepted, by API and operation; for this server, method, path and these words, and no longer."""

    def __init__(self, preferences: PreferenceStore, ledger: Ledger) -> None:
        self._preferences = preferences
        self._ledger = ledger

    async def _all(self) -> Mapping[str, Mapping[str, str]]:
        try:
            said = json.loads(await self._preferences.get(KEY) or "{}")
            return {str(api): {str(k): str(v) for k, v in marks.items()} for api, marks in said.items()}
        except (ValueError, AttributeError):
            return {}

    async def marked(self, api: str, server: str, description: ApiDescription) -> ApiDescription:
        """Return a description whose operations know which of them were accepted."""
        marks = (await self._all()).get(api, {})
        if not marks:
            return description
        operations = tuple(
            replace(one, accepted=True) if marks.get(one.id) == _mark(server, one) else one
            for one in description.operations
        )
        return replace(description, operations=operations)

    async def accept(self, api: str, server: str, operation: Operation) -> None:
        """Remember that an operation is taken for one that only reads."""
        kept = await self._all()
        now = {**kept, api: {**kept.get(api, {}), operation.id: _mark(server, operation)}}
        await self._preferences.put(KEY, json.dumps(now, separators=(",", ":")))
        event = ApiOperationAccepted(api=api, operation=operation.id, method=operation.method, path=operation.path)
        await self._ledger.record(self._ledger.fact(event))

    async def forget(self, api: str) -> None:
        """Forget everything of an API."""
        kept = dict(await self._all())
        if kept.pop(api, None) is not None:
            await self._preferences.put(KEY, json.dumps(kept, separators=(",", ":")))


def _mark(server: str, one: Operation) -> str:
    said = json.dumps([server, one.server, one.method, one.path, one.summary])
    return hashlib.sha256(said.encode()).hexdigest()
