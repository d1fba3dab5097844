"""A change is looked at once it has ended, and taken back there at once where that was approved and it is not well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.events import ChangeVerified
from opsterm.changes.guard import GuardWish
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.verification import OnFailure, Verification, parse_check
from opsterm.core.errors import BadInput, NotApproved
from opsterm.policy.order import order_of
from opsterm.runtime.ports import Ended
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved, outcomes, proposed, story, with_targets
from tests.runtime.stage import PlayedConnector, opened

HOLDS = "command:true"
NEVER = "command:grep -q nobody-writes-this /etc/passwd"


def wish(*checks: str, rollback: bool = False, tries: int = 1, within_s: int = 60) -> Verification:
    return Verification(
        checks=tuple(map(parse_check, checks)), tries=tries, within_s=within_s,
        on_failure=OnFailure.ROLLBACK if rollback else OnFailure.KEEP,
    )  # fmt: skip


async def done(runtime: Runtime, command: str, verification: Verification, **others: Any) -> Change:
    change = await approved(runtime, command, verification=verification, **others)
    return await runtime.changes.run(change.id)


def text_of(place: Path) -> str:
    return place.read_text()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = tmp_path / "conf"
    found.write_text("before\n")
    return found


async def test_a_change_that_verifies_says_what_was_seen(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {place}", wish(HOLDS, f"command:stat -c %s {place}"))
        assert change.state is ChangeState.DONE
        assert change.outcomes[0].message == f"Verified: command:true: holds; command:stat -c %s {place}: 6."
        assert text_of(place) == "after\n"
        assert "change.verified" in await story(runtime, change)


async def test_a_change_that_does_not_verify_is_no_success_and_stays(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {place}", wish(HOLDS, NEVER))
        outcome = change.outcomes[0]
        assert (change.state, outcome.state) == (ChangeState.FAILED, OutcomeState.NOT_VERIFIED)
        assert outcome.exit_status == 0
        assert outcome.message.startswith("Not verified after 1 try: command:grep")
        assert f"opsterm rollback {change.name}" in outcome.message
        assert text_of(place) == "after\n"
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).state is ChangeState.DONE
        assert text_of(place) == "before\n"


@pytest.mark.parametrize(
    ("command", "verification", "said"),
    [
        ("echo after > {place}", wish(NEVER, rollback=True), "Not verified after 1 try"),
        ("echo half > {place} && false", wish(HOLDS, rollback=True), "It ended with 1"),
        ("echo half > {place} && false", wish(rollback=True), "It ended with 1"),
        ("echo half > {place}; sleep 60", wish(rollback=True), "ran longer than its 1 s"),
    ],
)  # fmt: skip
async def test_what_fails_is_taken_back_at_once_where_that_was_approved(
    home: Path, place: Path, command: str, verification: Verification, said: str
) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, command.format(place=place), verification, timeout_s=1)
        outcome = change.outcomes[0]
        assert (change.state, outcome.state) == (ChangeState.ROLLED_BACK, OutcomeState.ROLLED_BACK)
        assert said in outcome.message
        assert "everything is proven to be as it was" in outcome.message
        assert text_of(place) == "before\n"
        assert (await story(runtime, change))[-3:] == ["change.rolled_back", "change.target_ended", "change.ended"]
        with pytest.raises(BadInput, match="taken back already"):
            await runtime.rollbacks.propose(RollbackWish(change=change.id, origin="command line"))


async def test_what_works_is_not_taken_back(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {place}", wish(HOLDS, rollback=True))
        assert (change.state, text_of(place)) == (ChangeState.DONE, "after\n")


async def test_what_somebody_else_changed_meanwhile_is_not_taken_back(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(check: object) -> str:
        del check
        return f"echo by somebody else > {place}; false\n"

    monkeypatch.setattr("opsterm.runtime.verifying.check_text", elsewhere)
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {place}", wish(NEVER, rollback=True))
        outcome = change.outcomes[0]
        assert (change.state, outcome.state) == (ChangeState.ROLLBACK_FAILED, OutcomeState.ROLLBACK_FAILED)
        assert "changed by somebody else" in outcome.message
        assert text_of(place) == "by somebody else\n"
        back = await runtime.rollbacks.propose(RollbackWish(change=change.id, insist=True, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        assert (await runtime.changes.run(back.id)).state is ChangeState.DONE
        assert (text_of(place), (await runtime.changes.get(change.id)).state) == (
            "before\n",
            ChangeState.ROLLED_BACK,
        )


async def test_checks_are_tried_until_all_hold_at_once(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = tmp_path / "counts"
    monkeypatch.setattr("opsterm.runtime.verifying.PAUSE_S", 0.0)
    monkeypatch.setattr(
        "opsterm.runtime.verifying.check_text",
        lambda _: f"echo x >> {counts}; [ $(wc -l < {counts}) -ge 3 ]\n",
    )
    async with opened(home) as runtime:
        change = await done(runtime, f"touch {tmp_path}/made", wish(HOLDS, tries=5))
        assert change.state is ChangeState.DONE
        assert len(counts.read_text().splitlines()) == 3
        facts = await runtime.store.journal.search(kinds=[ChangeVerified.kind], correlation_id=change.name)
        assert [fact.event.tries for fact in facts if isinstance(fact.event, ChangeVerified)] == [3]


async def test_a_check_that_gives_no_answer_is_not_waited_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.runtime.verifying.check_text", lambda _: "sleep 60\n")
    async with opened(home) as runtime:
        change = await done(runtime, f"touch {tmp_path}/made", wish(HOLDS, within_s=1))
        assert "no answer within 1 s" in change.outcomes[0].message


async def test_a_guarded_change_that_does_not_verify_is_not_confirmed(home: Path, place: Path) -> None:
    async with opened(home) as runtime:
        change = await done(runtime, f"echo after > {place}", wish(NEVER, rollback=True), guard=GuardWish(seconds=600))
        assert "Taken back by the target: Not verified" in change.outcomes[0].message
        assert text_of(place) == "before\n"


async def test_an_approval_is_for_the_very_checks_and_what_takes_back(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, f"touch {tmp_path}/made", verification=wish(HOLDS, rollback=True))
        assert change.order.terms is not None
        assert order_of(change.order.canonical()).terms == change.order.terms
        other = replace(change.order, terms=replace(change.order.terms, verify=wish(HOLDS).text()))
        assert other.digest() != change.digest
        monkeypatch.setattr("opsterm.changes.verification.keeper_digest", lambda: "0" * 64)
        with pytest.raises(NotApproved, match="another version of opsterm"):
            await runtime.changes.run(change.id)
        assert not (tmp_path / "made").exists()


async def test_what_only_reads_is_asked_about_when_something_follows_it(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, "uptime", verification=wish("command:cat /etc/hostname"))
        assert await runtime.approvals.permit(change) is None


async def test_a_failed_verification_stops_a_canary(home: Path) -> None:
    async def failing(command: str) -> AsyncIterator[bytes | Ended]:
        if "is-active" in command:
            yield b"failed (exit-code)\n"
        yield Ended(exit_status=3 if "is-active" in command else 0)

    names = ("b-1", "b-2", "b-3")
    connector = PlayedConnector(dict.fromkeys(names, failing))
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, *names)
        change = await approved(
            runtime, "systemctl restart nginx", "b-*", verification=wish("unit:nginx"), way_back=False,
            rollout=RolloutWish(strategy="canary:1"),
        )  # fmt: skip
        ended = outcomes(await runtime.changes.run(change.id))
        assert ended["b-1"].message.startswith("Not verified after 1 try: unit:nginx active: failed (exit-code).")
        assert [ended[name].state for name in names] == [
            OutcomeState.NOT_VERIFIED, OutcomeState.CANCELLED, OutcomeState.CANCELLED
        ]  # fmt: skip
        assert connector.opened == ["b-1"]


async def test_a_guarded_change_is_looked_at_over_the_fresh_log_in_and_from_here(home: Path, place: Path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, opened(home) as runtime:
        wished = wish(HOLDS, f"reach:{port}")
        change = await done(runtime, f"echo after > {place}", wished, guard=GuardWish(seconds=600))
        assert (change.state, text_of(place)) == (ChangeState.DONE, "after\n")
        assert f"reach:{port}: answers" in change.outcomes[0].message
        (seen,) = (await runtime.guards.told(change)).values()
        assert (seen.state, seen.verified) == ("confirmed", True)
        assert seen.healthy.startswith("The fresh log-in worked after")
        assert seen.healthy.endswith(f"The checks hold: command:true: holds; reach:{port}: answers.")
        told = await story(runtime, change)
        assert told.index("change.verified") > told.index("change.guarded", told.index("change.guarded") + 1)


async def test_what_does_not_answer_from_here_is_taken_back_and_named(home: Path, place: Path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with opened(home) as runtime:
        wished = wish(HOLDS, f"reach:http://{{target}}:{port}/health")
        change = await done(runtime, f"echo after > {place}", wished, guard=GuardWish(seconds=600))
        assert (change.state, text_of(place)) == (ChangeState.ROLLED_BACK, "before\n")
        said = change.outcomes[0].message
        assert f"Taken back by the target: Not verified after 1 try: reach:http://{{target}}:{port}/health: " in said
        assert "command:true" not in said.partition("Not verified")[2], "only what does not hold is named"
        (seen,) = (await runtime.guards.told(change)).values()
        assert "The checks do not hold:" in seen.healthy
