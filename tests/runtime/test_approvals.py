"""Who has said yes is found anew from sealed rows whenever it matters, and nothing else lets a change run."""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, BadSetting, NotApproved, Refused
from opsterm.policy.approval_record import Approval, ApprovalKind, sealed
from opsterm.runtime.assent import Assent
from opsterm.runtime.runtime import Runtime
from tests.runtime.approving import (
    PROD_TWO,
    PlayedAccounts,
    edit_database,
    in_environment,
    moved,
    played,
)
from tests.runtime.changing import approved, proposed, story
from tests.runtime.stage import opened

RESTART = "systemctl restart nginx"


async def yes(runtime: Runtime, change: Change, accounts: PlayedAccounts, home: Path, who: str) -> Change:
    path = await asyncio.to_thread(accounts.says, home, who, "approve", change.digest)
    return await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(written=path))


@pytest.mark.parametrize("order", [*permutations(["cy", "dan"]), ("cy", "ben"), ("ben", "cy")])
async def test_two_persons_approve_in_any_order(home: Path, order: tuple[str, ...]) -> None:
    connector, accounts = played(), PlayedAccounts()
    async with opened(home, settings=PROD_TWO, open_connector=connector.open, accounts=accounts) as runtime:
        await in_environment(runtime, "prod")
        change = await proposed(runtime, RESTART, "db-01")
        first = await yes(runtime, change, accounts, home, order[0])
        assert first.state is ChangeState.PROPOSED
        progress = await runtime.approvals.progress(first)
        assert progress is not None
        assert str(progress.missing).startswith("1 of 2: needs one more of ")
        assert str(progress.missing).endswith(f"not {' or '.join(sorted([order[0], runtime.operator.name]))}")
        with pytest.raises(NotApproved, match="nobody has approved"):
            await runtime.changes.run(change.id)
        both = await yes(runtime, change, accounts, home, order[1])
        assert (both.state, both.decided_by) == (ChangeState.APPROVED, ", ".join(order))
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        told = await runtime.audit.rows(correlation_id=change.name)
        assert [row.who for row in told if row.kind == "change.approval_given"] == list(order)
        assert [row.kind for row in told][:5] == [
            "change.proposed", "change.approval_given", "policy.refused", "change.approval_given", "change.approved",
        ]  # fmt: skip


async def test_the_requester_a_stranger_and_a_second_yes_are_refused_and_each_is_audited(home: Path) -> None:
    connector, accounts = played(), PlayedAccounts()
    async with opened(home, settings=PROD_TWO, open_connector=connector.open, accounts=accounts) as runtime:
        await in_environment(runtime, "prod")
        change, other = await proposed(runtime, RESTART, "db-01"), await proposed(runtime, RESTART, "db-01")
        with pytest.raises(Refused, match="nobody approves what they asked for themselves"):
            await runtime.changes.approve(change.id, digest=change.digest)
        with pytest.raises(Refused, match=f"{runtime.operator.name} does not count"):
            await yes(runtime, change, accounts, home, runtime.operator.name)
        with pytest.raises(Refused, match="eve does not count"):
            await yes(runtime, change, accounts, home, "eve")
        await yes(runtime, change, accounts, home, "cy")
        with pytest.raises(NotApproved, match="cy has approved c1 already"):
            await yes(runtime, change, accounts, home, "cy")
        replay = await asyncio.to_thread(accounts.says, home, "dan", "approve", change.digest)
        with pytest.raises(NotApproved, match="written for another change"):
            await runtime.changes.approve(other.id, digest=other.digest, assent=Assent(written=replay))
        assert change.digest != other.digest, "the same command for the same target, asked for twice"
        assert (await story(runtime, change)).count("policy.refused") == 4
        assert (await story(runtime, other))[-1] == "policy.refused"
        assert connector.opened == []


async def test_two_who_approve_at_the_same_moment_are_both_counted(home: Path) -> None:
    connector, accounts = played(), PlayedAccounts()
    async with (
        opened(home, settings=PROD_TWO, open_connector=connector.open, accounts=accounts) as one,
        opened(home, settings=PROD_TWO, accounts=accounts) as other,
    ):
        await in_environment(one, "prod")
        for _ in range(5):
            change = await proposed(one, RESTART, "db-01")
            await asyncio.gather(*(
                yes(runtime, change, accounts, home, who) for runtime, who in ((one, "cy"), (other, "dan"))
            ))  # fmt: skip
            assert (await one.changes.get(change.id)).state is ChangeState.APPROVED


