"""What may be typed: the verbs, their arguments, and their help. Imports nothing heavy."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import NoReturn

from opsterm import __version__
from opsterm.cli.invocation import Invocation
from opsterm.core.errors import BadInput, ExitCode

EXIT_CODES = """\
exit codes: 0 done, 1 done but some targets failed, 2 bad input, 3 unreachable, 4 refused, 5 storage,
6 model unavailable, 70 a fault of opsterm, 124 time-out, 130 interrupted. Data goes to standard output,
talk to standard error; --json prints one object a line."""


class _Parser(argparse.ArgumentParser):
    """argparse that raises our error instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            choices = re.findall(r"[\w.-]+", wrong[2])
            near = difflib.get_close_matches(wrong[1], choices, n=1)
            raise BadInput(
                f"There is no {wrong[1]!r} here.",
                why=f"The nearest is {near[0]}." if near else f"There is: {', '.join(choices)}.",
                next_step=f"`{self.prog} --help` shows what may be given.",
            )
        raise BadInput(
            message[:1].upper() + message[1:] + ".", next_step=f"`{self.prog} --help` shows what may be given."
        )


def parse_arguments(argv: Sequence[str]) -> Invocation:
    """Understand a command line.

    Raises:
        BadInput: an unknown verb or option, or one that lacks its value.
    """
    try:
        found = vars(_parser().parse_args(_shielded(list(argv))))
    except SystemExit as leaving:  # --help and --version have printed what was asked for
        return Invocation(exit_code=leaving.code if isinstance(leaving.code, int) else ExitCode.BAD_INPUT)
    words = [str(found.pop(name)) for name in ("verb", "action") if found.get(name)]
    found.pop("action", None)
    found.pop("verb", None)
    flags = _flags(found.pop("set") or [])
    for name, key, text in _SHORT_FLAGS:
        if found.pop(name, None):
            flags[key] = text
    if found.get("theme"):
        flags["screen.theme"] = str(found["theme"])
    return Invocation(
        verb=" ".join(words),
        flags=flags,
        config=str(found.pop("config") or ""),
        json=bool(found.pop("json", False)),
        values=found,
    )


_SHORT_FLAGS = (
    ("ascii", "screen.ascii", "true"),
    ("no_mouse", "screen.mouse", "false"),
    ("slow", "screen.slow", "true"),
    ("read_only", "changes.read_only", "true"),
)


def _shielded(argv: list[str]) -> list[str]:
    """Put what follows a lone `--` into one argument: it is a command, and none of its words are ours."""
    if "--" not in argv:
        return argv
    at = argv.index("--")
    return [*argv[:at], "--command-words", *(f"\x00{word}" for word in argv[at + 1 :])]


def command_text(words: Sequence[str]) -> str:
    """Return the command behind `--`: one word is taken as it is, several are quoted like the shell had them."""
    import shlex  # noqa: PLC0415 (only two verbs need it)

    plain = [word.removeprefix("\x00") for word in words]
    return plain[0] if len(plain) == 1 else shlex.join(plain)


def _flags(given: Sequence[str]) -> dict[str, str]:
    flags = {}
    for item in given:
        key, found, value = item.partition("=")
        if not found:
            raise BadInput(f"--set {item} has no value.", next_step="Write it as in --set monitoring.interval_s=1")
        flags[key.strip()] = value
    return flags


def _parser() -> argparse.ArgumentParser:
    shared = _shared_options(default=None)
    # A sub-parser's default would overwrite what stood before the verb, so below a verb there is none.
    data = _Parser(add_help=False, parents=[_shared_options(default=argparse.SUPPRESS)])
    data.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser = _Parser(
        prog="opsterm",
        parents=[shared],
        description="The operator's cockpit on a jump host. Without a verb it opens the screen.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"opsterm {__version__}")
    parser.add_argument("--theme", help="colours of the screen")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII only")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    parser.add_argument("--slow", action="store_true", help="for serial lines: few colours, few repaints")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", parser_class=_Parser)
    for add in (_add_targets, _add_watching, _add_changes, _add_house):
        add(verbs, data)
    return parser


