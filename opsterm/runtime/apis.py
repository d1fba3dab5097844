"""Use-cases of HTTP APIs: learn one from its description, look at what it offers, call it.

A call becomes a change, as every command does: what only reads is approved by the policy and may run at once, and
everything else waits for an approval. Nothing here sends a request to an API; the executor does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opsterm.changes.change import Change, ChangeState
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.http_request import HttpRequest, origin_of
from opsterm.core.oauth import as_secret
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.inventory.apis.calls import Call, file_words, request_of
from opsterm.inventory.apis.description import ApiDescription, Operation
from opsterm.inventory.apis.document import JSON_LIMIT, read_document
from opsterm.inventory.apis.events import ApiAdded, ApiRefreshed, ApiRemoved
from opsterm.inventory.apis.multipart import UploadedFile
from opsterm.inventory.apis.openapi import read_openapi
from opsterm.inventory.patterns import near_enough
from opsterm.inventory.target import Protocol, Target
from opsterm.policy.approval import POLICY, require_writable
from opsterm.policy.order import HTTP
from opsterm.runtime.accepted_operations import AcceptedOperations
from opsterm.runtime.api_names import base_url, name_of_title, require_api_name
from opsterm.runtime.api_refresh import ApiRefresh
from opsterm.runtime.api_tokens import TokenPlace, token_url_of
from opsterm.runtime.changes import Changes
from opsterm.runtime.credentials import API
from opsterm.runtime.edges import Files
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Credentials
from opsterm.runtime.ports_apis import Api, ApiStore, DescriptionReader, secret_account
from opsterm.runtime.ports_files import Contents
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.refusals import refusals_told

TAG = "api"
ASKED_S = 30.0
"""Seconds that a call may take which somebody waits for in the chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApi:
    """An API that was read and is not kept yet.

    Attributes:
        api: as it would be kept.
        description: of it.
        warnings: what the operator should know before saying yes, a sentence each.
    """

    api: Api
    description: ApiDescription
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReply:
    """What came of a call that somebody waits for.

    Attributes:
        change: ended when it only reads, else proposed.
        output: what the server answered, raw bytes, cut at 1 MB; clean them before showing.
    """

    change: Change
    output: bytes = b""


