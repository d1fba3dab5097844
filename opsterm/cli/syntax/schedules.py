"""Arguments of the verbs about schedules."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb, number

ZONE = "as in Europe/Berlin; else this machine's"

_ABOUT_PARSE = """\
Reads phrases as "weekdays at 7:30", "every 15 minutes between 8 and 18", "the
last Friday of the month at 17:00", "tomorrow at 3 pm"; cron lines as well. No
word is passed over: what is not understood, or means two things, is asked back.
What cron cannot say is a recurrence rule. With - each line of standard input is
a phrase, and one JSON object a line is printed for it. Ends with 2 when a
single phrase is asked back without a schedule."""


_ABOUT_JOBS = """\
What is done by schedule is a job. One process runs all of them: an open screen
or `opsterm serve`. A failed run is tried again after 1 minute, then 2, 4, up to
an hour apart; when no try is left it is an alert until the job is done."""

_ABOUT_PAUSE = """\
A run that is going on goes on. Times that come while it is paused are not made
up for."""

_JOB = "as in j3"


def add_schedules(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about schedules."""
    group = verbs.add_parser("schedule", help="when something is done again and again")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    text = "say what a phrase of time means, and when that is"
    one = add_verb(actions, data, "parse", text, about=_ABOUT_PARSE, below="schedule")
    one.add_argument("phrase", nargs="+", metavar="PHRASE", help="the phrase, or - for standard input")
    one.add_argument("--now", default="", metavar="ISO-TIME", help="as if it were that time")
    one.add_argument("--timezone", default="", metavar="ZONE", help=ZONE)
    add_verb(actions, data, "list", "list what is done by schedule, and when next", about=_ABOUT_JOBS, below="schedule")
    for name, text, about in (
        ("show", "show one job, and how its runs ended", ""),
        ("run", "let a job be run now, beside its schedule", ""),
        ("pause", "let a job begin no run", _ABOUT_PAUSE),
        ("resume", "let a job begin runs again", ""),
        ("remove", "take a job out; what it has made stays", ""),
    ):
        one = add_verb(actions, data, name, text, about=about, below="schedule")
        one.add_argument("id", metavar="JOB", help=_JOB)


def add_terms(verb: Parser) -> None:
    """Add the options of a verb that makes a job."""
    verb.add_argument("--timezone", default="", metavar="ZONE", help=ZONE)
    verb.add_argument("--missed", choices=("run-once", "skip"), help="what of runs at whose time nobody ran jobs")
    verb.add_argument("--jitter", default="", metavar="TIME", help="begin up to so much later, as in 10m")
    verb.add_argument("--retries", type=number(0, 20), metavar="N", help="tries after one that failed; 2 if not said")
    verb.add_argument("--limit", default="", metavar="TIME", help="how long a try may take; 1h if not said")
    verb.add_argument("--yes", action="store_true", help="keep it without asking")
    verb.add_argument("--dry-run", action="store_true", help="only say when it would be done")
