"""The use-case of masking a text that somebody brings: also of what the keyring or the vault holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opsterm.core.errors import OpstermError
from opsterm.core.secret import Secret
from opsterm.policy.mask import Masked, mask_text
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.offload import Run


class Masking:
    """Masks texts.

    Args:
        credentials: gives where secrets are kept.
        offload: runs work in a thread; a long text takes a second.
    """

    def __init__(self, credentials: Callable[[], BoundCredentials], offload: Run) -> None:
        self._credentials = credentials
        self._offload = offload

    async def mask(self, text: str) -> Masked:
        """Return a text without its secrets; those that are kept are found wherever they stand, if they can be read."""
        known = await self._known()
        return await self._offload(lambda: mask_text(text, known))

    async def mask_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Return texts without their secrets, as `mask` finds them; for what is sent to a model."""
        known = await self._known()
        return await self._offload(lambda: [mask_text(text, known).text for text in texts])

    async def _known(self) -> Sequence[Secret]:
        """Return the secrets that can be read without asking anybody: none of a locked vault."""
        credentials = self._credentials()
        try:
            if await credentials.state() != "open":
                return ()
            found = [await credentials.unsent(service, account) for service, account in await credentials.names()]
        except OpstermError:  # the shapes and names of secrets are masked without it
            return ()
        return [secret for secret in found if secret]
