"""Use-cases of approvals: who has said yes, who is still needed, and whether that is so when a change starts.

Every approval is a sealed row of its own. What counts is found anew from those rows whenever it matters; the state of
a change alone lets nothing run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from secrets import token_hex

from opsterm.changes import lifecycle
from opsterm.changes.change import Change, ChangeState
from opsterm.changes.events import ChangeApprovalGiven, ChangeApproved
from opsterm.changes.guard import UNGUARDED, Guard, guard_in
from opsterm.core.approval_settings import ApprovalSettings
from opsterm.core.errors import BadInput, NotApproved, Refused
from opsterm.core.events import Fact
from opsterm.policy.approval import POLICY, READS_ONLY, why_asked
from opsterm.policy.approval_record import Approval, ApprovalKind, is_sound, sealed
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.demands import grant_for, grant_name, requirement_of
from opsterm.policy.limits import covers
from opsterm.policy.mask import mask
from opsterm.policy.order import Order, Terms
from opsterm.policy.requirements import Missing, Requirement, Voice, helps, joined, missing, parse_requirement
from opsterm.policy.risk import Risk, RiskLevel
from opsterm.policy.standing import is_standing
from opsterm.runtime.approval_identity import APPROVE, Identities, Person
from opsterm.runtime.assent import PLAIN, Allowance, Assent, Progress, terms_of
from opsterm.runtime.change_limits import ChangeLimits
from opsterm.runtime.compliance import ComplianceGate
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports_store import Spending, Store

DAY_S = 86_400.0


class Approvals:
    """Approves, and looks whether a change is approved."""

    def __init__(
        self, store: Store, ledger: Ledger, *, settings: ApprovalSettings, identities: Identities, limits: ChangeLimits,
        gate: ComplianceGate, risk: Callable[[Order, Sequence[str]], Awaitable[Risk]],
        stands: Callable[[Change], Awaitable[None]],
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._settings = settings
        self._identities = identities
        self._limits = limits
        self._gate = gate
        self._risk = risk
        self._stands = stands  # raises when the standing approval that a turn runs by does not let it run

    def on_terms(  # noqa: PLR0913 (one for each thing that terms say)
        self,
        order: Order,
        environments: Sequence[str],
        level: RiskLevel,
        *,
        by: str,
        asked: RuleDecision,
        rollback: str = "",
        rollout: str = "",
        guard: Guard = UNGUARDED,
        verify: str = "",
        inverse: str = "",
        undoes: int = 0,
    ) -> Order:
        """Return an order with the terms on which it may be approved.

        Args:
            order: what is asked for.
            environments: of each target, "" where it is not said.
            level: the grade.
            by: the account that asks.
            asked: what the rules ask for.
            rollback: digest of the way back that is prepared, "" for none.
            rollout: how it goes over its targets, "" for side by side.
            guard: how it is confirmed, or why it is not.
            verify: what is looked at afterwards, and what follows; "" for nothing.
            inverse: the command that takes it back, "" for none.
            undoes: number of the change that it takes back as its inverse, 0 for none.

        Raises:
            Refused: it is beyond a limit, or the policy denies it.
        """
        self._limits.require_within(order, environments)
        terms = Terms(
            requested_by=by, environments=tuple(environments), once=token_hex(16),
            requirement=str(self._asked_now(level, environments, asked, guard)), rollback=rollback, rollout=rollout,
            confirm_s=guard.seconds, confirm_by_hand=guard.by_hand, unguarded=guard.unguarded,
            verify=verify, inverse=inverse, undoes=undoes,
        )  # fmt: skip
        return replace(order, terms=terms)

    def _asked_now(
        self, level: RiskLevel, environments: Sequence[str], asked: RuleDecision, guard: Guard
    ) -> Requirement:  # fmt: skip
        decision, _ = self._limits.decision(environments)
        # A window that is closed may be waited out; what rules deny is refused when somebody approves it.
        decisions = [word for word in (decision, str(asked)) if word == RuleDecision.TWO_PERSONS]
        found = requirement_of(level, environments, decisions, self._settings.rule)
        return joined([found, Requirement(needs=(), reason=bool(guard.unguarded))])

    async def _level(self, change: Change) -> RiskLevel:
        """Return the worse of the grade that is kept and the one that the same order would get now."""
        fresh = await self._risk(change.order, terms_of(change).environments)
        return max(fresh.level, change.risk.level, key=lambda one: one.order)

    async def _require_graded(self, change: Change) -> None:
        """Check that the grade on the row is not milder than a fresh one: it is not part of the digest.

        Raises:
            NotApproved: somebody may have edited the database, or it is worse there by now: a window has closed, a
                group has shrunk, a session comes in by another way, or a newer version judges it otherwise.
        """
        if await self._level(change) is not change.risk.level:
            raise NotApproved(
                f"{change.name} was not approved: its risk is higher than the {change.risk.level} kept with it.",
                next_step="Propose it again, so that you are asked as its risk demands.",
            )

    async def _requirement(self, change: Change) -> Requirement:
        """Return what was asked for when it was proposed, and what is asked for now: whichever is more."""
        terms = terms_of(change)
        try:
            bound = parse_requirement(terms.requirement)
        except BadInput as error:
            raise NotApproved(f"{change.name} is void: {error.what}") from None
        level = await self._level(change)
        return joined([bound, self._asked_now(level, terms.environments, change.review.decision, guard_in(terms))])

    async def given(self, change: Change) -> Sequence[Approval]:
        """Return who approved these very bytes, oldest first; what has no sound seal does not count."""
        key = await self._store.approvals.key()
        return [
            one for one in await self._store.approvals.of(change.id)
            if is_sound(one, key) and one.digest == change.digest and one.kind is not ApprovalKind.REVIEW
        ]  # fmt: skip

    async def progress(self, change: Change) -> Progress | None:
        """Return how far an approval is; None for a change of an earlier version, which had one approval or none."""
        if change.order.terms is None:
            return None
        requirement = await self._requirement(change)
        given = await self.given(change)
        return Progress(
            requirement=str(requirement), missing=await self._missing(change, requirement, given), given=tuple(given),
            needs_reason=requirement.reason, needs_signature=requirement.signed,
            may_break_glass=self._may_break_glass(change),
            wants_you=change.state is ChangeState.PROPOSED and await self._wants_you(change, requirement, given),
        )  # fmt: skip

    async def _wants_you(self, change: Change, requirement: Requirement, given: Sequence[Approval]) -> bool:
        """Return whether the account that runs opsterm could still say a yes that counts."""
        you, voices = self._identities.operator, [_voice(one) for one in given]
        if any(voice.who == you for voice in voices):
            return False
        voice = Voice(who=you, signed=True, reasoned=True)
        members = await self._identities.members(requirement)
        return helps(requirement, voices, voice, requester=terms_of(change).requested_by, members=members)

    def _may_break_glass(self, change: Change) -> bool:
        places, stands = terms_of(change).environments, is_standing(change.order)
        return bool(places) and not stands and all(covers(self._settings.break_glass, place) for place in places)

    async def _missing(self, change: Change, requirement: Requirement, given: Sequence[Approval]) -> Missing:
        members = await self._identities.members(requirement)
        if any(one.kind is not ApprovalKind.PERSON for one in given):
            return Missing(have=1, want=1, who="")  # it was let through whole, and never together with persons
        requester = terms_of(change).requested_by
        return missing(requirement, [_voice(one) for one in given], requester=requester, members=members)

    # ------------------------------------------------------------------ saying yes

    async def give(self, change: Change, *, digest: str, assent: Assent = PLAIN) -> Change:
        """Record one person's yes; the change is APPROVED when nobody else is needed.

        Args:
            change: a proposed one, its targets as they were.
            digest: of what the person was shown.
            assent: what the person adds.

        Raises:
            NotApproved: decided already, expired, other bytes, said before, or a signature or file that is none.
            Refused: this person's yes does not count, a rule denies it, or a limit is reached.
            BadInput: a reason is missing.
        """
        now = round(self._ledger.clock.now(), 3)
        terms = terms_of(change)
        await self._require_graded(change)
        who = await self._identities.find(APPROVE, change.digest, at=now, key=assent.key, written=assent.written)
        await self._gate.require_allowed(change, by=who.who)
        approval = self._approval(change, who, assent, now)
        approved = lifecycle.approve(change, by=who.who, digest=digest, now=now, note=approval.note)
        requirement = await self._requirement(change)
        self._limits.require_within(change.order, terms.environments)
        given = [one for one in await self.given(change) if one.kind is ApprovalKind.PERSON]
        if assent.alone:
            self._require_glass(change, approval)
            lacking = Missing(have=1, want=1, who="")
        else:
            self._limits.require_open_window(terms.environments)
            await self._limits.require_calm(terms.environments, by=terms.requested_by)
            await self._require_of_use(change, requirement, given, approval)
            lacking = await self._missing(change, requirement, [*given, approval])
        names = ", ".join(dict.fromkeys(one.who for one in [*given, approval]))
        moved = replace(approved, decided_by=names) if not lacking.who else change
        return await self._keep(change, moved, approval, lacking)

    def _approval(self, change: Change, who: Person, assent: Assent, now: float) -> Approval:
        kind = ApprovalKind.BREAK_GLASS if assent.alone else ApprovalKind.PERSON
        return Approval(
            change=change.id, kind=kind, who=who.who, at=now, digest=change.digest,
            note=mask(assent.note or who.note)[0].strip(), proof=who.proof, signature=who.signature,
        )  # fmt: skip

    def _require_glass(self, change: Change, approval: Approval) -> None:
        if not self._may_break_glass(change):
            raise Refused(
                f"{change.name} cannot be approved by one person alone.",
                why="approvals.break_glass does not name its environment.",
                next_step=f"See who is needed: opsterm change {change.name}",
            )
        if approval.proof.startswith("file"):
            raise Refused("An emergency is declared by the person at the keyboard, not by a file.")
        if not approval.note:
            raise BadInput("An emergency needs a reason.", next_step="Say it with --reason; somebody will look at it.")

    async def _require_of_use(
        self, change: Change, requirement: Requirement, given: Sequence[Approval], approval: Approval
    ) -> None:
        requester = terms_of(change).requested_by
        if requirement.reason and not approval.note:
            raise BadInput(f"{change.name} is not approved without a reason.", next_step="Say it with --reason.")
        if requirement.signed and not approval.signature:
            raise Refused(
                f"{change.name} is only approved by signatures.", next_step="Sign it: --sign agent, or --sign KEYFILE."
            )
        if any(one.who == approval.who for one in given):
            raise NotApproved(f"{approval.who} has approved {change.name} already.", next_step="It waits for others.")
        members = await self._identities.members(requirement)
        voices = [_voice(one) for one in given]
        if not helps(requirement, voices, _voice(approval), requester=requester, members=members):
            lacking = missing(requirement, voices, requester=requester, members=members)
            own = requirement.others_only and approval.who == requester
            raise Refused(
                f"An approval by {approval.who} does not count for {change.name}"
                f"{': nobody approves what they asked for themselves' if own else ''}.",
                why=f"It takes {requirement}; it has {lacking}.",
                next_step="Let one of those approve it: with opsterm sign, and --from their file.",
            )

    async def _keep(self, change: Change, moved: Change, approval: Approval, lacking: Missing) -> Change:
        """Write an approval and, when it was the last one, the approved change with it."""
        facts: list[Fact] = []
        if moved.state is ChangeState.PROPOSED or lacking.want > 1 or approval.proof != "account" or (
            approval.kind is ApprovalKind.BREAK_GLASS
        ):  # fmt: skip
            event = ChangeApprovalGiven(
                change=change.id, digest=change.digest, who=approval.who, how=approval.kind, proof=approval.proof,
                note=approval.note, have=lacking.have, want=lacking.want,
            )  # fmt: skip
            facts.append(self._ledger.fact(event, by=approval.who, correlation_id=change.name))
        if not await self._write(moved, [approval], facts):
            fresh = await self._store.changes.get(change.id) or change
            raise NotApproved(
                f"{change.name} was decided elsewhere: it is {fresh.state}.", next_step="Nothing was changed here."
            )
        return moved if moved.state is ChangeState.APPROVED else await self.complete(change)

    async def complete(self, change: Change) -> Change:
        """Return the change, approved when what was said of it suffices: two persons may say yes at the same moment."""
        if change.state is not ChangeState.PROPOSED or change.order.terms is None:
            return change
        given = [one for one in await self.given(change) if one.kind is ApprovalKind.PERSON]
        if not given or (await self._missing(change, await self._requirement(change), given)).who:
            return change
        names = ", ".join(dict.fromkeys(one.who for one in given))
        approved = lifecycle.approve(change, by=names, digest=change.digest, now=given[-1].at, note=given[-1].note)
        await self._write(approved, [], [])
        return await self._store.changes.get(change.id) or change

    async def _write(
        self, moved: Change, approvals: Sequence[Approval], facts: Sequence[Fact], *, by: str = "",
        spending: Spending | None = None,
    ) -> bool:  # fmt: skip
        key = await self._store.approvals.key()
        told = [*facts]
        if moved.state is ChangeState.APPROVED:
            event = ChangeApproved(change=moved.id, digest=moved.digest)
            told.append(self._ledger.fact(event, by=by, correlation_id=moved.name))
        kept = await self._store.changes.move(
            moved, expected=ChangeState.PROPOSED, facts=told,
            approvals=[sealed(one, key) for one in approvals], spending=spending,
        )  # fmt: skip
        if kept is None:
            return False
        self._ledger.committed(kept)
        return True

    # ------------------------------------------------------------- without a person

    async def permit(self, change: Change) -> Change | None:
        """Approve a change that nobody need be asked about: it only reads, or approvals.autonomy lets it run.

        Returns:
            The approved change; None when a person has to be asked.

        Raises:
            Refused: a limit of its environment does not let it run.
        """
        terms = terms_of(change)
        now = round(self._ledger.clock.now(), 3)
        self._limits.require_within(change.order, terms.environments)
        if change.review.decision.order > RuleDecision.WARN.order or terms.standing or terms.under:
            return None
        kind, note, spending = ApprovalKind.READS, READS_ONLY, None
        if why_asked(lifecycle.case_of(change)):
            level = await self._level(change)
            name, daily = grant_for(level, terms.environments, change.origin, self._settings.autonomy)
            if not name or self._limits.decision(terms.environments)[0]:
                return None
            await self._limits.require_calm(terms.environments, by=terms.requested_by)
            kind, note = ApprovalKind.AUTONOMY, name
            spending = Spending(grant=name, since=now - now % DAY_S, at_most=daily)
        permitted = lifecycle.approve(change, by=POLICY, digest=change.digest, now=now, note=note)
        approval = Approval(change=change.id, kind=kind, who=POLICY, at=now, digest=change.digest, note=note)
        return permitted if await self._write(permitted, [approval], [], by=POLICY, spending=spending) else None

    async def permit_turn(self, change: Change) -> Change | None:
        """Approve a turn of a job by its standing approval; None when it was decided elsewhere. Raises as `require`."""
        await self._stands(change)
        note, now = terms_of(change).under, round(self._ledger.clock.now(), 3)
        permitted = lifecycle.approve(change, by=POLICY, digest=change.digest, now=now, note=note)
        kind = ApprovalKind.STANDING
        approval = Approval(change=change.id, kind=kind, who=POLICY, at=now, digest=change.digest, note=note)
        return permitted if await self._write(permitted, [approval], [], by=POLICY) else None

    async def allowances(self) -> Sequence[Allowance]:
        """Return what runs without a person, and how much of it was spent today (UTC)."""
        key, now = await self._store.approvals.key(), self._ledger.clock.now()
        spent = await self._store.approvals.of_kind(ApprovalKind.AUTONOMY, now - now % DAY_S)
        names = [one.note for one in spent if is_sound(one, key)]
        return [
            Allowance(
                name=grant_name(number), environment=grant.environment, level=grant.level, actor=grant.actor,
                daily=grant.daily, spent=names.count(grant_name(number)),
            )
            for number, grant in enumerate(self._settings.autonomy, 1)
        ]  # fmt: skip

    # ---------------------------------------------------------------- at the instant

    async def require(self, change: Change) -> None:
        """Check, from the sealed rows and the settings as they are now, that a change may start.

        Raises:
            NotApproved: not enough people approved these bytes, or a row was not written by opsterm.
            Refused: a limit is reached, or a window is closed.
        """
        terms, given = terms_of(change), await self.given(change)
        self._limits.require_within(change.order, terms.environments)
        kinds = {one.kind for one in given}
        if terms.under:  # whoever else said yes: it is for the standing approval to let it run
            await self._stands(change)
            return
        if ApprovalKind.READS in kinds and not why_asked(lifecycle.case_of(change)):
            return
        if ApprovalKind.BREAK_GLASS in kinds and self._may_break_glass(change):
            return
        self._limits.require_open_window(terms.environments)
        await self._limits.require_calm(terms.environments, by=terms.requested_by)
        if await self._is_granted(change, given):
            return
        persons = [one for one in given if one.kind is ApprovalKind.PERSON]
        requirement = await self._requirement(change)
        for one in persons if requirement.signed else []:
            await self._identities.require_signed(one.who, one.digest, one.signature, at=one.at)
        lacking = await self._missing(change, requirement, persons)
        if lacking.who:
            raise NotApproved(
                f"{change.name} was not run: its approvals do not suffice; it has {lacking}.",
                why="An approval counts when opsterm itself wrote it; the settings may ask for more than they did.",
                next_step=f"See who did what: opsterm audit {change.name}. Then propose it again.",
            )

    async def _is_granted(self, change: Change, given: Sequence[Approval]) -> bool:
        terms = terms_of(change)
        level = await self._level(change)
        name, _ = grant_for(level, terms.environments, change.origin, self._settings.autonomy)
        return bool(name) and any(one.kind is ApprovalKind.AUTONOMY and one.note == name for one in given)


def _voice(approval: Approval) -> Voice:
    return Voice(who=approval.who, signed=bool(approval.signature), reasoned=bool(approval.note))
