"""Arguments of the verbs of the audit."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb, number

ACTIONS = ("list", "search", "verify", "export", "status", "checkpoint", "key")
"""Words behind `audit`; without one it is `audit list`."""

_ABOUT_VERIFY = """\
Says the first entry that is not as it was written: edited, recomputed, deleted,
swapped, or cut off at the end. With the first key it finds what was recomputed,
with checkpoints of another host also what was cut off. Without EXPORT it looks
at the database. Ends with 1 when something is wrong. The same without opsterm:
python chain.py EXPORT, with opsterm/policy/chain.py."""

_ABOUT_KEY = """\
Prints the key that the chain began with, as 64 hex digits, and forgets it. Keep
it on another host: who has it can tell that the chain was not written anew. It
cannot be shown a second time."""

_ABOUT_CHECKPOINT = """\
Where they are left is the setting audit.checkpoints. Ends with 1 when a place
did not take it."""


def add_audit(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs of the audit."""
    audit = verbs.add_parser("audit", help="who did what, when, why, with which result; and the proof of it")
    actions = audit.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="audit")

    one = verb("list", "who did what, when, why, with which result", "`opsterm audit` alone is the same.")
    one.add_argument("id", nargs="?", default="", metavar="ID", help="only of this change, alert or mail: c18, a7, m7")
    _add_when(one)
    one = verb("search", "look for what was done", "All that is given must fit.")
    one.add_argument("text", nargs="?", default="", metavar="TEXT", help="part of a command, a reason or a result")
    one.add_argument("--target", default="", help="on this target, or as in 'web-*'")
    one.add_argument("--by", default="", metavar="WHO", help="done by this account")
    one.add_argument("--kind", default="", help="of this kind, as in change.approved or 'policy.*'")
    _add_when(one)
    one.add_argument("--until", default="", help="nothing newer than this, as in 1h")
    one = verb("verify", "see that the audit chain was not changed", _ABOUT_VERIFY)
    one.add_argument("export", nargs="?", default="", metavar="EXPORT", help="a file of `audit export`")
    one.add_argument("--key", default="", metavar="FILE", help="file with the first key; - for standard input")
    one.add_argument("--checkpoint", default="", metavar="FILE", help="file with checkpoints, a syslog for example")
    verb("export", "print the whole chain, an entry a line", "It is JSON also without --json, and verifies.")
    verb("status", "say how long the chain is and how old its checkpoints are")
    verb("checkpoint", "leave a checkpoint at every place now", _ABOUT_CHECKPOINT)
    one = verb("key", "take the first key into safekeeping, once", _ABOUT_KEY)
    one.add_argument("--once", action="store_true", required=True, help="yes, show it and forget it")


def _add_when(verb: Parser) -> None:
    verb.add_argument("--since", default="", help="how far back, as in 2h or 7d")
    verb.add_argument("--limit", type=number(1, 100_000), default=200, help="at most this many")
