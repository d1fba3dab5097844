"""A mail in the queue: who it is for, what came of it, and when it is tried next. Plain records and decisions.

Temporary and permanent refusals, and a queue that tries again for a long time, are those of RFC 5321, 4.2.1 and 4.5.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 3600.0

REPLY_LIMIT = 300
"""Characters kept of what a server said."""


class RecipientState(StrEnum):
    """What has come of a mail for one recipient."""

    WAITING = "waiting"
    HANDED = "being handed over"
    SENT = "sent"
    REFUSED = "refused"
    GIVEN_UP = "given up"
    UNSURE = "perhaps sent"
    DROPPED = "dropped"


LOST_STATES = (RecipientState.REFUSED, RecipientState.GIVEN_UP)
"""Nobody got it, and nobody decided that."""

OPEN_STATES = (RecipientState.WAITING, RecipientState.HANDED)
"""What comes of it is not known yet."""


class MailPhase(StrEnum):
    """A step of handing a mail to a server, in their order."""

    SETTINGS = "settings"
    NAME = "name"
    CONNECT = "connect"
    TLS = "TLS"
    LOGIN = "log-in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


class Verdict(StrEnum):
    """What a server decided about one recipient."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReply:
    """What a server said about one recipient.

    Attributes:
        verdict: what it means.
        phase: in which step it was said.
        code: the reply's three digits, 0 when there was no reply.
        text: the reply in one line, cleaned.
        next_step: how to mend it, "" when there is nothing to mend.
    """

    verdict: Verdict
    phase: MailPhase
    code: int = 0
    text: str = ""
    next_step: str = ""

    def __str__(self) -> str:
        return f"{self.phase}: {self.code or ''} {self.text}".replace("  ", " ").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a mail could not even be offered.

    Attributes:
        phase: which step failed.
        text: what happened, one sentence.
        next_step: how to mend it.
    """

    phase: MailPhase
    text: str
    next_step: str = ""

    def __str__(self) -> str:
        return f"{self.phase}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What came of one try.

    Attributes:
        steps: the steps that worked, and what was found in each.
        trouble: what kept the mail from being offered or taken; None when the server decided about everybody.
        answers: by address, for those about whom the server decided.
    """

    steps: Sequence[tuple[MailPhase, str]] = ()
    trouble: Trouble | None = None
    answers: Mapping[str, MailReply] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One address of a mail.

    Attributes:
        address: "name@domain".
        state: what has come of it.
        code: the server's last three digits, 0 for none.
        reply: what the server said last, or why it was not asked.
        at: epoch seconds of that.
    """

    address: str
    state: RecipientState = RecipientState.WAITING
    code: int = 0
    reply: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail in the queue.

    Attributes:
        id: number, shown as "m7"; 0 until it is kept.
        message_id: "<…@…>", the same at every try, so that a recipient's server can tell a mail it has already.
        subject: one line, cleaned and masked.
        body: plain text, cleaned and masked.
        made_at: epoch seconds.
        since: epoch seconds from which the limit counts: when it was made, or put back by an operator.
        tries: how often it was offered.
        next_try_at: epoch seconds before which it is left alone.
        trouble: what kept it from being offered at the last try, "" for nothing.
        recipients: at least one.
    """

    id: int = 0
    message_id: str
    subject: str
    body: str
    made_at: float
    since: float
    tries: int = 0
    next_try_at: float = 0.0
    trouble: str = ""
    recipients: tuple[Recipient, ...]

    @property
    def name(self) -> str:
        """The number as it is shown and typed: "m7"."""
        return f"m{self.id}"

    @property
    def waiting(self) -> tuple[str, ...]:
        """Addresses that have not got it and may still."""
        return tuple(r.address for r in self.recipients if r.state is RecipientState.WAITING)

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for it, or is being handed it."""
        return any(r.state in OPEN_STATES for r in self.recipients)

    @property
    def state(self) -> str:
        """The whole mail in a word: what the worst off of its recipients is."""
        states = {recipient.state for recipient in self.recipients}
        for state in (*OPEN_STATES, RecipientState.UNSURE, *LOST_STATES, RecipientState.DROPPED):
            if state in states:
                return str(state)
        return str(RecipientState.SENT)


def settle(mail: Mail, report: DeliveryReport, now: float, *, spread: float, give_up_after_s: float) -> Mail:
    """Return a mail after a try.

    A refusal of the message (5xx) is final for the recipient it names. Everything else, a wrong password included, is
    about the way to the server: it is tried again, later each time, until the limit.

    Args:
        mail: as it is kept now; a recipient that does not wait any more stays as it is.
        report: what came of the try.
        now: epoch seconds.
        spread: between 0 and 1, at random, so that queues do not knock all at once.
        give_up_after_s: the limit, counted from `mail.since`.
    """
    over = now - mail.since >= give_up_after_s
    recipients = tuple(_settled(recipient, report, now, over=over) for recipient in mail.recipients)
    return replace(
        mail,
        recipients=recipients,
        tries=mail.tries + 1,
        next_try_at=now + pause_s(mail.tries + 1, spread),
        trouble=str(report.trouble) if report.trouble else "",
    )


def hand_over(mail: Mail, to: Sequence[str], now: float) -> Mail:
    """Return a mail whose text is about to go to the server for these addresses: from here on it may be taken."""
    handed = tuple(
        replace(r, state=RecipientState.HANDED, at=now)
        if r.address in to and r.state is RecipientState.WAITING else r
        for r in mail.recipients
    )  # fmt: skip
    return replace(mail, recipients=handed)


def interrupted(mail: Mail) -> Mail:
    """Return a mail that a process which is no more was handing over: nobody knows whether the server took it."""
    why = "opsterm ended while it handed this over: the server may have taken it"
    unsure = tuple(
        replace(r, state=RecipientState.UNSURE, reply=why) if r.state is RecipientState.HANDED else r
        for r in mail.recipients
    )
    return replace(mail, recipients=unsure)


def _settled(recipient: Recipient, report: DeliveryReport, now: float, *, over: bool) -> Recipient:
    answer = report.answers.get(recipient.address)
    if recipient.state is RecipientState.UNSURE and answer is not None and answer.verdict is Verdict.TAKEN:
        return replace(recipient, state=RecipientState.SENT, code=answer.code, reply=str(answer), at=now)
    if recipient.state not in OPEN_STATES:
        return recipient
    recipient = replace(recipient, state=RecipientState.WAITING)
    if answer is None:
        said = replace(recipient, code=0, reply=str(report.trouble) if report.trouble else "not asked", at=now)
    else:
        said = replace(recipient, code=answer.code, reply=str(answer), at=now)
        if answer.verdict is Verdict.TAKEN:
            return replace(said, state=RecipientState.SENT)
        if answer.verdict is Verdict.REFUSED:
            return replace(said, state=RecipientState.REFUSED)
    return replace(said, state=RecipientState.GIVEN_UP) if over else said


def pause_s(tries: int, spread: float) -> float:
    """Return seconds to the next try: 30 s, doubled each time up to an hour, give or take a quarter."""
    doubled = FIRST_PAUSE_S * 2.0 ** min(max(tries, 1) - 1, 20)
    return min(doubled, LONGEST_PAUSE_S) * (0.75 + 0.5 * spread)


def put_back(mail: Mail, now: float) -> Mail:
    """Return a mail that is tried again at once for everybody who did not get it."""
    again = tuple(
        replace(r, state=RecipientState.WAITING)
        if r.state in (*LOST_STATES, RecipientState.UNSURE, RecipientState.DROPPED) else r
        for r in mail.recipients
    )  # fmt: skip
    return replace(mail, recipients=again, since=now, next_try_at=now)


def drop(mail: Mail, now: float) -> Mail:
    """Return a mail that is tried no more, and no longer counted among those that were lost."""
    dropped = tuple(
        replace(r, state=RecipientState.DROPPED, at=now) if r.state is not RecipientState.SENT else r
        for r in mail.recipients
    )
    return replace(mail, recipients=dropped)


# ------------------------------------------------------------------------------------------- addresses

_LOCAL = re.compile(r"[^\x00-\x20\x7f-\x9f\"(),:;<>@\[\]\\\s]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def parse_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a text that separates them by commas, each once, in their order.

    Raises:
        BadInput: one is no address. Quoted names before the @ and address literals are not taken.
    """
    found: dict[str, None] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        local, _, domain = part.rpartition("@")
        labels = domain.removesuffix(".").split(".")
        if not _LOCAL.fullmatch(local) or len(part) > 254 or not all(_LABEL.fullmatch(label) for label in labels):
            raise BadInput(
                f"{clean_line(part, limit=100)!r} is not a mail address.",
                next_step="Write it as in ops@example.com; several are separated by commas.",
            )
        found[part] = None
    return tuple(found)


def mail_number(text: str) -> int:
    """Return 7 for "m7" or "7". Raises BadInput."""
    number = text.strip().lower().removeprefix("m")
    if not (number.isascii() and number.isdigit()) or len(number) > 15:
        raise BadInput(f"{text[:100]!r} is not the number of a mail.", next_step="Write it as in m7.")
    return int(number)
