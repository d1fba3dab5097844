"""May this be decided, and may it run: the rules around an approval, without the record they are about.

The caller (`changes.lifecycle`) gives the plain values of a change. Each `require_…` function returns nothing when
the step is allowed and raises one error with sentences when it is not. An approval is for bytes: the sha256 of the
order's canonical form. It is compared when it is given and once more at the instant of running.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.errors import BadInput, NotApproved, Refused
from opsterm.core.text import LINE_LIMIT, shown_exactly
from opsterm.core.units import age_text
from opsterm.policy.order import COMMAND_BYTES, Order
from opsterm.policy.risk import RiskLevel, why_not_read_only

TYPED_AHEAD_GUARD_S = 0.4
"""Seconds for which an approval screen ignores keys after it appears, so that typed-ahead keys approve nothing."""


class Standing(StrEnum):
    """Where a decision stands, as far as approval cares."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    VOIDED = "voided"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be decided.

    Attributes:
        name: how it is called, as in "c18".
        order: what would run.
        digest: the order's digest when it was proposed.
        approved_digest: the digest that was approved, "" before that.
        standing: where the decision stands.
        requested_by: the account that asked.
    """

    name: str
    order: Order
    digest: str
    approved_digest: str
    standing: Standing
    requested_by: str


def require_writable(*, read_only: bool, what: str) -> None:
    """Refuse in read-only mode.

    Args:
        read_only: the setting changes.read_only.
        what: a past participle, as in "approved".

    Raises:
        Refused: read-only mode is on.
    """
    if read_only:
        raise Refused(
            f"Nothing can be {what}: opsterm is in read-only mode.",
            why="The setting changes.read_only is true.",
            next_step="Set changes.read_only = false in config.toml if this account may change targets.",
        )


def require_decider(by: str, requested_by: str) -> None:
    """Check that there is somebody; whether that one's word counts, `requirements` says.

    Args:
        by: the account that decides; the operating system or a key says it, never a text field.
        requested_by: the account that asked.

    Raises:
        Refused: there is no account behind the decision.
    """
    if not by.strip() or not requested_by.strip():
        raise Refused(
            "The decision has no person behind it.",
            why="The account that asks or decides has no name.",
            next_step="Log in with an account that has one.",
        )


def require_showable(command: str) -> None:
    """Refuse a command that no approver could be shown whole, or that no shell could be given.

    Every face cuts a line behind LINE_LIMIT characters; what is cut would be approved unseen.

    Args:
        command: the text for the shell.

    Raises:
        BadInput: a line of it, as it is shown, is longer than LINE_LIMIT; it is longer than COMMAND_BYTES; or it
            holds half of a surrogate pair.
    """
    try:
        size = len(command.encode())
    except UnicodeEncodeError as error:
        raise BadInput(
            "The command holds a character that has no UTF-8 form.",
            why=f"Character {error.start + 1} is half of a pair.",
            next_step="Take it out.",
        ) from None
    if size > COMMAND_BYTES:
        raise BadInput(
            f"The command is {size:,} bytes long; a shell takes at most {COMMAND_BYTES:,} here.",
            next_step="Put it into a file on the target and run that.",
        )
    for number, line in enumerate(shown_exactly(command).split("\n"), 1):
        if len(line) > LINE_LIMIT:
            raise BadInput(
                f"Line {number} of the command is too long to be read before it is approved.",
                why=f"It takes {len(line):,} characters to show; {LINE_LIMIT:,} are shown.",
                next_step="Break it into several lines, or put it into a file on the target and run that.",
            )


def require_approvable(case: Case, *, by: str, digest_shown: str, now: float, read_only: bool = False) -> None:
    """Check that an approval may be given.

    Args:
        case: what is to be approved.
        by: the account that approves.
        digest_shown: the digest of what was on the approver's screen.
        now: epoch seconds.
        read_only: the setting changes.read_only.

    Raises:
        Refused: read-only mode is on, or nobody is behind the approval.
        NotApproved: decided already, expired, or not the bytes that were shown.
        BadInput: the command cannot be shown whole.
    """
    require_writable(read_only=read_only, what="approved")
    require_decider(by, case.requested_by)
    _require_waiting(case)
    _require_time(case, now, "approved")
    _require_unchanged(case)
    require_showable(case.order.command)
    if not hmac.compare_digest(digest_shown.encode(), case.digest.encode()):
        raise NotApproved(
            f"{case.name} was not approved: what you were shown is not what would run.",
            why="The digest of the approval differs from the digest of the order.",
            next_step=f"Open {case.name} again and read it before you approve it.",
        )


POLICY = "opsterm policy"
"""Who approved what no person was asked about; with a blank, so that no account can have that name."""


READS_ONLY = "it only reads"
"""The note of what was approved because of that."""


def why_asked(case: Case) -> str:
    """Return why a person is asked, looked for in the very bytes that would run; "" when all of it only reads."""
    if case.order.terms is not None and case.order.terms.verify:
        return "It is looked at afterwards, and may be taken back."
    return why_not_read_only(case.order.command, case.order.shell, how=case.order.run_as)


def require_deniable(case: Case, *, by: str) -> None:
    """Check that somebody may still say no: while it waits, and until an approved one has started.

    Raises:
        Refused: nobody is behind the decision.
        NotApproved: it was decided or has run.
    """
    require_decider(by, case.requested_by)
    if case.standing not in (Standing.WAITING, Standing.APPROVED):
        raise _decided(case)


def is_expired(case: Case, now: float) -> bool:
    """Return whether the time in which it may be decided and started is over."""
    return now > case.order.expires_at


def require_runnable(case: Case, *, now: float, read_only: bool = False) -> None:
    """Check at the instant of running: approved, for these very bytes, in time, once.

    Raises:
        Refused: read-only mode is on.
        NotApproved: any of the rest is not the case.
    """
    require_writable(read_only=read_only, what="run")
    if case.standing is Standing.WAITING:
        raise NotApproved(
            f"{case.name} was not run: nobody has approved it.",
            next_step=f"Read it and approve it: opsterm approve {case.name}",
        )
    if case.standing is not Standing.APPROVED:
        raise _decided(case)
    if case.order.terms is not None and case.order.terms.standing:
        raise NotApproved(
            f"{case.name} is not run itself: it is a standing approval, for the turns of its job.",
            next_step="`opsterm schedule list` names the job; opsterm schedule run JOB runs it now.",
        )
    _require_time(case, now, "run")
    _require_unchanged(case)
    if not hmac.compare_digest(case.order.digest().encode(), case.approved_digest.encode()):
        raise NotApproved(
            f"{case.name} was not run: the approval is for other bytes than those that would run.",
            why="The digest of the order differs from the digest that was approved.",
            next_step="Propose it again, so that what you approve is what would run.",
        )


def _require_waiting(case: Case) -> None:
    if case.standing is not Standing.WAITING:
        raise _decided(case)


def _decided(case: Case) -> NotApproved:
    said = {
        Standing.APPROVED: "it is approved already",
        Standing.DENIED: "it was denied",
        Standing.EXPIRED: "it has expired",
        Standing.VOIDED: "it is void",
        Standing.USED: "it was run already",
        Standing.WAITING: "it waits for a decision",
    }[case.standing]
    return NotApproved(
        f"{case.name} cannot be decided or run: {said}.",
        next_step="" if case.standing is Standing.APPROVED else "Propose it again if it is still wanted.",
    )


def _require_time(case: Case, now: float, what: str) -> None:
    if is_expired(case, now):
        raise NotApproved(
            f"{case.name} was not {what}: it expired {age_text(now - case.order.expires_at)} ago.",
            next_step="Propose it again if it is still wanted.",
        )


def _require_unchanged(case: Case) -> None:
    if not hmac.compare_digest(case.order.digest().encode(), case.digest.encode()):
        raise NotApproved(
            f"{case.name} is void: its order is not what was proposed.",
            why="The digest of the order differs from the digest that was kept with it.",
            next_step="Propose it again, so that what you approve is what would run.",
        )


class Ask(StrEnum):
    """What the approval screen asks for."""

    KEY = "key"
    KEY_ENTER = "key and enter"
    COUNT = "number of targets"
    NAME = "name of the target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Friction:
    """What an approver has to do; more for a higher risk.

    Attributes:
        ask: the way of approving.
        prompt: the sentence that says it.
        answer: what must be typed before enter; "" when a key is enough.
        guard_s: seconds after the screen appears in which every key is ignored.
    """

    ask: Ask
    prompt: str
    answer: str = ""
    guard_s: float = TYPED_AHEAD_GUARD_S

    def accepts(self, typed: str, *, entered: bool, shown_for_s: float) -> bool:
        """Return whether what was done on the screen is an approval. Enter alone never is.

        Args:
            typed: the keys or text since the screen appeared, without enter.
            entered: whether enter was pressed behind it.
            shown_for_s: seconds for which the screen has been visible.
        """
        if shown_for_s < self.guard_s:
            return False
        if self.ask is Ask.KEY:
            return typed == "a"
        if self.ask is Ask.KEY_ENTER:
            return typed == "a" and entered
        return typed.strip() == self.answer and entered


def friction(level: RiskLevel, targets: int, *, name: str = "", cuts: bool = False) -> Friction:
    """Return what the approval screen must ask for.

    Args:
        level: the grade of the change.
        targets: how many targets it has, 1 and up.
        name: of the first one.
        cuts: whether it can cut our own way to a target: then a name is typed, however many there are.

    Raises:
        BadInput: fewer than one target.
    """
    if targets < 1:
        raise BadInput("A change without targets cannot be approved.")
    if cuts and name:
        prompt = f"it can cut our way in: type {name} to approve"
        return Friction(ask=Ask.NAME, prompt=prompt, answer=name)
    if level.order <= RiskLevel.LOW.order:
        return Friction(ask=Ask.KEY, prompt="a approves")
    if level is RiskLevel.MEDIUM:
        return Friction(ask=Ask.KEY_ENTER, prompt="a, then enter, approves")
    if level is RiskLevel.CRITICAL and targets == 1 and name:
        return Friction(ask=Ask.NAME, prompt="type the name of the target to approve", answer=name)
    return Friction(ask=Ask.COUNT, prompt="type the number of targets to approve", answer=str(targets))
