"""One statement: its tokens, and the questions that its form asks of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.sql.names import (
    FUNCTIONS,
    READING_PREFIXES,
    READING_WORDS,
    SECRET_COLUMN,
    SECRET_TABLES,
    TAKES_AWAY,
)
from opsterm.policy.sql.tokens import ANY, ORACLE, POSTGRESQL, SqlToken
from opsterm.policy.word_set import word_set

_NOT_NAMES = word_set("""
IF EXISTS NOT ONLY CONCURRENTLY TABLE INTO FROM DATABASE SCHEMA VIEW INDEX USER ROLE LOGIN OR REPLACE TEMPORARY TEMP
UNIQUE MATERIALIZED FUNCTION PROCEDURE TRIGGER SEQUENCE EXTENSION TABLES IGNORE LOW_PRIORITY DELAYED GLOBAL LOCAL
ONLINE UNLOGGED FOREIGN TO TABLESPACE CLUSTERED NONCLUSTERED PUBLIC BITMAP QUICK OWNED BY EVENT TYPE FULL ANALYZE
VERBOSE FREEZE HARD SOFT CONNECTION QUERY BINARY LOGS LOG SYSTEM SERVER
""")  # fmt: skip


class Statement:
    """A statement of one dialect, and where to note what it does.

    Attributes:
        tokens: never empty.
        reread: takes a text that the statement runs, and where it stands.
    """

    def __init__(
        self, tokens: Sequence[SqlToken], *, dialect: str, base: int, found: EffectNotes,
        reread: Callable[[str, int], None],
    ) -> None:  # fmt: skip
        while len(tokens) > 1 and tokens[0].text == "(":
            tokens = tokens[1:]
        self.tokens = tokens
        self.dialect = dialect
        self.base = base
        self.found = found
        self.reread = reread

    @cached_property
    def uppers(self) -> tuple[str, ...]:
        """Every token: a bare word in capitals, a sign as it is, "" for strings, quoted names and numbers."""
        return tuple(t.upper or (t.text if t.kind == "sign" else "") for t in self.tokens)

    def first_words(self, most: int) -> tuple[str, ...]:
        """Return up to `most` bare words that the statement begins with, in capitals."""
        words = []
        for token in self.tokens[:most]:
            if not token.upper:
                break
            words.append(token.upper)
        return tuple(words)

    def has(self, *words: str) -> bool:
        """Tell whether these words stand somewhere one behind the other."""
        size = len(words)
        return any(self.uppers[i : i + size] == words for i in range(len(self.uppers) - size + 1))

    def name_from(self, place: int) -> str:
        """Return the dotted name at `place` or behind the words that may stand before one, "" for none."""
        parts: list[str] = []
        tokens = self.tokens
        while place < len(tokens):
            token = tokens[place]
            if token.kind in ("word", "name", "string", "number") and not (parts and parts[-1] != "."):
                if parts or token.upper not in _NOT_NAMES:
                    parts.append(token.text)
            elif token.text in (".", "*") and parts:
                parts.append(token.text)
            elif parts or token.text not in ("(", "*", "="):
                break
            place += 1
        return "".join(parts)

    def note(
        self, kind: EffectKind, what: str | None = None, *, certainty: Certainty = Certainty.CERTAIN, at: int = 0,
    ) -> None:  # fmt: skip
        """Note an effect; without `what`, on the name behind the verb. `at` is the token that shows it."""
        last = self.tokens[-1] if at == 0 else self.tokens[at]
        name = self.name_from(1) if what is None else what
        self.found.add(kind, name, (self.base + self.tokens[at].start, self.base + last.end), certainty)

    def note_names(self) -> None:
        """Note what the functions and tables in it do or show, wherever they stand."""
        for place, token in enumerate(self.tokens):
            if token.kind not in ("word", "name"):
                continue
            self._note_name(place, token)
            follows = self.uppers[place + 1] if place + 1 < len(self.tokens) else ""
            if follows == "(" and place:
                self._note_call(place, token.text.lower())
            elif token.kind == "word":
                self._note_substituted(place, token)

    def _note_name(self, place: int, token: SqlToken) -> None:
        name = token.text.lower()
        if place >= 2 and self.uppers[place - 1] == ".":
            dotted = f"{self.tokens[place - 2].text.lower()}.{name}"
        else:
            dotted = name
        if dotted in SECRET_TABLES or name in SECRET_TABLES:
            self.note(EffectKind.READ_SECRET, dotted, at=place)
        elif self.uppers[0] in ("SELECT", "WITH") and SECRET_COLUMN.fullmatch(name):
            self.note(EffectKind.READ_SECRET, name, certainty=Certainty.LIKELY, at=place)

    def _note_call(self, place: int, name: str) -> None:
        owner = self.tokens[place - 2].text.lower() if place >= 2 and self.uppers[place - 1] == "." else ""
        deed = FUNCTIONS.get(name) or FUNCTIONS.get(owner)
        if deed:
            self.note(deed[0], name, certainty=deed[1], at=place)
            return
        if self.uppers[0] not in ("SELECT", "WITH", "VALUES", "EXPLAIN", "TABLE") or self._is_no_call(place):
            return
        if name not in READING_WORDS and not READING_PREFIXES.match(name):
            self.note(EffectKind.DB_WRITE, name, certainty=Certainty.POSSIBLE, at=place)
            if TAKES_AWAY.fullmatch(name):
                self.note(EffectKind.DATA_LOSS, name, certainty=Certainty.POSSIBLE, at=place)

    def _is_no_call(self, place: int) -> bool:
        """Tell whether a name before a bracket is that of a table expression, a type or an alias."""
        before = self.uppers[place - 1] if place else ""
        return before in ("WITH", "AS", "RECURSIVE") or (
            before == "," and self.uppers[0] == "WITH" and self._named(place)
        )

    def _named(self, place: int) -> bool:
        return "AS" in self.uppers[place : place + 24]

    def _note_substituted(self, place: int, token: SqlToken) -> None:
        before = self.tokens[place - 1] if place else None
        if before is None or before.end != token.start:
            return
        if self.dialect == ORACLE and before.text == "&":
            self.found.hide("A variable (&) is put into the text before it is run.")
        elif self.dialect == POSTGRESQL and before.text == ":" and (place < 2 or self.uppers[place - 2] != ":"):
            self.found.hide("A variable (:) is put into the text before it is run.")
        elif self.dialect != ORACLE and before.text == "$" and self.dialect == ANY:
            self.found.hide("A variable ($) is put into the text before it is run.")
