"""What a change moved aside is found again with its size, and thrown away by a change of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.changes.moved_aside import MovedAside, discarding
from opsterm.changes.rewriting.rewrite import rewrite_of
from opsterm.core.errors import BadInput
from tests.runtime.changing import approved
from tests.runtime.stage import opened

pytestmark = pytest.mark.blocking  # the tests make and change files


async def test_what_was_moved_aside_is_listed_and_thrown_away(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    (place / "old").mkdir(parents=True)
    (place / "old" / "log").write_bytes(b"x" * 500_000)
    (place / "another").write_text("x")
    async with opened(home) as runtime:
        stamps = ("20260102-030405", "20260102-030406")
        for stamp, name in zip(stamps, ("old", "another"), strict=True):
            found = rewrite_of(f"rm -rf {place}/{name}", "bash", stamp=stamp)
            assert found is not None
            change = await approved(runtime, found.command)
            assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        removals = runtime.removals
        seen = await removals.look("localhost")
        folders = [str(place / f".removed-{stamp}") for stamp in stamps]
        assert [(one.folder.path, one.state, one.folder.change) for one in seen] == [
            (folders[0], "there", 1), (folders[1], "there", 2),
        ]  # fmt: skip
        assert 500_000 < seen[0].size < 600_000
        [proposal] = await removals.proposals(seen[:1], reason="", origin="command line")
        assert proposal.command == f"rm -rf -- {folders[0]}"
        assert rewrite_of(proposal.command, "bash", stamp=stamps[0]) is None, "it is not moved aside once more"
        change = await runtime.changes.propose(proposal)
        assert (place / ".removed-20260102-030405" / "old" / "log").exists(), "it is only proposed"
        assert "c1 can no longer be taken back" in str(change.risk)
        await runtime.changes.approve(change.id, digest=change.digest)
        assert (await runtime.changes.run(change.id)).state is ChangeState.DONE
        assert [one.state for one in await removals.look()] == ["gone", "there"]
        shutil.rmtree(folders[1])
        with pytest.raises(BadInput, match="Nothing that was moved aside is there"):
            await removals.proposals(await removals.look(), reason="", origin="command line")


def test_targets_with_the_same_folders_share_a_change() -> None:
    def one(target: str, path: str, become: str = "") -> MovedAside:
        return MovedAside(target=target, path=path, become=become, change=1, at=1.0)

    found = [one("b", "/x y"), one("a", "/x y"), one("a", "/z"), one("b", "/z"), one("a", "/r", "root")]
    assert discarding(found) == [("rm -rf -- '/x y' /z", "", ("a", "b")), ("rm -rf -- /r", "root", ("a",))]
