"""Times that are typed as an option."""

from __future__ import annotations

from datetime import datetime

from opsterm.core.errors import BadInput


def time_of(text: str) -> datetime:
    """Return an ISO time, with or without a zone: `timestamp` takes one without as this machine's. Raises BadInput."""
    try:
        found = datetime.fromisoformat(text)
        found.timestamp()
    except (ValueError, OverflowError):
        raise BadInput(
            f"{text[:60]!r} is no time.", next_step="Write it as in 2026-12-24T18:00 or 2026-12-24T18:00+01:00."
        ) from None
    return found
