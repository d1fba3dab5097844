"""Who is told of which change of an alert, once, and in which words."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from opsterm.monitoring.alerts import Alert, AlertState, Severity
from opsterm.monitoring.notices import MANY, SUBJECT_LIMIT, AlertTurn, NoticeRule, Told, decide, letters
from opsterm.monitoring.sample import SeriesKey

NOW = 1_795_000_000.0
RULES = (
    NoticeRule(target="*", severity=Severity.CRITICAL, to=("boss@x.test",), resolved=False),
    NoticeRule(target="*", severity=Severity.WARNING, to=("ops@x.test",), resolved=True),
)


def alert(number: int = 1, *, target: str = "web-01", summary: str = "disk / 97 % above 90 %") -> Alert:
    return Alert(
        id=number, fingerprint=f"f{number}", key=SeriesKey(target, "fs.used_percent", "/"), rule="fs above 90 %",
        severity=Severity.CRITICAL, state=AlertState.FIRING, summary=summary, advice="Look for the largest files.",
        value=97.0, unit="%", level=90.0, since=NOW - 120, last_seen=NOW, count=5,
    )  # fmt: skip


def turn(state: AlertState, severity: Severity = Severity.WARNING, number: int = 1, at: float = NOW) -> AlertTurn:
    return AlertTurn(alert=alert(number), state=state, severity=severity, summary=alert().summary, at=at)


def told_of(turns: list[AlertTurn], told: Told | None = None) -> dict[str, list[tuple[str, str]]]:
    found = decide(turns, RULES, told or {}, chooses=lambda _, __: True)
    return {
        address: [(str(t.state), str(t.severity)) for t in to_tell] for address, to_tell in found.by_address.items()
    }


FIRING, RESOLVED, ACKNOWLEDGED = AlertState.FIRING, AlertState.RESOLVED, AlertState.ACKNOWLEDGED
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


def test_an_alert_is_told_when_it_fires_gets_worse_and_ends() -> None:
    turns = [turn(FIRING), turn(FIRING), turn(FIRING, CRITICAL), turn(FIRING), turn(RESOLVED)]
    assert told_of(turns) == {
        "ops@x.test": [("firing", "warning"), ("firing", "critical"), ("resolved", "warning")],
        "boss@x.test": [("firing", "critical")],
    }


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    first = decide([turn(FIRING, CRITICAL)], RULES, {}, chooses=lambda _, __: True)
    assert told_of([turn(FIRING, CRITICAL)], first.told) == {}
    assert told_of([turn(RESOLVED)], first.told) == {"ops@x.test": [("resolved", "warning")]}


def test_what_is_silenced_or_acknowledged_or_never_told_is_not_told() -> None:
    quiet = turn(FIRING)
    quiet = replace(quiet, alert=replace(quiet.alert, state=AlertState.SILENCED))
    ended_in_silence = turn(RESOLVED)
    ended_in_silence = replace(ended_in_silence, alert=replace(ended_in_silence.alert, silenced_until=NOW + 60))
    assert told_of([quiet, turn(ACKNOWLEDGED), turn(AlertState.PENDING), turn(RESOLVED)]) == {}
    assert told_of([ended_in_silence], {(1, "ops@x.test"): WARNING}) == {}


def test_an_alert_that_fires_again_after_its_end_is_told_again() -> None:
    turns = [turn(FIRING), turn(RESOLVED), turn(FIRING)]
    assert [state for state, _ in told_of(turns)["ops@x.test"]] == ["firing", "resolved", "firing"]


def test_a_selector_decides_about_the_target() -> None:
    found = decide([turn(FIRING, CRITICAL)], RULES, {}, chooses=lambda selector, name: selector == name)
    assert found.by_address == {}


@given(st.lists(st.builds(turn, st.sampled_from(list(AlertState)), st.sampled_from(list(Severity)), st.integers(1, 3))))
def test_no_address_is_told_the_same_twice_in_a_row(turns: list[AlertTurn]) -> None:
    found = decide(turns, RULES, {}, chooses=lambda _, __: True)
    to_tell = found.by_address.get("ops@x.test", ())  # who is told of the end too
    for number in (1, 2, 3):
        words = [(t.state, t.severity if t.state is FIRING else None) for t in to_tell if t.alert.id == number]
        assert all(first != second for first, second in pairwise(words))
    halves = decide(turns[: len(turns) // 2], RULES, {}, chooses=lambda _, __: True)
    rest = decide(turns[len(turns) // 2 :], RULES, halves.told, chooses=lambda _, __: True)
    assert rest.told == found.told, "it does not matter where a restart comes between"


def test_a_mail_says_what_where_since_when_and_what_to_do() -> None:
    (letter,) = letters({"ops@x.test": [turn(FIRING, CRITICAL)]}, host="jump-01", now=NOW)
    assert letter.subject == "[opsterm] CRITICAL web-01: disk / 97 % above 90 %"
    for word in ("web-01", "97 %", "UTC, 2 m ago", "Look for the largest files.", "opsterm alerts ack a1", "jump-01"):
        assert word in letter.body


def test_the_same_news_for_several_is_one_mail_and_a_burst_is_one_mail() -> None:
    few = [turn(FIRING, CRITICAL, number) for number in range(1, MANY + 1)]
    many = [turn(FIRING, CRITICAL, number) for number in range(1, 501)]
    assert [letter.to for letter in letters({"a@x.test": few, "b@x.test": few}, host="j", now=NOW)] == [
        ("a@x.test", "b@x.test")
    ] * MANY
    (digest,) = letters({"a@x.test": many}, host="j", now=NOW)
    assert "500 alerts on 1 target" in digest.subject
    assert "and 300 more" in digest.body
    assert len(digest.body) < 100_000


def is_one_line(text: str) -> bool:
    return not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text)


@given(st.text(), st.text())
def test_no_text_of_a_target_breaks_out_of_its_line(target: str, summary: str) -> None:
    hostile = replace(turn(FIRING), alert=alert(target=target, summary=summary), summary=summary)
    for count in (1, MANY + 1):
        for letter in letters({"ops@x.test": [hostile] * count}, host="j", now=NOW):
            assert is_one_line(letter.subject)
            assert len(letter.subject) < SUBJECT_LIMIT + 40
            assert all(is_one_line(line) for line in letter.body.split("\n"))
