"""A change that nobody confirms in time is taken back by the target, by the very shell texts that run there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.words import KeeperStep
from opsterm.policy.way_back import Thing, ThingKind

pytestmark = pytest.mark.blocking

POINT = "c1-0123456789ab"
DECIDED = ("confirmed", "reverted", "revert-failed")
RACES = int(os.environ.get("OPSTERM_RACES", "40"))
"""How often confirming and taking back race; more by hand."""


class Guarded:
    """A file that was kept, armed and then changed, in a folder of the test."""

    def __init__(self, folder: Path, *, seconds: int) -> None:
        folder.mkdir(exist_ok=True)
        self.place = folder / "conf"
        self.place.write_text("before\n")
        self.environment = {**os.environ, "KEEPER_BASE": str(folder / "points"), "KEEPER_SPARE_KB": "1"}
        self.guard = folder / "points" / POINT / "guard"
        assert self.step(KeeperStep.CAPTURE)[0] == 0
        self.armed = self.step(KeeperStep.ARM, seconds)
        self.place.write_text("after\n")

    def step(
        self, step: KeeperStep, seconds: int = 0, *, point: str = POINT, things: Sequence[Thing] = ()
    ) -> tuple[int, str]:
        things = things or [Thing(kind=ThingKind.FILES, name=str(self.place))]
        text = keeper_text(step, point, things, seconds=seconds)
        done = subprocess.run(
            ["sh", "-s"], input=text.encode(), capture_output=True, env=self.environment, check=False
        )  # fmt: skip
        assert done.stderr == b""
        return done.returncode, done.stdout.decode().rstrip()

    def state(self) -> str:
        return self.step(KeeperStep.STATUS)[1].split("\t")[1]

    def decided(self) -> str:
        """Wait until the target has decided; return how."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if (self.guard / "result").exists() or self.state() == "confirmed":
                return self.state()
            os.sched_yield()
        return self.state()


