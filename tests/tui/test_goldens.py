"""What every screen looks like, kept as text: `OPSTERM_GOLDENS=write python -m pytest tests/tui/test_goldens.py`.

A picture that changed on purpose is written anew and looked at in the diff of the commit.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsterm.monitoring.sample import Sample
from opsterm.runtime.checks import CheckState
from opsterm.runtime.doctor import Check, Health
from opsterm.runtime.runtime import Runtime
from opsterm.tui.start import Terminal
from tests.tui.cockpit import STILL, Sitting, Stage, a_terminal, furnish, sitting
from tests.tui.findings import TARGET as FULL
from tests.tui.findings import check_states, furnish_findings
from tests.tui.screen import is_at_rest

FOLDER = Path(__file__).parent / "goldens"
SAME_LENGTH = "/home/ana/golden/made"
SIZES = [(80, 24), (100, 30), (140, 40), (200, 60), (60, 16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A picture.

    Attributes:
        name: of its file, without the size.
        keys: what is pressed; "'words" are typed, "+1" moves the clock by a second.
        terminal: what shows it.
        wait: what stands on it at last.
        then: what may come a moment after that.
    """

    name: str
    keys: Sequence[str] = ()
    terminal: Terminal | None = None
    wait: str = ""
    then: str = ""


PANES = [
    Scene(name="inventory"),
    Scene(name="chart", keys=["2"], wait="cpu.used_percent"),
    Scene(name="alerts", keys=["3"]),
    Scene(name="chat", keys=["4"]),
    Scene(name="terminal", keys=["5"]),
    Scene(name="approvals", keys=["6"]),
]
ON_DB = ["slash", "'db-main-2", "enter", "g"]
HERE = ["slash", "'localhost", "enter", "g"]
DIALOGS = [
    Scene(name="approval-high", keys=[*ON_DB, "p", "'kill -9 4242", "enter"], wait="type the number"),
    Scene(name="approval-low", keys=[*HERE, "p", "'uptime", "enter"], wait="a approve"),
    Scene(name="approval-done", keys=[*HERE, "p", "'echo done", "enter", "+1", "a"], wait="c1 · done", then="┃ done"),
    Scene(name="denied", keys=[*ON_DB, "p", "'reboot", "enter", "+1", "d"], wait="denied"),
    Scene(name="help", keys=["question_mark"]),
    Scene(name="palette", keys=["colon", "'prop"]),
    Scene(name="palette-all", keys=["colon"]),
    Scene(name="choice", keys=["2", "enter"], wait="space marks"),
    Scene(name="target-form", keys=["plus"]),
    Scene(name="target", keys=["j", "enter"]),
    Scene(name="why", keys=["j", "w"]),
    Scene(name="show-target", keys=["colon", "'show target", "enter", "'db"]),
    Scene(name="theme", keys=["colon", "'theme", "enter"], wait="contrast"),
    Scene(name="settings", keys=["colon", "'settings", "enter"], wait="monitoring.interval_s"),
    Scene(name="doctor", keys=["colon", "'doctor", "enter"], wait="GOOD"),
    Scene(name="sent", keys=["at"]),
    Scene(name="alert", keys=["3", "enter"], wait="series"),
    Scene(name="silence", keys=["3", "S"], wait="For how long"),
    Scene(name="filter-fault", keys=["slash", "'env:prod and"]),
    Scene(name="by-status", keys=["b"] * 5),
    Scene(name="marked", keys=["j", "space", "space"]),
    Scene(name="remove", keys=["D"]),
    Scene(name="message", keys=["ctrl+c"]),
]
TARGET = next(scene for scene in DIALOGS if scene.name == "target")
PLAIN = a_terminal(ascii=True)
TERMINALS = [
    ("ascii", PLAIN),
    ("mono", a_terminal(no_color=True)),
    ("linux", a_terminal(term="linux")),
]


class Silent:
    """Measures nothing, so that no picture depends on when it is taken."""

    def measure(self, target: str, at: float) -> Sequence[Sample]:
        del target, at
        return []

    def describe(self) -> Mapping[str, str]:
        return {}


async def play(there: Sitting, stage: Stage, scene: Scene) -> None:
    for key in scene.keys:
        if key.startswith("'"):
            await there.type(key[1:])
        elif key.startswith("+"):
            stage.clock.advance(float(key[1:]))
        else:
            await there.press(key)
    for wanted in filter(None, (scene.wait, scene.then)):
        await there.until(wanted)
    await still(there)


async def still(there: Sitting) -> None:
    """Wait until nothing has moved for a while, and the picture is the same as before it."""
    before: list[str] = []
    looks = 0

    def stands() -> bool:
        nonlocal before, looks
        looks = looks + 1 if is_at_rest(there.app) else 0
        if looks % 12:
            return False
        now = there.lines
        same, before = now == before, now
        return same and bool(now[0].strip())  # a screen that a dialog was opened over has been painted, too

    await there.until(stands)


