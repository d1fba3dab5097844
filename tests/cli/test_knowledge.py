"""The verbs about what is known, as an operator and a script drive them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from tests.cli.account import Account
from tests.runtime.test_knowledge import OURS
from tests.runtime.tiny_embedder import WIDTH, write_embedder


def test_a_symptom_finds_its_card_and_the_card_says_all(account: Account) -> None:
    told = account.run("knowledge", "search", "deleted", "files", "but", "disk", "still", "full", expect=0)
    assert told.out.splitlines()[0].split() == ["ID", "KIND", "RISK", "SURE", "TITLE", "HERE"]
    assert "disk-deleted-open" in told.out
    shown = account.run("knowledge", "show", "disk-deleted-open", expect=0).out
    assert "sh$ lsof +L1" in shown
    silent = account.run("knowledge", "search", "lasagne without meat", expect=0)
    assert "Nothing is known of that" in silent.err
    for name in ("seen as", "look", "cause", "do", "risk", "back", "verify", "see"):
        assert f"\n{name:8}" in shown, name


def test_each_line_of_input_gets_its_object_in_order(account: Account) -> None:
    lines = ["ORA-12541: TNS:no listener", '{"text": "k8s CrashLoopBackOff"}', "", "recipe for lasagne"]
    ran = account.run("knowledge", "search", "--json", "--limit", "2", "-", stdin="\n".join(lines), expect=0)
    records = ran.records()
    assert [record["query"] for record in records] == ["ORA-12541: TNS:no listener", "k8s CrashLoopBackOff", lines[3]]
    assert all(tuple(record) == JSON_KEYS["knowledge search"] for record in records)
    assert [record["abstained"] for record in records] == [False, False, True]
    assert [hit["id"] for record in records[:2] for hit in record["hits"][:1]] == [
        "db-oracle-listener",
        "k8s-crashloop",
    ]
    assert all(len(record["hits"]) <= 2 for record in records)
    assert records[0]["hits"][0]["fits"] is True


def test_a_card_goes_in_and_comes_out_as_it_was_written(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(OURS, encoding="utf-8")
    account.run("knowledge", "add", str(file), expect=0)
    text = account.run("knowledge", "export", "--own", expect=0).out
    account.run("knowledge", "remove", "our-turbine-feed", expect=0)
    account.run("knowledge", "add", "-", stdin=text, expect=0)
    assert account.run("knowledge", "export", "--own", expect=0).out == text
    toml = account.run("knowledge", "show", "our-turbine-feed", "--toml", expect=0).out
    hostile = toml.replace("hangs", r"sleeps \u001b]52;c;eA==\u0007")
    account.run("knowledge", "edit", "our-turbine-feed", "-", stdin=hostile, expect=0)
    for words in (["show", "our-turbine-feed"], ["search", "turbine", "feed"], ["export", "--own"]):
        assert not {"\x1b", "\x07"} & {*account.run("knowledge", *words, expect=0).out}
    card = account.run("knowledge", "show", "our-turbine-feed", "--json", expect=0).record()
    assert tuple(card) == JSON_KEYS["knowledge show"]
    assert "sleeps" in card["cause"]
    assert "wrote card our-turbine-feed" in account.run("audit", "list", expect=0).out


def test_figures_come_from_the_cards_and_the_index_is_made_anew(account: Account) -> None:
    stats = account.run("knowledge", "stats", "--json", expect=0).record()
    assert tuple(stats) == JSON_KEYS["knowledge stats"]
    assert stats["cards"] == sum(stats["kinds"].values()) == sum(stats["families"].values())
    assert set(stats["collections"].values()) == {0}  # nobody watches here: nothing has filled them
    made = account.run("knowledge", "reindex", "--json", expect=0).record()
    assert made == {"cards": stats["cards"], "items": made["items"], "embedder": "hashed"}
    filled = account.run("knowledge", "stats", "--json", expect=0).record()
    assert sum(filled["collections"].values()) == made["items"] > stats["cards"] + stats["patterns"]
    assert (filled["vectors"]["waiting"], filled["vectors"]["index_upto"]) == (0, None)
    assert len(account.run("knowledge", "export", "--json", expect=0).records()) == stats["cards"]


def test_an_embedder_is_shown_first_and_used_when_that_is_said(account: Account, tmp_path: Path) -> None:
    account.config('[model]\nurl = ""\n')
    folder, file = write_embedder(tmp_path / "tiny"), tmp_path / "minilm.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for part in folder.iterdir():
            archive.write(part, f"minilm/{part.name}")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    shown = account.run("knowledge", "embedder", str(file), expect=2)
    assert f"SHA-256 {sha256}" in shown.err
    assert "say --yes" in shown.err
    account.run("knowledge", "embedder", str(file), "--sha256", "0" * 64, "--yes", expect=4)
    assert _rungs(account) == [("hashed", "")]
    used = account.run("knowledge", "embedder", str(file), "--sha256", sha256, "--yes", "--json", expect=0).record()
    assert tuple(used) == JSON_KEYS["knowledge embedder"]
    assert (used["rung"], used["dimension"], used["sha256"]) == ("onnx", WIDTH, sha256)
    assert _rungs(account) == [("onnx", used["folder"]), ("hashed", "")]
    account.run("knowledge", "embedder", "off", expect=0)
    assert _rungs(account) == [("hashed", "")]


def _rungs(account: Account) -> list[tuple[str, str]]:
    found = account.run("knowledge", "embedder", "--json", expect=0).records()
    return [(one["rung"], one["folder"]) for one in found if not one["fault"]]


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (["show", "never-there"], "", "There is no card 'never-there'."),
        (["remove", "web-502"], "", "ship cannot be removed"),
        (["add", "/never/there.toml"], "", "cannot be read"),
        (["add", "-"], "nonsense", "It is not TOML"),
        (["edit", "web-502", "-"], OURS, "not that of card web-502 alone"),
        (["search", "-"], '{"text": 5}', "is no text"),
        (["search", "-"], '{"txt": ""}', "no object with a text"),
        (["search", "--limit", "0", "x"], "", "whole number from 1 to 100"),
        (["embedder", "models/minilm"], "", "named from / or ~/ on"),
        (["embedder", "~", "--yes"], "", "named from / or ~/ on"),
        (["embedder", "/never/there", "--sha256", "0"], "", "a folder is used as it is"),
        (["embedder", "ftp://host/a.zip"], "", "no URL that can be fetched from"),
    ],
)
def test_what_is_wrong_is_a_sentence(account: Account, words: list[str], stdin: str, says: str) -> None:
    ran = account.run("knowledge", *words, stdin=stdin, expect=2)
    assert says in ran.err
    assert ran.out == ""
