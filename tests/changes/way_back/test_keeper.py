"""What is kept is put back to the byte, by the very shell texts that run on targets."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.words import KeeperStep
from opsterm.policy.way_back import ON_WINDOWS, Thing, ThingKind

pytestmark = pytest.mark.blocking

POINT = "c1-0123456789ab"


class Keeper:
    """Runs the texts here, with recovery points in a folder of the test."""

    def __init__(self, folder: Path, shell: tuple[str, ...] = ("sh",)) -> None:
        self.base = folder / "rp"  # as on hosts: the name of a point is looked at, and not that of its folder
        self.shell = shell
        self.environment = {**os.environ, "KEEPER_BASE": str(self.base), "KEEPER_SPARE_KB": "1"}

    def step(
        self,
        step: KeeperStep,
        *things: Thing,
        insist: bool = False,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, str]:  # fmt: skip
        done = subprocess.run(
            [*self.shell, "-s"], input=keeper_text(step, POINT, things, insist=insist).encode(), capture_output=True,
            env={**self.environment, **environment}, check=False,
        )  # fmt: skip
        assert done.stderr == b""
        return done.returncode, done.stdout.decode()


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path)


def files(path: Path, option: str = "-") -> Thing:
    return Thing(kind=ThingKind.FILES, name=str(path), option=option)


def picture(folder: Path) -> list[tuple[object, ...]]:
    """Everything about what is below a folder that a way back promises."""
    found: list[tuple[object, ...]] = []
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        is_file = path.is_file() and not path.is_symlink()
        time = None if path.is_symlink() else int(stat.st_mtime)
        content = path.read_bytes() if is_file else str(path.readlink()) if path.is_symlink() else None
        found.append((path, stat.st_mode, stat.st_uid, stat.st_gid, time, content, stat.st_nlink if is_file else 0))
    return found


def tree(folder: Path) -> Path:
    """A tree with odd names, a link, two names of one file, a hole and rights of all kinds."""
    (folder / "d/e").mkdir(parents=True)
    (folder / "d/plain").write_text("one\n")
    (folder / "d/two\nlines").write_text("two\n")
    (folder / "d/-dash").write_text("")
    (folder / "d/ü \\ '\"*").write_bytes(bytes(range(256)))
    (folder / "d/link").symlink_to("../nowhere")
    os.link(folder / "d/plain", folder / "d/e/same")
    with (folder / "d/hole").open("wb") as file:
        file.truncate(3_000_000)
    (folder / "d/plain").chmod(0o4755)
    (folder / "d/e").chmod(0o1777)
    os.mkfifo(folder / "d/pipe")
    os.utime(folder / "d/plain", (1_000_000_000, 1_000_000_000))
    return folder / "d"


def _delete(top: Path) -> None:
    subprocess.run(["rm", "-rf", str(top)], check=True)


def _overwrite(top: Path) -> None:
    (top / "plain").write_text("other\n")


def _replace_by_folder(top: Path) -> None:
    (top / "plain").unlink()
    (top / "plain").mkdir()
    (top / "plain/inside").write_text("x")


def _replace_by_file(top: Path) -> None:
    subprocess.run(["rm", "-r", str(top / "e")], check=True)
    (top / "e").write_text("a file now")


def _add(top: Path) -> None:
    (top / "new folder/below").mkdir(parents=True)
    (top / "new folder/below/new").write_text("x")


def _rights(top: Path) -> None:
    subprocess.run(["chmod", "-R", "700", str(top)], check=True)


def _move(top: Path) -> None:
    (top / "plain").rename(top / "e/moved")


@pytest.mark.parametrize(
    "change",
    [_delete, _overwrite, _replace_by_folder, _replace_by_file, _add, _rights, _move],
    ids=lambda c: c.__name__,
)
def test_a_tree_is_put_back_whatever_happened_to_it(
    tmp_path: Path, keeper: Keeper, change: Callable[[Path], None]
) -> None:
    top = tree(tmp_path / "there")
    before = picture(tmp_path / "there")
    assert keeper.step(KeeperStep.CAPTURE, files(top))[0] == 0
    change(top)
    assert picture(tmp_path / "there") != before
    keeper.step(KeeperStep.NOTE, files(top))
    status, told = keeper.step(KeeperStep.RESTORE, files(top))
    assert (status, told.splitlines()[-1].split("\t")[0]) == (0, "everything is proven to be as it was")
    assert picture(tmp_path / "there") == before


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c/d", "c/e", " "]), st.binary(max_size=200)),
    st.dictionaries(st.sampled_from(["a", "b", "c/d", "f/g", " "]), st.binary(max_size=200)),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tree_is_put_back_from_any_other(
    tmp_path_factory: pytest.TempPathFactory, was: dict[str, bytes], became: dict[str, bytes]
) -> None:
    home = tmp_path_factory.mktemp("any")
    keeper, top = Keeper(home), home / "there"

    def write(content: dict[str, bytes]) -> None:
        for name, data in content.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_bytes(data)

    write(was)
    before = picture(top)
    keeper.step(KeeperStep.CAPTURE, files(top))
    _delete(top)
    write(became)
    keeper.step(KeeperStep.NOTE, files(top))
    assert keeper.step(KeeperStep.RESTORE, files(top))[0] == 0
    assert picture(top) == before
    assert keeper.step(KeeperStep.RESTORE, files(top))[0] == 0, "again is the same"
    assert picture(top) == before


def test_what_was_absent_is_absent_again_with_the_folders_made_for_it(tmp_path: Path, keeper: Keeper) -> None:
    new = tmp_path / "a/b/c"
    keeper.step(KeeperStep.CAPTURE, files(new))
    new.mkdir(parents=True)
    (new / "file").write_text("x")
    keeper.step(KeeperStep.NOTE, files(new))
    assert keeper.step(KeeperStep.RESTORE, files(new))[0] == 0
    assert not (tmp_path / "a").exists()


def test_what_somebody_else_changed_since_is_left_alone_and_said(tmp_path: Path, keeper: Keeper) -> None:
    place, other = tmp_path / "conf", tmp_path / "other"
    place.write_text("before\n")
    other.write_text("before\n")
    keeper.step(KeeperStep.CAPTURE, files(other), files(place))
    place.write_text("by the change\n")
    other.write_text("by the change\n")
    keeper.step(KeeperStep.NOTE, files(other), files(place))
    place.write_text("by somebody else, longer\n")
    status, told = keeper.step(KeeperStep.RESTORE, files(other), files(place))
    assert status == 4
    assert "changed by somebody else" in told
    assert other.read_text() == "by the change\n", "nothing is put back when a part of it is not ours"
    assert keeper.step(KeeperStep.RESTORE, files(other), files(place), insist=True)[0] == 0
    assert (place.read_text(), other.read_text()) == ("before\n", "before\n")


def test_what_a_change_that_may_still_run_has_done_is_put_back_only_when_one_insists(
    tmp_path: Path, keeper: Keeper
) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    keeper.step(KeeperStep.CAPTURE, files(place))
    place.write_text("half of the change\n")
    status, told = keeper.step(KeeperStep.RESTORE, files(place))
    assert (status, "it may still run" in told) == (4, True)
    assert place.read_text() == "half of the change\n"
    assert keeper.step(KeeperStep.RESTORE, files(place), insist=True)[0] == 0
    assert place.read_text() == "before\n"


@pytest.mark.parametrize("killed_after", ["restoring", "half"])
def test_a_rollback_that_was_cut_is_taken_up_again(tmp_path: Path, keeper: Keeper, killed_after: str) -> None:
    top = tree(tmp_path / "there")
    before = picture(tmp_path / "there")
    keeper.step(KeeperStep.CAPTURE, files(top))
    _delete(top)
    keeper.step(KeeperStep.NOTE, files(top))
    (keeper.base / POINT / "1/restoring").touch()
    if killed_after == "half":
        top.mkdir()
        (top / "plain").write_text("half of it")
    assert keeper.step(KeeperStep.RESTORE, files(top))[0] == 0
    assert picture(tmp_path / "there") == before


def test_a_capture_that_was_cut_is_made_anew(tmp_path: Path, keeper: Keeper) -> None:
    place = tmp_path / "conf"
    place.write_text("before\n")
    keeper.step(KeeperStep.CAPTURE, files(place))
    (keeper.base / POINT / "captured").unlink()
    place.write_text("before, and newer\n")
    assert keeper.step(KeeperStep.CAPTURE, files(place))[0] == 0
    place.write_text("x")
    keeper.step(KeeperStep.NOTE, files(place))
    keeper.step(KeeperStep.RESTORE, files(place))
    assert place.read_text() == "before, and newer\n"


@pytest.mark.parametrize(
    ("environment", "said"),
    [({"KEEPER_LIMIT_KB": "1"}, "1 kB are kept at most"), ({"KEEPER_SPARE_KB": "99999999999"}, "kB have to be")],
)
def test_what_is_too_large_to_keep_is_refused_and_leaves_nothing(
    tmp_path: Path, keeper: Keeper, environment: dict[str, str], said: str
) -> None:
    place = tmp_path / "big"
    place.write_bytes(b"x" * 100_000)
    status, told = keeper.step(KeeperStep.CAPTURE, files(place), environment=environment)
    assert status == 3
    assert said in told
    assert not (keeper.base / POINT).exists()


def test_a_point_is_about_the_things_that_it_was_made_for(tmp_path: Path, keeper: Keeper) -> None:
    keeper.step(KeeperStep.CAPTURE, files(tmp_path / "a"))
    status, told = keeper.step(KeeperStep.RESTORE, files(tmp_path / "b"))
    assert (status, "about other things" in told) == (3, True)


def test_nobody_else_can_read_what_is_kept(tmp_path: Path, keeper: Keeper) -> None:
    (tmp_path / "secret").write_text("x")
    keeper.step(KeeperStep.CAPTURE, files(tmp_path / "secret"))
    assert {path.stat().st_mode & 0o077 for path in [keeper.base, *keeper.base.rglob("*")]} == {0}


def test_rights_are_put_back_with_their_setuid_bits(tmp_path: Path, keeper: Keeper) -> None:
    top = tree(tmp_path / "there")
    before = picture(tmp_path / "there")
    rights = Thing(kind=ThingKind.RIGHTS, name=str(top))
    keeper.step(KeeperStep.CAPTURE, rights)
    subprocess.run(["chmod", "-R", "0700", str(top)], check=True)
    keeper.step(KeeperStep.NOTE, rights)
    assert keeper.step(KeeperStep.RESTORE, rights)[0] == 0
    assert [row[:4] for row in picture(tmp_path / "there")] == [row[:4] for row in before]


def test_the_texts_are_posix_shell() -> None:
    whole = keeper_text(KeeperStep.CAPTURE, POINT, [Thing(kind=kind) for kind in ThingKind if kind not in ON_WINDOWS])
    for shell in (("sh", "-n"), ("bash", "--posix", "-n"), ("busybox", "sh", "-n")):
        try:
            assert subprocess.run(shell, input=whole.encode(), check=False, capture_output=True).stderr == b""
        except FileNotFoundError:
            continue


def test_what_is_moved_aside_is_moved_back_and_nothing_of_it_is_copied(tmp_path: Path, keeper: Keeper) -> None:
    top = tree(tmp_path / "there")
    (tmp_path / "there/other").write_text("stays")
    before = picture(tmp_path / "there")
    aside = tmp_path / "there/.removed-20260102-030405"
    moved = Thing(kind=ThingKind.MOVED, name=str(aside), option="[d]*")
    keeper.step(KeeperStep.CAPTURE, moved)
    assert not list(keeper.base.rglob("archive"))
    aside.mkdir()
    top.rename(aside / "d")
    keeper.step(KeeperStep.NOTE, moved)
    status, told = keeper.step(KeeperStep.RESTORE, moved)
    assert (status, picture(tmp_path / "there")) == (0, before), told
    assert keeper.step(KeeperStep.RESTORE, moved)[0] == 0, "again is the same"


def test_what_somebody_put_where_it_was_moved_from_is_left_alone(tmp_path: Path, keeper: Keeper) -> None:
    place, aside = tmp_path / "conf", tmp_path / ".removed-20260102-030405"
    place.write_text("before\n")
    moved = Thing(kind=ThingKind.MOVED, name=str(aside), option="conf")
    keeper.step(KeeperStep.CAPTURE, moved)
    aside.mkdir()
    place.rename(aside / "conf")
    keeper.step(KeeperStep.NOTE, moved)
    place.write_text("by somebody else\n")
    assert keeper.step(KeeperStep.RESTORE, moved)[0] == 4
    assert (place.read_text(), (aside / "conf").read_text()) == ("by somebody else\n", "before\n")


def test_nothing_is_moved_into_a_folder_that_is_there_already(tmp_path: Path, keeper: Keeper) -> None:
    (tmp_path / "there").mkdir()
    status, told = keeper.step(
        KeeperStep.CAPTURE, Thing(kind=ThingKind.MOVED, name=str(tmp_path / "there"), option="x")
    )
    assert (status, "is there already" in told) == (3, True)
