"""What is taken back on Windows hosts and network devices, and the PowerShell that does it."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.winrm_script import LINE, what_is_sent
from opsterm.changes.claim_mark import taking_text
from opsterm.changes.way_back.prepared import way_back_to
from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.windows.script import WINDOWS_TEXTS
from opsterm.changes.way_back.words import KeeperStep
from opsterm.changes.windows_mark import MARK
from opsterm.core.text import clean_line
from opsterm.policy.understanding import understand
from opsterm.policy.way_back import ON_WINDOWS, Coverage, Thing, ThingKind
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
    st.sampled_from(KeeperStep),
)
def test_no_name_gets_out_of_the_text_that_keeps_it(things: list[tuple[str, str]], step: KeeperStep) -> None:
    listed = [Thing(kind=next(one for one in ON_WINDOWS if one == kind), name=name) for kind, name in things]
    text, found = _without_coded(keeper_text(step, POINT, listed, seconds=60))
    assert [(one["kind"], one["name"]) for one in json.loads(found[0])] == [
        (thing.kind, thing.name) for thing in listed
    ]
    plain, others = _without_coded(keeper_text(step, POINT, [Thing(kind=thing.kind) for thing in listed], seconds=60))
    assert text == plain, "nothing else of it depends on a name"
    assert len(found) == len(others) == (2 if step is KeeperStep.ARM else 1)
    if step is KeeperStep.ARM:
        assert _without_coded(found[1])[1] == found[:1], "what takes back is about the same things"


def _without_coded(text: str) -> tuple[str, list[str]]:
    """Return a text without what is coded in it, and that."""
    coded = re.compile(r"FromBase64String\('([A-Za-z0-9+/=]+)'\)")
    return coded.sub("", text), [base64.b64decode(one).decode() for one in coded.findall(text)]


def test_what_takes_back_is_known_before_anything_may_be_changed() -> None:
    text = keeper_text(KeeperStep.ARM, POINT, [Thing(kind=ThingKind.SERVICE, name="WinRM")], seconds=60)
    arm = text[text.index("function Invoke-Arm") : text.index("function Invoke-Extend")]
    order = ["'fire') $stored", "'confirmed') 'confirmed'", "Set-Due $seconds", "Set-SameBoot", "Start-Guard",
             "'armed') 'x'", "Get-Other", "Tell armed"]  # fmt: skip
    assert sorted(order, key=arm.index) == order
    start = text[text.index("function Start-Guard") : text.index("function Remove-Guard")]
    steps = ["Register-ScheduledTask", "Export-ScheduledTask", "Start-ScheduledTask", "'waiting'", "S-1-5-18"]
    assert sorted(steps, key=start.index) == steps


def test_the_text_is_sent_in_lines_that_powershell_reads() -> None:
    text = keeper_text(KeeperStep.RESTORE, POINT, [Thing(kind=kind, name="x") for kind in sorted(ON_WINDOWS)])
    sent = what_is_sent(text, "powershell")
    assert len(sent.line) <= CMD_LONGEST
    assert sent.stdin is not None
    assert max(map(len, sent.stdin.split(b"\r\n"))) <= LINE
    assert base64.b64decode(sent.stdin).decode() == text


@pytest.mark.parametrize("text", [*WINDOWS_TEXTS, MARK], ids=range(len(WINDOWS_TEXTS) + 1))
def test_our_own_reader_follows_the_powershell(text: str) -> None:
    dark = [one for one in understand(text, "powershell").opaque if "no word of an expression" in one or "ends" in one]
    assert dark == []
    assert all(text.count(one) == text.count(other) for one, other in ("{}", "()", "[]"))
    assert text.isascii()


@given(st.text(), st.booleans())
def test_no_name_gets_out_of_a_mark(who: str, beside: bool) -> None:
    text, (asked,) = _without_coded(taking_text("ab12", "c1", who=who, for_s=60, beside=beside, on_windows=True))
    assert json.loads(asked) == {"from": "ab12", "change": "c1", "who": clean_line(who, limit=200), "for_s": 60,
                                 "beside": beside}  # fmt: skip
    assert text == _without_coded(taking_text("x", "c2", who="", for_s=1, beside=True, on_windows=True))[0]
