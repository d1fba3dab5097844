"""Where tokens for an API are fetched: what its description says, against what the operator says."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from opsterm.core.errors import BadInput
from opsterm.core.http_request import origin_of, parse_request
from opsterm.core.text import clean_line
from opsterm.inventory.apis.description import SecurityScheme


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """Where a client fetches tokens.

    Attributes:
        url: of the token endpoint; "" for what the description says, if that is the API's own server: a description
            is a stranger's text, and the client's secret goes there.
        scope: scopes by blanks.
    """

    url: str = ""
    scope: str = ""


def token_url_of(server: str, scheme: SecurityScheme | None, said: str) -> str:
    """Return where a client of OAuth fetches tokens.

    Args:
        server: of the API.
        scheme: as it is described; None when it is not one of OAuth.
        said: by the operator, "" for nothing.

    Raises:
        BadInput: it is not one of OAuth, nobody says where, the description names another server, or it is not https.
    """
    if scheme is None:
        raise BadInput("That is not a scheme of OAuth 2.0.", next_step="Leave --client out.")
    described = scheme.token_url
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
