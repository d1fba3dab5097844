"""A profile as labelled lines for people, on any face; texts are cleaned already."""

from __future__ import annotations

from opsterm.core.units import bytes_text
from opsterm.monitoring.host_profile import CAPABILITIES, HostProfile


def profile_lines(found: HostProfile) -> tuple[tuple[str, str], ...]:
    """Return what a profile says as (label, text), without what is not known."""
    confined = found.capabilities if len(found.capabilities) < len(CAPABILITIES) else ("all",)
    lines = (
        ("host name", found.host_name),
        ("system", found.os),
        ("kernel", f"{found.kernel} {found.architecture}"),
        ("runs in", found.virtual),
        ("machine", found.product),
        ("processors", str(found.cpus or "")),
        ("memory", bytes_text(found.memory_bytes) if found.memory_bytes else ""),
        ("swap", "none" if found.swap_bytes == 0 else bytes_text(found.swap_bytes) if found.swap_bytes else ""),
        ("services", found.services),
        ("packages", ", ".join(found.packages)),
        ("user", found.user if found.uid is None else f"{found.user} ({found.uid})"),
        ("groups", ", ".join(found.groups)),
        ("as root", str(found.sudo or "")),
        ("rights", "" if found.os_id == "windows" else ", ".join(confined) or "none"),
        ("shell", f"{found.shell}, /bin/sh is {found.sh}" if found.sh else found.shell),
        ("tools", ", ".join(found.tools)),
        ("domain", found.domain),
        ("running", ", ".join(found.running)),
        ("stopped", ", ".join(found.stopped)),
        ("updates", ", ".join(found.updates)),
    )
    return tuple((label, text) for label, text in lines if text.strip())
