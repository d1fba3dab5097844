"""Files on the screen: one is fetched at once, one that is put is a proposal first."""

from __future__ import annotations

import asyncio
from pathlib import Path

from opsterm.tui.screens.approval import ApprovalScreen
from opsterm.tui.screens.home import HomeScreen
from tests.tui.cockpit import Stage, sitting
from tests.tui.test_dialogs import open_by_name


async def test_a_file_is_fetched_from_the_chosen_target(stage: Stage, tmp_path: Path) -> None:
    there_file = tmp_path / "motd"
    await asyncio.to_thread(there_file.write_text, "welcome\n")
    async with sitting(stage) as there:
        await open_by_name(there, "get a file")
        await there.type("motd")
        await there.press("enter")
        assert "it begins with /" in there.text
        await there.press("backspace", "backspace", "backspace", "backspace")
        await there.type(str(there_file))
        await there.press("enter")
        await there.press("enter")  # ~/motd, which is there
        await there.until("motd")
        assert not isinstance(there.app.screen, HomeScreen)
        await there.type("-copy")
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, HomeScreen))
        assert "motd-copy:8Bfromlocalhost." in "".join(there.text.split())  # wherever the long path breaks
    assert await asyncio.to_thread((stage.paths.home / "motd-copy").read_text) == "welcome\n"


async def test_a_file_that_is_put_waits_for_approval(stage: Stage, tmp_path: Path) -> None:
    content = "welcome\n" + "to all\n" * 20
    await asyncio.to_thread((tmp_path / "motd").write_text, content)
    async with sitting(stage) as there:
        await open_by_name(there, "put a file")
        await there.type("~/motd")
        await there.press("enter")
        await there.type(str(tmp_path / "put-here"))
        await there.press("enter")
        await there.until("put-here")
        assert isinstance(there.app.screen, ApprovalScreen)
        assert not await asyncio.to_thread((tmp_path / "put-here").exists)
        stage.clock.advance(1.0)  # what is typed ahead of the screen approves nothing
        await there.until("read them first")
        assert "content   welcome" in there.text
        await there.press("1", "enter")
        assert "There is more to read" in there.text
        await there.press("pagedown")
        await there.until("Nothing is there yet.")
        await there.press("pagedown", "pagedown", "enter")
        await there.until("1 done")
    assert await asyncio.to_thread((tmp_path / "put-here").read_text) == content


async def test_a_folder_is_fetched_and_what_broke_off_gone_on_with(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "var" / "logs"
    await asyncio.to_thread(folder.mkdir, parents=True)
    await asyncio.to_thread((folder / "a.log").write_text, "one\n")
    await asyncio.to_thread((folder / "link").symlink_to, "a.log")
    async with sitting(stage) as there:
        await there.press("f4")
        await there.until("Which folder?")
        await there.type(str(folder))
        await there.press("enter")
        await there.until("ctrl+r go on with what broke off: off")
        await there.press("ctrl+r")
        await there.until("on: what comes is kept")
        await there.press("enter")
        await there.until(lambda: isinstance(there.app.screen, HomeScreen))
        assert "1file,4Bfromlocalhost." in "".join(there.text.split())
        assert "1leftout" in "".join(there.text.split())
    assert await asyncio.to_thread((stage.paths.home / "logs" / "a.log").read_text) == "one\n"


async def test_a_folder_that_is_put_waits_for_approval(stage: Stage, tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "site").mkdir)
    await asyncio.to_thread((tmp_path / "site" / "index.html").write_text, "welcome\n")
    async with sitting(stage) as there:
        await there.press("f6")
        await there.type(str(tmp_path / "site"))
        await there.press("enter")
        await there.press("ctrl+r")
        await there.type(str(tmp_path / "put-here"))
        await there.press("enter")
        await there.until("put-here")
        assert isinstance(there.app.screen, ApprovalScreen)
        stage.clock.advance(1.0)
        await there.until("1 new; what else is in the folder stays as it is.")
        assert "content   welcome" in there.text
        assert not await asyncio.to_thread((tmp_path / "put-here").exists)
        await there.press("1", "pagedown", "pagedown", "enter")
        await there.until("1 done")
    assert await asyncio.to_thread((tmp_path / "put-here" / "index.html").read_text) == "welcome\n"
