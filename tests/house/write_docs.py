"""Makes the pages of docs/ that repeat what the code says: `python -m tests.house.write_docs`."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
import textwrap
import typing
from collections.abc import Callable, Mapping, Sequence

from opsterm.cli.json_keys import FINDING_KEYS, JSON_KEYS, OUTCOME_KEYS
from opsterm.cli.manual import EXAMPLES
from opsterm.cli.syntax.whole import build_parser
from opsterm.core.check_settings import HttpCheckSetting, PingCheckSetting, TcpCheckSetting
from opsterm.core.mail_settings import MailNotifySetting
from opsterm.core.settings import Settings, ThresholdSetting
from opsterm.core.settings_reading import NOT_SETTINGS, describe_settings, load_settings
from opsterm.core.snmp_settings import SnmpTrapAlertSetting
from opsterm.runtime.commands import COMMANDS, Command, key_text
from tests.house.approval_tables import approval_tables
from tests.house.source import CHECKOUT

COMMAND = "python -m tests.house.write_docs"
NOTE = f"<!-- Made by `{COMMAND}` from the code: do not edit. -->"

ABOUT_KEYS = """\
One letter has one meaning; its capital is the stronger form and asks first. Single letters count outside input lines.
The terminal gives every key to the remote; only `ctrl+]` leaves it. Any key can be changed in `config.toml`: below
`[keys]`, the command's name and the new key."""

ABOUT_COMMANDS = """\
`opsterm` alone opens the screen. `opsterm VERB` does one thing without a screen: data goes to standard output, talk to
standard error. With `--json` every verb prints one JSON object a line."""

ABOUT_JSON = f"""\
## JSON

One object a line, ASCII only. The keys named below each verb are in every object and keep their names and meanings.
Times are epoch seconds, `0` or `null` for never; a number that was not measured is `null`. `risk` is an object with
`level` and `reasons`; `outcomes` holds one object a target with {", ".join(f"`{key}`" for key in OUTCOME_KEYS)};
`compliance` holds one object a rule with {", ".join(f"`{key}`" for key in FINDING_KEYS)}.
Text of targets is as it came: clean it before you show it on a terminal."""

ABOUT_SETTINGS = """\
One file, `config.toml` in the folder that `opsterm where` prints. A flag wins over a variable, a variable over the
file, the file over the default. `opsterm settings` prints what is in force and where each value comes from; an unknown
key stops the start and names the nearest known one.

    opsterm --set monitoring.interval_s=1        for one run
    OPSTERM_MONITORING_INTERVAL_S=1 opsterm      for one environment

Seconds (`…_s`) may be written with a unit in flags and variables: `90s`, `15m`, `4h`, `2d`."""

A_THRESHOLD = """\
    [[monitoring.threshold]]
    metric = "fs.used_percent[/var*]"
    warn = 70
    crit = 85
    n = 3
    m = 5"""


SOME_CHECKS = """\
Each check has a name, and either a place or a selector of targets. What it finds are series of the target
(`check.up[NAME]`, `check.latency_ms[NAME]`, `check.certificate_days[NAME]` …; of this host for a place that is no
target's) and alerts. `opsterm check list` says how each stands, `opsterm check run NAME` makes one at once.

    [[checks.http]]
    name = "shop"
    url = "https://shop.example.org/health"
    interval_s = "30s"
    json_path = "$.status=up"

    [[checks.tcp]]
    name = "postgres"
    target = "group:db"
    port = 5432
"""

A_MAIL_NOTICE = """\
    [[mail.notify]]
    target = "env:prod"
    severity = "warning"
    to = "ops@example.com, duty@example.com\""""


A_TRAP_ALERT = """\
    [[snmp.trap_alert]]
    trap = "1.3.6.1.4.1.9.9.117.2.0.2"
    item = "1.3.6.1.4.1.9.9.117.1.1.2.1.2"
    severity = "critical"
    ends_after_s = 86400"""


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# ------------------------------------------------------------------------------------------------- keys

PLACES = {
    "everywhere": "Everywhere",
    "lists": "In every list",
    "inventory": "Inventory",
    "chart": "Chart",
    "alerts": "Alerts",
    "approvals": "Approvals",
    "approval": "Approval screen",
    "target": "Page of a target",
    "connection": "Connection test",
    "credentials": "Credentials",
    "services": "Services screen",
    "files": "Line of a file",
    "terminal": "Terminal",
}


