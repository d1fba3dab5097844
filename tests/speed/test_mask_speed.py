"""What masking costs: a text of nothing but secrets, the lines of a log, a short command.

Run with `python -m pytest -m speed -n 0 tests/speed/test_mask_speed.py -s`. Times are CPU time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from opsterm.policy.mask import mask
from tests.policy.masking.lines import read_lines

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(300)]

SIZE = 500_000
SECRETS = [line.plain for line in read_lines() if line.kind == "secret"]
LOG = (
    "Nov 29 01:31:22 web-03 sshd[4711]: Accepted publickey for ana from 198.18.9.4 port 51122 ssh2: ED25519 SHA256:x",
    "Nov 29 01:31:22 web-03 systemd[1]: Started Session 1201 of User ana.",
    '198.18.0.7 - - [29/Nov/2026:01:31:23 +0000] "GET /login?next=%2Fkeys HTTP/1.1" 200 5120 "-" "curl/8.5.0"',
    "Nov 29 01:31:25 web-03 kernel: [41231.2] eth0: link up, 10000 Mbps, full duplex, flow control: rx/tx",
)


def text_of(lines: Sequence[str], size: int) -> str:
    """Return the lines over and over, up to a size."""
    text = "".join(f"{line}\n" for line in lines)
    return (text * (size // len(text) + 1))[:size]


def spent_s(text: str) -> float:
    began = time.process_time()
    mask(text)
    return time.process_time() - began


def test_a_text_of_nothing_but_secrets_takes_seconds_a_megabyte() -> None:
    mask("\n".join(SECRETS))  # expressions are compiled when they are first tried
    half, whole = spent_s(text_of(SECRETS, SIZE // 2)), spent_s(text_of(SECRETS, SIZE))
    print(f"\nnothing but secrets: {whole / SIZE * 1e6:.1f} s of CPU a MB; half of it takes {half / whole:.2f} of that")
    assert whole < 3 * half, "linear"
    assert whole / SIZE * 1e6 < 8


def test_a_log_takes_less_than_two_seconds_a_megabyte() -> None:
    mask("\n".join(LOG))
    took = spent_s(text_of(LOG, SIZE)) / SIZE * 1e6
    print(f"\na log: {took:.2f} s of CPU a MB")
    assert took < 2


def test_a_short_command_takes_less_than_a_millisecond() -> None:
    command = "ansible-playbook -i prod site.yml --limit web --tags deploy"
    mask(command)
    began = time.process_time()
    for _ in range(1000):
        mask(command)
    took = time.process_time() - began
    print(f"\na short command: {took:.3f} ms of CPU")
    assert took < 1
