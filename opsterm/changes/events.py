"""What can have happened to a change. Together these are the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("change.proposed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProposed(Event):
    """Somebody asked for a command to be run.

    `packs` are those that were on; each of `findings` is (rule, what it asks for, what is asked for here, what is not
    known, controls), the last two with "; " between. `guard` says how it is confirmed, or why it is not.
    """

    change: int
    command: str
    targets: tuple[str, ...]
    risk: str
    digest: str
    reason: str
    origin: str
    become: str = ""
    packs: tuple[str, ...] = ()
    findings: tuple[tuple[str, ...], ...] = ()
    guard: str = ""


@event("change.approved")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeApproved(Event):
    """Somebody approved exactly the bytes with this digest."""

    change: int
    digest: str


@event("change.approval_given")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeApprovalGiven(Event):
    """One of several persons approved, or one by a key, a file or alone; `how` is a word of ApprovalKind."""

    change: int
    digest: str
    who: str
    how: str
    proof: str
    note: str
    have: int
    want: int


@event("change.review_closed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReviewClosed(Event):
    """Somebody else has looked at a change that one person approved alone in an emergency."""

    change: int
    who: str
    proof: str
    note: str


@event("change.breaker_reset")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBreakerReset(Event):
    """A person says that changes may go on after too many have failed."""

    environment: str
    note: str


@event("change.denied")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDenied(Event):
    """Somebody said no."""

    change: int
    note: str


@event("change.expired")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExpired(Event):
    """The time in which it could be decided or started is over."""

    change: int


@event("change.voided")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVoided(Event):
    """What would run is no longer what was proposed or approved; `why` says what differs."""

    change: int
    why: str


@event("change.started")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStarted(Event):
    """The approved bytes began to run."""

    change: int
    digest: str
    targets: tuple[str, ...]


@event("change.output", journaled=False, may_be_shed=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOutput(Event):
    """Some output came from one target; read it from `changes.output`, this only says that there is more."""

    change: int
    target: str
    total_bytes: int


@event("change.target_ended")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTargetEnded(Event):
    """It is over on one target; `exit_status` is None when it did not end by itself."""

    change: int
    target: str
    state: str
    exit_status: int | None
    output_sha256: str
    output_bytes: int
    message: str


@event("change.ended")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEnded(Event):
    """It is over on all targets; `state` is a word of `ChangeState`."""

    change: int
    state: str


@event("change.stop_asked")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStopAsked(Event):
    """Somebody wants a running change to be stopped."""

    change: int


@event("change.gate_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGateOpened(Event):
    """A rollout stands between two batches: it waits, looks again, and compares.

    Attributes:
        change: its number.
        after: targets of the last batch that are done.
        waiting: how many targets have not begun.
        until: epoch seconds at which the wait is over.
        compares: what is compared with the rest, in words; "" for nothing.
    """

    change: int
    after: tuple[str, ...]
    waiting: int
    until: float
    compares: str


@event("change.gate_looked")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGateLooked(Event):
    """What was seen while a rollout stood between two batches, in one line."""

    change: int
    said: str


@event("change.gate_closed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGateClosed(Event):
    """A rollout goes on with its next batch, or does not; `said` is what was seen last, or why not."""

    change: int
    passed: bool
    said: str


@event("change.proceed_asked")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProceedAsked(Event):
    """Somebody wants a rollout that waits between two batches to wait no longer."""

    change: int


@event("change.captured")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCaptured(Event):
    """What a change touches was kept on one target before it ran.

    Attributes:
        change: its number.
        target: where.
        point: name of the recovery point there.
        things: what was kept, in words.
        size_kb: how much room that takes.
    """

    change: int
    target: str
    point: str
    things: tuple[str, ...]
    size_kb: int


@event("change.guarded")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGuarded(Event):
    """What is known of a change that its target takes back unless it is confirmed.

    Attributes:
        change: its number.
        target: where.
        step: what was done about it there, a word of `KeeperStep`.
        state: what the target said then, a word of `GuardState`; "unknown" when it did not answer.
        due_at: epoch seconds by the clock here at which it is taken back, 0 when it does not wait.
        log_in: how the fresh log-in went, "" before there was one.
        said: what the target could not take back, "" for nothing.
    """

    change: int
    target: str
    step: str
    state: str
    due_at: float
    log_in: str
    said: str


@event("change.verified")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVerified(Event):
    """Somebody's checks were looked at on one target after a change.

    Attributes:
        change: its number.
        target: where.
        verified: whether all of them held at once.
        seen: of each check what it is and what it saw.
        tries: how often they were looked at.
        step: of a plan the step that they belong to, 0 for the change as a whole.
    """

    change: int
    target: str
    verified: bool
    seen: tuple[str, ...]
    tries: int
    step: int = 0


@event("change.step_started")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStepStarted(Event):
    """A step of a plan began on one target; what it touches is kept, if it is to be."""

    change: int
    target: str
    step: int
    title: str


@event("change.step_ended")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStepEnded(Event):
    """A step of a plan is over on one target; `state` is a word of `OutcomeState`.

    `was_so` says that all was as the step makes it before it began, so that there is nothing of it to take back.
    """

    change: int
    target: str
    step: int
    state: str
    exit_status: int | None
    message: str
    was_so: bool = False


@event("change.step_rolled_back")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStepRolledBack(Event):
    """What a step of a plan had changed on one target was put back, by another change or by the same one."""

    change: int
    target: str
    step: int
    by_change: int
    equal: bool


@event("change.rolled_back")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRolledBack(Event):
    """What a change had changed on one target was put back: by another change, or by the target itself.

    Attributes:
        change: number of the one that was taken back.
        target: where.
        by_change: number of the one that put back; its own when the target did it by itself.
        equal: whether everything was proven to be as before; with `by_inverse` whether that command ended well.
        by_inverse: whether it was the inverse that an operator gave, after which nothing is compared.
    """

    change: int
    target: str
    by_change: int
    equal: bool
    by_inverse: bool = False


@event("change.previewed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreviewed(Event):
    """What a change would do was looked up on one target; the parts stand at the same place of each tuple.

    Attributes:
        change: its number.
        target: where.
        kinds: words of `PreviewKind`.
        titles: what each is about.
        texts: what was shown, without secrets.
        digests: of what must be the same when it runs.
        why: why there is none, "" when there is.
    """

    change: int
    target: str
    kinds: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    why: str = ""
