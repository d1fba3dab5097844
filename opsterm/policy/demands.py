"""From settings, grade and findings to what an approval takes, and to what runs without one."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.core.approval_settings import LEVELS, ApprovalRuleSetting, ApprovalSettings, AutonomySetting
from opsterm.core.errors import BadInput, BadSetting, Refused
from opsterm.policy.change_windows import Zone, parse_window
from opsterm.policy.level import RiskLevel
from opsterm.policy.limits import covers, words_of
from opsterm.policy.requirements import TWO_PERSONS, Requirement, joined, parse_need

TWO_PERSONS_DECISION, DENY_DECISION = "two persons", "deny"
"""Decisions of rules that say more than that somebody approves."""


def requirement_of(
    level: RiskLevel, environments: Sequence[str], decisions: Sequence[str], rules: Sequence[ApprovalRuleSetting]
) -> Requirement:
    """Return what an approval takes: at least one person.

    Args:
        level: the grade.
        environments: of each target, "" where it is not said.
        decisions: of what was found: "approve", "two persons", "deny"; other words ask for nothing.
        rules: those of the settings.

    Raises:
        Refused: a decision is deny.
    """
    if DENY_DECISION in decisions:
        raise Refused("The policy does not let this run.", next_step="`opsterm risk` says what it would do.")
    found = [
        Requirement(
            needs=(parse_need(rule.needs),) if rule.needs else (), others_only=rule.others_only, signed=rule.signed,
            reason=rule.reason,
        )
        for rule in rules
        if level.order >= LEVELS.index(rule.level)
        and any(covers(rule.environment, place) for place in environments or ("",))
    ]  # fmt: skip
    if TWO_PERSONS_DECISION in decisions:
        found.append(Requirement(needs=(TWO_PERSONS,)))
    return joined(found)


MODEL = "model"
"""How the origin of what a language model proposes begins; no table lets it run without a person."""


def grant_for(
    level: RiskLevel, environments: Sequence[str], actor: str, grants: Sequence[AutonomySetting]
) -> tuple[str, int]:
    """Return (name, daily) of the first table that lets this run without a person; ("", 0) for none.

    What is not graded below critical always asks, and so does what a model proposes.

    Args:
        level: the grade.
        environments: of each target; every one has to be covered.
        actor: "screen", "chat", "command line" or "api"; what begins with `MODEL` is granted nothing.
        grants: those of the settings.
    """
    if actor.startswith(MODEL):
        return "", 0
    for number, grant in enumerate(grants, 1):
        heard = "*" in words_of(grant.actor) or actor in words_of(grant.actor)
        placed = bool(environments) and all(covers(grant.environment, place) for place in environments)
        if heard and placed and grant.daily and level.order <= LEVELS.index(grant.level) < RiskLevel.CRITICAL.order:
            return grant_name(number), grant.daily
    return "", 0


def grant_name(number: int) -> str:
    """Return how the n-th table of approvals.autonomy is called where it is counted."""
    return f"autonomy {number}"


def check_settings(settings: ApprovalSettings, zone: Zone) -> None:
    """Check what the settings say in words of this room.

    Raises:
        BadSetting: a need, a window or a time zone that cannot be read.
    """
    for number, rule in enumerate(settings.rule, 1):
        try:
            if rule.needs:
                parse_need(rule.needs)
        except BadInput as error:
            raise BadSetting(f"approvals.rule {number}: {error.what}", next_step=error.next_step) from None
    for number, limit in enumerate(settings.limit, 1):
        try:
            if limit.window:
                parse_window(limit.window).is_open(0.0, zone)
        except BadInput as error:
            raise BadSetting(f"approvals.limit {number}: {error.what}", next_step=error.next_step) from None
