"""What one target prints while a change runs: counted, hashed and capped."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from opsterm.changes.change import Outcome


class OutputRecord:
    """Counts, hashes and caps the output of one target.

    Attributes:
        total: bytes that came.
        began: whether the command was handed to the target.
        seen: what was seen afterwards, "" for nothing.
    """

    def __init__(self, *, limit: int) -> None:
        self.total = 0
        self.began = False
        self.seen = ""
        self._kept = 0
        self._limit = limit
        self._lost = ""
        self._hash = hashlib.sha256()

    def take(self, piece: bytes) -> bytes:
        """Count and hash a piece; return the part of it that is kept."""
        self._hash.update(piece)
        kept = b"" if self._lost else piece[: max(0, self._limit - self.total)]
        self.total += len(piece)
        self._kept += len(kept)
        return kept

    def lose(self, count: int, why: str) -> None:
        """Note that the last `count` bytes were not kept after all; nothing behind them will be."""
        self._kept -= count
        self._lost = f"Output after {self._kept} bytes was not kept: {why}"

    def saw(self, text: str) -> None:
        """Note what was seen of a change that has come out well."""
        self.seen = text

    def close(self, outcome: Outcome, now: float) -> Outcome:
        """Return the outcome with what was counted."""
        return replace(
            outcome,
            ended_at=now,
            output_bytes=self.total,
            kept_bytes=self._kept,
            output_sha256=self._hash.hexdigest(),
            message="\n".join(line for line in (outcome.message, self.seen, self._lost) if line),
        )
