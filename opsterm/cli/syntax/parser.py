"""What every verb's arguments are made with. Imports nothing heavy."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from opsterm.cli.manual import epilog
from opsterm.cli.output import write_safely
from opsterm.core.errors import BadInput

SOME = "which targets, as in 'tag:web and not env:lab' or web-[01-12]"
"""Help of an argument that is a selector."""


class Parser(argparse.ArgumentParser):
    """argparse that raises our error instead of leaving the process, and takes no shortened options."""

    def __init__(self, *args: object, **given: object) -> None:
        given.setdefault("allow_abbrev", False)
        given.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **given)  # type: ignore[arg-type]  # passed on as it came

    def print_help(self, file: object = None) -> None:
        """Print the help on standard output, also where its encoding lacks a character."""
        del file
        write_safely(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print. Raises BadInput."""
        help_is = f"`{self.prog} --help` shows what may be given."
        wrong = re.search(r"invalid choice: (['\"])(.*?)\1 \(choose from (.*)\)", message, re.DOTALL)
        if wrong:
            choices = re.findall(r"[\w.-]+", wrong[3])
            near = difflib.get_close_matches(wrong[2], choices, n=1)
            raise BadInput(
                f"There is no {wrong[2][:100]!r} here.",
                why=f"The nearest is {near[0]}." if near else f"There is: {', '.join(choices)}.",
                next_step=help_is,
            )
        said = re.sub(r"^argument (\S+): ", r"\1 ", message).replace("expected one argument", "needs a value")
        raise BadInput(f"{said[:1].upper()}{said[1:300]}.", next_step=help_is)

    def options(self) -> Sequence[str]:
        """Return the long options that it takes."""
        return [name for name in self._option_string_actions if name.startswith("--")]  # no public way to ask


Verbs = argparse._SubParsersAction  # noqa: SLF001 (argparse has no public name for it)


def number(low: int, high: int) -> Callable[[str], int]:
    """Return what reads a whole number within limits."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            msg = f"must be a whole number from {low:,} to {high:,}, not {text[:40]!r}"
            raise argparse.ArgumentTypeError(msg)
        return value

    return read


def add_verb(verbs: Verbs[Parser], data: Parser, name: str, text: str, *, about: str = "", below: str = "") -> Parser:
    """Add a verb.

    Args:
        verbs: where to.
        data: options that every verb has.
        name: its last word.
        text: what it does, for the list of verbs.
        about: further sentences for its own help.
        below: the word before it, as in "targets".
    """
    description = text[:1].upper() + text[1:] + "." + (f"\n{about}" if about else "")
    return verbs.add_parser(
        name, help=text, description=description, parents=[data], epilog=epilog(f"{below} {name}".strip())
    )
