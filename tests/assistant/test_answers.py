"""Answers carry counts, folded rows, status words, units, ages, sources, and lines that can be sent next."""

from __future__ import annotations

import json
import time

import pytest

from opsterm.assistant.answer import Answer, AnswerTable, Paragraph, ProposalReference, answer_json, answer_lines
from opsterm.assistant.answers_fleet import (
    answer_alert,
    answer_alerts,
    answer_change,
    answer_changes,
    answer_detail,
    answer_inventory,
    answer_proposal,
)
from opsterm.assistant.answers_measures import answer_ranking, answer_values, answer_windows, series_wanted
from opsterm.assistant.answers_talk import (
    answer_error,
    answer_greeting,
    answer_help,
    answer_knowledge,
    answer_not_understood,
    with_notes,
)
from opsterm.assistant.interpret import interpret
from opsterm.assistant.queries import (
    AlertQuestion,
    ChangeQuestion,
    DetailQuestion,
    ExplainQuestion,
    Greeting,
    HelpQuestion,
    InventoryQuestion,
    KnowledgeQuestion,
    MetricQuestion,
    RankingQuestion,
    RunRequest,
)
from opsterm.assistant.windows import window_from_words
from opsterm.changes import lifecycle
from opsterm.changes.change import Change
from opsterm.core.errors import Unreachable
from opsterm.inventory.fleet import Grouping
from opsterm.inventory.target import Status, Target, TargetRow
from opsterm.knowledge.document import parse_document
from opsterm.knowledge.search import KnowledgeBase
from opsterm.monitoring.sample import Point, Sample, SeriesKey, SeriesWindow
from tests.assistant.samples import ALERT, NOW, VAR, rows, world
from tests.changes.samples import NOW as CHANGE_NOW
from tests.changes.samples import proposed

ROWS = rows()
ROOT = SeriesKey("localhost", "fs.used_percent", "/")
SAMPLES = [Sample(ROOT, NOW - 4, 41.0), Sample(VAR, NOW - 4, 97.0)]


def _tables(answer: Answer) -> list[AnswerTable]:
    return [block for block in answer.blocks if isinstance(block, AnswerTable)]


def _text(answer: Answer) -> str:
    """Return an answer as it is printed, after seeing that each line it offers can be sent and that it is JSON."""
    for follow_up in answer.follow_ups:
        assert follow_up.key or interpret(follow_up.line, world()).query is not None, follow_up
    json.dumps(answer_json(answer))
    return "\n".join(answer_lines(answer))


def _read(line: str) -> object:
    return interpret(line, world()).query


def test_a_list_is_counted_folded_and_grouped() -> None:
    text = _text(answer_inventory(InventoryQuestion(selector="env:prod", by=Grouping.GROUP), ROWS, NOW))
    assert text.splitlines()[0] == "9 targets match env:prod: 1 critical, 1 offline, 7 online."
    assert "web-[01-02,04-06]" in text
    assert "db-main-[2-3]" in text
    assert "3 s ago" in text


def test_a_target_of_two_groups_is_counted_once() -> None:
    both = [TargetRow(target=Target(name="web-01", groups=("x", "y")), status=Status.ONLINE)]
    answer = answer_inventory(InventoryQuestion(by=Grouping.GROUP), both, NOW)
    assert _text(answer).startswith("1 target: 1 online.")
    assert len(_tables(answer)[0].rows) == 2
    assert "counted once" in _text(answer)


def test_a_count_is_divided_when_it_is_asked_for() -> None:
    text = _text(answer_inventory(InventoryQuestion(count=True, by=Grouping.SITE), ROWS, NOW))
    assert text.startswith("16 targets: ")
    assert "fra" in text


