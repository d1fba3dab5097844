"""The key of the recovery points: with the credentials, or in a file where there is no place for credentials yet."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol

from opsterm.core.errors import StorageError, VaultLocked
from opsterm.core.secret import Secret
from opsterm.runtime.credentials import RECOVERY
from opsterm.runtime.offload import Run
from opsterm.storage.private_file import locked, read, replace
from opsterm.storage.recovery.box import KEY_BYTES

ACCOUNT = "this host"


class KeyPlace(Protocol):
    """The credentials, as far as the key needs them."""

    async def state(self) -> str:
        """Return "open", "locked" or "absent"."""
        ...

    async def unsent(self, service: str, account: str) -> Secret | None:
        """Return a secret that stays here, None when there is none."""
        ...

    async def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret."""
        ...


class RecoveryKey:
    """Finds the key, or makes it; it stays where it was made.

    Args:
        file: where it is when it is not with the credentials.
        place: the credentials.
        pool: calls off the loop.
    """

    def __init__(self, file: Path, place: KeyPlace, pool: Run) -> None:
        self._file = file
        self._place = place
        self._pool = pool

    async def get(self) -> tuple[bytes, str]:
        """Return the key, and where it is as part of a sentence.

        Raises:
            VaultLocked: it is, or would be, in a vault that is locked.
            StorageError: what is there is no key.
        """
        kept = await self._pool(lambda: read(self._file))
        if kept is not None:
            return self._checked(kept), f"in the file {self._file}"
        state = await self._place.state()
        if state == "locked":
            raise VaultLocked(
                "The key of the recovery points is with the credentials, and these are locked.",
                next_step="Unlock them (F2 on the screen), or name a file with the passphrase: "
                "OPSTERM_VAULT_PASSPHRASE_FILE",
            )
        if state == "absent":
            return await self._pool(self._made), f"in the file {self._file}"
        secret = await self._place.unsent(RECOVERY, ACCOUNT)
        if secret is None:
            await self._place.put(RECOVERY, ACCOUNT, Secret(secrets.token_hex(KEY_BYTES)))
            secret = await self._place.unsent(RECOVERY, ACCOUNT)
        text = secret.reveal() if secret is not None else ""
        try:
            return self._checked(bytes.fromhex(text)), "with the credentials"
        except ValueError as error:
            raise self._none() from error

    def _made(self) -> bytes:
        with locked(self._file):
            kept = read(self._file)  # another process may have made it meanwhile
            if kept is None:
                kept = secrets.token_bytes(KEY_BYTES)
                replace(self._file, kept)
        return self._checked(kept)

    def _checked(self, key: bytes) -> bytes:
        if len(key) != KEY_BYTES:
            raise self._none()
        return key

    def _none(self) -> StorageError:
        return StorageError(
            "The key of the recovery points is spoilt.",
            why=f"It is kept in {self._file} or as {RECOVERY} {ACCOUNT}, and has {KEY_BYTES} bytes.",
            next_step="Put it back from a copy; without it the points that were kept with it cannot be opened.",
        )
