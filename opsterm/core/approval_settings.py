"""The settings of approvals: who has to say yes, what is never run, and what runs without anybody being asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.core.options import between, one_of, option

LEVELS = ("read", "low", "medium", "high", "critical")
_ENVIRONMENT = "Environments that it is for, as in prod or prod,stage; * for all, also those that are not named."


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRuleSetting:
    """One `[[approvals.rule]]` table: what an approval takes. All that apply count, the strictest wins."""

    environment: str = option("*", _ENVIRONMENT)
    level: str = option(
        "high", "Lowest risk that it is for: read, low, medium, high or critical.", check=one_of(*LEVELS)
    )
    needs: str = option(
        "",
        "Who has to approve, as in 2 persons, or 2 of ops and 1 of dba; each person counts once. Groups are those of "
        "approvals.groups, else of this host.",
    )
    others_only: bool = option(False, "Whether the one who asked may not approve.")
    signed: bool = option(False, "Whether each approval has to be signed with an SSH key of approvals.allowed_signers.")
    reason: bool = option(False, "Whether each approval needs a reason.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSetting:
    """One `[[approvals.limit]]` table: what is not run, whoever approves it. All that apply count."""

    environment: str = option("*", _ENVIRONMENT)
    read_only: bool = option(False, "Whether nothing is proposed, approved or run there.")
    executables: str = option("", "The only programs that may be started, as in systemctl,nft; empty: any.")
    forbidden_paths: str = option(
        "", "Paths that nothing may touch, as in /boot,/etc/shadow; what lies below them is meant as well."
    )
    timeout_s: float = option(0.0, "Seconds that a command may ask for at most; 0: any.", check=between(0, 86400))
    per_hour: int = option(0, "Changes that one account may run in an hour; 0: any.", check=between(0, 100_000))
    failures: int = option(
        0, "Failed changes in a row after which nothing is approved until a person says so; 0: any.",
        check=between(0, 1000),
    )  # fmt: skip
    failures_within_s: float = option(
        0.0, "Seconds within which they must lie to count together; 0: any.", check=between(0, 86400 * 30)
    )
    window: str = option(
        "", "When changes may run, as in mon-fri 08:00-18:00 Europe/Berlin; several with ; between; empty: always."
    )
    outside: str = option(
        "deny", "What a change needs outside the window: deny, or two persons.", check=one_of("deny", "two persons")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AutonomySetting:
    """One `[[approvals.autonomy]]` table: what may run without a person. What only reads may in any case."""

    environment: str = option("", "Environments that it is for; each target must be in one of them. Empty: none.")
    level: str = option("low", "Highest risk that it is for: read, low, medium or high.", check=one_of(*LEVELS[:-1]))
    actor: str = option("command line", "Who may ask: screen, chat, command line, api; several with commas, * for all.")
    daily: int = option(
        0, "Changes a day (UTC) that run so; when they are spent, a person is asked.", check=between(0, 10_000)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSettings:
    """`[approvals]`: who has to say yes to what."""

    rule: tuple[ApprovalRuleSetting, ...] = option((), "What an approval takes; without a table, one person.")
    limit: tuple[LimitSetting, ...] = option((), "What is not run, whoever approves it.")
    autonomy: tuple[AutonomySetting, ...] = option((), "What runs without a person; without a table, what only reads.")
    groups: Mapping[str, str] = option(
        {}, "Groups of accounts, as in { dba = 'ana, ben' }; they hide those of the host."
    )
    allowed_signers: str = option(
        "", "File of the keys that approvals are signed with, as of ssh-keygen -Y verify; empty: no signature counts."
    )
    break_glass: str = option(
        "", "Environments in which one person may approve alone in an emergency, as in prod; * for all; empty: nowhere."
    )
