"""SQL text taken apart into tokens, as each dialect reads it.

Dialects differ in what hides text: comments that are run (`/*! … */` of MySQL), backslashes in strings, `#` comments,
dollar quotes. Where the dialect is not known and the readings differ, the text is opaque.
Sources: the manuals of PostgreSQL 16 (4.1), MySQL 8.0 (9.1, 9.7), SQLite (lang_keywords), T-SQL and Oracle 19c.
"""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core import lean_re as re
from opsterm.core.text import escaped

POSTGRESQL, MYSQL, SQLITE, TSQL, ORACLE, ANY = "postgresql", "mysql", "sqlite", "tsql", "oracle", ""

_ALIASES = {
    "psql": POSTGRESQL, "postgres": POSTGRESQL, "postgresql": POSTGRESQL, "pg": POSTGRESQL, "mysql": MYSQL,
    "mariadb": MYSQL, "sqlite": SQLITE, "sqlite3": SQLITE, "tsql": TSQL, "mssql": TSQL, "sqlcmd": TSQL,
    "sqlserver": TSQL, "oracle": ORACLE, "sqlplus": ORACLE,
}  # fmt: skip


MOST_TOKENS = 1_500
"""Words and signs of a text; what stands behind them is not looked at."""

MOST_DOLLARS = 50


def dialect_of(name: str) -> str:
    """Return the dialect that a name of a server or of its client stands for, ANY for one that is not known."""
    return _ALIASES.get(name.lower(), ANY)


