"""How bad a request over HTTP could be, by its method (RFC 9110, 9.2 and 9.3): what it is for is the server's word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.core.http_request import SAFE_METHODS, parse_request
from opsterm.core.http_words import changing_word
from opsterm.core.text import clean_line
from opsterm.core.units import bytes_text

_WRITES: Mapping[str, str] = {
    "OPTIONS": "OPTIONS asks what is allowed; some servers do more.",
    "POST": "POST creates or starts something; sent twice, it may do so twice.",
    "PATCH": "PATCH changes parts of what is there; how they were is not kept.",
    "PUT": "PUT replaces the whole of what is there; what it was is not kept.",
    "DELETE": "DELETE removes what is there; opsterm has no way back.",
}
_MEDIUM = frozenset({"OPTIONS", "POST", "PATCH"})
"""Methods that leave what they do not name as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestGrade:
    """What is thought of a request.

    Attributes:
        refusal: why it is not known to only read, "" when it is.
        medium: whether one that may change something leaves what it does not name as it is.
        reasons: whole sentences, the weightiest first; never empty.
    """

    refusal: str
    medium: bool = False
    reasons: tuple[str, ...]


def grade_request(text: str) -> RequestGrade:
    """Grade a request's text; one that cannot be read is not known to only read. Never raises."""
    try:
        request = parse_request(text)
    except BadInput as error:
        said = f"{error.what} {error.why}".strip()
        return RequestGrade(refusal=said, reasons=(said,))
    refusal = ""
    if not request.safe:
        refusal = _WRITES.get(request.method, f"{request.method} with a body is not known to only read.")
        word = clean_line(changing_word(request.url), limit=60)
        if request.method in SAFE_METHODS and not request.body:
            refusal = f"{request.method} should only read, but its URL says {word}."
    reasons = [refusal or f"It only reads: by the rules of HTTP, {request.method} changes nothing on the server."]
    if request.credentials:
        names = ", ".join(request.credentials)
        reasons.append(f"It is sent with the secret {names}, so it may do what that account may.")
    files = [part for part in request.parts if part.is_file]
    if files:
        names = ", ".join(clean_line(part.value, limit=60) for part in files[:3])
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        size = bytes_text(sum(part.size for part in files))
        reasons.append(f"It sends {names}{more} from here to the server, {size}.")
    if not request.origin.secure:
        reasons.append("It goes over http: whoever stands in between can read and change it.")
    return RequestGrade(refusal=refusal, medium=request.method in _MEDIUM, reasons=tuple(reasons))
