"""The pages that repeat what the code says are in step with it, and the others point at things that exist."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

import pytest

from opsterm.cli.run import VERBS
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


def test_every_command_verb_and_setting_is_on_its_page() -> None:
    keys, commands, settings = (page() for page in PAGES.values())
    assert [c.id for c in COMMANDS if f"`{c.id}`" not in keys] == []
    assert [verb for verb in VERBS if f"## opsterm {verb}\n" not in commands] == []
    assert [key for key in known_keys() if key != "monitoring.threshold" and f"`{variable(key)}`" not in settings] == []


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
        assert word not in ("targets", "vault") or not action or f"{word} {action}" in VERBS, f"{name}: {word} {action}"


def test_files_named_in_the_readme_exist() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:docs|tests|themes|opsterm|knowledge_seed)/[\w./-]*)`", readme):
        assert (CHECKOUT / path).exists(), f"README.md names {path}"