def test_what_nobody_confirms_is_taken_back(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    assert one.armed == (0, "armed\tsetsid\tno boot")
    assert one.step(KeeperStep.EXTEND, 1)[0] == 0, "only now: on a busy machine the change may take longer than that"
    assert (one.decided(), one.place.read_text()) == ("reverted", "before\n")


def test_what_is_confirmed_stays_and_nothing_waits_any_more(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    assert one.state() == "pending"
    assert one.step(KeeperStep.CONFIRM)[0] == 0
    assert one.step(KeeperStep.CONFIRM)[0] == 0, "again is the same"
    assert (one.state(), one.place.read_text()) == ("confirmed", "after\n")
    waiting = Path("/proc") / (one.guard / "pid").read_text().strip()
    while waiting.exists():
        os.sched_yield()


def test_confirming_too_late_is_refused_and_says_so(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    one.step(KeeperStep.EXTEND, 0)
    assert one.decided() == "reverted"
    status, told = one.step(KeeperStep.CONFIRM)
    assert (status, told.split("\t")[1], one.place.read_text()) == (6, "reverted", "before\n")
    assert one.step(KeeperStep.EXTEND, 60)[0] == 6


def test_more_time_can_be_asked_for(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    assert one.step(KeeperStep.EXTEND, 900)[0] == 0
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert float((one.guard / "due").read_text()) - uptime > 800
    assert one.step(KeeperStep.EXTEND, 0)[0] == 0
    assert one.decided() == "reverted"


def test_what_somebody_else_changed_since_stays_and_is_said(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    one.step(KeeperStep.NOTE)
    one.place.write_text("by somebody else\n")
    one.step(KeeperStep.EXTEND, 0)
    assert one.decided() == "revert-failed"
    assert one.step(KeeperStep.STATUS)[1].split("\t")[2].startswith("changed by somebody else")
    assert one.place.read_text() == "by somebody else\n"


def test_taking_back_need_not_wait_for_the_deadline(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    assert one.step(KeeperStep.REVERT)[0] == 0
    assert (one.decided(), one.place.read_text()) == ("reverted", "before\n")
    assert one.step(KeeperStep.STATUS)[1].split("\t")[2] == "", "it is said what could not be taken back"
    assert one.step(KeeperStep.REVERT)[0] == 0, "again is the same"
    assert one.step(KeeperStep.CONFIRM)[0] == 6


def test_what_is_confirmed_is_not_taken_back_any_more(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    one.step(KeeperStep.CONFIRM)
    assert (one.step(KeeperStep.REVERT)[0], one.state(), one.place.read_text()) == (6, "confirmed", "after\n")


FILE, FOLDER = ThingKind.FILES, ThingKind.RIGHTS


@pytest.mark.parametrize(
    ("kind", "name", "waits"),
    [
        (FILE, "conf", True), (FOLDER, "conf", True), (FOLDER, "", True), (FILE, "conf/below", True),
        (FILE, "conf2", False), (FILE, "other/conf", False), (ThingKind.CRONTAB, "conf", False),
    ],
)  # fmt: skip
def test_one_change_of_a_thing_waits_at_a_time(tmp_path: Path, kind: ThingKind, name: str, waits: bool) -> None:
    one = Guarded(tmp_path, seconds=600)
    second = "c2-0123456789ab"
    things = [Thing(kind=kind, name=str(tmp_path / name) if kind is not ThingKind.CRONTAB else str(one.place))]
    captured = tmp_path / "points" / second
    captured.mkdir()
    (captured / "things").write_bytes((tmp_path / "points" / POINT / "things").read_bytes())
    (captured / "captured").touch()
    text = keeper_text(KeeperStep.ARM, second, things, seconds=600)
    asked = text[text.rindex("<<'END'") :].split("\n")[1]
    (captured / "things").write_text(f"1 {asked}\n")
    status, told = one.step(KeeperStep.ARM, 600, point=second, things=things)
    if waits:
        assert (status, (captured / "guard").exists()) == (3, False)
        assert "c1 changes some of the same things there and still waits to be confirmed" in told
        one.step(KeeperStep.CONFIRM)
        status, told = one.step(KeeperStep.ARM, 600, point=second, things=things)
    assert (status, told.split("\t")[0]) == (0, "armed")
    one.step(KeeperStep.CONFIRM)
    one.step(KeeperStep.CONFIRM, point=second, things=things)


def test_what_waited_and_is_gone_is_said_and_stands_in_nobodys_way(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    os.kill(int((one.guard / "pid").read_text()), signal.SIGKILL)
    while Path("/proc", (one.guard / "pid").read_text().strip()).exists():
        os.sched_yield()
    assert (one.state(), one.place.read_text()) == ("lost", "after\n")
    (one.guard / "boot").write_text("another boot\n")
    assert one.state() == "lost"
    assert (one.step(KeeperStep.CONFIRM)[0], one.state()) == (0, "confirmed")


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT ROOT: no disk of its own was filled")
def test_a_full_disk_does_not_stop_the_taking_back(tmp_path: Path) -> None:
    disk = tmp_path / "points"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=True)
    try:
        one = Guarded(tmp_path, seconds=600)
        with suppress(OSError), (disk / "filler").open("wb") as filler:
            while True:
                filler.write(bytes(65_536))
        assert one.state() == "pending", "it is told apart from nothing"
        assert one.step(KeeperStep.EXTEND, 900)[0] == 0
        one.step(KeeperStep.NOTE)
        for after in one.guard.parent.glob("*/after"):  # what was held in reserve may have let it in
            lines = [len(file.read_text().splitlines()) for file in (after, after.with_name("before"))]
            assert lines[0] == lines[1], "half of how the change left it is none of it"
        assert one.step(KeeperStep.REVERT)[0] == 0
        assert (one.decided(), one.place.read_text()) == ("reverted", "before\n")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_nothing_is_armed_where_nothing_could_take_it_back(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    one.step(KeeperStep.CONFIRM)
    (one.guard / "armed").unlink()
    hidden = keeper_text(KeeperStep.ARM, POINT, [Thing(kind=ThingKind.FILES, name=str(one.place))], seconds=9)
    text = hidden.replace("have() { command", 'have() { [ "$1" != setsid ] && command', 1)
    done = subprocess.run(["sh", "-s"], input=text.encode(), capture_output=True, env=one.environment, check=False)
    assert (done.returncode, b"nothing can be started there" in done.stdout) == (3, True)
    assert not one.guard.exists()


def test_a_taking_back_that_a_reboot_cut_is_taken_up_at_boot(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    os.link(one.guard / "reverting", one.guard / "decided")
    assert one.state() == "reverting"
    subprocess.run(["sh", str(one.guard / "fire"), "now"], env=one.environment, check=True)
    assert (one.state(), one.place.read_text()) == ("reverted", "before\n")


def test_a_taking_back_that_is_killed_is_taken_up_by_the_one_that_is_started_in_its_place(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    os.kill(int((one.guard / "pid").read_text()), signal.SIGKILL)
    os.link(one.guard / "reverting", one.guard / "decided")
    subprocess.run(["sh", str(one.guard / "fire"), "wait"], env=one.environment, check=True)
    assert (one.state(), one.place.read_text()) == ("reverted", "before\n")


def test_one_that_is_started_in_its_place_goes_on_waiting(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    os.kill(int((one.guard / "pid").read_text()), signal.SIGKILL)
    with subprocess.Popen(["sh", str(one.guard / "fire"), "wait"], env=one.environment) as again:
        while (one.guard / "pid").read_text() != f"{again.pid}\n":
            os.sched_yield()
        assert (one.state(), one.place.read_text()) == ("pending", "after\n")
        one.step(KeeperStep.CONFIRM)
        assert again.wait() == 0


@pytest.mark.timeout(60)
def test_what_fills_a_disk_is_not_read_before_it_is_taken_back(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    os.truncate(one.place, 4 << 40)  # to read so many holes takes half an hour
    assert one.step(KeeperStep.REVERT)[0] == 0
    assert (one.decided(), one.place.read_text()) == ("reverted", "before\n")


def test_a_change_by_somebody_else_that_keeps_size_and_time_is_seen(tmp_path: Path) -> None:
    one = Guarded(tmp_path, seconds=600)
    one.step(KeeperStep.NOTE)
    assert (one.guard.parent / "1" / "stamp").exists(), "else every file is read"
    time_ns = one.place.stat().st_mtime_ns
    one.place.write_text("other\n")
    os.utime(one.place, ns=(time_ns, time_ns))
    one.step(KeeperStep.REVERT)
    assert (one.decided(), one.place.read_text()) == ("revert-failed", "other\n")


def test_confirming_and_the_timer_race_and_one_of_them_wins_wholly(tmp_path: Path) -> None:
    def race(number: int) -> tuple[str, int, str]:
        one = Guarded(tmp_path / str(number), seconds=600)
        fire = subprocess.Popen(["sh", str(one.guard / "fire"), "now"], env=one.environment)
        while number % 4 == 3 and not (one.guard / "decided").exists():
            os.sched_yield()
        status, _ = one.step(KeeperStep.CONFIRM)
        fire.wait()
        return one.decided(), status, one.place.read_text()

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(race, range(RACES)))
    assert set(ended) <= {("confirmed", 0, "after\n"), ("reverted", 6, "before\n")}


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT ROOT: no disk of its own was filled")
def test_nothing_is_kept_on_a_full_disk_and_that_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "points"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], check=True)
    try:
        text = keeper_text(KeeperStep.CAPTURE, POINT, [Thing(kind=ThingKind.FILES, name=str(tmp_path / "conf"))])
        environment = {**os.environ, "KEEPER_BASE": str(disk)}
        done = subprocess.run(["sh", "-s"], input=text.encode(), capture_output=True, env=environment, check=False)
        told = f"failed\t0\t512 kB are free for {disk}, and 65536 kB have to be\n"
        assert (done.returncode, done.stdout.decode()) == (3, told)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
