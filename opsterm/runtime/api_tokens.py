"""Where tokens for an API are fetched: what its description says, against what the operator says."""

from __future__ import annotations

from urllib.parse import urljoin

from opsterm.core.errors import BadInput
from opsterm.core.http_request import origin_of, parse_request
from opsterm.core.text import clean_line


def token_url_of(server: str, described: str, said: str) -> str:
    """Return where a client of OAuth fetches tokens.

    Args:
        server: of the API.
        described: what the description says, "" for nothing.
        said: by the operator, "" for nothing.

    Raises:
        BadInput: neither says it, the description names another server, or it is not https.
    """
    url = said or urljoin(f"{server}/", described)
    if not said and (not described or origin_of(url) != origin_of(server)):
        why = f"The description says {clean_line(url, limit=300)}, which is another server." if described else ""
        raise BadInput(
            "Where tokens are given must be said.", why=why,
            next_step="Add --token-url https://…; the client's secret is sent there.",
        )  # fmt: skip
    parse_request(f"POST {url}")
    if not origin_of(url).secure:
        raise BadInput(f"{clean_line(url, limit=300)} is not https.", next_step="A secret is sent over TLS only.")
    return url
