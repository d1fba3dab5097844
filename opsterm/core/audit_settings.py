"""The settings of the audit chain: where its checkpoints are left, how often, and when it shows that it lives."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import between, option


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """`[audit]`: checkpoints of the audit chain outside the database, and its heartbeat."""

    checkpoints: str = option(
        "",
        "Places where checkpoints are left, separated by blanks: file:/PATH, syslog:, syslog:udp://HOST:PORT, "
        "syslog:tcp://HOST:PORT, ssh:TARGET:/PATH. Without one that lies on another host, a cut tail can stay unseen.",
    )
    checkpoint_entries: int = option(100, "Entries after which a checkpoint is left.", check=between(1, 1_000_000))
    checkpoint_s: float = option(
        300.0, "Seconds after which one is left when there are new entries.", check=between(10, 86400)
    )
    heartbeat_s: float = option(
        300.0, "Seconds between two entries that say that opsterm runs; 0: none.", check=between(0, 86400)
    )
