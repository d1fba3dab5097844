"""The settings of what is learned from what the operator does."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import option


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSettings:
    """`[learning]`: what suggestions are made from."""

    commands: bool = option(
        True,
        "Suggest commands from those that you ran, secrets masked, on this host only. Off: none is kept for that and "
        "none is suggested.",
    )
