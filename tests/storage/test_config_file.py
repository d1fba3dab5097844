"""Changing one setting keeps the rest of the file as the operator wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.core.errors import BadSetting, StorageError
from opsterm.core.settings_reading import load_settings
from opsterm.storage.config_file import write_setting

WRITTEN = """\
# mine
[screen]
theme = "day"     # easier at noon

[[monitoring.threshold]]
metric = "fs.used_percent"
warn = 70.0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir(mode=0o700)
    made = folder / "config.toml"
    made.write_text(WRITTEN)
    made.chmod(0o600)
    return made


def test_a_value_is_set_and_all_else_stays(file: Path) -> None:
    write_setting(file, "screen.theme", "night")
    write_setting(file, "screen.mouse", "no")
    write_setting(file, "ssh.parallel", "20")
    text = file.read_text()
    assert "# mine" in text
    assert "# easier at noon" in text
    loaded = load_settings(file_text=text).settings
    assert (loaded.screen.theme, loaded.screen.mouse, loaded.ssh.parallel) == ("night", False, 20)
    assert loaded.monitoring.threshold[0].warn == 70.0


def test_a_value_goes_back_to_its_default(file: Path) -> None:
    write_setting(file, "screen.theme", None)
    assert load_settings(file_text=file.read_text()).settings.screen.theme == ""
    assert "[[monitoring.threshold]]" in file.read_text()


def test_a_file_is_made_private_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    write_setting(file, "monitoring.interval_s", "5s")
    assert load_settings(file_text=file.read_text()).settings.monitoring.interval_s == 5.0
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    write_setting(link, "screen.theme", "mono")
    assert link.is_symlink()
    assert 'theme = "mono"' in file.read_text()


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("screen.them", "night", "screen.theme"),
        ("monitoring.interval_s", "soon", "must be a number"),
        ("monitoring.interval_s", "1e9", "between"),
        ("monitoring.threshold", "x", "tables"),
        ("nonsense", "1", "no setting"),
    ],
)
def test_what_cannot_be_set_is_said_and_nothing_is_written(file: Path, key: str, text: str, said: str) -> None:
    with pytest.raises(BadSetting) as caught:
        write_setting(file, key, text)
    assert said in str(caught.value)
    assert file.read_text() == WRITTEN


def test_a_broken_file_is_not_touched(file: Path) -> None:
    file.write_text("[screen\n")
    with pytest.raises(BadSetting):
        write_setting(file, "screen.theme", "night")
    assert file.read_text() == "[screen\n"


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError):
        write_setting(tmp_path / "taken" / "config.toml", "screen.theme", "night")
