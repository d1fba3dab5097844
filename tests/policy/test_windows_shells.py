"""PowerShell, cmd.exe, SQL and the lines of network devices are understood, or said not to be."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.policy.effects import EffectKind
from opsterm.policy.grading import RiskGrade, grade
from opsterm.policy.invocation import Findings
from opsterm.policy.level import RiskLevel
from opsterm.policy.powershell.cmdlet_rows import MILD
from opsterm.policy.powershell.verbs import CMDLETS
from opsterm.policy.sql import sql_effects
from opsterm.policy.understanding import Understanding, understand
from opsterm.policy.windows_shells import read_cmd, read_network_cli, read_powershell, read_sql
from tests.policy.understood import UnderstoodCase, breaches, cases_of

READERS: Mapping[str, Callable[[str], Findings]] = {
    "powershell.toml": read_powershell, "cmd.toml": read_cmd, "network_cli.toml": read_network_cli,
}  # fmt: skip
GROUPS = {
    f"{name}: {about}": (name, about)
    for name in (*READERS, "sql.toml")
    for about in {case.about: 0 for case in cases_of(name)}
}


@pytest.mark.parametrize(("name", "about"), GROUPS.values(), ids=GROUPS)
def test_texts_are_understood(name: str, about: str) -> None:
    wrong = {case.text: breaches(case, understood(name, case)) for case in cases_of(name) if case.about == about}
    assert {text: what for text, what in wrong.items() if what} == {}


def level_of(name: str, case: UnderstoodCase) -> RiskGrade:
    shell = {"powershell.toml": "powershell", "cmd.toml": "cmd", "network_cli.toml": "network-cli"}.get(name, "sql")
    found = understood(name, case)
    return grade(Understanding(text=case.text, shell=shell, effects=found.effects, opaque=found.opaque))


def test_what_is_grave_is_high_what_only_reads_is_read_and_nothing_else_is() -> None:
    for name in (*READERS, "sql.toml"):
        for case in cases_of(name):
            graded = level_of(name, case)
            assert (graded.level is RiskLevel.READ) == case.only_reads, case.text
            assert graded.level.order >= RiskLevel.HIGH.order or not case.grave, case.text
            assert graded.lockout or not case.lockout, case.text


@pytest.mark.parametrize("shell", ["powershell", "cmd", "network-cli", "sql"])
def test_the_registry_has_a_reader(shell: str) -> None:
    assert understand("frobnicate", shell).opaque


def understood(name: str, case: UnderstoodCase) -> Findings:
    """Read a case in the language of its table."""
    if name != "sql.toml":
        return READERS[name](case.text)
    effects, opaque = sql_effects(case.text, case.dialect, 0)
    return Findings(effects=effects, opaque=opaque)


def test_there_are_enough_cases_and_none_twice() -> None:
    counts = {name: len({case.text for case in cases_of(name)}) for name in (*READERS, "sql.toml")}
    assert counts == {name: len(cases_of(name)) for name in counts}
    assert counts["powershell.toml"] >= 400
    assert min(counts.values()) >= 150


TAKES_AWAY = ("remove-", "clear-", "uninstall-", "unregister-", "revoke-", "disable-", "dismount-")


@pytest.mark.parametrize("name", sorted(name for name in CMDLETS if name.startswith(TAKES_AWAY) and name not in MILD))
def test_a_cmdlet_that_takes_away_is_grave_or_of_the_session_alone(name: str) -> None:
    of_the_session = all(kind is EffectKind.READ for kind, _ in CMDLETS[name])
    found = read_powershell(f"{name} -Name x")
    level = grade(Understanding(text="", shell="powershell", effects=found.effects, opaque=found.opaque)).level
    assert of_the_session or level.order >= RiskLevel.HIGH.order


def kinds(found: Findings) -> set[EffectKind]:
    return {effect.kind for effect in found.effects}


GRAVE_POWERSHELL = [case.text for case in cases_of("powershell.toml") if case.grave and "\n" not in case.text]
HARMLESS_POWERSHELL = [case.text for case in cases_of("powershell.toml") if case.only_reads]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(HARMLESS_POWERSHELL), st.sampled_from(GRAVE_POWERSHELL))
def test_what_stands_before_a_command_hides_none_of_its_effects(harmless: str, grave: str) -> None:
    alone = kinds(read_powershell(grave))
    assert alone <= kinds(read_powershell(f"{harmless}\n{grave}"))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(GRAVE_POWERSHELL))
def test_no_dress_hides_what_a_command_does(grave: str) -> None:
    alone = kinds(read_powershell(grave)) - {EffectKind.READ}
    encoded = base64.b64encode(grave.encode("utf-16-le")).decode()
    assert alone <= kinds(read_powershell(f"powershell -NoProfile -enc {encoded}"))
    assert alone <= kinds(read_cmd(f"powershell -ec {encoded}"))
    assert alone <= kinds(read_powershell(f"if ($a) {{ {grave} }}"))
    assert alone <= kinds(read_powershell(f"Invoke-Command -ComputerName web-01 {{ {grave} }}"))
    assert alone <= kinds(read_powershell(f"Invoke-Expression '{grave.replace(chr(39), chr(39) * 2)}'"))


@given(st.sampled_from(GRAVE_POWERSHELL))
@settings(max_examples=25, deadline=None)
def test_quoted_text_is_data(grave: str) -> None:
    quoted = grave.replace("'", "''")
    assert kinds(read_powershell(f"Write-Output '{quoted}'")) == {EffectKind.READ}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Get-Date; Remove-Item C:\\Data -Recurse", "Remove-Item C:\\Data -Recurse"),
        ("if ($a) { Stop-Computer }", "Stop-Computer"),
        ("\"$(rm x)\"", "rm x"),
        ("Get-Date; powershell -enc ZABlAGwAIAB4AA==", "powershell -enc ZABlAGwAIAB4AA=="),
    ],
)  # fmt: skip
def test_an_effect_says_where_it_stands(text: str, shown: str) -> None:
    (span, *_) = [effect.span for effect in read_powershell(text).effects if effect.kind is not EffectKind.READ]
    assert text[span.start : span.end].rstrip() == shown


def test_sql_inside_another_text_counts_from_where_that_begins() -> None:
    (effect, *_), _ = sql_effects("DROP TABLE x", "psql", 9)
    assert (effect.span.start, effect.span.end) == (9, 21)


HUGE = {
    "long": "a" * 70_000, "brackets": "(" * 500, "blocks": "{" * 500, "quotes": "\"$(" * 300, "pipes": "a|" * 9_000,
    "words": "a " * 30_000, "statements": "SELECT 1;" * 6_000, "carets": "^" * 60_000, "variables": "$a" * 25_000,
    "conditions": "DELETE FROM t WHERE " + "(" * 60 + "1" + ")" * 60 + " OR 1=1" * 200, "lines": "\n" * 60_000 + "x",
    "layers": "cmd /c " * 40 + "dir", "unclosed": "'a''" * 15_000,
}  # fmt: skip


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_what_is_too_much_is_opaque_or_changes_something(text: str) -> None:
    for read in (*READERS.values(), read_sql):
        found = read(text)
        assert found.opaque or kinds(found) - {EffectKind.READ}


TYPED = (
    "Get-Process Remove-Item rm -Recurse -enc C:\\ $x $( ) { } [ ] @( @{ ' \" ` ; | & && || , = - -f %x% ^ for /f in "
    "do if exist ! !! ( iex cmd /c powershell -Command SELECT FROM DELETE WHERE DROP /* */ -- $$ \\! GO DO "
    "EXEC no show interface delete :: . .. # [IO.File]::Delete .Kill() function switch foreach try catch "
    '@"\n \n"@ 2>&1 > nul \u2013 \u201c \u00a0 \u200b \x00 \ud800 \n é'
)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_is_typed_raises(seed: int) -> None:
    assert fuzzed(seed, 100) == 400


@pytest.mark.speed
def test_nothing_that_is_typed_raises_at_length() -> None:
    assert fuzzed(99, 2_500) == 10_000


def fuzzed(seed: int, count: int) -> int:
    """Read that many made-up texts in each language; return how many were read."""
    pick = random.Random(seed)
    pieces = TYPED.split(" ")
    done = 0
    for _ in range(count):
        text = pick.choice(("", " ")).join(pick.choice(pieces) for _ in range(pick.randint(1, 24)))
        for read in (*READERS.values(), read_sql):
            found = read(text)
            assert found.effects or found.opaque or not text.strip()
            done += 1
    return done
