"""Values that are known to be secrets, found in a text as they are and in the forms that programs write them in."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator

from opsterm.core.secret import Secret
from opsterm.policy.masking.spans import SecretSpan

_SHORTEST = 4
"""A value of fewer characters is in too many texts by chance."""

_SHORTEST_INSIDE = 8
"""From this length on a value is also looked for inside other words, and in its encoded forms."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def find_known(text: str, known: Iterable[Secret]) -> Iterator[SecretSpan]:
    """Yield where known secrets stand in a text, also encoded as base64, URL, JSON, XML or hexadecimal digits.

    Cost: one search for each form, so linear in the text and in the number of secrets.
    """
    for value in {value for secret in known for value in _values(secret.reveal())}:
        if len(value) < _SHORTEST:
            continue
        for form in _forms(value) if len(value) >= _SHORTEST_INSIDE else (value,):
            yield from _places(text, form, alone=len(value) < _SHORTEST_INSIDE)


def _values(kept: str) -> Iterator[str]:
    """Yield a secret, or the secrets in one that is kept with what it is for, as JSON."""
    yield kept
    if kept.startswith("{"):
        try:
            found = json.loads(kept)
        except (ValueError, RecursionError):
            return
        for name, value in found.items():
            if isinstance(value, str) and any(
                word in name for word in ("passphrase", "community", "password", "secret")
            ):
                yield value


def _places(text: str, form: str, *, alone: bool) -> Iterator[SecretSpan]:
    at = text.find(form)
    while at >= 0:
        end = at + len(form)
        around = text[max(at - 1, 0) : at] + text[end : end + 1]
        if not alone or not any(char.isalnum() for char in around):
            yield SecretSpan(at, end, "credential")
        at = text.find(form, end)


def _forms(value: str) -> set[str]:
    """Return the value and how it looks when a program encoded it."""
    data = value.encode("utf-8", "surrogatepass")
    forms = {
        value, _percent(data), _percent(data).replace("%20", "+"), _percent(data, also=b"/"), _percent(data, also=b"/:@!*'(),$&+;="),
        html.escape(value), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        value.replace("'", "'\\''"), data.hex(), data.hex().upper(),
    }  # fmt: skip
    forms |= {_small_percent(form) for form in list(forms) if "%" in form}
    for form in _base64_inside(data):
        forms |= {form, form.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= _SHORTEST_INSIDE}


def _percent(data: bytes, also: bytes = b"") -> str:
    """Return bytes as RFC 3986 writes them in a URL; `also` stay as they are."""
    return "".join(chr(byte) if byte in _UNRESERVED or byte in also else f"%{byte:02X}" for byte in data)


def _small_percent(text: str) -> str:
    pieces = text.split("%")
    return pieces[0] + "".join(f"%{piece[:2].lower()}{piece[2:]}" for piece in pieces[1:])


def _base64_inside(data: bytes) -> Iterator[str]:
    """Yield the characters that base64 makes of the bytes alone, wherever in a longer text they stand.

    Three bytes become four characters, so there are three ways to stand; the characters at both ends that
    neighbours have a part in are left out, but not at the beginning and end of the whole.
    """
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data)
        first = (before * 8 + 5) // 6
        last = (before + len(data)) * 8 // 6
        yield encoded.decode("ascii")[first:last]
    yield base64.b64encode(data).decode("ascii")
