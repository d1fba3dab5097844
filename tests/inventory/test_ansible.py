"""Ansible inventories give the targets that Ansible itself would work on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.errors import BadInput
from opsterm.inventory.formats.ansible_hosts import expand_pattern
from opsterm.inventory.formats.ansible_ini import import_ansible_ini
from opsterm.inventory.formats.ansible_yaml import import_ansible_yaml
from opsterm.inventory.imports import ImportResult
from opsterm.inventory.target import Protocol, Target

INI = """
# first the lonely ones
mail ansible_host=192.0.2.25   # behind a comment
[2001:db8::7]:2200
[web]
web[01:03].example.com ansible_port=2222
web9 ansible_user="web user" ansible_host='192.0.2.9'
[web:vars]
ansible_user=deploy
env_name = "prod"
[db]
db-[a:c]
db-z:5432 ansible_user=postgres
[windows]
win1 ansible_connection=winrm ansible_port=5986
[europe:children]
web
db
[world:children]
europe
windows
[world:vars]
ansible_user=world
ansible_port=1
[europe:vars]
ansible_user = "europe"
[db:vars]
ansible_group_priority=5
[other]
db-a
db-b
[other:vars]
ansible_user=other
[all:vars]
ansible_user=everyone
"""

YAML = """
all:
  vars: {ansible_user: everyone}
  hosts:
    mail: {ansible_host: 192.0.2.25}
    lonely:
  children:
    web:
      hosts:
        web[01:03].example.com: {ansible_port: 2222}
        web9: &nine
          ansible_user: nine
          ansible_host: "192.0.2.9"
      vars:
        ansible_user: deploy
    db:
      hosts:
        db-[a:c]:
        db-z:5432:
          <<: *nine
          ansible_host: 192.0.2.10
    europe:
      children: {web: , db: }
      vars: {ansible_user: europe, ansible_port: 77}
    outer:
      children:
        inner:
          hosts: {deep: {ansible_connection: local}}
          vars: {ansible_port: 3}
      vars: {ansible_port: 4}
