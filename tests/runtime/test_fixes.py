"""A step of a card becomes an ordinary change; what was seen of it, or said of one that ran, sorts the cards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.verification import NO_VERIFICATION, Verification, parse_check
from opsterm.core.errors import BadInput, NotFound, Refused
from opsterm.knowledge.trials import TrialTally
from opsterm.monitoring.alerts import Alert, AlertState
from opsterm.runtime.ports_knowledge import TrialEnd
from opsterm.runtime.runtime import Runtime
from opsterm.storage.trials import WITHIN_S
from tests.runtime.approving import edit_database
from tests.runtime.changing import proposed
from tests.runtime.stage import opened
from tests.runtime.test_knowledge import few, room_of
from tests.storage.samples_of_facts import alert

HOLDS = Verification(checks=(parse_check("command:true"),), tries=1)
NEVER = Verification(checks=(parse_check("command:grep -q nobody-writes-this /etc/passwd"),), tries=1)
__all__ = ("few",)  # a fixture
CARDS = """
[[solution]]
id = "gizmo-stuck"
title = "The gizmo of the tests is stuck"
family = "ours"
systems = ["linux"]
symptoms = ["gizmo stuck"]
errors = ['gizmo: stuck :: gizmo: stuck at 7']
checks = ["cat /proc/loadavg", "ls NAME"]
cause = "It waits."
fix = ["Look at it.", "$ touch NAME", "$ cp NAME NAME.old"]
risk = "low"
rollback = "Remove the file."
verify = "It is there."

