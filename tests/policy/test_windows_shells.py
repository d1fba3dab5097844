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


BEFORE_POWERSHELL = (
    "$y = (Get-Date)", "(Get-Date)[0]", "$n = 1, 2, (Get-Date)", "[int]$n = 3", "$c = 'a'[0]", "$i++", "$a.B.C",
    "$a[0]", "1..3", "!(Test-Path x)", "-not $a", "@{ a = 1 }.a", "[pscustomobject]@{ A = 1 }",
    "'x' -replace 'a', 'b'", "$a ? 1 : 2", "$o, $p = 1, 2", "${q r} = 1", "param($s = 1)", "$t = @'\nx\n'@",
    "trap { 1 }", "'a' + (Get-Date)", "$w -eq (1)", "$y = @()", "$z = {}", "[math]::Pi",
    "$n = [datetime]'2026-01-01'",
)  # fmt: skip
AROUND_POWERSHELL = (
    "$x = ({0})", "@({0})", '"$({0})"', "[void]({0})", "({0}).Count", "if ({0}) {{ 1 }}", "$a = @{{ k = ({0}) }}",
    "foreach ($i in {0}) {{ 1 }}", "return {0}", "switch (1) {{ default {{ {0} }} }}", "1 | ? {{ {0} }}",
    "try {{ 1 }} finally {{ {0} }}", "$f = {{ {0} }}; & $f", ":a foreach ($z in 1) {{ {0} }}",
    "$l = if (1) {{ {0} }}", "if (1)\n{{ 1 }}\nelse\n{{ {0} }}", "function f {{ {0} }}; f", "Get-Date && {0}",
    "Get-Date || {0}", "do {{ {0} }} while (0)",
)  # fmt: skip
PLAIN_GRAVE = [text for text in GRAVE_POWERSHELL if not set(text) & set(";|&'\"=#{")]


@pytest.mark.parametrize(
    "dress",
    [*(f"{text.replace('{', '{{').replace('}', '}}')}\n{{0}}" for text in BEFORE_POWERSHELL), *AROUND_POWERSHELL],
)
def test_no_expression_before_or_around_a_command_swallows_it(dress: str) -> None:
    swallowed = [
        grave for grave in PLAIN_GRAVE if kinds(read_powershell(grave)) - kinds(read_powershell(dress.format(grave)))
    ]
    assert swallowed == []


PROMPTS = (
    "sw1#", "sw1# ", "sw1(config)#", "sw1(config-if)# ", "<sw1>", "[sw1] ", "[~sw1] ", "(sw1) # ", "ops@r1> ",
    "vyos@r1# ", "[admin@r1] > ", "fw1 # ",
)  # fmt: skip


@pytest.mark.parametrize("prompt", PROMPTS)
def test_what_a_device_writes_before_a_line_changes_nothing(prompt: str) -> None:
    cases = [case for case in cases_of("network_cli.toml") if not set(case.text) & set("\n#>[]") and not case.opaque]
    differing = [c.text for c in cases if kinds(read_network_cli(c.text)) != kinds(read_network_cli(prompt + c.text))]
    assert differing == []


AROUND_CMD = (
    "if 1==1 {0}", "for %i in (1) do {0}", "({0})", "@{0}", "{0} > nul 2>&1", "echo y | {0}", "call {0}",
    "if exist x (dir) else ({0})", 'if "%1"=="" {0}', "title x & {0}", "rem c\n{0}", "dir || {0}", "start /b {0}",
)  # fmt: skip
PLAIN_CMD = [case.text for case in cases_of("cmd.toml") if case.grave and not set(case.text) & set('"&|%(<>^\n')]


@pytest.mark.parametrize("dress", AROUND_CMD)
def test_no_word_of_cmd_before_or_around_a_command_hides_it(dress: str) -> None:
    texts = [text for text in PLAIN_CMD if not text.lower().startswith(("if", "for", "@", "start", "cmd"))]
    hidden = [text for text in texts if kinds(read_cmd(text)) - kinds(read_cmd(dress.format(text)))]
    assert hidden == []


BEFORE_SQL = (
    "START TRANSACTION", "BEGIN", "SAVE TRAN a", "SAVEPOINT a", "SELECT 1 AS start", "USE a", "SET NOCOUNT ON",
    "SHOW CREATE TABLE a", "PRINT 'a'", "EXPLAIN SELECT 1", "PRAGMA page_count", "COMMIT",
)  # fmt: skip


@pytest.mark.parametrize("before", BEFORE_SQL)
def test_no_statement_before_another_swallows_it(before: str) -> None:
    for grave in ("DELETE FROM orders", "DROP TABLE orders", "TRUNCATE TABLE orders", "GRANT ALL ON orders TO eve"):
        assert kinds(read_sql(grave)) <= kinds(read_sql(f"{before}; {grave}"))


@pytest.mark.parametrize(
    "piece", ["$a.b = ", "return ", "$a in ", "throw ", "$a ??= ", "@(", "[", "-not ", "if (", ":a foreach ("]
)
def test_a_chain_without_an_end_is_opaque_and_asks(piece: str) -> None:
    found = read_powershell(piece * 6_000)
    graded = grade(Understanding(text="", shell="powershell", effects=found.effects, opaque=found.opaque))
    assert found.opaque
    assert graded.level.order >= RiskLevel.MEDIUM.order


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


ENDLESS = {
    "statements in statements": ("sql", "insert into t values (" * 70), "comments": ("sql", "where /*" * 3000),
    "dollars": ("sql", "$a$ $b$ " * 3000), "here-strings": ("powershell", "@'\n$a" * 9000),
    "assignments": ("powershell", "$a=" * 248), "returns": ("powershell", "return " * 900),
    "shells": ("powershell", "cmd /c " * 3000), "brackets": ("network-cli", "show run {" * 6000),
    "a long line": ("network-cli", "set " * 1000),
}  # fmt: skip


@pytest.mark.parametrize(("shell", "text"), ENDLESS.values(), ids=ENDLESS)
def test_a_text_that_goes_on_and_on_is_left_and_dark(shell: str, text: str) -> None:
    assert understand(text, shell).opaque
