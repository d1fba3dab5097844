"""What was typed, understood. Imports nothing heavy."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence

from opsterm.cli.invocation import Invocation
from opsterm.cli.syntax.audit import ACTIONS
from opsterm.cli.syntax.learning import LEARNING
from opsterm.cli.syntax.parser import Parser
from opsterm.cli.syntax.plans import PLANNING
from opsterm.cli.syntax.whole import build_parser
from opsterm.core.errors import BadInput, ExitCode

_OURS = "\x00"
"""Put before a word that must not be taken for an option; no argument of a process can hold it."""

_HELP = {"-h", "--help"}
"""Before the verb it is about all of them."""

_WITH_VALUE = ("--config", "--set", "--theme")
"""Options before the verb that have a value behind them."""


def parse_arguments(argv: Sequence[str]) -> Invocation:
    """Understand a command line.

    Raises:
        BadInput: an unknown verb or option, or one that lacks its value; an argument that is no UTF-8.
    """
    for word in argv:
        if any("\ud800" <= char <= "\udfff" for char in word):
            shown = word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise BadInput(
                f"An argument is not UTF-8 text: '{shown[:200]}'.",
                next_step="Write it in UTF-8; a file of another name can be given through standard input.",
            )
    words = _shielded(list(argv))
    at = _verb_at(words)
    parser = build_parser("".join(words[at : at + 1]) if not _HELP & {*words[:at]} else "")
    try:
        namespace, unknown = parser.parse_known_args(words)
    except SystemExit as leaving:  # --help and --version have printed what was asked for
        return Invocation(exit_code=leaving.code if isinstance(leaving.code, int) else ExitCode.BAD_INPUT)
    found = {name: _bare(value) for name, value in vars(namespace).items()}
    words = [str(found.pop(name)) for name in ("verb", "action") if found.get(name)]
    if unknown:
        raise _unknown(parser, words, [str(_bare(word)) for word in unknown])
    found.pop("action", None)
    found.pop("verb", None)
    flags = _flags(found.pop("set") or [])
    for name, key, text in _SHORT_FLAGS:
        if found.pop(name, None):
            flags[key] = text
    if found.get("theme"):
        flags["screen.theme"] = str(found["theme"])
    return Invocation(
        verb=" ".join(words),
        flags=flags,
        config=str(found.pop("config") or ""),
        json=bool(found.pop("json", False)),
        values=found,
    )


_BEFORE_COMMANDS = {"propose", "query", "risk", "simulate"}
_OWN_WORDS = {"risk": LEARNING, "change": PLANNING}

_SHORT_FLAGS = (
    ("ascii", "screen.ascii", "true"),
    ("no_mouse", "screen.mouse", "false"),
    ("slow", "screen.slow", "true"),
    ("read_only", "changes.read_only", "true"),
)


def _shielded(argv: list[str]) -> list[str]:
    """Mark the words that are none of ours.

    What follows the `--` of a verb of _BEFORE_COMMANDS or of `policy check` is a command, and none of its words are
    options; a label of `targets tag` and `targets group` may begin with the minus that takes it away. `audit` alone
    lists, and `risk` or `change` with a word of _OWN_WORDS behind it is another verb.
    """
    at = _verb_at(argv)
    if argv[at : at + 1] == ["audit"] and not {*argv[at + 1 : at + 2]} & {*ACTIONS, "-h", "--help"}:
        return [*argv[: at + 1], "list", *argv[at + 1 :]]
    if any(argv[at : at + 1] == [verb] and {*argv[at + 1 : at + 2]} & {*words} for verb, words in _OWN_WORDS.items()):
        return [*argv[:at], " ".join(argv[at : at + 2]), *argv[at + 2 :]]
    takes = {*argv[at : at + 1]} & _BEFORE_COMMANDS or argv[at : at + 2] == ["policy", "check"]
    if takes and "--" in argv[at:]:
        end = argv.index("--", at)
        return [*argv[:end], "--command-words", *(_OURS + word for word in argv[end + 1 :])]
    if argv[at : at + 2] in (["targets", "tag"], ["targets", "group"]):
        words, given = argv[: at + 2], argv[at + 2 :]
        end = given.index("--") if "--" in given else len(given)
        words += [_OURS + word if re.match(r"-[^-]", word) and word != "-h" else word for word in given[:end]]
        return words + [_OURS + word for word in given[end + 1 :]]
    return argv


def _verb_at(argv: Sequence[str]) -> int:
    at = 0
    while at < len(argv) and argv[at].startswith("-"):
        at += 2 if argv[at] in _WITH_VALUE else 1
    return at


def _bare(value: object) -> object:
    if isinstance(value, str):
        return value.removeprefix(_OURS)
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _unknown(parser: Parser, words: Sequence[str], unknown: Sequence[str]) -> BadInput:
    """Return the error for what no verb takes; names the nearest option."""
    for word in words:
        actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001 (no public way)
        parser = actions[0].choices[word]
    option = next((word for word in unknown if word.startswith("-")), "")
    help_is = f"`{parser.prog} --help` shows what may be given."
    if option:
        name = option.partition("=")[0][:100]
        near = difflib.get_close_matches(name, parser.options(), n=1)
        return BadInput(
            f"There is no option {name}{f' of {parser.prog}' if words else ''}.",
            why=f"The nearest is {near[0]}." if near else "",
            next_step=help_is,
        )
    if list(words) in (["propose"], ["query"]):
        return BadInput(
            f"{unknown[0][:100]!r} stands where no word is expected.",
            next_step=f"Write the command behind --, as in: {parser.prog} --on web-01 -- uptime",
        )
    return BadInput(f"{unknown[0][:100]!r} is one word too many.", next_step=help_is)


def command_text(words: Sequence[str], shell: str) -> str:
    """Return the command behind `--`: one word is taken as it is, several are quoted like the shell had them.

    Raises:
        BadInput: several words that this shell would read otherwise than the operator's own did.
    """
    import shlex  # noqa: PLC0415 (only one verb needs it)

    if len(words) == 1 or shell in ("", "sh", "bash"):
        return words[0] if len(words) == 1 else shlex.join(words)
    if any(shlex.quote(word) != word for word in words):
        raise BadInput(
            f"A word of the command has blanks or signs, and {shell} has quotes of its own.",
            next_step="Write the whole command as one word, in single quotes, or as - and on standard input.",
        )
    return " ".join(words)


def _flags(given: object) -> dict[str, str]:
    flags = {}
    for item in given if isinstance(given, list) else ():
        key, found, value = str(item).partition("=")
        if not found:
            raise BadInput(f"--set {item} has no value.", next_step="Write it as in --set monitoring.interval_s=1")
        flags[key.strip()] = value
    return flags
