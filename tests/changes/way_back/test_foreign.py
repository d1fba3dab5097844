"""What is taken back on Windows hosts and network devices, and the PowerShell that does it."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.winrm_script import LINE, what_is_sent
from opsterm.changes.way_back.prepared import way_back_to
from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.windows.script import WINDOWS_TEXTS
from opsterm.changes.way_back.words import KeeperStep
from opsterm.policy.understanding import understand
from opsterm.policy.way_back import ON_WINDOWS, Coverage, Thing
from opsterm.policy.windows import CMD_LONGEST
from tests.changes.way_back.foreign_operations import OPERATIONS

POINT = "c1-0123456789ab"


@pytest.mark.parametrize(
    ("shell", "command", "coverage", "things", "opposite"), OPERATIONS, ids=[row[1] for row in OPERATIONS]
)
def test_what_operators_do_elsewhere(shell: str, command: str, coverage: str, things: str, opposite: str) -> None:
    found = way_back_to(command, shell)
    assert (found.coverage, ", ".join(map(str, found.things)), found.opposite) == (coverage, things, opposite)
    assert found.coverage is not Coverage.EXACT, "no equality was seen on such a host"
    assert found.gaps or found.coverage in (Coverage.NOTHING, Coverage.INVERSE), "what is missing is said"
    assert all(gap.endswith(".") for gap in found.gaps)


@pytest.mark.parametrize("row", [row for row in OPERATIONS if row[4]], ids=lambda row: row[1])
def test_an_opposite_is_understood_and_acts(row: tuple[str, ...]) -> None:
    understood = understand(row[4], row[0])
    assert understood.opaque == ()
    assert any(effect.kind != "read" for effect in understood.effects)


@given(st.sampled_from([row for row in OPERATIONS if row[0] == "powershell"]), st.sampled_from(["; & $x", "; iex $y"]))
def test_no_command_hides_what_is_not_known_beside_it(row: tuple[str, ...], more: str) -> None:
    assert way_back_to(row[1] + more, "powershell").coverage in (Coverage.PARTIAL, Coverage.NONE)


@given(
    st.lists(st.tuples(st.sampled_from(sorted(ON_WINDOWS)), st.text(min_size=1)), min_size=1, max_size=9),
    st.sampled_from([KeeperStep.CAPTURE, KeeperStep.NOTE, KeeperStep.RESTORE]),
)
def test_no_name_gets_out_of_the_text_that_keeps_it(things: list[tuple[str, str]], step: KeeperStep) -> None:
    listed = [Thing(kind=next(one for one in ON_WINDOWS if one == kind), name=name) for kind, name in things]
    text = keeper_text(step, POINT, listed)
    coded = re.findall(r"FromBase64String\('([A-Za-z0-9+/=]*)'\)", text)
    assert [(one["kind"], one["name"]) for one in json.loads(base64.b64decode(coded[-1]))] == [
        (thing.kind, thing.name) for thing in listed
    ]
    plain = keeper_text(step, POINT, [Thing(kind=thing.kind) for thing in listed])
    other = re.findall(r"FromBase64String\('([A-Za-z0-9+/=]*)'\)", plain)
    assert text.replace(coded[-1], "") == plain.replace(other[-1], ""), "nothing else of it depends on a name"


def test_the_text_is_sent_in_lines_that_powershell_reads() -> None:
    text = keeper_text(KeeperStep.RESTORE, POINT, [Thing(kind=kind, name="x") for kind in sorted(ON_WINDOWS)])
    sent = what_is_sent(text, "powershell")
    assert len(sent.line) <= CMD_LONGEST
    assert sent.stdin is not None
    assert max(map(len, sent.stdin.split(b"\r\n"))) <= LINE
    assert base64.b64decode(sent.stdin).decode() == text


@pytest.mark.parametrize("text", WINDOWS_TEXTS, ids=range(len(WINDOWS_TEXTS)))
def test_our_own_reader_follows_the_powershell(text: str) -> None:
    dark = [one for one in understand(text, "powershell").opaque if "no word of an expression" in one or "ends" in one]
    assert dark == []
    assert all(text.count(one) == text.count(other) for one, other in ("{}", "()", "[]"))
    assert text.isascii()
