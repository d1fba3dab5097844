"""Arguments of `opsterm mail`."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb


def add_mail(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about mail."""
    mail = verbs.add_parser("mail", help="mail to a server, and the queue of what waits: test, queue, retry, drop")
    actions = mail.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="mail")

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
