"""Which format a file has, from its name and its text."""

from __future__ import annotations

from enum import StrEnum

from opsterm.core import lean_re as re
from opsterm.core.errors import BadInput
from opsterm.inventory.imports import lines_of


class InventoryFormat(StrEnum):
    """What `targets import` can read."""

    SSH_CONFIG = "ssh_config"
    KNOWN_HOSTS = "known_hosts"
    ANSIBLE_INI = "ansible-ini"
    ANSIBLE_YAML = "ansible-yaml"
    CSV = "csv"
    JSON = "json"


_BY_ENDING = {
    ".csv": InventoryFormat.CSV, ".tsv": InventoryFormat.CSV, ".yml": InventoryFormat.ANSIBLE_YAML,
    ".yaml": InventoryFormat.ANSIBLE_YAML, ".ini": InventoryFormat.ANSIBLE_INI, ".json": InventoryFormat.JSON,
    ".jsonl": InventoryFormat.JSON, ".ndjson": InventoryFormat.JSON,
}  # fmt: skip

_HINTS = (
    (InventoryFormat.JSON, re.compile(r"\{.*\"name\"")),
    (InventoryFormat.KNOWN_HOSTS, re.compile(r"(@\S+\s+)?\S+\s+(ssh-|ecdsa-|sk-)\S+\s+AAAA")),
    (InventoryFormat.SSH_CONFIG, re.compile(r"(?i)(host|match|include)[ \t=]+\S")),
    (InventoryFormat.ANSIBLE_INI, re.compile(r"\[[^\]]+\]\s*$")),
    (InventoryFormat.CSV, re.compile(r"(?i)([^,;\t]*[,;\t])*\"?(name|host|target)\"?\s*([,;\t]|$)")),
    (InventoryFormat.ANSIBLE_YAML, re.compile(r"---|[\w.-]+:\s*$")),
    (InventoryFormat.ANSIBLE_INI, re.compile(r"[\w.\[\]:-]+(\s+\w+=\S+)+")),
)
_LOOKED_AT = 2000


def guess_format(file: str, text: str) -> InventoryFormat:
    """Return the format of a file: by its ending, its usual name, or the first line that tells.

    Raises:
        BadInput: nothing tells; names the formats to choose from.
    """
    name = file.replace("\\", "/").rpartition("/")[2].lower()
    for ending, kind in _BY_ENDING.items():
        if name.endswith(ending):
            return kind
    if name.startswith(("known_hosts", "ssh_known_hosts")):
        return InventoryFormat.KNOWN_HOSTS
    if name == "ssh_config" or file.replace("\\", "/").endswith(".ssh/config"):
        return InventoryFormat.SSH_CONFIG
    for line in lines_of(text[: _LOOKED_AT * 50])[:_LOOKED_AT]:
        stripped = line.strip()[:_LOOKED_AT]
        if not stripped or stripped[0] in "#;":
            continue
        for kind, hint in _HINTS:
            if hint.match(stripped):
                return kind
    raise BadInput(
        f"Nothing in {file} tells which kind of inventory it is.",
        next_step="Say which: " + ", ".join(InventoryFormat) + ".",
    )
