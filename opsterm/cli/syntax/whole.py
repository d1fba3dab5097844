"""The whole command line as one parser. Imports nothing heavy."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from typing import Any, cast

from opsterm import __version__
from opsterm.cli.syntax.apis import add_apis
from opsterm.cli.syntax.approvals import add_approvals
from opsterm.cli.syntax.audit import add_audit
from opsterm.cli.syntax.cameras import add_cameras
from opsterm.cli.syntax.changes import add_changes
from opsterm.cli.syntax.chat import add_chat
from opsterm.cli.syntax.checks import add_checks
from opsterm.cli.syntax.claims import add_claims
from opsterm.cli.syntax.files import add_files
from opsterm.cli.syntax.guards import add_guards
from opsterm.cli.syntax.habits import add_habits
from opsterm.cli.syntax.house import add_house
from opsterm.cli.syntax.knowledge import add_knowledge
from opsterm.cli.syntax.learning import add_learning
from opsterm.cli.syntax.models import add_models
from opsterm.cli.syntax.parser import Parser, Verbs
from opsterm.cli.syntax.plans import add_plans
from opsterm.cli.syntax.policy import add_policy
from opsterm.cli.syntax.schedules import add_schedules
from opsterm.cli.syntax.scripts import add_scripts
from opsterm.cli.syntax.services import add_services
from opsterm.cli.syntax.snapshots import add_snapshots
from opsterm.cli.syntax.snmp import add_snmp
from opsterm.cli.syntax.targets import add_targets
from opsterm.cli.syntax.watching import add_watching

EXIT_CODES = """\
exit codes: 0 done, 1 done but some targets failed, 2 bad input, 3 unreachable,
4 refused, 5 storage, 6 model unavailable, 70 a fault of opsterm, 124 time-out,
130 interrupted. Data goes to standard output, talk to standard error; --json
prints one object a line. `opsterm VERB --help` has examples."""


class _Skipped:
    """Stands for the parser of a verb that was not typed, and takes whatever is said of it."""

    def __getattr__(self, name: str) -> Callable[..., _Skipped]:
        return lambda *_, **__: self


class _OneVerb(Verbs):  # type: ignore[type-arg]  # argparse takes none when it runs
    """Makes the parser of one verb: all of them take half of what a command line takes to be understood."""

    wanted = ""

    def add_parser(self, name: str, **given: Any) -> Parser:  # Any: passed on as it comes
        """Return a parser, or what stands for one."""
        return super().add_parser(name, **given) if name == self.wanted else cast("Parser", _Skipped())


@functools.cache
def build_parser(verb: str = "") -> Parser:
    """Return the parser of the whole command line; parsing leaves no trace in it, so it is made once (25 ms).

    Args:
        verb: the first word of the verb that was typed: then no other is in it, if there is such a verb.
    """
    shared = _shared_options(default=None)
    # A sub-parser's default would overwrite what stood before the verb, so below a verb there is none.
    data = Parser(add_help=False, parents=[_shared_options(default=argparse.SUPPRESS)])
    data.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser = Parser(
        prog="opsterm",
        parents=[shared],
        description="The operator's cockpit on a jump host. Without a verb it opens the screen.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"opsterm {__version__}")
    parser.add_argument("--theme", help="colours of the screen")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII only")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    parser.add_argument("--slow", action="store_true", help="for serial lines: few colours, few repaints")
    how = type("_", (_OneVerb,), {"wanted": verb}) if verb else "parsers"
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", parser_class=Parser, action=how)
    for add in (
        add_targets, add_services, add_snmp, add_apis, add_watching, add_checks, add_cameras, add_changes,
        add_guards, add_plans, add_claims, add_snapshots, add_scripts, add_knowledge, add_chat, add_habits,
        add_learning, add_approvals, add_schedules, add_policy, add_files, add_audit, add_models, add_house,
    ):  # fmt: skip
        add(verbs, data)
    return parser if verbs.choices else build_parser()


def _shared_options(*, default: str | None) -> Parser:
    shared = Parser(add_help=False)
    shared.add_argument("--config", metavar="FILE", help="read settings from this file", default=default)
    shared.add_argument(
        "--set", metavar="KEY=VALUE", action="append", help="set one setting for this run", default=default
    )
    shared.add_argument(
        "--read-only", action="store_true", help="nothing can be proposed, approved or run", default=default
    )
    return shared
