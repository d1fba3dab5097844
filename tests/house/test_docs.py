"""The pages that repeat what the code says are in step with it, and the others point at things that exist."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

import pytest

from opsterm.cli.run import VERBS
from opsterm.core.errors import ExitCode
from opsterm.core.settings import known_keys
from opsterm.runtime.commands import COMMANDS
from tests.house.source import CHECKOUT, texts
from tests.house.write_docs import COMMAND, PAGES, parser_verbs, variable

MARKDOWN = [(name, text) for name, text in texts() if name.endswith(".md") and not name.startswith("knowledge_seed/")]


@pytest.mark.parametrize(("name", "page"), PAGES.items(), ids=PAGES)
def test_a_generated_page_is_in_step(name: str, page: Callable[[], str]) -> None:
    file = CHECKOUT / name
    kept = file.read_text(encoding="utf-8") if file.exists() else ""
    assert kept == page(), f"{name} is stale: run `{COMMAND}` and commit it"


TABLES = ("monitoring.threshold", "snmp.trap_alert", "mail.notify", "checks.http", "checks.tcp", "checks.ping",
          "approvals.rule", "approvals.limit", "approvals.autonomy")  # fmt: skip
"""Settings that are tables, which no variable can hold."""


def test_every_command_verb_and_setting_is_on_its_page() -> None:
    keys, commands, settings = (page() for page in PAGES.values())
    assert [c.id for c in COMMANDS if f"`{c.id}`" not in keys] == []
    assert [verb for verb in VERBS if f"## opsterm {verb}\n" not in commands] == []
    assert [key for key in known_keys() if key not in TABLES and f"`{variable(key)}`" not in settings] == []


@pytest.mark.parametrize(("verb", "parser"), parser_verbs().items(), ids=parser_verbs())
def test_every_argument_says_what_it_is(verb: str, parser: argparse.ArgumentParser) -> None:
    assert parser.description
    assert [action.dest for action in parser._actions if not action.help] == []


@pytest.mark.parametrize(("name", "text"), MARKDOWN, ids=[name for name, _ in MARKDOWN])
def test_links_between_pages_lead_somewhere(name: str, text: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (CHECKOUT / name).parent.joinpath(target).exists(), f"{name} points at {target}"


@pytest.mark.parametrize(("name", "text"), MARKDOWN, ids=[name for name, _ in MARKDOWN])
def test_verbs_named_in_a_page_exist(name: str, text: str) -> None:
    """Every `opsterm verb` in backticks or in an indented example is one that the command line has."""
    first_words = {verb.split()[0] for verb in VERBS}
    for word, action in re.findall(r"(?:`|^    |^\$ )opsterm ([a-z]+)(?: ([a-z]+))?", text, flags=re.MULTILINE):
        assert word in first_words, f"{name}: there is no `opsterm {word}`"
        assert word not in ("targets", "vault", "mail") or not action or f"{word} {action}" in VERBS, (
            f"{name}: {word} {action}"
        )


def test_files_named_in_the_readme_exist() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:docs|tests|themes|opsterm|knowledge_seed)/[\w./-]*)`", readme):
        assert (CHECKOUT / path).exists(), f"README.md names {path}"


ROWS = {
    "C": 4, "A": 10, "T": 9, "M": 8, "P": 3, "R": 5, "B": 4, "O": 3, "K": 7, "G": 8, "X": 5,
}  # fmt: skip
"""How many capabilities there are of each kind."""


def capability_rows() -> list[tuple[str, str, str, str]]:
    """Return (id, capability, state, where or what is missing) from the README's table."""
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$", readme, flags=re.MULTILINE)
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def test_the_readme_tells_the_state_of_every_capability() -> None:
    wanted = [f"{kind}{number}" for kind, count in ROWS.items() for number in range(1, count + 1)]
    assert [row[0] for row in capability_rows()] == wanted
    assert {row[2] for row in capability_rows()} <= {"works", "first form", "not yet"}


def test_what_is_said_to_work_points_at_a_page_or_a_test() -> None:
    for name, _, state, where in capability_rows():
        assert state == "not yet" or re.search(r"`tests/|\]\(docs/|`opsterm ", where), f"{name} points at nothing"
        assert state != "first form" or len(where.split()) > 3, f"{name} does not say what is missing"


def test_the_readme_tells_every_exit_code() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert [code.value for code in ExitCode if f"\n| {code.value} | " not in readme] == []


def test_the_two_commands_are_one_line_each() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    (python3 -m venv .*)$", readme, flags=re.MULTILINE)
    assert [command.rpartition("/")[2] for command in commands] == ["opsterm", "pytest"]
