"""Foreign inventories: chooses the format, opens the file, hands the text to the inventory room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from opsterm.core.errors import BadInput
from opsterm.inventory.formats.ansible_ini import import_ansible_ini
from opsterm.inventory.formats.ansible_yaml import export_ansible_yaml, import_ansible_yaml
from opsterm.inventory.formats.csv_table import export_csv, import_csv
from opsterm.inventory.formats.json_lines import export_json_lines, import_json_lines
from opsterm.inventory.formats.known_hosts import import_known_hosts
from opsterm.inventory.formats.ssh_config import export_ssh_config, import_ssh_config
from opsterm.inventory.imports import ImportResult
from opsterm.inventory.target import Target
from opsterm.runtime.edges import Files
from opsterm.runtime.ports import Operator


class ImportSource(StrEnum):
    """Formats that can be taken in."""

    SSH_CONFIG = "ssh_config"
    KNOWN_HOSTS = "known_hosts"
    ANSIBLE = "ansible"
    CSV = "csv"
    JSON = "json"


def read_import(source: ImportSource, path: Path, files: Files, operator: Operator) -> ImportResult:
    """Read targets from a file. Blocking.

    Raises:
        BadInput: the file itself cannot be read; what is wrong inside is in the result.
    """

    def read(name: str) -> str:
        return files.read(Path(name))

    if source is ImportSource.SSH_CONFIG:
        return import_ssh_config(
            [str(path)], home=str(operator.home), local_user=operator.name, read=read, glob=files.glob
        )
    try:
        text = read(str(path))
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read.", why=error.strerror or str(error), next_step="Check the path and its mode."
        ) from error
    match source:
        case ImportSource.KNOWN_HOSTS:
            return import_known_hosts(str(path), text)
        case ImportSource.CSV:
            return import_csv(str(path), text)
        case ImportSource.JSON:
            return import_json_lines(str(path), text)
        case ImportSource.ANSIBLE:
            is_yaml = path.suffix in (".yml", ".yaml", ".json")
            return import_ansible_yaml(str(path), text) if is_yaml else import_ansible_ini(str(path), text)


def export_targets(form: str, targets: Sequence[Target]) -> str:
    """Return targets as text in one of FORMATS; `read_import` reads it back."""
    return FORMATS[form](targets)


FORMATS: Mapping[str, Callable[[Sequence[Target]], str]] = {
    "csv": export_csv,
    "json": export_json_lines,
    "ansible": export_ansible_yaml,
    "ssh_config": export_ssh_config,
}
