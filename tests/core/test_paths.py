"""What opsterm keeps lies in folders that only this account can write to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsterm.core.errors import StorageError
from opsterm.core.paths import find_paths, make_private

HOME = Path("/home/ana")


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o7777


def test_the_folders_are_those_of_xdg() -> None:
    paths = find_paths({}, HOME)
    assert paths.config_file == HOME / ".config/opsterm/config.toml"
    assert paths.database == HOME / ".local/share/opsterm/opsterm.db"
    assert paths.vault == HOME / ".local/share/opsterm/vault.json"
    assert paths.output == HOME / ".local/share/opsterm/output"
    assert paths.state == HOME / ".local/state/opsterm"
    assert paths.home == HOME
    assert (paths.shipped / "themes").is_dir()
    moved = find_paths({"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"}, HOME)
    assert (moved.config, moved.data, moved.state) == (Path("/c/opsterm"), Path("/d/opsterm"), Path("/s/opsterm"))


@pytest.mark.parametrize("value", ["", "relative/folder", "~/x", "./x"])
def test_an_xdg_variable_that_is_not_absolute_is_ignored(value: str) -> None:
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    assert find_paths(dict.fromkeys(names, value), HOME) == find_paths({}, HOME)


def test_opsterm_home_puts_everything_below_one_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paths = find_paths({"OPSTERM_HOME": "/srv/ops", "XDG_DATA_HOME": "/d"}, HOME)
    assert (paths.config, paths.data, paths.state) == tuple(Path("/srv/ops") / n for n in ("config", "data", "state"))
    monkeypatch.chdir(tmp_path)
    assert find_paths({"OPSTERM_HOME": "here"}, HOME).data == tmp_path / "here/data", "wherever opsterm goes later"
    assert find_paths({"OPSTERM_HOME": ""}, HOME) == find_paths({}, HOME)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
def test_a_folder_is_made_private_and_so_are_those_above_it(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_private(tmp_path / "one/two/three")
    finally:
        os.umask(before)
    for folder in (tmp_path / "one", tmp_path / "one/two", tmp_path / "one/two/three"):
        assert mode(folder) == 0o700


@pytest.mark.parametrize("before", [0o755, 0o750, 0o770, 0o500])
def test_a_folder_that_others_may_read_is_closed_to_them(tmp_path: Path, before: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(before)
    make_private(folder)
    assert mode(folder) == 0o700


@pytest.mark.parametrize("shared", [0o777, 0o1777, 0o702])
def test_a_folder_that_everybody_may_write_to_is_refused_and_left_as_it_is(tmp_path: Path, shared: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(shared)
    with pytest.raises(StorageError, match="writable by every account") as refused:
        make_private(folder)
    assert refused.value.next_step == f"chmod 700 {folder}"
    assert mode(folder) == shared


def test_a_folder_that_anybody_could_replace_is_refused(tmp_path: Path) -> None:
    above = tmp_path / "shared"
    above.mkdir()
    above.chmod(0o777)
    with pytest.raises(StorageError, match="any of them could replace"):
        make_private(above / "data")
    above.chmod(0o1777)  # as /tmp is: nobody renames what is another's
    make_private(above / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
def test_the_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    with pytest.raises(StorageError, match=r"belongs to another account \(uid 65534\)"):
        make_private(folder)


def test_what_is_no_folder_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for folder in (file, file / "below", Path("/proc/no/such")):
        with pytest.raises(StorageError, match=f"The folder {folder} cannot be used") as refused:
            make_private(folder)
        assert "OPSTERM_HOME" in refused.value.next_step


def test_a_link_to_a_private_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    make_private(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
