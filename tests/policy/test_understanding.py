"""What a shell command would do is read from its text: tables of cases, and what holds for every text."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.policy.effect_notes import EFFECTS_AT_MOST, TOO_MANY, EffectNotes
from opsterm.policy.effects import EffectKind
from opsterm.policy.grading import RiskGrade, grade
from opsterm.policy.level import RiskLevel
from opsterm.policy.shell.programs.registry import TABLES, known_programs
from opsterm.policy.shell.shape import without_here_documents
from opsterm.policy.understanding import TEXT_LIMIT, understand

CASES = Path(__file__).parent / "cases"


def lines(name: str) -> list[str]:
    """Return the commands of a table, one a line."""
    return [line for line in (CASES / name).read_text(encoding="utf-8").splitlines() if line]


READING, CHANGING = lines("bash_reading.txt"), lines("bash_changing.txt")
DESTRUCTIVE, LOCKOUT = lines("bash_destructive.txt"), lines("bash_lockout.txt")
UNDERSTOOD = tomllib.loads((CASES / "understood.toml").read_text(encoding="utf-8"))["case"]


def graded(text: str, shell: str = "bash") -> RiskGrade:
    """Return the grade of a text."""
    return grade(understand(text, shell))


@pytest.mark.parametrize("text", READING)
def test_what_reads_is_read(text: str) -> None:
    assert graded(text).level is RiskLevel.READ, graded(text).reasons


@pytest.mark.parametrize("text", CHANGING)
def test_what_changes_something_is_more_than_read(text: str) -> None:
    assert RiskLevel.READ.order < graded(text).level.order < RiskLevel.CRITICAL.order, graded(text).reasons


@pytest.mark.parametrize("text", DESTRUCTIVE)
def test_what_destroys_is_high_or_critical(text: str) -> None:
    assert graded(text).level.order >= RiskLevel.HIGH.order, graded(text).reasons


@pytest.mark.parametrize("text", LOCKOUT)
def test_what_can_cut_the_way_to_the_target_says_so(text: str) -> None:
    found = graded(text)
    assert found.lockout
    assert found.level.order >= RiskLevel.HIGH.order


@pytest.mark.parametrize("case", UNDERSTOOD, ids=lambda case: case["text"][:40])
def test_effects_wrappings_and_dark_places_are_seen(case: dict[str, Any]) -> None:
    found = understand(case["text"], "bash")
    kinds = {effect.kind.value for effect in found.effects} - {EffectKind.READ.value, EffectKind.LOCKOUT.value}
    assert set(case["kinds"]) <= kinds or not case["kinds"]
    assert case["kinds"] or not kinds
    assert any(case["opaque"] in said for said in found.opaque) if "opaque" in case else not found.opaque
    last = [command for command in found.commands if command.via or command.where] or list(found.commands)
    assert tuple(case.get("via", last[-1].via if last else ())) == (last[-1].via if last else ())
    assert case.get("where", "") in {command.where for command in found.commands} | {""}


def test_a_span_shows_the_command_that_has_the_effect() -> None:
    text = "ls; sudo sh -c 'uptime; systemctl stop nginx' && ls"
    stop = next(effect for effect in understand(text, "sh").effects if effect.kind is EffectKind.SERVICE_STOP)
    assert text[stop.span.start : stop.span.end] == "systemctl stop nginx"
    assert stop.object == "nginx"


def test_a_text_of_another_language_is_dark_and_never_read() -> None:
    for shell in ("fish", "", "cobol"):
        assert understand("ls", shell).opaque
        assert graded("ls", shell).level.order >= RiskLevel.MEDIUM.order
    assert understand("  \n", "sh").opaque


@pytest.mark.parametrize(
    "text",
    ["x" * (TEXT_LIMIT + 1), "$(" * 65 + "ls" + ")" * 65, "a|" * 300 + "rm -rf /", "ls;" * 3000, "{ " * 80,
     "echo " + "$x" * 9000, "bash -c " * 30 + "ls", "sudo " * 40 + "ls", ")) ls " * 101, "f();" * 251, "[a b;" * 101,
     "x " * 9000, "> f ; " * 800, "a{b,c}" + "d" * 5000, "rm " + "a" * 5000],
    ids=["long", "nested", "pipes", "commands", "braces", "words", "shells", "starters", "closers", "functions",
         "brackets", "blanks", "effects", "long braces", "long word"],
)  # fmt: skip
def test_a_text_past_a_limit_is_dark(text: str) -> None:
    assert understand(text, "bash").opaque
    assert graded(text).level.order >= RiskLevel.MEDIUM.order


def test_what_is_left_out_of_many_effects_never_makes_a_grade_milder() -> None:
    text = "".join(f"touch /tmp/{number};" for number in range(EFFECTS_AT_MOST + 20))
    notes = EffectNotes()
    for number in range(EFFECTS_AT_MOST + 100):
        notes.add(EffectKind.WRITE_FILE, f"/tmp/{number}", (number, number + 1))
    notes.add(EffectKind.DATA_LOSS, "/", (0, 1))
    kinds = [effect.kind for effect in notes.effects]
    assert {EffectKind.DATA_LOSS, EffectKind.REMOTE_CODE} < set(kinds)
    assert len(kinds) <= EFFECTS_AT_MOST + 2
    assert TOO_MANY in notes.opaque
    assert graded(text).level.order >= RiskLevel.HIGH.order


def test_a_here_document_that_is_not_closed_hides_nothing() -> None:
    assert without_here_documents("cat <<E | sh\na\nE\nls") == "cat <<E | sh\nls"
    assert without_here_documents("cat <<E\n:(){ :|:& };:") == "cat <<E\n:(){ :|:& };:"
    assert graded("cat <<E\nx\nE\n:(){ :|:& };:").level is RiskLevel.CRITICAL


def test_about_150_programs_and_more_are_known() -> None:
    assert len(known_programs()) > 400


def test_a_program_is_known_in_one_table_only() -> None:
    names = [name for table in TABLES for name in table.PROGRAMS]
    assert sorted({name for name in names if names.count(name) > 1}) == []


_PIECES = [
    "rm", "-rf", "/", "$x", "${y:-", "}", "$(", ")", "`", "'", '"', "|", "&&", ";", "\n", ">", "<", "<<E", "E",
    "sudo", "find", "-exec", "{}", "\\;", "if", "then", "fi", "for i in", "do", "done", "case", "esac", "f()", "{",
    "((", "[[", "]]", "xargs", "ssh h", "bash -c", "sed -i", "awk '{print}'", "*", "~", "\\", "\x00", "\u202e", "é",
    "=", "A=b", "docker exec c", "kubectl exec p --", "curl -d", "git -c",
]  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map(" ".join) | st.text(max_size=80))
def test_no_text_raises_and_every_span_is_inside(text: str) -> None:
    found = understand(text, "bash")
    assert all(0 <= effect.span.start <= effect.span.end <= len(text) for effect in found.effects)
    assert grade(found).reasons
    assert "Error)" not in " ".join(found.opaque), found.opaque


@settings(max_examples=80)
@given(st.sampled_from(READING), st.sampled_from(DESTRUCTIVE), st.sampled_from(["; ", " && ", " || ", "\n"]))
def test_a_command_beside_another_never_lowers_the_grade(first: str, second: str, between: str) -> None:
    if first.startswith("#") or first.rstrip().endswith("&") or any(" #" in one for one in (first, second)):
        return
    assert graded(f"{first}{between}{second}").level.order >= graded(second).level.order


@settings(max_examples=80)
@given(st.sampled_from([line for line in DESTRUCTIVE if "'" not in line]))
def test_quoted_text_is_data(line: str) -> None:
    assert graded(f"echo '{line}'").level is RiskLevel.READ
    assert graded(f"grep -c '{line}' notes").level is RiskLevel.READ
    assert graded(f"cat <<'END'\n{line}\nEND\n").level is RiskLevel.READ


def test_seeded_noise_raises_nothing() -> None:
    noise = random.Random(7)
    every = [*READING, *DESTRUCTIVE]
    for _ in range(300):
        text = "".join(noise.choice(noise.choice(every)) for _ in range(noise.randrange(1, 60)))
        cut = noise.choice(every)
        understand(text, "bash")
        understand(cut[: noise.randrange(len(cut) + 1)] + text[:9], "bash")
