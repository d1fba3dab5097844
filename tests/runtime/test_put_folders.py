"""A folder goes to targets as one change that binds every file of it, and whoever approves sees them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.policy.put_order import parse_put_order
from opsterm.policy.tree_put import TreePut
from opsterm.runtime.put_proposals import PutWish
from opsterm.runtime.put_review import SHOWN_TREE_LINES, PutReview, TreeReview, review_rows
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import outcomes
from tests.runtime.stage import opened


@pytest.fixture
def site(home: Path) -> Path:
    """A folder of the operator."""
    made = home / "site"
    (made / "conf").mkdir(parents=True)
    (made / "conf" / "a.conf").write_text("port = 80\nname = new\n")
    (made / "conf" / "same.conf").write_text("as it is\n")
    (made / "logo").write_bytes(b"\x89PNG\0")
    (made / "run").write_text("#!/bin/sh\n")
    (made / "run").chmod(0o4755)
    return made


def wish(site: Path, to: Path, *, mode: str = "", leave_out: tuple[str, ...] = (), resume: bool = False) -> PutWish:
    return PutWish(source=site, selector="localhost", path=str(to), origin="command line", recursive=True, mode=mode,
                   leave_out=leave_out, resume=resume)  # fmt: skip


async def reviewed(runtime: Runtime, change: Change, *, compare: bool = False) -> TreeReview:
    found = await runtime.files.review(change, compare=compare)
    assert isinstance(found, TreeReview)
    return found


def tree_of(change: Change) -> TreePut:
    found = parse_put_order(change.order.command)
    assert isinstance(found, TreePut)
    return found


async def test_what_was_approved_is_what_is_put_whatever_was_edited_since(home: Path, site: Path) -> None:
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(site, home / "to", leave_out=("logo",)))
        assert [(one.path, one.mode) for one in tree_of(change).files] == [
            ("conf/a.conf", "0644"), ("conf/same.conf", "0644"), ("run", "0755"),
        ]  # fmt: skip
        (site / "conf" / "a.conf").write_text("edited since\n")
        (site / "later").write_text("added since\n")
        await runtime.changes.approve(change.id, digest=change.digest)
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.DONE
        assert {str(one.relative_to(home / "to")) for one in (home / "to").rglob("*")} == {
            "conf", "conf/a.conf", "conf/same.conf", "run",
        }  # fmt: skip
        assert (home / "to" / "conf" / "a.conf").read_text() == "port = 80\nname = new\n"
        told = (await runtime.changes.output(change.id, "localhost")).decode()
        assert "All 3 files arrived as approved" in told


async def test_a_kept_content_that_somebody_changed_leaves_all_as_it_was(home: Path, site: Path) -> None:
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(site, home / "to"))
        (runtime.paths.contents / tree_of(change).files[-1].sha256).write_bytes(b"evil")
        await runtime.changes.approve(change.id, digest=change.digest)
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.FAILED
        assert "not the one that was approved" in outcomes(ended)["localhost"].message
        assert not (home / "to").exists()


async def test_the_approver_sees_the_list_the_contents_and_how_they_differ(home: Path, site: Path) -> None:
    to = home / "to"
    (to / "conf").mkdir(parents=True)
    (to / "conf" / "a.conf").write_text("port = 80\nname = old\n")
    (to / "conf" / "same.conf").write_text("as it is\n")
    (to / "theirs").write_text("stays\n")
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(site, to))
        rows = review_rows(await reviewed(runtime, change))
        texts = [text for label, text in rows if label == "content"]
        assert texts[0] == "port = 80\nname = new"
        assert rows[0][1].startswith(f"{to} · 4 files · 1 folder below · ")
        seen = await reviewed(runtime, change, compare=True)
        assert seen.fates == {
            f"{to}/conf/a.conf": "replaced", f"{to}/conf/same.conf": "the same", f"{to}/logo": "new",
            f"{to}/run": "new",
        }  # fmt: skip
        rows = review_rows(seen)
        assert ("there", "1 replaced, 1 the same, 2 new; what else is in the folder stays as it is.") in rows
        (differs,) = [text for label, text in rows if label == "differs"]
        assert "-name = old\n+name = new" in differs
        listed = dict(rows)["files"].split("\n")
        assert listed[0] == "replaced  0644      21 B  conf/a.conf"
        assert sum(label == "content" for label, _ in rows) == 2, "the same and the different are not shown whole"


async def test_what_bars_the_way_is_said_before_anybody_approves(home: Path, site: Path) -> None:
    to = home / "to"
    (to / "run").mkdir(parents=True)
    (to / "logo").symlink_to("elsewhere")
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(site, to))
        fates = (await reviewed(runtime, change, compare=True)).fates
        assert fates[f"{to}/run"] == "a folder is there: it will be refused"
        assert fates[f"{to}/logo"] == "a symbolic link is there: it will be refused"


async def test_of_many_long_files_the_first_are_shown_and_any_by_its_name(home: Path, site: Path) -> None:
    for name in ("x1", "x2", "x3", "x4", "x5", "x6", "x7"):
        (site / name).write_text("line\n" * 390)
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(site, home / "to"))
        review = await reviewed(runtime, change)
        assert len(review.files) < len(review.tree.files)
        assert sum(one.text.count("\n") + 1 for one in review.files) <= SHOWN_TREE_LINES
        assert "`opsterm change ID --file PATH` shows each" in dict(review_rows(review))["unseen"]
        one = await runtime.files.review(change, only="x7")
        assert isinstance(one, PutReview)
        assert one.text.startswith("line\n")
        with pytest.raises(NotFound, match="no such file"):
            await runtime.files.review(change, only="x8")


async def test_contents_of_a_folder_stay_as_long_as_its_change_waits(home: Path, site: Path) -> None:
    async with opened(home) as runtime:
        await runtime.files.put(wish(site, home / "to"))
        before = sorted(one.name for one in runtime.paths.contents.iterdir())
        assert len(before) == 4
        await runtime.files.tidy()
        assert sorted(one.name for one in runtime.paths.contents.iterdir()) == before


@pytest.mark.parametrize(
    ("others", "says"),
    [({"path": "relative"}, "whole path"), ({"path": "/"}, "folder"), ({"mode": "9"}, "no mode"),
     ({"owner": "a b"}, "no owner"), ({"source": Path("/none")}, "cannot be read"), ({"selector": "nobody"}, "nobody"),
     ({"leave_out": ("*",)}, "no file in this folder"), ({"recursive": False}, "put with -r"),
     ({"recursive": False, "leave_out": ("x",)}, "left out")],
)  # fmt: skip
async def test_what_cannot_be_put_is_not_proposed(home: Path, site: Path, others: dict[str, object], says: str) -> None:
    async with opened(home) as runtime:
        with pytest.raises(OpstermError) as caught:
            await runtime.files.put(replace(wish(site, home / "to"), **others))  # type: ignore[arg-type]  # fields of it
        assert says in str(caught.value)
        assert await runtime.changes.list() == []


async def test_a_folder_with_a_link_in_it_is_refused_by_name(home: Path, site: Path) -> None:
    (site / "conf" / "link").symlink_to("/etc/shadow")
    async with opened(home) as runtime:
        with pytest.raises(BadInput, match="not all in it can be put") as caught:
            await runtime.files.put(wish(site, home / "to"))
        assert caught.value.why == "conf/link is a symbolic link"


async def test_a_folder_is_as_large_as_one_file_may_be(home: Path, site: Path) -> None:
    for name in ("one", "two"):
        with (site / name).open("wb") as file:
            file.truncate(600_000)
    async with opened(home, settings="[changes]\nput_limit_mb = 1\n") as runtime:
        with pytest.raises(BadInput, match="larger than"):
            await runtime.files.put(wish(site, home / "to"))


async def test_the_wish_to_go_on_is_part_of_what_is_approved(home: Path, site: Path) -> None:
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(site, home / "to", resume=True))
        assert tree_of(change).resume
        one = await runtime.files.put(
            replace(wish(site / "run", home / "to", resume=True), recursive=False)
        )  # fmt: skip
        assert '"resume": true' in one.order.command
