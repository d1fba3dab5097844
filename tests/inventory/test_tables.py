"""CSV, JSON and known_hosts: what is good comes in, what is bad is named by its line."""

from __future__ import annotations

import csv
import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.inventory.formats.ansible_hosts import expand_pattern
from opsterm.inventory.formats.ansible_ini import import_ansible_ini
from opsterm.inventory.formats.ansible_yaml import export_ansible_yaml, import_ansible_yaml
from opsterm.inventory.formats.csv_table import export_csv, import_csv
from opsterm.inventory.formats.detect import InventoryFormat, guess_format
from opsterm.inventory.formats.json_lines import export_json_lines, import_json_lines
from opsterm.inventory.formats.known_hosts import import_known_hosts
from opsterm.inventory.formats.ssh_config import export_ssh_config
from opsterm.inventory.imports import ImportResult
from opsterm.inventory.target import Protocol, Target
from tests.inventory.rows import targets
from tests.inventory.test_ssh_config import imported

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN6opcVOIku0pQNoNar1u8a2kYOCq5bhW1"


def names(result: ImportResult) -> list[str]:
    return [target.name for target in result.targets]


def test_csv_with_every_column() -> None:
    text = (
        "\ufeffName;Address;OS;Group;Tags;Protocol;Port;User;Environment;Site;Status\r\n"
        'web-01;10.0.0.1;debian 12;web;"tls;edge";ssh;2222;deploy;prod;fra;online\r\n'
        "win-1;;Windows 2022;;;WinRM;;;;;offline\r\n"
    )
    result = import_csv("t.csv", text)
    assert not result.problems
    assert result.targets == (
        Target(
            name="web-01", address="10.0.0.1", os="debian 12", groups=("web",), tags=("edge", "tls"), port=2222,
            user="deploy", environment="prod", site="fra", source="csv",
        ),
        Target(name="win-1", os="Windows 2022", protocol=Protocol.WINRM, source="csv"),
    )  # fmt: skip
    assert result.notes == ("The status column is left out: opsterm shows what it measured itself.",)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv_delimiters(sign: str) -> None:
    assert names(import_csv("t", sign.join(["host", "env"]) + "\n" + sign.join(["a", "x"]) + "\n")) == ["a"]


def test_csv_bad_rows_do_not_stop_the_rest() -> None:
    text = (
        "name,port,protocol,user,colour\n"
        "a,70000,,,\n"
        "b,22,telnet,,\n"
        "bad name,,,,\n"
        ",22,,,\n"
        "c,,,-oProxyCommand=x,\n"
        "d,1,2,3,4,5\n"
        '"\ne",22,,,\n'
        "f,22,,,red\n"
        "localhost,,,,\n"
        "\n"
        "g\n"
    )
    result = import_csv("t.csv", text)
    assert names(result) == ["e", "f", "g"]
    assert [problem.line for problem in result.problems] == [1, 2, 3, 4, 5, 6, 7]
    assert "nearest is ssh" not in result.problems[1].text
    assert str(result.problems[1]).startswith("t.csv:2: ")
    assert any("this machine" in note for note in result.notes)


def test_csv_rows_of_one_name_are_joined() -> None:
    result = import_csv("t", 'name,group,tags,group\na,web,x,edge\na,db,"y;x",\n')
    assert result.targets[0].groups == ("web", "edge", "db")
    assert result.targets[0].tags == ("x", "y")


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n1,2\n", "\x00\x00", '"', "name\n" + '"' + "x\n" * 500])
def test_csv_that_is_none_is_a_sentence(text: str) -> None:
    result = import_csv("t.csv", text)
    assert not result.targets
    assert result.problems or result.notes


