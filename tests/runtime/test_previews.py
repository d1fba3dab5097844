"""What a change would do is looked up on a real host, kept with it, and binds it until it has run."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.core.errors import NotApproved, Refused
from tests.runtime.changing import proposed, story
from tests.runtime.stage import opened


async def test_what_was_shown_is_what_runs_or_nothing_does(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "old ; things"
    place.mkdir()
    (place / "a").write_text("12345")
    async with opened(home) as runtime:
        change = await proposed(runtime, f"rm -rf '{place}'")
        found = await runtime.previews.make(change)
        (one,) = found.targets[0].previews
        assert "It would delete 1 file and 1 folder, 5 B in all." in one.text
        assert await runtime.previews.kept(change) == found
        await runtime.changes.approve(change.id, digest=change.digest)
        (place / "b").touch()
        with pytest.raises(NotApproved, match="2 files and 1 folder"):
            await runtime.changes.run(change.id)
        assert (await runtime.changes.get(change.id)).state is ChangeState.VOIDED
        assert (place / "a").exists()
        assert await story(runtime, change) == [
            "change.proposed", "change.previewed", "change.approved", "change.voided", "policy.refused",
        ]  # fmt: skip


async def test_a_file_that_has_grown_meanwhile_voids_nothing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("12345")
    async with opened(home) as runtime:
        change = await proposed(runtime, f"rm {tmp_path}/log")
        await runtime.previews.make(change)
        await runtime.changes.approve(change.id, digest=change.digest)
        (tmp_path / "log").write_text("1234567890")
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        assert not (tmp_path / "log").exists()


async def test_a_difference_shows_the_lines_and_runs(home: Path, tmp_path: Path) -> None:
    (tmp_path / "conf").write_text("x=1\ny=2\n")
    async with opened(home) as runtime:
        change = await proposed(runtime, f"sed -i s/1/5/ {tmp_path}/conf")
        (one,) = (await runtime.previews.make(change)).targets[0].previews
        assert "-x=1\n+x=5\n y=2" in one.text
        assert (tmp_path / "conf").read_text() == "x=1\ny=2\n", "it was only looked at"
        await runtime.changes.approve(change.id, digest=change.digest)
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        assert (tmp_path / "conf").read_text() == "x=5\ny=2\n"


async def test_what_has_no_preview_says_why_and_blocks_nothing(home: Path, tmp_path: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, f'for f in {tmp_path}/*; do rm -f "$f"; done')
        found = await runtime.previews.make(change)
        assert found.targets == ()
        assert "known only when it runs" in found.without[0]
        await runtime.changes.approve(change.id, digest=change.digest)
        assert (await runtime.changes.run(change.id)).state in (ChangeState.DONE, ChangeState.FAILED)


async def test_in_read_only_mode_nothing_is_looked_up(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, "rm -rf /does/not/exist")
    async with opened(home, settings="[changes]\nread_only = true\n") as runtime:
        with pytest.raises(Refused):
            await runtime.previews.make(change)


async def test_a_change_that_can_cut_us_off_says_so_when_it_is_judged(home: Path) -> None:
    async with opened(home) as runtime:
        change = await proposed(runtime, "systemctl stop sshd")
        assert "It stops sshd, by which we come in." in change.risk.reasons
        found = await runtime.assessments.of_change(change)
        assert (found.lockout.cuts, found.lockout.guard) == (True, "confirmed change")
