"""The help reads well at 80 columns and has examples that work."""

from __future__ import annotations

import pytest

from opsterm.cli.arguments import parse_arguments
from opsterm.cli.json_keys import JSON_KEYS
from opsterm.cli.manual import EXAMPLES
from opsterm.cli.run import VERBS
from opsterm.cli.syntax.parser import Parser, Verbs
from opsterm.cli.syntax.whole import build_parser
from opsterm.core.errors import BadInput, ExitCode


@pytest.mark.parametrize("verb", ["", "targets", "vault", *VERBS])
def test_help_fits_80_columns_and_says_what_for(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert parse_arguments([*verb.split(), "--help"]).exit_code == ExitCode.DONE
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    if verb in VERBS:
        assert "examples:\n  opsterm " in shown
        assert "keys of --json:" in shown


@pytest.mark.parametrize("verb", sorted({verb.split()[0] for verb in VERBS}))
def test_a_verb_is_understood_the_same_without_the_others(verb: str) -> None:
    assert below(build_parser(verb), verb).format_help() == below(build_parser(), verb).format_help()


def below(parser: Parser, verb: str) -> Parser:
    """Return the parser of a verb."""
    found = next(action for action in parser._actions if isinstance(action, Verbs))
    one: Parser = found.choices[verb]
    return one


def test_every_verb_has_examples_and_keys() -> None:
    assert set(EXAMPLES) == set(JSON_KEYS) == set(VERBS)
    assert all(1 <= len(lines) <= 3 for lines in EXAMPLES.values())


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_is_understood(line: str) -> None:
    import shlex

    typed = line.partition(" < ")[0].partition(" > ")[0]
    program, *argv = shlex.split(typed)
    understood = parse_arguments(argv)
    assert program == "opsterm"
    assert any(understood.verb == verb and line in EXAMPLES[verb] for verb in EXAMPLES)


WRONG = {
    "targts list": "The nearest is targets",
    "targets lst": "The nearest is list",
    "vault stats": "The nearest is status",
    "targets": "required: ACTION",
    "targets show": "required: name",
    "targets list --jsn": "The nearest is --json",
    "targets list --js": "no option --js",
    "targets add web --port": "--port needs a value",
    "targets add web --protocol shh": "The nearest is ssh",
    "changes --limit many": "--limit must be a whole number from 1 to 100,000, not 'many'",
    "changes --limit -1": "--limit must be a whole number",
    "changes --limit 0": "--limit must be a whole number",
    "history x --points 99999999999999999999999": "--points must be a whole number from 1 to 10,000",
    "approve c1 --targets 0": "--targets must be a whole number",
    "propose -- uptime": "required: --on",
    "propose --on web uptime": "Write the command behind --",
    "change c1 c2": "'c2' is one word too many",
    "--set monitoring.interval_s where": "--set monitoring.interval_s has no value",
    "--nope": "no option --nope",
    "targets tag web": "required: [+|-]TAG",
}


@pytest.mark.parametrize(("line", "said"), WRONG.items())
def test_what_is_wrong_on_the_line_is_a_sentence_that_helps(line: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_arguments(line.split())
    assert said in str(caught.value)
    assert "--help" in str(caught.value) or caught.value.next_step


UNDERSTOOD = {
    ("targets", "tag", "tag:web", "-edge"): ["-edge"],
    ("targets", "tag", "web", "+new", "-old", "--json"): ["+new", "-old"],
    ("targets", "group", "--json", "web", "-a", "-b"): ["-a", "-b"],
    ("targets", "tag", "web", "--", "-h"): ["-h"],
    ("--set", "screen.ascii=true", "targets", "tag", "web", "-x"): ["-x"],
}


@pytest.mark.parametrize(("argv", "labels"), UNDERSTOOD.items())
def test_a_label_may_begin_with_a_minus(argv: tuple[str, ...], labels: list[str]) -> None:
    assert list(parse_arguments(argv).texts("labels")) == labels


def test_a_word_that_is_no_utf8_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"not UTF-8 text: 'a\\xff'"):
        parse_arguments(["targets", "show", "a\udcff"])
