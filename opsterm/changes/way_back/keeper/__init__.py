"""The shell texts that keep and put back on a target, by what they are about; `script` joins those that are needed."""

from __future__ import annotations

from opsterm.changes.way_back.keeper import (
    container,
    files,
    firewall,
    guard,
    link,
    moved,
    network,
    packages,
    python,
    rights,
    send,
    settings,
    steps,
    system,
    unit,
    zones,
)

TEXTS = {
    "steps": steps.TEXT, "files": files.TEXT, "moved": moved.TEXT, "rights": rights.TEXT, "settings": settings.TEXT,
    "network": network.TEXT, "firewall": firewall.TEXT, "packages": packages.TEXT, "unit": unit.TEXT,
    "system": system.TEXT, "link": link.TEXT, "container": container.TEXT, "zones": zones.TEXT, "python": python.TEXT,
    "guard": guard.TEXT, "send": send.TEXT,
}  # fmt: skip
