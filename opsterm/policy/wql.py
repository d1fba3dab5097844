"""WQL, the query language of Windows management: SELECT and nothing else, which cannot change anything.

Only what is taken apart here is sent: one SELECT a line, from one class of root/cimv2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.core.errors import BadInput

MOST_QUERIES = 20
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_SELECT = re.compile(
    rf"SELECT\s+(?:\*|{_NAME}(?:\s*,\s*{_NAME}){{0,99}})\s+FROM\s+({_NAME})(?:\s+WHERE\s+[^\x00-\x1f]{{1,2000}})?",
    re.IGNORECASE,
)


def queries_in(text: str) -> Sequence[str]:
    """Return the queries of a text, one a line. Raises BadInput when one of its lines is none."""
    lines = [line.strip() for line in text.split("\n")]
    queries = [line for line in lines if line]
    if not 0 < len(queries) <= MOST_QUERIES:
        raise BadInput(f"There are {len(queries)} queries: between 1 and {MOST_QUERIES} are taken, one a line.")
    for query in queries:
        if not _SELECT.fullmatch(query):
            raise BadInput(
                "A line is no query that is understood.",
                why=query[:200],
                next_step="Write it as in: SELECT Name, State FROM Win32_Service WHERE StartMode = 'Auto'",
            )
    return queries


def class_of(query: str) -> str:
    """Return the class a query is about, "" for a text that is no query."""
    told = _SELECT.fullmatch(query.strip())
    return told[1] if told else ""


def wql_refusal(text: str) -> str:
    """Return why a text is not known to only read, "" when every line of it is a SELECT."""
    try:
        queries_in(text)
    except BadInput as error:
        return error.what
    return ""
