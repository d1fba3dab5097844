"""A question finds the page that answers it, also with a typo, and finds nothing where nothing is known."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.knowledge.document import parse_document
from opsterm.knowledge.search import KnowledgeBase
from tests.knowledge.seed import SEED, base, documents

QUESTIONS = [
    ("no space left on device", "runbook-disk-full advice-fs-inodes advice-fs-used"),
    ("disk is full what can I delete", "runbook-disk-full"),
    ("df shows room but no space left", "advice-fs-inodes"),
    ("how do I free space used by the journal", "runbook-disk-full"),
    ("deleted files still take space", "runbook-disk-full advice-fs-used"),
    ("process killed by oom killer", "runbook-memory-leak advice-memory-used"),
    ("memory grows every day", "runbook-memory-leak"),
    ("who uses the memory", "advice-memory-used"),
    ("is swapping bad", "advice-swap-used"),
    ("service fails with 203/EXEC", "runbook-service-does-not-start"),
    ("start-limit-hit", "runbook-service-does-not-start"),
    ("nginx address already in use", "runbook-service-does-not-start"),
    ("ssh connection refused", "runbook-ssh-refused"),
    ("Permission denied (publickey)", "runbook-ssh-refused"),
    ("too many authentication failures", "runbook-ssh-refused"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "runbook-host-key-changed"),
    ("compare fingerprint", "runbook-host-key-changed"),
    ("clock is wrong ntp", "runbook-clock-skew"),
    ("certificate not yet valid", "runbook-clock-skew"),
    ("server is slow and load is high", "runbook-high-load"),
    ("what is steal", "advice-cpu-steal"),
    ("too many open files", "advice-open-files"),
    ("zombie processes", "advice-process-count"),
    ("crc errors on eth0", "advice-net-errors"),
    ("failed units", "advice-systemd-failed"),
    ("cpu.iowait_percent", "advice-cpu-iowait"),
    ("pressure.io_full_percent", "advice-pressure-io"),
    ("what does load per core mean", "advice-load"),
    ("how do I write a selector", "guide-selectors"),
    ("select hosts web-01 to web-12 as a range", "guide-selectors"),
    ("how do I approve a change", "guide-changes"),
    ("silence an alert", "guide-alerts"),
    ("set my own threshold", "guide-alerts"),
    ("leave the terminal", "guide-terminal"),
    ("where are passwords stored", "guide-vault"),
    ("unlock vault", "guide-vault"),
    ("import ansible inventory", "guide-inventory"),
    ("csv header", "guide-inventory"),
]

TYPOS = [
    ("kertificate not yet valdi", "runbook-clock-skew"),
    ("fingerprnt", "runbook-host-key-changed"),
    ("inods", "advice-fs-inodes"),
    ("zombi proceses", "advice-process-count"),
    ("selectr", "guide-selectors"),
    ("sillence alrt", "guide-alerts"),
    ("treshold", "guide-alerts"),
    ("pasphrase vualt", "guide-vault"),
]

UNANSWERABLE = ["", "   ", "the of and", "recipe for apple pie", "who won the football match", "\x1b[31m", "???",
                "kubernetes ingress annotation", "translate this sentence into French"]  # fmt: skip


@pytest.mark.parametrize(("question", "answers"), QUESTIONS)
def test_a_question_finds_its_page(question: str, answers: str) -> None:
    hits = base().search(question, limit=3)
    assert hits, "nothing found"
    assert hits[0].document.id in answers.split(), [hit.document.id for hit in hits]


@pytest.mark.parametrize(("question", "answer"), TYPOS)
def test_a_typo_still_finds(question: str, answer: str) -> None:
    assert answer in [hit.document.id for hit in base().search(question, limit=3)]


@pytest.mark.parametrize("question", UNANSWERABLE)
def test_what_is_not_known_is_not_found(question: str) -> None:
    assert [hit.document.id for hit in base().search(question)] == []


def test_a_hit_cites_the_line_it_comes_from() -> None:
    for question, _ in QUESTIONS:
        for hit in base().search(question):
            line = (SEED / hit.document.source).read_text(encoding="utf-8").splitlines()[hit.line - 1]
            assert line.strip() == hit.excerpt
    hit = base().search("what does 203/EXEC mean")[0]
    assert hit.excerpt.startswith("203/EXEC")
    assert hit.section.heading == "2. What the exit code means"


def test_a_later_document_replaces_one_with_the_same_id() -> None:
    old, new = (parse_document(f"---\nid: a\ntitle: {t}\nkind: guide\n---\nwords\n", "a.md") for t in ("Old", "New"))
    knowledge = KnowledgeBase([old, new])
    assert [document.title for document in knowledge.documents.values()] == ["New"]
    assert knowledge.get("a") is new
    assert knowledge.get("b") is None
    assert KnowledgeBase([]).search("anything") == ()


@given(st.text(max_size=200))
def test_any_text_may_be_asked(question: str) -> None:
    hits = base().search(question, limit=4)
    assert len(hits) <= 4
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.speed
def test_is_quick() -> None:
    start = time.perf_counter()
    knowledge = KnowledgeBase(documents())
    built = time.perf_counter() - start
    start = time.perf_counter()
    for question, _ in QUESTIONS + TYPOS:
        knowledge.search(question)
    each = (time.perf_counter() - start) / len(QUESTIONS + TYPOS)
    assert built < 0.3
    assert each < 0.02
    start = time.perf_counter()
    knowledge.search("selectr " * 500_000)
    assert time.perf_counter() - start < 0.5