def _shared_options(*, default: str | None) -> argparse.ArgumentParser:
    shared = _Parser(add_help=False)
    shared.add_argument("--config", metavar="FILE", help="read settings from this file", default=default)
    shared.add_argument(
        "--set", metavar="KEY=VALUE", action="append", help="set one setting for this run", default=default
    )
    shared.add_argument(
        "--read-only", action="store_true", help="nothing can be proposed, approved or run", default=default
    )
    return shared


_Verbs = argparse._SubParsersAction  # noqa: SLF001 (argparse has no public name for it)


def _verb(verbs: _Verbs[_Parser], data: _Parser, name: str, text: str) -> _Parser:
    return verbs.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".", parents=[data])


_TARGET_FIELDS = {
    "address": "name or number on the network; left out: the target's name",
    "os": "operating system, as in 'debian 12'",
    "user": "account to log in as",
    "environment": "as in prod or lab",
    "site": "where it stands",
}

_SOME = "which targets, as in 'tag:web and not env:lab' or web-[01-12]"


def _add_targets(verbs: _Verbs[_Parser], data: _Parser) -> None:
    targets = verbs.add_parser("targets", help="what opsterm looks after: list, show, add, edit, remove, import, …")
    actions = targets.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    one = _verb(actions, data, "list", "list targets with their status")
    one.add_argument("selector", nargs="?", default="", help=f"{_SOME}; left out: all")
    one = _verb(actions, data, "show", "show one target")
    one.add_argument("name", help="its name in the inventory")
    for name, text in (("add", "add a target"), ("edit", "change a target; only what is given changes")):
        one = _verb(actions, data, name, text)
        one.add_argument("name", help="its name in the inventory")
        for option, meaning in _TARGET_FIELDS.items():
            one.add_argument(f"--{option}", help=meaning)
        one.add_argument("--protocol", choices=("ssh", "winrm", "snmp", "http"), help="how it is reached")
        one.add_argument("--port", type=int, help="where it listens; left out: the protocol's own")
        one.add_argument("--group", action="append", help="may be given several times")
        one.add_argument("--tag", action="append", help="may be given several times")
    one = _verb(actions, data, "remove", "take targets out of the inventory")
    one.add_argument("selector", help=_SOME)
    one.add_argument("--yes", action="store_true", help="needed when more than one target matches")
    for name in ("tag", "group"):
        one = _verb(actions, data, name, f"add a {name} to targets, or take it away with a leading -")
        one.add_argument("selector", help=_SOME)
        one.add_argument("labels", nargs="+", metavar=f"[+|-]{name.upper()}", help="one or several")
    one = _verb(actions, data, "import", "take targets in from a file")
    one.add_argument("source", choices=("ssh_config", "known_hosts", "ansible", "csv", "json"),
                     help="what the file is")  # fmt: skip
    one.add_argument("file", help="its path")
    one = _verb(actions, data, "export", "print targets in a format that import reads")
    one.add_argument("format", choices=("csv", "json", "ansible", "ssh_config"), help="what is printed")
    one.add_argument("selector", nargs="?", default="", help=f"{_SOME}; left out: all")
    one = _verb(actions, data, "check", "see which targets answer on their port; logs in nowhere")
    one.add_argument("selector", nargs="?", default="all", help=_SOME)
    one = _verb(actions, data, "trust", "accept a host key whose fingerprint you have compared")
    one.add_argument("name", help="its name in the inventory")
    one.add_argument("--fingerprint", required=True, help="as the refusal showed it: SHA256:…")


