"""Arguments of `opsterm services`."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb

IDS = "services, as in nginx@web-01, or targets whose undecided services are meant"


def add_services(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs of the registry of services."""
    services = verbs.add_parser("services", help="the registry of services: list, show, discover, accept, check, …")
    actions = services.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="services")

    one = verb("list", "list services; ignored ones only when asked for")
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one.add_argument("--capability", default="", help="what they offer, as in http, tls, ssh, sql, sql:postgres")
    one.add_argument("--state", action="append", choices=("found", "accepted", "ignored", "gone"),
                     help="may be given several times")  # fmt: skip
    one = verb("show", "show one service, what it needs and what needs it")
    one.add_argument("id", help="as in nginx@web-01")
    one = verb(
        "discover", "look at targets and propose the services found there",
        "Nothing is accepted or taken out by itself: what is new waits to be accepted or\n"
        "ignored, what is missed is marked as gone. Ends with 1 when some targets could\n"
        "not be looked at, with 3 when none could.",
    )  # fmt: skip
    one.add_argument("selector", help=SOME)
    one.add_argument("--kept", action="store_true", help="go by the kept profiles; send nothing")
    for name, text in (
        ("accept", "accept services: they are checked when all are, and expected to stay"),
        ("ignore", "ignore services: they are not listed or proposed again"),
    ):
        verb(name, text).add_argument("which", nargs="+", metavar="SERVICE|SELECTOR", help=IDS)
    one = verb("remove", "take services out of the registry, with their dependencies")
    one.add_argument("which", nargs="+", metavar="SERVICE", help="as in nginx@web-01")
    one = verb(
        "check", "see whether services work, each in the way of its record",
        "Over the network from this machine where a port can be reached, else by what\n"
        "the target's service manager says. Ends with 1 when one has failed.",
    )  # fmt: skip
    one.add_argument("which", nargs="*", metavar="SERVICE|SELECTOR", help="left out: every accepted service")
    one = verb(
        "depends", "declare that one service needs another, or withdraw that",
        "Connections between known services are observed by themselves.",
    )  # fmt: skip
    one.add_argument("service", help="the one that needs, as in nginx@web-01")
    one.add_argument("--on", required=True, help="the one that is needed, as in postgresql@db-01")
    one.add_argument("--withdraw", action="store_true", help="take the dependency away")
