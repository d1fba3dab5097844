"""A vault that is cheap to open, for the tests of it."""

from __future__ import annotations

from pathlib import Path

from opsterm.core.secret import Secret
from opsterm.storage.vault import Cost, Vault

CHEAP = Cost(memory_kib=8192, passes=1)
PASSPHRASE = Secret("correct horse battery")


def reopened(path: Path, passphrase: Secret = PASSPHRASE) -> Vault:
    """Return the vault of a file as another process opens it."""
    other = Vault(path)
    other.unlock(passphrase)
    return other
