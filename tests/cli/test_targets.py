"""The inventory from a script: every verb, every format there and back, thousands of targets."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.account import Account

CSV = """\
name,address,os,group,tags,protocol,port,user,environment,site
web-01,192.0.2.11,debian 12,web;edge,nginx;tls,ssh,2222,ops,prod,Zürich
web-02,192.0.2.12,debian 12,web,nginx,ssh,,ops,prod,Zürich
win-01,192.0.2.21,windows 2022,win,,winrm,,,lab,
"""
INI = """\
[web]
web-[01:02] ansible_user=ops

[web:vars]
ansible_port=2222

[db]
db-01 ansible_host=192.0.2.31
"""
YAML = """\
all:
  children:
    web:
      hosts:
        web-[01:02]:
          ansible_user: ops
          ansible_port: 2222
    db:
      hosts:
        db-01:
          ansible_host: 192.0.2.31
"""
SSH_CONFIG = """\
Include conf.d/*
Host web-01 web-02
    HostName %h.example.com
Match host web-02.example.com
    Port 2222
Host *
    User ops
"""


def names(account: Account, selector: str = "not localhost") -> list[str]:
    """Return the names that a selector chooses."""
    return [row["name"] for row in account.run("targets", "list", selector, "--json", expect=0).records()]


def fields(account: Account) -> dict[str, dict[str, object]]:
    """Return what is kept of each target, besides where it came from and how it is."""
    rows = account.run("targets", "list", "not localhost", "--json", expect=0).records()
    beside = ("source", "status", "last_seen", "note")
    return {row["name"]: {key: value for key, value in row.items() if key not in beside} for row in rows}


def test_a_target_from_its_first_to_its_last_day(account: Account) -> None:
    added = account.run(
        "targets", "add", "web-01", "--address", "192.0.2.1", "--group", "web", "--tag", "b", "--tag", "a", "--json"
    ).record()
    assert (added["tags"], added["groups"], added["source"]) == (["a", "b"], ["web"], "manual")
    assert "already" in account.run("targets", "add", "web-01", expect=2).err
    assert (
        account.run("targets", "edit", "web-01", "--port", "2222", "--site", "Bern", "--json").record()["port"] == 2222
    )
    assert account.run("targets", "edit", "web-01", "--port", "", "--tag", "", "--json").record()["port"] is None
    account.run("targets", "tag", "web-01", "edge", "+lab", expect=0)
    assert account.run("targets", "tag", "web-01", "-edge", "--json", expect=0).record()["tags"] == ["lab"]
    account.run("targets", "group", "web-01", "--", "-web", expect=0)
    shown = account.run("targets", "show", "web-01", expect=0).out
    for line in ("address      192.0.2.1", "site         Bern", "tags         lab", "last_seen    never"):
        assert line in shown.splitlines()
    assert "groups" not in shown
    account.run("targets", "add", "web-02", expect=0)
    assert "Add --yes" in account.run("targets", "remove", "web-*", expect=2).err
    removed = account.run("targets", "remove", "web-[01-02]", "--yes", "--json", expect=0).records()
    assert removed == [{"removed": "web-01"}, {"removed": "web-02"}]
    assert names(account) == []
    assert "stays in the inventory" in account.run("targets", "remove", "localhost", expect=2).err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("show", "web-1"), "Near names: web-01"),
        (("add", "a b"), "cannot be a name"),
        (("add", "x", "--address=-oProxyCommand=reboot"), "cannot be an address"),
        (("add", "x", "--user", "$(reboot)"), "cannot be a log-in name"),
        (("add", "x", "--port", "70000"), "is no port"),
        (("add", "x", "--tag", "a b"), "cannot be a name"),
        (("tag", "nobody", "x"), "No target matches"),
        (("tag", "web-01", "a b"), "cannot be a name"),
        (("list", "tag:(x"), "tag:(x\n    ^"),
        (("list", "web and and"), "web and and\n        ^"),
        (("list", "web-[01-"), "    ^"),
        (("remove", ""), "No targets were chosen"),
        (("export", "csv", "((("), "^"),
        (("import", "csv", "nowhere.csv"), "No such file"),
        (("import", "csv", "/"), "cannot be read"),
        (("import", "auto", "/dev/null"), "Say which"),
        (("trust", "localhost", "--fingerprint", "SHA256:x"), "localhost"),
        (("edit", "localhost", "--protocol", "ssh"), "localhost"),
    ],
)
def test_what_cannot_be_is_a_sentence(argv: tuple[str, ...], said: str, account: Account) -> None:
    account.write(".ssh/config", "Host web-01\n")
    refused = account.run("targets", *argv)
    assert refused.code in (2, 3), refused
    assert said in refused.err
    assert refused.out == ""


def test_the_selector_is_printed_as_it_was_understood(account: Account) -> None:
    account.run("targets", "import", "csv", "-", stdin=CSV, expect=0)
    ran = account.run("targets", "list", "TAG:nginx   and not site=Bern", expect=0)
    assert ran.err.strip().startswith("2 of 4 targets: tag:nginx and not site")
    for selector, wanted in {
        "web-[01-02]": ["web-01", "web-02"], "win*": ["win-01"], "os~debian and port=2222": ["web-01"],
        "status=unknown and not group:web": ["win-01"], "env:lab or web-02": ["web-02", "win-01"],
    }.items():  # fmt: skip
        assert names(account, selector) == wanted


def test_csv_from_standard_input_and_back(account: Account, tmp_path_factory: pytest.TempPathFactory) -> None:
    report = account.run("targets", "import", "csv", "-", "--json", stdin=CSV, expect=0).record()
    assert (report["added"], report["problems"]) == (["web-01", "web-02", "win-01"], [])
    assert (
        account.run("targets", "export", "csv", expect=0).out.splitlines()[0].startswith("name,address,os,groups,tags")
    )


@pytest.mark.parametrize(("file", "text"), [("fleet.csv", CSV), ("hosts.ini", INI), ("hosts.yml", YAML)])
def test_a_file_is_looked_at_when_nobody_says_what_it_is(file: str, text: str, account: Account) -> None:
    report = account.run("targets", "import", str(account.write(file, text)), "--json", expect=0).record()
    assert {"web-01", "web-02"} <= set(report["added"])


@pytest.mark.parametrize("form", ["csv", "json", "ansible"])
def test_an_export_read_by_another_account_is_equal(
    form: str, account: Account, tmp_path_factory: pytest.TempPathFactory
) -> None:
    account.run("targets", "import", "csv", "-", stdin=CSV, expect=0)
    file = account.write(
        f"out.{'yml' if form == 'ansible' else form}", account.run("targets", "export", form).out_bytes
    )
    other = Account(tmp_path_factory.mktemp("other") / "home")
    for source in (form, "auto"):
        other.run("targets", "import", source, str(file), expect=0)
        assert fields(other) == fields(account)
        other.run("targets", "remove", "not localhost", "--yes", expect=0)
    again = other.run("targets", "import", form, str(file), "--json", expect=0).record()
    assert len(again["added"]) == 3, "what was removed comes back when it is asked for"


def test_ssh_config_goes_there_and_back(account: Account, tmp_path_factory: pytest.TempPathFactory) -> None:
    account.run("targets", "import", "csv", "-", stdin=CSV, expect=0)
    exported = account.run("targets", "export", "ssh_config", expect=0)
    assert exported.err == "1 of 3 are not reached over SSH and were left out.\n"
    other = Account(tmp_path_factory.mktemp("other") / "home")
    other.write(".ssh/config", exported.out)
    assert {name: (row["address"], row["port"], row["user"]) for name, row in fields(other).items()} == {
        "web-01": ("192.0.2.11", 2222, "ops"), "web-02": ("192.0.2.12", None, "ops"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [("ansible", "inventory.ini", INI), ("ansible", "inventory.yml", YAML), ("ansible", "hosts", INI),
     ("ansible", "hosts", YAML), ("auto", "hosts", YAML), ("auto", "hosts", INI)],
)  # fmt: skip
def test_an_ansible_inventory_of_any_name(source: str, name: str, text: str, account: Account) -> None:
    account.run("targets", "import", source, str(account.write(name, text)), expect=0)
    rows = fields(account)
    assert list(rows) == ["db-01", "web-01", "web-02"]
    assert (rows["web-01"]["user"], rows["web-01"]["port"], rows["web-01"]["groups"]) == ("ops", 2222, ["web"])
    assert rows["db-01"]["address"] == "192.0.2.31"


def test_the_accounts_own_ssh_config_is_there_without_asking(account: Account) -> None:
    account.write(".ssh/config", SSH_CONFIG)
    account.write(".ssh/conf.d/db", "Host db-01\n    HostName 192.0.2.31\n")
    rows = fields(account)
    assert list(rows) == ["db-01", "web-01", "web-02"]
    assert [rows[name]["port"] for name in rows] == [None, None, 2222]
    assert rows["web-01"]["address"] == "web-01.example.com"
    assert {row["user"] for row in rows.values()} == {"ops"}


def test_labels_do_not_cut_a_target_off_from_its_ssh_config(account: Account) -> None:
    account.write(".ssh/config", "Host web-01\n    Port 22\nHost web-02\n    Port 22\n")
    account.run("targets", "edit", "web-01", "--site", "Bern", "--tag", "mine", expect=0)
    account.run("targets", "edit", "web-02", "--port", "99", expect=0)
    account.write(".ssh/config", "Host web-01\n    Port 2222\nHost web-02\n    Port 2222\n")
    rows = {row["name"]: row for row in account.run("targets", "list", "web-*", "--json").records()}
    assert (rows["web-01"]["port"], rows["web-01"]["site"], rows["web-01"]["source"]) == (2222, "Bern", "ssh_config")
    assert (rows["web-02"]["port"], rows["web-02"]["source"]) == (99, "manual"), "what the operator set stays"
    account.run("targets", "remove", "web-01", expect=0)
    assert names(account) == ["web-02"], "what was removed stays away"
    report = account.run("targets", "import", "ssh_config", str(account.home / ".ssh/config"), "--json").record()
    assert report["added"] == ["web-01"], "until it is asked for"


def test_an_import_says_what_it_left_out_and_what_is_missing(account: Account) -> None:
    account.run("targets", "import", "csv", "-", stdin="name\nweb-01\nweb-02\n", expect=0)
    ran = account.run(
        "targets", "import", "csv", "-", stdin="name,port,colour\nweb-01,many,red\nweb-03,22,\n", expect=1
    )
    assert "1 added, 0 changed, 0 as they were." in ran.err
    assert "No longer in it, and still in the inventory: web-[01-02]." in ran.err
    assert "/dev/stdin:2:" in ran.err
    assert '"colour" is left out' in ran.err
    assert account.run("targets", "import", "csv", "-", stdin="colour\nred\n").code == 2, "nothing could be used"


def test_known_hosts(account: Account) -> None:
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIKN6opcVOIku0pQNoNar1u8a2kYOCq5bhW1/xyR6rf9i"
    file = account.write("kh", f"web-01,192.0.2.1 ssh-ed25519 {key}\n[db-01]:2222 ssh-ed25519 {key}\n"
                               f"|1|aGFzaA==|aGFzaA== ssh-ed25519 {key}\n")  # fmt: skip
    ran = account.run("targets", "import", "known_hosts", str(file), expect=0)
    assert "1 line has its name hashed" in ran.err
    assert {name: row["port"] for name, row in fields(account).items()} == {"db-01": 2222, "web-01": None}


def test_a_file_cannot_make_commands_run_on_this_machine(account: Account) -> None:
    ran = account.run("targets", "import", "csv", "-", stdin="name,protocol\nweb-01,local\n", expect=0)
    assert "taken as ssh: web-01" in ran.err
    assert fields(account)["web-01"]["protocol"] == "ssh"


def test_what_looks_alike_is_one_line_on_a_terminal(account: Account) -> None:
    rows = "".join(f"web-{n:02},web\n" for n in range(1, 31))
    account.run("targets", "import", "csv", "-", stdin=f"name,group\n{rows}", expect=0)
    account.run("targets", "tag", "web-07", "odd", expect=0)
    with account.on_terminal("targets", "list", "web-*") as app:
        assert app.wait_for_end() == 0
        folded = app.raw.decode()
    assert "web-[01-06,08-30]" in folded
    assert "29 addresses" in folded
    assert "30 of 31 targets: web-*" in folded
    with account.on_terminal("targets", "list", "web-*", "--all") as app:
        assert app.wait_for_end() == 0
        assert b"web-[" not in app.raw
    assert len(account.run("targets", "list", "web-*").out.splitlines()) == 31
    assert len(account.run("targets", "list", "web-*", "--fold").out.splitlines()) == 3
    assert len(names(account)) == 30


@pytest.mark.speed
def test_five_thousand_targets_are_listed_at_once(account: Account) -> None:
    rows = "".join(f"host-{n:04},10.{n // 250}.{n % 250}.1,rack-{n // 40}\n" for n in range(5000))
    began = time.monotonic()
    report = account.run(
        "targets", "import", "csv", "-", "--json", stdin="name,address,group\n" + rows, expect=0
    ).record()
    imported = time.monotonic() - began
    assert len(report["added"]) == 5000
    spans = []
    for options in ((), ("--fold",), ("--json",)):
        began = time.monotonic()
        account.run("targets", "list", *options, expect=0)
        spans.append(time.monotonic() - began)
    began = time.monotonic()
    account.run("targets", "tag", "group:rack-1*", "old", expect=0)
    labelled = time.monotonic() - began
    print(f"5,000 targets: import {imported:.2f} s, list {spans[0]:.2f} s, folded {spans[1]:.2f} s, "
          f"JSON {spans[2]:.2f} s, 1,100 tagged {labelled:.2f} s")  # fmt: skip
    assert max(imported, labelled, *spans) < 5.0, "a smoke alarm; the promise of 1.5 s is for a quiet machine"


@contextmanager
def port_that_says(greeting: bytes) -> Iterator[int]:
    """Listen, say something to whoever comes and close; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_check_tells_who_answers_and_is_kept(account: Account) -> None:
    with port_that_says(b"SSH-2.0-test\r\n") as good, port_that_says(b"") as closing:
        rows = f"name,address,port\nssh-01,127.0.0.1,{good}\nshut-01,127.0.0.1,1\nodd-01,127.0.0.1,{closing}\n"
        account.run("targets", "import", "csv", "-", stdin=rows, expect=0)
        found = account.run("targets", "check", "not localhost", "--json", expect=1).records()
        assert {row["target"]: row["answered"] for row in found} == {"odd-01": False, "shut-01": False, "ssh-01": True}
        assert (
            account.run("targets", "check", "ssh-01 or localhost", expect=0).out
            == "localhost  answers\nssh-01     answers\n"
        )
        assert account.run("targets", "check", "shut-01", expect=3).out.startswith(
            "shut-01  shut-01 (127.0.0.1 port 1) ref"
        )
    status = {row["name"]: row["status"] for row in account.run("targets", "list", "--json").records()}
    assert status == {"localhost": "online", "odd-01": "offline", "shut-01": "offline", "ssh-01": "online"}


def test_two_at_once_lose_nothing(account: Account) -> None:
    account.run("targets", "list", expect=0)
    ran = account.run_each([("targets", "add", f"web-{n:02}") for n in range(8)])
    assert [one.code for one in ran] == [0] * 8
    assert len(names(account)) == 8


def test_json_lines_are_read_as_list_prints_them(account: Account) -> None:
    account.run("targets", "import", "csv", "-", stdin=CSV, expect=0)
    kept = fields(account)
    listed = account.run("targets", "list", "--json").out
    account.run("targets", "remove", "not localhost", "--yes", expect=0)
    ran = account.run("targets", "import", "json", "-", stdin=listed, expect=0)
    assert "localhost is this machine" in ran.err
    assert fields(account) == kept
    assert all(json.loads(line)["name"] for line in listed.splitlines())
