"""The inventory is the same for every process, and nothing that was put into it is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.errors import BadInput, BadSelector, NotFound, StorageFull
from opsterm.inventory.events import TargetAdded
from opsterm.inventory.target import LOCALHOST, Protocol, Status, Target
from opsterm.runtime.imports import ImportSource, export_targets
from opsterm.runtime.ledger import LOOK_EVERY_S
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.terminals import TerminalOpened
from tests.runtime.stage import PlayedConnector, opened, printing, until


def web(number: int, **fields: Any) -> Target:
    return Target(name=f"web-{number:02}", address=f"10.0.0.{number}", **fields)


async def kinds(runtime: Runtime) -> list[str]:
    return [fact.event.kind for fact in await runtime.store.journal.after(0, 1000)]


async def test_this_host_is_in_it_without_asking(home: Path) -> None:
    async with opened(home) as runtime:
        (row,) = runtime.inventory.rows()
        assert (row.target.name, row.target.protocol, row.status) == (LOCALHOST, Protocol.LOCAL, Status.ONLINE)
        assert row.target.os
        with pytest.raises(BadInput, match="stays in the inventory"):
            await runtime.inventory.remove([LOCALHOST])
    async with opened(home) as runtime:
        assert await kinds(runtime) == ["target.added"], "once, not at every start"


async def test_targets_are_added_edited_labelled_and_removed_and_each_is_told(home: Path) -> None:
    async with opened(home) as runtime:
        inventory = runtime.inventory
        await inventory.add(web(1))
        await inventory.add(web(2))
        edited = await inventory.edit("web-01", replace(web(1), os="debian 12"))
        assert edited.os == "debian 12"
        assert await inventory.edit("web-01", edited) == edited
        changed = await inventory.label("web-[01-02]", add_tags=["blue"], add_groups=["edge"])
        assert [t.name for t in changed] == ["web-01", "web-02"]
        assert await inventory.label("tag:blue", add_tags=["blue"]) == []
        await inventory.label("tag:blue", remove_groups=["edge"])
        await inventory.remove(["web-02"])
        assert [row.target.name for row in inventory.select("tag:blue").rows] == ["web-01"]
        assert await kinds(runtime) == [
            "target.added", "target.added", "target.added", "target.edited", *["target.edited"] * 2,
            *["target.edited"] * 2, "target.removed",
        ]  # fmt: skip
        async with opened(home) as again:
            assert [row.target for row in again.inventory.rows()] == [row.target for row in inventory.rows()]


@pytest.mark.parametrize("name", ["", "a b", "a\x1b[31m", "-rf", "x" * 300, "web-01"])
async def test_a_name_that_is_taken_or_not_allowed_is_refused(home: Path, name: str) -> None:
    async with opened(home) as runtime:
        await runtime.inventory.add(web(1))
        with pytest.raises(BadInput):
            await runtime.inventory.add(Target(name=name, address="10.0.0.1"))


async def test_one_name_is_added_by_one_of_two_processes(home: Path) -> None:
    async with opened(home) as one, opened(home) as two:
        await one.inventory.add(web(1))
        with pytest.raises(BadInput, match="already"):
            await two.inventory.add(replace(web(1), address="elsewhere.example"))
        assert two.inventory.target("web-01") is None
        await two.inventory.reload()
        assert (await two.inventory.get("web-01")).address == "10.0.0.1"


async def test_an_edit_touches_only_the_fields_that_were_edited(home: Path) -> None:
    async with opened(home) as one:
        await one.inventory.add(web(1))
        async with opened(home) as two:
            seen_by_two = await two.inventory.get("web-01")
            await one.inventory.edit("web-01", replace(web(1), site="north"))
            await two.inventory.edit("web-01", replace(seen_by_two, os="debian 12"))
            kept = await two.inventory.get("web-01")
            assert (kept.site, kept.os) == ("north", "debian 12")
            await one.inventory.remove(["web-01"])
            with pytest.raises(NotFound, match="just been removed"):
                await two.inventory.edit("web-01", replace(kept, os="plan9"))


async def test_the_other_process_sees_it_within_a_second(home: Path) -> None:
    assert 2 * LOOK_EVERY_S < 1
    async with opened(home) as one, opened(home) as two:
        two.follow()
        with two.hub.listen("test", TargetAdded) as ear:
            await one.inventory.add(web(1))
            async with asyncio.timeout(120):
                await ear.batch()
        await until(lambda: two.inventory.target("web-01"))


async def test_what_was_written_here_is_not_overwritten_by_an_older_reading(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home) as runtime:
        real, reading, go_on = runtime.store.targets.seen, asyncio.Event(), asyncio.Event()

        async def seen() -> Any:
            found = await real()
            reading.set()
            await go_on.wait()
            return found

        monkeypatch.setattr(runtime.store.targets, "seen", seen)
        async with asyncio.TaskGroup() as group:
            group.create_task(runtime.inventory.reload())
            await reading.wait()
            await runtime.inventory.add(web(1))
            go_on.set()
        assert runtime.inventory.target("web-01") == web(1)


async def test_a_choice_for_doing_something_is_never_empty_by_accident(home: Path) -> None:
    async with opened(home) as runtime:
        await runtime.inventory.add(web(1))
        for selector in ("", "   "):
            with pytest.raises(BadInput, match="No targets were chosen"):
                await runtime.inventory.resolve(selector)
        with pytest.raises(NotFound, match="web-01"):
            await runtime.inventory.resolve("web-011")
        with pytest.raises(BadSelector):
            await runtime.inventory.resolve("tag:(")
        assert len(await runtime.inventory.resolve("all")) == 2


async def test_reachability_is_learned_kept_and_told_when_it_changes(home: Path) -> None:
    connector = PlayedConnector({"web-01": printing()})
    async with opened(home, open_connector=connector.open) as runtime:
        for number in (1, 2):
            await runtime.inventory.add(web(number))
        for _ in range(2):
            found = await runtime.inventory.check(["web-01", "web-02"])
            assert found == {"web-01": "", "web-02": "web-02 did not answer."}
        assert (await kinds(runtime)).count("target.seen") == 2
        connector.answers = {"web-02": printing()}
        await runtime.inventory.check(["web-01", "web-02", LOCALHOST])
        statuses = {row.target.name: row.status for row in runtime.inventory.rows()}
        assert statuses == {LOCALHOST: Status.ONLINE, "web-01": Status.OFFLINE, "web-02": Status.ONLINE}
        with pytest.raises(NotFound):
            await runtime.inventory.check(["web-01", "nobody"])
    async with opened(home) as runtime:
        assert {row.target.name: row.status for row in runtime.inventory.rows()} == statuses
        assert runtime.inventory.row("web-01").last_seen is not None  # type: ignore[union-attr]  # it is there


async def test_the_operators_own_ssh_config_is_taken_in_and_what_was_removed_stays_away(home: Path) -> None:
    def write(text: str) -> None:
        (home / ".ssh").mkdir(exist_ok=True)
        (home / ".ssh/config").write_text(text)

    await asyncio.to_thread(write, "Host web-01\n  HostName 10.0.0.1\nHost web-02\n  HostName 10.0.0.2\n")
    async with opened(home) as runtime:
        assert {row.target.name for row in runtime.inventory.rows()} == {LOCALHOST, "web-01", "web-02"}
        await runtime.inventory.remove(["web-02"])
    async with opened(home) as runtime:
        assert {row.target.name for row in runtime.inventory.rows()} == {LOCALHOST, "web-01"}


async def test_an_ssh_config_that_makes_no_sense_or_a_full_disk_keeps_nobody_out(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(data: bytes) -> None:
        (home / ".ssh").mkdir(exist_ok=True)
        (home / ".ssh/config").write_bytes(data)

    await asyncio.to_thread(write, b"Host \xff\xfe [\n Match nonsense\nHost web-01\n")
    async with opened(home) as runtime:
        assert runtime.inventory.rows()
    await asyncio.to_thread(write, b"Host web-77\n HostName 10.0.0.7\n")

    async def refuse(*_: object, **__: object) -> None:
        raise StorageFull("The disk is full.")

    monkeypatch.setattr("opsterm.storage.targets.SqliteTargets.update", refuse)
    async with opened(home, workers=True) as runtime:
        assert runtime.inventory.target(LOCALHOST) is not None


@pytest.mark.parametrize("form", ["csv", "json", "ansible"])
async def test_what_is_exported_is_imported_again(home: Path, form: str) -> None:
    async with opened(home) as runtime:
        for number in range(1, 4):
            await runtime.inventory.add(web(number, os="debian 12", tags=("blue",), groups=("edge",)))
        rows = runtime.inventory.select("web-*").rows
        text = export_targets(form, [row.target for row in rows])
        file = home / ("hosts.yml" if form == "ansible" else f"hosts.{form}")
        await asyncio.to_thread(file.write_text, text)
    async with opened(home / "other") as runtime:
        report = await runtime.inventory.import_from(ImportSource(form), file)
        assert report.added == ("web-01", "web-02", "web-03")
        assert report.problems == ()
        again = await runtime.inventory.import_from(ImportSource(form), file)
        assert (again.added, again.changed, again.unchanged) == ((), (), 3)
        assert [replace(row.target, source="") for row in runtime.inventory.select("web-*").rows] == [
            replace(row.target, source="") for row in rows
        ]
        with pytest.raises(BadInput, match="cannot be read"):
            await runtime.inventory.import_from(ImportSource(form), home / "nowhere")


# ------------------------------------------------------------------------------------------------ terminals


async def test_a_shell_that_cannot_be_recorded_is_closed_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    class Shell:
        async def close(self) -> None:
            closed.append("closed")

    connector = PlayedConnector({})

    async def shell(*_: object, **__: object) -> Shell:
        return Shell()

    async with opened(home, open_connector=connector.open) as runtime:
        with pytest.raises(Exception, match="did not answer"):
            await runtime.terminals.open(LOCALHOST, columns=80, rows=24)
        monkeypatch.setattr(connector, "shell", shell)
        await runtime.terminals.open(LOCALHOST, columns=80, rows=24)
        assert "terminal.opened" in await kinds(runtime)

        async def fail(*_: object) -> None:
            raise RuntimeError("a fault")

        monkeypatch.setattr(runtime.store.journal, "append", fail)
        with pytest.raises(RuntimeError):
            await runtime.terminals.open(LOCALHOST, columns=80, rows=24)
        assert closed == ["closed"]
        assert TerminalOpened.journaled
