"""A profile is read from any text without a failure, and holds nothing that a terminal would obey."""

from __future__ import annotations

import random
import re
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.text import clean_line
from opsterm.monitoring.discovery import services_found
from opsterm.monitoring.host_people import AskedAt
from opsterm.monitoring.host_profile import host_profile
from opsterm.monitoring.kept_profile import profile_from_json, profile_to_json
from tests.monitoring.hosts import KERNEL, NETSTAT, OPENRC, SS, SYSTEMD, SYSV, printed
from tests.monitoring.test_host_parts import APT, INDEX, OTHERS
from tests.monitoring.test_looks import PROFILE

LINES = PROFILE.format(sudo="sudo", virtual="kvm").splitlines()
LINUX = {"clock": "1000000000.5", "kernel": "Linux\n6.1\nx86_64\nx"}
CERTIFICATE = "file /etc/ssl/a.pem\n-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\nport 443"
KINDS_OF_HOSTS = [
    printed({**LINUX, **SYSTEMD}), printed({**LINUX, **OPENRC}), printed({**LINUX, **SYSV}), printed({**LINUX, **SS}),
    printed({**LINUX, **NETSTAT}), printed({**LINUX, **KERNEL}),
    printed({**LINUX, "installed": "1", "index": INDEX, "updates": APT, "checked": "0"}),
    *(printed({**LINUX, **parts}) for parts, _, _ in OTHERS.values()),
    printed({**LINUX, "certificates": CERTIFICATE, "sessions": "who\nana tty1 Nov 28 (x)", "accounts": "0 root /bin/sh",
             "ntp": "chronyd\nLeap status     : Normal", "addresses": "2: eth0    inet 10.0.0.5/24 x"}),
]  # fmt: skip
PIECES = [
    "",
    "\x1b[2J",
    "\u202e",
    "-1",
    "9" * 40,
    "[",
    "]",
    ":",
    "::",
    "/",
    " ",
    "\t",
    "0x",
    "nan",
    "@",
    "é",
    "\udc80",
    "|",
    "%",
]
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]")
hostile = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n =\"'():-0123456789"), max_size=200)


@given(line=st.integers(0, len(LINES) - 1), inside=hostile)
def test_any_line_may_be_anything(line: int, inside: str) -> None:
    found = host_profile("\n".join([*LINES[:line], inside, *LINES[line + 1 :], ""]))
    for field in fields(found) if found else ():
        value = getattr(found, field.name)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                assert text == clean_line(text)


def spoilt(text: str, dice: random.Random) -> str:
    """Return a text with a few of its pieces taken out, doubled, swapped or replaced."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(text))
        end = min(len(text), at + dice.choice((0, 1, 3, 20, 200)))
        text = text[:at] + dice.choice((*PIECES, text[at:end] * 2, dice.choice(PIECES) * 50)) + text[end:] or " "
    return text


def test_ten_thousand_spoilt_looks_at_all_kinds_of_hosts_raise_nothing_and_obey_nothing() -> None:
    dice = random.Random(20)
    for number in range(10_000):
        found = host_profile(spoilt(KINDS_OF_HOSTS[number % len(KINDS_OF_HOSTS)], dice), asked=AskedAt(sent=1, heard=2))
        if found is not None and number % 10 == 0:
            services_found("x", found, now=0.0)
            kept = profile_to_json(found)
            assert not UNSAFE.search(kept), kept
            assert profile_from_json(kept) == found


@given(hostile)
def test_what_is_no_profile_is_none(text: str) -> None:
    assert host_profile(text) is None
