"""Hostile text through every pane, list and dialog of the whole program, on a real terminal.

What targets, files, other operators and models send is data. The terminal may get only the sequences that our own
face makes: moves of the cursor, colours, modes.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from opsterm.monitoring.alerts import Severity
from opsterm.policy.order import Order
from opsterm.runtime.imports import ImportSource
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from tests.tui.cockpit import Stage, an_alert
from tests.tui.pty_app import PtyApp

pytestmark = pytest.mark.blocking  # the test is the terminal; there is no loop to hold up

EVIL = (
    "\x1b[2J\x1b[31mred \x1b]52;c;aGFoYQ==\x07clip \x1b]0;title\x1b\\ \x9b31mC1\x9d0;t\x9c "
    "safe\u202egnp.exe\u2066 ze\u200bro\u2060\ufeff Z" + "\u0335\u0348\u0355" * 20 + " \U000e0041 \x0b\x0c\x05\x7f"
)
LONG = "L" * 1_000_000 + EVIL

FORBIDDEN = re.compile(
    "\x1b\\]52|\x1b\\]0;title|\x1b\\[31mred|[\x80-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2060\ufeff\U000e0000-\U000e0fff]"
    "|[\x00-\x06\x0b\x0c\x0e-\x1a\x7f]|[\u0300-\u036f]{4,}"
)
SEQUENCE = re.compile(
    "\x1b(?:\\[(?P<mark>[?>=<]?)(?P<params>[0-9;:]*)(?P<between>[ $!']?)(?P<final>[@-~])"
    "|(?P<other>[P\\]X^_].*?(?:\x07|\x1b\\\\)|.))",
    re.DOTALL,
)
OURS = {"']22;default\\x07'", "m", "H", "?h", "?l", ">u", "<u", "?$p", "?u", "K"}
"""The pointer's shape, colour, place, modes, the keyboard protocol, and questions about modes."""


def kinds(text: str) -> set[str]:
    """Return what kinds of sequences a text has, as in "m" or "?h"; whatever is no CSI is given whole."""
    found = set()
    for match in SEQUENCE.finditer(text):
        found.add(ascii(match["other"]) if match["other"] else f"{match['mark']}{match['between']}{match['final']}")
    return found


