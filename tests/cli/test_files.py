"""get and put as a script drives them, on this host."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.cli.json_keys import CHANGE_KEYS, JSON_KEYS
from tests.cli.account import Account


def test_a_file_goes_to_a_target_and_comes_back(account: Account, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("hello\n\x1b[31mred\n")
    to = tmp_path / "to"
    proposed = account.run("put", str(tmp_path / "motd"), "--on", "localhost", "--to", str(to), "--mode", "644",
                          "--reason", "greet", "--json", expect=0).record()  # fmt: skip
    assert tuple(proposed) == CHANGE_KEYS
    assert (proposed["shell"], proposed["risk"]["level"], proposed["reason"]) == ("put", "high", "greet")
    assert not to.exists()
    shown = account.run("change", "c1", expect=0)
    assert f'what    put {{"path": "{to}", "size": 15,' in shown.err
    assert "content\n        hello\n" in shown.err
    assert "\x1b[31m" not in shown.err
    ran = account.run("approve", "c1", expect=0)
    assert f"{to} is in place: 15 B, mode 0644" in ran.out
    assert to.read_text() == "hello\n\x1b[31mred\n"
    got = account.run("get", f"localhost:{to}", str(tmp_path / "back"), "--json", expect=0).record()
    assert tuple(got) == tuple(JSON_KEYS["get"])
    assert (tmp_path / "back").read_bytes() == to.read_bytes()
    again = account.run("get", f"localhost:{to}", str(tmp_path / "back"))
    assert (again.code, "--force" in again.err) == (2, True)
    account.run("get", f"localhost:{to}", str(tmp_path / "back"), "--force", expect=0)
    many = account.run("get", "--on", "localhost", str(to), str(tmp_path / "many"), expect=0)
    assert many.out == f"{tmp_path}/many/localhost/to\n"


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("get", "localhost"), 2, "does not say from where"),
        (("get", "nobody:/etc/fstab"), 2, "nobody"),
        (("get", "localhost:/etc/shadow"), 4, "was not fetched"),
        (("get", "localhost:/var/log/none-of-these"), 2, "There is no file"),
        (("get", "--on", "localhost", "/etc/shadow", "x"), 4, "was not fetched"),
        (("put", "none-of-these", "--on", "localhost", "--to", "/srv/x"), 2, "cannot be read"),
        (("--read-only", "put", "/etc/hostname", "--on", "localhost", "--to", "/srv/x"), 4, "read-only"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why_and_ends_with_its_code(
    account: Account, argv: tuple[str, ...], code: int, says: str
) -> None:
    ran = account.run(*argv)
    assert (ran.code, says in ran.err) == (code, True), ran.err


def test_a_folder_goes_to_a_target_as_one_change(account: Account, tmp_path: Path) -> None:
    site, to = tmp_path / "site", tmp_path / "to"
    (site / "conf").mkdir(parents=True)
    (site / "conf" / "a.conf").write_text("a = 1\n")
    (site / "conf" / "\u0430.conf").write_text("turned\n")
    (site / ".git").mkdir()
    (site / ".git" / "HEAD").write_text("x\n")
    shown = account.run("put", "-r", str(site), "--on", "localhost", "--to", f"{to}/", "--leave-out", ".git", expect=0)
    assert f"folder  {to} · 2 files · 1 folder below" in shown.err
    assert "content\n        a = 1\n" in shown.err
    assert "\\u0430.conf" in shown.err, "a name is shown to the letter"
    (to / "conf").mkdir(parents=True)
    (to / "conf" / "a.conf").write_text("a = 0\n")
    differs = account.run("change", "c1", "--diff", expect=0)
    assert "-a = 0\n        +a = 1" in differs.err
    only = account.run("change", "c1", "--file", "conf/a.conf", expect=0)
    assert "content\n        a = 1\n" in only.err
    assert account.run("change", "c1", "--file", "none").code == 2
    ran = account.run("approve", "c1", expect=0)
    assert "Replaces a file of 6 B" in ran.out
    assert {one.name for one in to.rglob("*")} == {"conf", "a.conf", "\u0430.conf"}
    refused = account.run("put", str(site), "--on", "localhost", "--to", str(to))
    assert (refused.code, "a folder is put with -r" in refused.err) == (2, True)
