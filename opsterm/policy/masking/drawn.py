"""Words that a machine has drawn, told as secrets by the words before them on the line: `bugsnag key 3f2a…`.

A key of a service often is nothing but digits of a hexadecimal number, as are commits, digests and identifiers. What
stands before it tells: a name that ends in `key` or `token`, or that of a service that gives out keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsterm.policy.masking.plain import is_plain, looks_random
from opsterm.policy.masking.services import names_service
from opsterm.policy.masking.spans import SecretSpan

_CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9_+/.@%-])(?=[A-Za-z_+/.~-]{0,80}\d|[A-Za-z]{0,20}[a-z][A-Z])[A-Za-z0-9_+/.~-]{14,400}={0,2}(?![A-Za-z0-9@])"
)
"""A long word with a digit in it, or with small letters and capitals mixed."""

_NAME_ONTO = re.compile(
    r"(?P<name>[a-z][a-z0-9_.]{0,40}?(?:key|token|secret|access|private|pat|credential))[-_.](?=[a-z0-9+/_-]{14})",
    re.IGNORECASE,
)
"""A name that is written onto the value: codatoken-987e…"""

_MOST_BLANKS = 2
"""More of them divide columns."""

_BEFORE = 72
"""How much of a line before a word is looked at."""

_NAMES = re.compile(r"[A-Za-z_$][\w$.-]{0,60}")
_BETWEEN = re.compile(
    r"[ \t]*(?:[\"'\])}>]{0,2}[ \t]*)(?P<sign>:=|=>|={1,3}|:|->|-(?= )|,|\||\()?(?:[ \t]*(?:is|was)(?=[ \t:]))?[ \t:]*[\"'`(\[{<]{0,2}"
)

_TELLS = re.compile(
    r"(?P<strong>secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|auth[_.-]?key|passw|credential)|key|access|private|(?<!un)auth(?!or)|(?<![a-z])pat(?![a-z])|licen[cs]e|login"
)
_OTHER_WORD = re.compile(
    r"(?:^|[_.-])(?:ids?|ref|refs|sha\d*|commit|digest|finger_?print|hash|checksum|uuid|guid|rev|revision|image|trace|span|request|serial|etag|version|name|"
    r"user|username|url|uri|host|hostname|domain|file|path|type|size|count|index|region|zone|bucket|queue|topic|arn|account|project|tenant|subscription|"
    r"organization|org|email|date|time|timestamp|expires?|expiry|integrity|signature_algorithm|algorithm|algo|public|pub|usage|policy)$|(?<=[a-z])(?-i:Id|ID|Hash|Sha|Url|URL|Name|Ref)$",
    re.IGNORECASE,
)
"""What a name ends in whose value is none."""

_OPENS_NOTHING = re.compile(
    r"(?:^|[ _.-])(?:public|publickey|pub|cache|partition|primary|foreign|sort|row|dedup\w*|idempotency|object|group|lookup|host|message|record|index|bucket|"
    r"range|lock|sha\d*|hash|content|file|build|state|image|layer|blob|commit|map|fingerprint|trace|correlation|request|resource|kms|registry|cmk|unique|s3|"
    r"consumer|site|verify|known_?hosts?|ssh|rsa|dsa|ecdsa|ed25519|gpg|pgp|next|page|continuation|starting|sync|change|cursor|join|event|metric|node|"
    r"sequence|window|pagination|client|press|any|signing|trusted|imported|import|recv|keyserver|keyring|revoked|server|thumb|sub|tls|dnssec|zone|redis|memcached)[ _.-]*(?:key|token)s?$"
)
_UUID = re.compile(r"[0-9a-z]{8,12}(?:-[0-9a-z]{4}){3}-[0-9a-z]{8,12}", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9a-fA-F-]+")
"""Digits of a hexadecimal number: next to a service, an identifier of something there as often as a key."""

_MIXED_PIECE = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{4,}")
_OF_ITSELF = re.compile(
    r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}|[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}|S[UAONC][A-Z2-7]{56}|[0-9A-Za-z]{27}_[0-9A-Za-z]{21}|"
    r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}|[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"
)
"""Tokens that have a shape of their own, but no text in all of them that a rule could be tried by; and keys of products."""

_LABELLED = re.compile(
    r"(?!(?:req|msg|evt|sess|file|run|task|img|image|vol|snap|node|span|trace|event|id|sha\d*|sum|hash|rev|build|cache|tmp|temp)_)"
    r"[a-z]{2,10}(?:_[a-z]{2,8}){0,2}_(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])(?=[A-Za-z]*\d)[A-Za-z0-9]{28,120}"
)
"""A token that bears the name of its service: rootly_7F1e…; identifiers are shorter, and digests have no capitals."""


def looks_drawn(word: str) -> bool:
    """Return whether a word looks drawn by a machine: also one in pieces, of which most mix letters and digits."""
    if looks_random(word) or _UUID.fullmatch(word) or _looks_shuffled(word):
        return True
    pieces = [piece for piece in re.split(r"[^A-Za-z0-9]+", word) if piece]
    mixed = sum(len(piece) for piece in pieces if _MIXED_PIECE.fullmatch(piece))
    changes = len(re.findall(r"[0-9](?=[A-Za-z])|[A-Za-z](?=[0-9])", word))
    return len(word) >= 14 and changes >= 3 and mixed >= 0.6 * sum(map(len, pieces))


def _looks_shuffled(word: str) -> bool:
    """Return whether letters alone go up and down so often that they are no words: PSIYbVgfkbEPQoqJfzHpACTt."""
    return (
        len(word) >= 20
        and word.isalnum()
        and len(re.findall(r"[a-z](?=[A-Z])", word)) >= max(4, len(word) // 7)
        and (re.search(r"[A-Z]{2,}[a-z]{1,2}[A-Z]|[A-Z][a-z][A-Z]", word) is not None)
    )


def _looks_given(word: str) -> bool:
    """Return whether a word behind a name for secrets can be one: drawn, or long with letters and digits and no sense."""
    return looks_drawn(word) or (
        len(word) >= 20 and re.search(r"[A-Za-z]\d{3}|\d{3}[A-Za-z]", word) is not None and "." not in word
    )


def find_drawn(text: str) -> Iterator[SecretSpan]:
    """Yield the words of a text that look drawn by a machine and stand behind a word that tells of a secret."""
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        while end > start and text[end - 1] in ".-/":
            end -= 1
        onto = _NAME_ONTO.match(text, start, end)
        name = ""
        if onto:
            start, name = onto.end(), onto["name"]
        value = text[start:end]
        if not _looks_given(value):
            continue
        if _OF_ITSELF.fullmatch(value) or (_LABELLED.fullmatch(value) and looks_random(value)):
            yield SecretSpan(start, end, "token")
            continue
        before = text[max(text.rfind("\n", 0, start) + 1, start - _BEFORE) : start]
        if _is_told(value, f"{name}-" if onto else before, before) and not is_plain(value):
            yield SecretSpan(start, end, "token")


def _is_told(value: str, before: str, line: str) -> bool:
    """Return whether the names before a value tell that it is a secret.

    Args:
        value: that looks drawn.
        before: what of the line is before it, or the name that is written onto it.
        line: all that is before it.
    """
    names = list(_NAMES.finditer(before))
    while names and names[-1][0] in {"is", "was"}:
        names.pop()
    if not names:
        return False
    last = names[-1]
    name = last[0].rstrip("-._")
    between = _BETWEEN.fullmatch(before, last.start() + len(name.rstrip())) or re.fullmatch(
        r"[-._]", before[last.start() + len(name) :]
    )
    if (
        between is None
        or (not between.groupdict().get("sign") and between[0].count(" ") > _MOST_BLANKS)
        or _OTHER_WORD.search(name)
        or "arn:" in line.rpartition(" ")[2]
    ):
        return False
    small = name.lower()
    earlier = re.split(r"[;&|]", line[: len(line) - len(before) + last.start()])[-1].lower()
    tells = _TELLS.search(small)
    assigned = (between.groupdict().get("sign") or "") not in {"", ",", "|", "("} or before[-1:] in "'\"-"
    compound = assigned or (tells is not None and tells.start() > 0)
    if tells is None:
        return (
            assigned
            and names_service(small.rpartition(".")[2])
            and looks_random(value)
            and not _NUMBER.fullmatch(value)
        )
    phrase = f"{' '.join(earlier.split()[-1:])} {small}"
    if _OPENS_NOTHING.search(phrase):
        return False
    if names_service(small) or any(names_service(word) for word in earlier.split()[-3:]):
        return True
    if _UUID.fullmatch(value):
        return bool(tells["strong"]) and assigned
    return bool(tells["strong"]) or (compound and looks_drawn(value))
