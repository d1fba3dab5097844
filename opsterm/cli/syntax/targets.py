"""Arguments of `opsterm targets`."""

from __future__ import annotations

from collections.abc import Callable

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb

_TARGET_FIELDS = {
    "address": "name or number on the network; '' for the target's name",
    "os": "operating system, as in 'debian 12'",
    "user": "account to log in as",
    "environment": "as in prod or lab",
    "site": "where it stands",
}


def add_targets(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs of the inventory."""
    targets = verbs.add_parser("targets", help="what opsterm looks after: list, show, add, edit, remove, import, …")
    actions = targets.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="targets")

    one = verb(
        "list", "list targets with their status",
        "On a terminal, targets that look alike are one line: web-[01-12]. With --all,\n"
        "in a file or a pipe, and with --json each has its own.",
    )  # fmt: skip
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one.add_argument("--all", action="store_true", help="one line for each target, also on a terminal")
    one.add_argument("--fold", action="store_true", help="fold what looks alike, also in a file or a pipe")
    one = verb("show", "show one target")
    one.add_argument("name", help="its name in the inventory")
    for name, text in (("add", "add a target"), ("edit", "change a target; only what is given changes")):
        one = verb(name, text)
        one.add_argument("name", help="its name in the inventory")
        for option, meaning in _TARGET_FIELDS.items():
            one.add_argument(f"--{option}", help=meaning)
        one.add_argument("--protocol", choices=("ssh", "winrm", "snmp", "http"), help="how it is reached")
        one.add_argument("--port", help="where it listens; '' for the protocol's own")
        one.add_argument("--group", action="append", help="may be given several times; '' for none")
        one.add_argument("--tag", action="append", help="may be given several times; '' for none")
    one = verb("remove", "take targets out of the inventory")
    one.add_argument("selector", help=SOME)
    one.add_argument("--yes", action="store_true", help="needed when more than one target matches")
    for name in ("tag", "group"):
        one = verb(name, f"add a {name} to targets, or take it away with a leading -")
        one.add_argument("selector", help=SOME)
        one.add_argument("labels", nargs="+", metavar=f"[+|-]{name.upper()}", help="one or several")
    one = verb(
        "import", "take targets in from a file",
        "Lines that cannot be used are named on standard error; then it ends with 1, and\n"
        "with 2 when there was nothing that could be used. `auto` looks at the file.",
    )  # fmt: skip
    one.add_argument("source", choices=("auto", "ssh_config", "known_hosts", "ansible", "csv", "json"),
                     nargs="?", default="auto", help="what the file is; left out: auto")  # fmt: skip
    one.add_argument("file", help="its path, or - for standard input")
    _add_target_looks(verb)


def _add_target_looks(verb: Callable[..., Parser]) -> None:
    one = verb("export", "print targets in a format that import reads")
    one.add_argument("format", choices=("csv", "json", "ansible", "ssh_config"), help="what is printed")
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one = verb("check", "see which targets answer; logs in nowhere but to SNMP agents")
    one.add_argument("selector", nargs="?", default="all", help=SOME)
    one = verb(
        "test", "connect phase by phase, and say which one fails and why",
        "Name, TCP, greeting, host key, log-in, a first command that only reads; and what\n"
        "corresponds for SNMP agents and web servers. Every jump host is tested in turn.\n"
        "Nothing is kept but whether a target of the inventory was reached.",
    )  # fmt: skip
    one.add_argument("target", metavar="NAME|ADDRESS", help="of the inventory, or any host")
    one.add_argument("--protocol", choices=("ssh", "winrm", "snmp", "http"), help="instead of the target's own")
    one.add_argument("--port", help="instead of the target's own")
    one.add_argument("--user", help="instead of the target's own")
    one = verb(
        "profile", "say what a target is, as it is kept; look when nothing is",
        "System, account, services, ports, packages, clock, certificates: read by a fixed\n"
        "script that changes nothing, and kept. Targets that monitoring.remote chooses\n"
        "are looked at again by themselves, once a day and after a restart.",
    )  # fmt: skip
    one.add_argument("name", help="its name in the inventory")
    one.add_argument("--refresh", action="store_true", help="log in and look now")
    one.add_argument("--diff", action="store_true", help="what was different at the last change, or at this look")
    one.add_argument("--all", action="store_true", help="list every service, account and update as well")
    one = verb("trust", "accept a host key whose fingerprint you have compared")
    one.add_argument("name", metavar="NAME|ADDRESS", help="of the inventory, or a host as in 192.0.2.7:2222")
    one.add_argument("--fingerprint", required=True, help="as the refusal showed it: SHA256:…")
