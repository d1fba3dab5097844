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

_ABOUT_ADD = """\
A sentence such as "check disk space on all Windows servers every Monday at 6
and mail ops@example.com if any drive is over 85 % full". What is missing or has
two meanings is asked back. All of it is said back before it is kept. A script
runs unattended only with a standing approval, for these very bytes on these
very targets: opsterm approve; opsterm deny revokes it. A report is only sent."""

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
    _add_job(actions, data)
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


def _add_job(actions: Verbs[Parser], data: Parser) -> None:
    text = "make a job of a sentence, or of a phrase and a script"
    one = add_verb(actions, data, "add", text, about=_ABOUT_ADD, below="schedule")
    one.add_argument("words", nargs="+", metavar="SENTENCE", help="what is to be done when, or when alone")
    one.add_argument("--script", default="", metavar="FILE", help="what runs, instead of the task in the sentence")
    one.add_argument("--title", default="", metavar="TEXT", help="what that script does, in a few words")
    one.add_argument("--on", default="", metavar="SELECTOR", help="which targets, instead of those in the sentence")
    one.add_argument("--tell", default="", metavar="WHEN", help="as in 'used_percent > 85', failure, change, always")
    one.add_argument("--to", default="", metavar="ADDRESSES", help="who gets a mail then")
    one.add_argument("--become", nargs="?", const="root", default="", metavar="ACCOUNT", help="run it by sudo")
    one.add_argument("--timeout", default="", metavar="TIME", help="how long it may run on one target")
    one.add_argument("--stands", default="", metavar="TIME", help="how long its approval lasts; 90d if not said")
    one.add_argument("--results", type=number(1, 200), metavar="N", help="turns whose output is kept; 30 if not said")
    add_terms(one)


def add_terms(verb: Parser) -> None:
    """Add the options of a verb that makes a job."""
    verb.add_argument("--timezone", default="", metavar="ZONE", help=ZONE)
    verb.add_argument("--missed", choices=("run-once", "skip"), help="what of runs at whose time nobody ran jobs")
    verb.add_argument("--jitter", default="", metavar="TIME", help="begin up to so much later, as in 10m")
    verb.add_argument("--retries", type=number(0, 20), metavar="N", help="tries after one that failed; 2 if not said")
    verb.add_argument("--limit", default="", metavar="TIME", help="how long a try may take; 1h if not said")
    verb.add_argument("--yes", action="store_true", help="keep it without asking")
    verb.add_argument("--dry-run", action="store_true", help="only say when it would be done")
