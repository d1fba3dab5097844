"""What a command touches is known before it runs, and what cannot be taken back is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.way_back.plan import way_back_from
from opsterm.policy.order import AS_LOGGED_IN, RunAs
from opsterm.policy.understanding import understand
from opsterm.policy.way_back import Coverage, Thing, ThingKind, WayBack, in_order
from tests.changes.way_back.cases import CASES
from tests.changes.way_back.operations import OPERATIONS


def way(command: str, how: RunAs = AS_LOGGED_IN) -> WayBack:
    return way_back_from(understand(command, "bash"), how)


@pytest.mark.parametrize(("command", "coverage", "things"), CASES, ids=[case[0] for case in CASES])
def test_what_is_kept_for_a_command(command: str, coverage: str, things: str) -> None:
    found = way(command)
    assert (found.coverage, ", ".join(map(str, found.things))) == (coverage, things)
    assert bool(found.gaps) == (found.coverage in (Coverage.PARTIAL, Coverage.NONE)), "what is missing is said"


@pytest.mark.parametrize(("command", "coverage", "things", "opposite"), OPERATIONS, ids=[row[0] for row in OPERATIONS])
def test_what_operators_do_to_hosts(command: str, coverage: str, things: str, opposite: str) -> None:
    found = way(command)
    assert (found.coverage, ", ".join(map(str, found.things)), found.opposite) == (coverage, things, opposite)
    assert all(gap.endswith(".") for gap in found.gaps)
    assert bool(found.gaps) == (found.coverage in (Coverage.PARTIAL, Coverage.NONE)), "what is missing is said"


def test_an_opposite_is_a_command_that_is_understood() -> None:
    unknown = {row[3]: understand(row[3], "sh").opaque for row in OPERATIONS if row[3]}
    assert [text for text, opaque in unknown.items() if opaque] == []


def test_what_sudo_writes_is_kept_by_sudo() -> None:
    assert way("sudo rm /etc/a").become == "root"
    assert way("rm /etc/a", RunAs(become="postgres")).become == "postgres"
    assert way("rm /etc/a").become == ""


@given(st.sampled_from([case[0] for case in CASES]), st.sampled_from(["; ./unknown", "; $X", " | sh", '; eval "$Y"']))
def test_no_command_hides_what_is_not_known_beside_it(command: str, more: str) -> None:
    assert way(command + more).coverage in (Coverage.PARTIAL, Coverage.NONE)


def test_what_runs_is_put_back_after_what_it_reads() -> None:
    unit = Thing(kind=ThingKind.UNIT, name="nginx.service", option="reload")
    again = Thing(kind=ThingKind.UNIT, name="nginx.service", option="restart")
    file = Thing(kind=ThingKind.FILES, name="/etc/nginx/nginx.conf")
    assert in_order([unit, file, again, file]) == (file, again)
