"""Answers for one thing about targets, for when they were seen, and for what happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsterm.assistant.answer import Answer, AnswerTable, answer_lines
from opsterm.assistant.answers_audit import answer_audit
from opsterm.assistant.answers_facts import answer_fact
from opsterm.assistant.answers_fleet import answer_alerts, answer_inventory
from opsterm.assistant.interpret import interpret
from opsterm.assistant.queries import AlertQuestion, AuditQuestion, FactQuestion, InventoryQuestion
from opsterm.assistant.query_words import TargetFact
from opsterm.inventory.target import Protocol, Status, Target, TargetRow
from opsterm.policy.audit import AuditRow
from tests.assistant.samples import ALERT, NOW, rows, world

ROWS = rows()


def _tables(answer: Answer) -> list[AnswerTable]:
    return [block for block in answer.blocks if isinstance(block, AnswerTable)]


def _text(answer: Answer) -> str:
    """Return an answer as it is printed, after seeing that each line it offers can be sent."""
    for follow_up in answer.follow_ups:
        assert follow_up.key or interpret(follow_up.line, world()).query is not None, follow_up
    return "\n".join(answer_lines(answer))


def _read(line: str) -> object:
    return interpret(line, world()).query


_SEEN = [
    TargetRow(target=Target(name="localhost", protocol=Protocol.LOCAL), status=Status.ONLINE),
    TargetRow(target=Target(name="new"), status=Status.ONLINE, last_seen=NOW - 60),
    TargetRow(target=Target(name="old"), status=Status.OFFLINE, last_seen=NOW - 3 * 86400),
    TargetRow(target=Target(name="fresh")),
]


@pytest.mark.parametrize(
    ("line", "first", "names"),
    [
        ("list targets seen over 1h", "2 targets were seen over 1h: 2 online.", ["localhost", "new"]),
        ("list targets not seen over 24h", "2 targets were not seen over 24h: 1 offline, 1 unknown.", ["fresh", "old"]),
        ("list targets never seen", "1 target was never seen: 1 unknown.", ["fresh"]),
        ("list targets never seen where old", "Every target of old was seen at some time.", []),
        ("list targets seen over 1h where old", "No target of old was seen over 1h.", []),
        ("list targets seen over 1h where new", "1 target matches new and was seen over 1h: 1 online.", ["new"]),
    ],
)
def test_targets_are_chosen_by_when_they_were_seen(line: str, first: str, names: list[str]) -> None:
    question = _read(line)
    assert isinstance(question, InventoryQuestion)
    answer = answer_inventory(question, _SEEN, NOW)
    assert _text(answer).splitlines()[0] == first
    assert sorted(row[0] for table in _tables(answer) for row in table.rows) == names
    assert not any(follow_up.line.startswith("run ") for follow_up in answer.follow_ups)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("show address of web-01", "The address of web-01 is web-01, its name, over ssh."),
        ("show port of web-01", "The port of web-01 is 22, the default of ssh."),
        ("show user of web-01", "The user of web-01 is not set, so what your ssh_config or account says."),
        ("show os of db-main-1", "The operating system of db-main-1 is ubuntu 22.04."),
        ("show groups of web-01", "The groups of web-01: web."),
        ("show tags of sw-1", "The tags of sw-1: none."),
        ("show protocol of pc-1", "The protocol of pc-1 is winrm."),
        ("show environment of sw-1", "The environment of sw-1 is not said."),
        ("show site of web-01", "The site of web-01 is fra."),
        ("show last-seen of web-03", "web-03 was last seen 3 s ago."),
        ("show status of web-03", "web-03 is offline; it was last seen 3 s ago."),
        ("show status of localhost", "localhost is online; it was seen just now."),
        ("show tags of nowhere", "No target matches nowhere."),
    ],
)
def test_one_thing_about_a_target_is_one_sentence(line: str, says: str) -> None:
    question = _read(line)
    assert isinstance(question, FactQuestion)
    assert _text(answer_fact(question, ROWS, NOW)).splitlines()[0] == says


def test_whether_a_target_answers_is_not_asked_of_it_and_what_asks_it_is_said() -> None:
    for name, says in (
        ("web-01", "`opsterm targets check web-01`"),
        ("pc-1", "targets check pc-1"),
        ("localhost", "stands on"),
    ):
        assert says in _text(answer_fact(FactQuestion(fact=TargetFact.STATUS, selector=name), ROWS, NOW))


def test_one_thing_about_many_targets_is_folded_by_what_it_is() -> None:
    text = _text(answer_fact(FactQuestion(fact=TargetFact.TAGS), ROWS, NOW))
    assert text.startswith("tags of 16 targets:")
    assert "web-[01-06]" in text
    assert "nginx, prod" in text


def _audited(what: str, ago: float) -> AuditRow:
    return AuditRow(seq=1, at=NOW - ago, who="ana", what=what, subject="", why="", result="", kind="change.x", masked=0)


def test_what_happened_holds_what_was_done_and_the_alerts_that_began_and_says_what_it_lists() -> None:
    done = [_audited("approved c18", 60), _audited("denied c2", 7200)]
    question = _read("list audit over 1h")
    assert isinstance(question, AuditQuestion)
    text = _text(answer_audit(question, done, [ALERT], NOW))
    assert text.startswith("1 thing done and 1 alert begun over 1h.")
    assert text.index("approved c18") < text.index("a7 began on localhost")
    assert "denied c2" not in text
    assert "`opsterm audit`" in text
    assert _text(answer_audit(AuditQuestion(), done, (), NOW)).startswith("2 things done and 0 alerts begun.")


def test_the_oldest_alert_is_one_and_comes_first() -> None:
    younger = replace(ALERT, id=9, since=NOW - 5)
    for line, first, names in (
        ("list alerts oldest 1", "The oldest open alert.", ["a7"]),
        ("list alerts newest", "2 open alerts, 2 critical, the newest first.", ["a9", "a7"]),
    ):
        question = _read(line)
        assert isinstance(question, AlertQuestion)
        answer = answer_alerts(question, [younger, ALERT], ROWS, NOW)
        assert _text(answer).splitlines()[0] == first
        assert [row[0] for row in _tables(answer)[0].rows] == names
