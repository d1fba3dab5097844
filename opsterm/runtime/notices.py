"""Turns changes of alerts into queued mail: reads the journal, so that a restart neither repeats nor forgets one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, BadSelector, BadSetting
from opsterm.core.events import Fact
from opsterm.core.mail import parse_addresses
from opsterm.core.mail_settings import MailSettings
from opsterm.inventory.selector import parse_selector
from opsterm.monitoring.alerts import AlertState, Severity
from opsterm.monitoring.events import AlertChanged
from opsterm.monitoring.notices import AlertTurn, NoticeRule, decide, letters
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.mail import MAILER, Post
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_mail import WholeStore
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.supervisor import Heart

LOOK_EVERY_S = 2.0
READ_AT_ONCE = 500

OLDEST_S = 24 * 3600.0
"""What happened longer ago is told no more: opsterm was not running, and the news is none."""


class MailNotices:
    """Tells alerts by mail, as the tables [[mail.notify]] say."""

    def __init__(
        self, store: WholeStore, ledger: Ledger, clock: Clock, *, settings: MailSettings, operator: Operator,
        inventory: Inventory, post: Post,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._operator = operator
        self._inventory = inventory
        self._post = post
        self._scanned = 0  # `seq` up to which nothing is to be told

    async def tell_for_ever(self, heart: Heart, fence: Fence) -> None:
        """Queue mail about alerts. Run by the supervisor while the lease is held.

        Raises:
            BadSetting: a table [[mail.notify]] cannot be used.
        """
        rules = notice_rules(self._settings)
        if not rules:
            if await self._store.mail.read_upto() is not None:
                await self._store.mail.forget_told()
            return
        if await self._store.mail.read_upto() is None:
            await self._begin(fence)
        while True:
            heart.beat()
            if await self._is_news():
                await asyncio.sleep(self._settings.gather_s)
                heart.beat()
                await self.tell_news(rules, fence)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _begin(self, fence: Fence) -> None:
        """Begin with what happens from now on: nobody wants the history by mail."""
        upto = await self._store.journal.last_seq()
        await self._store.mail.tell([], lambda _: [], told={}, upto=upto, fence=fence)

    async def _is_news(self) -> bool:
        """Return whether an alert changed since the last look; passes over everything else in the journal."""
        self._scanned = max(self._scanned, await self._store.mail.read_upto() or 0)
        while facts := await self._store.journal.after(self._scanned, READ_AT_ONCE):
            if any(isinstance(fact.event, AlertChanged) for fact in facts):
                return True
            self._scanned = facts[-1].seq
        return False

    async def tell_news(self, rules: Sequence[NoticeRule], fence: Fence) -> None:
        """Queue mail about everything that happened since the last time."""
        upto = max(self._scanned, await self._store.mail.read_upto() or 0)
        facts: list[Fact] = []
        while more := await self._store.journal.after(facts[-1].seq if facts else upto, READ_AT_ONCE):
            facts += more
        if not facts:
            return
        now = self._clock.now()
        turns = [turn for fact in facts if (turn := await self._turn(fact)) and now - turn.at <= OLDEST_S]
        notices = decide(turns, rules, await self._store.mail.told(), chooses=self._inventory.chooses)
        mails = [
            self._post.written(letter.to, letter.subject, letter.body)
            for letter in letters(notices.by_address, host=self._operator.host, now=now)
        ]
        _, told = await self._store.mail.tell(
            mails, lambda mail: [self._post.changed_fact(mail, "queued", by=MAILER)],
            told=notices.told, upto=facts[-1].seq, fence=fence,
        )  # fmt: skip
        self._ledger.committed(told)

    async def _turn(self, fact: Fact) -> AlertTurn | None:
        event = fact.event
        if not isinstance(event, AlertChanged):
            return None
        alert = await self._store.alerts.get(event.alert)
        if alert is None:
            return None
        return AlertTurn(
            alert=alert, state=AlertState(event.state), severity=Severity(event.severity), summary=event.summary,
            at=fact.at,
        )  # fmt: skip


def notice_rules(settings: MailSettings) -> Sequence[NoticeRule]:
    """Return the tables [[mail.notify]] as rules. Raises BadSetting."""
    rules = []
    for number, table in enumerate(settings.notify, 1):
        where = f"[[mail.notify]] number {number}"
        try:
            to = parse_addresses(table.to or settings.to)
            parse_selector(table.target)
        except (BadInput, BadSelector) as error:
            raise BadSetting(f"{where}: {error.what}", why=error.why, next_step=error.next_step) from error
        if not to:
            raise BadSetting(f"{where} has nobody to write to.", next_step="Give it `to`, or set mail.to.")
        rules.append(NoticeRule(target=table.target, severity=Severity(table.severity), to=to, resolved=table.resolved))
    return rules
