"""Cards that ship are sound: checks only read by our own policy, grades agree with it, and each fault is named."""

from __future__ import annotations

import shlex
import subprocess
from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.cli.arguments import parse_arguments
from opsterm.core.errors import BadInput
from opsterm.knowledge.card import Card, CardKind, CardRisk, CardStep, CardSystem, ErrorPattern
from opsterm.knowledge.card_file import cards_of, pattern_fault, read_cards, write_cards
from opsterm.knowledge.document import DocumentKind
from opsterm.policy.level import RiskLevel
from opsterm.policy.order import SHELLS_ASSESSED
from opsterm.policy.risk import assess
from tests.knowledge.cards import questions, shipped_cards
from tests.knowledge.seed import documents


@cache
def grade(step: CardStep) -> RiskLevel:
    """Return the policy's grade of a command, on no target in particular."""
    return assess(step.text, step.shell, [], []).level


def is_ours(step: CardStep) -> bool:
    """Return whether a command is one of opsterm's own, that the operator runs here."""
    return step.text.startswith("opsterm ")


def test_so_many_cards_ship() -> None:
    kinds = Counter(card.kind for card in shipped_cards().values())
    pages = sum(document.kind is DocumentKind.RUNBOOK for document in documents())
    assert kinds[CardKind.SOLUTION] >= 300
    assert kinds[CardKind.CONCEPT] >= 100
    assert kinds[CardKind.RUNBOOK] + pages >= 40


def test_titles_differ() -> None:
    titles = Counter(card.title for card in shipped_cards().values())
    assert [title for title, count in titles.items() if count > 1] == []


def test_every_command_is_in_a_language_that_is_assessed() -> None:
    for card in shipped_cards().values():
        assert all(step.shell in SHELLS_ASSESSED for step in card.checks), card.id
        assert all(step.shell in ("", *SHELLS_ASSESSED) for step in card.fix), card.id


def test_every_check_only_reads() -> None:
    wrong = [
        f"{card.id}: {grade(step)}: {step.text}"
        for card in shipped_cards().values()
        for step in card.checks
        if not is_ours(step) and grade(step) is not RiskLevel.READ
    ]
    assert wrong == []


def test_no_fix_is_graded_above_what_its_card_says() -> None:
    wrong = [
        f"{card.id} says {card.risk}: {grade(step)}: {step.text}"
        for card in shipped_cards().values()
        for step in card.fix
        if step.shell and not is_ours(step) and grade(step).order > RiskLevel(card.risk).order
    ]
    assert wrong == []


def test_the_words_of_risk_are_those_of_the_policy() -> None:
    assert [*CardRisk] == [*RiskLevel]


def test_our_own_commands_in_cards_are_understood() -> None:
    for card in shipped_cards().values():
        for step in (*card.checks, *card.fix):
            if is_ours(step):
                assert parse_arguments(shlex.split(step.text)[1:]).verb, f"{card.id}: {step.text}"


def test_commands_for_a_shell_are_shell() -> None:
    steps = [step for card in shipped_cards().values() for step in (*card.checks, *card.fix) if step.shell == "sh"]
    text = "".join(f"f{place}() {{ {step.text}\n}}\n" for place, step in enumerate(steps))
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_solutions_say_all_that_an_operator_needs() -> None:
    for card in shipped_cards().values():
        if card.kind is CardKind.SOLUTION:
            assert len(card.symptoms) >= 2, card.id
            assert card.checks, card.id
            assert card.references, card.id
        assert len(card.title) < 100, card.id


def test_questions_name_cards_that_there_are() -> None:
    asked = [*questions("seen"), *questions("sealed")]
    assert len(asked) >= 240
    assert sum(not question.cards for question in asked) >= 40
    assert len({question.text for question in asked}) == len(asked)
    for question in asked:
        assert set(question.cards) <= shipped_cards().keys(), question.text


HEAD = '[[solution]]\nid = "a-b"\ntitle = "T"\nfamily = "f"\n'
REST = 'symptoms = ["s"]\ncause = "c"\nfix = ["do"]\nrisk = "low"\nrollback = "r"\nverify = "v"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "It holds no card."),
        ("[[solution]", "It is not TOML"),
        (HEAD + REST + 'sympton = ["s"]\n', "Did you mean symptoms?"),
        (HEAD.replace("a-b", "A b") + REST, "'A b' is no id."),
        (HEAD + REST.replace('"low"', '"mild"'), "x.toml:8: solution.risk: It is missing, or no grade."),
        (HEAD + REST.replace('rollback = "r"\n', ""), "solution.rollback: It is missing."),
        (HEAD + REST.replace('symptoms = ["s"]\n', ""), "solution.symptoms: It is missing."),
        (HEAD + REST + HEAD + REST, "a-b stands here twice."),
        (HEAD + REST + 'systems = ["amiga"]\n', "'amiga' is not known."),
        (HEAD + REST + "errors = ['(a :: a']\n", "It is no regular expression"),
        (HEAD + REST + "errors = ['abc :: abd']\n", "It does not fit its own example."),
        (HEAD + REST + "errors = ['abc']\n", "It has no example."),
        (HEAD + REST + "errors = ['(a+)+b :: aab']\n", "can take for ever"),
        (HEAD.replace("solution", "concept") + 'text = "t"\nfix = ["x"]\n', "concept.fix: There is no such key."),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, says: str) -> None:
    cards, faults = read_cards(text, "x.toml")
    del cards
    assert any(says in str(fault) for fault in faults), [str(fault) for fault in faults]
    with pytest.raises(BadInput, match="knowledge show ID --toml"):
        cards_of(text, "x.toml")


def test_commands_are_told_from_sentences() -> None:
    text = (
        HEAD + REST.replace('["do"]', '["Look.", "$ df -h", "sql$ SELECT 1"]') + 'checks = ["df", "ps$ Get-Volume"]\n'
    )
    (card,) = cards_of(text, "x.toml")
    assert [(step.shell, step.text) for step in card.fix] == [("", "Look."), ("sh", "df -h"), ("sql", "SELECT 1")]
    assert [step.shell for step in card.checks] == ["sh", "powershell"]
    (card,) = cards_of(text + 'systems = ["windows"]\n', "x.toml")
    assert card.fix[1].shell == "powershell"


WORDS = st.text(alphabet="aZ0 \\\"'#=[]{}:.é🜁\t", min_size=1, max_size=12).map(lambda text: f"x{text}x")
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map(tuple)


@settings(max_examples=30)
@given(title=WORDS, cause=WORDS, symptoms=TEXTS, fix=TEXTS, checks=TEXTS, system=st.sampled_from(CardSystem))
def test_what_is_written_is_read_again(
    title: str, cause: str, symptoms: tuple[str, ...], fix: tuple[str, ...], checks: tuple[str, ...], system: CardSystem
) -> None:
    card = Card(
        id="a-1", kind=CardKind.SOLUTION, title=title, family="f", systems=(system,), symptoms=symptoms, cause=cause,
        errors=(ErrorPattern(pattern=r'a\d "x"', example='a1 "x"'),),
        checks=tuple(CardStep(text=text, shell="sql") for text in checks),
        fix=tuple(CardStep(text=text) for text in fix), risk=CardRisk.LOW, rollback="r", verify="v",
    )  # fmt: skip
    assert cards_of(write_cards([card]), "") == (card,)


def test_every_card_that_ships_is_written_and_read_again() -> None:
    for card in shipped_cards().values():
        assert cards_of(write_cards([card]), card.source) == (card,)


def test_a_long_pattern_is_refused() -> None:
    assert "longer than 200" in pattern_fault("a" * 201, "a" * 201)