def keys_page() -> str:
    """Return docs/keys.md."""
    parts = [
        "# Keys",
        NOTE,
        ABOUT_KEYS,
    ]
    unknown = {place for command in COMMANDS for place in command.pane.split(", ")} - set(PLACES)
    for place, title in [*PLACES.items(), *((word, word.capitalize()) for word in sorted(unknown))]:
        found = [command for command in COMMANDS if command.keys and place in command.pane.split(", ")]
        if found:
            parts += [f"## {title}", table(("key", "what it does", "command", "the same in a script"), _rows(found))]
    parts += [
        "## Without a key",
        "Found by name in the palette, `:` or `ctrl+p`.",
        table(
            ("title", "what it does", "command", "the same in a script"),
            [(c.title, c.text, f"`{c.id}`", _verb(c)) for c in COMMANDS if not c.keys],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _rows(commands: Sequence[Command]) -> list[tuple[str, ...]]:
    return [(" ".join(f"`{key_text(key)}`" for key in c.keys), c.text, f"`{c.id}`", _verb(c)) for c in commands]


def _verb(command: Command) -> str:
    return f"[`opsterm {command.verb}`](commands.md#{anchor(command.verb)})" if command.verb else command.no_verb


def anchor(verb: str) -> str:
    """Return the fragment of a verb's heading in docs/commands.md."""
    return f"opsterm-{verb.replace(' ', '-')}"


# --------------------------------------------------------------------------------------------- commands


def parser_verbs() -> Mapping[str, argparse.ArgumentParser]:
    """Return verb -> its parser, in the order of the help."""
    return dict(_verbs_below(build_parser(), ""))


def _verbs_below(parser: argparse.ArgumentParser, before: str) -> list[tuple[str, argparse.ArgumentParser]]:
    found: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                below = _verbs_below(child, f"{before}{name} ")
                found += below or [(f"{before}{name}", child)]
    return found


EVERYWHERE = frozenset({"help", "config", "set", "read_only", "json"})
"""Options of every verb; told once."""


def commands_page() -> str:
    """Return docs/commands.md."""
    parser = build_parser()
    parts = [
        "# Commands",
        NOTE,
        ABOUT_COMMANDS,
        _exit_codes(parser.epilog or ""),
        ABOUT_JSON,
        "## Options of the screen",
        _arguments([a for a in parser._actions if not isinstance(a, argparse._SubParsersAction)]),
        "## Options of every verb",
        _arguments([a for a in next(iter(parser_verbs().values()))._actions if a.dest in EVERYWHERE]),
    ]
    for verb, child in parser_verbs().items():
        own = [a for a in child._actions if a.dest not in EVERYWHERE and a.help != argparse.SUPPRESS]
        parts += [f"## opsterm {verb}", child.description or "", _usage(verb, child, own)]
        if own:
            parts.append(_arguments(own))
        parts += _manual(verb)
    return "\n\n".join(parts) + "\n"


def _manual(verb: str) -> list[str]:
    """Return what the help of a verb says besides its arguments."""
    parts = []
    if examples := EXAMPLES.get(verb):
        parts += ["For example:", "\n".join(f"    {example}" for example in examples)]
    if keys := JSON_KEYS.get(verb):
        parts.append("Keys of its JSON: " + ", ".join(f"`{key}`" for key in keys) + ".")
    return parts


def _exit_codes(text: str) -> str:
    codes = " ".join(text.split()).removeprefix("exit codes: ").partition(". ")[0]
    rows = [tuple(item.strip().split(" ", 1)) for item in codes.split(",")]
    return "## Exit codes\n\n" + table(("code", "meaning"), rows)


def _usage(verb: str, parser: argparse.ArgumentParser, own: Sequence[argparse.Action]) -> str:
    words = [f"opsterm {verb}"]
    for action in own:
        if action.option_strings:
            word = f"{action.option_strings[0]} {_value(action)}".strip()
            words.append(word if action.required else f"[{word}]")
        else:
            word = _value(action) + (" …" if action.nargs == "+" else "")
            words.append(word if action.nargs not in ("?", "*") else f"[{word}]")
    if any(action.dest == "command_words" for action in parser._actions):
        words.append("-- COMMAND …")
    return textwrap.fill(" ".join(words), 116, initial_indent="    ", subsequent_indent=" " * 8, break_on_hyphens=False)


def _value(action: argparse.Action) -> str:
    """Return how the value of an argument is written, "" for a switch."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "{" + ",".join(str(choice) for choice in action.choices) + "}"
    return action.dest.upper()


_NO_DEFAULT: Sequence[object] = (None, "", False, [], argparse.SUPPRESS)


def _arguments(actions: Sequence[argparse.Action]) -> str:
    rows = []
    for action in actions:
        names = ", ".join(f"`{f'{name} {_value(action)}'.strip()}`" for name in action.option_strings)
        default = (
            "" if action.default in (None, "", False, argparse.SUPPRESS) or action.default == [] else action.default
        )
        extra = (
            f" Default: `{default}`." if default else " Required." if action.required and action.option_strings else ""
        )
        text = (action.help or "")[:1].upper() + (action.help or "")[1:]
        rows.append((names or f"`{_value(action)}`", (f"{text}." if text else "") + extra))
    return table(("argument", "meaning"), rows)


# --------------------------------------------------------------------------------------------- settings


def settings_page() -> str:
    """Return docs/settings.md."""
    parts = [
        "# Settings",
        NOTE,
        ABOUT_SETTINGS,
    ]
    described = describe_settings(load_settings())
    for section in dataclasses.fields(Settings):
        if section.name == "keys":
            continue
        kind = typing.get_type_hints(Settings)[section.name]
        rows = [
            (f"`{key.partition('.')[2]}`", _type(kind, key.partition(".")[2]), f"`{value}`", text, f"`{variable(key)}`")
            for key, value, _, text in described
            if key.startswith(f"{section.name}.") and not value.endswith(" tables")
        ]
        about = inspect.cleandoc(kind.__doc__ or "").partition(": ")[2]
        parts += [f"## [{section.name}]", about[:1].upper() + about[1:]]
        parts.append(table(("key", "value", "default", "meaning", "variable"), rows))
        if section.name == "monitoring":
            parts += _thresholds()
        if section.name == "checks":
            parts += _checks()
        if section.name == "snmp":
            parts += _trap_alerts()
        if section.name == "mail":
            parts += _mail_notices()
        if section.name == "approvals":
            parts += approval_tables(_fields_table)
    keys = next(field for field in dataclasses.fields(Settings) if field.name == "keys")
    parts += [
        "## [keys]",
        f"{keys.metadata['help']} [keys.md](keys.md) lists the commands.",
        "## Variables that are no settings",
        table(("variable", "meaning"), [(f"`{name}`", VARIABLES[name]) for name in sorted(NOT_SETTINGS)]),
    ]
    return "\n\n".join(parts) + "\n"


VARIABLES = {
    "OPSTERM_HOME": "One folder for settings, data and state, instead of the XDG folders.",
    "OPSTERM_CONFIG": "Another settings file, as `--config`.",
    "OPSTERM_VAULT_PASSPHRASE_FILE": "A file with the vault's passphrase, for a service with nobody at the screen.",
    "OPSTERM_LAB": "Hosts that the tests marked `lab` may use: JSON, or the path of a file with it.",
    "OPSTERM_REPORT": "A file to which the benchmarks in tests/speed add their figures.",
}


def variable(key: str) -> str:
    """Return the environment variable of a setting."""
    return f"OPSTERM_{key.replace('.', '_').upper()}"


def _fields_table(kind: type) -> str:
    """Return the table of a setting that is tables itself."""
    rows = [
        (f"`{field.name}`", _type(kind, field.name), f"`{field.default}`" if field.default not in
         ("", None, dataclasses.MISSING) else "", str(field.metadata["help"]))
        for field in dataclasses.fields(kind)
    ]  # fmt: skip
    return table(("key", "value", "default", "meaning"), rows)


def _thresholds() -> list[str]:
    return [
        "### [[monitoring.threshold]]",
        "Your own thresholds, tried before those that ship. One without a level switches the shipped one off.",
        A_THRESHOLD,
        _fields_table(ThresholdSetting),
    ]


def _checks() -> list[str]:
    kinds = {"http": HttpCheckSetting, "tcp": TcpCheckSetting, "ping": PingCheckSetting}
    parts = [SOME_CHECKS]
    for name, kind in kinds.items():
        about = inspect.cleandoc(kind.__doc__ or "").partition("table: ")[2]
        parts += [f"### [[checks.{name}]]", about[:1].upper() + about[1:], _fields_table(kind)]
    return parts


def _mail_notices() -> list[str]:
    return [
        "### [[mail.notify]]",
        "Which alerts are told by mail, and to whom: when one fires, becomes critical and ends, once each.",
        A_MAIL_NOTICE,
        _fields_table(MailNotifySetting),
    ]


ABOUT_TRAP_ALERTS = """\
Which traps are alerts, and what ends them, beside the rules that ship: linkDown until linkUp, coldStart and warmStart
for an hour, authenticationFailure for 15 minutes, upsTrapOnBattery (critical) for 5 minutes. The first rule that fits
counts, your own before those. How bad a link is that went down is said by a `[[monitoring.threshold]]` for
`net.link_down`."""


def _trap_alerts() -> list[str]:
    return ["### [[snmp.trap_alert]]", ABOUT_TRAP_ALERTS, A_TRAP_ALERT, _fields_table(SnmpTrapAlertSetting)]


def _type(kind: type, name: str) -> str:
    """Return what a value looks like: its type, and its limits where it has some."""
    declared = next(field for field in dataclasses.fields(kind) if field.name == name)
    check = declared.metadata.get("check")
    hint = typing.get_type_hints(kind)[name]
    words = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    plain = next((t for t in (hint, *typing.get_args(hint)) if t in words), str)
    if check is None:
        return words[plain]
    limits = str(check("\0" if plain is str else -1e18))
    return limits if plain is str else f"{words[plain]}, {limits}"


# ------------------------------------------------------------------------------------------------ write

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/keys.md": keys_page, "docs/commands.md": commands_page, "docs/settings.md": settings_page,
}  # fmt: skip


def main() -> int:
    """Write every page; name those that changed."""
    for name, page in PAGES.items():
        file, text = CHECKOUT / name, page()
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
