"""State that programs show and set is put back; programs that this machine lacks are stood in for by files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.words import KeeperStep
from opsterm.policy.way_back import Thing, ThingKind

pytestmark = pytest.mark.blocking

POINT = "c1-0123456789ab"
DOCKER = """#!/bin/sh
state=$FOLDER/$(eval echo \\${$#})
case $1 in
    inspect) [ -e "$state" ] && cat "$state" ;;
    stop) echo 'false false' >"$state" ;;
    start | unpause) echo 'true false' >"$state" ;;
    pause) echo 'true true' >"$state" ;;
    rm) rm "$state" ;;
esac
"""
ENFORCE = '#!/bin/sh\nif [ $# = 0 ]; then cat "$FOLDER/mode"; else echo "$1" >"$FOLDER/mode"; fi\n'
SWAP = """#!/bin/sh
name=$(eval echo \\${$#}) priority=-2
case $1 in -p) priority=$2 ;; esac
case ${0##*/} in
    swapon) echo "$name file 1 0 $priority" >>"$KEEPER_SWAPS" ;;
    swapoff) grep -v "^$name " "$KEEPER_SWAPS" >"$KEEPER_SWAPS.new"; mv "$KEEPER_SWAPS.new" "$KEEPER_SWAPS" ;;
esac
"""


class Machine:
    """Programs in a folder of the test, with their state beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ, "KEEPER_BASE": str(folder / "points"), "KEEPER_SPARE_KB": "1", "FOLDER": str(folder),
            "KEEPER_SWAPS": str(folder / "swaps"),
        }  # fmt: skip
        (folder / "bin").mkdir()

    def has(self, text: str, *names: str) -> None:
        for name in names:
            place = self.folder / "bin" / name
            place.write_text(text)
            place.chmod(0o755)

    def step(self, step: KeeperStep, thing: Thing) -> tuple[int, str]:
        text = keeper_text(step, POINT, [thing]).replace("PATH=/usr", f"PATH={self.folder}/bin:/usr", 1)
        done = subprocess.run(
            ["sh", "-s"], input=text.encode(), capture_output=True, env=self.environment, check=False
        )  # fmt: skip
        assert done.stderr == b""
        return done.returncode, done.stdout.decode()

    def there_and_back(self, thing: Thing, place: Path, during: str) -> str:
        """Keep a thing, write another state, put it back; return the state then."""
        assert self.step(KeeperStep.CAPTURE, thing)[0] == 0
        place.write_text(during)
        self.step(KeeperStep.NOTE, thing)
        assert self.step(KeeperStep.RESTORE, thing)[0] == 0
        return place.read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("tool", ["docker", "podman"])
@pytest.mark.parametrize("before", ["true false\n", "true true\n", "false false\n"])
@pytest.mark.parametrize("during", ["true false\n", "true true\n", "false false\n"])
def test_a_container_runs_waits_or_is_stopped_as_before(machine: Machine, tool: str, before: str, during: str) -> None:
    machine.has(DOCKER, tool)
    place = machine.folder / "web"
    place.write_text(before)
    assert machine.there_and_back(Thing(kind=ThingKind.CONTAINER, name=f"{tool} web"), place, during) == before


def test_a_container_that_the_change_made_is_removed(machine: Machine) -> None:
    machine.has(DOCKER, "docker")
    thing = Thing(kind=ThingKind.CONTAINER, name="docker web")
    with pytest.raises(FileNotFoundError):
        machine.there_and_back(thing, machine.folder / "web", "true false\n")


def test_a_container_that_was_removed_is_said_to_be_gone(machine: Machine) -> None:
    machine.has(DOCKER, "docker")
    thing = Thing(kind=ThingKind.CONTAINER, name="docker web")
    (machine.folder / "web").write_text("true false\n")
    machine.step(KeeperStep.CAPTURE, thing)
    (machine.folder / "web").unlink()
    machine.step(KeeperStep.NOTE, thing)
    status, told = machine.step(KeeperStep.RESTORE, thing)
    assert (status, "the container has been removed" in told) == (5, True)


def test_selinux_is_set_as_it_was(machine: Machine) -> None:
    machine.has(ENFORCE, "getenforce", "setenforce")
    place = machine.folder / "mode"
    place.write_text("Enforcing\n")
    assert machine.there_and_back(Thing(kind=ThingKind.SELINUX), place, "Permissive\n") == "Enforcing\n"


@pytest.mark.parametrize("during", ["Name\n", "Name\n/a file 1 0 -2\n", "Name\n/b file 1 0 -2\n/c file 1 0 5\n"])
def test_what_swaps_swaps_again_with_its_priority(machine: Machine, during: str) -> None:
    machine.has(SWAP, "swapon", "swapoff")
    place = machine.folder / "swaps"
    place.write_text("Name\n/a file 1 0 -2\n/b file 1 0 7\n")
    after = machine.there_and_back(Thing(kind=ThingKind.SWAP), place, during)
    assert sorted(after.splitlines()[1:]) == ["/a file 1 0 -2", "/b file 1 0 7"]


def test_the_priority_of_a_process_is_set_as_it_was(machine: Machine) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        thing = Thing(kind=ThingKind.PRIORITY, name=str(process.pid))
        before = os.getpriority(os.PRIO_PROCESS, process.pid)
        machine.step(KeeperStep.CAPTURE, thing)
        os.setpriority(os.PRIO_PROCESS, process.pid, before + 5)
        machine.step(KeeperStep.NOTE, thing)
        status, told = machine.step(KeeperStep.RESTORE, thing)
        after = os.getpriority(os.PRIO_PROCESS, process.pid)
        process.kill()
    if os.geteuid() == 0:  # nobody else may raise it again
        assert (status, after) == (0, before), told


def test_a_program_that_is_not_there_keeps_the_change_from_running(machine: Machine) -> None:
    status, told = machine.step(KeeperStep.CAPTURE, Thing(kind=ThingKind.CONTAINER, name="nerdctl web"))
    assert (status, "there is no nerdctl" in told) == (3, True)


def test_the_work_tree_is_kept_from_any_folder_in_it(machine: Machine) -> None:
    top = machine.folder / "tree"
    (top / ".git").mkdir(parents=True)
    (top / "sub").mkdir()
    (top / "file").write_text("before\n")
    thing = Thing(kind=ThingKind.FILES, name=str(top / "sub"), option="^.git")
    assert machine.there_and_back(thing, top / "file", "after\n") == "before\n"