INTO = "INSERT INTO approval (change_id, kind, who, at, digest, note, proof, signature, seal)"
FORGED = [
    ("UPDATE change SET state = 'approved', approved_digest = digest, decided_by = 'dan'",),
    (
        "UPDATE change SET state = 'approved', approved_digest = digest",
        f"{INTO} SELECT id, 'person', 'dan', requested_at, digest, '', 'account', '', '' FROM change",
    ),
    (
        "UPDATE change SET state = 'approved', approved_digest = digest",
        f"{INTO} SELECT change_id, 'person', 'dan', at, digest, note, proof, signature, seal FROM approval",
    ),
    (
        "UPDATE change SET state = 'approved', approved_digest = digest",
        "UPDATE approval SET kind = 'break-glass'",
    ),
    (
        "UPDATE change SET state = 'approved', approved_digest = digest",
        "UPDATE approval SET who = 'ben'",
    ),
]  # fmt: skip
TRAIL = """INSERT INTO journal (seq, id, at, actor, correlation_id, causation_id, kind, kind_version, body)
SELECT (SELECT max(seq) + 1 FROM journal), 'f00d', at, actor, correlation_id, '', 'change.approved', 1,
json_object('change', 1, 'digest', (SELECT digest FROM change)) FROM journal WHERE kind = 'change.proposed'"""


@pytest.mark.parametrize("edits", FORGED, ids=["state", "no seal", "copied seal", "other kind", "other person"])
@pytest.mark.parametrize("with_trail", [False, True], ids=["no trail", "forged trail"])
async def test_a_row_written_by_hand_is_no_approval(home: Path, edits: tuple[str, ...], with_trail: bool) -> None:
    connector, accounts = played(), PlayedAccounts()
    async with opened(home, settings=PROD_TWO, open_connector=connector.open, accounts=accounts) as runtime:
        await in_environment(runtime, "prod")
        change = await proposed(runtime, RESTART, "db-01")
        await yes(runtime, change, accounts, home, "cy")
        await edit_database(runtime, *edits, *[TRAIL] * with_trail)
        with pytest.raises(NotApproved, match="approvals do not suffice" if with_trail else "journal does not agree"):
            await runtime.changes.run(change.id)
        assert connector.opened == []
        assert "policy.refused" in await story(runtime, change)


async def test_a_seal_of_another_key_is_none_and_a_lost_key_lets_nothing_run(home: Path) -> None:
    connector = played()
    async with opened(home, open_connector=connector.open) as runtime:
        await in_environment(runtime, "lab")
        change = await approved(runtime, RESTART, "db-01")
        forged = sealed(
            Approval(change=change.id, kind=ApprovalKind.PERSON, who="ana", at=1.0, digest=change.digest), b"x" * 32
        )
        await edit_database(runtime, "UPDATE approval SET seal = ?", values=[forged.seal])
        with pytest.raises(NotApproved, match="0 of 1"):
            await runtime.changes.run(change.id)
        mode = await asyncio.to_thread(lambda: runtime.paths.approval_key.stat().st_mode & 0o777)
        assert mode == 0o600
        second = await approved(runtime, RESTART, "db-01")
        await asyncio.to_thread(runtime.paths.approval_key.unlink)
    async with opened(home, open_connector=connector.open) as runtime:
        with pytest.raises(NotApproved, match="approvals do not suffice"):
            await runtime.changes.run(second.id)
    assert connector.opened == []


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE change SET terms = ''",
        "UPDATE change SET terms = json_set(terms, '$.requirement', '2 persons')",
        "UPDATE change SET terms = json_set(terms, '$.requested_by', 'eve')",
        "UPDATE change SET terms = json_set(terms, '$.environments[0]', 'lab')",
        "UPDATE change SET terms = json_set(terms, '$.plan', 'p7')",
        "UPDATE change SET terms = json_set(terms, '$.rollback', 'r7')",
        "UPDATE change SET command = command || ' '",
        "UPDATE change SET targets = replace(targets, 'db-01', 'db-02')",
        "UPDATE change SET become = 'root'",
        "UPDATE change SET expires_at = expires_at + 1",
    ],
)
async def test_whatever_is_edited_voids_the_approval(home: Path, edit: str) -> None:
    connector = played("db-01", "db-02")
    async with opened(home, open_connector=connector.open) as runtime:
        await in_environment(runtime, "stage", "db-01", "db-02")
        change = await approved(runtime, RESTART, "db-01")
        await edit_database(runtime, edit)
        with pytest.raises(NotApproved):
            await runtime.changes.run(change.id)
    assert connector.opened == []


async def test_a_milder_requirement_written_beside_its_own_digest_is_still_what_the_policy_asks(home: Path) -> None:
    async with opened(home, settings=PROD_TWO) as runtime:
        await in_environment(runtime, "prod")
        change = await proposed(runtime, RESTART, "db-01")
        await edit_database(runtime, "UPDATE change SET terms = json_set(terms, '$.requirement', '1 person')")
        forged = (await runtime.changes.get(change.id)).order.digest()
        await edit_database(runtime, "UPDATE change SET digest = ?", values=[forged])
        with pytest.raises(Refused):
            await runtime.changes.approve(change.id, digest=forged)


async def test_a_target_that_has_moved_to_another_environment_voids(home: Path) -> None:
    async with opened(home) as runtime:
        await in_environment(runtime, "lab")
        waiting, ready = await proposed(runtime, RESTART, "db-01"), await approved(runtime, RESTART, "db-01")
        await moved(runtime, "db-01", "prod")
        with pytest.raises(NotApproved, match="another environment"):
            await runtime.changes.approve(waiting.id, digest=waiting.digest)
        with pytest.raises(NotApproved, match="another environment"):
            await runtime.changes.run(ready.id)
        assert (await runtime.changes.get(ready.id)).state is ChangeState.VOIDED