"""


def by_name(result: ImportResult) -> dict[str, Target]:
    return {target.name: target for target in result.targets}


def reached(target: Target) -> tuple[str, int | None, str, str]:
    return target.address, target.port, target.user, target.protocol.value


@pytest.fixture(scope="module")
def ansible() -> str:
    path = os.environ.get("ANSIBLE_INVENTORY_PROGRAM") or shutil.which("ansible-inventory")
    if path is None:
        pytest.skip("NOT COMPARED WITH ANSIBLE: put ansible-inventory on PATH to run this test")
    return path


def as_ansible_says(program: str, file: Path) -> dict[str, tuple[tuple[str, int | None, str, str], set[str]]]:
    done = subprocess.run(
        [program, "-i", str(file), "--list"], capture_output=True, text=True, check=True,
        env={"HOME": str(file.parent), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    said: dict[str, Any] = json.loads(done.stdout)
    variables = said.pop("_meta")["hostvars"]
    parents: dict[str, set[str]] = {}
    for group, content in said.items():
        for member in (*content.get("children", []), *content.get("hosts", [])):
            parents.setdefault(member, set()).add(group)
    hosts = {host for content in said.values() for host in content.get("hosts", [])}

    def above(name: str) -> set[str]:
        near = parents.get(name, set())
        return near.union(*(above(group) for group in near))

    answer = {}
    for host in hosts:
        own = variables.get(host, {})
        port = own.get("ansible_port")
        connection = {"winrm": "winrm", "local": "local"}.get(own.get("ansible_connection", "ssh"), "ssh")
        where = (own.get("ansible_host", ""), int(port) if port else None, own.get("ansible_user", ""), connection)
        answer[host] = where, above(host) - {"all", "ungrouped"}
    return answer


@pytest.mark.parametrize("ending", ["ini", "yml"])
def test_gives_what_ansible_gives(ending: str, ansible: str, tmp_path: Path) -> None:
    text = (INI if ending == "ini" else YAML).replace('"web user"', "webuser")
    file = tmp_path / f"hosts.{ending}"
    file.write_text(text)
    result = import_ansible_ini("hosts", text) if ending == "ini" else import_ansible_yaml("hosts", text)
    assert not result.problems
    ours = {name: (reached(target), set(target.groups)) for name, target in by_name(result).items()}
    assert ours == as_ansible_says(ansible, file)


def test_ini_hosts_ranges_groups_and_variables() -> None:
    result = import_ansible_ini("hosts", INI)
    targets = by_name(result)
    assert sorted(targets) == sorted([
        "mail", "2001:db8::7", "web01.example.com", "web02.example.com", "web03.example.com",
        "db-a", "db-b", "db-c", "db-z", "win1",
    ])  # fmt: skip
    assert reached(targets["mail"]) == ("192.0.2.25", None, "everyone", "ssh")
    assert reached(targets["web02.example.com"]) == ("", 2222, "deploy", "ssh")
    assert targets["web02.example.com"].groups == ("web", "europe", "world")
    assert reached(targets["db-z"]) == ("", 5432, "postgres", "ssh")
    assert targets["win1"].protocol is Protocol.WINRM
    assert reached(targets["2001:db8::7"])[1] == 2200


def test_a_user_with_a_blank_is_left_out_with_its_line() -> None:
    problem = next(p for p in import_ansible_ini("hosts", INI).problems if "web9" in p.text)
    assert str(problem) == 'hosts:7: "web user" cannot be a log-in name. web9 is left out.'


def test_child_groups_win_over_parents_and_priority_among_equals() -> None:
    targets = by_name(import_ansible_ini("hosts", INI))
    assert targets["db-c"].user == "europe"
    assert targets["db-a"].user == "europe"  # db (priority 5, silent about users) and other are at different depths
    assert targets["win1"].user == "world"
    assert targets["win1"].port == 5986


@pytest.mark.parametrize(
    ("pattern", "names", "port"),
    [
        ("web[01:03]", ["web01", "web02", "web03"], ""),
        ("web[1:7:3].x", ["web1.x", "web4.x", "web7.x"], ""),
        ("[a:c]1", ["a1", "b1", "c1"], ""),
        ("r[1:2]n[08:10]:22", [f"r{r}n{n}" for r in (1, 2) for n in ("08", "09", "10")], "22"),
        ("[:2]x", ["0x", "1x", "2x"], ""),
        ("host:2222", ["host"], "2222"),
        ("fe80::1", ["fe80::1"], ""),
        ("[fe80::1]:99", ["fe80::1"], "99"),
        ("plain", ["plain"], ""),
    ],
)
def test_expands_patterns(pattern: str, names: list[str], port: str) -> None:
    assert expand_pattern(pattern) == (names, port)


@pytest.mark.parametrize("pattern", ["web[3:1]", "web[01:1]", "web[a:1]", "web[1-3]", "web[1:", "x[1:9999999]", "a]["])
def test_refuses_ranges_that_are_none(pattern: str) -> None:
    with pytest.raises(BadInput):
        expand_pattern(pattern)


def test_says_where_a_line_is_not_understood() -> None:
    text = 'web\n[bad name]\n[x:oops]\n[web]\na b=1 c\n"open\n-x\n[web:vars]\nnovalue\n[ghost:vars]\na=1\n'
    lines = [problem.line for problem in import_ansible_ini("hosts", text).problems]
    assert lines == [2, 3, 5, 6, 9, 10, 7]  # names are checked when the whole is known


def test_templates_and_strange_connections_are_named() -> None:
    text = (
        'a ansible_host="{{ lookup }}"\n'
        "b ansible_connection=community.docker.docker\n"
        "c ansible_connection=ansible.builtin.ssh\n"
    )
    result = import_ansible_ini("hosts", text)
    assert sorted(by_name(result)) == ["a", "c"]
    assert [p.line for p in result.problems] == [1, 2]
    assert by_name(result)["a"].address == ""


def test_yaml_problems_have_their_line() -> None:
    text = "all:\n  hosts:\n    web:\n  vrs: {}\n  children:\n    'bad name':\n      hosts: {x: }\n    ok: 7\n"
    result = import_ansible_yaml("hosts.yml", text)
    assert [p.line for p in result.problems] == [4, 6, 8]
    assert sorted(by_name(result)) == ["web"]


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "just words", "all: [", "a: b: c", "\x00", "%bad", "!!python/object:os.system {}"]
)
def test_what_is_no_yaml_inventory_is_a_sentence(text: str) -> None:
    result = import_ansible_yaml("hosts.yml", text)
    assert not result.targets
    assert result.problems or result.notes


def test_yaml_tags_run_nothing_and_keep_the_rest() -> None:
    text = "all:\n  hosts:\n    web: {ansible_password: !vault abc, ansible_user: !!python/name:os.system x}\n"
    assert by_name(import_ansible_yaml("h.yml", text))["web"].user == "x"


def test_a_yaml_bomb_is_stopped() -> None:
    levels = ["a0: &a0 {ansible_port: 1}"]
    levels += [f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    bomb = "\n".join(levels) + "\nall:\n  hosts: *a11\n"
    assert "more than" in import_ansible_yaml("bomb.yml", bomb).notes[-1]
    deep = "all: " + "{children: {a: " * 40_000
    assert import_ansible_yaml("deep.yml", deep).notes
    loop = "all: &a\n  children:\n    x: *a\n"
    assert "nested" in import_ansible_yaml("loop.yml", loop).notes[-1]


def test_range_bombs_are_stopped() -> None:
    many = "\n".join(f"[g{n}]\nweb[1:99999]" for n in range(40))
    result = import_ansible_ini("hosts", many)
    assert any("the rest is left out" in note for note in result.notes)
    chain = "\n".join(f"[g{n}:children]\ng{n + 1}" for n in range(4000)) + "\n[g4000]\nweb\n"
    assert import_ansible_ini("hosts", chain).targets[0].name == "web"
    circle = "[a:children]\nb\n[b:children]\na\n[b]\nweb\n"
    assert "children of themselves" in import_ansible_ini("hosts", circle).notes[0]
