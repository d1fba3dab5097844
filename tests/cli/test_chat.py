"""Conversations without a screen: listed, shown, searched, exported, renamed and forgotten."""

from __future__ import annotations

import asyncio

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from opsterm.composition import build_runtime
from opsterm.core.clock import SystemClock
from opsterm.core.errors import ExitCode
from opsterm.core.paths import find_paths
from opsterm.core.settings_reading import load_settings
from tests.cli.account import Account


@pytest.fixture
def asked(account: Account) -> Account:
    """An account that has asked two questions in one conversation, and one in another."""

    async def ask() -> None:
        environment = account.environment
        paths = find_paths(environment, account.home)
        async with build_runtime(
            loaded=load_settings(file_text=""),
            paths=paths,
            clock=SystemClock(),
            environment=environment,
            face="command",
        ) as runtime:
            await runtime.open(workers=False)
            talk = await runtime.dialogue()
            for text in ("how many targets?", "list alerts"):
                async for _ in talk.ask(text):
                    pass
            talk.begin()
            async for _ in talk.ask("what does `df -h` do?"):
                pass

    asyncio.run(ask())
    return account


def test_conversations_are_listed_shown_and_searched(asked: Account) -> None:
    listed = asked.run("chat", "list", "--json", expect=0).records()
    assert [(one["number"], one["turns"], one["title"]) for one in listed] == [
        (2, 1, "what does `df -h` do?"), (1, 2, "how many targets?"),
    ]  # fmt: skip
    assert tuple(listed[0]) == JSON_KEYS["chat list"]
    shown = asked.run("chat", "show", "1", "--json", expect=0).records()
    assert [one["question"] for one in shown] == ["how many targets?", "list alerts"]
    assert tuple(shown[0]) == JSON_KEYS["chat show"]
    assert shown[0]["answer"]["blocks"], "the answer is there, block by block"
    assert "> list alerts" in asked.run("chat", "show", "1", expect=0).out
    assert "df -h" in asked.run("chat", "show", expect=0).out, "without a number it is the newest"
    (hit,) = asked.run("chat", "search", "--json", "TARGETS", "how", expect=0).records()
    assert tuple(hit) == JSON_KEYS["chat search"]
    assert (hit["conversation"], hit["question"]) == (1, "how many targets?")
    assert asked.run("chat", "search", "lasagne", expect=0).out.splitlines()[1:] == []


def test_one_is_exported_renamed_and_forgotten(asked: Account) -> None:
    text = asked.run("chat", "export", "1", expect=0).out
    assert text.startswith("# how many targets?")
    assert asked.run("chat", "export", "1", "--json", expect=0).record()["markdown"].strip() == text.strip()
    named = asked.run("chat", "rename", "1", "the", "fleet", "--json", expect=0).record()
    assert (named["number"], named["title"]) == (1, "the fleet")
    gone = asked.run("chat", "remove", "1", "--json", expect=0).record()
    assert gone == {"number": 1, "removed": True, "turns": 2}
    for verb in (["show", "1"], ["export", "1"], ["rename", "1", "x"], ["remove", "1"]):
        assert "no conversation 1" in asked.run("chat", *verb, expect=ExitCode.BAD_INPUT).err
    assert [one["number"] for one in asked.run("chat", "list", "--json", expect=0).records()] == [2]


def test_with_none_yet_it_says_so(account: Account) -> None:
    assert "no conversation yet" in account.run("chat", "list", expect=0).err
    assert "no conversation yet" in account.run("chat", "show", expect=ExitCode.BAD_INPUT).err
