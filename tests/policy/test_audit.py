"""The audit list says who did what, when, why and with which result, from any journal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.changes.events import (
    ChangeApproved,
    ChangeDenied,
    ChangeEnded,
    ChangeExpired,
    ChangeOutput,
    ChangeProposed,
    ChangeStarted,
    ChangeTargetEnded,
    ChangeVoided,
)
from opsterm.core.events import Event, Fact, UnknownEvent, event_kinds
from opsterm.inventory.events import TargetAdded, TargetEdited, TargetRemoved, TargetSeen, TargetsImported
from opsterm.monitoring.events import AlertChanged
from opsterm.policy.audit import as_json, as_text, row, rows

PROPOSED = ChangeProposed(change=18, command="uptime", targets=("web-01", "web-02"), risk="low", digest="ab" * 32,
                          reason="load is high", origin="chat")  # fmt: skip


def _fact(body: Event, by: str = "ana") -> Fact:
    return Fact(event=body, at=1_790_000_000.0, by=by, correlation_id="c18", seq=7)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (PROPOSED, ('ana  proposed c18: uptime · risk low, on web-[01-02] (2), from the chat, digest abababababab'
                   ' · because "load is high"')),
        (ChangeApproved(change=18, digest="cd" * 32), "ana  approved c18 · digest cdcdcdcdcdcd"),
        (ChangeDenied(change=18, note="not now"), 'ana  denied c18 · because "not now"'),
        (ChangeExpired(change=18), "ana  let c18 expire · nothing was run"),
        (ChangeVoided(change=18, why="web-01 is gone."), "ana  voided c18 · web-01 is gone."),
        (ChangeStarted(change=18, digest="ef" * 32, targets=("a",)), "ana  started c18 on a · digest efefefefefef"),
        (ChangeTargetEnded(change=18, target="a", state="failed", exit_status=2, output_sha256="00" * 32,
                           output_bytes=1500, message=""),
         "ana  ended c18 on a · failed, exit 2, 1.5 kB of output, sha256 000000000000"),
        (ChangeEnded(change=18, state="done"), "ana  ended c18 · done"),
        (AlertChanged(alert=7, target="a", state="acknowledged", severity="critical", summary="/ full",
                      reason="acknowledged"), "ana  acknowledged a7 on a · critical: / full"),
        (TargetAdded(target="a", source="manual"), "ana  added a · from manual"),
        (TargetEdited(target="a", fields=("tags", "os")), "ana  edited a · changed tags, os"),
        (TargetRemoved(target="a"), "ana  removed a"),
        (TargetsImported(source="csv", added=3, changed=1, unchanged=0),
         "ana  imported targets from csv · 3 added, 1 changed, 0 unchanged"),
        (UnknownEvent(name="terminal.recorded", body_json='{"way":"passphrase"}', body_version=9),
         "ana  terminal recorded · way passphrase"),
    ],
)  # fmt: skip
def test_a_fact_is_a_line(body: Event, text: str) -> None:
    made = row(_fact(body))
    assert made is not None
    assert as_text(made) == f"2026-09-21T14:13:20Z  {text}"


@pytest.mark.parametrize("body", [
    ChangeOutput(change=1, target="a", total_bytes=3), TargetSeen(target="a", answered=True, reason=""),
    AlertChanged(alert=7, target="a", state="firing", severity="critical", summary="x", reason="fired"),
])  # fmt: skip
def test_what_nobody_did_is_not_audited(body: Event) -> None:
    assert row(_fact(body)) is None


def test_secrets_and_escapes_do_not_reach_a_row() -> None:
    body = UnknownEvent(name="change.proposed", body_version=1, body_json=json.dumps(
        {"change": 1, "command": "mysql -psecret9 \x1b[2J", "targets": ["a"]}))  # fmt: skip
    made = row(_fact(body, by="ana\x1b"))
    assert made is not None
    assert made.masked == 1
    assert "secret9" not in str(as_json(made))
    assert "\x1b" not in as_text(made)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
)


@given(
    st.sampled_from([*event_kinds(), "settings.changed"]),
    st.dictionaries(st.text(max_size=8), _JSON, max_size=4),
    st.floats(),
)
def test_no_journal_makes_it_raise(kind: str, fields: dict[str, object], at: float) -> None:
    fact = Fact(event=UnknownEvent(name=kind, body_json=json.dumps(fields), body_version=1), at=at, by="ana")
    for made in rows([fact]):
        json.dumps(as_json(made))
        assert "\n" not in as_text(made)