@pytest.mark.parametrize(
    ("selector", "offered"),
    [("tag:win10", []), ("tag:prod", ["run on tag:prod -- uptime"]), ("srv-1", []),
     ("site:fra", ["run on site:fra and not protocol:winrm -- uptime"]),
     ("", ["run on not protocol:snmp and not protocol:winrm -- uptime"])],
)  # fmt: skip
def test_a_command_is_offered_only_where_one_can_run(selector: str, offered: list[str]) -> None:
    answer = answer_inventory(InventoryQuestion(selector=selector), ROWS, NOW)
    assert [f.line for f in answer.follow_ups if f.line.startswith("run ")] == offered
    _text(answer)


def test_thanks_are_answered_shortly() -> None:
    assert _text(answer_greeting(Greeting(thanks=True), "ana", ROWS, 3, 1)) == "You are welcome."


def test_nothing_found_says_so() -> None:
    assert _text(answer_inventory(InventoryQuestion(selector="tag:nope"), ROWS, NOW)).startswith(
        "No target matches tag:nope."
    )
    assert _text(answer_inventory(InventoryQuestion(), (), NOW)).startswith("There are no targets yet.")


def test_a_long_list_says_what_it_left_out() -> None:
    many = [TargetRow(target=Target(name=f"h{n}", groups=(f"g{n}",)), status=Status.ONLINE) for n in range(100)]
    assert "… and 40 lines more" in _text(answer_inventory(InventoryQuestion(by=Grouping.GROUP), many, NOW))


def test_a_target_is_told_with_its_values_and_alerts() -> None:
    text = _text(answer_detail(DetailQuestion(target="localhost"), ROWS[0], SAMPLES, [ALERT], NOW))
    assert "debian 12" in text
    assert "97 %" in text
    assert "a7" in text
    assert "[m1] 2 newest values, 4 s ago" in text
    assert "no target" in _text(answer_detail(DetailQuestion(target="x"), None, (), (), NOW))


def test_a_value_has_its_unit_its_age_and_its_source() -> None:
    text = _text(
        answer_values(MetricQuestion(metrics=("fs.used_percent[/]",), selector="localhost"), SAMPLES[:1], ROWS, NOW)
    )
    assert text.startswith("file system / on localhost: 41 %, 4 s ago [m1].")
    assert "[m1] fs.used_percent[/] of localhost, 4 s old" in text


def test_an_old_value_is_called_old() -> None:
    old = [Sample(ROOT, NOW - 4000, 41.0)]
    assert "old value" in _text(
        answer_values(MetricQuestion(metrics=("fs.used_percent",), selector="localhost"), old, ROWS, NOW)
    )


def test_a_window_gives_lowest_mean_and_highest() -> None:
    question = MetricQuestion(
        metrics=("fs.used_percent",), selector="localhost", window=window_from_words("over 1h", world())
    )
    points = (Point(NOW - 3600, 10.0, 20.0, 30.0, 60), Point(NOW - 1800, 40.0, 50.0, 60.0, 60))
    window = SeriesWindow(key=ROOT, unit="%", start=NOW - 3600, end=NOW, step_s=1800, gap_s=4000, points=points)
    text = _text(answer_windows(question, [window], ROWS, NOW))
    assert text.startswith("1 series over 1h.")
    assert all(value in text for value in ("10 %", "35 %", "60 %", "120 readings"))
    largest = interpret("maximum disk usage over the last hour", world()).query
    assert isinstance(largest, MetricQuestion)
    assert "60 %" in _text(answer_windows(largest, [window], ROWS, NOW))


def test_a_window_that_is_half_empty_says_so() -> None:
    question = MetricQuestion(
        metrics=("fs.used_percent",), selector="localhost", window=window_from_words("over 1h", world())
    )
    window = SeriesWindow(key=ROOT, unit="%", start=NOW - 3600, end=NOW, step_s=1800, gap_s=4000,
                          points=(Point(NOW - 1800, 1.0, 1.0, 1.0, 9),))  # fmt: skip
    assert "measured for 50 % of it" in _text(answer_windows(question, [window], ROWS, NOW))


