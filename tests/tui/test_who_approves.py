"""Who has to say yes, on the screen: two persons, signatures, an emergency, what stops approvals, reviews, breakers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from opsterm.changes.change import ChangeState
from opsterm.runtime.runtime import Runtime
from tests.runtime.approving import make_key, signed_by_ssh_keygen
from tests.runtime.changing import proposed
from tests.tui.cockpit import STILL, Sitting, Stage, sitting
from tests.tui.test_approving import GUARD_S, LOW, change, propose

TWO = "[[approvals.rule]]\nlevel = 'read'\nneeds = '2 persons'\n"


def staged(folder: Path, settings: str, *, who: str = "ana") -> Stage:
    return Stage(folder, settings=f"{STILL}{settings}", who=who)


async def keys_of(folder: Path, *names: str) -> Path:
    """Make keys that count, and return the file that says whose they are."""
    signers = folder / "signers"

    def make() -> None:
        signers.write_text("".join(f"{name} {make_key(folder / name)}\n" for name in names))

    await asyncio.to_thread(make)
    return signers


async def signed(folder: Path, who: str, digest: str, namespace: str = "opsterm-approval") -> str:
    """Return a file in which somebody with a key says yes."""
    text = await asyncio.to_thread(signed_by_ssh_keygen, folder / who, digest, namespace)
    file = folder / f"{who}.{namespace}"
    await asyncio.to_thread(file.write_text, text)
    return str(file)


async def from_palette(there: Sitting, title: str) -> None:
    await there.press("colon")
    await there.type(title)
    await there.press("enter")


async def test_two_persons_are_counted_and_the_second_comes_by_a_file(utc: None, tmp_path: Path) -> None:
    signers = await keys_of(tmp_path, "ben")
    stage = staged(tmp_path, f"[approvals]\nallowed_signers = '{signers}'\n{TWO}")
    async with sitting(stage) as there:
        await propose(there, LOW)
        await there.until("0 of 2: needs 2 more to approve (it takes 2 persons)")
        assert "F from file" in there.text
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("Your approval is kept. 1 of 2: needs one more to approve, not ana")
        assert (await change(there)).state is ChangeState.PROPOSED
        await there.press("a")
        await there.until("ana has approved c1 already")
        await there.press("escape", "6")
        await there.until("1 approval waits, none for you [6]")
        assert "1 of 2" in there.text
        await there.press("enter")
        stage.clock.advance(GUARD_S)
        await there.press("F")
        assert "opsterm sign c1.request > c1.yes" in there.text
        await there.press("enter")
        assert "Name the file." in there.text
        await there.type(await signed(tmp_path, "ben", (await change(there)).digest))
        await there.press("enter")
        await there.until("1 done")
        assert (await change(there)).decided_by == "ana, ben"


async def test_a_file_that_says_something_else_approves_nothing_and_it_is_said(utc: None, tmp_path: Path) -> None:
    stage = staged(tmp_path, TWO)
    (tmp_path / "yes").write_text(f"approve {'0' * 64}\n")
    async with sitting(stage) as there:
        await propose(there, LOW)
        stage.clock.advance(GUARD_S)
        await there.press("F")
        await there.type(str(tmp_path / "yes"))
        await there.press("enter")
        await there.until("It was written for another change, or for other bytes.")
        assert (await change(there)).state is ChangeState.PROPOSED


async def test_where_a_signature_is_asked_for_the_agent_signs_or_it_is_said_that_there_is_none(
    utc: None, tmp_path: Path
) -> None:
    stage = staged(tmp_path, "[[approvals.rule]]\nlevel = 'read'\nsigned = true\n")
    async with sitting(stage) as there:
        await propose(there, LOW)
        await there.until("0 of 1: needs one more to approve, signed (it takes 1 person;")
        assert "a approves, signed by a key of your agent" in there.text
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("There is no SSH agent")
        assert (await change(there)).state is ChangeState.PROPOSED


async def test_an_emergency_is_red_until_somebody_else_has_looked_at_it(utc: None, tmp_path: Path) -> None:
    signers = await keys_of(tmp_path, "ben")
    glass = f"[approvals]\nbreak_glass = '*'\nallowed_signers = '{signers}'\n"
    stage = staged(tmp_path, glass + TWO)
    async with sitting(stage, (100, 30)) as there:
        await propose(there, LOW)
        stage.clock.advance(GUARD_S)
        await there.until("B break glass")
        for typed in ("yes", "break glass", "break glass site is down"):
            await there.press("B") if typed == "yes" else await there.press("ctrl+u")
            await there.type(typed)
            await there.press("enter")
            assert typed == "break glass site is down" or "Type break glass, a blank, and the reason." in there.text
        await there.until("1 done")
        await there.until("ana approved it alone, in an emergency: site is down")
        assert there.app.screen.query_one(".dialog").has_class("-alone")
        await there.press("escape")
        await there.until(" REVIEW OPEN: c1 ")
        await from_palette(there, "open reviews")
        assert "site is down" in there.text
        await there.press("enter")
        assert "so somebody else closes its review" in there.text
        await there.type(await signed(tmp_path, "ben", (await change(there)).digest, "opsterm-review"))
        await there.press("enter", "enter")
        assert "A review is not closed without a word." in there.text
        await there.type("was needed")
        await there.press("enter")
        await there.until("The review of c1 is closed.")
        await there.until(lambda: "REVIEW OPEN" not in there.text)
        await from_palette(there, "open reviews")
        assert "No review is open." in there.text


async def test_a_review_of_somebody_elses_emergency_takes_a_word(utc: None, tmp_path: Path) -> None:
    settings = "[approvals]\nbreak_glass = '*'\n"
    first = staged(tmp_path, settings)
    async with sitting(first) as there:
        await propose(there, LOW)
        first.clock.advance(GUARD_S)
        await there.until("B break glass")
        await there.press("B")
        await there.type("break glass site is down")
        await there.press("enter")
        await there.until("1 done")
    async with sitting(staged(tmp_path, settings, who="ben")) as there:
        await there.until(" REVIEW OPEN: c1 ")
        await from_palette(there, "open reviews")
        await there.press("enter")
        assert "ana approved c1 alone: site is down" in there.text
        await there.press("enter")
        assert "A review is not closed without a word." in there.text
        await there.type("it was")
        await there.press("enter")
        await there.until("The review of c1 is closed.")


async def test_nobody_approves_alone_where_the_settings_do_not_say_so(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, LOW)
        stage.clock.advance(GUARD_S)
        assert "B break glass" not in there.text
        await there.press("B")
        assert "Nobody approves alone here: approvals.break_glass does not name" in there.text
        await there.press("escape")
        await from_palette(there, "open reviews")
        assert "No review is open." in there.text


async def test_an_open_breaker_is_red_refuses_and_is_reset_with_a_reason(utc: None, tmp_path: Path) -> None:
    stage = staged(tmp_path, "[[approvals.limit]]\nfailures = 1\n")
    async with sitting(stage, (100, 30)) as there:
        await from_palette(there, "breakers")
        assert "closed" in there.text
        await there.press("enter")
        assert "The breaker of * is closed: there is nothing to reset." in there.text
        await propose(there, "touch none/none")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("1 failed")
        await there.press("escape")
        await there.until(" BREAKER OPEN: * ")
        await propose(there, LOW)
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("1 changes in a row have failed")
        assert (await change(there, 2)).state is ChangeState.PROPOSED
        await there.press("escape")
        await from_palette(there, "breakers")
        assert "OPEN" in there.text
        await there.press("enter", "enter")
        assert "A breaker is not reset without a reason." in there.text
        await there.type("the folder was missing")
        await there.press("enter")
        await there.until("Changes go on in *.")
        await there.until(lambda: "BREAKER OPEN" not in there.text)
        await there.press("6", "g", "enter")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("1 done")


async def test_without_limits_there_is_no_breaker_and_it_is_said_how_to_set_one(stage: Stage) -> None:
    async with sitting(stage) as there:
        await from_palette(there, "breakers")
        assert "No limit has a breaker." in there.text


async def test_in_read_only_mode_a_change_that_waits_is_shown_and_not_approved(utc: None, tmp_path: Path) -> None:
    async def one_waits(runtime: Runtime) -> None:
        await proposed(runtime, LOW)

    await staged(tmp_path, "").fill(one_waits)
    stage = staged(tmp_path, "[changes]\nread_only = true\n")
    async with sitting(stage) as there:
        await there.until("READ-ONLY")
        await there.press("6", "enter")
        await there.until("Approve change c1")
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.until("Nothing can be approved: opsterm is in read-only mode.")
        assert (await change(there)).state is ChangeState.PROPOSED


async def test_what_was_typed_stays_through_a_new_size_and_a_preview(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.write_text("12345")
    async with sitting(stage) as there:
        await propose(there, f"rm -rf {file}; kill -9 4242424")
        await there.resize(100, 30)
        await there.press("1", "enter")
        assert (await change(there)).state is ChangeState.PROPOSED, "another size does not end the guard"
        stage.clock.advance(GUARD_S)
        await there.press("9")
        await there.resize(140, 40)
        await there.until("It would delete 1 file, 5 B in all.")
        assert "approve: 9_" in there.text, "nothing is lost, and nothing was decided"
        await there.press("enter")
        assert "That is not the number of targets." in there.text
        assert file.exists()


async def test_a_name_that_was_typed_stays_through_a_new_size(stage: Stage) -> None:
    async with sitting(stage) as there:
        await propose(there, "ip link set dummy-of-tests down")
        stage.clock.advance(GUARD_S)
        await there.press("pagedown", "pagedown", "a")
        await there.type("local")
        await there.resize(60, 16)
        await there.resize(100, 30)
        assert "local" in there.text
        await there.press("enter")
        assert "That is not its name." in there.text
        assert (await change(there)).state is ChangeState.PROPOSED
