"""Arguments of `opsterm claim`, and of verbs that run beside the claims of others."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb

_ABOUT_TAKE = """\
Others who use the same data are asked, or refused, before a change of these
targets runs; you are not. Nothing is sent to the targets. Taking it again
renews it. It ends by itself, and is yours: of your account, from where you log
in."""

_ABOUT_LIST = """\
A change claims its targets from its approval to its end, and where nobody saw
its end for as long as it may still act there. One that only reads claims none."""


def add_claims(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs of claims."""
    claim = verbs.add_parser("claim", help="who is changing which target: take, list, release")
    actions = claim.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    one = add_verb(actions, data, "take", "claim targets for yourself for a time", about=_ABOUT_TAKE, below="claim")
    one.add_argument("--on", required=True, metavar="SELECTOR", help=SOME)
    one.add_argument("--for", dest="for_", default="1h", metavar="TIME", help="how long, as in 30m or 4h; 1h")
    one.add_argument("--reason", default="", help="why; others are told, and it is kept in the audit")
    _add_despite(one)
    one = add_verb(actions, data, "list", "list who is changing which target", about=_ABOUT_LIST, below="claim")
    one.add_argument("--on", default="", metavar="SELECTOR", help=f"{SOME}; left out: all")
    one = add_verb(actions, data, "release", "give claims by hand up before their time", below="claim")
    one.add_argument("--on", required=True, metavar="SELECTOR", help=SOME)
    one.add_argument("--of-others", action="store_true", help="everybody's, not only your own; needs --reason")
    one.add_argument("--reason", default="", help="why; kept in the audit")


def add_claim_options(one: Parser) -> None:
    """Add what may be said of the claims of others where a change is run."""
    _add_despite(one)
    one.add_argument("--wait", action="store_true", help="first wait until nobody else claims its targets")


def _add_despite(one: Parser) -> None:
    one.add_argument("--despite-claim", default="", metavar="REASON", help="why, although others have claimed targets")