def test_what_is_not_measured_is_not_answered() -> None:
    for selector, part in (
        ("web-01", "not measured"), ("srv-1", "A proposed command can look."), ("sw-1", "`opsterm snmp get` can look."),
        ("tag:nope", "No target"), ("localhost", "no measurement"),
    ):  # fmt: skip
        question = MetricQuestion(metrics=("cpu.used_percent",), selector=selector)
        assert part in _text(answer_values(question, (), ROWS, NOW))


def test_the_fullest_comes_first() -> None:
    text = _text(answer_ranking(RankingQuestion(metric="fs.used_percent", limit=5), SAMPLES, ROWS, NOW))
    assert text.startswith("/var on localhost is the fullest: 97 % [m1].")
    over = RankingQuestion(metric="fs.used_percent", above=98.0)
    assert _text(answer_ranking(over, SAMPLES, ROWS, NOW)) == "None of 2 series of fs.used_percent is above 98 %."


def test_only_the_series_that_were_asked_for_are_read() -> None:
    keys = [ROOT, VAR, SeriesKey("localhost", "load.1m"), SeriesKey("web-01", "fs.used_percent", "/")]
    question = MetricQuestion(metrics=("fs.used_percent[/var]", "load.*"), selector="localhost")
    assert series_wanted(question, ROWS, keys) == (keys[2], VAR)


def test_alerts_are_told_worst_first_with_advice() -> None:
    text = _text(answer_alerts(AlertQuestion(), [ALERT], ROWS, NOW))
    assert text.startswith("1 open alert, 1 critical.")
    assert "a7" in text
    assert "a7: Look for what grew" in text
    assert _text(answer_alerts(AlertQuestion(count=True), [ALERT], ROWS, NOW)).startswith("1 open alert")
    assert _text(answer_alerts(AlertQuestion(selector="web-01"), [ALERT], ROWS, NOW)).startswith(
        "No open alert on web-01."
    )


@pytest.mark.parametrize(
    ("line", "count"),
    [("list alerts critical", 1), ("list alerts warning", 0), ("list alerts silenced", 0), ("list alerts over 1h", 1),
     ("list alerts yesterday", 0), ("list alerts on localhost", 1), ("list alerts resolved", 0)],
)  # fmt: skip
def test_alerts_are_chosen_by_every_word_of_the_question(line: str, count: int) -> None:
    question = _read(line)
    assert isinstance(question, AlertQuestion)
    answer = answer_alerts(question, [ALERT], ROWS, NOW)
    assert sum(len(table.rows) for table in _tables(answer)) == count


def test_one_alert_is_explained() -> None:
    text = _text(answer_alert(ExplainQuestion(kind="alert", number=7), ALERT, NOW))
    assert all(part in text for part in ("fs.used_percent above 90 %", "4 bad readings", "du -xh", "4 s ago"))
    assert "no alert a8" in _text(answer_alert(ExplainQuestion(kind="alert", number=8), None, NOW))


def _failed() -> Change:
    change = proposed("web-01", command="mysql -psecret9")
    change = lifecycle.approve(change, by="ben", digest=change.digest, now=CHANGE_NOW)
    return lifecycle.finish(lifecycle.start(change, now=CHANGE_NOW), now=CHANGE_NOW, cancelled=True)


def test_changes_are_listed_and_one_is_explained_without_its_secrets() -> None:
    now = CHANGE_NOW + 60
    text = _text(answer_changes(ChangeQuestion(), [proposed("web-01", "web-02"), _failed()], now))
    assert text.startswith("2 changes.")
    assert "web-[01-02] (2 targets)" in text
    assert "secret9" not in text
    assert _text(answer_changes(ChangeQuestion(state="waiting"), [_failed()], now)) == "Nothing waits for approval."
    told = _text(answer_change(ExplainQuestion(kind="change", number=18), _failed(), now))
    assert "stopped by the operator." in told.lower()
    assert "secret9" not in told
    assert "no change c9" in _text(answer_change(ExplainQuestion(kind="change", number=9), None, now))


