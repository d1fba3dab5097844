"""Whatever is wrong, a sentence says what, why and what to do next, and a number says it to scripts."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.account import Account, Ran


def is_a_sentence(ran: Ran, code: int, *said: str) -> None:
    """Fail unless a run ended with a code, in words, and with nothing on standard output."""
    assert ran.code == code, ran
    assert ran.err.startswith("opsterm: ")
    assert "Traceback" not in ran.err
    assert "fault of opsterm" not in ran.err
    assert ran.out == ""
    for words in said:
        assert words in ran.err, ran.err


SETTINGS = {
    "unknown section": ("[monitorin]\n", "config.toml:1", "The nearest known one is monitoring"),
    "unknown key": ("[monitoring]\nintervall_s = 1\n", "config.toml:2", "monitoring.interval_s"),
    "wrong type": ('[ssh]\n\nparallel = "many"\n', "config.toml:3", "a whole number"),
    "out of range": ("[changes]\ntimeout_s = 0\n", "config.toml:2", "between 1 and"),
    "not TOML": ("[changes\n", "not valid TOML", "line 1"),
    "twice": ("[changes]\n[changes]\n", "not valid TOML", "line 2"),
    "not UTF-8": (b"[changes]\n# \xff\n", "cannot be read", "Mend the file"),
    "a zero byte": ("[changes]\n\x00\n", "not valid TOML", "line 2"),
    "an escape": ('[changes]\n"\x1b[2J" = 1\n', "not valid TOML", "config.toml"),
    "unknown metric": ('[[monitoring.threshold]]\nmetric = "cpu.usd"\nwarn = 1\n', "cpu.usd", "nearest"),
    "bad selector": ('[[monitoring.threshold]]\nmetric = "cpu.*"\ntarget = "tag:("\nwarn = 1\n', "threshold", "^"),
}


@pytest.mark.parametrize(("text", "first", "second"), SETTINGS.values(), ids=SETTINGS)
def test_a_settings_file_that_is_wrong(text: str | bytes, first: str, second: str, account: Account) -> None:
    account.config(text)
    is_a_sentence(account.run("targets", "list"), 2, first, second)


def test_a_settings_file_that_is_no_file(account: Account) -> None:
    (account.home / "o/config/config.toml").mkdir(parents=True)
    is_a_sentence(account.run("targets", "list"), 2, "config.toml cannot be read", "directory")
    is_a_sentence(account.run("--config", "/nope.toml", "where"), 2, "There is no settings file /nope.toml")
    is_a_sentence(account.run("--config", "/proc/self/mem", "where"), 2, "/proc/self/mem cannot be read")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"OPSTERM_MONITORING_INTERVALL_S": "1"}, "OPSTERM_MONITORING_INTERVAL_S"),
        ({"OPSTERM_CHANGES_TIMEOUT_S": "soon"}, "OPSTERM_CHANGES_TIMEOUT_S: changes.timeout_s must be"),
        ({"OPSTERM_STORAGE_KEYRING": "paper"}, "one of auto, desktop, vault, memory"),
        ({"OPSTERM_CONFIG": "/nope"}, "There is no settings file /nope"),
    ],
)
def test_a_variable_that_is_wrong(env: dict[str, str], said: str, account: Account) -> None:
    is_a_sentence(account.run("where", env=env), 2, said)


def test_a_flag_that_is_wrong(account: Account) -> None:
    is_a_sentence(account.run("--set", "monitoring.intervall_s=1", "where"), 2, "--set", "monitoring.interval_s")
    is_a_sentence(account.run("where", "--set", "screen.ascii=maybe"), 2, "true or false")


def test_an_unknown_theme_is_a_sentence_on_the_screens_terminal(account: Account) -> None:
    with account.on_terminal("--theme", "nihgt") as app:
        app.wait_for("There is no theme nihgt; there are:")


# ------------------------------------------------------------------------------------- where data is


def test_a_folder_that_everybody_may_write_to(account: Account) -> None:
    account.data.mkdir(parents=True)
    account.data.chmod(0o777)
    is_a_sentence(account.run("targets", "list"), 5, "writable by every account", "chmod 700")
    checked = account.run("doctor", expect=1)
    assert "BAD   database:" in checked.out
    assert "writable by every account" in checked.out
    account.run("where", expect=0)


def test_a_home_that_cannot_be_used(account: Account) -> None:
    is_a_sentence(account.run("targets", "list", env={"OPSTERM_HOME": "/proc/nope"}), 5, "cannot be used")
    file = account.write("file", "x")
    is_a_sentence(account.run("targets", "list", env={"OPSTERM_HOME": str(file)}), 2, "Not a directory")
    ran = account.shell(
        "mkdir gone; cd gone; rmdir ../gone; OPSTERM_HOME=here PYTHONPATH=$OLDPWD opsterm where; echo $?"
    )
    assert ran.out == "2\n"
    assert "current folder" in ran.err


@pytest.mark.parametrize(
    "damage",
    [b"this is no database at all" * 400, b"", b"SQLite format 3\x00" + b"\xff" * 8000],
    ids=["text", "empty", "torn"],
)
def test_a_database_that_is_damaged(damage: bytes, account: Account) -> None:
    account.run("targets", "list", expect=0)
    for file in account.data.glob("opsterm.db*"):
        file.unlink()
    (account.data / "opsterm.db").write_bytes(damage)
    ran = account.run("targets", "list")
    if damage:
        is_a_sentence(ran, 5, "opsterm.db")
        assert account.run("doctor").code == 1
        assert (account.data / "opsterm.db").read_bytes() == damage, "nothing was done to it"
    else:
        assert ran.code == 0, "an empty file is a database without tables"


def test_a_database_of_a_newer_opsterm(account: Account) -> None:
    account.run("targets", "list", expect=0)
    with closing(sqlite3.connect(account.data / "opsterm.db")) as db, db:
        table = next(name for (name,) in db.execute("SELECT name FROM sqlite_master") if "version" in name)
        db.execute(f"UPDATE {table} SET version_num = '9999'")
    is_a_sentence(account.run("changes"), 5, "newer opsterm")


@pytest.fixture
def small_disk(account: Account) -> Iterator[Path]:
    """A file system of 3 MB as the data's home."""
    at = account.home / "o"
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(at)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(
            f"NOT TESTED on a real full disk: this account cannot mount one ({mounted.stderr.decode().strip()})"
        )
    yield at
    while at.is_mount():
        subprocess.run(["umount", "-l", str(at)], check=True)


