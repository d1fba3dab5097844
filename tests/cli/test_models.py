"""Language models from the command line, against a server of the tests' own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from opsterm.core.errors import ExitCode
from tests.cli.account import Account
from tests.ollama.models import FakeModel
from tests.ollama.scripts import says
from tests.ollama.server import FakeOllama


@contextmanager
def served(*models: FakeModel) -> Iterator[FakeOllama]:
    """Serve beside a verb, which has a loop of its own."""
    server, loop = FakeOllama(*models), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
        yield server
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def test_models_are_listed_shown_fetched_and_removed(account: Account) -> None:
    with served(FakeModel("qwen3.5:4b"), FakeModel("hostile\x1b[2J:1", None)) as server:
        server.library["new:1"] = [600, 400]
        account.config(f'[model]\nurl = "{server.url}"\n')
        rows = account.run("model", "list", "--json", expect=0).records()
        assert [(row["name"], row["used"]) for row in rows] == [("qwen3.5:4b", True), (r"hostile\x1b[2J:1", False)]
        assert rows[0]["capabilities"] == ["completion", "tools"]
        shown = account.run("model", "list", expect=0).out
        assert "\x1b" not in shown
        assert "*  qwen3.5:4b" in shown
        assert "trained for       131072 tokens" in account.run("model", "show", expect=0).out
        assert account.run("model", "show", "--json").record()["longest_context"] == 131_072
        missing = account.run("model", "show", "qwen3.5:9b", expect=ExitCode.BAD_INPUT).err
        assert "The nearest is qwen3.5:4b." in missing
        steps = account.run("model", "pull", "new:1", "--json", expect=0).records()
        assert (steps[-1]["done"], steps[-1]["total"], steps[-1]["finished"]) == (1000, 1000, True)
        assert "no model nope" in account.run("model", "pull", "nope", expect=ExitCode.MODEL_UNAVAILABLE).err
        asked = account.run("model", "remove", "new:1", expect=ExitCode.BAD_INPUT)
        assert "for everybody" in asked.err
        assert account.run("model", "remove", "new:1", "--yes", "--json", expect=0).record() == {"removed": "new:1"}
        refused = account.run("--read-only", "model", "remove", "qwen3.5:4b", "--yes", expect=ExitCode.REFUSED)
        assert "read-only" in refused.err
        doctor = {row["name"]: row for row in account.run("doctor", "--json").records()}
        assert "qwen3.5:4b at http://127.0.0.1" in doctor["model"]["text"]


def test_a_weak_model_is_found_out(account: Account) -> None:
    with served(FakeModel("m:1", script=says("no"))) as server:
        account.config(f'[model]\nurl = "{server.url}"\n')
        ran = account.run("model", "check", expect=ExitCode.SOME_FAILED)
        assert "note  tools   1 of 7 right" in ran.out
        assert "its tool calls are not relied on" in ran.out


@pytest.mark.parametrize("action", [("list",), ("show",), ("pull", "m:1"), ("check",), ("remove", "m:1", "--yes")])
def test_without_a_server_the_exit_code_says_so(account: Account, action: tuple[str, ...]) -> None:
    account.config('[model]\nurl = "http://127.0.0.1:9"\n')
    ran = account.run("model", *action, expect=ExitCode.MODEL_UNAVAILABLE)
    assert "refused the connection" in ran.err
    assert ran.out == ""
    off = account.run("--set", "model.url=", "model", *action, expect=ExitCode.MODEL_UNAVAILABLE)
    assert "model.url is empty" in off.err
