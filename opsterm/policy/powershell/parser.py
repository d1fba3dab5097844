"""A PowerShell text taken apart into pipelines, commands and expressions.

Written for text that an operator would run, not for a compiler: whatever may run is found, and what does not fit is
not understood, never skipped.
"""

from __future__ import annotations

import re

from opsterm.policy.powershell.expression import ExpressionReading, constant_of
from opsterm.policy.powershell.pieces import MEMBER, PieceReader
from opsterm.policy.powershell.scanner import NotUnderstood
from opsterm.policy.powershell.tree import CommandPiece, Expression, MemberCall, PowerShellCommand, Script
from opsterm.policy.word_set import word_set

DEEPEST = 64
"""Texts within texts: brackets, blocks, substitutions."""

_WORD = re.compile(r"[A-Za-z_][\w-]*")
_REDIRECT = re.compile(r"(?:[1-6*]>&[12]|[1-6*]?>>?|<)")
_TYPE = re.compile(r"\[\s*[A-Za-z_][\w.+`]*(?:\s*\[[\w.,\s\[\]]*\])?\s*\](?:\s*(?=::))?")
_OPERATOR = re.compile(r"-[A-Za-z]+")
_CONTROL = word_set(
    "if elseif else while switch until for foreach catch trap do try finally begin process end dynamicparam "
    "default data parallel sequence inlinescript clean"
)
_GOES_ON = word_set("else elseif catch finally while until")
_NAMED = word_set("function filter workflow configuration class enum")
_LEAVING = word_set("return throw exit break continue")
_OPEN_ENDS = frozenset(",+*/=&|%")
_NEVER_A_SIGN = frozenset("\\~^@`")
_ASSIGNS = re.compile(r"\s{0,40}=")
_LABEL_NAME = re.compile(r"[ \t]+[A-Za-z_]\w*")
_LABEL = re.compile(r":[A-Za-z_]\w*\s+(?=(?:for|foreach|while|do|switch)\b)", re.IGNORECASE)


