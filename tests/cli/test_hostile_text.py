"""Text that attacks terminals goes in wherever text can, and never comes out raw: every verb, text and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from opsterm.__main__ import main
from tests.cli.account import Account, Ran, wait_until
from tests.terminal.hostile import HOSTILE as OUTPUTS
from tests.tui.small_apps import HOSTILE as TEXTS

OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""What must not arrive: controls but tab and newline, C1, bidi, zero width, fillers, selectors, tags."""

WORDS = [text.encode("utf-8", "replace").decode()[:3000] for text in TEXTS if text] + [
    output.replace(b"\x00", b"").decode("utf-8", "replace")[:3000] for output in OUTPUTS.values()
]


def check(ran: Ran) -> Ran:
    """Fail when something arrives that a terminal obeys, or that is no UTF-8."""
    for stream in (ran.out_bytes, ran.err_bytes):
        text = stream.decode("utf-8")
        found = OBEYED.search(text)
        assert found is None, f"{found[0]!r} in {text[max(0, found.start() - 60) : found.end() + 20]!r}"
    assert ran.code != 70, ran.err
    return ran


def toml_text(text: str) -> str:
    """Return a text as TOML, every character by its number."""
    return '"' + "".join(f"\\U{ord(char):08X}" for char in text) + '"'


def quoted(text: str) -> str:
    """Return a text as a CSV cell."""
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture
def infested(account: Account) -> Account:
    """An account with hostile text in every place that takes text."""
    rows = "".join(
        f"host-{n:02},{quoted(text)},{quoted(text)},{quoted(text)},{quoted(text)}\n" for n, text in enumerate(WORDS)
    )
    account.run("targets", "import", "csv", "-", stdin=f"name,os,site,environment,note\n{rows}")
    account.config(
        "[monitoring]\ninterval_s = 0.2\ndefault_thresholds = false\n"
        '[[monitoring.threshold]]\nmetric = "memory.used_percent"\nwarn = 0.01\nn = 1\nm = 1\n'
        f"advice = {toml_text(' '.join(WORDS)[:2000])}\n"
    )
    account.write("printed", b"\n".join(OUTPUTS.values()) + b"\n" + bytes(range(256)))
    return account


def every_way(account: Account, lines: Sequence[Sequence[str]]) -> None:
    """Run each line as text and as JSON, and check what comes."""
    both = [
        line
        for argv in lines
        for line in (list(argv), [*argv[: argv.index("--")], "--json", *argv[argv.index("--") :]] if "--" in argv
                     else [*argv, "--json"])
    ]  # fmt: skip
    for argv in both:
        check(account.run(*argv))


def test_what_is_kept_comes_out_clean(infested: Account) -> None:
    with infested.serve() as serving:
        wait_until(lambda: bool(infested.run("alerts", "--json").out))
        serving.process.terminate()
        serving.wait()
    alert = infested.run("alerts", "--json").record()["id"]
    check(infested.run("alerts", "silence", alert, "--for", "1h", "--note", "".join(WORDS)[:3000]))
    command = 'cat "$HOME/printed"; exit 7'
    ran = check(infested.run("propose", "--on", "localhost", "--reason", " ".join(WORDS)[:5000], "--", command))
    assert ran.out == "c1\n"
    assert check(infested.run("approve", "c1")).code == 1
    for number, text in enumerate(WORDS[:12]):
        if text.strip("\n"):
            check(infested.run("propose", "--on", "localhost", "--", "-", stdin=f"echo {text}"))
            check(infested.run("deny", f"c{number + 2}", "--note", text))
    every_way(infested, [
        ("targets", "list"), ("targets", "list", "--fold"), ("targets", "show", "host-00"),
        ("targets", "export", "csv"), ("targets", "export", "ansible"), ("targets", "export", "ssh_config"),
        ("alerts",), ("alerts", "--all"), ("metrics",), ("changes",), ("change", "c1"), ("change", "c2"),
        ("change", "c5"), ("output", "c1"), ("audit",),
        ("audit", "c1"), ("doctor",), ("settings",), ("ask", "show", "host-00"), ("ask", "which", "alerts"),
        ("ask", "list", "targets", "by", "os"),
    ])  # fmt: skip
    assert infested.run("output", "c1", "--raw").out_bytes == (infested.home / "printed").read_bytes()