def test_a_disk_that_is_full_or_takes_no_writes(account: Account, small_disk: Path) -> None:
    account.run("targets", "add", "web-01", expect=0)
    number = account.propose("echo hello")
    with (small_disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
    is_a_sentence(account.run("targets", "import", "csv", "-", stdin="name\n" + "".join(
        f"host-{n:05}\n" for n in range(20_000))), 5, "disk is full")  # fmt: skip
    assert "web-01" in account.run("targets", "list", expect=0).out, "reading goes on"
    assert account.run("approve", number).code in (0, 5)
    (small_disk / "filler").unlink()
    account.run("targets", "add", "web-02", expect=0)
    # A mount of its own over the first: read-only for who comes now, whoever may still be closing a file below it.
    subprocess.run(["mount", "--bind", str(small_disk), str(small_disk)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(small_disk)], check=True)
    assert "web-02" in account.run("targets", "list", expect=0).out
    assert account.run("changes", expect=0).out
    is_a_sentence(account.run("targets", "add", "web-03"), 5)
    checked = account.run("doctor", expect=1)
    assert "BAD   database:" in checked.out


# --------------------------------------------------------------------------------- files of the operator


SSH_CONFIGS = {
    "not UTF-8": b"\xff\xfe\x00Host web-01\n",
    "one long word": b"Host " + b"x" * 1_000_000,
    "includes itself": b"Host web-01\n" * 3000 + b"Include *\n",
    "zero bytes": b"\x00" * 5000,
    "a circle": b"Include ~/.ssh/config\nHost web-01\n",
    "exec": b'Match exec "touch ~/never"\nHost web-01\n',
    "brackets": b"Host [\nHost ]*\n",
}


@pytest.mark.parametrize("text", SSH_CONFIGS.values(), ids=SSH_CONFIGS)
def test_a_hostile_ssh_config_hinders_nothing(text: bytes, account: Account) -> None:
    account.write(".ssh/config", text)
    assert "localhost" in account.run("targets", "list", expect=0).out
    assert account.run("doctor").code == 0
    assert not (account.home / "never").exists(), "nothing in it is run to list targets"


def test_an_ssh_config_that_cannot_be_read_is_told_by_the_doctor(account: Account) -> None:
    (account.home / ".ssh/config").mkdir()
    account.run("targets", "list", expect=0)
    assert "Is a directory" in account.run("doctor", expect=0).out
    (account.home / ".ssh/config").rmdir()
    (account.home / ".ssh/config").symlink_to(account.home / ".ssh/config")
    account.run("targets", "list", expect=0)


IMPORTS: dict[str, tuple[str, bytes]] = {
    "zero bytes": ("csv", b"name\n\x00\x00\n"),
    "not UTF-8": ("csv", b"name,site\nweb-01,\xff\xfe\n"),
    "one long line": ("csv", b"name\n" + b"x" * 3_000_000),
    "an open quote": ("csv", b'name\n"web-01\n' + b"a\n" * 50_000),
    "a bomb": ("ansible", b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nall: {hosts: *b}\n"),
    "deep": ("json", b"[" * 100_000),
    "tags of Python": ("ansible", b"all: !!python/object/apply:os.system [reboot]\n"),
    "a wide range": ("ansible", b"[web]\nweb-[0:999999999]\n"),
    "no JSON": ("json", b"{'name': 'web'}\n"),
    "nothing": ("csv", b""),
}


@pytest.mark.parametrize(("source", "text"), IMPORTS.values(), ids=IMPORTS)
def test_an_inventory_that_makes_no_sense(source: str, text: bytes, account: Account) -> None:
    file = account.write("inventory" if source != "ansible" else "inventory.yml", text)
    ran = account.run("targets", "import", source, str(file))
    assert ran.code in (0, 1, 2), ran
    assert "fault of opsterm" not in ran.err
    assert len(ran.err) < 20_000


def test_a_pipe_that_is_no_file_and_a_socket(account: Account, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        is_a_sentence(account.run("targets", "import", "csv", str(tmp_path / "s")), 2, "cannot be read")


def test_words_that_are_no_text(account: Account) -> None:
    is_a_sentence(account.run("targets", "show", b"web-\xff"), 2, "not UTF-8 text: 'web-\\xff'")
    is_a_sentence(account.run("propose", "--on", "localhost", "--", b"echo \xff"), 2, "not UTF-8")
    is_a_sentence(account.run("targets", "show", "x" * 100_000), 2, "no target x")
    is_a_sentence(account.run("targets", "list", "(" * 50_000), 2)
    is_a_sentence(account.run("targets", "list", "web-[1-999999999]"), 2)
    is_a_sentence(account.run("change", "c" + "9" * 400), 2, "not the number of a change")
    is_a_sentence(account.run("change", "c999999999999999"), 2, "no change c999")
    is_a_sentence(account.run("audit", "--since", "9" * 400 + "d"), 2, "not a length of time")
    is_a_sentence(account.run("propose", "--on", "localhost", "--timeout", "0s", "--", "true"), 2)
    is_a_sentence(account.run("propose", "--on", "localhost", "--timeout", "99999d", "--", "true"), 2)
    is_a_sentence(account.run("propose", "--on", "localhost", "--", ""), 2, "no command")
    is_a_sentence(account.run("propose", "--on", "", "--", "true"), 2, "No targets were chosen")
    is_a_sentence(account.run("propose", "--on", "localhost", "--", "-", stdin="a\x00b"), 2, "zero byte")


def test_a_very_long_command_and_reason(account: Account) -> None:
    lines = "".join(f"echo {n} {'x' * 100}\n" for n in range(300))
    number = account.run("propose", "--on", "localhost", "--reason", "r" * 50_000, "--json", "--", "-", stdin=lines,
                         expect=0).record()["id"]  # fmt: skip
    assert len(account.run("approve", number, expect=0).out.splitlines()) == 300
    assert len(account.run("output", number, "--raw").out_bytes.splitlines()) == 300
    long = account.run("propose", "--on", "localhost", "--", "-", stdin="echo " + "x" * 90_000)
    is_a_sentence(long, 2, "too long to be read")
    is_a_sentence(account.run("propose", "--on", "localhost", "--", "-", stdin="x" * 1_000_001), 2, "more than the")


def test_a_report_is_written_for_a_fault_of_ours(account: Account) -> None:
    broken = (
        "import sys, opsterm.cli.verbs.house as house; house.describe_settings = None;"
        "from opsterm.__main__ import main; sys.exit(main(['settings']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken], env=account.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert done.stderr.startswith("opsterm: this is a fault of opsterm: TypeError")
    assert "Traceback" not in done.stderr
    report = account.home / "o/state/report.txt"
    assert str(report) in done.stderr
    assert "Traceback" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_settings_that_anybody_can_change_are_not_obeyed(account: Account) -> None:
    file = account.config('[screen]\ntheme = "day"\n')
    file.chmod(0o666)
    refused = account.run("settings", expect=2)
    assert "others than you can write to it" in refused.err
    assert f"chmod 600 {file}" in refused.err
    file.chmod(0o664)
    account.run("settings", expect=0)
