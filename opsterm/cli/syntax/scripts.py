"""Arguments of the verbs about scripts."""

from __future__ import annotations

import argparse

from opsterm.changes.scripts.task import Language
from opsterm.cli.syntax.changes import add_proposal
from opsterm.cli.syntax.parser import Parser, Verbs, add_verb, number

_ABOUT_WRITE = """\
TEXT is the name of a task (script list), or a sentence. Values are said in it
or by --value; what is not said is assumed, and told. Nothing is run. A script
takes --check, which changes nothing, ends when its time is up, and says at its
top what its exit codes mean, how to verify it and how to take it back."""

_ABOUT_CHECK = """\
Nothing of it is run: bash -n and shellcheck, Python's compiler and ruff look at
it where they are there, our own reading takes PowerShell apart, and policy says
what it would do, how bad that could be and which rules it touches. Ends with 2
when it would not run."""

_ABOUT_SOURCE = """\
WHAT is the name of a kept script, as in our-report or our-report@2, a task with
its values, a file (a name with a dot or a slash), or - for standard input."""

_ABOUT_SAVE = """\
The text becomes the next version of NAME; no version is ever written over. One
that holds a secret, or would not run, is refused. A step of a plan names one as
script = "our-report@2", and runs those very bytes."""

_ABOUT_RUN = """\
WHAT is a kept script, as in our-report@2, or a task with its values. It becomes
a proposal with the very bytes of the script: on a terminal it is asked about
and run; without one it waits for approval, is not run, and ends with 4."""


def add_scripts(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about scripts."""
    group = verbs.add_parser("script", help="scripts for operational tasks: write, check, keep, run")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    below = "script"
    one = add_verb(actions, data, "list", "list tasks that scripts are written for, and kept scripts", below=below)
    one.add_argument("--family", default="", metavar="NAME", help="only tasks of it, as in disk")
    one.add_argument("--own", action="store_true", help="only kept scripts")
    one = add_verb(actions, data, "show", "print a kept script, or what a task can be told", below=below)
    one.add_argument("what", metavar="WHAT", help="as in our-report@2, or disk-space")
    one = add_verb(actions, data, "write", "write a script for a task", about=_ABOUT_WRITE, below=below)
    one.add_argument("words", nargs="+", metavar="TEXT", help="as in disk-space, or a sentence")
    _add_values(one)
    one.add_argument("--save", default="", metavar="NAME", help="keep it under this name as well")
    one = add_verb(
        actions, data, "check", "look at a script without running it", about=f"{_ABOUT_SOURCE}\n\n{_ABOUT_CHECK}",
        below=below,
    )  # fmt: skip
    _add_source(one)
    one.add_argument("--on", default="", metavar="SELECTOR", help="how bad it would be on these targets")
    one = add_verb(actions, data, "explain", "say line by line what a script does", about=_ABOUT_SOURCE, below=below)
    _add_source(one)
    one = add_verb(actions, data, "save", "keep a text as the next version of a script", about=_ABOUT_SAVE, below=below)
    one.add_argument("name", metavar="NAME", help="as in our-report")
    one.add_argument("what", metavar="FILE", help="a file, or - for standard input")
    _add_language(one)
    one.add_argument("--about", default="", metavar="TEXT", help="what it is for, in one line")
    one = add_verb(actions, data, "versions", "list the versions of a kept script", below=below)
    one.add_argument("name", metavar="NAME", help="as in our-report")
    one = add_verb(actions, data, "run", "propose a script, ask, and run it", about=_ABOUT_RUN, below=below)
    one.add_argument("what", metavar="WHAT", help="as in our-report@2, or disk-space")
    _add_values(one)
    add_proposal(one, says_shell=False)


def _add_language(one: argparse.ArgumentParser) -> None:
    one.add_argument("--language", default="", choices=[*Language], help="where its name does not say")


def _add_source(one: argparse.ArgumentParser) -> None:
    one.add_argument("what", metavar="WHAT", help="as in our-report@2, disk-space, report.ps1 or -")
    one.add_argument("--value", action="append", default=[], metavar="NAME=VALUE", help="of a task, as in threshold=90")
    _add_language(one)


def _add_values(one: argparse.ArgumentParser) -> None:
    one.add_argument("--language", default="", choices=[*Language], help="by default what fits")
    one.add_argument("--value", action="append", default=[], metavar="NAME=VALUE", help="as in threshold=90")
    one.add_argument("--limit", type=number(1, 86_400), metavar="SECONDS", help="that it may take")
    one.add_argument("--only-check", action="store_true", help="the text itself changes nothing")
