"""What the runtime needs to keep what was learned of risk."""

from __future__ import annotations

from typing import Protocol


class LearnedFile(Protocol):
    """The one text of the model that was trained last."""

    async def read(self) -> str | None:
        """Return it, None when there is none. Raises StorageError."""
        ...

    async def keep(self, text: str) -> None:
        """Put a text in its place: whole, or not at all. Raises StorageError."""
        ...
