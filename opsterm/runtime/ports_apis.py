"""What the use-cases of HTTP APIs need from the edges, and what is kept of an API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from opsterm.core.http_request import Origin

if TYPE_CHECKING:
    from opsterm.core.events import Fact
    from opsterm.inventory.apis.description import ApiDescription


def secret_account(scheme: str, origin: Origin) -> str:
    """Return the account under which a secret is kept: it is for one server, and goes to no other."""
    return f"{scheme}@{origin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API that is known, without its description.

    Attributes:
        name: unique; also that of its target.
        source: URL or path that its description was read from.
        server: base URL to which its requests go, without a "/" at the end.
        title: what it calls itself.
        version: as it says.
        openapi: version of the description's language.
        operations: how many.
        sha256: of the description's bytes.
        added_at: epoch seconds.
        read_at: epoch seconds of the last reading.
    """

    name: str
    source: str
    server: str
    title: str
    version: str
    openapi: str
    operations: int
    sha256: str
    added_at: float
    read_at: float


class ApiStore(Protocol):
    """APIs, by name; a description is kept with its API and read for itself, since it may have megabytes."""

    async def all(self) -> Sequence[Api]:
        """Return every API, by name, without descriptions."""
        ...

    async def description(self, name: str) -> ApiDescription | None:
        """Return an API's description, None when there is no such API."""
        ...

    async def save(self, api: Api, description: ApiDescription, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Keep an API, new or read again."""
        ...

    async def remove(self, name: str, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Forget an API."""
        ...


class DescriptionReader(Protocol):
    """Fetches descriptions from servers."""

    async def fetch(self, url: str, *, limit: int) -> bytes:
        """Return what is at a URL.

        Redirects are followed, never from https to http.

        Args:
            url: http or https.
            limit: bytes at most.

        Raises:
            BadInput: it is no URL, or larger than the limit.
            Refused: the server is not who it should be, or at an address that is not connected to.
            Unreachable: nobody answers, or the answer is not 200.
            TimedOut: it takes too long.
        """
        ...
