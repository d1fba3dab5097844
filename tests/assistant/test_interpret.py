"""An operator's sentence is read by rules: every word accounted for, one line per meaning, nothing guessed."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.assistant.interpret import interpret
from opsterm.assistant.interpretation import MEMORY_S, MEMORY_TURNS, Confidence, Interpretation, Memory
from opsterm.assistant.queries import (
    AlertQuestion,
    AuditQuestion,
    ChangeQuestion,
    DetailQuestion,
    DiscoverRequest,
    ExplainQuestion,
    FactQuestion,
    Greeting,
    HelpQuestion,
    InventoryQuestion,
    KnowledgeQuestion,
    MetricQuestion,
    Query,
    RankingQuestion,
    RunRequest,
    TimeWindow,
)
from opsterm.assistant.query_words import Age, LastSeen, MetricBound, Statistic, TargetFact
from opsterm.assistant.targets import canonical
from opsterm.assistant.windows import window_from_words
from opsterm.assistant.world import World
from opsterm.inventory.fleet import Grouping
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import Status, Target, TargetRow
from tests.assistant.samples import NOW, rows, world

CASES = Path(__file__).parent / "cases"
WORLD = world()


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((CASES / name).read_text(encoding="utf-8"))


SENTENCES = [
    (intent, text, line)
    for name in ("sentences.toml", "paraphrases.toml")
    for intent, table in _table(name).items()
    for text, line in table.items()
]
NOT_READ = _table("not_read.toml")["case"]
TALKS = [talk["turns"] for talk in _table("conversations.toml")["talk"]]


def test_there_are_enough_sentences() -> None:
    assert len(SENTENCES) >= 120


@pytest.mark.parametrize(("intent", "text", "line"), SENTENCES)
def test_a_sentence_has_one_line(intent: str, text: str, line: str) -> None:
    read = interpret(text, WORLD)
    assert (read.intent.value, read.line) == (intent, line)


@pytest.mark.parametrize(("intent", "text", "line"), SENTENCES)
def test_the_line_reads_back_to_the_same_query(intent: str, text: str, line: str) -> None:
    again = interpret(line, WORLD)
    assert again.query == interpret(text, WORLD).query
    assert again.confidence is Confidence.EXACT


@pytest.mark.parametrize("case", NOT_READ, ids=[case["text"] for case in NOT_READ])
def test_what_is_not_explicit_is_asked_or_reported(case: dict[str, Any]) -> None:
    read = interpret(case["text"], WORLD)
    assert read.query is None
    assert bool(read.question) is case["asks"]
    assert list(read.unknown) == case["unknown"]
    assert list(read.alternatives) == case["offers"]


@pytest.mark.parametrize("case", NOT_READ, ids=[case["text"] for case in NOT_READ])
def test_every_line_that_is_offered_can_be_sent(case: dict[str, Any]) -> None:
    for line in case["offers"]:
        assert interpret(line, WORLD).query is not None


@pytest.mark.parametrize("turns", TALKS, ids=[talk[0][0] for talk in TALKS])
def test_a_sentence_may_lean_on_the_one_before(turns: list[list[str]]) -> None:
    memory = Memory()
    for text, line in turns:
        read = interpret(text, WORLD, memory)
        assert read.line == line
        memory = memory.after(read, NOW)


def test_memory_is_bounded_and_expires() -> None:
    memory = Memory()
    for name in ("web-01", "web-02", "web-03", "web-04"):
        memory = memory.after(interpret(f"show {name}", WORLD), NOW)
    assert len(memory.turns) == MEMORY_TURNS
    assert memory.selector(NOW) == "web-04"
    assert memory.selector(NOW + MEMORY_S + 1) is None
    later = World(now=NOW + MEMORY_S + 1, rows=rows())
    assert interpret("run `uptime` there", later, memory).query is None


def test_what_was_not_understood_is_not_remembered() -> None:
    assert Memory().after(interpret("targets in foobar", WORLD), NOW) == Memory()


@pytest.mark.parametrize(
    "text",
    [
        "run `uptime` on web1",
        "run uptime on web-9",
        "run `uptime` on wbe-01",
        "run `uptime` on web_01",
        "run `df` on WEB",
    ],
)
def test_a_host_is_never_guessed_for_an_action(text: str) -> None:
    read = interpret(text, WORLD)
    if read.query is not None:
        assert isinstance(read.query, RunRequest)
        assert read.query.selector == "group:web"
        return
    assert not any(line.startswith("run ") for line in read.alternatives)


def test_a_command_is_taken_byte_for_byte() -> None:
    command = "grep -E 'a|b'  /var/log/syslog | awk '{print $1}' ; echo \"on web-02\""
    read = interpret(f"run `{command}` on web-01", WORLD)
    assert read.query == RunRequest(selector="web-01", command=command)


@pytest.mark.parametrize("text", ["run `a\nb` on web-01", "run `a\x1b[2J` on web-01", "run on web-01 -- a\u202eb"])
def test_a_command_that_cannot_be_seen_is_not_proposed(text: str) -> None:
    read = interpret(text, WORLD)
    assert read.query is None
    assert read.question


def test_an_assumption_is_said() -> None:
    read = interpret("cpu now", WORLD)
    assert read.confidence is Confidence.ASSUMED
    assert read.notes == ("No target was named, so it is localhost.",)


def test_a_tag_and_an_operating_system_are_different_things() -> None:
    assert interpret("targets tagged win10", WORLD).line.startswith("list targets where tag:win10")
    assert interpret("targets running win10", WORLD).line.startswith('list targets where os:"Windows 10"')
    either = interpret("how many win10 targets in group office", WORLD)
    assert either.line == "count targets where tag:win10 and group:office"
    assert either.notes == ('win10 is read as the tag; the operating system is os:"Windows 10".',)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("list all targets with tag foo", ("There is no tag foo.",)),
        ("how many targets are online and tagged ngnix", ("There is no tag ngnix. Known and alike: nginx.",)),
        ("hosts in group prod", ("There is no group prod; it is a tag and an environment.",)),
    ],
)
def test_a_label_that_nobody_has_is_said_with_what_is_alike(text: str, notes: tuple[str, ...]) -> None:
    read = interpret(text, WORLD)
    assert read.query is not None
    assert read.notes == notes


def test_targets_that_only_a_time_has_chosen_cannot_be_pointed_at() -> None:
    memory = Memory().after(interpret("web servers", WORLD), NOW)
    memory = memory.after(interpret("hosts not seen today", WORLD, memory), NOW)
    assert interpret("run `uptime` there", WORLD, memory).query is None


@pytest.mark.speed
def test_five_thousand_targets_take_under_50_ms() -> None:
    many = World(
        now=NOW,
        rows=tuple(
            TargetRow(
                target=Target(name=f"h-{n:04}", os="debian 12", groups=(f"g{n % 50}",), tags=("prod",)),
                status=Status.ONLINE,
            )
            for n in range(5000)
        ),
    )
    for text in (
        "how many debian hosts tagged prod in g7",
        "run `uptime` on h-[0001-0100]",
        "hosts in nowhere",
        "run x on h-1",
    ):
        started = time.process_time()
        interpret(text, many)
        assert time.process_time() - started < 0.2  # 50 ms on a quiet machine; tests/speed holds the figure


# ------------------------------------------------------------------------------------- every query has its line

_SELECTORS = st.sampled_from(
    [
        "",
        "web-01",
        "tag:win10 and not group:lab",
        "os~debian",
        "web-[01-03]",
        "(tag:a or tag:b) and env:prod",
        'tag:""',
        "status:offline",
    ]
).map(canonical)
_WINDOWS = st.sampled_from(
    [
        "over 1h",
        "over 24h",
        "over 3d",
        "over 90s",
        "yesterday",
        "today",
        "since 2026-09-20t08:00",
        "from 2026-09-20t08:00 to 2026-09-20t09:30",
    ]
).map(lambda words: window_from_words(words, WORLD))
_NUMBERS = st.none() | st.floats(0, 1e12, allow_nan=False) | st.integers(0, 10**12).map(float)
_PATTERNS = st.sampled_from(["cpu.used_percent", "fs.used_percent[/var]", "load.*m", "net.*_bytes_per_s[eth0]"])


def _metric(
    metrics: list[str], selector: str, window: TimeWindow | None, statistic: Statistic
) -> MetricQuestion:  # fmt: skip
    return MetricQuestion(metrics=tuple(metrics), selector=selector, window=window, statistic=statistic)


_QUERIES: st.SearchStrategy[Query] = st.one_of(
    st.builds(Greeting, thanks=st.booleans()),
    st.builds(HelpQuestion, topic=st.sampled_from(["", "targets", "keys", "run"])),
    st.builds(InventoryQuestion, selector=_SELECTORS, count=st.booleans(), by=st.sampled_from(Grouping)),
    st.builds(InventoryQuestion, selector=_SELECTORS, seen=st.just(LastSeen.NEVER)),
    st.builds(InventoryQuestion, selector=_SELECTORS, count=st.booleans(), window=_WINDOWS,
              seen=st.sampled_from([LastSeen.WITHIN, LastSeen.NOT_WITHIN])),
    st.builds(FactQuestion, fact=st.sampled_from(TargetFact), selector=_SELECTORS),
    st.builds(AuditQuestion, window=st.none() | _WINDOWS),
    st.builds(DetailQuestion, target=st.sampled_from(["web-01", "localhost"])),
    st.builds(_metric, st.lists(_PATTERNS, min_size=1, max_size=3), _SELECTORS, st.none() | _WINDOWS,
    st.sampled_from(Statistic)),
    st.builds(RankingQuestion, metric=_PATTERNS, selector=_SELECTORS, limit=st.integers(1, 100), smallest=st.booleans(),
              above=_NUMBERS, below=_NUMBERS,
              also=st.lists(st.builds(MetricBound, metric=_PATTERNS, above=st.floats(-9, 9), below=_NUMBERS,
                                      inclusive=st.booleans()), max_size=2).map(tuple)),
    st.builds(AlertQuestion, selector=_SELECTORS, count=st.booleans(), severity=st.sampled_from(["", "critical",
    "warning"]),
              state=st.sampled_from(["", "firing", "acknowledged", "silenced", "resolved"]),
              window=st.none() | _WINDOWS, first=st.sampled_from(Age), limit=st.sampled_from([0, 1, 12])),
    st.builds(ChangeQuestion, state=st.sampled_from(["", "waiting", "failed", "done"]), by=st.sampled_from(["", "ana",
    "o.k-1"]),
              window=st.none() | _WINDOWS, count=st.booleans()),
    st.builds(ExplainQuestion, kind=st.sampled_from(["alert", "change"]), number=st.integers(1, 10**9)),
    st.builds(KnowledgeQuestion, words=st.sampled_from(["disk full", "x", "no space left on device"])),
    st.builds(DiscoverRequest, selector=st.sampled_from(["", "web-01", "group:web"])),
    st.builds(RunRequest, selector=st.sampled_from(["", "web-01", "group:web"]),
              command=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)
              .map(str.strip).filter(bool)),
)  # fmt: skip


@settings(deadline=None)
@given(_QUERIES)
def test_every_query_reads_back_from_its_line(query: Query) -> None:
    assert "\n" not in query.line
    assert interpret(query.line, WORLD).query == query


# --------------------------------------------------------------------------------------------- whatever is typed

_PIECES = [word for _, text, _ in SENTENCES for word in text.split()] + [
    "run", "`uptime`", "on", "web-01", "there", "it", "`", "'", '"', "(", ")", "[", "not", "--", ",", "|",
    "`rm -rf /`", "all", "except",
    "every", "\u202e", "\x1b", "web-[01-", "tag:", "os:\"", "web-[1-99999999]", "c9999999999999999999", "over",
    "9" * 30,
]  # fmt: skip


def _check(text: str, read: Interpretation) -> None:
    if isinstance(read.query, RunRequest):
        lowered = text.lower()
        assert read.query.command.strip()
        assert any(word in lowered for word in ("run", "exec", "propose", "start", "stop", "reload", "able", "--"))
        assert read.query.command in text or read.query.command.startswith("systemctl ") or " it " in f" {lowered} "
        assert parse_selector(read.query.selector).select(WORLD.rows)
    if read.query is not None:
        assert interpret(read.query.line, WORLD).query == read.query
    else:
        assert read.question or read.unknown or read.alternatives
    assert "\n" not in read.line


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join))
def test_no_mixture_of_words_raises_or_proposes_what_was_not_said(text: str) -> None:
    _check(text, interpret(text, WORLD))


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=120))
def test_no_text_raises(text: str) -> None:
    _check(text, interpret(text, WORLD))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(TALKS), st.lists(st.sampled_from(_PIECES), max_size=8).map(" ".join))
def test_no_memory_makes_it_raise(turns: list[list[str]], text: str) -> None:
    memory = Memory()
    for said, _ in turns:
        memory = memory.after(interpret(said, WORLD, memory), NOW)
    read = interpret(text, WORLD, memory)
    if read.query is not None:
        assert interpret(read.query.line, WORLD).query == read.query


@pytest.mark.speed
@pytest.mark.parametrize("text", ["a " * 5000, "(" * 1999, "not " * 400, "web-01," * 500, "`" * 1999, "9" * 1999])
def test_no_long_text_is_slow(text: str) -> None:
    started = time.process_time()
    _check(text, interpret(text, WORLD))
    assert time.process_time() - started < 1.0
