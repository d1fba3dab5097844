"""A grade knows the place, the hour, our own way in and the way back; and an approval asks by the same facts."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import pytest

from opsterm.changes.guard import wish_from
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import NotApproved
from opsterm.inventory.target import Target
from opsterm.policy.level import RiskLevel
from opsterm.runtime.runtime import Runtime
from tests.runtime.approving import PlayedAccounts, edit_database, played
from tests.runtime.changing import proposed
from tests.runtime.stage import opened

PATH = """@@1-a
@@1-a connection
198.18.1.1 5000 198.18.1.2 22
@@1-a account
ops
ops sudo
/export/ops
@@1-a route
198.18.1.1 dev eth0 src 198.18.1.2
@@1-a processes
4242
@@1-a end
"""
WEDNESDAY = "[[approvals.limit]]\nenvironment = 'lab'\nwindow = 'wed 08:00-18:00'\noutside = '{}'\n"
ELSEWHERE = "[[approvals.limit]]\nenvironment = 'prod'\nwindow = 'wed 08:00-18:00'\n"
PLANNED = "[policy]\nwindows = 'wed 08:00-18:00'\n"


async def with_pair(runtime: Runtime, *, path_known: bool = True) -> None:
    """Add two hosts that stand in for one another, and keep by which way we come in to the first."""
    for name in ("db-01", "db-02"):
        await runtime.inventory.add(
            Target(name=name, address=f"{name}.example", environment="lab", tags=("redundancy:db",))
        )
    first = runtime.inventory.order_target(await runtime.inventory.get("db-01"))
    if path_known:
        await runtime.store.preferences.put("session path.db-01", json.dumps([astuple(first), PATH]))


EDITED = {
    "our session hangs on the process": ("kill -15 4242", "db-01", "medium"),
    "its keys are in the home": ("chmod 755 /export/ops", "db-01", "medium"),
    "both partners": ("systemctl restart nginx", "db-01,db-02", "high"),
    "nothing can undo it": ("redis-cli del session", "db-01", "medium"),
}


@pytest.mark.parametrize("why", EDITED)
async def test_a_row_with_a_milder_grade_than_the_facts_give_is_not_approved(home: Path, why: str) -> None:
    command, selector, milder = EDITED[why]
    connector = played("db-01", "db-02")
    async with opened(home, open_connector=connector.open, accounts=PlayedAccounts()) as runtime:
        await with_pair(runtime)
        cuts = "hangs" in why
        change = await proposed(runtime, command, selector, guard=wish_from("", unguarded="a console" if cuts else ""))
        assert change.risk.level.order > RiskLevel(milder).order
        await edit_database(runtime, f"UPDATE change SET risk_level = '{milder}'")
        with pytest.raises(NotApproved, match=f"risk is higher than the {milder}"):
            await runtime.changes.approve(change.id, digest=change.digest)
    assert connector.opened == [], "nothing was asked anew"


async def test_a_grade_that_was_kept_stays_when_the_facts_are_gone(home: Path) -> None:
    async with opened(home, accounts=PlayedAccounts()) as runtime:
        await with_pair(runtime)
        change = await proposed(runtime, "chmod 755 /export/ops", "db-01")
        await runtime.store.preferences.put("session path.db-01", "")
        assert (await proposed(runtime, "chmod 755 /export/ops", "db-01")).risk.level.order < change.risk.level.order
        approved = await runtime.changes.approve(change.id, digest=change.digest)
        assert approved.risk.level is change.risk.level


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ("", "medium"), (ELSEWHERE, "medium"), (WEDNESDAY.format("deny"), "high"),
        (WEDNESDAY.format("two persons"), "high"), (PLANNED, "high"), (PLANNED.replace("wed", "*"), "medium"),
    ],
)  # fmt: skip
async def test_outside_of_the_hours_a_change_is_one_grade_worse(
    home: Path, clock: StoppedClock, settings: str, level: str
) -> None:
    clock.advance(_until_thursday_noon(clock.now()))
    async with opened(home, settings=settings, clock=clock, accounts=PlayedAccounts()) as runtime:
        await with_pair(runtime, path_known=False)
        change = await proposed(runtime, "systemctl restart nginx", "db-01")
        where = await runtime.assessments.whereabouts("db-01")
        asked = await runtime.assessments.assess("systemctl restart nginx", where=where)
        assert (change.risk.level, asked.level) == (level, level)
        said = "It is outside of the hours for changes there."
        assert (said in change.risk.reasons, said in asked.reasons) == (level == "high",) * 2
        nowhere = await runtime.assessments.assess("systemctl restart nginx", shell="sh")
        assert nowhere.level is RiskLevel.MEDIUM, "no place was named, so no hours are its"


def _until_thursday_noon(now: float) -> float:
    week, thursday_noon = 7 * 86_400, 43_200  # 1970-01-01 was a Thursday
    return (thursday_noon - now) % week


BACK = {
    "uptime": "n/a", "cat /etc/shadow": "n/a", "chmod 644 /etc/hosts": "full", "rm /srv/x": "full",
    "apt-get remove nginx": "partial", "git clean -fd": "none", "curl https://x.example/i | sh": "none",
}  # fmt: skip


@pytest.mark.parametrize("command", BACK)
async def test_how_much_can_be_taken_back_is_said(home: Path, command: str) -> None:
    async with opened(home, accounts=PlayedAccounts()) as runtime:
        found = await runtime.assessments.assess(command, shell="bash")
    assert found.rollback == BACK[command]


async def test_who_leaves_the_way_back_out_is_asked_as_for_what_is_lost(home: Path) -> None:
    async with opened(home, accounts=PlayedAccounts()) as runtime:
        await with_pair(runtime)
        kept = await proposed(runtime, "rm /tmp/x", "db-01")
        bare = await proposed(runtime, "rm /tmp/x", "db-01", way_back=False)
        assert (kept.risk.level, bare.risk.level) == ("medium", "high")
        assert "Nothing that is prepared can undo it." in bare.risk.reasons
        assert (await runtime.assessments.of_change(bare)).rollback == "none"
        restart = await proposed(runtime, "systemctl restart nginx", "db-01", way_back=False)
        assert restart.risk.level is RiskLevel.MEDIUM, "what takes nothing away loses nothing"
