"""Arguments of the verbs that look at targets or change them."""

from __future__ import annotations

import argparse
import difflib

from opsterm.cli.syntax.approvals import add_yes_options
from opsterm.cli.syntax.claims import add_claim_options
from opsterm.cli.syntax.learning import LEARNING
from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number
from opsterm.cli.syntax.rollouts import ABOUT_ROLLOUT, ABOUT_VERIFY, add_rollout, add_verification
from opsterm.policy.order import SHELLS_ASSESSED, SHELLS_OF_PROTOCOL, WITH_OWN_VERB

_ABOUT_APPROVE = """\
On a terminal a high risk asks for the number of targets. Without one nobody is
asked: naming the change approves it, so let a script name the --digest that was
read, or the number of --targets. Where more persons are asked it waits for
them, and ends with 0. If nobody reads the output any more, the
change runs on. Ends with 1 when the command failed somewhere, 3 when no target
was reached, 124 when it ran too long everywhere, 130 when it was stopped."""


_ABOUT_COMMAND = """\
One word behind -- is the text for the shell, as it is; several are quoted, so
that each arrives as it was typed; - takes the text from standard input."""

_ABOUT_QUERY = """\
A command that is known to only read runs at once; any other becomes a proposal,
is not run, and ends with 4. Targets with the same output and exit status are
one group; of those that differ from the most, the lines that differ are shown.
Ends as approve does."""


_ABOUT_GUARD = """\
What can cut our way is taken back by its target unless a fresh log-in works in
time, asked for or not; changes.confirm_s is the time. If that cannot be, it is
refused. --no-confirm is a reason to run it even so: it is shown, the risk is
critical, and each approval needs a reason. All targets are armed before the
first is changed; those of a batch are confirmed when all of them are well, else
taken back, and no more begin."""

_ABOUT_INVERSE = """\
What it touches is kept before it runs, as far as that is known. For the rest
--inverse gives a command of your own: it is judged by itself, approved with the
change, and proposed by rollback when what was kept is back. What it leaves is
not compared with what was there."""

_ABOUT_PROPOSE = "\n\n".join([_ABOUT_COMMAND, ABOUT_ROLLOUT, ABOUT_VERIFY, _ABOUT_GUARD, _ABOUT_INVERSE])

_ABOUT_PROCEED = """\
What is verified, and what the gate behind the canaries compares, has to hold
all the same: only the time that is left of --wait is not waited for."""

_ABOUT_RESUME = f"""\
Proposes the same command as a new change for the targets of an ended one where
it failed, was not started, or both; it never repeats what is done. Of a plan
each target gets the steps that are not done there; one of which nobody saw the
end is begun again. The rollout is the same, if none is said, as far as it can
be had on what is left.

{ABOUT_ROLLOUT}"""


def _add_guard(one: Parser) -> None:
    """Add the options that say how a change is confirmed."""
    one.add_argument("--confirm", default="", metavar="TIME", help="its target takes it back unless confirmed; 60s")
    one.add_argument("--by-hand", action="store_true", help="a person confirms it: opsterm confirm")
    one.add_argument("--no-confirm", default="", metavar="REASON", help="why nothing takes it back if it locks out")


