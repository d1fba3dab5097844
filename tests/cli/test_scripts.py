"""The verbs about scripts, as an operator drives them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from opsterm.cli.json_keys import JSON_KEYS
from tests.cli.account import Account


def test_the_sentence_of_the_mission_writes_a_script(account: Account) -> None:
    ran = account.run("ask", "create a PowerShell script to check disk space", expect=0)
    assert "Win32_LogicalDisk" in ran.out
    assert "Risk read" in ran.out
    assert "threshold  85" in ran.out
    assert "write script -- powershell disk-space threshold=85" in ran.err
    again = account.run("ask", "write script -- powershell disk-space threshold=95", expect=0)
    assert "$Threshold = 95" in again.out


def test_a_script_is_written_kept_versioned_and_shown(account: Account) -> None:
    ran = account.run("script", "write", "bash script to find files bigger than 1 GB in /var", expect=0)
    assert "size=1073741824" in ran.out
    assert "Assumed: count 20." in ran.err
    one = account.run("script", "write", "large-files", "--value", "size=2G", "--save", "our-files", "--json", expect=0)
    record = one.record()
    assert tuple(record) == JSON_KEYS["script write"]
    assert (record["kept"], record["risk"]["level"]) == ("our-files@1", "read")
    account.run("script", "save", "our-files", "-", "--language", "bash", stdin=record["text"], expect=0)
    changed = record["text"].replace("size=2147483648", "size=1024")
    assert account.run("script", "save", "our-files", "-", "--language", "bash", stdin=changed).out == "our-files@2\n"
    listed = account.run("script", "versions", "our-files", "--json", expect=0).records()
    assert [(row["version"], row["text"]) for row in listed] == [(2, changed), (1, record["text"])]
    assert account.run("script", "show", "our-files@1", expect=0).out == record["text"]
    assert "kept script our-files@2" in account.run("audit", "list", expect=0).out


def test_what_is_wrong_is_told_and_nothing_is_kept(account: Account, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sh"
    broken.write_text("if true; then\n", encoding="utf-8")
    told = account.run("script", "check", str(broken), expect=2)
    assert "bash -n" in told.out
    assert "does not run" in account.run("script", "save", "ours", str(broken), expect=2).err
    secret = "curl -u admin:hunter22secret https://example.org/\n"
    refused = account.run("script", "save", "ours", "-", "--language", "bash", stdin=secret, expect=2)
    assert "Line 1" in refused.err
    assert "hunter22secret" not in refused.err
    for words in (
        ["write", "disk-space", "--value", "threshold=a; reboot"], ["write", "disk-space", "--value", "nope=1"],
        ["write", "bake", "a", "cake"], ["show", "nope"], ["versions", "nope"], ["save", "disk-space", str(broken)],
        ["check", str(tmp_path / "none.sh")], ["check", "-"], ["write", "inodes", "--language", "powershell"],
    ):  # fmt: skip
        ran = account.run("script", *words, stdin="x\n", expect=2)
        assert ran.out == ""
        assert ran.err.count("\n") >= 2, words
    assert account.run("script", "list", "--own", "--json", expect=0).records() == []


def test_a_task_is_explained_and_checked_by_its_name(account: Account) -> None:
    bash = account.run("script", "explain", "disk-space", "--json", expect=0).records()
    written = account.run("script", "write", "disk-space", "--language", "bash", expect=0).out.rstrip("\n")
    assert [one["text"] for one in bash] == written.split("\n")
    assert "lines" in account.run("script", "explain", "disk-space", "--language", "python", expect=0).err
    assert account.run("script", "check", "disk-space", "--value", "threshold=80", expect=0).out
    assert "gives no value" in account.run("script", "explain", "disk-space", "--value", "x", expect=2).err
    assert account.run("script", "explain", "no-such-task", expect=2).err


def test_every_line_is_explained_and_what_is_unknown_says_so(account: Account) -> None:
    text = "df -h | sort\nfrobnicate --all\n"
    ran = account.run("script", "explain", "-", "--language", "bash", stdin=text, expect=0)
    assert "df: says how full file systems are" in ran.out
    assert "frobnicate: not explained" in ran.out
    assert "2 lines, 1 of them not explained." in ran.err
    records = account.run("script", "explain", "-", "--language", "bash", "--json", stdin=text, expect=0).records()
    assert [(row["line"], row["known"]) for row in records] == [(1, True), (2, False)]


def test_a_proposal_has_the_very_bytes_of_the_version(account: Account) -> None:
    text = "set -e\ndf -P\n"
    account.run("script", "save", "ours", "-", "--language", "bash", stdin=text, expect=0)
    account.run("script", "save", "ours", "-", "--language", "bash", stdin="uptime\n", expect=0)
    change = account.run("script", "run", "ours@1", "--on", "localhost", "--json", expect=4).record()
    assert (change["command"], change["shell"], change["state"]) == (text.removesuffix("\n"), "bash", "proposed")
    assert change["reason"] == "script ours@1"
    ran = account.run("approve", change["id"], "--targets", "1", "--json", expect=0).record()
    assert ran["outcomes"][0]["exit_status"] == 0


def test_a_version_is_a_step_of_a_plan(account: Account, tmp_path: Path) -> None:
    account.run("script", "save", "ours", "-", "--language", "bash", stdin="printf 'one\\n'\n", expect=0)
    account.run("script", "save", "ours", "-", "--language", "bash", stdin="printf 'two\\n'\n", expect=0)
    file = tmp_path / "plan.toml"
    file.write_text('on = "localhost"\n[[step]]\ntitle = "say it"\nscript = "ours@1"\n', encoding="utf-8")
    account.run("change", "check", str(file), expect=0)
    change = account.run("change", "run", str(file), "--json", expect=4).record()
    assert "run bash: printf 'one\\n'" in change["command"]
    file.write_text('on = "localhost"\n[[step]]\ntitle = "say it"\nscript = "ours@9"\n', encoding="utf-8")
    assert "no version 9" in account.run("change", "check", str(file), expect=2).out


def test_what_was_written_runs_here_in_check_mode_and_for_real(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "disk.sh"
    file.write_text(account.run("script", "write", "disk-space", expect=0).out, encoding="utf-8")
    check = subprocess.run(["bash", str(file), "--check"], capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout) == (0, "check: all that it needs is there; it only reads\n")
    assert subprocess.run(["bash", str(file), "--nope"], capture_output=True, check=False).returncode == 2
    assert subprocess.run(["bash", str(file)], capture_output=True, check=False).returncode in (0, 1)
