"""The selector language: which targets are meant.

    tag:win10 and not group:lab          fields: name address os group tag protocol port user env site source
    os~debian, status=offline            status note; `:` and `=` compare, `~` finds inside, `!=` and `!~` are not
    web-[01-12] or db-*                  a bare word is a name; ranges and globs work in every field
    (env:prod or env:stage) site:fra     two terms side by side are joined by `and`
    not web-01,web-02                    a comma lists alternatives and binds tightest

Upper and lower case are alike. A quoted value is taken as it stands: `os:"debian 12"`, and `env:""` finds targets
without one, `env:*` those with one. `os:debian` matches a whole word of the operating system. Nothing and `all`
and `*` mean every target.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from opsterm.core.errors import BadSelector
from opsterm.inventory.patterns import near_enough
from opsterm.inventory.selector_terms import (
    ALIASES,
    FIELDS,
    RowTest,
    Term,
    check_value,
    compile_term,
    is_literal,
    moved,
)
from opsterm.inventory.selector_text import SelectorText
from opsterm.inventory.target import TargetRow

DEPTH_LIMIT = 60
_KEYWORDS = frozenset({"and", "or", "not", "all"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Every target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """What `part` does not match."""

    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction:
    """What all of `parts` match ("and"), or any of them ("or")."""

    word: str
    parts: tuple[Node, ...]


Node = Everything | Negation | Junction | Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A parsed selector. Equal when it means the same words; `str` gives canonical text that parses back to it.

    Attributes:
        root: what was parsed.
        matches: the compiled test of one row, about 0.2 us a term.
    """

    root: Node
    matches: RowTest = field(compare=False, repr=False)

    @property
    def is_everything(self) -> bool:
        """Whether it means every target without looking."""
        return isinstance(self.root, Everything)

    def select(self, rows: Iterable[TargetRow]) -> tuple[TargetRow, ...]:
        """Return the rows that match, in the order given."""
        return tuple(rows) if self.is_everything else tuple(filter(self.matches, rows))

    def __str__(self) -> str:
        return _text(self.root)


def parse_selector(text: str) -> Selector:
    """Parse a selector.

    Raises:
        BadSelector: it cannot be parsed; points at the column, and names the nearest field or word.
        BadInput: a range stands for too many names.
    """
    root = _Parse(text).whole()
    return Selector(root=root, matches=_compiled(root))


def _compiled(node: Node) -> RowTest:
    if isinstance(node, Term):
        return compile_term(node)
    if isinstance(node, Everything):
        return lambda _: True
    if isinstance(node, Negation):
        inner = _compiled(node.part)
        return lambda row: not inner(row)
    tests = [_compiled(part) for part in node.parts]
    join = _both if node.word == "and" else _either
    made = tests[-1]
    for test in reversed(tests[:-1]) if len(tests) <= 8 else ():
        made = join(test, made)
    return made if len(tests) <= 8 else _many(tests, wanted=node.word == "or")


def _both(one: RowTest, other: RowTest) -> RowTest:
    return lambda row: one(row) and other(row)


def _either(one: RowTest, other: RowTest) -> RowTest:
    return lambda row: one(row) or other(row)


def _many(tests: list[RowTest], *, wanted: bool) -> RowTest:
    """Join a long list without nesting calls: True as soon as one is True ("or"), False as soon as one is not."""

    def test_all(row: TargetRow) -> bool:
        return next((wanted for test in tests if test(row) is wanted), not wanted)

    return test_all


def _text(node: Node) -> str:
    if isinstance(node, Everything):
        return "all"
    if isinstance(node, Negation):
        inner = _text(node.part)
        return f"not ({inner})" if isinstance(node.part, Junction) else f"not {inner}"
    if isinstance(node, Junction):
        return f" {node.word} ".join(f"({_text(p)})" if isinstance(p, Junction) else _text(p) for p in node.parts)
    value = node.value
    if node.literal and (not _plain(value) or (node.field == "name" and value.lower() in _KEYWORDS)):
        value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value if node.field == "name" and node.operator == ":" else f"{node.field}{node.operator}{value}"


def _plain(value: str) -> bool:
    """Return whether a literal may stand without quotes."""
    return bool(value) and not any(char.isspace() or char in "*?[](),!\"'\\:=~&|" for char in value)


def _junction(word: str, parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, Junction) and part.word == word else (part,)
    return flat[0] if len(flat) == 1 else Junction(word=word, parts=tuple(flat))


def _not(part: Node) -> Node:
    return part.part if isinstance(part, Negation) else Negation(part=part)


