"""The terminal pane: its title, its targets and what is recorded are about the shell that gets the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from opsterm.core.errors import HostKeyUnknown, OpstermError, Unreachable
from opsterm.runtime.terminals import TerminalClosed
from opsterm.tui.panes.terminal import TerminalPane
from tests.tui.cockpit import Sitting, Stage, sitting
from tests.tui.terminal_stage import Line

KEY = HostKeyUnknown("web-02", key_type="ssh-ed25519", fingerprint="SHA256:abc", known_hosts_line="")


class Lines:
    """Connects to shells that the test plays; `faults` says which targets cannot be reached, and why."""

    def __init__(self, faults: Mapping[str, OpstermError] | None = None) -> None:
        self.lines: dict[str, Line] = {}
        self.faults = dict(faults or {})
        self.gate = asyncio.Event()
        self.gate.set()

    async def connector(self) -> Lines:
        return self

    async def shell(self, target: object, **size: object) -> Line:
        name: str = target.name  # type: ignore[attr-defined]  # an OrderTarget
        await self.gate.wait()
        if name in self.faults:
            raise self.faults[name]
        self.lines[name] = Line()
        return self.lines[name]

    async def trust(self, target: object, fingerprint: str) -> None:
        self.faults.clear()


def play(there: Sitting, lines: Lines) -> None:
    there.app.runtime.terminals._connector = lines.connector  # type: ignore[assignment]  # the shells are played


async def open_on(there: Sitting, target: str) -> None:
    """Ask for a shell with the keys of the screen."""
    await there.press("ctrl+right_square_bracket", "1", "slash", "ctrl+u")
    await there.type(target)
    await there.press("enter", "G", "t")


def pane(there: Sitting) -> TerminalPane:
    return there.app.home.query_one(TerminalPane)


def title(there: Sitting) -> str:
    return str(pane(there).border_title)


async def closings(there: Sitting) -> list[str]:
    rows = await there.app.runtime.audit.rows(limit=500)
    return [str(row) for row in rows if TerminalClosed.__name__ in str(row) or "terminal.closed" in str(row)]


async def shell_on(there: Sitting, target: str) -> None:
    await open_on(there, target)
    await there.until(lambda: pane(there).targets() == [target])
    await there.settle()


@pytest.mark.parametrize("fault", [KEY, Unreachable("web-02 does not answer.")])
async def test_while_another_shell_is_not_there_the_title_names_the_one_that_gets_the_keys(
    furnished: Stage, fault: OpstermError
) -> None:
    async with sitting(furnished, (100, 30)) as there:
        lines = Lines({"web-02": fault})
        play(there, lines)
        await shell_on(there, "web-01")
        lines.gate.clear()
        await open_on(there, "web-02")
        await there.press("y")
        await there.until(lambda: "connecting to web-02" in title(there))
        assert "web-01 · ctrl+] leaves" in title(there)
        lines.gate.set()
        await there.until(lambda: "connecting" not in title(there))
        await there.settle()
        await there.press("n" if fault is KEY else "escape")
        assert title(there) == "5 Terminal ─ web-01 · ctrl+\\] leaves".replace("\\", "")
        assert pane(there).targets() == ["web-01"]
        await there.type("x")
        assert lines.lines["web-01"].taken().endswith(b"x")


async def test_another_shell_is_asked_for_and_the_end_of_the_first_is_recorded(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        lines = Lines()
        play(there, lines)
        await shell_on(there, "web-01")
        await open_on(there, "web-02")
        assert "A shell runs on web-01" in there.text
        await there.press("n")
        assert there.focus == "inventory-table"
        assert pane(there).targets() == ["web-01"]
        await there.press("t", "y")
        await there.until(lambda: pane(there).targets() == ["web-02"])
        await there.until(lambda: lines.lines["web-01"].closed > 0)
        await there.settle()
        [closing] = await closings(there)
        assert "web-01" in closing
        lines.lines["web-02"].ends(0)
        await there.until("web-02 · ended")
        await there.settle()
        assert "web-02" in (await closings(there))[-1]


async def test_t_on_the_same_target_goes_back_to_its_shell(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        lines = Lines()
        play(there, lines)
        await shell_on(there, "web-01")
        first = lines.lines["web-01"]
        await open_on(there, "web-01")
        assert there.focus == "terminal-view"
        await there.type("y")
        assert first.taken().endswith(b"y")


async def test_a_trusted_key_leads_to_the_shell(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        lines = Lines({"web-02": KEY})
        play(there, lines)
        await open_on(there, "web-02")
        await there.until("SHA256:abc")
        await there.press("y")
        await there.until("web-02 · ctrl+] leaves")


async def test_leaving_asks_while_a_shell_runs(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        play(there, Lines())
        await shell_on(there, "web-01")
        await there.press("ctrl+right_square_bracket", "q")
        assert "The shell on web-01 would be ended." in there.text
        await there.press("n")
        assert there.app.is_running
        await there.press("q", "y")
        await there.until(lambda: not there.app.is_running)
    closed: list[str] = []

    async def look(runtime: object) -> None:
        rows = await runtime.audit.rows(limit=500)  # type: ignore[attr-defined]  # a Runtime
        closed.extend(str(row) for row in rows if "terminal.closed" in str(row))

    await furnished.fill(look)
    assert len(closed) == 1


async def test_zoom_does_not_lead_back_into_a_shell_that_was_left(furnished: Stage) -> None:
    async with sitting(furnished, (100, 30)) as there:
        lines = Lines()
        play(there, lines)
        await shell_on(there, "web-01")
        lines.lines["web-01"].taken()
        for _ in range(2):
            await there.press("ctrl+right_square_bracket", "z")
            assert there.focus == "pane-terminal"
        await there.press("q", "n")
        assert lines.lines["web-01"].taken() == b""
