"""Arguments of the verbs about what is learned of risk."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb

LEARNING = ("train", "status", "export")
"""Words behind `risk`; behind `--` they are commands to be assessed."""

_ABOUT_TRAIN = """\
Learns which commands do not end well: from your own changes (failed, denied,
stopped, cut off, against those that are done) and from cases that ship. It is
tried on commands that it has not seen, and says nothing until it is better than
the grade alone. It can raise a grade by one, up to high; it can lower none.
Ctrl+c ends it, and what was learned before stays."""

_ABOUT_EXPORT = """\
What a training would use now, secrets masked, and the model with its weights
and figures: one JSON object, also without --json. An existing file is not
written over."""


def add_learning(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs of what is learned of risk."""
    add_verb(verbs, data, "risk train", "learn from your own changes what raises a risk", about=_ABOUT_TRAIN)
    add_verb(verbs, data, "risk status", "say what was learned of risk, and whether it speaks",
             about="Tells why it is silent, or from which estimate on it raises a grade.")  # fmt: skip
    one = add_verb(verbs, data, "risk export", "show an auditor what is learned of risk", about=_ABOUT_EXPORT)
    one.add_argument("-o", "--output", default="", metavar="FILE", help="where to; else to standard output")
