"""The model of risk as a private file: replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path

from opsterm.core.errors import StorageError
from opsterm.runtime.offload import Run
from opsterm.storage.private_file import locked, read, replace


class PrivateLearnedFile:
    """Implements `runtime.ports_learned.LearnedFile`."""

    def __init__(self, path: Path, run: Run) -> None:
        """Keep the text at `path`; `run` calls off the loop."""
        self._path = path
        self._run = run

    async def read(self) -> str | None:
        """Return the text, None when there is none.

        Raises:
            StorageError: it cannot be read, is no text, or belongs to another account.
        """
        data = await self._run(lambda: read(self._path))
        try:
            return None if data is None else data.decode()
        except UnicodeDecodeError as error:
            raise StorageError(
                "What was learned of risk is not used: its file is no text.",
                next_step="`opsterm risk train` makes it anew.",
            ) from error

    async def keep(self, text: str) -> None:
        """Put a text in the place of the one before. Raises StorageError; the old one is untouched then."""
        await self._run(lambda: self._replace(text.encode()))

    def _replace(self, data: bytes) -> None:
        with locked(self._path):
            replace(self._path, data)