async def test_rules_that_became_stricter_count_for_what_was_approved_before(home: Path) -> None:
    connector = played()
    async with opened(home, open_connector=connector.open) as runtime:
        await in_environment(runtime, "prod")
        change = await approved(runtime, RESTART, "db-01")
    async with opened(home, settings=PROD_TWO, open_connector=connector.open) as runtime:
        with pytest.raises(NotApproved, match="0 of 2"):
            await runtime.changes.run(change.id)
    assert connector.opened == []


async def test_an_expired_change_takes_no_second_approval(home: Path, clock: StoppedClock) -> None:
    accounts = PlayedAccounts()
    async with opened(home, settings=PROD_TWO, accounts=accounts, clock=clock) as runtime:
        await in_environment(runtime, "prod")
        change = await proposed(runtime, RESTART, "db-01")
        await yes(runtime, change, accounts, home, "cy")
        clock.advance(901)
        with pytest.raises(NotApproved, match="expired"):
            await yes(runtime, change, accounts, home, "dan")


async def test_a_reason_is_asked_for_where_the_rules_want_one(home: Path) -> None:
    settings = "[[approvals.rule]]\nlevel = 'low'\nreason = true\n"
    async with opened(home, settings=settings) as runtime:
        await in_environment(runtime, "lab")
        change = await proposed(runtime, RESTART, "db-01")
        with pytest.raises(BadInput, match="without a reason"):
            await runtime.changes.approve(change.id, digest=change.digest)
        done = await runtime.changes.approve(
            change.id, digest=change.digest, assent=Assent(note="ticket 7, password=hunter2secret")
        )
        assert done.decision_note == "ticket 7, password=[masked:password]"


async def test_settings_that_say_nothing_of_who_stop_at_the_start(home: Path) -> None:
    with pytest.raises(BadSetting, match=r"approvals\.rule 1"):
        async with opened(home, settings="[[approvals.rule]]\nneeds = 'all of us'\n"):
            raise AssertionError


# ------------------------------------------------------------------------------------------------ break-glass

GLASS = '[approvals]\nbreak_glass = "prod"\n' + PROD_TWO


async def test_in_an_emergency_one_person_approves_alone_and_another_one_closes_the_review(home: Path) -> None:
    connector, accounts = played(), PlayedAccounts()
    async with opened(home, settings=GLASS, open_connector=connector.open, accounts=accounts) as runtime:
        await in_environment(runtime, "prod")
        change = await proposed(runtime, RESTART, "db-01")
        with pytest.raises(BadInput, match="needs a reason"):
            await runtime.changes.approve(change.id, digest=change.digest, assent=Assent(alone=True))
        alone = Assent(alone=True, note="site is down")
        done = await runtime.changes.approve(change.id, digest=change.digest, assent=alone)
        assert done.state is ChangeState.APPROVED
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        (review,) = await runtime.reviews.open()
        assert (review.change, review.by, review.reason) == (change.id, runtime.operator.name, "site is down")
        with pytest.raises(Refused, match="somebody else has to"):
            await runtime.reviews.close(change.id, note="looked fine")
        await edit_database(
            runtime,
            f"{INTO} SELECT change_id, 'review', 'eve', at, digest, '', 'account', '', seal FROM approval",
        )
        assert len(await runtime.reviews.open()) == 1, "a row written by hand closes nothing"
        await edit_database(runtime, "DELETE FROM approval WHERE kind = 'review'")
        path = await asyncio.to_thread(accounts.says, home, "eve", "review", change.digest, "was needed")
        await runtime.reviews.close(change.id, written=path)
        assert await runtime.reviews.open() == []
        with pytest.raises(BadInput, match="no open review"):
            await runtime.reviews.close(change.id, written=path)
        rows = await runtime.audit.rows(correlation_id=change.name)
        assert [row.who for row in rows if row.kind == "change.review_closed"] == ["eve"]
        assert any("alone, in an emergency" in row.what and row.why == "site is down" for row in rows)


async def test_glass_is_broken_only_where_the_settings_allow_it(home: Path) -> None:
    settings = '[approvals]\nbreak_glass = "stage"\n' + PROD_TWO
    accounts = PlayedAccounts()
    async with opened(home, settings=settings, accounts=accounts) as runtime:
        await in_environment(runtime, "prod")
        change = await proposed(runtime, RESTART, "db-01")
        alone = Assent(alone=True, note="site is down")
        with pytest.raises(Refused, match="cannot be approved by one person alone"):
            await runtime.changes.approve(change.id, digest=change.digest, assent=alone)
        assert await runtime.reviews.open() == []
    async with opened(home, settings=settings.replace("stage", "prod"), accounts=accounts) as runtime:
        ready = await runtime.changes.approve(change.id, digest=change.digest, assent=alone)
    async with opened(home, settings=settings, accounts=accounts) as runtime:
        with pytest.raises(NotApproved, match="0 of 2"):
            await runtime.changes.run(ready.id)
