"""Arguments of the verbs about changes that their targets take back unless they are confirmed."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb

_ABOUT_STATUS = """\
Asks each target that has not said yet what became of a change, over a fresh
log-in, and brings the change into that state; also after opsterm was killed
while it ran. Without a change: all that wait. Ends with 3 when no target
answers, 1 when some do not."""

_ABOUT_CONFIRM = """\
Logs in afresh, over a new connection by the same way, and has the target keep
the change. The first of confirming and taking back wins there; who comes too
late is told so. Ends with 0 when every target keeps it, 1 when some do, 3 when
none is reached, 4 when all have decided otherwise."""


def add_guards(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about guarded changes."""
    one = add_verb(verbs, data, "status", "what waits to be confirmed, and what became of it", about=_ABOUT_STATUS)
    one.add_argument("id", nargs="?", default="", metavar="ID", help="as in c18; all that wait if not said")
    for name, text, about in (
        ("confirm", "keep a change that its targets would take back", _ABOUT_CONFIRM),
        ("extend", "give a change more time to be confirmed", "The time counts from now. Ends as confirm does."),
        ("revert", "have targets take back now what waits to be confirmed", "Ends as confirm does."),
    ):
        one = add_verb(verbs, data, name, text, about=about)
        one.add_argument("id", metavar="ID", help="as in c18")
        if name == "extend":
            one.add_argument("time", metavar="TIME", help="from now until it is taken back, as in 60s, 5m")
        one.add_argument("--on", default="", metavar="SELECTOR", help="only on these of its targets")
