"""How much a change would reach is said in one line."""

from __future__ import annotations

import pytest

from opsterm.changes.blast_radius import blast_radius
from opsterm.policy.context import ShareOfGroup, Surroundings

DB = ShareOfGroup(name="redundancy:db-main", chosen=("db-1", "db-2"), size=3, partners=True)
WEB = tuple(ShareOfGroup(name=f"a{number}", chosen=("db-1",), size=4 + number) for number in range(4))
ALONE = ShareOfGroup(name="lone", chosen=("db-1",), size=1)


@pytest.mark.parametrize(
    ("places", "shares", "alerting", "line"),
    [
        (
            ["prod"] * 7, [ALONE, DB], 1,
            "7 of 23 production targets; 2 of 3 members of db-main; 1 has an open alert",
        ),
        (
            ["live", ""], [], 2,
            "1 of 23 production targets; 1 of 1 target without an environment; 2 have an open alert",
        ),
        (
            ["stage"], WEB, 0,
            "1 of 4 stage targets; 1 of 4 members of a0; 1 of 5 members of a1; 1 of 6 members of a2; 1 more group",
        ),
    ],
)  # fmt: skip
def test_the_line_says_how_much_of_what(
    places: list[str], shares: list[ShareOfGroup], alerting: int, line: str
) -> None:
    around = Surroundings(environments=places, shares=shares)
    assert blast_radius(around, {"prod": 20, "Live": 3, "stage": 4, "": 1}, alerting) == line
