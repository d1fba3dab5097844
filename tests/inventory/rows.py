"""Targets and rows for tests: a small fleet by hand, a large one by number, and strategies for any."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from opsterm.inventory.fields import tidy
from opsterm.inventory.target import Protocol, Status, Target, TargetRow

NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,20}", fullmatch=True)
COUNTED = st.builds(
    lambda prefix, number, width, rest: f"{prefix}{str(number).zfill(width)}{rest}",
    st.sampled_from(["web-", "web", "db_", "r1-n", "10.0.0."]),
    st.integers(0, 120),
    st.integers(0, 4),
    st.sampled_from(["", "", ".example.com", "-a2", "-a3", "x07"]),
)
WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


def row(name: str = "web-01", status: Status = Status.ONLINE, note: str = "", **fields: object) -> TargetRow:
    """Build a row from a few fields."""
    return TargetRow(target=Target(name=name, **fields), status=status, note=note)  # type: ignore[arg-type]  # few fields, each of its type


FLEET = (
    row("web-01", os="debian 12", groups=("web",), tags=("edge", "tls"), environment="prod", site="fra"),
    row("web-02", os="debian 12", groups=("web",), tags=("edge",), environment="prod", user="deploy"),
    row("web-03", Status.WARNING, "load 9.1", os="Debian 11", groups=("web",), environment="prod", port=2222),
    row("db-main-1", Status.CRITICAL, "/ 97 %", os="debian 12", groups=("db", "lab"), tags=("pg",)),
    row("win-1", Status.OFFLINE, os="win10", tags=("Win10",), protocol=Protocol.WINRM, address="10.0.0.7"),
    row("spare", Status.UNKNOWN, source="ssh_config"),
)


def large_fleet(size: int) -> list[TargetRow]:
    """Return rows as a fleet of some thousand machines has them."""
    rnd = random.Random(7)
    return [
        row(
            f"{rnd.choice(['web', 'db', 'sw', 'cache'])}-{number:04d}",
            rnd.choice(list(Status)),
            rnd.choice(["", "", "load 9.1"]),
            os=rnd.choice(["debian 12", "debian 11", "win10", "ubuntu 24.04"]),
            groups=(rnd.choice(["web", "db", "edge", "core", "lab"]),),
            tags=(f"t{number % 7}", f"u{number % 11}"),
            environment=rnd.choice(["prod", "stage", "lab"]),
        )
        for number in range(size)
    ]


@st.composite
def targets(draw: st.DrawFn) -> Target:
    """Draw a target as any face could have made it."""
    return Target(
        name=draw(NAMES.filter(lambda name: name != "localhost")),
        address=draw(st.sampled_from(["", "10.0.0.1", "2001:db8::1", "a.example.com", "fe80::1%eth0"])),
        os=tidy(draw(WORDS)),
        groups=tuple(draw(st.lists(NAMES, max_size=3, unique=True))),
        tags=tuple(sorted(draw(st.lists(NAMES, max_size=3, unique=True)))),
        protocol=draw(st.sampled_from([p for p in Protocol if p is not Protocol.LOCAL])),  # localhost only
        port=draw(st.none() | st.integers(1, 65535)),
        user=draw(st.sampled_from(["", "root", "DOM\\ana", "ana@example.com", "yes"])),
        environment=tidy(draw(WORDS)),
        site=tidy(draw(WORDS)),
    )
