"""Files from targets at once, files to targets only as changes."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.verification import OnFailure, Verification, parse_check
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, NotApproved, NotFound, OpstermError, Refused, StorageFull, Unreachable
from opsterm.policy.file_put import PUT, file_put, parse_put
from opsterm.policy.risk import RiskLevel
from opsterm.runtime.fetch_room import FetchRoom
from opsterm.runtime.ports_files import FoundFile
from opsterm.runtime.put_proposals import PutWish
from opsterm.runtime.put_review import PutReview, review_rows
from opsterm.runtime.rollouts import ResumeWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import outcomes, proposed, with_targets
from tests.runtime.stage import PlayedConnector, opened, printing

DAY_S = 86_400.0


def found(path: str, size: int) -> FoundFile:
    return FoundFile(real_path=path, size=size, mode=0o644, changed_at=0.0)


async def reviewed(runtime: Runtime, change: Change, *, compare: bool = False) -> PutReview:
    found = await runtime.files.review(change, compare=compare)
    assert isinstance(found, PutReview)
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@asynccontextmanager
async def played(home: Path, files: dict[tuple[str, str], list[FoundFile | bytes]], settings: str = "",
                 ) -> AsyncIterator[Runtime]:  # fmt: skip
    connector = PlayedConnector({})
    connector.files = dict(files)
    async with opened(home, settings=settings, open_connector=connector.open) as runtime:
        await with_targets(runtime, *sorted({name for name, _ in files}))
        yield runtime


async def test_a_file_is_fetched_kept_private_and_told_in_the_audit(home: Path) -> None:
    log = "/var/log/syslog"
    told: list[tuple[str, int, int]] = []
    async with played(home, {("web-1", log): [found(log, 5), b"ab", b"cde"]}) as runtime:
        fetched = await runtime.files.get("web-1", log, home, progress=lambda *how: told.append(how))
        assert fetched.local == home / "syslog"
        assert (fetched.size, fetched.sha256) == (5, hashlib.sha256(b"abcde").hexdigest())
        assert (home / "syslog").read_bytes() == b"abcde"
        assert (home / "syslog").stat().st_mode & 0o777 == 0o600
        assert told == [("web-1", 2, 5), ("web-1", 5, 5)]
        (row,) = [row for row in await runtime.audit.rows(limit=50) if row.kind == "target.file_fetched"]
        assert row.what == f"fetched {log} from web-1"
        assert fetched.sha256[:12] in row.result


async def test_a_file_that_is_here_is_kept_unless_it_is_to_be_replaced(home: Path) -> None:
    log = "/var/log/x"
    (home / "x").write_bytes(b"mine")
    (home / "link").symlink_to("x")
    async with played(home, {("web-1", log): [found(log, 3), b"new"]}) as runtime:
        with pytest.raises(BadInput, match="is there already"):
            await runtime.files.get("web-1", log, home / "x")
        for force in (False, True):
            with pytest.raises(BadInput, match="no regular file"):
                await runtime.files.get("web-1", log, home / "link", force=force)
        assert (home / "x").read_bytes() == b"mine"
        await runtime.files.get("web-1", log, home / "x", force=True)
        assert (home / "x").read_bytes() == b"new"
    assert [name for name in names(home) if "x" in name] == ["x"]


@pytest.mark.parametrize(
    ("asked", "real"),
    [("/etc/shadow", "/etc/shadow"), ("/var/log/x", "/etc/shadow"), ("/var/log/x", "/root/.ssh/id_ed25519")],
)
async def test_what_may_be_a_secret_is_not_fetched_also_behind_a_link(home: Path, asked: str, real: str) -> None:
    async with played(home, {("web-1", asked): [found(real, 3), b"abc"]}) as runtime:
        with pytest.raises(Refused, match="was not fetched") as caught:
            await runtime.files.get("web-1", asked, home / "x")
        assert f"opsterm propose --on web-1 -- cat {real}" in caught.value.next_step
    assert not (home / "x").exists()


async def test_what_breaks_off_leaves_nothing_here(home: Path) -> None:
    log = "/var/log/x"
    async with played(home, {("web-1", log): [found(log, 9), b"abc"]}) as runtime:
        with pytest.raises(BadInput, match="became shorter"):
            await runtime.files.get("web-1", log, home / "x")
        with pytest.raises(NotFound):
            await runtime.files.get("web-1", "/var/log/none", home / "y")
        for path in ("relative", "/var/log/", ""):
            with pytest.raises(BadInput, match="whole path"):
                await runtime.files.get("web-1", path, home / "y")
        with pytest.raises(BadInput, match="cannot be made here"):
            await runtime.files.get("web-1", log, home / "no" / "folder")
    assert names(home) == ["opsterm"]


async def test_from_many_each_has_a_folder_and_a_failure_is_data(home: Path) -> None:
    log = "/var/log/x"
    files: dict[tuple[str, str], list[FoundFile | bytes]] = {
        (f"web-{n}", log): [found(log, 1), str(n).encode()] for n in range(1, 4)
    }
    files["web-4", "/other"] = []
    async with played(home, files) as runtime:
        fetched = await runtime.files.get_from_many("web-[1-4]", log, home / "logs")
        assert [one.target for one in fetched] == ["web-1", "web-2", "web-3", "web-4"]
        assert [one.error is None for one in fetched] == [True, True, True, False]
        assert isinstance(fetched[3].error, NotFound)
        for n in range(1, 4):
            assert (home / "logs" / f"web-{n}" / "x").read_bytes() == str(n).encode()
        assert not (home / "logs" / "web-4").exists()


async def test_in_read_only_mode_nothing_is_fetched_and_nothing_proposed(home: Path) -> None:
    log = "/var/log/x"
    (home / "x").write_bytes(b"")
    async with opened(home) as runtime:
        await with_targets(runtime, "web-1")
    async with played(home, {}, settings="[changes]\nread_only = true\n") as runtime:
        with pytest.raises(Refused, match="read-only"):
            await runtime.files.get("web-1", log, home / "y")
        with pytest.raises(Refused, match="read-only"):
            await runtime.files.get_from_many("web-1", log, home / "y")
        with pytest.raises(Refused, match="read-only"):
            await runtime.files.put(wish(home / "x", home / "to"))


# --------------------------------------------------------------------------------------------------- to targets


def wish(source: Path, path: Path, **others: str) -> PutWish:
    return PutWish(source=source, selector="localhost", path=str(path), origin="command line", **others)  # type: ignore[arg-type]  # texts


async def test_a_put_waits_for_an_approval_and_sends_what_was_approved(home: Path) -> None:
    (home / "new").write_bytes(b"as it was approved\n")
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(home / "new", home / "to", mode="640"))
        assert (change.state, change.order.shell, change.risk.level) == (ChangeState.PROPOSED, PUT, RiskLevel.HIGH)
        put = parse_put(change.order.command)
        assert (put.path, put.size, put.mode, put.source) == (str(home / "to"), 19, "0640", "new")
        (home / "new").write_bytes(b"edited since\n")
        assert not (home / "to").exists()
        with pytest.raises(NotApproved):
            await runtime.changes.run(change.id)
        assert (await reviewed(runtime, change)).text == "as it was approved"
        await runtime.changes.approve(change.id, digest=change.digest)
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.DONE
        assert (home / "to").read_bytes() == b"as it was approved\n"
        assert (home / "to").stat().st_mode & 0o777 == 0o640
        told = (await runtime.changes.output(change.id, "localhost")).decode()
        assert f"{home}/to is in place: 19 B, mode 0640" in told


async def test_what_is_put_is_looked_at_and_taken_back_if_it_is_not_well(home: Path) -> None:
    (home / "new").write_bytes(b"new")
    (home / "to").write_bytes(b"old")
    checks = Verification(checks=(parse_check("port:1"),), tries=1, on_failure=OnFailure.ROLLBACK)
    async with opened(home) as runtime:
        change = await runtime.files.put(dataclasses.replace(wish(home / "new", home / "to"), verification=checks))
        await runtime.changes.approve(change.id, digest=change.digest)
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.ROLLED_BACK
        assert (home / "to").read_bytes() == b"old"


async def test_what_is_put_goes_over_its_targets_as_was_asked_and_is_gone_on_with(home: Path) -> None:
    (home / "new").write_bytes(b"new")
    async with opened(home, open_connector=PlayedConnector({"web-1": printing(b"")}).open) as runtime:
        await with_targets(runtime, "web-1", "web-2", "web-3")
        asked = PutWish(
            source=home / "new", selector="web-[1-3]", path="/srv/x", origin="x",
            rollout=RolloutWish(strategy="sequential"),
        )  # fmt: skip
        change = await runtime.files.put(asked)
        await runtime.changes.approve(change.id, digest=change.digest)
        ended = await runtime.changes.run(change.id)
        assert [str(outcome.state) for outcome in ended.outcomes] == ["done", "unreachable", "cancelled"]
        again = await runtime.rollouts.resume(ResumeWish(change=change.id, origin="x"))
        assert ([target.name for target in again.order.targets], again.order.shell) == (["web-2", "web-3"], PUT)
        assert again.order.command == change.order.command


async def test_a_content_that_somebody_changed_is_not_sent(home: Path) -> None:
    (home / "new").write_bytes(b"good")
    async with opened(home) as runtime:
        for evil in (b"evil", b""):
            change = await runtime.files.put(wish(home / "new", home / "to"))
            (runtime.paths.contents / parse_put(change.order.command).sha256).write_bytes(evil)
            await runtime.changes.approve(change.id, digest=change.digest)
            ended = await runtime.changes.run(change.id)
            assert ended.state is ChangeState.FAILED
            outcome = outcomes(ended)["localhost"]
            assert outcome.state is OutcomeState.FAILED
            assert "not the one that was approved" in outcome.message
        assert not (home / "to").exists()


@pytest.mark.parametrize(
    ("others", "says"),
    [({"path": "relative"}, "whole path"), ({"path": "/etc/"}, "folder"), ({"mode": "9"}, "no mode"),
     ({"owner": "a b"}, "no owner"), ({"source": "none"}, "cannot be read"), ({"selector": "nobody"}, "nobody")],
)  # fmt: skip
async def test_what_cannot_be_put_is_not_proposed_and_not_kept(home: Path, others: dict[str, str], says: str) -> None:
    (home / "x").write_bytes(b"x")
    given = {"source": "x", "selector": "localhost", "path": "/srv/x", "origin": "screen", **others}
    async with opened(home) as runtime:
        with pytest.raises(OpstermError, match=says):
            await runtime.files.put(PutWish(**{**given, "source": home / given["source"]}))  # type: ignore[arg-type]  # texts
        assert await runtime.changes.list() == []
        assert not runtime.paths.contents.exists()


async def test_a_file_above_the_limit_is_not_taken(home: Path) -> None:
    with (home / "big").open("wb") as file:
        file.truncate(1_000_001)
    async with opened(home, settings="[changes]\nput_limit_mb = 1\n") as runtime:
        with pytest.raises(BadInput, match=r"larger than 1\.0 MB"):
            await runtime.files.put(wish(home / "big", home / "to"))


async def test_a_text_that_describes_no_file_is_not_proposed_for_put(home: Path) -> None:
    async with opened(home) as runtime:
        for text in ("rm -rf /", "put {}", file_put("/x", size=0, sha256="0" * 64).text().replace("/x", "/./x")):
            with pytest.raises(BadInput, match="no description"):
                await proposed(runtime, text, shell=PUT)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b", b"x" * 100_001])
async def test_what_is_no_short_text_is_shown_by_its_first_bytes_and_its_hash(home: Path, data: bytes) -> None:
    (home / "x").write_bytes(data)
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(home / "x", home / "to"))
        review = await reviewed(runtime, change, compare=True)
        assert (review.text, review.there) == ("", "")
        rows = dict(review_rows(review))
        assert rows["sha256"] == hashlib.sha256(data).hexdigest()
        assert data[:2].hex(" ") in rows["content"]
        assert await runtime.files.review(await proposed(runtime)) is None


async def test_a_text_is_shown_to_the_letter_and_against_what_is_there(home: Path) -> None:
    (home / "x").write_text("one\ntw\u043e \x1b[2J\nthree \nfour")
    (home / "to").write_text("one\ntwo\nthree \nfour\n")
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(home / "x", home / "to", mode="600", owner="root"))
        rows = dict(review_rows(await reviewed(runtime, change, compare=True)))
        assert rows["content"].split("\n") == [
            "one", "tw\\u043e \\x1b[2J", "three\\x20", "four", "(no end of line behind it)",
        ]  # fmt: skip
        assert "mode 0600 · owner root · from x" in rows["file"]
        assert "-two\n+tw\\u043e" in rows["there"]
        (row,) = [row for row in await runtime.audit.rows(limit=50) if row.kind == "target.file_fetched"]
        assert row.what == f"fetched {home / 'to'} from localhost"
        (home / "to").write_bytes((home / "x").read_bytes())
        assert "same content" in (await reviewed(runtime, change, compare=True)).there
        (home / "to").unlink()
        assert (await reviewed(runtime, change, compare=True)).there == "Nothing is there yet."


async def test_a_long_text_says_how_much_is_not_shown(home: Path) -> None:
    (home / "x").write_text("x\n" * 450)
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(home / "x", home / "to"))
        assert dict(review_rows(await reviewed(runtime, change)))["content"].endswith("x\n… and 50 more lines")


async def test_what_is_there_is_not_read_when_it_is_a_secret(home: Path) -> None:
    (home / "x").write_text("root ALL\n")
    async with opened(home) as runtime:
        change = await runtime.files.put(wish(home / "x", Path("/etc/sudoers")))
        review = await reviewed(runtime, change, compare=True)
        assert review.there == "What is there was not read: /etc/sudoers was not fetched from localhost."
        assert review.difference == ()


async def test_contents_are_forgotten_when_no_change_needs_them_any_more(home: Path, clock: StoppedClock) -> None:
    async with opened(home, clock=clock, settings="[changes]\nkeep_contents_d = 2\n") as runtime:
        (home / "x").write_bytes(b"x")
        change = await runtime.files.put(wish(home / "x", home / "to"))
        kept = runtime.paths.contents / parse_put(change.order.command).sha256
        (runtime.paths.contents / "part-0").write_bytes(b"left by a copy that broke off")
        os.utime(runtime.paths.contents / "part-0", (clock.now(), clock.now()))
        await runtime.changes.deny(change.id)
        for days, there in ((0.5, True), (1.4, True), (0.2, False)):
            clock.advance(days * DAY_S)
            await runtime.files.tidy()
            assert kept.exists() is there
            assert not (runtime.paths.contents / "part-0").exists()


async def test_a_content_that_an_open_change_needs_stays(home: Path, clock: StoppedClock) -> None:
    async with opened(home, clock=clock, settings="[changes]\nkeep_contents_d = 0\n") as runtime:
        (home / "x").write_bytes(b"x")
        change = await runtime.files.put(wish(home / "x", home / "to"))
        clock.advance(3 * DAY_S)
        await runtime.files.tidy()
        assert (await reviewed(runtime, change)).text.startswith("x")
        await runtime.changes.settle()  # its time is over
        await runtime.files.tidy()
        with pytest.raises(NotFound):
            await runtime.files.review(change)


async def test_what_cannot_be_reached_is_remembered(home: Path) -> None:
    class Dead(PlayedConnector):
        async def read_file(
            self, target: object, path: str, *, have: object = None
        ) -> AsyncIterator[FoundFile | bytes]:
            raise Unreachable("web-1 did not answer.", why="Connection refused.")
            yield b""  # type: ignore[unreachable]  # it makes this a generator

    async with opened(home, open_connector=Dead({}).open) as runtime:
        await with_targets(runtime, "web-1")
        with pytest.raises(Unreachable):
            await runtime.files.get("web-1", "/var/log/x", home / "x")
        (row,) = await runtime.inventory.resolve("web-1")
        assert row.note == "web-1 did not answer."


async def test_a_file_that_is_too_large_is_refused_before_anything_is_written(home: Path) -> None:
    log = "/var/log/big"
    settings = "[changes]\nget_limit_mb = 3\n"
    async with played(home, {("web-1", log): [found(log, 4_000_000), b"x" * 4_000_000]}, settings) as runtime:
        with pytest.raises(BadInput, match=r"it has 4.0 MB, and at most 3.0 MB") as caught:
            await runtime.files.get("web-1", log, home)
        assert "--limit-mb" in caught.value.next_step
        assert "big" not in names(home)
        assert (await runtime.files.get("web-1", log, home, limit_mb=5)).size == 4_000_000


async def test_a_file_that_grows_without_end_is_cut_off_and_nothing_is_left(home: Path) -> None:
    log = "/var/log/endless"
    pieces: list[FoundFile | bytes] = [found(log, 0), *[b"x" * 1_000_000] * 5]
    async with played(home, {("web-1", log): pieces}, "[changes]\nget_limit_mb = 3\n") as runtime:
        before = names(home)
        with pytest.raises(BadInput, match="at most"):
            await runtime.files.get("web-1", log, home)
        assert names(home) == before


async def test_what_would_fill_the_disk_here_is_refused_with_both_numbers(home: Path) -> None:
    log = "/var/log/syslog"
    free_mb = shutil.disk_usage(home).free // 1_000_000
    settings = f"[changes]\nget_reserve_mb = {free_mb + 1000}\n"
    async with played(home, {("web-1", log): [found(log, 5), b"abcde"]}, settings) as runtime:
        before = names(home)
        with pytest.raises(StorageFull, match=r"it has 5 B, and .* are free here") as caught:
            await runtime.files.get("web-1", log, home)
        assert "stay free (changes.get_reserve_mb)" in caught.value.why
        (one,) = await runtime.files.get_from_many("web-1", log, home / "many")
        assert isinstance(one.error, StorageFull)
        assert names(home) == before


async def test_files_that_come_side_by_side_share_the_room() -> None:
    free = 1000

    async def ask(_: Path) -> int:
        return free

    room = FetchRoom(100, ask)
    async with room.taken("a", 600, Path("/x/a"), limit=10_000) as first:
        with pytest.raises(StorageFull, match="was not fetched") as caught:
            async with room.taken("b", 400, Path("/x/b"), limit=10_000):
                raise AssertionError
        assert "600 B more are on their way" in caught.value.why
        free -= 600
        await first.came(600, 600)
        async with room.taken("b", 200, Path("/x/b"), limit=10_000):
            pass
    async with room.taken("c", 300, Path("/x/c"), limit=10_000):
        pass