async def poison(runtime: Runtime) -> None:
    """Put hostile text wherever something foreign is kept."""
    home = runtime.paths.home
    table = home / "targets.csv"
    rows = [f"evil-{number:02d},{one},{two},{three}" for number, (one, two, three) in enumerate((
        (_quoted(EVIL), _quoted(EVIL), _quoted(EVIL)), (_quoted(LONG), "x", "y"), ("z", _quoted(LONG), _quoted(LONG)),
    ))]  # fmt: skip
    table.write_text("\n".join(["name,os,site,environment", *rows]) + "\n", encoding="utf-8", newline="\n")
    await runtime.inventory.import_from(ImportSource.CSV, table)
    (home / "config").joinpath("ssh_config").write_text(f"Host {EVIL}\n  HostName {EVIL}\nHost good\n  User {EVIL}\n")
    await runtime.inventory.import_ssh_config(str(home / "config" / "ssh_config"))
    await runtime.inventory.note_seen({"evil-00": EVIL, "evil-01": LONG, "evil-02": ""})
    for number, text in enumerate((EVIL, LONG)):
        made = an_alert(
            "evil-00", "fs.used_percent", text[:200], severity=Severity.CRITICAL, summary=text, advice=text, rule=text,
            by=text[:300], note=text, fingerprint=f"evil {number}",
        )  # fmt: skip
        await runtime.store.alerts.save(made, lambda kept: [])
    (home / "output").write_text(EVIL + "\n" + LONG, encoding="utf-8")
    change = await runtime.changes.propose(
        Proposal(command=f"cat {home}/output", selector="localhost", reason=EVIL, origin="command line")
    )
    await runtime.changes.approve(change.id, digest=change.order.digest())
    await runtime.changes.run(change.id)
    for command in (f"echo {EVIL}", "echo " + "L" * 4000):
        made_change = await runtime.changes.propose(
            Proposal(command=command.replace("\x00", ""), selector="evil-00", reason=EVIL, origin="command line")
        )
        assert isinstance(made_change.order, Order)
    await runtime.changes.deny(2, note=EVIL)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which everything foreign is hostile."""
    folder = tmp_path_factory.mktemp("poisoned")
    asyncio.run(Stage(folder).fill(poison))
    themes = folder / "config" / "themes"
    themes.mkdir()
    (themes / "evil\u202e\x1b]52;c;QQ==\x07.toml").write_text(f'name = "{"x" * 3}"\ntitle = 3\n')
    text = "".join(f"\\u{ord(char):04x}" if not char.isalnum() else char for char in EVIL[:60])
    (folder / "config" / "config.toml").write_text(
        f'[screen]\ntheme = "{text}"\n[monitoring]\ninterval_s = 3600\n[ssh]\nconfig = "{text}"\n'
    )
    return folder


class Evening:
    """An operator who looks at everything."""

    def __init__(self, app: PtyApp) -> None:
        self.app = app

    def look(self, keys: str, *, back: int = 1) -> None:
        self.app.send(keys)
        self.app.wait_for_quiet(0.08)
        for _ in range(back):
            self.app.send("\x1b")
            self.app.wait_for_quiet(0.06)

    def leave(self) -> None:
        for _ in range(6):
            self.app.send("\x1b")
            self.app.wait_for_quiet(0.2)
        self.app.send("q")
        self.app.wait_for("Leave anyway?")  # a shell runs
        self.app.send("y")
        assert self.app.wait_for_end() == 0, self.app.text


def start(home: Path, columns: int, rows: int, **env: str) -> PtyApp:
    return PtyApp(
        [sys.executable, "-m", "opsterm"], columns=columns, rows=rows,
        env={"OPSTERM_HOME": str(home), "HOME": str(home), **env},
    )  # fmt: skip


@pytest.mark.parametrize(("columns", "rows", "env"), [(80, 24, {"NO_COLOR": "1"})])
def test_nothing_hostile_reaches_the_terminal_raw(poisoned: Path, columns: int, rows: int, env: dict[str, str]) -> None:
    with start(poisoned, columns, rows, **env) as app:
        app.wait_for("evil-00")
        app.wait_for("There is no theme")
        evening = Evening(app)
        for keys in ("?", ":", "@", ":settings\r", ":doctor\r", ":theme\r", "z", "z"):
            evening.look(keys)
        for _ in range(6):
            evening.look("b", back=0)
        evening.look("gjjjjjj", back=0)
        evening.look("\r")
        for keys in ("/evil-00\r", "gj\r", "\rGgL", "R", "e", "p", "D", "c", "1", "y", " y", "w", "\x1bOQ"):
            evening.look(keys)
        for keys in ("3", "3\r", "3w", "3S", "3n", "3o", "3y", "3j\r", "3jw", "2\r"):
            evening.look(keys)
        for keys in ("6", "6\r", "6j\r\x1b[6~\x1b[6~", "6jj\r\x1b[6~\x1b[5~", "6y", "6e"):
            evening.look(keys)
        for text in (EVIL, "what is wrong with evil-00?", "run `echo " + EVIL.replace("\x1b", "") + "` on evil-00"):
            app.send("4\x1b[200~" + text + "\x1b[201~\r")
            app.wait_for_quiet(0.3)
            evening.look("\x1b")
        evening.look("1/\x1b[200~tag:" + EVIL + "\x1b[201~\r", back=2)
        app.send(":")
        evening.look("import\r\r\x1b[200~/no/such/" + EVIL + "\x1b[201~\r", back=2)
        evening.look("1gp\x1b[200~" + EVIL + "\x1b[201~")
        evening.look("\x1b", back=2)
        app.wait_for_quiet(0.5)  # esc and a key at once are another key
        app.send("5\r")
        app.wait_for("ctrl+] leaves; every other key")
        app.send(f"head -c 150 {poisoned}/output\r")
        app.wait_for("safe")
        app.send("\x1d")
        evening.leave()
        check(app.raw)


def check(raw: bytes) -> None:
    text = raw.decode("utf-8")  # an error here is a byte that we made up
    copied = re.compile("\x1b\\]52;c;[A-Za-z0-9+/=]*\x07")  # what `y` asked for, as letters and digits
    text = copied.sub(lambda match: "" if match[0] != "\x1b]52;c;aGFoYQ==\x07" else match[0], text)
    bad = FORBIDDEN.search(text)
    assert bad is None, ascii(text[max(0, bad.start() - 80) : bad.end() + 40])
    assert kinds(text) <= OURS, kinds(text) - OURS
