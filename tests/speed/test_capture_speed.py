"""What keeping 5,000 files on a real target takes, beside `tar | gzip` of the same tree over the same line.

Needs OPSTERM_LAB, see tests/adapters/test_ssh_lab.py. Both run in turns, and the fastest of each counts.
Run: pytest -m speed -n 0 tests/speed/test_capture_speed.py -s
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.words import KeeperStep
from opsterm.policy.way_back import Thing, ThingKind
from tests.adapters.test_ssh_lab import Lab, lab

pytestmark = [pytest.mark.speed, pytest.mark.lab, pytest.mark.blocking, pytest.mark.timeout(900)]
__all__ = ["lab"]  # a fixture

FILES, TURNS, BAR = 5_000, 7, 1.5
PLACE, POINT = "/srv/many", "c1-0123456789ab"
MAKE = (
    f"rm -rf {PLACE}; mkdir -p {PLACE} && cd {PLACE} && for d in $(seq {FILES // 100}); do mkdir $d; for f in "
    "$(seq 100); do head -c $((f * 80)) /etc/ssh/ssh_host_rsa_key /etc/services 2>/dev/null >$d/$f; done; done"
)


class Line:
    """An open connection to a host, on which a shell is started for each text."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._words = [
            "ssh", "-F", "none", "-i", str(lab.key), "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "ControlMaster=auto", "-o", f"ControlPath={folder}/line", "-o",
            "ControlPersist=60", f"root@{lab.hosts[0].address}",
        ]  # fmt: skip

    def takes(self, text: str) -> float:
        """Run a text there; return the seconds until all that it printed is here."""
        begun = time.perf_counter()
        subprocess.run([*self._words, "sh -s"], input=text.encode(), check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun


@pytest.fixture
def line(lab: Lab, tmp_path: Path) -> Iterator[Line]:
    opened = Line(lab, tmp_path)
    opened.takes(MAKE)
    yield opened
    opened.takes(f"rm -rf {PLACE} /var/lib/opsterm/rp/{POINT}")


def test_keeping_5000_files_takes_little_more_than_tar_and_gzip_of_them(line: Line) -> None:
    things = [Thing(kind=ThingKind.FILES, name=PLACE)]
    capture, again = keeper_text(KeeperStep.CAPTURE, POINT, things), f"rm -rf /var/lib/opsterm/rp/{POINT}"
    kept, packed = [], []
    for _ in range(TURNS):
        line.takes(again)
        kept.append(line.takes(capture))
        packed.append(line.takes(f"tar -C / -cf - {PLACE.lstrip('/')} | gzip -c"))
    ratio = min(kept) / min(packed)
    print(f"\n{FILES} files kept in {min(kept):.3f} s, tar | gzip {min(packed):.3f} s: {ratio:.2f} ×")
    assert ratio < BAR
