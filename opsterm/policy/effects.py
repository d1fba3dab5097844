"""What a command does, in the words that grades, rules and ways back are about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EffectKind(StrEnum):
    """What may happen to something. The list is closed: a rule about a kind is about all that has it."""

    READ = "read"
    READ_SECRET = "read_secret"  # noqa: S105 (a kind of effect)
    WRITE_FILE = "write_file"
    WRITE_CONFIG = "write_config"
    TRUNCATE = "truncate"
    DELETE = "delete"
    DATA_LOSS = "data_loss"
    PERM = "perm"
    OWNER = "owner"
    PRIVILEGE = "privilege"
    USER = "user"
    SERVICE_START = "service_start"
    SERVICE_STOP = "service_stop"
    SERVICE_RESTART = "service_restart"
    SERVICE_ENABLE = "service_enable"
    PROCESS_KILL = "process_kill"
    PACKAGE_ADD = "package_add"
    PACKAGE_REMOVE = "package_remove"
    PACKAGE_UPGRADE = "package_upgrade"
    KERNEL_PARAM = "kernel_param"
    KERNEL_MODULE = "kernel_module"
    BOOT = "boot"
    REBOOT = "reboot"
    NETWORK = "network"
    LOCKOUT = "lockout"
    FIREWALL_WEAKEN = "firewall_weaken"
    SECURITY_WEAKEN = "security_weaken"
    LOG_LOSS = "log_loss"
    SCHEDULE = "schedule"
    REMOTE_CODE = "remote_code"
    EXFIL = "exfil"
    DB_WRITE = "db_write"
    INFRA = "infra"
    DOS = "dos"


class Certainty(StrEnum):
    """How sure it is that the effect comes about when the text is run."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The part of the text that shows an effect: characters from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that a text would do.

    Attributes:
        kind: what happens.
        object: to what: a path, unit, package, account, table, port or address, as the text names it; "" where the
            text does not say, "?" where it is only known when it runs.
        certainty: how sure it is.
        span: where the text shows it.
    """

    kind: EffectKind
    object: str
    certainty: Certainty
    span: Span