@dataclass(frozen=True, slots=True)
class SqlToken:
    """A token: `kind` is word, name (quoted), string, number, sign, end (of a statement) or client (a client's line).

    `text` is without quotes; `start` and `end` are places in the text.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """The text of a bare word in capitals, "" for anything else."""
        return self.text.upper() if self.kind == "word" else ""


_PARTS = {
    "blank": r"[\s\ufeff]+",
    "executed": r"/\*M?!\d*|\*/",
    "comment": r"/\*(?:.*?\*/|.*)",
    "line": r"--[^\n]*",
    "mysql_line": r"--(?=\s|$)[^\n]*|\#[^\n]*",
    "escaped": r"(?:[nN]|_\w+\s*)?'(?:[^'\\]++|\\.|'')*+'|\"(?:[^\"\\]++|\\.|\"\")*+\"",
    "extended": r"[eE]'(?:[^'\\]++|\\.|'')*+'",
    "string": r"(?:[nNbBxX]|[uU]&)?'(?:[^']++|'')*+'",
    "alternative": r"[nN]?[qQ]'(?:\[.*?\]|\{.*?\}|\(.*?\)|<.*?>|(?P<mark>[^\s\w]).*?(?P=mark))'",
    "dollar": r"\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$",
    "name": r'"(?:[^"]++|"")*+"',
    "tick": r"`(?:[^`]++|``)*+`",
    "bracket": r"\[[^\]\n]*\]",
    "client": r"\\[^\n]*",
    "number": r"\d[\d.]*(?:[eE][+-]?\d+)?|0[xX][0-9A-Fa-f]+",
    "word": r"[@#]{0,2}[^\W\d][\w$#@]*",
    "sign": r".",
}  # fmt: skip
_ORDERS = {
    POSTGRESQL: "blank client comment line extended dollar string name number word sign",
    MYSQL: "blank client executed comment mysql_line escaped tick number word sign",
    SQLITE: "blank comment line string name tick bracket number word sign",
    TSQL: "blank comment line string name bracket number word sign",
    ORACLE: "blank comment line alternative string name number word sign",
    ANY: "blank client executed comment line extended dollar string name tick number word sign",
}
_KINDS = {
    "escaped": "string", "extended": "string", "string": "string", "alternative": "string", "dollar": "string",
    "name": "name", "tick": "name", "bracket": "name", "client": "client", "number": "number", "word": "word",
    "sign": "sign",
}  # fmt: skip
_PATTERNS = {
    dialect: re.compile("|".join(f"(?P<{part}>{_PARTS[part]})" for part in order.split()), re.DOTALL)
    for dialect, order in _ORDERS.items()
}
_CLIENT_LINES = {
    MYSQL: r"(?:system|source|tee|pager|delimiter|edit|notee|nopager)\b[^\n]*",
    SQLITE: r"\.[a-z][^\n]*",
    TSQL: r"(?::(?:[a-z]+|!!)|!!)[^\n]*",
    ORACLE: r"(?:host\b|!|@@?|start\s(?!\s*(?:transaction|replica|slave|group_replication)\b)|spool\b|sta\s|ho\s"
    r"|save\s(?!\s*tran)|edit\b)[^\n]*",
    POSTGRESQL: r"(?!)",
}
_CLIENT_LINES[ANY] = "|".join(_CLIENT_LINES[dialect] for dialect in (MYSQL, SQLITE, TSQL, ORACLE))
_CLIENT = {dialect: re.compile(pattern, re.IGNORECASE) for dialect, pattern in _CLIENT_LINES.items()}
_BATCH_END = re.compile(r"(?:GO(?:\s+\d+)?|/)[ \t]*(?=\r?\n|$)", re.IGNORECASE)
_DELIMITER = re.compile(r"delimiter\s+(\S+)", re.IGNORECASE)
_UNSURE = {
    "executed": "A comment of MySQL that is run, in a text whose dialect is not known.",
    "dollar": "A dollar quote in a text whose dialect is not known.",
}
_UNCLOSED = "A comment in it is not closed."
_DOLLARS = re.compile(r"\$(?:[A-Za-z_]\w*)?\$")
_NESTED = re.compile(r"/\*|\*/")


class SqlTokens:
    """One pass over a text. `tokens` are what it holds, `opaque` why it may mean something else."""

    def __init__(self, text: str, dialect: str) -> None:
        self.text = text
        self.dialect = dialect
        self.tokens: list[SqlToken] = []
        self.opaque: list[str] = []
        self._delimiter = ";"
        self._alone_so_far = True
        self._read()

    def _read(self) -> None:
        if len(_DOLLARS.findall(self.text)) > MOST_DOLLARS:  # each is looked for to the end of the text
            self.opaque.append(f"It has more than {MOST_DOLLARS} dollar quotes.")
            return
        odd = next((c for c in self.text if not c.isprintable() and c not in "\t\r\n\u00a0\ufeff"), "")
        if odd:
            self.opaque.append(f"It contains a character that is not seen ({escaped(odd)}).")
        at, text, pattern = 0, self.text, _PATTERNS[self.dialect]
        while at < len(text):
            fresh = not self.tokens or self.tokens[-1].kind in ("end", "client")
            own_line = self._alone_so_far
            at_once = self._delimited(at) or (own_line and self._batch_end(at)) or (fresh and self._client_line(at))
            if at_once:
                at = at_once
                self._alone_so_far = False
                continue
            match = pattern.match(text, at)
            if match is None:  # pragma: no cover - the last alternative takes any character
                return
            at = self._take(match.lastgroup or "", match)
            self._alone_so_far = match.lastgroup == "blank" and (self._alone_so_far or "\n" in match[0])
            if len(self.tokens) > MOST_TOKENS:
                self.opaque.append(f"It has more than {MOST_TOKENS} words and signs.")
                return

    def _delimited(self, at: int) -> int:
        if not self.text.startswith(self._delimiter, at):
            return 0
        self.tokens.append(SqlToken("end", self._delimiter, at, at + len(self._delimiter)))
        return at + len(self._delimiter)

    def _batch_end(self, at: int) -> int:
        match = _BATCH_END.match(self.text, at) if self.dialect in (TSQL, ORACLE, ANY) else None
        if not match:
            return 0
        self.tokens.append(SqlToken("end", match[0], at, match.end()))
        return match.end()

    def _client_line(self, at: int) -> int:
        match = _CLIENT[self.dialect].match(self.text, at)
        if not match:
            return 0
        changed = _DELIMITER.match(match[0])
        if changed:
            self._delimiter = changed[1]
        self.tokens.append(SqlToken("client", match[0], at, match.end()))
        return match.end()

    def _take(self, part: str, match: re.Match[str]) -> int:
        said, end = match[0], match.end()
        if part == "comment" and self.dialect in (POSTGRESQL, TSQL, ANY):
            end = self._comment_end(match.start())
        elif part == "comment" and not said.endswith("*/", 2):
            self.opaque.append(_UNCLOSED)
        if self.dialect == ANY and part in _UNSURE:
            self.opaque.append(_UNSURE[part])
        if part == "client" and self.dialect in (MYSQL, ANY) and said[1:2] in ("G", "g") and not said[2:3].isalpha():
            self.tokens.append(SqlToken("end", said[:2], match.start(), match.start() + 2))
            return match.start() + 2
        if part == "sign" and said in "'\"`":
            self.opaque.append("A quote in it is not closed.")
        if self.dialect == ANY and ((part == "string" and "\\'" in said) or (said == "#" and part == "sign")):
            self.opaque.append("What its quotes and comments hide depends on the dialect, which is not known.")
        if part in _KINDS:
            self.tokens.append(SqlToken(_KINDS[part], _inside(part, said), match.start(), end))
        return end

    def _comment_end(self, start: int) -> int:
        depth = 0
        for mark in _NESTED.finditer(self.text, start):
            depth += 1 if mark[0] == "/*" else -1
            if depth == 0:
                return mark.end()
        self.opaque.append(_UNCLOSED)
        return len(self.text)


def _inside(part: str, said: str) -> str:
    """Return what stands between the quotes of a token."""
    if part == "dollar":
        mark = said.index("$", 1) + 1
        return said[mark:-mark]
    if part in ("string", "extended", "escaped", "alternative"):
        quote = said[-1]
        inside = said[said.index(quote) + 1 : -1]
        inside = inside[1:-1] if part == "alternative" else inside.replace(quote * 2, quote)
        return re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL) if part in ("extended", "escaped") else inside
    return said[1:-1] if part in ("name", "tick", "bracket") else said
