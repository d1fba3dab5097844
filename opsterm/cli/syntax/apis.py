"""Arguments of `opsterm apis`."""

from __future__ import annotations

from collections.abc import Callable

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb


def add_apis(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs that learn HTTP APIs and call them."""
    apis = verbs.add_parser("apis", help="HTTP APIs from their OpenAPI descriptions: add, show, call, …")
    actions = apis.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="apis")

    one = verb(
        "add", "learn an API from its OpenAPI description, 3.0 or 3.1, JSON or YAML",
        "Says what it found and where requests would go, and asks; without a terminal\n"
        "--yes says yes. The server becomes a target of that name, with the tag api.",
    )  # fmt: skip
    one.add_argument("source", help="its URL, or a file")
    one.add_argument("--name", default="", help="how it shall be called; left out: from its title")
    one.add_argument("--server", default="", metavar="URL", help="where its requests shall go")
    one.add_argument("--yes", action="store_true", help="do not ask")
    verb("list", "list the APIs that are known")
    one = verb("show", "list the operations of an API, or say what one of them takes")
    one.add_argument("name", help="of the API")
    one.add_argument("operation", nargs="?", default="", help="left out: all")
    one = verb(
        "call", "call an operation: at once when it only reads, else as a proposal",
        "Names, types, choices and ranges are checked before anything is sent. GET and\n"
        "HEAD whose words say that they read run at once; anything else waits for an\n"
        "approval and ends with 4. A list is a,b,c or a name given several times. NAME\n"
        "may be a field of a JSON body or a form; a file is NAME=@PATH, kept as it is now\n"
        "and bound by its sha256. Ends with 1 when the server answered anything but 200\n"
        "to 299.",
    )  # fmt: skip
    one.add_argument("name", help="of the API")
    one.add_argument("operation", help="as `opsterm apis show` has it")
    one.add_argument("words", nargs="*", metavar="NAME=VALUE", help="values, as in limit=3 or header:id=7")
    one.add_argument("--body", metavar="TEXT", help="the body; - reads standard input")
    one.add_argument("--reason", default="", help="why; kept in the audit")
    one.add_argument("--timeout", default="", help="how long it may take, as in 30s")
    one.add_argument("--dry-run", action="store_true", help="print the request, send and propose nothing")
    _add_changed(verb)
    _add_login(verb)
    one = verb("remove", "forget an API and its target")
    one.add_argument("name", help="of the API")


def _add_changed(verb: Callable[..., Parser]) -> None:
    """Add the verbs about what is accepted of a description, and what has changed in it."""
    one = verb(
        "accept", "say that an operation only reads, or yes to a changed description",
        "An operation: for a GET whose name and summary leave open whether it reads. It\n"
        "is called at once until the server, the path or the words change; a URL that\n"
        "says it does something is asked about all the same. Without one the description\n"
        "is read again; what was added, removed and changed in it is shown, and it counts\n"
        "from then on. Without a terminal --yes says yes.",
    )  # fmt: skip
    one.add_argument("name", help="of the API")
    one.add_argument("operation", nargs="?", default="", help="as `opsterm apis show` has it")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one = verb(
        "refresh", "read a description again and say what changed",
        "One with other operations is not in force until `opsterm apis accept`.",
    )  # fmt: skip
    one.add_argument("name", help="of the API")


def _add_login(verb: Callable[..., Parser]) -> None:
    one = verb(
        "login", "keep what an API wants to let opsterm in; asks for it",
        "An API key, a bearer token, or USER:PASSWORD for basic. It is sent to the API's\n"
        "server over TLS, and to no other. With --client, CLIENT_ID:CLIENT_SECRET of\n"
        "OAuth: they go to the token endpoint, and the token that it gives is kept in\n"
        "memory. Without a terminal, standard input gives one line for each thing that\n"
        "would be asked: the passphrase of a locked vault first.",
    )  # fmt: skip
    one.add_argument("name", help="of the API")
    one.add_argument("scheme", nargs="?", default="", help="which, when it has several security schemes")
    one.add_argument("--client", action="store_true", help="keep a client of OAuth that fetches tokens, and no token")
    one.add_argument("--token-url", default="", metavar="URL", help="where tokens are given; left out: as described")
    one.add_argument("--scope", default="", help="scopes to ask for, by blanks")
