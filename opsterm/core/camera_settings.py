"""The settings of cameras: how they are asked, and whose events become alerts."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import between, option


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """`[cameras]`: cameras that speak VAPIX; targets with the protocol http."""

    events: str = option(
        "", "Selector of the cameras whose motion and faults become alerts, as in tag:camera; empty: those of plans."
    )
    ca_file: str = option(
        "", "PEM file of the authorities that signed their certificates; empty: those of this machine."
    )
    timeout_s: float = option(10.0, "Seconds to wait for an answer.", check=between(0.5, 300))