def compare(name: str, lines: Sequence[str]) -> None:
    """Compare a picture with the one that is kept, or keep it."""
    file = FOLDER / f"{name}.txt"
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    if os.environ.get("OPSTERM_GOLDENS") == "write":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return
    kept = file.read_text(encoding="utf-8") if file.exists() else ""
    if kept != text:
        diff = difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", lineterm="", n=2)
        pytest.fail(f"{name} looks different:\n" + "\n".join(diff), pytrace=False)


@pytest.fixture
async def short_paths(utc: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A furnished stage whose paths are equally long wherever the test runs, and a doctor who says the same."""

    async def doctor(runtime: Runtime) -> Sequence[Check]:
        return [
            Check(name="opsterm", health=Health.GOOD, text=f"version 0 on a {runtime.face}"),
            Check(name="workers", health=Health.NOTE, text="no process runs the workers, so nothing is measured",
                  next_step="Start `opsterm`, or `opsterm serve` for a service."),
            Check(name="database", health=Health.BAD, text="the disk is full, so nothing can be written to it now "
                  "(path data/opsterm.db, size 234 kB, journal mode write-ahead log)", next_step="Make room."),
        ]  # fmt: skip

    monkeypatch.setattr(Runtime, "doctor", doctor)
    monkeypatch.setattr("opsterm.runtime.approvals.token_hex", lambda count: "5e" * count)
    monkeypatch.setattr("opsterm.storage.chain.token_bytes", lambda count: b"k" * count)
    with tempfile.TemporaryDirectory(prefix="opsterm-", dir="/tmp") as folder:
        stage = Stage(Path(folder), settings=STILL, probe=Silent())
        await stage.fill(furnish)
        yield stage


async def picture(
    stage: Stage, scene: Scene, size: tuple[int, int], name: str,
    check: Callable[[Sequence[str]], None] = lambda lines: None,
) -> None:  # fmt: skip
    async with sitting(stage, size, scene.terminal) as there:
        await play(there, stage, scene)
        lines = [line.replace(str(stage.paths.home), SAME_LENGTH) for line in there.lines]
        assert all(len(line) <= size[0] for line in lines)
        check(lines)
        compare(f"{name}-{size[0]}x{size[1]}", lines)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", PANES, ids=lambda scene: scene.name)
async def test_panes(short_paths: Stage, scene: Scene, size: tuple[int, int]) -> None:
    if size[0] >= 140 and scene.name != "inventory":
        pytest.skip("all panes stand on the picture of the inventory")
    await picture(short_paths, scene, size, scene.name)


@pytest.mark.parametrize("scene", DIALOGS, ids=lambda scene: scene.name)
async def test_dialogs(short_paths: Stage, scene: Scene) -> None:
    await picture(short_paths, scene, (80, 24), scene.name)


@pytest.mark.parametrize("size", SIZES[1:], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ["approval-high", "help", "palette", "target"])
async def test_dialogs_in_other_sizes(short_paths: Stage, name: str, size: tuple[int, int]) -> None:
    scene = next(scene for scene in DIALOGS if scene.name == name)
    await picture(short_paths, scene, size, name)


@pytest.mark.parametrize(("name", "terminal"), TERMINALS, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("scene", [PANES[0], PANES[2], DIALOGS[0], TARGET], ids=lambda scene: scene.name)
async def test_other_terminals(short_paths: Stage, scene: Scene, name: str, terminal: Terminal) -> None:
    shown = Scene(name=scene.name, keys=scene.keys, wait=scene.wait, terminal=terminal)

    def check(lines: Sequence[str]) -> None:
        assert name != "ascii" or "".join(lines).isascii()

    await picture(short_paths, shown, (80, 24), f"{name}-{scene.name}", check=check)


FOUND = ["slash", f"'{FULL}", "enter", "G", "enter"]
PARTS = [("found", ()), ("found-tab", ("tab",) * 3), ("found-end", ("G",))]


async def picture_of_findings(
    stage: Stage, name: str, keys: Sequence[str], size: tuple[int, int], terminal: Terminal | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def states(runtime: Runtime) -> Sequence[CheckState]:
        del runtime
        return check_states()

    monkeypatch.setattr(Runtime, "check_states", states)
    await stage.fill(furnish_findings)
    scene = Scene(name=name, keys=[*FOUND, *keys], terminal=terminal)
    await picture(stage, scene, size, name)


@pytest.mark.parametrize(("name", "keys"), PARTS, ids=[name for name, _ in PARTS])
async def test_all_that_is_known_of_a_target(
    short_paths: Stage, name: str, keys: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await picture_of_findings(short_paths, name, keys, (80, 24), None, monkeypatch)


@pytest.mark.parametrize(("name", "terminal"), [("found", None), ("ascii-found", PLAIN)], ids=["unicode", "ascii"])
async def test_all_that_is_known_of_a_target_side_by_side(
    short_paths: Stage, name: str, terminal: Terminal | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await picture_of_findings(short_paths, name, (), (140, 40), terminal, monkeypatch)


async def test_all_panes_in_ascii(short_paths: Stage) -> None:
    await picture(short_paths, Scene(name="inventory", terminal=PLAIN), (140, 40), "ascii-inventory")


async def test_too_small(short_paths: Stage) -> None:
    await picture(short_paths, Scene(name="small"), (59, 15), "small")
