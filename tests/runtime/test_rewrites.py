"""The safer form of a command is a proposal like any other, and what it changes is counted beforehand."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import GuardWish, guard_of
from opsterm.core.errors import BadInput
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import proposed
from tests.runtime.stage import opened


async def done(runtime: Runtime, number: int) -> ChangeState:
    change = await runtime.changes.get(number)
    await runtime.changes.approve(number, digest=change.digest)
    return (await runtime.changes.run(number)).state


async def test_a_deletion_is_taken_as_a_move_and_moved_back(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "app"
    place.mkdir()
    (place / "one").write_text("1")
    async with opened(home) as runtime:
        asked = await proposed(runtime, f"rm -rf {place}", reason="old")
        offered = runtime.rewrites.of_change(asked)
        assert offered is not None
        assert offered.lines[0] == f"- rm -rf {place}"
        assert offered.lines[1].startswith("+ mkdir -m 700 ")
        new = await runtime.rewrites.take(asked)
        assert (await runtime.changes.get(asked.id)).state is ChangeState.DENIED
        assert (new.digest != asked.digest, new.reason) == (True, "old")
        assert await done(runtime, new.id) is ChangeState.DONE
        assert not place.exists()
        back = await runtime.rollbacks.propose(RollbackWish(change=new.id, origin="screen"))
        assert await done(runtime, back.id) is ChangeState.DONE
        assert await asyncio.to_thread(lambda: list(tmp_path.glob(".removed*"))) == []
        assert (place / "one").read_text() == "1"


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="NOT TESTED on a real database: there is no sqlite3 here")
async def test_rows_are_counted_before_a_statement_is_proposed(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "x.db"
    with sqlite3.connect(place) as made:
        made.executescript("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (1), (2);")

    def left() -> int:
        with sqlite3.connect(place) as seen:
            return int(seen.execute("SELECT count(*) FROM t").fetchone()[0])

    async with opened(home) as runtime:
        asked = Proposal(command=f"sqlite3 {place} 'DELETE FROM t WHERE a = 1'", selector="localhost", origin="screen")
        with pytest.raises(BadInput, match="--rows and that number"):
            await runtime.rewrites.rewritten(asked)
        (counts,) = await runtime.changes.list()
        assert await done(runtime, counts.id) is ChangeState.DONE
        counted = await runtime.changes.output(counts.id, "localhost")
        new = await runtime.changes.propose(await runtime.rewrites.rewritten(asked, rows=int(counted)))
        assert "CHECK (rows = 2)" in new.order.command
        with sqlite3.connect(place) as other:
            other.execute("INSERT INTO t VALUES (1)")
        assert await done(runtime, new.id) is ChangeState.FAILED, "somebody has added a row since"
        assert await asyncio.to_thread(left) == 4
        meant = await runtime.changes.propose(await runtime.rewrites.rewritten(asked, rows=3))
        assert await done(runtime, meant.id) is ChangeState.DONE
        assert await asyncio.to_thread(left) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [("uptime", "No safer form"), ("sqlite3 /nowhere/x.db 'DELETE FROM t'", "could not be counted")],
)
async def test_what_has_no_safer_form_or_cannot_be_counted_is_said(home: Path, command: str, said: str) -> None:
    async with opened(home) as runtime:
        with pytest.raises(BadInput, match=said):
            await runtime.rewrites.rewritten(Proposal(command=command, selector="localhost", origin="screen"))


async def test_an_edited_change_keeps_all_else_that_was_asked_for(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    async with opened(home) as runtime:
        asked = await proposed(runtime, f"rm {tmp_path}/a", guard=GuardWish(seconds=90))
        new = await runtime.rewrites.take(asked)
        assert guard_of(new.order).seconds == 90
        bare = await proposed(runtime, f"rm {tmp_path}/a", way_back=False)
        taken = await runtime.rewrites.take(bare)
        assert taken.order.terms is not None
        assert taken.order.terms.rollback == ""
