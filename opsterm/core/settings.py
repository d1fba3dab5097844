"""The settings tree: one TOML file, OPSTERM_* variables and flags become one frozen value.

Precedence: flag > variable > file > default. Each field's `help` is its documentation; the settings reference is
made from it. Few options on purpose.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from opsterm.core.errors import BadInput, BadSetting
from opsterm.core.mail_settings import MailSettings
from opsterm.core.options import between, one_of, option
from opsterm.core.toml_places import key_lines, line_of
from opsterm.core.units import parse_duration


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
        "Selector of the SSH targets that are logged in to and measured, as in tag:web; empty: none. "
        "In read-only mode nobody is logged in to.",
    )
    remote_interval_s: float = option(
        10.0, "Seconds between two measurements of such a target.", check=between(1, 3600)
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
class SnmpSettings:
    """`[snmp]`: how agents are asked."""

    timeout_s: float = option(2.0, "Seconds to wait for an answer before asking again.", check=between(0.5, 60))
    retries: int = option(2, "How often an agent that did not answer is asked again.", check=between(0, 10))
    total_timeout_s: float = option(60.0, "Seconds one get or walk may take on a target.", check=between(1, 3600))
    walk_limit: int = option(
        10_000, "Values that a walk or a table reads from one target at most.", check=between(1, 1_000_000)
    )
    parallel: int = option(20, "Targets that are asked at the same time.", check=between(1, 200))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSettings:
    """`[changes]`: the limits within which approved commands run."""

    timeout_s: float = option(300.0, "Seconds a command may run on one target.", check=between(1, 86400))
    approval_expires_s: float = option(
        900.0, "Seconds for which a proposal may be approved and run.", check=between(10, 86400)
    )
    output_limit_kb: int = option(
        1024,
        "Kilobytes of output kept per target; the rest is counted and hashed.",
        check=between(1, 1_000_000),
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
    snmp: SnmpSettings = field(default_factory=SnmpSettings)
    changes: ChangeSettings = field(default_factory=ChangeSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    mail: MailSettings = field(default_factory=MailSettings)
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


NOT_SETTINGS = frozenset({
    "OPSTERM_HOME", "OPSTERM_CONFIG", "OPSTERM_LAB", "OPSTERM_VAULT_PASSPHRASE_FILE", "OPSTERM_REPORT",
})  # fmt: skip
"""Variables of ours that are not in the tree."""


def known_keys() -> Sequence[str]:
    """Return every dotted key of the tree, `monitoring.threshold` included, in order."""
    keys: list[str] = []
    for section in dataclasses.fields(Settings):
        if section.name == "keys":
            continue
        keys += [f"{section.name}.{f.name}" for f in dataclasses.fields(_section_class(section.name))]
    return keys


def _section_class(name: str) -> Any:
    return typing.get_type_hints(Settings)[name]


def load_settings(
    *, file_text: str = "", file_name: str = "config.toml", environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> Loaded:  # fmt: skip
    """Build the tree.

    Args:
        file_text: the TOML text, "" when there is no file.
        file_name: how messages name it.
        environment: only names that begin with OPSTERM_ are looked at.
        flags: dotted key -> text, from `--set key=value` and the flags that are short for it.

    Raises:
        BadSetting: unknown key or unusable value; names the place, and the nearest known key.
    """
    values: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    _read_file(file_text, file_name, values, sources)
    for name, text in sorted((environment or {}).items()):
        if name.startswith("OPSTERM_") and name not in NOT_SETTINGS:
            _put_text(_key_of_variable(name), text, name, values, sources)
    for key, text in (flags or {}).items():
        _put_text(key, text, "--set", values, sources)
    sections: dict[str, Any] = {}
    for section in dataclasses.fields(Settings):
        given = values.get(section.name, {})
        sections[section.name] = dict(given) if section.name == "keys" else _section_class(section.name)(**given)
    return Loaded(settings=Settings(**sections), sources=sources, file=file_name)


def _read_file(text: str, name: str, values: dict[str, dict[str, Any]], sources: dict[str, str]) -> None:
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(
            f"{name} is not valid TOML.",
            why=str(error),
            next_step=f"Mend {name}, or move it away to start with defaults.",
        ) from error
    section_names = [f.name for f in dataclasses.fields(Settings)]
    lines = key_lines(text)

    def where(*path: str | int) -> str:
        line = line_of(lines, path)
        return name if line is None else f"{name}:{line}"

    for section, content in tree.items():
        if section not in section_names:
            raise _unknown(section, section_names, where(section))
        if not isinstance(content, dict):
            raise BadSetting(
                f"{where(section)}: {section} is a section, not a value.",
                next_step=f"Write [{section}], and its settings below.",
            )
        for key, value in content.items():
            dotted = f"{section}.{key}"
            if section == "keys":
                if not isinstance(value, str):
                    raise BadSetting(f'{where(section, key)}: {dotted} must be a key, as in "f1", not {value!r}.')
                values.setdefault("keys", {})[key] = value
            elif dotted not in known_keys():
                raise _unknown(dotted, known_keys(), where(section, key))
            else:
                place = partial(where, section, key)
                values.setdefault(section, {})[key] = _typed(_hint(section, key), value, dotted, place)
            sources[dotted] = where(section, key)


def _unknown(key: str, known: Sequence[str], where: str) -> BadSetting:
    tails = {k.rpartition(".")[2]: k for k in known}
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5) or [
        tails[t] for t in difflib.get_close_matches(key.rpartition(".")[2], list(tails), n=1, cutoff=0.6)
    ]
    hint = f"The nearest known one is {near[0]}." if near else "`opsterm settings` lists all that there are."
    return BadSetting(f"{where}: there is no setting {key}.", next_step=hint)


def _key_of_variable(name: str) -> str:
    rest = name.removeprefix("OPSTERM_").lower()
    for key in known_keys():
        if key.replace(".", "_") == rest:
            return key
    raise _unknown(name, [f"OPSTERM_{k.replace('.', '_').upper()}" for k in known_keys()], "environment")


Place = Callable[..., str]
"""`place(*path)` names where a value stands: "config.toml:3"; the path leads on from there into tables."""


def _put_text(key: str, text: str, where: str, values: dict[str, dict[str, Any]], sources: dict[str, str]) -> None:
    section, _, name = key.partition(".")
    if section == "keys" and name:
        values.setdefault("keys", {})[name] = text
    elif key not in known_keys():
        raise _unknown(key, known_keys(), where)
    else:
        values.setdefault(section, {})[name] = _typed(_hint(section, name), text, key, lambda *_: where)
    sources[key] = where


def setting_value(key: str, text: str) -> bool | int | float | str:
    """Return the value that a text stands for, as a settings file would hold it.

    Raises:
        BadSetting: an unknown key, an unusable value, or a key that holds tables and is edited in the file.
    """
    values: dict[str, dict[str, Any]] = {}
    _put_text(key, text, key, values, {})
    section, _, name = key.partition(".")
    value: bool | int | float | str = values[section][name]
    return value


def _hint(section: str, key: str) -> tuple[Any, dataclasses.Field[Any]]:
    cls = _section_class(section)
    found = next(f for f in dataclasses.fields(cls) if f.name == key)
    return typing.get_type_hints(cls)[key], found


def _typed(hint: tuple[Any, dataclasses.Field[Any]], value: Any, key: str, place: Place) -> Any:
    """Turn a TOML value or a text into the field's type, and check it."""
    wanted, declared = hint
    if isinstance(wanted, types.UnionType):
        wanted = next(arg for arg in typing.get_args(wanted) if arg is not type(None))
    if typing.get_origin(wanted) is tuple:
        return _tables(typing.get_args(wanted)[0], value, key, place)
    converted = _convert(wanted, value, key)
    if converted is None:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[wanted]
        fault = f"{kind} of seconds, or a length of time as in 15m" if wanted is float and key.endswith("_s") else kind
    else:
        check = declared.metadata.get("check")
        fault = check(converted) if check else ""
    if fault:
        raise BadSetting(f"{place()}: {key} must be {fault}, not {value!r}.", next_step=str(declared.metadata["help"]))
    return converted