[[solution]]
id = "gizmo-slow"
title = "The gizmo of the tests is slow"
family = "ours"
systems = ["linux"]
symptoms = ["gizmo stuck slow"]
checks = ["cat /proc/loadavg"]
cause = "It has much to do."
fix = ["$ touch NAME"]
risk = "low"
rollback = "Remove the file."
verify = "It is there."
"""


async def tried(
    runtime: Runtime, place: Path, verification: Verification = NO_VERIFICATION, *, card: str = "gizmo-stuck",
    step: int = 2, alert_id: int = 0,
) -> Change:  # fmt: skip
    """Propose a step, approve it, run it, and return how it ended."""
    change = await runtime.fixes.propose(
        card, step, selector="localhost", values={"NAME": str(place)}, origin="command line", alert=alert_id,
        verification=verification,
    )  # fmt: skip
    await runtime.changes.approve(change.id, digest=change.digest)
    return await runtime.changes.run(change.id)


@asynccontextmanager
async def with_cards(home: Path) -> AsyncIterator[Runtime]:
    """Open a runtime that knows the cards above and none that ship: their index would take seconds to make."""
    (home / "none").mkdir()
    async with opened(home) as runtime:
        vars(runtime)["knowledge"] = room_of(runtime, home / "none")
        await runtime.knowledge.add(CARDS)
        yield runtime


async def tally(runtime: Runtime, card: str = "gizmo-stuck") -> TrialTally:
    records = await runtime.fixes.records()
    return records[card].site if card in records else TrialTally()


async def test_a_step_becomes_a_proposal_with_its_words_filled_in_and_nothing_runs(home: Path, tmp_path: Path) -> None:
    async with with_cards(home) as runtime:
        change = await runtime.fixes.propose(
            "gizmo-stuck", 2, selector="localhost", values={"NAME": str(tmp_path / "there")}, origin="chat"
        )
        assert (change.state, change.order.command) == (ChangeState.PROPOSED, f"touch {tmp_path / 'there'}")
        assert change.reason.startswith("step 2 of card gizmo-stuck")
        assert not (tmp_path / "there").exists()
        assert await tally(runtime) == TrialTally()


@pytest.mark.parametrize(
    ("verification", "counts"), [(HOLDS, TrialTally(1, 0)), (NEVER, TrialTally(0, 1)), (NO_VERIFICATION, TrialTally())]
)
async def test_what_was_looked_at_counts_and_what_only_ran_does_not(
    home: Path, tmp_path: Path, verification: Verification, counts: TrialTally
) -> None:
    async with with_cards(home) as runtime:
        await tried(runtime, tmp_path / "there", verification)
        assert await tally(runtime) == counts


async def test_a_command_that_fails_is_a_fix_that_failed(home: Path, tmp_path: Path) -> None:
    async with with_cards(home) as runtime:
        await tried(runtime, tmp_path / "no" / "such" / "folder")
        assert await tally(runtime) == TrialTally(0, 1)


async def test_a_word_counts_where_nothing_was_looked_at_and_never_makes_a_success_of_a_failure(
    home: Path, tmp_path: Path
) -> None:
    async with with_cards(home) as runtime:
        ran = await tried(runtime, tmp_path / "there")
        assert (await runtime.fixes.say(ran.id, TrialEnd.WORKED)).end is TrialEnd.WORKED
        assert await tally(runtime) == TrialTally(1, 0)
        assert (await runtime.fixes.say(ran.id, TrialEnd.FAILED)).end is TrialEnd.FAILED
        assert await tally(runtime) == TrialTally(0, 1)
        bad = await tried(runtime, tmp_path / "there", NEVER)
        assert (await runtime.fixes.say(bad.id, TrialEnd.WORKED)).end is TrialEnd.FAILED
        good = await tried(runtime, tmp_path / "there", HOLDS)
        assert (await runtime.fixes.say(good.id, TrialEnd.FAILED)).end is TrialEnd.FAILED
        assert await tally(runtime) == TrialTally(0, 3)


async def test_what_never_ran_and_what_is_from_no_card_cannot_have_worked(home: Path, tmp_path: Path) -> None:
    async with with_cards(home) as runtime:
        waits = await runtime.fixes.propose(
            "gizmo-stuck", 2, selector="localhost", values={"NAME": str(tmp_path / "x")}, origin="chat"
        )
        with pytest.raises(BadInput, match="only what has run"):
            await runtime.fixes.say(waits.id, TrialEnd.WORKED)
        other = await proposed(runtime, "true")
        with pytest.raises(BadInput, match="not proposed from a card"):
            await runtime.fixes.say(other.id, TrialEnd.WORKED)
        with pytest.raises(NotFound):
            await runtime.fixes.say(999, TrialEnd.WORKED)
        assert await tally(runtime) == TrialTally()


@pytest.mark.parametrize(
    ("ends_after_s", "asked_after_s", "counts"),
    [
        (60.0, 100.0, TrialTally(1, 0)), (0.0, 100.0, TrialTally()), (0.0, WITHIN_S + 100, TrialTally(0, 1)),
        (WITHIN_S + 50, WITHIN_S + 100, TrialTally(0, 1)), (-60.0, 100.0, TrialTally()),
    ],
)  # fmt: skip
async def test_an_alert_that_ends_by_what_is_measured_says_whether_it_worked(
    home: Path, tmp_path: Path, ends_after_s: float, asked_after_s: float, counts: TrialTally
) -> None:
    async with with_cards(home) as runtime:
        kept = await keep(runtime, alert())
        ran = await tried(runtime, tmp_path / "there", alert_id=kept.id)
        ended = ran.outcomes[0].ended_at
        await runtime.fixes.say(ran.id, TrialEnd.WORKED)  # the alert is waited for all the same
        if ends_after_s:
            await edit_database(runtime, f"UPDATE alert SET state = 'resolved', resolved_at = {ended + ends_after_s!r}")
        records = await runtime.store.trials.records(now=ended + asked_after_s)
        assert (records["gizmo-stuck"].site if records else TrialTally()) == counts


async def keep(runtime: Runtime, raised: Alert) -> Alert:
    """Keep an open alert."""
    kept, _ = await runtime.store.alerts.save(raised, lambda _: [])
    assert kept.state is AlertState.FIRING
    return kept


async def test_ends_sort_the_cards_at_once_and_never_before_the_one_whose_error_fits(
    home: Path, tmp_path: Path
) -> None:
    async with with_cards(home) as runtime:
        words = "gizmo stuck slow"
        first = [hit.card.id for hit in await runtime.knowledge.search(words)][:2]
        await tried(runtime, tmp_path / "a", NEVER, card=first[0], step=1 if first[0] == "gizmo-slow" else 2)
        await tried(runtime, tmp_path / "b", HOLDS, card=first[1], step=1 if first[1] == "gizmo-slow" else 2)
        found = await runtime.knowledge.search(words)
        assert [hit.card.id for hit in found][:2] == first[::-1]
        assert found[0].record.text() == "worked 1 of 1 time here"
        assert (await runtime.knowledge.search("gizmo: stuck at 9"))[0].card.id == "gizmo-stuck"
        await runtime.fixes.forget(first[0])
        assert await tally(runtime, first[0]) == TrialTally()
        with pytest.raises(NotFound):
            await runtime.fixes.forget(first[0])


async def test_checks_run_at_once_and_what_is_not_said_is_left_out(home: Path) -> None:
    async with with_cards(home) as runtime:
        made, left = await runtime.fixes.look("gizmo-stuck", selector="localhost", values={}, origin="screen")
        assert [(one.order.command, one.state) for one in made] == [("cat /proc/loadavg", ChangeState.APPROVED)]
        assert left == ["ls NAME: say it with --with NAME=…"]
        made, left = await runtime.fixes.look(
            "gizmo-stuck", selector="localhost", values={"NAME": "/etc"}, origin="screen"
        )
        assert ([one.order.command for one in made], left) == (["cat /proc/loadavg", "ls /etc"], [])
        with pytest.raises(BadInput, match="has the word 'X'"):
            await runtime.fixes.look("gizmo-stuck", selector="localhost", values={"X": "1"}, origin="screen")


async def test_in_read_only_mode_nothing_is_proposed(home: Path, few: Path) -> None:
    async with opened(home, settings="[changes]\nread_only = true") as runtime:
        vars(runtime)["knowledge"] = room_of(runtime, few)
        with pytest.raises(Refused):
            await runtime.fixes.propose("disk-full", 2, selector="localhost", values={}, origin="chat")


async def test_a_pasted_error_gets_looks_fixes_and_what_was_tried(home: Path, tmp_path: Path) -> None:
    async with with_cards(home) as runtime:
        await tried(runtime, tmp_path / "a", HOLDS)
        assistant = await runtime.assistant()
        answer = await assistant.ask("why does localhost say error gizmo: stuck at 9", origin="chat")
        texts = [getattr(block, "text", "") for block in answer.blocks]
        assert "So far it worked 1 of 1 time here, 1 of 1 on such targets." in texts or (
            "So far it worked 1 of 1 time here." in texts
        )
        assert any(text.startswith("All looks at once: opsterm knowledge check gizmo-stuck --on") for text in texts)
        lines = [one.line for one in answer.follow_ups]
        assert any(line.startswith("fix gizmo-stuck step 2 with NAME=… on") for line in lines)
        made = await assistant.ask(f"fix gizmo-stuck step 2 with NAME={tmp_path / 'c'} on localhost", origin="chat")
        change = await runtime.changes.get(made.change_id)
        assert (change.state, change.order.command) == (ChangeState.PROPOSED, f"touch {tmp_path / 'c'}")
        assert (await runtime.fixes.trials("gizmo-stuck"))[0].change == change.id