def test_known_hosts() -> None:
    text = (
        f"# comment\nweb-01,10.0.0.1 {KEY}\nweb-01 ecdsa-sha2-nistp256 AAAAE2\n[db.example.com]:2222 {KEY} who\n"
        f"10.0.0.9 {KEY}\n|1|salt=|hash= {KEY}\n|1|salt=|hash= {KEY}\n@revoked old {KEY}\n"
        f"@cert-authority *.example.com {KEY}\n*.lab {KEY}\nlocalhost {KEY}\nbroken\nbad/name {KEY}\n"
        f"10.0.0.7,named {KEY}\nfe80::1%eth0 {KEY}\n"
    )
    result = import_known_hosts("known_hosts", text)
    assert [(t.name, t.port) for t in result.targets] == [
        ("web-01", None), ("db.example.com", 2222), ("10.0.0.9", None), ("named", None),
    ]  # fmt: skip
    assert [problem.line for problem in result.problems] == [12, 13, 15]
    assert result.notes == (
        "2 lines have their names hashed (HashKnownHosts), so no target can be read from them.",
        "2 lines stand for patterns, not for one host.",
    )


def test_json_lines_and_list_output() -> None:
    text = (
        '{"name": "a", "groups": ["web"], "tags": ["y", "x"], "port": 22, "status": "online", "source": "manual"}\n'
        '{"name": "b", "port": "x"}\n[1]\n{"name": 7}\nnonsense\n{"name": "c", "colour": "red"}\n'
        + "[" * 50_000 + '\n{"name": "d", "os": {"x": 1}}\n{"name": "e", "port": null, "source": "built-in"}\n'
    )  # fmt: skip
    result = import_json_lines("t.json", text)
    assert names(result) == ["a", "e"]
    assert (result.targets[0].tags, result.targets[0].source, result.targets[1].source) == (
        ("x", "y"),
        "manual",
        "json",
    )
    assert [problem.line for problem in result.problems] == [2, 3, 4, 5, 6, 7, 8]


# ------------------------------------------------------------------------------------------ there and back

FLEETS = st.lists(targets(), max_size=6, unique_by=lambda target: target.name)


def from_source(source: str, these: list[Target]) -> tuple[Target, ...]:
    return tuple(dataclasses.replace(target, source=source) for target in these)


@pytest.mark.parametrize("words", ["=1+1", "+cmd", "-1", "@SUM(1)", "'=1", "''=1", "'tis", "a=b", "=a,b"])
def test_a_spreadsheet_finds_no_formula_in_a_table(words: str) -> None:
    exported = export_csv([Target(name="a", site=words, source="csv")])
    (row,) = list(csv.reader(exported.splitlines()))[1:]
    assert row[-1][0] not in "=+-@"
    (read,) = import_csv("t", exported).targets
    assert read.site == words


@given(FLEETS)
def test_csv_there_and_back(fleet: list[Target]) -> None:
    result = import_csv("t", export_csv(fleet))
    assert result.targets == from_source("csv", fleet)
    assert not result.problems


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_objects_is_read_as_well(indent: int | None) -> None:
    text = json.dumps([{"name": "a", "groups": ["web"]}, 7, {"name": "b"}], indent=indent)
    result = import_json_lines("t.json", text)
    assert names(result) == ["a", "b"]
    assert [problem.line for problem in result.problems] == [2], "an item counts as a line"


@given(FLEETS)
def test_json_there_and_back(fleet: list[Target]) -> None:
    text = export_json_lines(fleet)
    assert import_json_lines("t", text).targets == tuple(fleet)
    assert all(isinstance(json.loads(line), dict) for line in text.splitlines())


@given(FLEETS)
def test_ansible_there_and_back(fleet: list[Target]) -> None:
    def sortable(target: Target) -> Target:
        groups = sorted(set(target.groups) - {"all", "ungrouped"})
        return dataclasses.replace(target, groups=tuple(groups), source="")

    kept = [target for target in fleet if expand_pattern(target.name) == ([target.name], "")]
    result = import_ansible_yaml("t", export_ansible_yaml(fleet))
    assert [sortable(target) for target in result.targets] == [sortable(target) for target in kept]
    assert not result.problems


@given(FLEETS)
def test_ssh_config_there_and_back(fleet: list[Target]) -> None:
    kept = [t for t in fleet if t.protocol is Protocol.SSH]
    result = imported(export_ssh_config(kept))
    assert [(t.name, t.reach.lower(), t.port, t.user) for t in result.targets] == [
        (t.name, t.reach.lower(), None if t.port == 22 else t.port, t.user) for t in kept
    ]


