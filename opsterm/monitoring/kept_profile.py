"""A host's profile as it is kept: with its times."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.monitoring.host_profile import HostProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProfile:
    """What a target was when it was last looked at.

    Attributes:
        target: whose it is.
        at: epoch seconds of the look.
        profile: what it showed.
    """

    target: str
    at: float
    profile: HostProfile
