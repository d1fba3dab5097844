"""The verbs, their arguments and their help, as one parser. Imports nothing heavy."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from opsterm import __version__
from opsterm.cli.manual import epilog
from opsterm.cli.output import write_safely
from opsterm.core.errors import BadInput

EXIT_CODES = """\
exit codes: 0 done, 1 done but some targets failed, 2 bad input, 3 unreachable,
4 refused, 5 storage, 6 model unavailable, 70 a fault of opsterm, 124 time-out,
130 interrupted. Data goes to standard output, talk to standard error; --json
prints one object a line. `opsterm VERB --help` has examples."""


class Parser(argparse.ArgumentParser):
    """argparse that raises our error instead of leaving the process, and takes no shortened options."""

    def __init__(self, *args: object, **given: object) -> None:
        given.setdefault("allow_abbrev", False)
        given.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **given)  # type: ignore[arg-type]  # passed on as it came

    def print_help(self, file: object = None) -> None:
        """Print the help on standard output, also where its encoding lacks a character."""
        del file
        write_safely(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print. Raises BadInput."""
        help_is = f"`{self.prog} --help` shows what may be given."
        wrong = re.search(r"invalid choice: (['\"])(.*?)\1 \(choose from (.*)\)", message, re.DOTALL)
        if wrong:
            choices = re.findall(r"[\w.-]+", wrong[3])
            near = difflib.get_close_matches(wrong[2], choices, n=1)
            raise BadInput(
                f"There is no {wrong[2][:100]!r} here.",
                why=f"The nearest is {near[0]}." if near else f"There is: {', '.join(choices)}.",
                next_step=help_is,
            )
        said = re.sub(r"^argument (\S+): ", r"\1 ", message).replace("expected one argument", "needs a value")
        raise BadInput(f"{said[:1].upper()}{said[1:300]}.", next_step=help_is)

    def options(self) -> Sequence[str]:
        """Return the long options that it takes."""
        return [name for name in self._option_string_actions if name.startswith("--")]  # no public way to ask


Verbs = argparse._SubParsersAction  # noqa: SLF001 (argparse has no public name for it)


