"""The settings file, changed one key at a time: what the operator wrote around it stays as it is."""

from __future__ import annotations

from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from opsterm.core.errors import BadSetting
from opsterm.core.settings_reading import load_settings, setting_value
from opsterm.storage.private_file import locked, read, replace


def write_setting(file: Path, key: str, text: str | None) -> None:
    """Set one key in the file, or take it out. Blocking.

    Args:
        file: config.toml; made when there is none, mode 0600.
        key: dotted, as in "monitoring.interval_s".
        text: the value as it would be typed, None to go back to the default.

    Raises:
        BadSetting: an unknown key, an unusable value, or a file that is not valid.
        StorageError: the file cannot be written.
    """
    value = None if text is None else setting_value(key, text)
    file = file.resolve()  # a link, as keepers of dot files make them, stays one
    with locked(file):
        made = _changed(_parsed(file), file, key, value)
        load_settings(file_text=made, file_name=str(file))  # what we write must be what we read
        replace(file, made.encode())


def _parsed(file: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse((read(file) or b"").decode("utf-8"))
    except (UnicodeDecodeError, TOMLKitError) as error:
        raise BadSetting(
            f"{file} cannot be changed: it is not valid.", why=str(error), next_step="Mend it by hand."
        ) from error


def _changed(document: tomlkit.TOMLDocument, file: Path, key: str, value: object) -> str:
    section, _, name = key.partition(".")
    table = document.setdefault(section, tomlkit.table())
    if not isinstance(table, Table):
        raise BadSetting(f"{file}: {section} is not a table.", next_step="Mend it by hand.")
    if value is None:
        table.pop(name, None)
    else:
        table[name] = value
    return tomlkit.dumps(document)
