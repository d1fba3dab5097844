"""What mail needs from the edges: a queue that survives, and a way to a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from opsterm.runtime.ports_store import Fence, Store

if TYPE_CHECKING:
    from opsterm.core.events import Fact
    from opsterm.core.mail import DeliveryReport, Mail
    from opsterm.core.secret import Secret
    from opsterm.monitoring.alerts import Severity
    from opsterm.runtime.ports_apis import ApiStore
    from opsterm.runtime.ports_audit import ChainStore
    from opsterm.runtime.ports_claims import ClaimStore
    from opsterm.runtime.ports_conversations import ConversationStore
    from opsterm.runtime.ports_habits import CommandUseStore
    from opsterm.runtime.ports_jobs import JobStore
    from opsterm.runtime.ports_knowledge import CardStore, TrialStore
    from opsterm.runtime.ports_scripts import ScriptStore
    from opsterm.runtime.ports_services import ProfileStore, ServiceStore
    from opsterm.runtime.ports_traps import TrapStore
from opsterm.runtime.ports_vectors import ItemStore

Facts: TypeAlias = "Callable[[Mail], Sequence[Fact]]"
"""Called, in another thread, with a mail as it was kept; what it returns is committed with it."""


Handing: TypeAlias = "Callable[[Sequence[str]], Awaitable[None]]"
"""Keeps that a mail is about to be handed over for these addresses."""


class MailStore(Protocol):
    """The queue of mail on disk, and what has been told of alerts."""

    async def add(self, mails: Sequence[Mail], facts: Facts) -> tuple[Sequence[Mail], Sequence[Fact]]:
        """Keep new mails; return them with their ids. One whose Message-ID is here already is that one, and untold."""
        ...

    async def tell(
        self, mails: Sequence[Mail], facts: Facts, *, told: Mapping[tuple[int, str], Severity], upto: int, fence: Fence
    ) -> tuple[Sequence[Mail], Sequence[Fact]]:
        """Keep new mails about alerts, what every address has been told of, and how far the journal was read.

        All of it or nothing: a process that is killed tells nothing twice and leaves nothing out.
        """
        ...

    async def told(self) -> Mapping[tuple[int, str], Severity]:
        """Return what every address has been told of, by number of an open alert and address."""
        ...

    async def read_upto(self) -> int | None:
        """Return the `seq` up to which alerts have been told, None when they never were."""
        ...

    async def forget_told(self) -> None:
        """Forget how far the journal was read and what was told: nobody is to be told any more."""
        ...

    async def due(self, now: float, limit: int) -> Sequence[Mail]:
        """Return mails that somebody waits for and that may be tried now, the one that waited longest first."""
        ...

    async def list(self, *, everything: bool, limit: int = 1000) -> Sequence[Mail]:
        """Return mails that somebody waits for or that were lost, or the newest of all, newest first."""
        ...

    async def get(self, mail_id: int) -> Mail | None:
        """Return one mail."""
        ...

    async def claim(self, mail_id: int, until: float, fence: Fence) -> Mail | None:
        """Keep a mail from being tried by others until a time; None when there is nothing to be done with it.

        For whom it was being handed over before, it is unsure from now on: that process is no more.
        """
        ...

    async def update(
        self, mail_id: int, change: Callable[[Mail], Mail], facts: Facts
    ) -> tuple[Mail, Sequence[Fact]] | None:
        """Change a mail as it is at this moment; None when there is none with this number.

        Takes no fence: that a server took a mail stays true when somebody else has the lease by now.
        """
        ...

    async def tidy(self, before: float) -> int:
        """Drop mails made before a time that nobody waits for and that were not lost; return how many."""
        ...


class MailTransport(Protocol):
    """Hands mail to a server."""

    async def deliver(self, mail: Mail, *, password: Secret | None, handing: Handing) -> DeliveryReport:
        """Offer a mail to the server for everybody who waits for it. Raises nothing but cancellation.

        Args:
            mail: what is offered.
            password: for the log-in.
            handing: awaited with the addresses that the server takes, before the text goes to it; what it raises ends
                the try.

        Every step has a time-out. When this returns the connection is closed or about to be.
        """
        ...


class WholeStore(Store, Protocol):
    """Everything that is kept, mail, APIs, traps and services as well; `ports_store` cannot name what needs it."""

    @property
    def mail(self) -> MailStore:
        """The queue of mail."""
        ...

    @property
    def apis(self) -> ApiStore:
        """Learnt HTTP APIs."""
        ...

    @property
    def chain(self) -> ChainStore:
        """The audit chain."""
        ...

    @property
    def claims(self) -> ClaimStore:
        """Claims by hand."""
        ...

    @property
    def jobs(self) -> JobStore:
        """What is done by schedule."""
        ...

    @property
    def trials(self) -> TrialStore:
        """Fixes that were tried."""
        ...

    @property
    def command_uses(self) -> CommandUseStore:
        """Commands that are learned from."""
        ...

    @property
    def conversations(self) -> ConversationStore:
        """Conversations of the chat."""
        ...

    @property
    def cards(self) -> CardStore:
        """Cards of this site."""
        ...

    @property
    def items(self) -> ItemStore:
        """The items of the collections."""
        ...

    @property
    def scripts(self) -> ScriptStore:
        """Scripts of this site."""
        ...

    @property
    def traps(self) -> TrapStore:
        """Traps that came."""
        ...

    @property
    def profiles(self) -> ProfileStore:
        """What targets were found to be."""
        ...

    @property
    def services(self) -> ServiceStore:
        """The registry of services."""
        ...
