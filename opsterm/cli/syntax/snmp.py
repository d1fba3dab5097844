"""Arguments of `opsterm snmp`."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number


def add_snmp(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs that ask SNMP agents."""
    snmp = verbs.add_parser("snmp", help="ask SNMP agents; only reads: get, walk, table, profile, traps, login")
    actions = snmp.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    ends = "Ends with 1 when some targets failed, with 3 when none could be reached."

    def verb(name: str, text: str, about: str) -> Parser:
        one = add_verb(actions, data, name, text, about=about, below="snmp")
        one.add_argument("selector", help=SOME)
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
    one = add_verb(
        actions, data, "traps", "list traps and informs that were received",
        about="Where they are received is the setting snmp.traps; a screen or `opsterm serve`\nreceives.", below="snmp",
    )  # fmt: skip
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one.add_argument("--since", default="24h", help="how far back, as in 15m, 24h, 7d")
    one.add_argument("--limit", type=number(1, 20_000), default=200, help="the newest so many")
    one.add_argument("--senders", action="store_true", help="who sent how much, strangers too, and what was not taken")
    one = add_verb(
        actions, data, "trust", "take the other engine that sends a target's traps for its own",
        about="The first engine that sends traps of version 3 with the right passphrase is\n"
        "kept. What another sends is not authenticated until this says yes.", below="snmp",
    )  # fmt: skip
    one.add_argument("target", metavar="TARGET", help="its name")
    one = verb(
        "login", "keep how agents let opsterm in; asks for the secrets",
        "A community of version 2c, or with --user a user of version 3. Without a\n"
        "terminal, standard input gives one line for each thing that would be asked: the\n"
        "passphrase of a locked vault, the community, or those of --auth and --priv.",
    )  # fmt: skip
    one.add_argument("--user", help="user of version 3")
    one.add_argument("--auth", choices=("SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "MD5"), help="with --user")
    one.add_argument(
        "--priv", choices=("AES", "AES-192", "AES-256", "AES-192-C", "AES-256-C", "DES"),
        help="with --auth; -C: longer keys as Cisco makes them",
    )  # fmt: skip
    one.add_argument("--traps", action="store_true", help="for what they send by themselves only, where that differs")
