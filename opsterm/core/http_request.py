"""A request over HTTP as a text that is read, approved and sent: the same text each time.

    POST https://api.example.org/v1/pets
    Content-Type: application/json
    Authorization: Bearer {credential:token}

    {"name": "rex"}

The text is canonical: reading it and writing it again gives the same text, so what is approved is what is sent. A
secret is not in it; where one belongs stands `{credential:NAME}`, which is filled in at the moment of sending.
Syntax of method, header and target: RFC 9110 and RFC 3986.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from opsterm.core import lean_re as re
from opsterm.core.errors import BadInput
from opsterm.core.http_parts import MULTIPART, Part, parse_parts
from opsterm.core.http_words import changing_word
from opsterm.core.text import clean_line

SAFE_METHODS = ("GET", "HEAD")
"""Methods that only read, by RFC 9110, 9.2.1; a server that does otherwise breaks what clients rely on."""

METHODS = (*SAFE_METHODS, "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
DEFAULT_PORTS = {"https": 443, "http": 80}
SET_BY_US = frozenset({
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
    "proxy-authorization", "proxy-connection", "accept-encoding", "user-agent",
})  # fmt: skip
"""Headers that belong to the connection; no description and no operator sets them."""

_CREDENTIAL = re.compile(r"\{credential:([A-Za-z0-9_.-]{1,100})\}")
_URL = re.compile(r"https?://[^/?#{}\s]+(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]|\{credential:[A-Za-z0-9_.-]{1,100}\})*")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}): ([!-~](?:[ -~]*[!-~])?)")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_LOOPBACK = re.compile(r"localhost|::1|127\.\d{1,3}\.\d{1,3}\.\d{1,3}")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whom a request is for; a secret is kept for one of them and goes to no other.

    Attributes:
        scheme: "https" or "http".
        host: name or address, lower case, an IPv6 address without brackets.
        port: 1 to 65535.
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}")

    @property
    def secure(self) -> bool:
        """Whether what is sent can be read by nobody in between: TLS, or not leaving this machine."""
        return self.scheme == "https" or bool(_LOOPBACK.fullmatch(self.host))


def origin_of(url: str) -> Origin:
    """Return whom a URL is for.

    Raises:
        BadInput: it is no absolute http or https URL, or has a user name in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_url(url) from None
    if parts.username is not None or parts.password is not None:
        raise BadInput(
            "A URL with a user name or password in it is not taken.",
            next_step="Leave it out; `opsterm apis login` keeps what the API wants.",
        )
    host = parts.netloc.removesuffix(f":{port}")
    if parts.scheme not in DEFAULT_PORTS or port == 0 or not _HOST.fullmatch(host):
        raise _no_url(url)
    return Origin(scheme=parts.scheme, host=(parts.hostname or "").lower(), port=port or DEFAULT_PORTS[parts.scheme])


def _no_url(url: str) -> BadInput:
    return BadInput(
        f"{clean_line(url, limit=200)!r} is not the URL of a server.",
        next_step="Write it as in https://api.example.org/v1",
    )


def quoted(text: str, *, keep: str = "") -> str:
    """Return a text as a URL has it: all but letters, digits, `-._~` and `keep` becomes %XX of its UTF-8."""
    return quote(text, safe=keep)


def credential_mark(name: str) -> str:
    """Return what stands for a secret in a request's text."""
    return f"{{credential:{name}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request.

    Attributes:
        method: a word of METHODS.
        url: absolute, in ASCII; marks of credentials only in the query.
        headers: name and value, in the order in which they are sent; printable ASCII.
        body: text that is sent as UTF-8, "" for none; of a form with files the text of its parts.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    @property
    def text(self) -> str:
        """The canonical text; `parse_request` reads it back."""
        head = "\n".join([f"{self.method} {self.url}", *(f"{name}: {value}" for name, value in self.headers)])
        return f"{head}\n\n{self.body}" if self.body else head

    @property
    def origin(self) -> Origin:
        """Whom it is for."""
        return origin_of(self.url)

    @property
    def target(self) -> str:
        """Path and query, as the request line has them."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def credentials(self) -> tuple[str, ...]:
        """Names of the secrets that it wants, each once."""
        return credentials_in("\n".join([self.url, *(value for _, value in self.headers)]))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of a form with files, () for any other request. Raises BadInput for another text in its body."""
        kinds = [value for name, value in self.headers if name.lower() == "content-type"]
        return parse_parts(self.body) if kinds == [MULTIPART] else ()

    @property
    def safe(self) -> bool:
        """Whether it only reads, as far as the method promises it and no word of its URL says otherwise."""
        return self.method in SAFE_METHODS and not self.body and not changing_word(self.url)


def credentials_in(text: str) -> tuple[str, ...]:
    """Return the names of the secrets for which there are marks in a text, each once."""
    return tuple(dict.fromkeys(_CREDENTIAL.findall(text)))


def filled(text: str, secrets: Mapping[str, str]) -> str:
    """Return a text with the marks of credentials replaced; every name in it is in `secrets`."""
    return _CREDENTIAL.sub(lambda match: secrets[match[1]], text)


def parse_request(text: str) -> HttpRequest:
    """Read a request's text.

    Raises:
        BadInput: it is not canonical, or nothing that can be sent.
    """
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    method, _, url = first.partition(" ")
    if method not in METHODS:
        raise _bad(f"Its first line begins with {clean_line(method, limit=40)!r}, which is no method that is sent.")
    if not _URL.fullmatch(url):
        raise _bad("Its first line has no URL, or one with characters that a URL cannot have.")
    made = HttpRequest(method=method, url=url, headers=tuple(_headers(lines)), body=body)
    _check_url(made)
    _ = made.parts
    if made.text != text:
        raise _bad("It is not written as it would be sent.")
    return made


def _headers(lines: Sequence[str]) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        match = _HEADER.fullmatch(line)
        if not match:
            raise _bad(f"{clean_line(line, limit=100)!r} is no header.")
        headers.append((match[1], match[2]))
    names = [name.lower() for name, _ in headers]
    for name in names:
        if name in SET_BY_US or names.count(name) > 1:
            raise _bad(f"The header {name} belongs to the connection, or is there twice.")
    return headers


def _check_url(request: HttpRequest) -> None:
    _ = request.origin
    path, _, _ = request.target.partition("?")
    if "{" in path or "{" in urlsplit(request.url).netloc:
        raise _bad("A credential stands in its path or host.")
    if any(_DOTS.fullmatch(step) for step in path.split("/")):
        raise _bad('A step of its path is "." or "..", which servers take as another path.')


def _bad(why: str) -> BadInput:
    return BadInput("This is not a request that can be sent.", why=why, next_step="opsterm apis call writes requests.")
