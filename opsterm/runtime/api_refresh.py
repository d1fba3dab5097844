"""Use-case of reading a description again: what is different in it counts when the operator has said yes to that."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput
from opsterm.inventory.apis.description import ApiDescription
from opsterm.inventory.apis.differences import ApiDifferences, compare_descriptions
from opsterm.inventory.apis.document import read_document
from opsterm.inventory.apis.events import ApiRefreshed
from opsterm.inventory.apis.openapi import read_openapi
from opsterm.policy.approval import require_writable
from opsterm.runtime.accepted_operations import AcceptedOperations
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports_apis import Api
from opsterm.runtime.refusals import refusals_told


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshedApi:
    """A description that was read again.

    Attributes:
        api: with what it says now.
        description: of it.
        differences: against the one that was in force.
        before: sha256 of that one's bytes.
    """

    api: Api
    description: ApiDescription
    differences: ApiDifferences
    before: str

    @property
    def waits(self) -> bool:
        """Whether it is not in force until the operator accepts it."""
        return not self.differences.none


class ApiRefresh:
    """Reads descriptions again.

    Args:
        ledger: where refusals are told.
        clock: says when.
        offload: reads and compares in a thread.
        accepted: marks operations that the operator has said yes to.
        read_only: the setting changes.read_only.
        get: returns a known API.
        description: returns its description in force.
        fetched: returns where a description is, and its bytes.
        keep: puts one in force.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, offload: Offload, accepted: AcceptedOperations, *, read_only: bool,
        get: Callable[[str], Awaitable[Api]], description: Callable[[str], Awaitable[ApiDescription]],
        fetched: Callable[[str], Awaitable[tuple[str, bytes]]],
        keep: Callable[[Api, ApiDescription, ApiRefreshed], Awaitable[None]],
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._read_only = read_only
        self._clock = clock
        self._offload = offload
        self._accepted = accepted
        self._get = get
        self._description = description
        self._fetched = fetched
        self._keep = keep

    @refusals_told("read an API again")
    async def read(self, name: str) -> RefreshedApi:
        """Read a description again; one in which no operation differs is in force at once.

        The server that the operator said yes to stays.

        Raises:
            Refused: read-only mode.
            NotFound: no such API.
            BadInput, Unreachable, TimedOut: it cannot be read; what was in force stays so.
        """
        require_writable(read_only=self._read_only, what="read again")
        api, before = await self._get(name), await self._description(name)
        _, data = await self._fetched(api.source)
        after = await self._offload.run("files", lambda: read_openapi(read_document(data)))
        marked = await self._accepted.marked(name, api.server, after)
        found = await self._offload.run("files", lambda: compare_descriptions(before, marked))
        fresh = replace(
            api, title=after.title, version=after.version, openapi=after.openapi, operations=len(after.operations),
            sha256=hashlib.sha256(data).hexdigest(), read_at=self._clock.now(),
        )  # fmt: skip
        read = RefreshedApi(api=fresh, description=after, differences=found, before=api.sha256)
        if not read.waits:
            await self._put_in_force(read)
        return read

    @refusals_told("accept a description")
    async def accept(self, read: RefreshedApi) -> Api:
        """Put in force what the operator was shown and has said yes to.

        Raises:
            BadInput: another description is in force by now than the one it was compared with.
            Refused: read-only mode.
        """
        require_writable(read_only=self._read_only, what="accepted")
        if (await self._get(read.api.name)).sha256 != read.before:
            raise BadInput(
                f"{read.api.name} was not changed: another description has been accepted meanwhile.",
                next_step=f"Look again: opsterm apis refresh {read.api.name}",
            )
        await self._put_in_force(read)
        return read.api

    async def _put_in_force(self, read: RefreshedApi) -> None:
        found = read.differences
        event = ApiRefreshed(
            api=read.api.name, added=len(found.added), removed=len(found.removed), changed=len(found.changed)
        )  # fmt: skip
        await self._keep(read.api, read.description, event)
