"""Arguments of the verbs around approvals: sign for somebody else, reviews, breakers, autonomy."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb

_ABOUT_SIGN = """\
For another account: whoever asks prints the request with `opsterm change c18
--request` and gives it to you. What it holds is shown and asked about; then the
answer is printed, for `opsterm approve c18 --from FILE` over there. Without
--key it counts as yours because the file is: write it yourself, and let nobody
else write to it. Where the rules ask for signatures, give --key."""

_ABOUT_REVIEWS = """\
A review is open from when one person approves alone in an emergency until
somebody else has looked at it."""


def add_yes_options(one: Parser) -> None:
    """Add what a person may add to a yes."""
    one.add_argument("--reason", default="", help="why; kept in the audit")
    one.add_argument("--sign", default="", metavar="KEY", help="sign it with this key file, or with agent")
    one.add_argument("--from", dest="written", default="", metavar="FILE", help="somebody else's yes, of opsterm sign")
    one.add_argument("--break-glass", action="store_true", help="alone, in an emergency; needs --reason, and a review")


def add_approvals(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs around approvals."""
    one = add_verb(verbs, data, "approvals", "list what waits for a yes: how far each is, and whether yours counts")
    one.add_argument("--mine", action="store_true", help="only where your yes counts")
    one = add_verb(verbs, data, "sign", "say yes to another account's change", about=_ABOUT_SIGN)
    one.add_argument("request", metavar="FILE", help="the request")
    one.add_argument("--key", default="", metavar="KEY", help="sign it with this key file, or with agent")
    one.add_argument("--reason", default="", help="why")
    one.add_argument("--review", action="store_true", help="close the review of an emergency instead of approving")
    one.add_argument("--digest", default="", help="say yes only if this is the digest, without being asked")
    reviews = verbs.add_parser("reviews", help="emergencies that somebody else has to look at: list, close")
    actions = reviews.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    add_verb(actions, data, "list", "list open reviews", about=_ABOUT_REVIEWS, below="reviews")
    one = add_verb(actions, data, "close", "close a review; not by the one who approved alone", below="reviews")
    one.add_argument("id", metavar="ID", help="as in c18")
    one.add_argument("--note", default="", help="what was found; kept in the audit")
    one.add_argument("--sign", default="", metavar="KEY", help="sign it with this key file, or with agent")
    one.add_argument("--from", dest="written", default="", metavar="FILE", help="what somebody else says of it")
    one = add_verb(verbs, data, "breaker", "list breakers, which stop approvals after failures, and reset one")
    one.add_argument("--reset", default="", metavar="ENVIRONMENT", help="let changes go on, as its setting names it")
    one.add_argument("--reason", default="", help="why; kept in the audit")
    add_verb(verbs, data, "autonomy", "show what may run without a person, and how much of it was spent today")
