"""Arguments of the verbs about fixes from cards."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number
from opsterm.cli.syntax.rollouts import add_verification

_ABOUT_CHECK = """\
Each check that is known to only read runs at once, as `opsterm query` would run
it; any other waits for an approval. Ends as `opsterm query` does."""

_ABOUT_FIX = """\
Proposes one step as an ordinary change: it is graded where it would run, and
runs only when it is approved. What suits the command is looked at afterwards,
if nothing else is said, so that it is seen whether it worked. With --alert it
counts as worked when that alert ends by what is measured within the hour."""

_ABOUT_OUTCOME = """\
What was seen counts more than what is said: a word makes no success of what
failed, was taken back, or waits for its alert. That it failed is believed."""

_ABOUT_RECORD = """\
Only what was verified counts: a change whose checks held, was taken back or
failed, an alert that ended or went on, or a person's word on a change that ran
to its end. A change counts once, on however many targets it ran."""


def add_fixes(actions: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about fixes, below `knowledge`."""

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="knowledge")

    _add_places(verb("check", "look at targets with the checks of a card", _ABOUT_CHECK))
    one = verb("fix", "propose a step of a card for targets", _ABOUT_FIX)
    _add_places(one)
    one.add_argument("--step", type=number(1, 99), default=1, metavar="N", help="which; the first if not said")
    one.add_argument("--alert", default="", metavar="A7", help="the alert that it is for")
    add_verification(one)
    one = verb("outcome", "say whether a fix worked", _ABOUT_OUTCOME)
    one.add_argument("id", metavar="CHANGE", help="as in c18")
    one.add_argument("said", choices=("worked", "failed"), help="what became of it")
    one = verb("record", "say what became of fixes here", _ABOUT_RECORD)
    one.add_argument("id", nargs="?", default="", metavar="ID", help="only of this card")
    one = verb("forget", "forget what became of the fixes of a card")
    one.add_argument("id", metavar="ID", help="as in disk-full")


def _add_places(one: Parser) -> None:
    """Add which card, where, and what its words stand for."""
    one.add_argument("id", metavar="ID", help="as in disk-full")
    one.add_argument("--on", required=True, metavar="SELECTOR", help=SOME)
    one.add_argument(
        "--with", dest="values", action="append", default=[], metavar="WORD=VALUE",
        help="what stands for a word in capitals, as in NAME=nginx",
    )  # fmt: skip