def test_a_live_run_comes_out_clean_on_a_terminal_too(account: Account) -> None:
    account.write("printed", b"\n".join(OUTPUTS.values()) + b"\nthe end\n")
    account.propose('cat "$HOME/printed"')
    with account.on_terminal("approve", "c1", "--targets", "1") as app:
        assert app.wait_for_end() == 0
        text = app.raw.decode("utf-8").replace("\r\n", "\n")
    assert OBEYED.search(text) is None
    assert "the end" in text


PLACES: Sequence[Sequence[str]] = (
    ("{}",), ("targets", "{}"), ("targets", "show", "{}"), ("targets", "list", "{}"), ("targets", "add", "{}"),
    ("targets", "add", "x", "--user", "{}"), ("targets", "add", "x", "--port", "{}"),
    ("targets", "tag", "localhost", "{}"), ("targets", "import", "{}", "x"), ("targets", "import", "csv", "/nope/{}"),
    ("targets", "export", "csv", "{}"), ("targets", "trust", "localhost", "--fingerprint", "{}"), ("change", "{}"),
    ("propose", "--on", "{}", "--", "true"), ("propose", "--on", "localhost", "--shell", "{}"),
    ("propose", "--on", "localhost", "{}"), ("propose", "--on", "localhost", "--timeout", "{}", "--", "true"),
    ("approve", "c1", "--digest", "{}"), ("approve", "c1", "--targets", "{}"), ("output", "c1", "{}"),
    ("changes", "--state", "{}"), ("changes", "--limit", "{}"), ("audit", "{}"), ("audit", "--since", "{}"),
    ("alerts", "{}", "a1"), ("alerts", "ack", "{}"), ("history", "{}"), ("metrics", "--target", "{}"),
    ("history", "cpu.used_percent", "--target", "{}"), ("settings", "set", "{}", "1"),
    ("settings", "{}"), ("ask", "{}"),
    ("--set", "{}", "where"), ("--set", "{}=1", "where"), ("--set", "screen.theme={}", "settings"), ("where", "--{}"),
    ("vault", "list", "{}"), ("--config", "{}", "where"), ("--config", "/nope/{}", "where"),
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_what_is_typed_comes_back_clean(
    place: Sequence[str], home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, since there are hundreds of them; the rest of this file proves the same through a pipe."""
    monkeypatch.chdir(home)
    monkeypatch.setattr("sys.stdin", None)
    main(["propose", "--on", "localhost", "--", "sleep 1"])
    capsys.readouterr()
    for text in (text.replace("\x00", "")[:300] for text in WORDS[PLACES.index(place) % 3 :: 3]):
        code = main([word.replace("{}", text) for word in place])
        shown = "".join(capsys.readouterr())
        found = OBEYED.search(shown)
        assert found is None, f"{found[0]!r} in {shown[max(0, found.start() - 60) : found.end() + 20]!r}"
        assert code != 70, shown


def test_hostile_variables_come_back_clean(account: Account) -> None:
    text = "\x1b[2J\x9b31m\u202e\u200b\x07evil"
    for name in ("OPSTERM_HOME", "OPSTERM_SCREEN_THEME", "OPSTERM_SSH_CONFIG", f"OPSTERM_{text}", "TERM", "HOME"):
        value = str(account.home / text) if name in ("OPSTERM_HOME", "HOME") else text
        check(account.run("doctor", env={name: value}))
        check(account.run("where", env={name: value}))


def test_files_of_any_name_and_content_are_told_of_cleanly(account: Account) -> None:
    evil = "\x1b]0;x\x07\u202e"
    account.write(".ssh/config", f"Host {evil}\n    Port {evil}\nInclude {evil}\nHost ok\n    HostName {evil}\n")
    check(account.run("doctor"))
    check(account.run("targets", "import", "ssh_config", str(account.home / ".ssh/config")))
    for source, text in {
        "csv": f"name,{evil}\n{evil},x\nok,{evil}\n", "json": f'{{"name": "{evil}"}}\n{evil}\n',
        "ansible": f"[{evil}]\n{evil} ansible_host={evil}\nok ansible_user={evil}\n",
        "known_hosts": f"{evil} {evil} {evil}\n",
    }.items():  # fmt: skip
        check(account.run("targets", "import", source, str(account.write(f"{evil}.txt", text))))
        check(account.run("targets", "import", source, str(account.home / f"{evil}.txt"), "--json"))
    check(account.run("targets", "list"))
    check(account.run("audit"))
    account.config(f"# {evil}\n[{json.dumps('x' + chr(0x202E))}]\n")
    check(account.run("where"))
    check(account.run("settings", "set", "screen.ascii", "true"))
