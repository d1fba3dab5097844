"""Foreign inventories: chooses the format, opens the file, hands the text to the inventory room."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import cast

from opsterm.core.errors import BadInput
from opsterm.inventory.formats.detect import InventoryFormat, guess_format
from opsterm.inventory.formats.ssh_config import import_ssh_config
from opsterm.inventory.imports import ImportResult
from opsterm.inventory.target import Target
from opsterm.runtime.edges import Files
from opsterm.runtime.ports import Operator


class ImportSource(StrEnum):
    """Formats that can be taken in; `AUTO` looks at the file."""

    AUTO = "auto"
    SSH_CONFIG = "ssh_config"
    KNOWN_HOSTS = "known_hosts"
    ANSIBLE = "ansible"
    CSV = "csv"
    JSON = "json"


SYSTEM_SSH_CONFIG = "/etc/ssh/ssh_config"
"""What ssh reads after the account's own file."""

_READERS: Mapping[InventoryFormat, str] = {
    InventoryFormat.KNOWN_HOSTS: "known_hosts:import_known_hosts",
    InventoryFormat.ANSIBLE_INI: "ansible_ini:import_ansible_ini",
    InventoryFormat.ANSIBLE_YAML: "ansible_yaml:import_ansible_yaml",
    InventoryFormat.CSV: "csv_table:import_csv",
    InventoryFormat.JSON: "json_lines:import_json_lines",
}
"""Format -> module:function in `opsterm.inventory.formats`, imported when a file of it comes."""

_WRITERS: Mapping[str, str] = {
    "csv": "csv_table:export_csv",
    "json": "json_lines:export_json_lines",
    "ansible": "ansible_yaml:export_ansible_yaml",
    "ssh_config": "ssh_config:export_ssh_config",
}
"""Word -> module:function, as above."""


def _function(place: str) -> object:
    module, _, name = place.partition(":")
    function: object = getattr(importlib.import_module(f"opsterm.inventory.formats.{module}"), name)
    return function


def read_import(
    source: ImportSource, path: Path, files: Files, operator: Operator, *, with_system: bool = False
) -> ImportResult:
    """Read targets from a file. Blocking.

    Args:
        source: which format.
        path: the file.
        files: reads it, and what it includes.
        operator: whose home and name count in an ssh_config.
        with_system: read the machine's own ssh_config behind it, as ssh does.

    Raises:
        BadInput: the file itself cannot be read; what is wrong inside is in the result.
    """

    def read(name: str) -> str:
        return files.read(Path(name))

    try:
        text = read(str(path))
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read.", why=error.strerror or str(error), next_step="Check the path and its mode."
        ) from error
    if "\0" in text:
        raise BadInput(f"{path} is no text.", next_step="Give a file in one of the formats that can be taken in.")
    kind = _format(source, path, text)
    if kind is not InventoryFormat.SSH_CONFIG:
        return cast("Callable[[str, str], ImportResult]", _function(_READERS[kind]))(str(path), text)
    system = [SYSTEM_SSH_CONFIG] if with_system and files.changed_at(Path(SYSTEM_SSH_CONFIG)) is not None else []
    known = {str(path): text}  # a pipe can be read only once
    return import_ssh_config(
        [str(path), *system],
        home=str(operator.home),
        local_user=operator.name,
        read=lambda name: known[name] if name in known else read(name),
        glob=files.glob,
    )


def _format(source: ImportSource, path: Path, text: str) -> InventoryFormat:
    if source is ImportSource.AUTO:
        return guess_format(str(path), text)
    if source is not ImportSource.ANSIBLE:
        return InventoryFormat(source.value)
    try:
        guessed = guess_format(str(path), text)
    except BadInput:
        guessed = InventoryFormat.ANSIBLE_INI
    # An inventory as `ansible-inventory --list` prints it ends with .json, and is YAML as well.
    yaml = guessed is InventoryFormat.ANSIBLE_YAML or path.suffix == ".json"
    return InventoryFormat.ANSIBLE_YAML if yaml else InventoryFormat.ANSIBLE_INI


def export_targets(form: str, targets: Sequence[Target]) -> str:
    """Return targets as text, in "csv", "json", "ansible" or "ssh_config"; `read_import` reads it back."""
    return cast("Callable[[Sequence[Target]], str]", _function(_WRITERS[form]))(targets)