def _add_watching(verbs: _Verbs[_Parser], data: _Parser) -> None:
    one = _verb(verbs, data, "alerts", "list alerts, or acknowledge, silence or reopen one")
    one.add_argument("action_words", nargs="*", metavar="[ack|silence|reopen] [ID]", help="for example: ack a7")
    one.add_argument("--all", action="store_true", help="resolved ones as well")
    one.add_argument("--for", dest="for_", metavar="TIME", help="how long a silence lasts, as in 30m, 4h, 2d")
    one.add_argument("--note", default="", help="why")
    one = _verb(verbs, data, "metrics", "print the newest measurements in the Prometheus text format")
    one.add_argument("--target", default="", help="only of this target")
    one = _verb(verbs, data, "history", "print one series over a window")
    one.add_argument("metric", help="as in cpu.used_percent or fs.used_percent[/]")
    one.add_argument("--target", default="localhost", help="whose series")
    one.add_argument("--window", default="1h", help="how far back, as in 15m, 1h, 24h")
    one.add_argument("--points", type=int, default=60, help="at most this many")
    one = _verb(verbs, data, "ask", "ask in plain language; the chat without a screen")
    one.add_argument("words", nargs="+", help="the question, quoted or not")


def _add_changes(verbs: _Verbs[_Parser], data: _Parser) -> None:
    one = _verb(verbs, data, "propose", "propose a command for targets; it runs only when it is approved")
    one.add_argument("--on", required=True, metavar="SELECTOR", help=_SOME)
    one.add_argument("--shell", default="sh", choices=("sh", "bash"), help="which shell runs it")
    one.add_argument("--reason", default="", help="why; kept in the audit")
    one.add_argument("--timeout", default="", help="how long it may run on one target, as in 30s, 10m")
    one.add_argument("--command-words", nargs="+", help=argparse.SUPPRESS)
    one = _verb(verbs, data, "changes", "list changes, newest first")
    one.add_argument("--state", action="append", default=[], help="only in this state; may be given several times")
    one.add_argument("--limit", type=int, default=50, help="at most this many")
    for name, text in (
        ("change", "show one change with its outcomes"),
        ("approve", "approve a change as it is shown, and run it here"),
        ("deny", "say no to a change"),
        ("run", "run an approved change here"),
        ("stop", "stop a running change, wherever it runs"),
    ):
        one = _verb(verbs, data, name, text)
        one.add_argument("id", metavar="ID", help="as in c18")
        if name == "approve":
            one.add_argument(
                "--digest", default="", help="approve only if this is the digest; without it you are asked"
            )
            one.add_argument("--targets", type=int, help="how many targets; asked for when the risk is high")
            one.add_argument("--no-run", action="store_true", help="approve only; `opsterm run` runs it")
        if name == "deny":
            one.add_argument("--note", default="", help="why; kept in the audit")
    one = _verb(verbs, data, "output", "print what a change printed on one target")
    one.add_argument("id", metavar="ID", help="as in c18")
    one.add_argument("target", nargs="?", default="", help="only of this target")
    one.add_argument("--raw", action="store_true", help="the very bytes; refused on a terminal")
    one = _verb(verbs, data, "audit", "who did what, when, why, with which result")
    one.add_argument("id", nargs="?", default="", metavar="ID", help="only of this change or alert, as in c18 or a7")
    one.add_argument("--since", default="", help="how far back, as in 2h or 7d")
    one.add_argument("--limit", type=int, default=200, help="at most this many")


def _add_house(verbs: _Verbs[_Parser], data: _Parser) -> None:
    _verb(verbs, data, "doctor", "say how every part of opsterm is and what to do about it")
    _verb(verbs, data, "settings", "print every setting, its value and where it comes from")
    _verb(verbs, data, "keys", "print the keys of the screen")
    _verb(verbs, data, "where", "print the folders opsterm uses")
    _verb(verbs, data, "serve", "run the workers without a face until SIGTERM")
    vault = verbs.add_parser("vault", help="the credentials that opsterm keeps")
    actions = vault.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    _verb(actions, data, "status", "say which keyring is in use and whether it is locked")
    _verb(actions, data, "create", "make the vault; asks for a passphrase")
    _verb(actions, data, "list", "list what is kept, never the secrets")
    for name, text in (("set", "keep a secret; asks for it"), ("remove", "forget a secret")):
        one = _verb(actions, data, name, text)
        one.add_argument("service", help="as in opsterm:ssh")
        one.add_argument("account", help="as in op@web-01")
