"""The same bytes give the same rows as in tmux, an emulator nobody here wrote."""

from __future__ import annotations

import shutil
import subprocess
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsterm.terminal.emulator import open_emulator

COLUMNS, ROWS = 100, 30
TIME_LIMIT_S = 10.0

STREAMS: dict[str, bytes] = {
    "lines longer than the screen": b"".join(b"%d " % n + b"x" * (n * 7 % 250) + b"\r\n" for n in range(60)),
    "tabs, backspaces, carriage returns": b"a\tb\tc\r\n12345\b\b--\r\nover\rOV\r\n\t\t\t\t\t\t\t\t\t\t\t\t\t\tend" * 3,
    "cursor moves": b"\x1b[2J\x1b[5;10Hfive\x1b[3Aup\x1b[2Bdown\x1b[10Dleft\x1b[5Cright\x1b[1;1Htop"
    b"\x1b[30;96Hcorner\x1b[99;1Hlow",
    "scroll region": b"\x1b[5;10r\x1b[5;1H" + b"".join(b"r%d\r\n" % n for n in range(20)) + b"\x1b[r\x1b[20;1Hout",
    "reverse index and index": b"\x1b[H\x1bM\x1bMtop\x1bD\x1bD\x1bEnext\x1b[30;1H\nbottom\n",
    "insert and delete": b"abcdefgh\x1b[1;3H\x1b[2@XY\x1b[1;8H\x1b[2P\r\n1\r\n2\r\n3"
    b"\x1b[2;1H\x1b[2L\x1b[4;1H\x1b[1Mend",
    "erase": b"0123456789\r\n" * 5 + b"\x1b[2;5H\x1b[K\x1b[3;5H\x1b[1K\x1b[4;1H\x1b[2K\x1b[1;5H\x1b[3X",
    "alternate screen": b"before\x1b[?1049h\x1b[Halternate\x1b[?1049lafter",
    "wrapping off and on": b"\x1b[?7l" + b"y" * 150 + b"\r\n\x1b[?7h" + b"z" * 150,
    "origin and save": b"\x1b[5;20r\x1b[?6h\x1b[1;1Hin\x1b7\x1b[?6l\x1b[1;1Hout\x1b8back\x1b[r",
    "wide characters": "漢字かな交じり文 日本語\r\n한국어 텍스트\r\n".encode() + "漢".encode() * 60,
    "accents": "Ünïcödé e\u0301a\u0308 – “quotes” … → ✓ █▓▒░ ⣿⣀\r\n".encode() * 4,
    "repeat": b"ab\x1b[10b\r\n-\x1b[70b",
    "colours": b"\x1b[1;31mred\x1b[44m on blue\x1b[K\x1b[0m\r\n\x1b[38;5;99m256\x1b[38;2;1;2;3mrgb\x1b[m plain",
}  # fmt: skip


@pytest.fixture(scope="module")
def tmux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The start of a tmux command line; its server ends with the module."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: rows were NOT compared with a second emulator")
    command = ["tmux", "-S", str(tmp_path_factory.mktemp("tmux") / "socket"), "-f", "/dev/null", "-u"]
    yield command
    subprocess.run([*command, "kill-server"], check=False, capture_output=True)


def shown_by_tmux(tmux: list[str], stream: Path, mark: str) -> list[str]:
    """Return the rows of a pane in which the stream was printed; the mark in its title says that all of it was."""
    title = f"printf '\\033]2;{mark}\\007'"
    pane = subprocess.run(
        [*tmux, "new-session", "-d", "-P", "-F", "#{pane_id}", "-x", str(COLUMNS), "-y", str(ROWS),
         f"stty raw -echo; cat '{stream}'; {title}; exec sleep 60", ";", "set", "-g", "status", "off"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    limit = time.monotonic() + TIME_LIMIT_S
    look = [*tmux, "display-message", "-p", "-t", pane, "#{pane_title}"]
    while subprocess.run(look, check=True, capture_output=True, text=True).stdout.strip() != mark:
        assert time.monotonic() < limit, "tmux never saw the end of the stream"
    shown = subprocess.run([*tmux, "capture-pane", "-p", "-t", pane], check=True, capture_output=True, text=True)
    lines = unicodedata.normalize("NFC", shown.stdout).split("\n")
    return [line.rstrip() for line in lines][:ROWS]


@pytest.mark.parametrize("what", STREAMS)
def test_the_rows_are_those_of_tmux(tmux: list[str], tmp_path: Path, what: str) -> None:
    stream = tmp_path / "stream"
    stream.write_bytes(STREAMS[what])
    screen = open_emulator(COLUMNS, ROWS)
    screen.feed(STREAMS[what])
    assert screen.text().split("\n") == shown_by_tmux(tmux, stream, f"mark {what}")
    screen.close()


PROGRAMS = {
    "ls in columns": "ls --color=always -C -w 100 /usr/bin",
    "ls in long lines": "ls -laR --color=always /etc/init.d /etc/default",
    "infocmp": "infocmp xterm",
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_what_programs_print_is_shown_as_in_tmux(tmux: list[str], tmp_path: Path, what: str) -> None:
    printed = subprocess.run(
        PROGRAMS[what].split(), check=False, capture_output=True, env={"PATH": "/usr/bin:/bin"}
    ).stdout
    stream = tmp_path / "stream"
    stream.write_bytes(printed.replace(b"\n", b"\r\n"))
    screen = open_emulator(COLUMNS, ROWS)
    screen.feed(stream.read_bytes())
    assert screen.text().split("\n") == shown_by_tmux(tmux, stream, f"mark {what}")
    screen.close()