def _add_resume(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verb that goes on with a change that stopped."""
    one = add_verb(verbs, data, "resume", "propose a change again where it is not done", about=_ABOUT_RESUME)
    one.add_argument("id", metavar="ID", help="as in c18")
    one.add_argument("part", nargs="?", default="all", choices=("failed", "not-started", "all"), help="all if not said")
    one.add_argument("--again", action="store_true", help="of a plan: also the steps that are done there")
    add_rollout(one)
    one.add_argument("--reason", default="", help="why; kept in the audit")


SHELLS = tuple(
    dict.fromkeys(word for words in SHELLS_OF_PROTOCOL.values() for word in words if word not in WITH_OWN_VERB)
)
"""Shells that a text may be typed for."""


_ABOUT_RISK = """\
Nothing runs and nothing is kept. With - each line of standard input is a
command, or an object {"command": ..., "shell": ...}; for each an object is
printed, in the same order. A level of read does not mean that it runs without a
person: that the list of `query` alone says. `risk train`, `risk status` and
`risk export` are verbs of their own, about what is learned."""


_ABOUT_PREVIEW = """\
What runs for that only reads: dry runs, checks and lists. What is shown is kept
with the change, and looked up again when it is run: if it would then do
something else, it is void. Nothing can be had of a part that is known only when
it runs; that is said."""


def _add_preview(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verb that looks up what a change would do."""
    one = add_verb(verbs, data, "preview", "look up on the targets what a change would do", about=_ABOUT_PREVIEW)
    one.add_argument("id", metavar="ID", help="as in c18")
    one.add_argument("--all", action="store_true", help="on every target, not only on the first five")
    one.add_argument("--kept", action="store_true", help="only what was shown last; nothing is sent")


_ABOUT_ROLLBACK = """\
What a change touched was kept on each target before it ran. This proposes the
change that puts it back; it runs when it is approved, and ends well only when
everything is proven to be as it was. If somebody else has changed any of it
since, nothing is put back there, and what differs is said. An inverse that was
proposed with the change is proposed next, once what was kept is back."""


def _add_rollback(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verb that takes a change back."""
    one = add_verb(verbs, data, "rollback", "propose to put back what a change has changed", about=_ABOUT_ROLLBACK)
    one.add_argument("id", metavar="ID", help="as in c18")
    one.add_argument("--on", default="", metavar="SELECTOR", help="only on these of its targets")
    one.add_argument("--insist", action="store_true", help="even where somebody else has changed it since")
    one.add_argument("--reason", default="", help="why; kept in the audit")


def _add_risk(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verb that assesses a command."""
    one = add_verb(verbs, data, "risk", "what a command would do, and how bad that could be", about=_ABOUT_RISK)
    one.add_argument("source", nargs="?", default="", type=_source, metavar="-", help="from standard input")
    one.add_argument("--on", default="", metavar="SELECTOR", help="as if it ran on these targets")
    one.add_argument("--shell", default="", choices=SHELLS_ASSESSED, help="its language; sh if nothing says so")
    one.add_argument("--reason", default="", help="why, as it would be proposed; a ticket is looked for in it")
    one.add_argument("--command-words", nargs="*", help=argparse.SUPPRESS)


def _source(text: str) -> str:
    if text in ("", "-"):
        return text
    near = difflib.get_close_matches(text, LEARNING, n=1)
    meant = f"risk {near[0]}" if near else f"risk -- {text[:60]}"
    msg = f"alone reads standard input, and {text[:60]!r} is neither that nor behind --; perhaps: opsterm {meant}"
    raise argparse.ArgumentTypeError(msg)


def _add_order(one: Parser, *, needs_targets: bool = True, says_shell: bool = True) -> None:
    """Add the options that say what runs where, as whom and for how long."""
    one.add_argument("--on", required=needs_targets, default="", metavar="SELECTOR", help=SOME)
    if says_shell:
        one.add_argument("--shell", default="", choices=SHELLS, help="by default sh, and powershell on Windows")
    one.add_argument("--become", nargs="?", const="root", default="", metavar="USER", help="by sudo; root if not said")
    one.add_argument("--login", action="store_true", help="as a log-in shell: profile files are read")
    one.add_argument("--pty", action="store_true", help="on a terminal, for what insists on one")
    one.add_argument("--reason", default="", help="why; kept in the audit")
    one.add_argument("--timeout", default="", help="how long it may run on one target, as in 30s, 10m")


def add_proposal(one: Parser, *, needs_targets: bool = True, says_shell: bool = True) -> None:
    """Add the options of what somebody would have run.

    Args:
        one: a verb.
        needs_targets: whether the line has to say on which.
        says_shell: whether the line says a command and its shell; otherwise they come from elsewhere.
    """
    _add_order(one, needs_targets=needs_targets, says_shell=says_shell)
    add_rollout(one)
    add_verification(one)
    one.add_argument("--no-way-back", action="store_true", help="keep nothing of what it touches beforehand")
    one.add_argument("--inverse", default="", metavar="COMMAND", help="takes back what is not kept")
    _add_guard(one)
    if says_shell:
        one.add_argument("--command-words", nargs="*", help=argparse.SUPPRESS)


def add_changes(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs that look at targets or change them."""
    one = add_verb(
        verbs,
        data,
        "query",
        "look at targets with a command that only reads",
        about=f"{_ABOUT_QUERY}\n\n{_ABOUT_COMMAND}",
    )
    _add_order(one)
    one.add_argument("--each", action="store_true", help="each target by itself, line by line as it comes")
    one.add_argument("--command-words", nargs="*", help=argparse.SUPPRESS)
    one = add_verb(
        verbs, data, "propose", "propose a command for targets; it runs only when it is approved", about=_ABOUT_PROPOSE
    )
    add_proposal(one)
    one.add_argument("--rewrite", action="store_true", help="in its safer form, as a proposal shows it")
    one.add_argument("--rows", type=number(0, 10**12), help="how many a rewritten statement is to change")
    _add_risk(verbs, data)
    _add_preview(verbs, data)
    one = add_verb(verbs, data, "changes", "list changes, newest first")
    one.add_argument("--state", action="append", default=[], help="only in this state; may be given several times")
    one.add_argument("--limit", type=number(1, 100_000), default=50, help="at most this many")
    for name, text, about in (
        ("change", "show one change with its outcomes", ""),
        ("approve", "approve a change as it is shown, and run it here", _ABOUT_APPROVE),
        ("deny", "say no to a change", ""),
        ("run", "run an approved change here", "Ends as approve does."),
        ("stop", "stop a running change, wherever it runs", ""),
        ("proceed", "wait no longer between two batches of a running change", _ABOUT_PROCEED),
    ):
        one = add_verb(verbs, data, name, text, about=about)
        one.add_argument("id", metavar="ID", help="as in c18")
        if name == "change":
            one.add_argument("--request", action="store_true", help="print what somebody else is asked to sign")
            one.add_argument("--diff", action="store_true", help="of a file: how it differs from what is there now")
            one.add_argument("--file", default="", metavar="PATH", help="of a folder that is put: only this file")
        if name == "approve":
            one.add_argument("--digest", default="", help="approve only if this is the digest")
            one.add_argument("--targets", type=number(1, 1_000_000), help="approve only if it is for this many")
            add_yes_options(one)
            one.add_argument("--no-run", action="store_true", help="approve only; `opsterm run` runs it")
        if name in ("approve", "run"):
            add_claim_options(one)
        if name == "deny":
            one.add_argument("--note", default="", help="why; kept in the audit")
    _add_rollback(verbs, data)
    _add_resume(verbs, data)
    one = add_verb(verbs, data, "output", "print what a change printed on one target")
    one.add_argument("id", metavar="ID", help="as in c18")
    one.add_argument("target", nargs="?", default="", help="only of this target")
    one.add_argument("--raw", action="store_true", help="the very bytes; refused on a terminal")
