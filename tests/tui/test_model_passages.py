"""What a model writes on the screen: looks in lines, lists, tables; what has no support is marked; nothing hides."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from opsterm.assistant.answer import Answer
from opsterm.assistant.conversation import KeptTurn
from opsterm.assistant.model.grounding import sentence_spans, statements
from opsterm.tui.drawing.inline import inline_runs
from opsterm.tui.drawing.markdown import Support, support_of
from opsterm.tui.drawing.model_passages import OPEN_LINES, MarkdownPassages
from opsterm.tui.drawing.passage import LEAD, WHY, ChatPassage, PassageLook
from opsterm.tui.drawing.passages import turn_passages
from opsterm.tui.drawing.rows import Row


def drawn(
    text: str, width: int = 60, support: Support | None = None, *, plain: bool = False, names: Sequence[str] = ()
) -> list[ChatPassage]:  # fmt: skip
    model = MarkdownPassages(0, PassageLook(width=width, plain=plain, is_target=lambda name: name in names), support)
    model.add(text)
    return model.passages


def rows(passages: Sequence[ChatPassage]) -> list[Row]:
    return [row for one in passages for row in one.rows]


INLINE = [
    ("It is **full** now", [("It is ", ""), ("full", "bold"), (" now", "")]),
    ("**run `df -h`** or __init__", [("run ", "bold"), ("`df -h`", "bold code"), (" or __init__", "")]),
    ("*maybe* so", [("*maybe*", "italic"), (" so", "")]),
    ("rm /var/log/*.log /tmp/* and 2 * 3 * 4", None),
    ("src/**/a and **/b/** and a**b**c", None),
    ("a_b_c _ d _ and C:\\*x* \\`", None),
    ("a `*b* **c**` or ``x ` y``", [("a ", ""), ("`*b* **c**`", "code"), (" or ", ""), ("``x ` y``", "code")]),
    ("[docs](http://evil/?q=1)", [("docs", ""), (" (http://evil/?q=1)", "address")]),
    ("[http://a/](http://a/)", [("http://a/", "")]),
    ("[**b**](</x y>)", [("b", "bold"), (" (/x y)", "address")]),
    ("![leak](http://evil/x.png)", [("image ", ""), ("leak", ""), (" (http://evil/x.png)", "address")]),
    ("[k1] and [web-01] (no link)", None),
    ("[red]x[/red] [@click=app.quit]y[/] &#27;[31m &lt;b&gt; <http://a/> \\*", None),
    ("**not closed and `neither", None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "runs"), INLINE)
def test_looks_inside_a_line_take_nothing_away(line: str, runs: list[tuple[str, str]] | None) -> None:
    found = [(run.text, " ".join(sorted(run.styles))) for run in inline_runs(line)]
    assert found == (runs or [(line, "")])


@given(st.text("ab *_`[]()!|-#>.\\/~1\n", max_size=200), st.integers(24, 90))
def test_every_letter_of_a_model_is_shown_in_its_order_within_the_width(text: str, width: int) -> None:
    shown = rows(drawn("a\n\n" + text, width))
    assert all(cell_len(row.text) <= width for row in shown)
    assert all(0 <= span.start < span.end <= len(row.text) for row in shown for span in row.spans)
    if "|" not in text and "![" not in text and not re.search(r"```|~~~", text):
        letters = "".join(re.findall("[ab]", "".join(row.text for row in shown).replace("model ", "")))
        assert letters == "".join(re.findall("[ab]", "a" + text))


@given(st.text(max_size=300), st.booleans())
def test_no_sign_of_a_model_is_obeyed_and_none_is_wider_than_it_seems(text: str, plain: bool) -> None:
    for row in rows(drawn(text, 30, Support(sentences=frozenset()), plain=plain)):
        assert row.text.isprintable() or not plain
        assert "\x1b" not in row.text
        assert not any("\x80" <= char <= "\x9f" or char in "\u202e\u200b\n\r" for char in row.text)


def test_a_table_fits_and_nothing_of_it_is_cut() -> None:
    table = (
        "| Host | Use | Note |\n|---|---:|:--|\n"
        "| web-01 | 97 % | a long note that goes on in the next row |\n| 日本 | 3 % | `a|b` |"
    )
    assert [row.text for row in rows(drawn(f"x\n\n{table}", 44))[1:]] == [
        "      Host     Use  Note",
        "      web-01  97 %  a long note that goes on",
        "                    in the next row",
        "      日本     3 %  `a|b`",
    ]
    narrow = rows(drawn(f"x\n\n{'|a b c' * 12}|\n{'|-' * 12}|", 30))
    assert narrow[1].text == "      |a b c|a b c|a b c|a b"


FENCES = [
    ("```\n~~~\n````x\n```sh\n```\nend", "~~~\n````x\n```sh"),
    ("~~~\n```\n~~\n~~~~\nend", "```\n~~"),
    ("````md\n```sh\nid\n```\n````", "```sh\nid\n```"),
    ("```\ncat > a.md <<E\n```sh\nrm -rf /srv", "cat > a.md <<E\n```sh\nrm -rf /srv"),
    ("```\nid\n``` not its end\n  ```", "id\n``` not its end"),
]


@pytest.mark.parametrize(("text", "code"), FENCES)
def test_of_a_block_of_code_only_its_two_ends_are_left_out(text: str, code: str) -> None:
    model = MarkdownPassages(0, PassageLook(width=60, plain=False, is_target=lambda _: False))
    for letter in text:
        model.add(letter)
    one = model.passages[0]
    assert one.text == code
    assert [row.text[LEAD + 2 :] for row in one.rows] == code.split("\n")


def test_a_long_block_of_code_loses_no_line_where_it_is_cut() -> None:
    lines = [f"```{n}" for n in range(3 * OPEN_LINES)]
    found = drawn("\n".join(["```", *lines, "```"]))
    assert "\n".join(one.text for one in found) == "\n".join(lines)


def test_a_list_hangs_below_its_words_and_a_heading_is_one() -> None:
    text = "## What is **full**\n- one that is too long for a row of this width\n  2. two\n> said by\n***"
    assert [(row.text, row.style) for row in rows(drawn(text, 36))] == [
        ("model What is full", "head"),
        ("      - one that is too long for a", ""),
        ("        row of this width", ""),
        ("        2. two", ""),
        ("      > said by", ""),
        ("      ────────────────────", "dim"),
    ]


def test_a_long_table_goes_on_below_its_titles() -> None:
    text = "|n|m|\n|-|-|\n" + "".join(f"|{number}|x|\n" for number in range(2 * OPEN_LINES))
    found = drawn(text)
    assert len(found) > 2
    assert all(one.rows[0].text.split()[-2:] == ["n", "m"] for one in found)
    assert [row.text.split()[0] for row in rows(found) if row.text.endswith("x")] == [str(n) for n in range(200)]


ARTEFACTS = {"m1": "/var 97 %\nweb-01", "k1": "df -h"}
SAID = (
    "/var is **97 %** full [m1]. It will burst. [m1]\n- So [the docs](http://a/98) say.\n\n"
    "| a | b |\n|---|---|\n| web-01 | 97 % [m1] |\n\n```\nrm -x\n```"
)


def kept(text: str) -> KeptTurn:
    return KeptTurn(question="why?", at=1.0, text=text, answer=Answer(blocks=statements(text, ARTEFACTS)))


def test_what_has_no_support_is_marked_where_it_stands_and_counted_in_one_line() -> None:
    found = turn_passages(kept(SAID), 0, PassageLook(width=70))
    assert [row.text for row in rows(found)[2:]] == [
        "model /var is 97 % full [m1]. It will burst. [m1] (?)",
        "      - So the docs (http://a/98) say. (?)",
        "      a       b (?)",
        "      web-01  97 % [m1]",
        "        rm -x",
        "        (?)",
        "      (?) 4 of 6 sentences have no support; enter says why",
        "      not finished",
    ]
    dim = {row.text[span.start : span.end] for row in rows(found) for span in row.spans if "unsupported" in span.styles}
    assert {"It will burst. [m1]", "So ", "the docs", " say.", "a", "b"} <= dim
    assert "97 %" not in dim
    assert [one.opens for one in found][-2] == WHY


def test_an_answer_that_was_broken_off_before_anybody_looked_says_so() -> None:
    found = turn_passages(KeptTurn(question="why?", at=1.0, text="It is full."), 0, PassageLook(width=70))
    assert "not held against what it cites" in found[-1].text


PARTS = (
    "It is 97 % [m1].",
    "web-01",
    " ",
    "\n",
    "- ",
    "[m1]",
    "| a ",
    "|---|\n",
    "**",
    "Is it so? ",
    "```\n",
    "# 1. ",
    "x. y ",
)


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_only_sentences_with_support_stand_without_a_mark(text: str) -> None:
    looked_at = statements(text, ARTEFACTS)
    support = support_of(looked_at)
    for line in text.split("\n"):
        spans = sentence_spans(line)
        assert spans == sorted(spans)
        assert all(start < end for start, end in spans)
    if "`" not in text and "|" not in text:
        marks = sum(row.text.count("(?)") for row in rows(drawn(text, 200, support)))
        assert marks == sum(bool(one.fault) for one in looked_at)


def test_names_that_open_something_are_found_whole() -> None:
    text = "web-01 and db-01. ana@db-01:22, web-011, xweb-01 /web-01 [k1:2-3, m2] c7 a3; a33x"
    (found,) = drawn(text, 100, names=("web-01", "db-01"))
    assert [one.opens for one in found.live] == [
        "target web-01", "target db-01", "target db-01", "[k1:2-3]", "[m2]", "c7", "a3",
    ]  # fmt: skip
    assert [found.rows[one.row].text[one.start : one.end] for one in found.live][2:4] == ["db-01", "k1:2-3"]
