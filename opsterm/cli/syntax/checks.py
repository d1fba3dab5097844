"""Arguments of `opsterm check`."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number


def add_checks(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the checks from outside."""
    check = verbs.add_parser(
        "check", help="see whether web servers, TCP ports and hosts answer: http, tcp, ping, list, run"
    )
    actions = check.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, what: str, seconds: str, about: str) -> Parser:
        one = add_verb(actions, data, name, text, about=about, below="check")
        one.add_argument("what", nargs="+", metavar="WHAT", help=what)
        one.add_argument("--timeout", default=seconds, help=f"how long each may take; {seconds} if left out")
        return one

    one = verb(
        "http", "ask web servers, and look at status, times, body and certificate", f"URLs; or {SOME}", "10s",
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
    one.add_argument("--auth", choices=("basic", "bearer", "digest", "header"), help="all but digest over https only")
    one.add_argument(
        "--header-name", default="X-API-Key", metavar="NAME", help="that --auth header sends the secret in"
    )
    one.add_argument("--client-certificate", default="", metavar="FILE", help="PEM with certificate and key to show")
    one.add_argument("--user", default="", help="user name for basic and digest")
    one.add_argument("--ca-file", default="", metavar="FILE", help="authorities to trust instead of this machine's")
    one = verb("tcp", "see whether TCP ports take a connection", f"as in web-01:443; or {SOME}", "5s",
               "Nothing is sent.")  # fmt: skip
    one.add_argument("--port", type=number(1, 65535), help="of the targets; left out: their own")
    one.add_argument("--banner", action="store_true", help="wait up to 3 s for what the server says first")
    one = verb("ping", "send echo requests (ICMP) and count the answers", f"a host; or {SOME}", "1s",
               "Needs net.ipv4.ping_group_range to let this account in, or root.")  # fmt: skip
    one.add_argument("--count", type=number(1, 100), default=4, help="how many to each")
    one = add_verb(
        actions, data, "list", "list the checks of the settings and how each stands", below="check",
        about="They are tables of config.toml, as [[checks.http]], and are made at an interval\n"
        "by the process that runs the workers: `opsterm` or `opsterm serve`.",
    )  # fmt: skip
    one.add_argument("names", nargs="*", metavar="NAME", help="of checks; left out: all")
    one = add_verb(
        actions, data, "run", "make checks of the settings now and show each step", below="check",
        about="Ends with 1 when some fail. The result is shown, not kept.",
    )  # fmt: skip
    one.add_argument("names", nargs="*", metavar="NAME", help="of checks; left out: all")
