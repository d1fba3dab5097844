"""A change is what was approved, or it does not run."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState, OutcomeState
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import (
    BadInput,
    NotApproved,
    NotFound,
    Refused,
)
from opsterm.core.events import body_to_json
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs
from opsterm.runtime.changes import change_number
from opsterm.runtime.ports import Ended
from opsterm.runtime.proposal import Proposal
from tests.runtime.changing import approved, outcomes, proposed, story, with_targets
from tests.runtime.stage import PlayedConnector, PlayedSession, opened, printing


async def test_a_change_from_proposal_to_outcome(home: Path) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, "echo to stdout; echo to stderr >&2; printf end")
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.DONE
        assert await runtime.changes.get(change.id) == ended
        output = await runtime.changes.output(change.id, "localhost")
        assert output == b"to stdout\nto stderr\nend"
        assert outcomes(ended)["localhost"].output_sha256 == hashlib.sha256(output).hexdigest()
        assert await story(runtime, change) == [
            "change.proposed", "change.approved", "change.started", "change.target_ended", "change.ended",
        ]  # fmt: skip
        rows = await runtime.audit.rows(correlation_id=change.name)
        assert {row.who for row in rows} == {runtime.operator.name}
        assert len(rows) == 5


@pytest.mark.parametrize(
    ("proposal", "error", "says"),
    [
        (Proposal(command="  ", selector="localhost", origin="chat"), BadInput, "no command"),
        (Proposal(command="a\x00b", selector="localhost", origin="chat"), BadInput, "zero byte"),
        (Proposal(command="ls", selector="localhost", shell="fish", origin="chat"), BadInput, "fish.*is not known"),
        (Proposal(command="ls", selector="localhost", origin="chat", how=RunAs(become="-u")), BadInput, "not the name"),
        (Proposal(command="ls", selector="", origin="chat"), BadInput, "No targets were chosen"),
        (Proposal(command="ls", selector="localhots", origin="chat"), NotFound, "localhost"),
        (Proposal(command="ls", selector="tag:", origin="chat"), BadInput, "tag"),
    ],
)
async def test_what_cannot_be_run_is_not_proposed(
    home: Path, proposal: Proposal, error: type[Exception], says: str
) -> None:
    async with opened(home) as runtime:
        with pytest.raises(error, match=says):
            await runtime.changes.propose(proposal)
        assert await runtime.changes.list() == []


async def test_an_approval_is_for_what_was_shown(home: Path) -> None:
    async with opened(home) as runtime:
        change, other = await proposed(runtime, "uptime"), await proposed(runtime, "uptime -s")
        with pytest.raises(NotApproved, match="not what would run"):
            await runtime.changes.approve(change.id, digest=other.digest)
        with pytest.raises(NotApproved, match="nobody has approved it"):
            await runtime.changes.run(change.id)
        assert (await runtime.changes.get(change.id)).state is ChangeState.PROPOSED


@pytest.mark.parametrize(
    ("column", "value"), [("command", "rm -rf /"), ("shell", "bash"), ("timeout_s", 9.0), ("expires_at", 9e9)]
)
async def test_an_order_that_was_edited_on_disk_does_not_run(home: Path, column: str, value: object) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime)

        def edit() -> None:
            with closing(sqlite3.connect(runtime.paths.database)) as db:
                db.execute(f"UPDATE change SET {column} = ?", (value,))
                db.commit()

        await asyncio.to_thread(edit)
        with pytest.raises(NotApproved, match="is void"):
            await runtime.changes.run(change.id)
        assert "change.started" not in await story(runtime, change)


@pytest.mark.parametrize(
    ("edit", "number"),
    [
        ("UPDATE change SET state = 'approved', started_at = 0, ended_at = 0", 1),
        ("UPDATE change SET id = 900, state = 'approved'", 900),
    ],
    ids=["put back", "copied under another number"],
)
async def test_a_row_that_was_run_does_not_run_again(home: Path, edit: str, number: int) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime, "echo once >> once")
        await runtime.changes.run(change.id)

        def replay() -> None:
            with closing(sqlite3.connect(runtime.paths.database)) as db:
                db.execute("DELETE FROM outcome")
                db.execute(edit)
                db.commit()

        await asyncio.to_thread(replay)
        with pytest.raises(NotApproved, match="journal does not agree"):
            await runtime.changes.run(number)
        assert await asyncio.to_thread((home / "once").read_text) == "once\n"


async def test_an_expired_change_is_neither_approved_nor_run(home: Path, clock: StoppedClock) -> None:
    async with opened(home, clock=clock) as runtime:
        late, approved_late = await proposed(runtime), await approved(runtime)
        clock.advance(901)
        with pytest.raises(NotApproved, match="expired"):
            await runtime.changes.approve(late.id, digest=late.digest)
        with pytest.raises(NotApproved, match="expired"):
            await runtime.changes.run(approved_late.id)
        assert (await runtime.changes.get(approved_late.id)).state is ChangeState.EXPIRED


async def test_an_edited_target_voids_what_was_proposed_for_it(home: Path) -> None:
    connector = PlayedConnector({"web-01": printing(b"ok")})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        first, second = await proposed(runtime, selector="web-01"), await approved(runtime, selector="web-01")
        tagged = await runtime.inventory.get("web-01")
        await runtime.inventory.edit("web-01", replace(tagged, tags=("blue",)))
        third = await approved(runtime, selector="web-01")
        assert (await runtime.changes.run(third.id)).state is ChangeState.DONE, (
            "a tag changes nothing that was approved"
        )
        async with opened(home) as elsewhere:
            target = await elsewhere.inventory.get("web-01")
            await elsewhere.inventory.edit("web-01", replace(target, address="evil.example"))
        with pytest.raises(NotApproved, match="reached differently"):
            await runtime.changes.approve(first.id, digest=first.digest)
        with pytest.raises(NotApproved, match="reached differently"):
            await runtime.changes.run(second.id)
        assert (await runtime.changes.get(second.id)).state is ChangeState.VOIDED
        fourth = await approved(runtime, selector="web-01")
        await runtime.inventory.remove(["web-01"])
        with pytest.raises(NotApproved, match="no longer in the inventory"):
            await runtime.changes.run(fourth.id)
        assert connector.opened == ["web-01"]


async def test_a_denied_change_does_not_run_and_is_denied_once(home: Path) -> None:
    async with opened(home) as runtime:
        change = await approved(runtime)
        denied = await runtime.changes.deny(change.id, note="not today, password=hunter2")
        assert denied.state is ChangeState.DENIED
        assert "hunter2" not in denied.decision_note
        for again in (runtime.changes.run(change.id), runtime.changes.approve(change.id, digest=change.digest)):
            with pytest.raises(NotApproved):
                await again
        with pytest.raises(NotApproved):
            await runtime.changes.deny(change.id)


async def test_a_secret_in_a_reason_is_not_kept(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, reason="the password=hunter2secret is old")
        assert (await runtime.changes.get(change.id)).reason == "the password=[masked:password] is old"


async def test_a_fault_is_told_without_the_secret_in_it(home: Path) -> None:
    async def broken(command: str) -> AsyncIterator[bytes | Ended]:
        yield b""
        raise RuntimeError("cannot log in with password=hunter2secret")

    connector = PlayedConnector({"web-01": broken})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        change = await approved(runtime, selector="web-01")
        message = outcomes(await runtime.changes.run(change.id))["web-01"].message
        assert message == "A fault of opsterm: RuntimeError: cannot log in with password=[masked:password]"


async def test_in_read_only_mode_no_terminal_is_opened(home: Path) -> None:
    async with opened(home, settings="[changes]\nread_only = true\n") as runtime:
        with pytest.raises(Refused, match="read-only mode"):
            await runtime.terminals.open("localhost", columns=80, rows=24)


async def test_in_read_only_mode_nothing_is_proposed_approved_or_run(home: Path) -> None:
    async with opened(home) as runtime:
        waiting, ready = await proposed(runtime), await approved(runtime)
    async with opened(home, settings="[changes]\nread_only = true\n") as runtime:
        for deed in (
            proposed(runtime),
            runtime.changes.approve(waiting.id, digest=waiting.digest),
            runtime.changes.run(ready.id),
            runtime.changes._executor.run(ready.id),
        ):
            with pytest.raises(Refused, match="read-only mode") as refused:
                await deed
            assert "read_only = false" in refused.value.next_step
        await runtime.changes.deny(ready.id)
        assert await story(runtime, ready) == [
            "change.proposed", "change.approved", "policy.refused", "change.denied",
        ]  # fmt: skip


async def test_secrets_are_masked_in_the_journal_and_the_command_runs_as_it_is(home: Path) -> None:
    secret = "s3cr3t-hunter2"
    async with opened(home) as runtime:
        change = await approved(
            runtime, f"PGPASSWORD={secret} sh -c 'printf %s \"$PGPASSWORD\" | wc -c'", reason=f"password={secret}"
        )
        await runtime.changes.run(change.id)
        assert await runtime.changes.output(change.id, "localhost") == b"14\n"
        facts = await runtime.store.journal.after(0, 1000)
        assert len(facts) > 5
        assert all(secret not in body_to_json(fact.event) for fact in facts)
        assert all(secret not in json.dumps(str(row)) for row in await runtime.audit.rows())


@pytest.mark.parametrize(("text", "number"), [("c18", 18), (" C7 ", 7), ("3", 3)])
def test_a_change_is_named_by_its_number(text: str, number: int) -> None:
    assert change_number(text) == number


@pytest.mark.parametrize("text", ["", "c", "x3", "-1", "1.5", "9" * 30, "²"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not the number of a change"):
        change_number(text)


async def test_a_command_that_prints_nothing_for_too_long_is_stopped_and_says_which_limit_it_was(home: Path) -> None:
    async def goes_quiet(command: str) -> AsyncIterator[bytes | Ended]:
        del command
        for _ in range(3):
            await asyncio.sleep(0.05)
            yield b"."
        await asyncio.Event().wait()

    connector = PlayedConnector({"web-01": goes_quiet})
    settings = "[changes]\nquiet_timeout_s = 0.4\n"
    async with opened(home, open_connector=connector.open, settings=settings) as runtime:
        await with_targets(runtime, "web-01")
        change = await approved(runtime, selector="web-01")
        ended = outcomes(await runtime.changes.run(change.id))["web-01"]
    assert ended.state is OutcomeState.TIMED_OUT
    assert ended.output_bytes == 3
    assert "printed nothing for 0.4 s" in ended.message
    assert "changes.quiet_timeout_s" in ended.message


async def test_how_its_shell_is_started_reaches_the_target_and_the_audit(home: Path) -> None:
    seen = []

    class Started(PlayedSession):
        def run(
            self, command: str, *, shell: str, how: RunAs = AS_LOGGED_IN, feed: AsyncIterator[bytes] | None = None
        ) -> AsyncIterator[bytes | Ended]:
            seen.append(how)
            return super().run(command, shell=shell, how=how)

    class Starting(PlayedConnector):
        async def session(self, target: OrderTarget, *, looks: bool = False) -> Started:
            del looks
            return Started(self.answers[target.name])

    connector, how = Starting({"web-01": printing(b"root")}), RunAs(become="root", login=True, pty=True)
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        change = await approved(runtime, selector="web-01", how=how)
        assert (await runtime.changes.get(change.id)).order.run_as == how
        await runtime.changes.run(change.id)
        rows = await runtime.audit.rows(correlation_id=change.name)
    assert seen == [how]
    assert rows[0].what == f"proposed {change.name} as root by sudo: uptime"


async def test_what_only_reads_runs_at_once_as_root_too_but_not_with_profile_files(home: Path) -> None:
    async with opened(home) as runtime:
        for how, state in ((RunAs(become="root"), ChangeState.APPROVED), (RunAs(login=True), ChangeState.PROPOSED)):
            proposal = Proposal(command="uptime", selector="localhost", origin="command line", how=how)
            assert (await runtime.changes.query(proposal)).state is state
