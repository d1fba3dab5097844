"""What an API is called and where its requests go, when it is added: from a stranger's text, so checked."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from urllib.parse import urljoin

from opsterm.core.addresses import is_off_limits
from opsterm.core.errors import BadInput, Refused
from opsterm.core.http_request import origin_of, parse_request
from opsterm.core.text import clean_line
from opsterm.inventory.apis.description import ApiDescription

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_RESERVED = frozenset({"all", "and", "or", "not", "localhost"})
_MADE_VISIBLE = re.compile(
    r"\\x1b\][^\\]*(?:\\x07|\\x1b\\)?|\\x1b\[[0-9;?]*[@-~]?|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}"
)
"""Controls and marks of direction as the cleaner writes them, with what they tell a terminal: no part of a name."""


def base_url(description: ApiDescription, source: str, given: str) -> str:
    """Return the base URL to which requests go. Raises BadInput, Refused."""
    base = given or next(iter(description.servers), "/")
    if "://" not in base and "://" in source:
        with suppress(ValueError):
            base = urljoin(source, base)
    if "://" not in base:
        raise BadInput("The description names no server.", next_step="Say which: --server https://api.example.org/v1")
    base = base.partition("#")[0].rstrip("/")
    if "?" in base:
        raise BadInput("A server with a query in its URL is not taken.", next_step="Give it as --server without one.")
    origin = origin_of(base)
    parse_request(f"GET {base}/")
    if is_off_limits(origin.host):
        raise Refused(
            f"The server {origin} is not connected to.",
            why="It is a link-local, multicast or metadata address: clouds keep the secrets of a machine there.",
            next_step="Give the API's own server as --server.",
        )
    return base


def name_of_title(title: str) -> str:
    """Return a plain name made of a cleaned title: letters and digits of ASCII, lower case; "api" for nothing."""
    plain = unicodedata.normalize("NFKD", _MADE_VISIBLE.sub("", title)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40].strip("-") or "api"


def require_api_name(name: str) -> str:
    """Return a name that an API may have. Raises BadInput."""
    if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise BadInput(
            f"{clean_line(name, limit=60)!r} cannot be the name of an API.",
            next_step="Give another --name: letters, digits and _ . -, at most 60.",
        )
    return name