class Apis:
    """Everything that can be done with an API.

    Attributes:
        again: reading descriptions again.
    """

    def __init__(  # noqa: PLR0913 (every use-case of APIs, and what each needs)
        self, store: ApiStore, ledger: Ledger, clock: Clock, *, inventory: Inventory, changes: Changes,
        credentials: Callable[[], Credentials], reader: Callable[[], Awaitable[DescriptionReader]], files: Files,
        offload: Offload, read_only: bool, accepted: AcceptedOperations,
        contents: Callable[[], Awaitable[Contents]], upload_limit: int,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._inventory = inventory
        self._changes = changes
        self._credentials = credentials
        self._reader = reader
        self._files = files
        self._offload = offload
        self._read_only = read_only
        self._accepted = accepted
        self._contents = contents
        self._upload_limit = upload_limit
        self.again = ApiRefresh(
            ledger, clock, offload, accepted, read_only=read_only, get=self.get, description=self.description,
            fetched=self._fetched, keep=self._keep,
        )  # fmt: skip
        self._read: dict[str, tuple[str, ApiDescription]] = {}  # by name: what it was read from, and the description

    # ------------------------------------------------------------------ learning one

    async def read(self, source: str, *, name: str = "", server: str = "") -> NewApi:
        """Read a description and say what adding it would mean; keeps nothing.

        Args:
            source: a URL, or the path of a file.
            name: what it shall be called; "" for its title.
            server: where its requests shall go; "" for the first server that it names.

        Raises:
            BadInput: it is no description, names no server, or the name is taken.
            Refused: its server is at an address that is not connected to.
            Unreachable, TimedOut: it could not be fetched.
        """
        where, data = await self._fetched(source)
        description = await self._offload.run("files", lambda: read_openapi(read_document(data)))
        base = base_url(description, where, server)
        now = self._clock.now()
        api = Api(
            name=require_api_name(name or name_of_title(description.title)),
            source=where,
            server=base,
            title=description.title,
            version=description.version,
            openapi=description.openapi,
            operations=len(description.operations),
            sha256=hashlib.sha256(data).hexdigest(),
            added_at=now,
            read_at=now,
        )
        known = [one.name for one in await self.all()]
        if api.name in known:
            raise BadInput(
                f"There is an API {api.name} already.",
                next_step=f"Read it again with `opsterm apis refresh {api.name}`, or choose another --name.",
            )
        return NewApi(api=api, description=description, warnings=_warnings(api, description, named=bool(server)))

    @refusals_told("add an API")
    async def add(self, new: NewApi) -> Api:
        """Keep an API and put its server into the inventory: what the operator has said yes to.

        Raises:
            BadInput: there is another target of that name.
            Refused: opsterm is in read-only mode.
        """
        require_writable(read_only=self._read_only, what="added")
        origin = origin_of(new.api.server)
        wanted = Target(
            name=new.api.name, address=origin.host, port=origin.port, protocol=Protocol.HTTP, tags=(TAG,)
        )  # fmt: skip
        there = self._inventory.target(wanted.name)
        if there is None:
            await self._inventory.add(wanted)
        elif (there.protocol, there.reach, there.port) != (wanted.protocol, wanted.address, wanted.port):
            raise BadInput(
                f"There is a target {wanted.name} already, and it is not {origin}.", next_step="Choose another --name."
            )
        elif TAG not in there.tags:
            await self._inventory.label(wanted.name, add_tags=[TAG])
        event = ApiAdded(
            api=new.api.name, source=new.api.source, server=new.api.server, operations=new.api.operations
        )  # fmt: skip
        await self._keep(new.api, new.description, event)
        return new.api

    async def _keep(self, api: Api, description: ApiDescription, event: ApiAdded | ApiRefreshed) -> None:
        self._ledger.committed(await self._store.save(api, description, [self._ledger.fact(event)]))

    @refusals_told("remove an API")
    async def remove(self, name: str) -> Sequence[str]:
        """Forget an API and take its target out of the inventory; return the accounts of secrets that stay kept."""
        require_writable(read_only=self._read_only, what="removed")
        api = await self.get(name)
        facts = await self._store.remove(name, [self._ledger.fact(ApiRemoved(api=name))])
        self._ledger.committed(facts)
        target = self._inventory.target(name)
        if target is not None and target.protocol is Protocol.HTTP and TAG in target.tags:
            await self._inventory.remove([name])
        await self._accepted.forget(name)
        origin = origin_of(api.server)
        return [secret_account(scheme, origin) for scheme in sorted(await self._kept(api))]

    async def _fetched(self, source: str) -> tuple[str, bytes]:
        """Return where a description is, spelled so that it is found again, and its bytes."""
        if "://" in source:
            origin_of(source)
            reader = await self._reader()
            return source, await reader.fetch(source, limit=JSON_LIMIT)
        return await self._offload.run("files", lambda: self._from_file(source))

    def _from_file(self, source: str) -> tuple[str, bytes]:
        """Return the whole path of a file and its bytes. Blocking."""
        path = Path(source).expanduser().absolute()
        try:
            return str(path), self._files.read(path).encode()
        except OSError as error:
            raise BadInput(f"{clean_line(str(path))} cannot be read.", why=error.strerror or "") from None

    # ------------------------------------------------------------------ looking

    async def all(self) -> Sequence[Api]:
        """Return every API, by name."""
        return await self._store.all()

    async def get(self, name: str) -> Api:
        """Return one API. Raises NotFound, naming a near one."""
        known = {api.name: api for api in await self.all()}
        if name not in known:
            near = near_enough(name, list(known))
            raise NotFound(
                f"There is no API {clean_line(name, limit=60)}.",
                next_step=f"The nearest is {near}." if near else "Add one: opsterm apis add URL-or-file",
            )
        return known[name]

    async def description(self, name: str) -> ApiDescription:
        """Return an API's description. Raises NotFound."""
        return await self._description(await self.get(name))

    async def known(self) -> Mapping[str, ApiDescription]:
        """Return every description by the API's name; read again only when it changed."""
        return {api.name: await self._description(api) for api in await self.all()}

    async def _description(self, api: Api) -> ApiDescription:
        kept = self._read.get(api.name)
        if kept is not None and kept[0] == f"{api.sha256} {api.read_at}":
            return await self._accepted.marked(api.name, api.server, kept[1])
        found = await self._store.description(api.name)
        if found is None:
            raise NotFound(f"There is no API {api.name}.")
        self._read[api.name] = (f"{api.sha256} {api.read_at}", found)
        return await self._accepted.marked(api.name, api.server, found)

    @refusals_told("accept an operation")
    async def accept(self, name: str, operation: str) -> Operation:
        """Remember that an operation only reads, as the operator says; return it.

        Raises:
            NotFound: no such API or operation.
            BadInput: by its method or path it does something, and each call of it is asked about.
            Refused: read-only mode.
        """
        require_writable(read_only=self._read_only, what="accepted")
        api = await self.get(name)
        found = (await self._description(api)).operation(operation)
        if not found.could_read:
            raise BadInput(
                f"{clean_line(operation, limit=120)} cannot be accepted: {found.method} {found.path} is not a read.",
                next_step="Each call of it is proposed, and needs an approval of its own.",
            )
        await self._accepted.accept(name, api.server, found)
        return found

    # ------------------------------------------------------------------ calling

    async def request(self, name: str, call: Call) -> HttpRequest:
        """Return the request that a call is; sends nothing.

        Raises:
            NotFound: no such API or operation.
            BadInput: a value is missing, unknown or wrong; or a secret is needed that is not kept.
        """
        api = await self.get(name)
        description = await self._description(api)
        kept = await self._kept(api) if description.operation(call.operation).security else frozenset()
        files = {path: await self._kept_file(path) for path in file_words(description, call)}
        return await self._offload.run(
            "files", lambda: request_of(description, call, base_url=api.server, kept=kept, api=name, files=files)
        )

    async def _kept_file(self, path: str) -> UploadedFile:
        """Keep the content of a file as it is now. Raises BadInput, StorageError."""
        source = await self._offload.run("files", lambda: Path(path).expanduser())
        kept = await (await self._contents()).keep(source, limit=self._upload_limit)
        return UploadedFile(name=source.name, size=kept.size, sha256=kept.sha256)

    async def call(
        self, name: str, call: Call, *, origin: str, reason: str = "", timeout_s: float | None = None
    ) -> Change:  # fmt: skip
        """Record a call as a change.

        Returns:
            The change: APPROVED by the policy when it only reads, to be run at once; else PROPOSED.

        Raises:
            NotFound, BadInput: as `request`.
            Refused: opsterm is in read-only mode.
        """
        request = await self.request(name, call)
        operation = (await self.description(name)).operation(call.operation)
        proposal = Proposal(
            command=request.text, selector=name, shell=HTTP, reason=reason, origin=origin, timeout_s=timeout_s
        )
        if doubts := doubts_of(name, operation):
            return await self._changes.propose(replace(proposal, warnings=doubts))
        return await self._changes.query(proposal)

    async def ask(self, name: str, call: Call, *, origin: str) -> ApiReply:
        """Call what only reads and wait for the answer; propose everything else."""
        change = await self.call(name, call, origin=origin, timeout_s=ASKED_S)
        if change.state is not ChangeState.APPROVED or change.decided_by != POLICY:
            return ApiReply(change=change)
        ended = await self._changes.run(change.id)
        return ApiReply(change=ended, output=await self._changes.output(ended.id, name))

    # ------------------------------------------------------------------ secrets

    async def keep_secret(self, name: str, scheme: str, secret: Secret, *, tokens: TokenPlace | None = None) -> str:
        """Keep what an API wants to let us in; for its server, and for no other.

        Args:
            name: of the API.
            scheme: one that its description has.
            secret: key, token, "USER:PASSWORD"; with `tokens` "CLIENT_ID:CLIENT_SECRET".
            tokens: for a scheme of OAuth, where a client fetches tokens.

        Returns:
            The URL from which tokens are fetched, "" when none are.

        Raises:
            NotFound: the description has no such security scheme.
            BadInput: it is not one of OAuth, or no usable token URL is known.
        """
        api, kind, url = await self.get(name), await self.require_scheme(name, scheme), ""
        if tokens is not None:
            found = (await self.description(name)).scheme(scheme)
            url = token_url_of(api.server, found if kind == "oauth2" else None, tokens.url)
            secret = as_secret(url, tokens.scope, secret)
        await self._credentials().put(API, secret_account(scheme, origin_of(api.server)), secret)
        return url

    async def require_scheme(self, name: str, scheme: str) -> str:
        """Return the kind of a security scheme. Raises NotFound, BadInput for one that cannot be sent."""
        description = await self.description(name)
        found = description.scheme(scheme)
        known = ", ".join(one.name for one in description.schemes if one.kind != "other")
        if found is None:
            raise NotFound(
                f"{name} has no security scheme {clean_line(scheme, limit=60)}.",
                next_step=f"There is: {known}." if known else "Its description names none.",
            )
        if found.kind == "other":
            raise BadInput(f"{scheme} is a way to log in that is not spoken here.", next_step=f"There is: {known}.")
        return found.kind

    async def kept(self, name: str) -> frozenset[str]:
        """Return the names of security schemes for which a secret is kept."""
        return await self._kept(await self.get(name))

    async def _kept(self, api: Api) -> frozenset[str]:
        end = secret_account("", origin_of(api.server))
        names = await self._credentials().names()
        return frozenset(
            account.removesuffix(end) for service, account in names if service == API and account.endswith(end)
        )


def doubts_of(api: str, operation: Operation) -> tuple[str, ...]:
    """Return what should be known of a call that may only read, though nobody says so; () for any other."""
    if not operation.could_read or operation.only_reads:
        return ()
    said = f"{operation.method} should only read, but the description does not say it of {operation.id}."
    return (f"{said} If it does: opsterm apis accept {api} {operation.id}",)


def _warnings(api: Api, description: ApiDescription, *, named: bool) -> tuple[str, ...]:
    said = []
    origin = origin_of(api.server)
    if not named and "://" in api.source and origin_of(api.source) != origin:
        said.append(f"The description comes from {origin_of(api.source)}; its requests would go to {origin}.")
    if not origin.secure:
        said.append(f"{origin} is asked over http: nothing is encrypted, and no secret is sent there.")
    others = [url for url in description.servers[1:4] if url.rstrip("/") != api.server]
    if others and not named:
        said.append(f"It names other servers as well: {', '.join(others)}. Choose one with --server.")
    return tuple(said)
