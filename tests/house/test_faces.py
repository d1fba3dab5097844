"""What scripts and fingers rely on: exit codes, verbs, and that each key has a verb."""

from __future__ import annotations

import importlib
import inspect

import pytest

from opsterm.cli.arguments import parse_arguments
from opsterm.cli.run import VERBS
from opsterm.cli.syntax.whole import EXIT_CODES
from opsterm.core import errors
from opsterm.core.errors import ExitCode, OpstermError
from opsterm.runtime.commands import COMMANDS, Command
from tests.house.write_docs import parser_verbs

EXIT_CODES_FOR_EVER = {
    "DONE": 0, "SOME_FAILED": 1, "BAD_INPUT": 2, "UNREACHABLE": 3, "REFUSED": 4, "STORAGE": 5, "MODEL_UNAVAILABLE": 6,
    "BUG": 70, "TIMED_OUT": 124, "INTERRUPTED": 130,
}  # fmt: skip

ERRORS_FOR_EVER = {
    "BadInput": 2, "NotFound": 2, "BadSelector": 2, "BadSetting": 2, "Unreachable": 3, "NotBegun": 3,
    "HostKeyUnknown": 3, "HostKeyChanged": 3, "TimedOut": 124, "Refused": 4, "NotApproved": 4, "LeaseLost": 4,
    "SecretNotSent": 4, "Unguarded": 4, "AuthenticationFailed": 3,
    "StorageError": 5, "SchemaTooNew": 5, "StorageFull": 5, "VaultLocked": 5, "ModelUnavailable": 6,
    "Interrupted": 130, "Bug": 70, "OpstermError": 70,
}  # fmt: skip


def test_exit_codes_are_what_scripts_were_promised() -> None:
    assert {code.name: code.value for code in ExitCode} == EXIT_CODES_FOR_EVER


def test_each_error_ends_with_its_number() -> None:
    kinds = inspect.getmembers(errors, lambda found: inspect.isclass(found) and issubclass(found, OpstermError))
    assert {name: int(kind.exit_code) for name, kind in kinds} == ERRORS_FOR_EVER


def test_help_names_every_exit_code() -> None:
    for code in ExitCode:
        assert f"{code.value} " in EXIT_CODES


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_what_a_key_does_a_verb_does(command: Command) -> None:
    if command.verb:
        assert command.verb in VERBS, f"`opsterm {command.verb}` does not exist"
        assert not command.no_verb
    else:
        assert command.no_verb, "name the verb that does the same, or say why there is none"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_exists_and_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_arguments([*verb.split(), "--help"]).exit_code == ExitCode.DONE
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: opsterm {verb}")
    assert "--json" in shown
    module, _, function = VERBS[verb].partition(":")
    assert inspect.iscoroutinefunction(getattr(importlib.import_module(f"opsterm.cli.verbs.{module}"), function))


def test_the_parser_and_the_table_of_verbs_agree() -> None:
    assert sorted(parser_verbs()) == sorted(VERBS)


def test_commands_have_names_of_their_own() -> None:
    ids = [command.id for command in COMMANDS]
    assert len(set(ids)) == len(ids)


def test_a_key_means_one_thing_in_a_place() -> None:
    taken: dict[tuple[str, str], str] = {}
    for command in COMMANDS:
        for pane in command.pane.split(", "):
            for key in command.keys:
                assert taken.setdefault((pane, key), command.id) == command.id, f"{key} in {pane}"


NEVER = frozenset({
    "ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+left_square_bracket", "ctrl+s", "ctrl+q", "ctrl+z", "ctrl+b",
    "ctrl+a", "f10", "f11",
})  # fmt: skip
"""Keys that are other keys on the wire, or belong to the line, the multiplexer or the terminal."""


def test_no_key_is_one_that_terminals_swallow() -> None:
    assert not NEVER.intersection(key for command in COMMANDS for key in command.keys)
