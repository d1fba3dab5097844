"""Arguments of `opsterm policy`."""

from __future__ import annotations

import argparse

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb
from opsterm.policy.order import SHELLS_ASSESSED

_ABOUT_CHECK = """\
Nothing runs and nothing is kept. A rule for which something is not known, as
the environment without --on, says so and is not evaluated. Ends with 4 when a
rule denies and policy.strict is on."""

_ABOUT_EVIDENCE = """\
What was proposed, which controls it touched, what was asked for, and who
decided, from the journal. A moment is a time back from now, as 30d, or a date
in UTC, as 2026-10-01. An existing file is not written over."""


def add_policy(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs of rules."""
    policy = verbs.add_parser("policy", help="rules: which controls a command touches, and what that asks for")
    actions = policy.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="policy")

    one = verb("list", "list the rules")
    one.add_argument("--pack", default="", help="only those that this pack cites")
    one.add_argument("--all", action="store_true", help="those of packs that are off as well")
    verb("show", "show the packs and how rules are set")
    one = verb("check", "say what the rules say of a command", _ABOUT_CHECK)
    one.add_argument("--on", default="", metavar="SELECTOR", help="as if it ran on these targets")
    one.add_argument("--shell", default="", choices=SHELLS_ASSESSED, help="its language; sh if nothing says so")
    one.add_argument("--reason", default="", help="why, as it would be proposed; a ticket is looked for in it")
    one.add_argument("--command-words", nargs="*", help=argparse.SUPPRESS)
    verb("test", "try every rule on the lines that stand beside it", "Ends with 1 when a rule does otherwise.")
    verb("explain", "say everything about a rule").add_argument("rule", metavar="RULE", help="as in OT-LOG-01")
    verb(
        "validate", "tell every fault of a file of your own rules",
        "It counts once it is in the folder that `opsterm policy show` names. Ends\nwith 2 when it has a fault.",
    ).add_argument("file", metavar="FILE", help="TOML with [[rule]] tables")  # fmt: skip
    one = verb("evidence", "tell an auditor what was checked, decided and by whom", _ABOUT_EVIDENCE)
    one.add_argument("--since", default="30d", metavar="MOMENT", help="the first that counts")
    one.add_argument("--until", default="", metavar="MOMENT", help="the first that does not; now, if not said")
    one.add_argument("--format", default="md", choices=("md", "json", "html"), help="of the text")
    one.add_argument("-o", "--output", default="", metavar="FILE", help="where to; else to standard output")
