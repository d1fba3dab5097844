"""The settings tree. Each field's `help` is its documentation; the settings reference is made from it.

Few options on purpose. `settings_reading` makes the tree from a file, variables and flags.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsterm.core.approval_settings import ApprovalSettings
from opsterm.core.audit_settings import AuditSettings
from opsterm.core.camera_settings import CameraSettings
from opsterm.core.chat_settings import ChatSettings
from opsterm.core.check_settings import CheckSettings
from opsterm.core.knowledge_settings import KnowledgeSettings
from opsterm.core.learning_settings import LearningSettings
from opsterm.core.mail_settings import MailSettings
from opsterm.core.model_settings import ModelSettings
from opsterm.core.options import between, one_of, option
from opsterm.core.policy_settings import PolicySettings
from opsterm.core.recovery_settings import RecoverySettings
from opsterm.core.snmp_settings import SnmpSettings
from opsterm.core.winrm_settings import WinrmSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSetting:
    """One `[[monitoring.threshold]]` table: when a metric is worth an alert."""

    metric: str = option("", "Metric name or pattern, as in fs.used_percent, fs.used_percent[/var*] or pressure.*.")
    target: str = option("*", "Selector of the targets it is for.")
    warn: float | None = option(None, "Level that raises a warning; leave out for none.")
    crit: float | None = option(None, "Level that raises a critical alert; leave out for none.")
    clear: float | None = option(None, "Level at which a raised alert may end; default: 5 % inside the lowest level.")
    direction: str = option("above", "Bad side: above or below.", check=one_of("above", "below"))
    n: int = option(3, "Raise when this many ...", check=between(1, 100))
    m: int = option(5, "... of this many newest readings are bad.", check=between(1, 100))
    advice: str = option("", "What to do next, shown with the alert; default: from the knowledge that ships.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSettings:
    """`[monitoring]`: what is measured and for how long it is kept."""

    interval_s: float = option(2.0, "Seconds between two measurements of this host.", check=between(0.1, 3600))
    remote: str = option(
        "",
        "Selector of the SSH, WinRM and SNMP targets that are logged in to and measured, as in tag:web; empty: those "
        "of plans. In read-only mode nobody is logged in to.",
    )
    remote_interval_s: float = option(
        10.0, "Seconds between two measurements of such a target.", check=between(1, 3600)
    )
    profile_interval_h: float = option(
        24.0,
        "Hours after which such a target's profile is looked at again; a restart is reason enough. 0: only when asked.",
        check=between(0, 24 * 90),
    )
    keep_raw_h: float = option(24.0, "Hours for which every measurement is kept.", check=between(1, 24 * 90))
    keep_minutes_d: float = option(
        30.0, "Days for which one-minute means, lows and highs are kept.", check=between(1, 3660)
    )
    keep_hours_d: float = option(
        400.0, "Days for which one-hour means, lows and highs are kept.", check=between(1, 36600)
    )
    default_thresholds: bool = option(True, "Watch this host with the thresholds that ship.")
    threshold: tuple[ThresholdSetting, ...] = option(
        (), "Your own thresholds, tried before those that ship; one without a level switches the shipped one off."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSettings:
    """`[screen]`: how the full-screen face looks."""

    theme: str = option("", "Theme name; empty: chosen from the terminal. The theme screen changes and keeps it.")
    chart_fps: float = option(1.0, "Chart repaints a second while data moves.", check=between(0.1, 10))
    ascii: bool = option(False, "Draw with ASCII only, even when the terminal speaks UTF-8.")
    mouse: bool = option(True, "Let the mouse select and scroll; every action has a key as well.")
    slow: bool = option(False, "For serial lines: 16 colours, no animation, few repaints.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSettings:
    """`[ssh]`: how targets are reached."""

    config: str = option("~/.ssh/config", "The ssh_config that is obeyed.")
    known_hosts: str = option("~/.ssh/known_hosts", "The known_hosts that is obeyed and added to.")
    connect_timeout_s: float = option(10.0, "Seconds to wait for a TCP connection.", check=between(0.5, 300))
    login_timeout_s: float = option(30.0, "Seconds to wait for the key exchange and log-in.", check=between(1, 600))
    start_timeout_s: float = option(
        30.0, "Seconds a server may take to start a command or a shell after the log-in.", check=between(0.5, 600)
    )
    parallel: int = option(10, "Targets of one change that are worked on at the same time.", check=between(1, 200))
    connections: int = option(
        500, "SSH connections open at the same time, to all targets; jump hosts come on top.", check=between(1, 10000)
    )
    connections_per_host: int = option(
        4, "SSH connections to one target as one user; more commands wait.", check=between(1, 100)
    )
    sessions_per_connection: int = option(
        8, "Commands and shells on one connection; sshd allows 10 (MaxSessions).", check=between(1, 1000)
    )
    logins_per_host: int = option(
        4, "Log-ins to one host at the same time; sshd refuses some from 10 on (MaxStartups).", check=between(1, 100)
    )
    idle_timeout_s: float = option(30.0, "Seconds an unused connection stays open.", check=between(0, 3600))
    wait_timeout_s: float = option(
        300.0, "Seconds a command waits for a free connection before it is given up.", check=between(0.1, 86400)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSettings:
    """`[changes]`: the limits within which approved commands run."""

    timeout_s: float = option(300.0, "Seconds a command may run on one target.", check=between(1, 86400))
    quiet_timeout_s: float = option(
        0.0, "Seconds a command may print nothing before it is stopped; 0: as long as it runs.", check=between(0, 86400)
    )
    confirm_s: int = option(
        120, "Seconds within which a change that can cut our way is confirmed, or its target takes it back by itself.",
        check=between(5, 3600),
    )  # fmt: skip
    approval_expires_s: float = option(
        900.0, "Seconds for which a proposal may be approved and run.", check=between(10, 86400)
    )
    output_limit_kb: int = option(
        1024,
        "Kilobytes of output kept per target; the rest is counted and hashed.",
        check=between(1, 1_000_000),
    )
    get_limit_mb: int = option(
        2000, "Megabytes that a file may have which is fetched from a target.", check=between(1, 10_000_000)
    )
    get_reserve_mb: int = option(
        500, "Megabytes that stay free on this host's disk when files are fetched.", check=between(0, 10_000_000)
    )
    put_limit_mb: int = option(
        100, "Megabytes that a file may have which is to be put on targets.", check=between(1, 100_000)
    )
    keep_contents_d: float = option(
        7.0, "Days for which the content of such a file is kept after its change is over.", check=between(0, 3660)
    )
    claims: str = option(
        "ask",
        "What happens to a change of targets that others have claimed: ask (whoever says why runs it all the same), "
        "or refuse.",
        check=one_of("ask", "refuse"),
    )
    read_only: bool = option(False, "Nothing can be proposed, approved or run, and no terminal is opened.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """`[storage]`: how data and credentials are kept."""

    keyring: str = option(
        "auto",
        "Where credentials are: auto (the desktop keyring where one answers, else the vault), desktop, vault, "
        "or memory (this session only).",
        check=one_of("auto", "desktop", "vault", "memory"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole tree."""

    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    screen: ScreenSettings = field(default_factory=ScreenSettings)
    ssh: SshSettings = field(default_factory=SshSettings)
    winrm: WinrmSettings = field(default_factory=WinrmSettings)
    snmp: SnmpSettings = field(default_factory=SnmpSettings)
    checks: CheckSettings = field(default_factory=CheckSettings)
    cameras: CameraSettings = field(default_factory=CameraSettings)
    changes: ChangeSettings = field(default_factory=ChangeSettings)
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    recovery: RecoverySettings = field(default_factory=RecoverySettings)
    mail: MailSettings = field(default_factory=MailSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    learning: LearningSettings = field(default_factory=LearningSettings)
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    keys: Mapping[str, str] = field(
        default_factory=dict, metadata={"help": 'Your own keys: command id = key, as in open_help = "f1".'}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings and where each differing value came from.

    Attributes:
        settings: the tree.
        sources: "monitoring.interval_s" -> "config.toml:3", "OPSTERM_MONITORING_INTERVAL_S", "--set"; a key that
            is absent has its default.
        file: the settings file as it was named.
    """

    settings: Settings
    sources: Mapping[str, str]
    file: str = "config.toml"


def known_keys() -> Sequence[str]:
    """Return every dotted key of the tree, `monitoring.threshold` included, in order."""
    keys: list[str] = []
    for section in dataclasses.fields(Settings):
        if section.name == "keys":
            continue
        keys += [f"{section.name}.{f.name}" for f in dataclasses.fields(section_class(section.name))]
    return keys


@functools.cache  # reading the settings asks some forty times, and each answer reads every annotation of the tree
def section_class(name: str) -> Any:
    """Return the dataclass of a section, as in "monitoring"."""
    return typing.get_type_hints(Settings)[name]