def test_changes_are_chosen_by_who_asked_or_decided() -> None:
    now = CHANGE_NOW + 60
    for by, count in (("ana", 1), ("ben", 1), ("eve", 0)):
        answer = answer_changes(ChangeQuestion(by=by), [_failed()], now)
        assert sum(len(table.rows) for table in _tables(answer)) == count


def test_a_proposal_says_that_nothing_has_run() -> None:
    answer = answer_proposal(RunRequest(selector="web-01", command="uptime"), proposed("web-01"), CHANGE_NOW)
    assert "Nothing has run." in _text(answer)
    assert ProposalReference in {type(block) for block in answer.blocks}


def test_documents_are_cited_by_line_and_silence_is_admitted() -> None:
    base = KnowledgeBase([parse_document(
        "---\nid: disk-full\ntitle: A file system is full\nkind: runbook\nabout: fs.used_percent, no space left "
        "on device\n---\n"
        "## Find what grew\nRun du -xh on the mount.\n", "disk-full.md")])  # fmt: skip
    question = KnowledgeQuestion(words="file system full")
    text = _text(answer_knowledge(question, base.search(question.words, 3)))
    assert "A file system is full, Find what grew [k1]" in text
    assert "[k1] disk-full.md:" in text
    assert "No document here answers" in _text(answer_knowledge(KnowledgeQuestion(words="x"), ()))


def test_a_greeting_tells_the_state_of_things() -> None:
    text = _text(answer_greeting(Greeting(), "ana", ROWS, 3, 1))
    assert text.startswith("Hello ana. 16 targets (1 critical, 1 offline, 14 online), 3 open alerts, 1 change waiting")


@pytest.mark.parametrize(
    "topic", ["", "targets", "metrics", "alerts", "changes", "run", "knowledge", "keys", "selectors"]
)
def test_help_has_examples_that_work(topic: str) -> None:
    answer = answer_help(HelpQuestion(topic=topic))
    assert _text(answer)
    for _, said, _ in _tables(answer)[0].rows:
        if len(said) > 1 and "…" not in said:
            assert interpret(said, world()).query is not None


def test_what_was_not_understood_is_named_and_what_can_be_done_is_offered() -> None:
    answer = answer_not_understood(interpret("targets tagged win10 in foobar", world()))
    assert not answer.understood
    assert "did not understand 'foobar'" in _text(answer)
    assert "list targets where tag:win10" in _text(answer)


def test_assumptions_and_errors_are_said() -> None:
    read = interpret("cpu", world())
    answer = with_notes(Answer(blocks=(Paragraph(text="x"),)), read)
    assert "so it is localhost" in _text(answer)
    error = Unreachable("web-01 did not answer.", why="No route.", next_step="Look at the cable.")
    assert _text(answer_error("x", error)).splitlines() == ["web-01 did not answer.", "No route.", "Look at the cable."]


def test_hostile_names_do_not_reach_a_line() -> None:
    evil = [TargetRow(target=Target(name="a", groups=("\x1b[2J",)), status=Status.ONLINE, note="\u202e\n")]
    for line in answer_lines(answer_inventory(InventoryQuestion(by=Grouping.GROUP), evil, NOW)):
        assert line.isprintable()


@pytest.mark.speed
def test_five_thousand_targets_are_grouped_quickly() -> None:
    many = [
        TargetRow(target=Target(name=f"h-{n:04}", groups=(f"g{n % 50}",)), status=Status.ONLINE, last_seen=NOW)
        for n in range(5000)
    ]
    started = time.process_time()
    answer_inventory(InventoryQuestion(selector="group:g*", by=Grouping.GROUP), many, NOW)
    assert time.process_time() - started < 0.3  # about 40 ms on a quiet machine
