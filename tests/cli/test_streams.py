"""Standard output is data and nothing else, whatever is at its other end; talk goes to standard error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from opsterm.cli.json_keys import JSON_KEYS
from tests.cli.account import Account

SHELL_LINES = {
    "nobody reads on": ("opsterm keys --json | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}", "0\n", ""),
    "nobody reads at all": ("opsterm targets list | true; echo ${PIPESTATUS[0]}", "0\n", None),
    "the disk is full": ("opsterm targets list >/dev/full; echo $?", "5\n", "No space left on device"),
    "the disk is full, for JSON": ("opsterm keys --json >/dev/full; echo $?", "5\n", "No space left on device"),
    "output is closed": ("opsterm targets list >&-; echo $?", "5\n", "no standard output"),
    "help with output closed": ("opsterm --help >&-; echo $?", "0\n", ""),
    "talk is closed": ("opsterm targets list 2>&- | tail -n 1", "localhost", None),
    "an error with talk closed": ("opsterm targets show nope 2>&-; echo $?", "2\n", ""),
    "input is closed": ("opsterm propose --on localhost -- true 2>/dev/null; opsterm approve c1 <&-; echo $?",
                        "c1\n0\n", "c1 done."),
    "input is closed where it is needed": ("opsterm vault create <&-; echo $?", "2\n", "Nothing was given."),
    "input is a closed pipe": ("opsterm propose --on localhost -- - </dev/null; echo $?", "2\n", "no command"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "out", "err"), SHELL_LINES.values(), ids=SHELL_LINES)
def test_whatever_is_at_the_other_end(line: str, out: str, err: str | None, script: Account) -> None:
    ran = script.shell(line)
    assert ran.out.startswith(out), ran
    assert "Traceback" not in ran.err
    assert "Exception ignored" not in ran.err
    assert "fault of opsterm" not in ran.err
    if err is not None:
        assert (err in ran.err) if err else ran.err == ""


EVERY_VERB: Sequence[Sequence[str]] = (
    ("targets", "add", "web-01", "--address", "127.0.0.1", "--port", "1"),
    ("targets", "list"), ("targets", "show", "web-01"), ("targets", "edit", "web-01", "--site", "here"),
    ("targets", "tag", "web-01", "edge"), ("targets", "group", "web-01", "web"), ("targets", "check", "web-01"),
    ("targets", "export", "csv"), ("targets", "remove", "web-01"), ("alerts",), ("alerts", "--all"), ("metrics",),
    ("history", "cpu.used_percent"), ("ask", "how", "many", "targets"), ("ask", "xyzzy"),
    ("propose", "--on", "localhost", "--", "echo", "data"), ("changes",), ("change", "c1"), ("approve", "c1"),
    ("output", "c1"), ("propose", "--on", "localhost", "--", "true"), ("deny", "c2"),
    ("propose", "--on", "localhost", "--", "true"), ("approve", "c3", "--no-run"), ("run", "c3"), ("stop", "c3"),
    ("audit",), ("doctor",), ("settings",), ("keys",), ("where",), ("vault", "status"),
)  # fmt: skip


def test_every_verb_prints_only_objects_with_the_keys_that_are_promised(account: Account) -> None:
    for argv in EVERY_VERB:
        ran = account.run(*argv, "--json") if "--" not in argv else account.run(argv[0], "--json", *argv[1:])
        verb = (
            " ".join(argv[:2]) if argv[0] in ("targets", "vault") else "audit list" if argv == ("audit",) else argv[0]
        )
        assert ran.code in (0, 1, 2, 3), ran
        for line in ran.out.splitlines():
            assert line.isascii()
            assert line.isprintable()
            assert tuple(json.loads(line)) == tuple(JSON_KEYS[verb]), argv


def test_talk_and_data_do_not_mix(script: Account) -> None:
    script.propose("echo data")
    ran = script.run("approve", "c1")
    assert ran.out == "data\n"
    listed = script.run("targets", "list")
    assert listed.out.splitlines()[0].startswith("NAME")
    assert listed.err == "1 of 1 targets: all\n"


@pytest.mark.parametrize(
    "locale",
    [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "latin-1"},
     {"PYTHONIOENCODING": "ascii"}],
    ids=["C", "Latin 1", "ASCII"],
)  # fmt: skip
def test_a_terminal_that_is_not_utf8_gets_what_it_can_show(locale: dict[str, str], script: Account) -> None:
    script.run("targets", "add", "web-01", "--site", "Zürich ●", "--os", "日本", expect=0)
    number = script.propose("echo '… ● ü'")
    for argv in (("targets", "show", "web-01"), ("approve", number), ("change", number), ("--help",), ("keys",)):
        ran = script.run(*argv, env=locale)
        assert ran.code == 0, ran
        assert "UnicodeEncodeError" not in ran.err
        if "latin" not in str(locale):
            assert (ran.out_bytes + ran.err_bytes).isascii()


@pytest.mark.parametrize("columns", ["1", "20", "80", "0", "x"])
def test_any_width_is_survived(columns: str, script: Account) -> None:
    for argv in (["--help"], ["propose", "--help"], ["doctor"]):
        assert script.run(*argv, env={"COLUMNS": columns}).code == 0


def test_a_table_fits_on_the_terminal_and_is_whole_in_a_file(script: Account) -> None:
    words = "averyverylongword-" * 6
    script.run("targets", "add", "web-01", "--os", words, "--site", words, "--tag", "a" * 60, expect=0)
    with script.on_terminal("targets", "list", columns=80) as app:
        assert app.wait_for_end() == 0
        lines = app.raw.decode().replace("\r", "").splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "…" in "".join(lines)
    assert words in script.run("targets", "list").out


def test_without_a_terminal_there_is_no_screen(script: Account) -> None:
    ran = script.run(expect=2)
    assert "The screen needs a terminal" in ran.err
    assert "opsterm targets list" in ran.err
    assert ran.out == ""


HEAVY = ("textual", "rich", "asyncssh", "sqlmodel", "sqlalchemy", "chromadb", "sklearn", "psutil", "yaml", "keyring",
         "cryptography", "ollama", "pyghostty")  # fmt: skip
LOADS = f"""
import sys
from opsterm.__main__ import main
code = main(sys.argv[1:])
loaded = set(name.partition(".")[0] for name in sys.modules)
print(*sorted(loaded.intersection({HEAVY!r})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("argv", "allowed"),
    [(["--help"], set()), (["targets", "tag", "--help"], set()), (["where"], set()), (["settings"], set()),
     (["targets", "list"], {"cryptography", "keyring", "sqlalchemy", "sqlmodel", "yaml"})],
    ids=["help", "help of a verb", "where", "settings", "list"],
)  # fmt: skip
def test_a_verb_loads_what_it_needs(argv: list[str], allowed: set[str], script: Account) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS, *argv], env=script.environment, capture_output=True, text=True, check=True
    )
    assert set(done.stderr.splitlines()[-1].split()) <= allowed
