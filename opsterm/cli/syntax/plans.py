"""Arguments of the verbs about plans: several steps in a file, and what any change would do."""

from __future__ import annotations

from opsterm.cli.syntax.changes import add_proposal
from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb

PLANNING = ("check", "run")
"""Words behind `change` that make another verb of it."""

_ABOUT_FILE = """\
FILE is TOML: on = "tag:web", become, reason, timeout, rollout, max_failures,
max_unavailable, wait, probe, margin, worse, confirm, no_confirm, way_back,
on_failure, verify, tries and within mean what the options of propose do. Each
[[step]] has a title, and a command or a script (the name of a file, or of a
kept one as in report@3, see `opsterm script`), and may have a shell, checks
before it (before) and after it (verify, tries, within), and a text of its own
that takes it back (inverse). A step may say its own targets (on); then a step
begins when the one before it has ended well on all of its targets, unless both
are for the same, and a rollback takes the steps back in reverse across targets.
Instead of a command a step may have motion = "NAME" (a profile of a camera,
with view and ignore_shorter), watch = "measurements" or "camera alerts", or
call = ["API", "OPERATION", "NAME=VALUE"] with an inverse_call. Cameras are
asked how they are configured, and told nothing, when the plan is checked,
simulated or proposed."""

_ABOUT_CHECK = f"""\
{_ABOUT_FILE}

Every fault is told with its line. Of a plan in order it tells of each step over
what and where it is done, how bad it is, which rules it touches, and how it is
taken back. Nothing is changed and no change is kept."""

_ABOUT_RUN = f"""\
{_ABOUT_FILE}

One approval is for all of it. On each target the steps run in their order; the
first that fails, or does not verify, ends it there. A rollback takes back the
steps that were begun, the last one first. On a terminal it is asked about and
run; without one it becomes a proposal, is not run, and ends with 4."""

_ABOUT_SIMULATE = """\
Nothing is changed and no change is kept: the very code that runs a change runs
it on targets that are pretended. What is told is what would be sent where, in
which order, what would be kept, looked at and asked for. For a FILE cameras are
asked how they are configured, and what its calls would send from here is copied
as when it is proposed. --fail pretends that the command, or a step, fails on a
target, as in web-02 or web-02:3."""


def add_plans(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about plans."""
    one = add_verb(verbs, data, "change check", "look whether a plan in a file is in order", about=_ABOUT_CHECK)
    one.add_argument("file", metavar="FILE", help="a TOML file")
    one = add_verb(verbs, data, "change run", "propose a plan of several steps, ask, and run it", about=_ABOUT_RUN)
    one.add_argument("file", metavar="FILE", help="a TOML file")
    one.add_argument("--on", default="", metavar="SELECTOR", help=f"instead of what the file says: {SOME}")
    one = add_verb(verbs, data, "simulate", "show what a change would do, without doing it", about=_ABOUT_SIMULATE)
    one.add_argument("what", nargs="?", default="", metavar="ID|FILE", help="as in c18, or a plan in a TOML file")
    add_proposal(one, needs_targets=False)
    one.add_argument("--fail", action="append", default=[], metavar="TARGET", help="pretend that it fails there")
