"""A change leaves a mark on its target while it works there, and another opsterm's mark is seen before a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.claim_mark import found_marks
from tests.runtime.changing import approved, outcomes
from tests.runtime.stage import opened

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def leave(home: Path, *, until: int = 10**9, boot: str = "", who: str = "ben at jump-02") -> Path:
    """Leave the mark of another opsterm, as if it had been left at the boot; return its file."""
    mark = home / "claims" / "0123456789ab-c9"
    mark.parent.mkdir(exist_ok=True)
    mark.write_text(f"{boot or BOOT} 0 {until}\n{who}\nc9\n")
    return mark


async def test_a_mark_is_there_while_the_change_runs_and_gone_afterwards(home: Path) -> None:
    async with opened(home) as runtime:
        change = await approved(
            runtime, f"cat {home}/claims/*-c1 > {home}/seen; ls -ld {home}/claims/*-c1 >> {home}/seen"
        )
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        times, who, what, mode = (home / "seen").read_text().splitlines()
        boot, since, until = times.split()
        assert (boot, int(until) - int(since)) == (BOOT, 300 + 120)
        assert who == f"{runtime.operator.name} at {runtime.operator.host}"
        assert what == "c1"
        assert mode.startswith("-rw-r--r--")
        assert list((home / "claims").iterdir()) == []


async def test_the_mark_of_another_opsterm_stops_a_change_before_anything_is_touched(home: Path) -> None:
    leave(home)
    async with opened(home) as runtime:
        ended = await runtime.changes.run((await approved(runtime, f"touch {home}/made")).id)
        message = outcomes(ended)["localhost"].message
        assert "claimed by somebody who uses another opsterm" in message
        assert "c9 of ben at jump-02 runs here since" in message
        assert not (home / "made").exists()
        assert not (home / "points").exists()
        again = await approved(runtime, f"touch {home}/made")
        assert (await runtime.changes.run(again.id, despite="ben knows")).state is ChangeState.DONE


@pytest.mark.parametrize("over", [{"until": 1}, {"boot": "another-boot"}])
async def test_a_mark_that_is_over_stops_nobody_and_is_taken_away(home: Path, over: dict[str, object]) -> None:
    mark = leave(home, **over)  # type: ignore[arg-type]  # of its arguments
    async with opened(home) as runtime:
        ended = await runtime.changes.run((await approved(runtime, f"touch {home}/made")).id)
        assert ended.state is ChangeState.DONE
        assert not mark.exists()


async def test_where_no_mark_can_be_left_the_change_runs(home: Path) -> None:
    (home / "claims").write_text("in the way of the folder of marks")
    async with opened(home) as runtime:
        ended = await runtime.changes.run((await approved(runtime, f"touch {home}/made")).id)
        assert ended.state is ChangeState.DONE


@pytest.mark.parametrize(
    ("told", "marks"),
    [
        ([["claimed", "90", "ben\x1b[2J at jump-02", "c9"]], ["c9 of ben\\x1b[2J at jump-02 runs here since 1 m"]),
        ([["claimed", "soon", "ben", "c9"]], []), ([["claimed", "1", "ben"]], []), ([["kept", "1", "2", "3"]], []),
        ([[""]], []),
    ],
)  # fmt: skip
def test_what_a_target_says_of_marks_is_cleaned(told: list[list[str]], marks: list[str]) -> None:
    assert [str(one).removesuffix(", by another opsterm") for one in found_marks(told)] == marks