class PowerShellParser(PieceReader):
    """One pass over a text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._in_table = False
        self._functions: list[str] = []

    def parse(self) -> Script:
        """Take the text apart. Raises NotUnderstood where that is not possible."""
        script = self._script("")
        if self.at < len(self.text):
            raise NotUnderstood("A bracket is closed that was not opened.")
        return script

    def nested(self, close: str, *, table: bool = False) -> Script:
        """Read up to the closing bracket, and go on behind it. In a table a word before `=` is a key."""
        self._go_deeper()
        outside, self._in_table = self._in_table, table
        script = self._script(close)
        self._in_table = outside
        self._depth -= 1
        return script

    def _script(self, close: str) -> Script:
        start = self.at
        pipelines: list[tuple[PowerShellCommand | Expression, ...]] = []
        first_function, loads = len(self._functions), False
        while True:
            self.step()
            self.skip_blank(lines=True)
            char = self.char()
            if not char:
                if close:
                    raise NotUnderstood("A bracket in it is not closed.")
                break
            if char in ")}":
                if char == close:
                    break
                raise NotUnderstood("A bracket is closed that was not opened.")
            if char in ";,|":
                self.at += 1
                continue
            before = self.at
            pipeline = self._pipeline()
            loads = loads or self.text[before : before + 6].lower() == "using "
            if pipeline:
                pipelines.append(pipeline)
            if self.at == before:
                self.at += 1
        end = self.at
        self.at += len(close)
        return Script(
            pipelines=tuple(pipelines), functions=tuple(self._functions[first_function:]), loads=loads, start=start,
            end=end,
        )  # fmt: skip

    def _pipeline(self) -> tuple[PowerShellCommand | Expression, ...]:
        elements: list[PowerShellCommand | Expression] = []
        while True:
            self.skip_blank(lines=bool(elements))
            element = self._element(first=not elements)
            if element is None:
                break
            elements.append(element)
            self.skip_blank()
            if self.next_is("||") or self.next_is("&&"):
                self.at += 2
                self.skip_blank(lines=True)
                break
            if self.char() == "|":
                self.at += 1
                continue
            if self.char() == "&" and isinstance(element, PowerShellCommand):
                self.at += 1
            break
        return tuple(elements)

    def _element(self, *, first: bool) -> PowerShellCommand | Expression | None:
        self.step()
        label = _LABEL.match(self.text, self.at) if first else None
        self.at = label.end() if label else self.at
        char = self.char()
        if not char or char in ")};|\n":
            return None
        if char in "&." and self.char(1) in " \t'\"$({`\n":
            self.at += 1
            self.skip_blank()
            return self._command(char)
        word = _WORD.match(self.text, self.at)
        if self._in_table and word and _ASSIGNS.match(self.text, word.end()):
            return self._expression()
        if first and word:
            taken = self._keyword(word[0].lower(), word.end())
            if taken is not None:
                return taken
        number_at = self.at
        if char.isdigit() and self.number():
            numeric = not _WORD.match(self.text, self.at) and self.char() not in ("\\", "-", ":")
            self.at = number_at
            return self._expression() if numeric else self._command("")
        if char in "$([]@\"'{+-!,<:":
            return self._expression()
        return self._command("")

    def _keyword(self, word: str, end: int) -> PowerShellCommand | Expression | None:
        start = self.at
        after = self.text[end : end + 80].lstrip(" \t\n")[:1]
        if word in _LEAVING:
            label = _LABEL_NAME.match(self.text, end) if word in ("break", "continue") else None
            self.at = label.end() if label else end
            value = self._pipeline_script()
            return Expression(scripts=(value,), start=start, end=self.at)
        if word in _NAMED and after and after not in "|;)}=,":
            self.at = end
            self.skip_blank()
            name = self.bare()
            self._functions.append(name.text.lower().rpartition(":")[2] if name else "")
            return self._expression()
        if word == "using":
            return self._line(start)
        if word == "param" and after == "(":
            self.at = self.text.index("(", end) + 1
            return Expression(scripts=(self.nested(")"),), start=start, end=self.at)
        if word in _CONTROL and after in ("(", "{", "[", "$", '"', "'", "-", "i"):
            if word in ("foreach", "process", "data", "end", "begin") and after not in ("(", "{", "-"):
                return None
            self.at = end
            return self._expression()
        return None

    def _line(self, start: int) -> Expression:
        end = self.text.find("\n", start)
        self.at = len(self.text) if end < 0 else end
        return Expression(start=start, end=self.at)

    def _go_deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotUnderstood(f"It is nested deeper than {DEEPEST}.")

    def _pipeline_script(self) -> Script:
        start = self.at
        self._go_deeper()
        pipeline = self._pipeline()
        self._depth -= 1
        return Script(pipelines=(pipeline,) if pipeline else (), start=start, end=self.at)

    # commands

    def _command(self, operator: str) -> PowerShellCommand | None:
        start = self.at
        pieces: list[CommandPiece] = []
        redirects: list[CommandPiece] = []
        while True:
            self.skip_blank()
            char = self.char()
            if not char or char in "\n;|)}" or (char == "&" and pieces):
                break
            self.step()
            redirect = _REDIRECT.match(self.text, self.at)
            if redirect and pieces:
                self._redirect(redirect, redirects)
                continue
            if self.next_is("--%"):
                pieces += self._verbatim()
                break
            piece = self._piece(first=not pieces)
            if piece is None:
                self.at += 1
                continue
            pieces.append(piece)
        if not pieces:
            return None
        return PowerShellCommand(
            pieces=tuple(pieces), operator=operator, redirects=tuple(redirects), start=start, end=self.at
        )

    # expressions

    def _expression(self) -> Expression:
        reading = ExpressionReading(self.at)
        while self._expression_part(reading):
            self.step()
        return reading.done(self.at)

    def _expression_part(self, reading: ExpressionReading) -> bool:
        place = self.at
        self.skip_blank()
        if self.at > place:
            reading.last = " "
        char = self.char()
        if not char or char in ";)}|" or char == "&":
            return False
        if char == "\n":
            if not reading.goes_on:
                return False
            self.at += 1
            return True
        if self._operand(char, reading):
            reading.goes_on = False
            return True
        reading.goes_on = char in _OPEN_ENDS
        return self._sign(char, reading)

    def _operand(self, char: str, reading: ExpressionReading) -> bool:
        start = self.at
        string = self.string()
        if string is not None:
            reading.strings.append(string)
            reading.scripts += string.scripts
            reading.value(None if string.unknown else string.text)
        elif char in "({" or self.next_is("@(") or self.next_is("@{") or self.next_is("$("):
            opening = 1 if char in "({" else 2
            close = "}" if self.text[start + opening - 1] == "{" else ")"
            table = (self.char() == "@" and close == "}") or reading.square > 0
            self.at += opening
            script = self.nested(close, table=table)
            reading.scripts.append(script)
            reading.value(constant_of(script) if close == ")" else None)
            reading.after_block = close == "}" and not table
            reading.last = "v"
            return True
        elif char == "$":
            piece = self.dollar()
            reading.value(None if piece.unknown else piece.text)
        elif char == "[" and reading.last in (" ", "") and _TYPE.match(self.text, self.at):
            self._type(reading)
        elif char.isdigit() and self.number():
            reading.value(None)
        else:
            return False
        reading.after_block = False
        is_cast = self.char(-1) == "]" and char == "[" and self.char() != "."
        reading.last = " " if is_cast else "v"
        return True

    def _type(self, reading: ExpressionReading) -> None:
        match = _TYPE.match(self.text, self.at)
        if match is None:  # pragma: no cover - the caller has looked
            return
        self.at = match.end()
        reading.items.append(("x", ""))
        if not self.next_is("::"):
            name = match[0].strip("[] \t")
            reading.calls.append(
                MemberCall(type=name, member="new", receiver="", arguments="?", start=match.start(), end=self.at)
            )
        else:
            self._member(match[0].strip("[] \t"), "", reading.calls, reading.scripts)

    def _sign(self, char: str, reading: ExpressionReading) -> bool:
        member = MEMBER.match(self.text, self.at) if reading.last == "v" else None
        operator = _OPERATOR.match(self.text, self.at)
        if member and self.text[self.at : self.at + 2] != "..":
            self._member("", self.text[max(reading.start, self.at - 200) : self.at], reading.calls, reading.scripts)
            reading.items.append(("x", ""))
            return True
        if self.next_is("++") or self.next_is("--"):
            self.at += 2
            reading.goes_on = False
            reading.items.append(("x", ""))
        elif operator and self.char(-1) != "+":
            self.at = operator.end()
            reading.goes_on = True
            reading.builds = reading.builds or operator[0].lower() == "-f"
            reading.items.append(("o", operator[0].lower()))
        elif char == "=" or (char == "?" and self.next_is("??=")):
            reading.assigned = reading.assigned or self.text[reading.start : self.at].rstrip("+-*/%? \t")
            self.at += 3 if char == "?" else 1
            self.skip_blank(lines=True)
            reading.scripts.append(self._pipeline_script())
            return False
        elif char == "." and reading.after_block:
            return False
        elif char.isalpha() or char == "_":
            return self._loose_word(reading)
        else:
            reading.items.append(("o", char))
            reading.builds = reading.builds or char == "+"
            reading.square += {"[": 1, "]": -1}.get(char, 0)
            if char in _NEVER_A_SIGN:
                reading.stray = reading.stray or char
            self.at += 1
        reading.last = " " if char in ",+-*/=!" else "v" if char == "]" else char
        return True

    def _is_key(self) -> bool:
        return self._in_table and bool(_ASSIGNS.match(self.text, self.at))

    def _loose_word(self, reading: ExpressionReading) -> bool:
        match = _WORD.match(self.text, self.at)
        if reading.after_block and match and match[0].lower() not in _GOES_ON:
            return False
        self.at = match.end() if match else self.at + 1
        reading.items.append(("x", ""))
        reading.last = " "
        word = match[0].lower() if match else ""
        if word == "in":
            self.skip_blank()
            reading.scripts.append(self._pipeline_script())
        elif not (self._is_key() or word in _CONTROL or word in _GOES_ON or reading.square > 0):
            reading.stray = reading.stray or word
        return True