class _Parse:
    """One pass over a selector's text, by recursive descent."""

    def __init__(self, text: str) -> None:
        self._in = SelectorText(text)
        self._depth = 0
        self._field: tuple[str, str] | None = None  # field and operator that a bare value behind a comma takes

    def whole(self) -> Node:
        if not self._in.peek():
            return Everything()
        node = self._either()
        if self._in.peek():
            raise self._in.fault("This ) closes nothing.", self._in.at)
        return node

    def _either(self) -> Node:
        parts = [self._both()]
        while self._in.take_keyword("or"):
            parts.append(self._both())
        return _junction("or", parts)

    def _both(self) -> Node:
        parts = [self._negated()]
        while self._in.take_keyword("and") or self._term_follows():
            parts.append(self._negated())
        return _junction("and", parts)

    def _term_follows(self) -> bool:
        char = self._in.peek()
        if char and char in "&|":
            raise self._in.fault(f"{char} has no meaning here.", self._in.at, "Write and, or, not.")
        return bool(char) and char != ")" and not self._in.at_keyword("or")

    def _negated(self) -> Node:
        self._deeper()
        if self._in.peek() == "!":
            self._in.at += 1
            node = _not(self._negated())
        elif self._in.take_keyword("not"):
            node = _not(self._negated())
        else:
            node = self._list()
        self._depth -= 1
        return node

    def _list(self) -> Node:
        """Read alternatives: a value without a field behind a comma belongs to the field before it (tag:web,db)."""
        self._field = None
        parts = [self._single()]
        while self._in.peek() == ",":
            comma = self._in.at
            self._in.at += 1
            if self._in.peek() == "!" or self._in.at_keyword("not"):
                raise self._in.fault(
                    "A comma lists alternatives, so nothing can be left out after one.",
                    comma,
                    "To leave something out write: and not …",
                )
            parts.append(self._single())
        self._field = None
        return _junction("or", parts)

    def _single(self) -> Node:
        char = self._in.peek()
        if char == "(":
            return self._parenthesis()
        if not char or char in "),":
            hint = "Write one as in tag:web, os~debian or web-[01-12]."
            raise self._in.fault("A term is missing here.", self._in.at, hint)
        for word in ("and", "or"):
            if self._in.at_keyword(word):
                hint = f'A target of that name is written "{word}".'
                raise self._in.fault(f"A term is missing before {word}.", self._in.at, hint)
        return self._term()

    def _parenthesis(self) -> Node:
        opened = self._in.at
        self._deeper()
        self._in.at += 1
        if self._in.peek() == ")":
            raise self._in.fault("Nothing stands between these parentheses.", opened)
        node = self._either()
        if self._in.peek() != ")":
            raise self._in.fault("This ( is never closed.", opened)
        self._in.at += 1
        self._depth -= 1
        return node

    def _term(self) -> Node:
        start = self._in.at
        if self._in.at_quote():
            field, operator = self._inherited(start) or ("name", ":")
            return Term(field=field, operator=operator, value=self._in.take_quoted(), literal=True)
        word, operator = self._in.take_field()
        if not operator:
            return self._bare_word(start)
        name = self._known_field(word, start)
        column, quoted = self._in.at, self._in.at_quote()
        value = self._in.take_quoted() if quoted else self._in.take_raw()
        if not value and not quoted:
            hint = f'Targets without one are found by {name}:""'
            raise self._in.fault(f"A value is missing after {name}{operator}", column, hint)
        kind = ":" if operator[-1] == "=" else operator[-1]
        self._field = (name, "!" if operator[0] == "!" else kind)
        term = self._checked(name, kind, value, quoted=quoted, column=column)
        return _not(term) if operator[0] == "!" else term

    def _inherited(self, column: int) -> tuple[str, str] | None:
        """Return the field and operator that a value behind a comma takes, None where it stands by itself."""
        if self._field is not None and self._field[1] == "!":
            name = self._field[0]
            hint = f"To leave several out write: not {name}:one,two"
            raise self._in.fault("After != stands one value.", column, hint)
        return self._field

    def _bare_word(self, start: int) -> Node:
        value = self._in.take_raw()
        if any(sign in value for sign in "&|\"'"):
            sign = min((value.index(s), s) for s in "&|\"'" if s in value)
            raise self._in.fault(f"{sign[1]} cannot stand in a name.", start + sign[0], "Write and, or, not.")
        field = self._inherited(start)
        if field is not None:
            return self._checked(*field, value, quoted=False, column=start)
        if value.lower() == "all":
            return Everything()
        return self._checked("name", ":", value, quoted=False, column=start)

    def _known_field(self, word: str, column: int) -> str:
        name = ALIASES.get(word.lower(), word.lower())
        if name in FIELDS:
            return name
        near = near_enough(word, [*FIELDS, *ALIASES])
        hint = f"The nearest is {near}." if near else "Known are " + ", ".join(FIELDS) + "."
        raise self._in.fault(f"There is no field {word}.", column, f"{hint} A name with such a sign goes in quotes.")

    def _checked(self, name: str, operator: str, value: str, *, quoted: bool, column: int) -> Node:
        try:
            wrong = check_value(name, operator, value, quoted=quoted)
        except BadSelector as error:
            raise moved(error, self._in.text, column) from error
        if wrong:
            what, _, hint = wrong.partition("|")
            raise self._in.fault(what, column, hint)
        if name == "name" and not quoted and operator == ":" and set(value) == {"*"}:
            return Everything()
        return Term(field=name, operator=operator, value=value, literal=is_literal(value, quoted=quoted))

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise self._in.fault(f"There are more than {DEPTH_LIMIT} levels of parentheses and not.", self._in.at)
