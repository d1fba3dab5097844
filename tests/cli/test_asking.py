"""The chat as a script drives it: one sentence, or a line of input each; nothing is done by the way."""

from __future__ import annotations

import getpass
import json
import sqlite3
from contextlib import closing

from opsterm.cli.json_keys import JSON_KEYS
from tests.cli.account import Account
from tests.cli.test_models import served
from tests.ollama.models import FakeModel
from tests.ollama.scripts import says

REPLY_KEYS = (
    "intent", "interpretation", "kind", "targets", "count", "groups", "window", "question", "answer", "citations",
    "proposal", "stamp",
)  # fmt: skip
OWNER = getpass.getuser()
NOW = ("--now", "2026-11-25T10:00+00:00")


def _ask(account: Account, *lines: object) -> list[dict[str, object]]:
    given = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    ran = account.run("ask", "--offline", *NOW, "-", stdin=given + "\n", expect=0)
    return [json.loads(line) for line in ran.out.splitlines()]


def test_each_line_gets_its_object_in_order(account: Account) -> None:
    account.run("targets", "add", "web-01", "--group", "web", "--site", "fra", "--os", "debian 12", expect=0)
    account.run("targets", "add", "web-02", "--group", "web", "--site", "ams", "--os", "debian 12", expect=0)
    replies = _ask(
        account, {"text": "web servers", "context": []}, {"text": "how many per site", "context": ["web servers"]},
        "memory on web-01 over the last hour", {"text": "run `reboot` on web-01"}, {"text": "is web-1 up"},
        {"text": "tell me a joke"}, {"text": "why does nginx not start"},
    )  # fmt: skip
    assert all(tuple(reply) == REPLY_KEYS for reply in replies)
    intents = ["inventory", "inventory", "metric", "run_command", "inventory", "out_of_scope", "troubleshoot"]
    assert [reply["intent"] for reply in replies] == intents
    assert (replies[0]["kind"], replies[0]["targets"], replies[0]["count"]) == ("list", ["web-01", "web-02"], 2)
    assert replies[2]["window"] == {"start": "2026-11-25T09:00:00+00:00", "end": "2026-11-25T10:00:00+00:00"}
    assert replies[3]["proposal"] == {
        "command": "reboot", "selector": "web-01", "targets": ["web-01"], "change": None, "marks": [],
    }  # fmt: skip
    assert (replies[4]["targets"], "web-1" in str(replies[4]["question"])) == ([], True)
    assert replies[5]["question"]
    assert account.run("changes", "--json", expect=0).out == ""


def test_a_line_that_is_no_object_is_a_sentence(account: Account) -> None:
    replies = _ask(account, "hosts", "[1]", "", '{"text": 7}', {"text": "", "context": 5})
    assert len(replies) == 4
    assert replies[0]["targets"] == ["localhost"]


def test_a_single_sentence_proposes_and_has_the_keys_it_promises(account: Account) -> None:
    asked = json.loads(account.run("ask", "--json", "run `uptime` on localhost", expect=0).out)
    assert tuple(asked) == JSON_KEYS["ask"]
    assert asked["proposal"]["change"] == "c1"


def test_what_is_no_time_is_told(account: Account) -> None:
    assert "is no time" in account.run("ask", "--now", "soon", "hosts", expect=2).err


def test_a_model_answers_what_no_rule_reads_unless_it_is_left_out(account: Account) -> None:
    text = "why might the nginx be slow since the last deployment?"
    with served(FakeModel("m:1", script=says("It may be the cache [k1]."))) as server:
        account.config(f'[model]\nurl = "{server.url}"\n')
        account.run("ask", "--offline", text)
        _ask(account, text)
        account.run("ask", "hosts", expect=0)
        assert server.bodies("/api/chat") == []
        asked = account.run("ask", "--json", text, expect=0).record()
        assert (asked["stamp"]["rung"], asked["stamp"]["model"]) == ("model", "m:1")
        assert asked["blocks"][0]["supported"] is False
        said = account.run("ask", text, expect=0)
        assert "It may be the cache [k1]. (?)" in said.out
        assert "(?) 1 of 1 sentence has no support: there is no k1" in said.out
        assert "from: model m:1 · 4,096 tokens · " in said.err


def test_what_is_asked_at_a_terminal_is_kept_and_what_a_script_asks_is_not(account: Account) -> None:
    said = ("how do I restart nginx with token=hunter2-and-more", "how do I restart nginx again", "and once more")
    with account.on_terminal("ask", "--offline", *said[0].split()) as terminal:
        terminal.wait_for_end()
    kept = _interactions(account)
    assert [(owner, body.startswith("how do I restart nginx with token=")) for owner, body in kept] == [(OWNER, True)]
    assert "hunter2" not in kept[0][1]
    account.run("ask", "--offline", *said[1].split())
    _ask(account, *said)
    with account.on_terminal("ask", "--offline", *NOW, *said[1].split()) as terminal:  # asked of another moment
        terminal.wait_for_end()
    account.config("[chat]\nkeep_d = 0\n")
    with account.on_terminal("ask", "--offline", *said[2].split()) as terminal:
        terminal.wait_for_end()
    assert _interactions(account) == kept


def _interactions(account: Account) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(account.data / "opsterm.db")) as db:
        return db.execute("SELECT owner, body FROM item WHERE collection = 'interactions'").fetchall()
