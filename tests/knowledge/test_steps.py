"""The words of a step are filled in by what is one word of a shell, and by nothing else."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.knowledge.card import CardStep
from opsterm.knowledge.error_signs import ErrorClass, signs_of
from opsterm.knowledge.steps import filled, fillings, guessed, step_of
from tests.knowledge.cards import shipped_cards

RESTART = CardStep(text="systemctl restart NAME", shell="sh")


@pytest.mark.parametrize(
    ("text", "shell", "words"),
    [
        ("systemctl restart NAME", "sh", ["NAME"]), ("nc -vz HOST PORT", "sh", ["HOST", "PORT"]),
        ("cp NAME NAME.old", "sh", ["NAME"]), ("lsblk -o NAME,SIZE", "sh", []), ("dig SOA ZONE", "sh", ["ZONE"]),
        ("LC_ALL=C df -h", "sh", []), ("SELECT * FROM TABLENAME ORDER BY 1", "sql", ["TABLENAME"]),
        ("Call the owner of NAME.", "", []), ("Get-Service -Name DNS", "powershell", []),
    ],
)  # fmt: skip
def test_words_in_capitals_stand_for_something_unless_they_are_of_the_tool(
    text: str, shell: str, words: list[str]
) -> None:
    assert list(fillings(CardStep(text=text, shell=shell))) == words


@given(st.text(min_size=1, max_size=60))
def test_a_value_stays_one_word_of_the_shell(value: str) -> None:
    try:
        command = filled(RESTART, {"NAME": value})
    except BadInput:
        return
    assert shlex.split(command) == ["systemctl", "restart", value]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "--with NAME="), ({"NAME": "a; rm -rf /"}, "cannot stand for NAME"), ({"NAME": "$(id)"}, "cannot stand"),
        ({"NAME": "a b"}, "one word"), ({"NAME": ""}, "cannot stand"), ({"UNIT": "a", "NAME": "b"}, "has no UNIT"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_in_is_told(values: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput) as told:
        filled(RESTART, values)
    assert says in str(told.value)


def test_what_a_text_plainly_says_is_offered_and_nothing_that_a_shell_would_read() -> None:
    card = shipped_cards()["disk-deleted-open"]
    step = step_of(card, 2)
    assert guessed(step, card, "rsyslog.service: Main process exited") == {"NAME": "rsyslog"}
    assert guessed(step, card, "it hangs") == {}
    with pytest.raises(BadInput, match="no command"):
        step_of(card, 1)
    with pytest.raises(BadInput, match="no step 9"):
        step_of(card, 9)


def test_every_step_that_ships_can_be_filled_in() -> None:
    steps = [step for card in shipped_cards().values() for step in (*card.fix, *card.checks) if step.shell]
    assert len(steps) > 500
    for step in steps:
        words = fillings(step)
        command = filled(step, dict.fromkeys(words, "x"))
        assert not fillings(CardStep(text=command, shell=step.shell)), command


@pytest.mark.parametrize(
    ("text", "classes", "codes"),
    [
        ("write error: No space left on device", [ErrorClass.SPACE], []),
        ("ORA-12541: TNS:no listener", [ErrorClass.REFUSED], ["ORA-12541"]),
        ("curl: (7) Failed to connect to x port 80: Connection refused", [ErrorClass.REFUSED], []),
        ('"GET / HTTP/1.1" 502 157', [ErrorClass.UPSTREAM], ["HTTP 502"]),
        ("0x80070005 Access is denied", [ErrorClass.PERMISSION], ["0x80070005"]),
        ("Main process exited, code=exited, status=1/FAILURE", [], ["status=1/FAILURE"]),
        ("550 5.7.1 relaying denied", [], ["550 5.7.1"]), ("all is well", [], []), ("", [], []),
    ],
)  # fmt: skip
def test_an_error_is_known_by_its_looks(text: str, classes: list[ErrorClass], codes: list[str]) -> None:
    found = signs_of(text)
    assert (list(found.classes), list(found.codes)) == (classes, codes)


def test_an_error_with_kind_and_cards_of_that_kind_agree_on_what_ships() -> None:
    shown = [signs_of(error.example).text for card in shipped_cards().values() for error in card.errors]
    assert sum(map(bool, shown)) / len(shown) > 0.4  # most of the others name a state of a program of their own