def _convert(wanted: type, value: Any, key: str) -> Any:
    """Return the value as `wanted`, or None when it is not one."""
    if wanted is bool:
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        return value if isinstance(value, bool) else words.get(str(value).lower())
    if isinstance(value, bool):
        return None
    if wanted is str:
        return value if isinstance(value, str) else None
    try:
        if wanted is int:
            return int(value) if not isinstance(value, float) else None
        if isinstance(value, str) and key.endswith("_s"):
            return parse_duration(value)
        number = float(value)
        return number if math.isfinite(number) else None
    except (TypeError, ValueError, OverflowError, BadInput):
        return None


def _tables(cls: Any, value: Any, key: str, place: Place) -> tuple[Any, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadSetting(f"{place()}: {key} must be tables, written [[{key}]] in config.toml.")
    hints, declared = typing.get_type_hints(cls), {f.name: f for f in dataclasses.fields(cls)}
    made = []
    for number, item in enumerate(value):
        given = {}
        for name, inner in item.items():
            if name not in declared:
                raise _unknown(f"{key}.{name}", [f"{key}.{n}" for n in declared], place(number, name))
            given[name] = _typed((hints[name], declared[name]), inner, f"{key}.{name}", partial(place, number, name))
        made.append(cls(**given))
    return tuple(made)


def describe_settings(loaded: Loaded) -> Sequence[tuple[str, str, str, str]]:
    """Return (key, value as TOML would write it, source or "default", help) for every setting."""
    rows = []
    for key in known_keys():
        section, _, name = key.partition(".")
        value = getattr(getattr(loaded.settings, section), name)
        declared = _hint(section, name)[1]
        text = f"{len(value)} tables" if isinstance(value, tuple) else _toml(value)
        rows.append((key, text, loaded.sources.get(key, "default"), str(declared.metadata["help"])))
    return rows


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
