"""The shell texts that keep and put back on a target, by what they are about; `script` joins those that are needed."""

from __future__ import annotations

from opsterm.changes.way_back.keeper import (
    files,
    firewall,
    guard,
    moved,
    network,
    packages,
    rights,
    send,
    settings,
    steps,
    unit,
)

TEXTS = {
    "steps": steps.TEXT, "files": files.TEXT, "moved": moved.TEXT,
    "rights": rights.TEXT, "settings": settings.TEXT, "network": network.TEXT,
    "firewall": firewall.TEXT, "packages": packages.TEXT, "unit": unit.TEXT,
    "guard": guard.TEXT, "send": send.TEXT,
}  # fmt: skip