def test_what_is_built_in_is_not_exported() -> None:
    here = [Target(name="localhost", protocol=Protocol.LOCAL, source="built-in")]
    assert "localhost" not in export_csv(here) + export_json_lines(here) + export_ansible_yaml(
        here
    ) + export_ssh_config(here)


# ------------------------------------------------------------------------------------------------ which is it


@pytest.mark.parametrize(
    ("file", "text", "kind"),
    [
        ("t.csv", "", InventoryFormat.CSV),
        ("hosts.YML", "", InventoryFormat.ANSIBLE_YAML),
        ("/home/ana/.ssh/config", "", InventoryFormat.SSH_CONFIG),
        ("/home/ana/.ssh/known_hosts.old", "", InventoryFormat.KNOWN_HOSTS),
        ("hosts", "# x\n[web]\na\n", InventoryFormat.ANSIBLE_INI),
        ("hosts", "web1 ansible_host=1.2.3.4\n", InventoryFormat.ANSIBLE_INI),
        ("hosts", "---\nall:\n", InventoryFormat.ANSIBLE_YAML),
        ("hosts", "all:\n  hosts:\n", InventoryFormat.ANSIBLE_YAML),
        ("x", "Host web\n", InventoryFormat.SSH_CONFIG),
        ("x", f"web {KEY}\n", InventoryFormat.KNOWN_HOSTS),
        ("x", "site;name;port\n", InventoryFormat.CSV),
        ("x", '{"name": "a"}\n', InventoryFormat.JSON),
    ],
)
def test_guesses_the_format(file: str, text: str, kind: InventoryFormat) -> None:
    assert guess_format(file, text) is kind


def test_does_not_guess_without_a_sign() -> None:
    with pytest.raises(BadInput, match="Nothing in"):
        guess_format("x", "?????\n")


# -------------------------------------------------------------------------------------------- hostile bytes

READERS = {
    InventoryFormat.KNOWN_HOSTS: import_known_hosts,
    InventoryFormat.ANSIBLE_INI: import_ansible_ini,
    InventoryFormat.ANSIBLE_YAML: import_ansible_yaml,
    InventoryFormat.CSV: import_csv,
    InventoryFormat.JSON: import_json_lines,
}

HOSTILE = (
    "\x1b]52;c;aGk=\x07", "a\u202eb", "x" * 1_000_000, "\x00\x01\x02", "-oProxyCommand=touch /tmp/x", "a b",
    "$(reboot)", "`id`", "\u200b", "../../etc/passwd", "a\tb", "\x9b31m", "\ud800", "%s%s%n",
)  # fmt: skip


@pytest.mark.parametrize("kind", list(READERS))
@pytest.mark.parametrize("word", HOSTILE, ids=[ascii(word[:12]) for word in HOSTILE])
def test_hostile_names_are_named_and_left_out(kind: InventoryFormat, word: str) -> None:
    text = {
        InventoryFormat.KNOWN_HOSTS: f"{word} {KEY}\ngood {KEY}\n",
        InventoryFormat.ANSIBLE_INI: f"[web]\n{word}\ngood\n",
        InventoryFormat.ANSIBLE_YAML: f"all:\n  hosts:\n    {json.dumps(word)}:\n    good:\n",
        InventoryFormat.CSV: f"name,os\n{word},x\ngood,x\n",
        InventoryFormat.JSON: json.dumps({"name": word}) + '\n{"name": "good"}\n',
    }[kind]
    result = READERS[kind]("t", text)
    assert word not in names(result)
    said = [str(problem) for problem in result.problems] + list(result.notes)
    assert said
    assert all(len(line) < 400 for line in said)
    assert not any(sign in line for line in said for sign in "\x00\x1b\x9b\u202e\u200b\n")
    if kind is not InventoryFormat.ANSIBLE_YAML or (word.isprintable() and len(word) < 1000):  # keys are short there
        assert "good" in names(result)


@given(st.binary(max_size=300), st.sampled_from(list(READERS)))
def test_any_bytes_are_read_without_an_exception(data: bytes, kind: InventoryFormat) -> None:
    READERS[kind]("t", data.decode("utf-8", errors="surrogateescape"))
    imported(data.decode("latin-1"))