def number(low: int, high: int) -> Callable[[str], int]:
    """Return what reads a whole number within limits."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            msg = f"must be a whole number from {low:,} to {high:,}, not {text[:40]!r}"
            raise argparse.ArgumentTypeError(msg)
        return value

    return read


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    shared = _shared_options(default=None)
    # A sub-parser's default would overwrite what stood before the verb, so below a verb there is none.
    data = Parser(add_help=False, parents=[_shared_options(default=argparse.SUPPRESS)])
    data.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser = Parser(
        prog="opsterm",
        parents=[shared],
        description="The operator's cockpit on a jump host. Without a verb it opens the screen.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"opsterm {__version__}")
    parser.add_argument("--theme", help="colours of the screen")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII only")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    parser.add_argument("--slow", action="store_true", help="for serial lines: few colours, few repaints")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", parser_class=Parser)
    for add in (_add_targets, _add_snmp, _add_watching, _add_checks, _add_changes, _add_house):
        add(verbs, data)
    return parser


def _shared_options(*, default: str | None) -> Parser:
    shared = Parser(add_help=False)
    shared.add_argument("--config", metavar="FILE", help="read settings from this file", default=default)
    shared.add_argument(
        "--set", metavar="KEY=VALUE", action="append", help="set one setting for this run", default=default
    )
    shared.add_argument(
        "--read-only", action="store_true", help="nothing can be proposed, approved or run", default=default
    )
    return shared


def _verb(verbs: Verbs[Parser], data: Parser, name: str, text: str, *, about: str = "", below: str = "") -> Parser:
    """Add a verb.

    Args:
        verbs: where to.
        data: options that every verb has.
        name: its last word.
        text: what it does, for the list of verbs.
        about: further sentences for its own help.
        below: the word before it, as in "targets".
    """
    description = text[:1].upper() + text[1:] + "." + (f"\n{about}" if about else "")
    return verbs.add_parser(
        name, help=text, description=description, parents=[data], epilog=epilog(f"{below} {name}".strip())
    )


_TARGET_FIELDS = {
    "address": "name or number on the network; '' for the target's name",
    "os": "operating system, as in 'debian 12'",
    "user": "account to log in as",
    "environment": "as in prod or lab",
    "site": "where it stands",
}

_SOME = "which targets, as in 'tag:web and not env:lab' or web-[01-12]"


def _add_targets(verbs: Verbs[Parser], data: Parser) -> None:
    targets = verbs.add_parser("targets", help="what opsterm looks after: list, show, add, edit, remove, import, …")
    actions = targets.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return _verb(actions, data, name, text, about=about, below="targets")

    one = verb(
        "list", "list targets with their status",
        "On a terminal, targets that look alike are one line: web-[01-12]. With --all,\n"
        "in a file or a pipe, and with --json each has its own.",
    )  # fmt: skip
    one.add_argument("selector", nargs="?", default="", help=f"{_SOME}; left out: all")
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
    one.add_argument("selector", help=_SOME)
    one.add_argument("--yes", action="store_true", help="needed when more than one target matches")
    for name in ("tag", "group"):
        one = verb(name, f"add a {name} to targets, or take it away with a leading -")
        one.add_argument("selector", help=_SOME)
        one.add_argument("labels", nargs="+", metavar=f"[+|-]{name.upper()}", help="one or several")
    one = verb(
        "import", "take targets in from a file",
        "Lines that cannot be used are named on standard error; then it ends with 1, and\n"
        "with 2 when there was nothing that could be used. `auto` looks at the file.",
    )  # fmt: skip
    one.add_argument("source", choices=("auto", "ssh_config", "known_hosts", "ansible", "csv", "json"),
                     help="what the file is")  # fmt: skip
    one.add_argument("file", help="its path, or - for standard input")
    _add_target_looks(verb)


def _add_target_looks(verb: Callable[..., Parser]) -> None:
    one = verb("export", "print targets in a format that import reads")
    one.add_argument("format", choices=("csv", "json", "ansible", "ssh_config"), help="what is printed")
    one.add_argument("selector", nargs="?", default="", help=f"{_SOME}; left out: all")
    one = verb("check", "see which targets answer; logs in nowhere but to SNMP agents")
    one.add_argument("selector", nargs="?", default="all", help=_SOME)
    one = verb(
        "profile", "log in, look and say what a target is",
        "System, account, machine: read by a fixed script that changes nothing.",
    )  # fmt: skip
    one.add_argument("name", help="its name in the inventory")
    one = verb("trust", "accept a host key whose fingerprint you have compared")
    one.add_argument("name", help="its name in the inventory")
    one.add_argument("--fingerprint", required=True, help="as the refusal showed it: SHA256:…")


def _add_snmp(verbs: Verbs[Parser], data: Parser) -> None:
    snmp = verbs.add_parser("snmp", help="ask SNMP agents; only reads: get, walk, table, profile, login")
    actions = snmp.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    ends = "Ends with 1 when some targets failed, with 3 when none could be reached."

    def verb(name: str, text: str, about: str) -> Parser:
        one = _verb(actions, data, name, text, about=about, below="snmp")
        one.add_argument("selector", help=_SOME)
        return one

    an_object = "a number or a name, as in 1.3.6.1.2.1.1.5.0, sysName or IF-MIB::ifName.2"
    verb("get", "get the values of some objects", ends).add_argument(
        "objects", nargs="+", metavar="OBJECT", help=an_object
    )
    walk = verb("walk", "read everything below some objects", ends)
    walk.add_argument("objects", nargs="+", metavar="OBJECT", help=an_object)
    table = verb("table", "read a table, a row a line", ends)
    table.add_argument("object", help="as in ifTable, hrStorageTable or the number of any table")
    for one in (walk, table):
        one.add_argument(
            "--limit", type=number(1, 1_000_000), help="values of one target at most; else snmp.walk_limit"
        )
    verb("profile", "say what a target is: vendor, system, model, uptime", ends)
    one = verb(
        "login", "keep how agents let opsterm in; asks for the secrets",
        "A community of version 2c, or with --user a user of version 3. Without a\n"
        "terminal, standard input gives one line for each thing that would be asked: the\n"
        "passphrase of a locked vault, the community, or those of --auth and --priv.",
    )  # fmt: skip
    one.add_argument("--user", help="user of version 3")
    one.add_argument("--auth", choices=("SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "MD5"), help="with --user")
    one.add_argument("--priv", choices=("AES", "AES-192", "AES-256", "DES"), help="with --auth")


def _add_watching(verbs: Verbs[Parser], data: Parser) -> None:
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
    one.add_argument("--points", type=number(1, 10_000), default=60, help="at most this many")
    one = _verb(verbs, data, "ask", "ask in plain language; the chat without a screen",
                about="Ends with 2 when the sentence was not understood.")  # fmt: skip
    one.add_argument("words", nargs="+", help="the question, quoted or not")


_ABOUT_APPROVE = """\
On a terminal a high risk asks for the number of targets. Without one nobody is
asked: naming the change approves it, so let a script name the --digest that was
read, or the number of --targets. If nobody reads the output any more, the
change runs on. Ends with 1 when the command failed somewhere, 3 when no target
was reached, 124 when it ran too long everywhere, 130 when it was stopped."""


_ABOUT_COMMAND = """\
One word behind -- is the text for the shell, as it is; several are quoted, so
that each arrives as it was typed; - takes the text from standard input."""

_ABOUT_QUERY = """\
A command that is known to only read runs at once; any other becomes a proposal,
is not run, and ends with 4. Targets with the same output and exit status are
one group; of those that differ from the most, the lines that differ are shown.
Ends as approve does."""


def _add_changes(verbs: Verbs[Parser], data: Parser) -> None:
    for name, text, about in (
        ("query", "look at targets with a command that only reads", f"{_ABOUT_QUERY}\n\n{_ABOUT_COMMAND}"),
        ("propose", "propose a command for targets; it runs only when it is approved", _ABOUT_COMMAND),
    ):
        one = _verb(verbs, data, name, text, about=about)
        one.add_argument("--on", required=True, metavar="SELECTOR", help=_SOME)
        one.add_argument("--shell", default="sh", choices=("sh", "bash"), help="which shell runs it")
        one.add_argument("--reason", default="", help="why; kept in the audit")
        one.add_argument("--timeout", default="", help="how long it may run on one target, as in 30s, 10m")
        if name == "query":
            one.add_argument("--each", action="store_true", help="each target by itself, line by line as it comes")
        one.add_argument("--command-words", nargs="*", help=argparse.SUPPRESS)
    one = _verb(verbs, data, "changes", "list changes, newest first")
    one.add_argument("--state", action="append", default=[], help="only in this state; may be given several times")
    one.add_argument("--limit", type=number(1, 100_000), default=50, help="at most this many")
    for name, text, about in (
        ("change", "show one change with its outcomes", ""),
        ("approve", "approve a change as it is shown, and run it here", _ABOUT_APPROVE),
        ("deny", "say no to a change", ""),
        ("run", "run an approved change here", "Ends as approve does."),
        ("stop", "stop a running change, wherever it runs", ""),
    ):
        one = _verb(verbs, data, name, text, about=about)
        one.add_argument("id", metavar="ID", help="as in c18")
        if name == "approve":
            one.add_argument("--digest", default="", help="approve only if this is the digest")
            one.add_argument("--targets", type=number(1, 1_000_000), help="approve only if it is for this many")
            one.add_argument("--no-run", action="store_true", help="approve only; `opsterm run` runs it")
        if name == "deny":
            one.add_argument("--note", default="", help="why; kept in the audit")
    one = _verb(verbs, data, "output", "print what a change printed on one target")
    one.add_argument("id", metavar="ID", help="as in c18")
    one.add_argument("target", nargs="?", default="", help="only of this target")
    one.add_argument("--raw", action="store_true", help="the very bytes; refused on a terminal")
    one = _verb(verbs, data, "audit", "who did what, when, why, with which result")
    one.add_argument("id", nargs="?", default="", metavar="ID", help="only of this change, alert or mail: c18, a7, m7")
    one.add_argument("--since", default="", help="how far back, as in 2h or 7d")
    one.add_argument("--limit", type=number(1, 100_000), default=200, help="at most this many")


def _add_checks(verbs: Verbs[Parser], data: Parser) -> None:
    check = verbs.add_parser("check", help="see whether web servers, TCP ports and hosts answer: http, tcp, ping")
    actions = check.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, what: str, seconds: str, about: str) -> Parser:
        one = _verb(actions, data, name, text, about=about, below="check")
        one.add_argument("what", nargs="+", metavar="WHAT", help=what)
        one.add_argument("--timeout", default=seconds, help=f"how long each may take; {seconds} if left out")
        return one

    one = verb(
        "http", "ask web servers, and look at status, times, body and certificate", f"URLs; or {_SOME}", "10s",
        "Ends with 1 when some are critical. A certificate warns 21 days before its end\n"
        "and is critical 7 days before. Proxies are not used. A secret is looked up under\n"
        "opsterm:http for USER@NAME, or NAME without --user; NAME is target or URL.",
    )  # fmt: skip
    one.add_argument("--method", choices=("GET", "HEAD"), default="GET", help="a check changes nothing")
    one.add_argument("--path", default="/", help="what is asked of targets")
    one.add_argument("--status", default="", help="those that are good, as in 200,204; left out: 200 to 399")
    one.add_argument("--contains", default="", metavar="TEXT", help="what the body must hold")
    one.add_argument("--matches", default="", metavar="REGEX", help="what must be found in the body")
    one.add_argument("--json-path", default="", metavar="PATH[=VALUE]", help="what must be in the JSON, as in $.a[0].b")
    one.add_argument("--redirects", type=number(0, 20), default=5, help="how many are followed")
    one.add_argument("--auth", choices=("basic", "bearer", "digest"), help="basic and bearer over https only")
    one.add_argument("--user", default="", help="user name for basic and digest")
    one.add_argument("--ca-file", default="", metavar="FILE", help="authorities to trust instead of this machine's")
    one = verb("tcp", "see whether TCP ports take a connection", f"as in web-01:443; or {_SOME}", "5s",
               "Nothing is sent.")  # fmt: skip
    one.add_argument("--port", type=number(1, 65535), help="of the targets; left out: their own")
    one.add_argument("--banner", action="store_true", help="wait up to 3 s for what the server says first")
    one = verb("ping", "send echo requests (ICMP) and count the answers", f"a host; or {_SOME}", "1s",
               "Needs net.ipv4.ping_group_range to let this account in, or root.")  # fmt: skip
    one.add_argument("--count", type=number(1, 100), default=4, help="how many to each")


def _add_house(verbs: Verbs[Parser], data: Parser) -> None:
    _verb(verbs, data, "doctor", "say how every part of opsterm is and what to do about it",
          about="Ends with 1 when a part is bad.")  # fmt: skip
    one = _verb(verbs, data, "settings", "print every setting, its value and where it comes from, or change one")
    one.add_argument("action_words", nargs="*", metavar="[set KEY VALUE | reset KEY]",
                     help="change the settings file; it counts from the next start")  # fmt: skip
    _verb(verbs, data, "keys", "print the keys of the screen")
    _verb(verbs, data, "where", "print the folders opsterm uses")
    _verb(verbs, data, "serve", "run the workers without a face until SIGTERM")
    _add_mail(verbs, data)
    vault = verbs.add_parser("vault", help="the credentials that opsterm keeps")
    actions = vault.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return _verb(actions, data, name, text, about=about, below="vault")

    verb("status", "say which keyring is in use and whether it is locked")
    verb("create", "make the vault; asks for a passphrase",
         "Without a terminal, it is the first line of standard input.")  # fmt: skip
    verb("list", "list what is kept, never the secrets")
    for name, text in (("set", "keep a secret; asks for it"), ("remove", "forget a secret")):
        one = verb(
            name, text,
            "Without a terminal, standard input gives one line for each thing that would be\n"
            "asked: the passphrase of a locked vault first.",
        )  # fmt: skip
        one.add_argument("service", help="as in opsterm:ssh")
        one.add_argument("account", help="as in op@web-01")


def _add_mail(verbs: Verbs[Parser], data: Parser) -> None:
    mail = verbs.add_parser("mail", help="mail to a server, and the queue of what waits: test, queue, retry, drop")
    actions = mail.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return _verb(actions, data, name, text, about=about, below="mail")

    one = verb(
        "test", "send a test message and say which step failed and how to mend it",
        "The steps are name, connect, TLS, log-in, sender, recipient and message. Ends\n"
        "with 1 when some recipients were refused, with 3 when nobody got it.",
    )  # fmt: skip
    one.add_argument("--to", default="", metavar="ADDRESS", help="whom to write to; left out: mail.to")
    one = verb("queue", "list mails that wait or were not delivered, and why")
    one.add_argument("--all", action="store_true", help="those that were sent or dropped as well")
    one = verb("retry", "try mails again at once for everybody who did not get them")
    one.add_argument("ids", nargs="*", metavar="ID", help="as in m7; left out: the whole queue")
    one = verb("drop", "try mails no more")
    one.add_argument("ids", nargs="+", metavar="ID", help="as in m7")
