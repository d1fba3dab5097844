"""Where a service with nobody at the screen gets the vault's passphrase: a file, checked before it is trusted."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsterm.core.errors import BadInput
from opsterm.core.secret import Secret
from opsterm.storage.private_file import read_all

VARIABLE = "OPSTERM_VAULT_PASSPHRASE_FILE"
CREDENTIAL = "opsterm-vault-passphrase"
SIZE_LIMIT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseFile:
    """A file that is said to hold the passphrase.

    Attributes:
        path: the file.
        origin: who named it, for messages.
        from_service_manager: systemd made it: its group bits are the mask of an access list, not a group's rights.
    """

    path: Path
    origin: str
    from_service_manager: bool = False

    def read(self) -> Secret:
        """Return the passphrase: the file's text without its last newline. Blocks; may be called in a thread.

        Raises:
            BadInput: it cannot be read, is empty, too long or no text, or others may read or write it.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        try:
            fault = self._fault(os.fstat(descriptor))
            if fault:
                raise self._refused(fault, next_step=f"Make it a file of this account's own: chmod 600 {self.path}")
            data = read_all(descriptor, SIZE_LIMIT + 1)
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        finally:
            os.close(descriptor)
        text = data.removesuffix(b"\n").removesuffix(b"\r")
        if not text or len(data) > SIZE_LIMIT:
            raise self._refused("It is empty." if not text else f"It is longer than {SIZE_LIMIT} bytes.")
        try:
            return Secret(text.decode("utf-8"))
        except UnicodeDecodeError:
            raise self._refused("It is not UTF-8 text.") from None  # the cause would carry the bytes

    def _fault(self, status: os.stat_result) -> str:
        if not stat.S_ISREG(status.st_mode):
            return "It is not a regular file."
        if status.st_uid not in (os.geteuid(), 0):
            return f"It belongs to another account (uid {status.st_uid})."
        if status.st_mode & (0o007 if self.from_service_manager else 0o077):
            return f"Other accounts may read or change it: its mode is {stat.S_IMODE(status.st_mode):04o}."
        return ""

    def _refused(self, why: str, *, next_step: str = "") -> BadInput:
        return BadInput(
            f"The vault's passphrase is not taken from {self.path} ({self.origin}).",
            why=why,
            next_step=next_step or "Put the passphrase there, or give it on the screen.",
        )


def find_passphrase_file(environment: Mapping[str, str]) -> PassphraseFile | None:
    """Return the file that the environment names, None when it names none. Looks at no file.

    OPSTERM_VAULT_PASSPHRASE_FILE comes first, then systemd's LoadCredential=opsterm-vault-passphrase:…
    (systemd.exec(5), CREDENTIALS_DIRECTORY).
    """
    named = environment.get(VARIABLE)
    if named:
        return PassphraseFile(path=Path(named), origin=VARIABLE)
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if folder:
        return PassphraseFile(path=Path(folder) / CREDENTIAL, origin="service credential", from_service_manager=True)
    return None
