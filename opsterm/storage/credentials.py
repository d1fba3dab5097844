"""The runtime's way to credentials: picks the place once, says why, and never changes to a weaker one by itself.

Light to import: the keyring and cryptography libraries (0.1 s) come in with the first question, in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from opsterm.core.errors import BadInput, OpstermError, VaultLocked
from opsterm.core.paths import Paths
from opsterm.core.secret import Secret
from opsterm.runtime import ports
from opsterm.runtime.offload import Run
from opsterm.storage.passphrase import PassphraseFile, find_passphrase_file

if TYPE_CHECKING:
    from opsterm.storage.place import Place
    from opsterm.storage.rings import SecretRing

T = TypeVar("T")


def open_credentials(paths: Paths, choice: str, environment: Mapping[str, str], offload: Run) -> ports.SecretStore:
    """Return the credentials of this account; touches nothing before the first question.

    Args:
        paths: where the vault and the list of names are.
        choice: `storage.keyring`: "auto", "desktop", "vault" or "memory".
        environment: may name the file that holds a vault's passphrase.
        offload: runs blocking work in a thread.
    """
    return _Credentials(paths, choice, environment, offload)


class _Credentials:
    """Implements `ports.SecretStore`."""

    def __init__(self, paths: Paths, choice: str, environment: Mapping[str, str], offload: Run) -> None:
        self._paths = paths
        self._choice = choice
        self._passphrase_file = find_passphrase_file(environment)
        self._offload = offload
        self._place: Place | None = None
        self._choosing = asyncio.Lock()
        self._unattended_fault = ""
        self._unattended_tried = False

    async def describe(self) -> str:
        """Return one sentence: which place is in use and why, and whether it is locked."""
        try:
            place = await self._chosen()
        except OpstermError as error:
            return f"Credentials cannot be looked up: {error.what}"
        try:
            state = await self._offload(place.ring.state)
        except OpstermError as error:
            return f"Credentials are in {place.title}, which cannot be used: {error.what}"
        words = {"open": "open", "locked": "locked", "absent": "not made yet"}[state]
        extra = f" {self._unattended_fault}" if self._unattended_fault and state != "open" else ""
        return f"Credentials are in {place.title}, {words}: {place.why}.{extra}"

    async def state(self) -> str:
        """Return "open", "locked" or "absent"."""
        return await self._offload((await self._chosen()).ring.state)

    async def create(self, passphrase: Secret) -> None:
        """Make the vault; it is open afterwards."""
        ring = (await self._chosen()).ring
        await self._offload(lambda: ring.create(passphrase))

    async def unlock(self, passphrase: Secret) -> None:
        """Open the vault for this process."""
        ring = (await self._chosen()).ring
        await self._offload(lambda: ring.unlock(passphrase))

    async def get(self, service: str, account: str) -> Secret | None:
        """Return a secret, None when there is none."""
        return await self._opened(lambda ring: ring.get(service, account))

    async def put(self, service: str, account: str, secret: Secret) -> None:
        """Keep a secret; makes the vault when a passphrase file is named and there is no vault yet."""
        _check_name(service, account)
        place = await self._chosen()
        ring, file = place.ring, self._passphrase_file
        if place.takes_passphrase and file is not None and await self._offload(ring.state) == "absent":
            await self._create_unattended(ring, file)
        await self._opened(lambda ring: ring.put(service, account, secret))

    async def remove(self, service: str, account: str) -> None:
        """Forget a secret; harmless when there is none."""
        await self._opened(lambda ring: ring.remove(service, account))

    async def names(self) -> Sequence[tuple[str, str]]:
        """Return (service, account) of what opsterm keeps."""
        ring = (await self._chosen()).ring
        return await self._offload(ring.names)

    async def _opened(self, work: Callable[[SecretRing], T]) -> T:
        """Do `work`; when the vault was locked meanwhile (made anew), open it once more if nobody needs to be asked."""
        ring = (await self._chosen()).ring
        try:
            return await self._offload(lambda: work(ring))
        except VaultLocked as error:
            if self._unattended_fault:
                error.why = error.why or self._unattended_fault
            if self._passphrase_file is None or self._unattended_fault or await self._offload(ring.state) != "locked":
                raise
        async with self._choosing:
            await self._unlock_unattended(ring)
        return await self._offload(lambda: work(ring))

    async def _chosen(self) -> Place:
        async with self._choosing:
            if self._place is None:
                self._place = await self._offload(lambda: _choose(self._paths, self._choice))
            place = self._place
            if place.takes_passphrase and not self._unattended_tried:
                self._unattended_tried = True
                await self._unlock_unattended(place.ring)
        return place

    async def _unlock_unattended(self, ring: SecretRing) -> None:
        """Open a locked vault with the passphrase that a file holds, if one is named; keep why that failed."""
        file = self._passphrase_file
        if file is None:
            return
        try:
            await self._offload(lambda: _unlock_with(ring, file))
            self._unattended_fault = ""
        except OpstermError as error:
            self._unattended_fault = " ".join(str(error).split("\n"))

    async def _create_unattended(self, ring: SecretRing, file: PassphraseFile) -> None:
        try:
            await self._offload(lambda: ring.create(file.read()))
        except BadInput:
            if await self._offload(ring.state) == "absent":  # else another process was quicker: it is there
                raise


def _unlock_with(ring: SecretRing, file: PassphraseFile) -> None:
    if ring.state() == "locked":
        passphrase = file.read()
        try:
            ring.unlock(passphrase)
        except VaultLocked as error:
            raise BadInput(f"The passphrase in {file.path} ({file.origin}) does not open the vault.") from error


def _choose(paths: Paths, choice: str) -> Place:
    from opsterm.storage.place import choose_place  # noqa: PLC0415 (0.1 s, only when a credential is asked for)

    return choose_place(paths, choice)


def _check_name(service: str, account: str) -> None:
    if not service or not account:
        raise BadInput("A credential has a service and an account; neither is empty.")
