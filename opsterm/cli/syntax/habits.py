"""Arguments of the verbs about what is learned from commands."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number

_ABOUT_SUGGEST = """\
From the commands that you ran by opsterm, kept on this host with their secrets
masked: which begin so, or which came next, where and when, and how they ended.
A command that holds a secret is never suggested. Nothing is run or proposed."""

_ABOUT_WORKFLOWS = """\
Sequences that were run at least three times, each command with a good end and
without half an hour's pause."""

_ABOUT_RECOMMENDATIONS = """\
Counted from what you ran, from alerts and from jobs: a command that you run
at the same time each week or day, a sequence that could be a runbook, an
alert that is acknowledged each time, a job that fails. Nothing is proposed or
run; the command that would do it is printed. The setting learning.commands
switches it off."""

_ABOUT_FORGET = """\
It is suggested no more until it is run again. The setting learning.commands
switches all of it off."""


def add_habits(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about what is learned from commands."""
    one = add_verb(verbs, data, "suggest", "suggest the end of a command, or the next one", about=_ABOUT_SUGGEST)
    one.add_argument("--prefix", default="", metavar="TEXT", help="what was typed so far; none: the next command")
    one.add_argument("--after", action="append", default=[], metavar="COMMAND", help="what was run before; repeatable")
    one.add_argument("--target", default="", metavar="SELECTOR", help=SOME)
    one.add_argument("--directory", default="", metavar="PATH", help="where it would run")
    one.add_argument("--limit", type=number(1, 100), default=5, metavar="N", help="most suggestions; 5")
    group = verbs.add_parser("recommendations", help="what could be made easier here: list, dismiss")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    below = "recommendations"
    one = add_verb(actions, data, "list", "list what could be made easier", about=_ABOUT_RECOMMENDATIONS, below=below)
    one.add_argument("--all", action="store_true", help="also those that were dismissed")
    one = add_verb(actions, data, "dismiss", "hear of one no more, for good or for a time", below=below)
    one.add_argument("id", metavar="ID", help="as the list prints it")
    one.add_argument("--for", dest="for_", default="", metavar="TIME", help="as in 30d; without it for good")
    one = add_verb(actions, data, "restore", "hear again of one that was dismissed", below=below)
    one.add_argument("id", metavar="ID", help="as `list --all` prints it")
    group = verbs.add_parser("habits", help="what is learned from commands: show, forget, make a runbook")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    below = "habits"
    one = add_verb(actions, data, "list", "list the commands that are learned from, newest first", below=below)
    one.add_argument("--limit", type=number(1, 1_000_000), default=50, metavar="N", help="at most this many; 50")
    one = add_verb(actions, data, "forget", "forget a command", about=_ABOUT_FORGET, below=below)
    one.add_argument("command", nargs="*", metavar="COMMAND", help="the whole of it, as `habits list` prints it")
    one.add_argument("--all", action="store_true", help="forget everything")
    add_verb(actions, data, "workflows", "list what you do again and again", about=_ABOUT_WORKFLOWS, below=below)
    one = add_verb(actions, data, "save", "keep such a sequence as a runbook of this site", below=below)
    one.add_argument("number", type=number(1, 100), metavar="NUMBER", help="as `habits workflows` prints it")
    one.add_argument("id", metavar="ID", help="of the card, as in restart-shop")
    one.add_argument("title", nargs="+", metavar="TITLE", help="one line")
