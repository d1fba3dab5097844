"""Arguments of the verbs about schedules."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb

_ABOUT_PARSE = """\
Reads phrases as "weekdays at 7:30", "every 15 minutes between 8 and 18", "the
last Friday of the month at 17:00", "tomorrow at 3 pm"; cron lines as well. No
word is passed over: what is not understood, or means two things, is asked back.
What cron cannot say is a recurrence rule. With - each line of standard input is
a phrase, and one JSON object a line is printed for it. Ends with 2 when a
single phrase is asked back without a schedule."""


def add_schedules(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about schedules."""
    group = verbs.add_parser("schedule", help="when something is done again and again")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    text = "say what a phrase of time means, and when that is"
    one = add_verb(actions, data, "parse", text, about=_ABOUT_PARSE, below="schedule")
    one.add_argument("phrase", nargs="+", metavar="PHRASE", help="the phrase, or - for standard input")
    one.add_argument("--now", default="", metavar="ISO-TIME", help="as if it were that time")
    one.add_argument("--timezone", default="", metavar="ZONE", help="as in Europe/Berlin; else this machine's")
