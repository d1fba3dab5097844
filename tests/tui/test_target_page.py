"""The page of a target, its connection test, and what the inventory says when a key does nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from opsterm.adapters import ssh_config
from opsterm.adapters.ssh_known_hosts import fingerprint
from opsterm.core.secret import Secret
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.traps import ArrivedTrap
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from opsterm.tui.screens.connection_test import ConnectionTestScreen
from opsterm.tui.screens.home import HomeScreen
from opsterm.tui.screens.target_form import TargetForm
from opsterm.tui.screens.target_page import TargetPage
from tests.adapters.snmp_agent import Agent, system_group
from tests.adapters.ssh_stage import HOST_KEY, USER_KEY, Door, Home, serve, unused_port
from tests.tui.cockpit import Sitting, Stage, a_terminal, sitting
from tests.tui.test_dialogs import open_by_name


async def go_to(there: Sitting, name: str) -> None:
    """Put the cursor on a target, alone in the list."""
    await there.press("slash")
    await there.type(name)
    await there.press("enter", "G")


def screen(there: Sitting) -> type[object]:
    """Return what kind of screen is on top."""
    return type(there.app.screen)


async def test_the_page_tells_what_is_known_and_goes_on_from_there(furnished: Stage) -> None:
    async def propose(runtime: Runtime) -> None:
        await runtime.changes.propose(Proposal(command="uptime -p", selector="db-main-1", origin="screen"))

    await furnished.fill(propose)
    async with sitting(furnished, (80, 24)) as there:
        await go_to(there, "db-main-1")
        await there.press("enter")
        for words in (
            "critical",
            "ssh postgres@db-main-1",
            "PROD",
            "file system / 97 %",
            "du -xh",
            "Nothing is measured",
        ):
            assert words in there.text, words
        await there.press("tab", "tab")
        assert "Not looked at yet. L logs in and looks." in there.text
        await there.press("G")
        for words in ("c1", "uptime -p", "postgres", "csv"):
            assert words in there.text, words
        await there.press("p")
        await there.until("Propose for db-main-1")
        await there.press("escape", "e")
        assert screen(there) is TargetForm
        await there.press("escape", "escape")
        assert screen(there) is HomeScreen
        assert "enter" in there.lines[-1]


async def test_a_wide_page_shows_everything_side_by_side_and_looks_again(furnished: Stage) -> None:
    async with sitting(furnished, (140, 40)) as there:
        await open_by_name(there, "show target")
        await there.type("localhost")
        await there.press("enter")
        assert screen(there) is TargetPage
        for words in ("cpu.used_percent", "Measurements", "Profile", "Changes", "Inventory", "built-in"):
            assert words in there.text, words
        assert "L looks at this machine." in there.text
        assert any(0x2801 <= ord(char) <= 0x28FF for char in there.text), "the last hour is drawn"
        await there.press("L")
        await there.until("looked at 0 s ago")
        await there.until("kernel")
        await there.press("L")
        await there.until(lambda: "As it was 0 s ago." in there.text or "Changed 0 s ago:" in there.text)
        await there.press("c")
        assert screen(there) is HomeScreen
        assert there.focus == "chart"


async def test_the_page_of_a_target_that_is_removed_elsewhere_closes(furnished: Stage) -> None:
    async with sitting(furnished, terminal=a_terminal(ascii=True)) as there:
        await go_to(there, "web-05")
        await there.press("enter")
        assert there.text.isascii()
        await there.app.runtime.inventory.remove(["web-05"])
        await there.until(lambda: screen(there) is HomeScreen)


async def test_a_key_that_can_do_nothing_says_why(stage: Stage) -> None:
    await stage.fill(lambda runtime: _keep(runtime, Target(name="new-1")))
    async with sitting(stage) as there:
        for key in ("D", "r"):
            await there.press("g", key)
            assert "localhost is the machine opsterm stands on." in there.text
            await there.press("escape")
        await go_to(there, "new-1")
        await there.press("w")
        assert "It was never tried." in there.text
        assert "R connects and logs in, phase by phase." in there.text


async def test_an_snmp_target_is_asked_what_it_is_and_has_no_terminal(tmp_path: Path) -> None:
    stage = Stage(tmp_path, settings='[monitoring]\ninterval_s = 30\n[storage]\nkeyring = "memory"\n')
    with Agent(system_group()) as agent:
        target = Target(name="sw-1", address="127.0.0.1", port=agent.port, protocol=Protocol.SNMP)
        await stage.fill(lambda runtime: _keep(runtime, target))
        async with sitting(stage) as there:
            await there.app.runtime.snmp.keep_login("sw-1", SnmpLogin(community=Secret("public")))
            await go_to(there, "sw-1")
            await there.press("t")
            assert "sw-1 is reached by snmp, which has no terminals." in there.text
            await there.press("enter", "tab", "tab")
            assert "Not asked yet. L asks its SNMP agent what it is." in there.text
            await there.press("L")
            await there.until("Profile, asked 0 s ago (L asks again)")
            for words in ("Net-SNMP", "6.1.0-18-amd64", "20 m"):
                await there.until(words)
            await there.press("t")
            assert "sw-1 is reached by snmp, which has no terminals." in there.text
            assert screen(there) is TargetPage


async def test_an_engine_that_changed_is_shown_with_why_and_trusted_after_asking(stage: Stage) -> None:
    trap = ArrivedTrap(
        target="sw-1", sender="192.0.2.7", at=1.0, version="3", user="ops", checked=True, up_time=1,
        trap=(1, 3, 6, 1, 6, 3, 1, 1, 5, 1), bindings=(), is_inform=False, engine="80000000010a",
    )  # fmt: skip
    await stage.fill(lambda runtime: _keep(runtime, Target(name="sw-1", address="192.0.2.7", protocol=Protocol.SNMP)))
    async with sitting(stage) as there:
        engines = there.app.runtime.traps.engines
        await go_to(there, "sw-1")
        await there.press("enter", "T")
        await there.until("No other SNMP engine than the kept one has sent its traps.")
        await engines.judged([trap, replace(trap, engine="80000000010b")], writes=True)
        await there.until("Its SNMP engine has changed, from")
        await there.press("T")
        await there.until("Take 80000000010b for the engine of sw-1 from now on?")
        await there.press("n", "T")
        await engines.judged([replace(trap, engine="80000000010c")], writes=True)
        await there.press("y")
        await there.until("yet another engine")
        await there.until("to 80000000010c.")
        await there.press("T")
        await there.until("Take 80000000010c for the engine")
        await there.press("y")
        await there.until("its traps raise alerts again")
        assert (await engines.known())["sw-1"].kept == "80000000010c"


async def _keep(runtime: Runtime, target: Target) -> None:
    await runtime.inventory.add(target)


@pytest.fixture
def home(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ssh_config, "SYSTEM_CONFIG", tmp_path / "no-system-config")
    made = Home(stage.paths.home)
    made.write_key("id_ed25519", USER_KEY)
    return made


async def test_a_new_target_is_tested_before_it_is_kept_and_its_key_is_trusted(stage: Stage, home: Home) -> None:
    door = Door()
    async with serve(door) as port, sitting(stage, (100, 30)) as there:
        await there.press("plus")
        for text in ("web-1", "127.0.0.1", "", "", "", "", str(port), "ops"):
            await there.type(text)
            await there.press("tab")
        await there.press("ctrl+t")
        assert screen(there) is ConnectionTestScreen
        await there.until("T trusts the key")
        await there.until(fingerprint(HOST_KEY.public_data))
        await there.press("T")
        assert "Add it to your known_hosts and test again?" in there.text
        await there.press("y")
        await there.until("web-1 can be reached.")
        assert f"[127.0.0.1]:{port}" in await asyncio.to_thread(home.known_hosts.read_text)
        assert there.app.runtime.inventory.row("web-1") is None
        await there.press("escape", "enter")
        await there.until(lambda: screen(there) is HomeScreen)
        assert there.app.runtime.inventory.row("web-1") is not None


async def test_a_test_that_fails_says_how_to_mend_it_and_the_target_is_kept_all_the_same(stage: Stage) -> None:
    async with sitting(stage) as there:
        await there.press("plus")
        for text in ("web-1", "127.0.0.1", "", "", "", "", str(unused_port())):
            await there.type(text)
            await there.press("tab")
        await there.press("ctrl+t")
        await there.until("refused the connection")
        assert "Nothing listens on that port there" in there.text
        assert "See on the target's console" in " ".join(there.text.split())
        await there.press("escape", "enter")
        await there.until(lambda: screen(there) is HomeScreen)
        await go_to(there, "web-1")
        await there.press("R")
        await there.until("refused the connection")


async def test_an_unknown_host_key_that_stopped_a_change_is_trusted_from_there(stage: Stage, home: Home) -> None:
    async with serve(Door()) as port:
        await stage.fill(
            lambda runtime: _keep(runtime, Target(name="web-1", address="127.0.0.1", port=port, user="ops"))
        )
        async with sitting(stage, (100, 30)) as there:
            await go_to(there, "web-1")
            await there.press("x")
            await there.type("uptime")
            await there.press("enter")
            await there.until("R test the connection to web-1")
            await there.press("R")
            await there.until("T trusts the key")
            await there.press("T", "y")
            await there.until("web-1 can be reached.")
