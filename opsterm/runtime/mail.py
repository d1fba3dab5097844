"""Use-cases of mail: try the server, look at the queue, put back, drop; and the worker that delivers."""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, BadSetting, NotFound, OpstermError
from opsterm.core.events import Fact
from opsterm.core.mail import (
    DeliveryReport,
    Mail,
    MailPhase,
    Recipient,
    Trouble,
    drop,
    hand_over,
    parse_addresses,
    put_back,
    settle,
)
from opsterm.core.mail_settings import MailSettings
from opsterm.core.secret import Secret
from opsterm.core.text import clean_block, clean_line
from opsterm.policy.mask import mask
from opsterm.runtime.credentials import MAIL
from opsterm.runtime.events import MailChanged
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Credentials, Operator
from opsterm.runtime.ports_mail import Handing, MailStore, MailTransport
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.secret_places import SecretPlace
from opsterm.runtime.supervisor import Heart, to_the_end

LOOK_EVERY_S = 2.0
AT_ONCE = 20
"""Mails read from the queue at a time."""

CLAIMED_FOR_S = 60.0
"""How long a mail is left alone after a process began to send it: one that was killed at it leaves it for so long."""

GRACE_S = 3.0
"""How long a mail that is being handed over may finish when opsterm ends: cut off, it is "perhaps sent"."""

KEPT_S = 30 * 86400.0
"""How long a mail that was sent or dropped stays in the queue's history."""

TIDY_EVERY_S = 3600.0

MAILER = "mail"
"""Who facts of the delivering worker are by."""


async def kept_nowhere(addresses: Sequence[str]) -> None:
    """Keep nothing: what is sent past the queue is seen by whoever waits for it."""
    del addresses


