"""The words of a command: names, parameters, values, and the members behind a value."""

from __future__ import annotations

import re

from opsterm.policy.powershell.expression import constant_of, first_argument
from opsterm.policy.powershell.scanner import NotUnderstood, Scanner
from opsterm.policy.powershell.tree import CommandPiece, Expression, MemberCall, Script

_PARAMETER = re.compile(r"--?[A-Za-z_?][\w-]*:?")
MEMBER = re.compile(r"(::|\.)\s*(?:([A-Za-z_]\w*)|(?=[$('\"]))")
_SPLAT = re.compile(r"@[A-Za-z_?]\w*(?![\w.@{])")
_ENDS_VALUE = re.compile(r"[\s;|(){},&<>]|$")


class PieceReader(Scanner):
    """Reads the words of a command from a text."""

    def _redirect(self, match: re.Match[str], redirects: list[CommandPiece]) -> None:
        self.at = match.end()
        if "&" in match[0] or match[0] == "<":
            return
        self.skip_blank()
        piece = self._piece(first=True)
        if piece is not None:
            redirects.append(piece)

    def _verbatim(self) -> list[CommandPiece]:
        start = self.at + 3
        ends = [i for i in (self.text.find("\n", start), self.text.find("|", start)) if i >= 0]
        self.at = min(ends, default=len(self.text))
        return [
            CommandPiece(kind="word", text=match[0].strip('"'), start=match.start(), end=match.end())
            for match in re.compile(r"\"[^\"]*\"|\S+").finditer(self.text, start, self.at)
        ]

    def _piece(self, *, first: bool) -> CommandPiece | None:
        parameter = None if first else _PARAMETER.match(self.text, self.at)
        if parameter:
            self.at = parameter.end()
            return CommandPiece(kind="parameter", text=parameter[0], start=parameter.start(), end=self.at)
        piece = self._value()
        if piece is None or first:
            return piece
        more: list[CommandPiece] = []
        while True:
            place = self.at
            self.skip_blank()
            if self.char() != ",":
                self.at = place
                break
            self.at += 1
            self.skip_blank(lines=True)
            self.step()
            value = self._value()
            if value is not None:
                more.append(value)
        if not more:
            return piece
        return CommandPiece(
            kind=piece.kind, text=piece.text, start=piece.start, end=self.at, unknown=piece.unknown,
            scripts=piece.scripts, more=tuple(more),
        )  # fmt: skip

    def _value(self) -> CommandPiece | None:
        start = self.at
        char = self.char()
        string = self.string()
        if string is not None:
            return self._with_members(string) if self.char() in (".", "[") else string
        if char == "{":
            self.at += 1
            script = self.nested("}")
            return CommandPiece(
                kind="block", text=self.text[start : self.at], start=start, end=self.at, scripts=(script,)
            )  # fmt: skip
        if self.next_is("@{"):
            return self._table(start)
        if char == "(" or self.next_is("@("):
            self.at += 1 if char == "(" else 2
            script = self.nested(")")
            value = constant_of(script)
            group = CommandPiece(
                kind="group", text="?" if value is None else value, start=start, end=self.at, unknown=value is None,
                scripts=(script,),
            )  # fmt: skip
            return self._with_members(group)
        if char == "@" and _SPLAT.match(self.text, self.at):
            self.at += 1
            name = self.bare()
            return CommandPiece(
                kind="splat", text=f"@{name.text if name else ''}", start=start, end=self.at, unknown=True
            )
        if char == "$":
            piece = self.dollar()
            if self.char() in (".", "[") or self.next_is("::"):
                return self._with_members(piece)
            if not _ENDS_VALUE.match(self.char()):
                self.at = start
                return self.bare()
            return piece
        return self.bare()

    def _table(self, start: int) -> CommandPiece:
        self.at += 2
        script = self.nested("}", table=True)
        return CommandPiece(
            kind="table", text=self.text[start : self.at], start=start, end=self.at, unknown=True,
            scripts=(script,),
        )  # fmt: skip

    def _with_members(self, piece: CommandPiece) -> CommandPiece:
        """Read members and indexes directly behind a value; the value is then known only when it runs."""
        calls: list[MemberCall] = []
        scripts = list(piece.scripts)
        while True:
            if self.char() == "[":
                depth_end = self.text.find("]", self.at)
                if depth_end < 0:
                    raise NotUnderstood("A bracket in it is not closed.")
                self.at = depth_end + 1
            elif MEMBER.match(self.text, self.at) and self.char(1) not in (".", ""):
                self._member("", self.text[piece.start : self.at], calls, scripts)
            else:
                break
        if self.at == piece.end:
            return piece
        if calls:
            inner = Expression(calls=tuple(calls), start=piece.start, end=self.at)
            scripts.append(Script(pipelines=((inner,),), start=piece.start, end=self.at))
        text = "?" if calls or piece.kind != "variable" else self.text[piece.start : self.at]
        return CommandPiece(
            kind=piece.kind, text=text, start=piece.start, end=self.at, unknown=True, scripts=tuple(scripts)
        )

    def _member(self, kind: str, receiver: str, calls: list[MemberCall], scripts: list[Script]) -> None:
        start = self.at
        match = MEMBER.match(self.text, self.at)
        if match is None:  # pragma: no cover - the callers have looked
            return
        self.at = match.end()
        name = match[2] or "?"
        if not match[2]:
            piece = self._member_name()
            name = "?" if piece is None or piece.unknown else piece.text
        arguments = None
        if self.char() == "(":
            self.at += 1
            script = self.nested(")")
            scripts.append(script)
            arguments = first_argument(script)
        elif self.char() == "{":
            self.at += 1
            scripts.append(self.nested("}"))
            arguments = "?"
        left = kind if match[1] == "::" else ""
        calls.append(MemberCall(type=left or ("?" if match[1] == "::" else ""), member=name, receiver=receiver,
                          arguments=arguments, start=start, end=self.at))  # fmt: skip

    def _member_name(self) -> CommandPiece | None:
        if self.char() == "(":
            start = self.at
            self.at += 1
            value = constant_of(self.nested(")"))
            return CommandPiece(kind="group", text=value or "?", start=start, end=self.at, unknown=value is None)
        return self.dollar() if self.char() == "$" else self.string()
