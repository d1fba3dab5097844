"""Arguments of the verbs about measurements and alerts."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number

_ABOUT_ASK = """\
A command becomes a proposal that waits for approval. With - each line of
standard input is an object {"text", "context"}, or plain text: one object a
line is printed for it, in order; then nothing is proposed, recorded or run,
and no language model is asked. A single sentence that no rule reads goes to
the model of the settings when it is there, and the answer says so.
Context is what was said before. Ends with 2 when a single sentence is not
understood."""

_ABOUT_FORECAST = """\
The trend is the median of slopes over hourly history, without the seasons of a
day and a week. There is a date only where the trend is no accident, never
further ahead than the history that counts reaches back, and between edges that
hold eight of ten. Under 24 hours of history nothing is forecast. Of more than
40 series only those that may fill are shown, and the others counted."""


def add_watching(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about measurements and alerts, and the chat."""
    one = add_verb(verbs, data, "alerts", "list alerts, or acknowledge, silence or reopen one")
    one.add_argument("action_words", nargs="*", metavar="[ack|silence|reopen] [ID]", help="for example: ack a7")
    one.add_argument("--all", action="store_true", help="resolved ones as well")
    one.add_argument("--for", dest="for_", metavar="TIME", help="how long a silence lasts, as in 30m, 4h, 2d")
    one.add_argument("--note", default="", help="why")
    one = add_verb(verbs, data, "metrics", "print the newest measurements in the Prometheus text format")
    one.add_argument("--target", default="", help="only of this target")
    one = add_verb(verbs, data, "history", "print one series over a window")
    one.add_argument("metric", help="as in cpu.used_percent or fs.used_percent[/]")
    one.add_argument("--target", default="localhost", help="whose series")
    one.add_argument("--window", default="1h", help="how far back, as in 15m, 1h, 24h")
    one.add_argument("--points", type=number(1, 10_000), default=60, help="at most this many")
    one = add_verb(verbs, data, "forecast", "say when disks or memory are full, from history", about=_ABOUT_FORECAST)
    one.add_argument("selector", nargs="?", default="", metavar="SELECTOR", help=f"{SOME}; none: all")
    one.add_argument("--metric", action="append", default=[], help="as in memory.used_percent; else fs.used_percent")
    one.add_argument("--within", default="", metavar="TIME", help="how far ahead, as in 30d; else as far as it goes")
    one.add_argument("--window", default="30d", metavar="TIME", help="how much history is looked at; 30d")
    one.add_argument("--all", action="store_true", help="each series, however many there are")
    one = add_verb(verbs, data, "ask", "ask in plain language; the chat without a screen", about=_ABOUT_ASK)
    one.add_argument("words", nargs="+", help="the question, quoted or not, or - for standard input")
    one.add_argument("--offline", action="store_true", help="ask no language model")
    one.add_argument("--now", default="", metavar="ISO-TIME", help="as if it were that time")