class Post:
    """Mail. One process delivers, the holder of the lease; every process may look and queue."""

    def __init__(
        self, store: MailStore, ledger: Ledger, clock: Clock, *, settings: MailSettings, operator: Operator,
        transport: Callable[[], Awaitable[MailTransport]], credentials: Callable[[], Credentials],
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._operator = operator
        self._transport = transport
        self._credentials = credentials
        self._random = random.Random()  # noqa: S311 (spreads tries, guards nothing)

    # --------------------------------------------------------------------------------------- the server

    async def test(self, to: str = "") -> tuple[Sequence[str], DeliveryReport]:
        """Send a test message at once, past the queue; return to whom, and what came of it.

        Raises:
            BadInput: nobody to write to, or an address that is none.
            BadSetting: no server is set.
        """
        check_server(self._settings)
        addresses = parse_addresses(to or self._settings.to)
        if not addresses:
            raise BadInput("There is nobody to write to.", next_step="Give --to ADDRESS, or set mail.to.")
        host = self._operator.host
        body = f"This is a test message of opsterm on {host}, sent by {self._operator.name}.\nNothing is to be done.\n"
        mail = self.written(addresses, f"[opsterm] test message from {host}", body)
        return addresses, await self._offer(mail)

    async def _offer(self, mail: Mail, handing: Handing = kept_nowhere) -> DeliveryReport:
        """Hand a mail over; what is missing on our side is told like a failure of the server's."""
        try:
            check_server(self._settings)
            password = await self._password()
            transport = await self._transport()
        except OpstermError as error:
            phase = MailPhase.SETTINGS if isinstance(error, BadSetting) else MailPhase.LOGIN
            said = " ".join(part for part in (error.what, error.why) if part)
            return DeliveryReport(trouble=Trouble(phase=phase, text=clean_line(said), next_step=error.next_step))
        return await transport.deliver(mail, password=password, handing=handing)

    async def _password(self) -> Secret | None:
        if not self._settings.user:
            return None
        settings = self._settings
        place = SecretPlace(name=settings.host, protocol="smtp", address=settings.host.lower(), port=settings.port_used)
        return await self._credentials().get(MAIL, self._settings.account, place)

    # ---------------------------------------------------------------------------------------- the queue

    def written(self, to: Sequence[str], subject: str, body: str, *, once: str = "") -> Mail:
        """Return a new mail: cleaned, masked, with an identity that it keeps.

        Args:
            to: addresses.
            subject: one line.
            body: plain text.
            once: what the mail is about, as in "j3 1795000000": the same gives the same Message-ID; "" for a new one.
        """
        now = self._clock.now()
        known = f"{self._settings.sender_used} {self._operator.host} {once} {','.join(to)}"
        name = hashlib.sha256(known.encode()).hexdigest()[:32] if once else secrets.token_hex(16)
        domain = self._settings.sender_used.rpartition("@")[2] or self._operator.host or "localhost"
        return Mail(
            message_id=f"<{name}@{domain if domain.isascii() else 'localhost'}>",
            subject=mask(clean_line(subject))[0],
            body=mask(clean_block(body))[0],
            made_at=now,
            since=now,
            next_try_at=now,
            recipients=tuple(Recipient(address=address) for address in to),
        )

    async def send(self, to: Sequence[str], subject: str, body: str, *, once: str = "") -> Mail:
        """Put a new mail into the queue; the process that holds the lease delivers it. `once` as in `written`.

        With `once`, a mail about the same that is in the queue or its history already is returned instead.
        """
        mails, facts = await self._store.add(
            [self.written(to, subject, body, once=once)], lambda mail: [self.changed_fact(mail, "queued", by=MAILER)]
        )
        self._ledger.committed(facts)
        return mails[0]

    async def queue(self, *, everything: bool = False) -> Sequence[Mail]:
        """Return mails that somebody waits for or that were lost; or all that are kept; newest first."""
        return await self._store.list(everything=everything)

    async def retry(self, numbers: Sequence[int] = ()) -> Sequence[Mail]:
        """Have mails tried again at once for everybody who did not get them: those named, else all of the queue.

        Raises NotFound.
        """
        now = self._clock.now()
        chosen = numbers or [mail.id for mail in await self.queue()]
        return [await self._change(number, lambda mail: put_back(mail, now), "put back") for number in chosen]

    async def drop(self, numbers: Sequence[int]) -> Sequence[Mail]:
        """Have mails tried no more. Raises NotFound."""
        now = self._clock.now()
        return [await self._change(number, lambda mail: drop(mail, now), "dropped") for number in numbers]

    async def _change(self, number: int, change: Callable[[Mail], Mail], reason: str) -> Mail:
        found = await self._store.update(number, change, lambda mail: [self.changed_fact(mail, reason)])
        if found is None:
            raise NotFound(f"There is no mail m{number}.", next_step="`opsterm mail queue --all` lists what is kept.")
        mail, facts = found
        self._ledger.committed(facts)
        return mail

    def changed_fact(self, mail: Mail, reason: str, *, by: str = "") -> Fact:
        """Return the fact that tells a mail's new state."""
        to = tuple(recipient.address for recipient in mail.recipients)
        event = MailChanged(mail=mail.id, subject=mail.subject, to=to, state=mail.state, reason=reason)
        return self._ledger.fact(event, by=by, correlation_id=mail.name)

    # --------------------------------------------------------------------------------------- the worker

    async def deliver_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Deliver what is due, one mail after the other. Run by the supervisor while the lease is held."""
        tidied = -TIDY_EVERY_S
        while True:
            heart.beat()
            if self._clock.monotonic() - tidied >= TIDY_EVERY_S:
                tidied = self._clock.monotonic()
                await self._store.tidy(self._clock.now() - KEPT_S)
            while await self.deliver_due(fence):
                heart.beat()
            await asyncio.sleep(LOOK_EVERY_S)

    async def deliver_due(self, fence: Fence) -> int:
        """Try every mail that is due, once; return how many there were."""
        due = await self._store.due(self._clock.now(), AT_ONCE) if self._settings.host else ()
        for mail in due:
            await to_the_end(self._try(mail.id, fence), grace_s=GRACE_S)
        return len(due)

    async def _try(self, number: int, fence: Fence) -> None:
        mail = await self._store.claim(number, self._clock.now() + CLAIMED_FOR_S, fence)
        if mail is None:
            return
        if not mail.waiting:  # a process that is no more was handing it over
            await self._kept(number, lambda one: one)
            return

        async def handing(addresses: Sequence[str]) -> None:
            await self._kept(number, lambda one: hand_over(one, addresses, self._clock.now()))

        report = await self._offer(mail, handing)
        settled = partial(
            settle, report=report, now=self._clock.now(), spread=self._random.random(),
            give_up_after_s=self._settings.give_up_after_s,
        )  # fmt: skip
        await self._kept(number, settled)

    async def _kept(self, number: int, change: Callable[[Mail], Mail]) -> None:
        found = await self._store.update(number, change, self._ended_facts)
        if found is not None:
            self._ledger.committed(found[1])

    def _ended_facts(self, mail: Mail) -> Sequence[Fact]:
        return [] if mail.is_open else [self.changed_fact(mail, "ended", by=MAILER)]


def check_server(settings: MailSettings) -> None:
    """Insist that a server can be used as it is set. Raises BadSetting."""
    if not settings.host:
        raise BadSetting(
            "No mail server is set.", next_step="Set mail.host, mail.sender and mail.to, as in: "
            "opsterm settings set mail.host smtp.example.com",
        )  # fmt: skip
    if settings.security == "none" and settings.user:
        raise BadSetting(
            "mail.user is set and mail.security is none: the password would go over the line in clear.",
            next_step="Set mail.security to starttls or tls, or leave out mail.user.",
        )
    try:
        sender = parse_addresses(settings.sender_used)
        parse_addresses(settings.to)
    except BadInput as error:
        raise BadSetting(f"mail.sender or mail.to: {error.what}", next_step=error.next_step) from error
    if len(sender) != 1:
        raise BadSetting(
            "mail.sender is not one address, and mail.user is none.",
            next_step="Set mail.sender, as in: opsterm settings set mail.sender opsterm@example.com",
        )
