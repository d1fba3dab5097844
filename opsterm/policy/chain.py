"""The audit chain: how its entries hang together, and the proof that nothing was changed.

An entry is canonical JSON (sorted keys, whole numbers, ASCII). Its hash is sha256(0x00, hash before, entry); its seal
is HMAC-SHA256(key, hash), and the key becomes sha256("evolve", key) after each entry, so that whoever takes the key of
today cannot seal an entry of yesterday. A checkpoint says elsewhere how long the chain was and how it ended.

This file needs nothing of opsterm and nothing but Python's library, so that an auditor can read it, take it away and
run it: `python chain.py EXPORT.jsonl --key FILE --checkpoint FILE`. After Schneier and Kelsey, Secure Audit Logs to
Support Computer Forensics (1999), and RFC 6962 for the leading 0x00.
"""

from __future__ import annotations

import argparse
import hmac
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain as joined
from pathlib import Path
from typing import Any

GENESIS = bytes(32)
"""Stands for the hash before the first entry."""

KEY_BEGUN = "audit.key_begun"
"""Kind of the entry from which a new first key counts, the first entry of a chain included; names the key's id."""

Sealed = tuple[str, bytes, bytes]
"""An entry's canonical JSON, its hash, its seal."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode
_KEY_MARK = f'"kind":"{KEY_BEGUN}"'
_HASH_MARK = ',"hash":"'
_TAIL = len(_HASH_MARK) + 64 + len('","mac":"') + 64 + len('"}')
_HEAD = '{"entry":'


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How a chain stood at one moment, kept elsewhere.

    Attributes:
        chain: id of the chain, `chain_id` of its first hash.
        count: entries that there were.
        head: hash of the last of them, 64 hex digits.
        seq: place of the last one in the journal.
        at: epoch seconds.
        origin: whose chain it is: account, host and database.
    """

    chain: str
    count: int
    head: str
    seq: int
    at: int
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The first thing that is wrong.

    Attributes:
        kind: "edited", "recomputed", "deleted", "swapped", "cut", "key", "begun anew" or "unreadable".
        entry: place of the first bad entry, from 1.
        text: whole sentences for people.
    """

    kind: str
    entry: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainVerdict:
    """What a verification came to.

    Attributes:
        entries: entries that were read, up to the first bad one.
        head: hash of the last good one, 64 hex digits; "" for none.
        chain: id of the chain, "" when it is empty.
        sealed: entries whose seal was checked with a key.
        checkpoints: checkpoints that fit.
        finding: what is wrong, None when nothing is.
        anew: sentences on entries from which another key counts, and why; the first entry is none of them.
    """

    entries: int
    head: str
    chain: str
    sealed: int
    checkpoints: int
    finding: Finding | None
    anew: tuple[str, ...] = ()


def canonical(entry: Mapping[str, Any]) -> str:
    """Return the one text that stands for an entry. Raises ValueError for a number that JSON does not have."""
    return _encode(entry)


def entry_hash(before: bytes, body: str) -> bytes:
    """Return the hash of an entry that stands behind the one with the hash `before`."""
    return sha256(b"\x00" + before + body.encode()).digest()


def seal(key: bytes, hash_: bytes) -> bytes:
    """Return the seal of a hash."""
    return hmac.digest(key, hash_, "sha256")


def next_key(key: bytes) -> bytes:
    """Return the key of the next entry; there is no way back."""
    return sha256(b"evolve" + key).digest()


def key_id(first_key: bytes) -> str:
    """Return what names a first key without giving it away: 16 hex digits."""
    return sha256(b"key id" + first_key).hexdigest()[:16]


def chain_id(first_hash: bytes) -> str:
    """Return what names a chain: 16 hex digits."""
    return first_hash.hex()[:16]


def export_line(body: str, hash_: bytes, mac: bytes) -> str:
    """Return an entry as one line of an export, without its end."""
    return f'{_HEAD}{body}{_HASH_MARK}{hash_.hex()}","mac":"{mac.hex()}"}}'


def checkpoint_line(at: Checkpoint) -> str:
    """Return a checkpoint as one line, without its end."""
    return canonical(
        {"audit_checkpoint": 1, "chain": at.chain, "count": at.count, "head": at.head, "seq": at.seq, "at": at.at,
         "origin": at.origin}
    )  # fmt: skip


def read_export(lines: Iterable[str]) -> Iterator[Sealed]:
    """Yield the entries of an export. A line that is none ends as an entry that fits nowhere."""
    for line in lines:
        text = line.rstrip("\r\n")
        if not text:
            continue
        try:
            if text.startswith(_HEAD) and text[-_TAIL : -_TAIL + len(_HASH_MARK)] == _HASH_MARK:
                yield text[len(_HEAD) : -_TAIL], bytes.fromhex(text[-139:-75]), bytes.fromhex(text[-66:-2])
            else:  # written anew by another program: only what it says counts
                told = json.loads(text)
                yield canonical(told["entry"]), bytes.fromhex(told["hash"]), bytes.fromhex(told["mac"])
        except (ValueError, TypeError, KeyError, RecursionError):
            yield text, b"", b""


def read_checkpoints(text: str) -> Sequence[Checkpoint]:
    """Return the checkpoints in a text, which may have other lines and words before them, as a syslog has."""
    found = []
    for piece in re.findall(r'\{"at":[^{}]*\}', text):
        try:
            told = json.loads(piece)
            if told.pop("audit_checkpoint") == 1:
                found.append(Checkpoint(**told))
        except (ValueError, TypeError, KeyError):
            continue
    return found


def read_keys(text: str) -> Sequence[bytes]:
    """Return the first keys in a text: each a word of 64 hex digits."""
    return [bytes.fromhex(word) for word in re.findall(r"\b[0-9a-fA-F]{64}\b", text)]


def verify(
    entries: Iterable[Sealed], *, keys: Sequence[bytes] = (), checkpoints: Sequence[Checkpoint] = (), least: int = 0
) -> ChainVerdict:
    """Follow a chain from its first entry and say what is wrong first, if anything is.

    Without a key, a chain that was recomputed as a whole is found by a checkpoint alone; without a checkpoint, a tail
    that was cut is found by nothing but `least`.

    Args:
        entries: in their order.
        keys: first keys that were kept elsewhere.
        checkpoints: of this chain and others.
        least: entries that there must be at least, as somebody knows.
    """
    walk = _Walk(keys, checkpoints)
    rest = iter(entries)
    finding = walk.follow(rest)
    if finding is None:
        finding = walk.ended(least)
    return ChainVerdict(
        entries=walk.place, head=walk.head.hex() if walk.place else "", chain=walk.chain, sealed=walk.sealed,
        checkpoints=walk.fitting, finding=finding, anew=tuple(walk.anew),
    )  # fmt: skip


class _Walk:
    """One way along a chain."""

    def __init__(self, keys: Sequence[bytes], checkpoints: Sequence[Checkpoint]) -> None:
        self.place = 0
        self.head = GENESIS
        self.chain = ""
        self.sealed = 0
        self.fitting = 0
        self.anew: list[str] = []
        self._keys = {key_id(key): key for key in keys}
        self._checkpoints = checkpoints
        self._expected: dict[int, list[Checkpoint]] = {}
        self._last_fitting = 0

    def follow(self, rest: Iterator[Sealed]) -> Finding | None:
        """Follow the entries to their end or to the first that is bad."""
        key: bytes | None = None
        for place, (body, hash_, mac) in enumerate(rest, 1):
            if entry_hash(self.head, body) != hash_ or f',"n":{place},"seq":' not in body:
                return _diagnosis(place, body, (number_of(one[0]) for one in rest))
            if place == 1:
                self._begin(hash_)
            if place == 1 or _KEY_MARK in body:
                key, wrong = self._key_from(place, body, key)
                if wrong is not None:
                    return wrong
            if key is not None:
                if not hmac.compare_digest(seal(key, hash_), mac):
                    return Finding(kind="recomputed", entry=place, text=_RECOMPUTED.format(place))
                key = next_key(key)
                self.sealed += 1
            for at in self._expected.get(place, ()):
                if at.head != hash_.hex():
                    return self._differs(at)
                self.fitting += 1
                self._last_fitting = place
            self.place, self.head = place, hash_
        return None

    def _begin(self, first_hash: bytes) -> None:
        self.chain = chain_id(first_hash)
        for at in self._checkpoints:
            if at.chain == self.chain:
                self._expected.setdefault(at.count, []).append(at)

    def _key_from(self, place: int, body: str, key: bytes | None) -> tuple[bytes | None, Finding | None]:
        """Return the key that counts from an entry on: another one where the entry says so."""
        told = json.loads(body)
        if told.get("kind") != KEY_BEGUN:
            return key, None
        name = str(told["fields"].get("key"))
        found = self._keys.get(name)
        if place > 1:
            self.anew.append(f"From entry {place} on another key counts, {name}: {told['fields'].get('why')}")
        if found is None and self._keys:
            given = ", ".join(self._keys)
            return None, Finding(
                kind="key", entry=place,
                text=f"The key does not fit: from entry {place} on the key {name} counts, and given was {given}. "
                "Either it is the key of another chain, or everything from there on was made anew with another key.",
            )  # fmt: skip
        return found, None

    def _differs(self, at: Checkpoint) -> Finding:
        first = self._last_fitting + 1
        return Finding(
            kind="recomputed", entry=first,
            text=f"The entries up to {at.count} are not those of the checkpoint of that number: somewhere in {first} "
            f"to {at.count} one was changed, and the hashes after it were recomputed.",
        )  # fmt: skip

    def ended(self, least: int) -> Finding | None:
        """Return what is wrong with where the chain ends, and with the checkpoints of it."""
        beyond = max([*self._expected, least])
        if beyond > self.place:
            by = "the key file has sealed" if beyond == least else "a checkpoint tells of"
            return Finding(
                kind="cut", entry=self.place + 1,
                text=f"The tail is cut: there are {self.place:,} entries, and {by} {beyond:,}.",
            )  # fmt: skip
        ours = [at for at in self._checkpoints if at.chain == self.chain]
        origins = {at.origin for at in ours}
        others = [at for at in self._checkpoints if at.chain != self.chain and (not ours or at.origin in origins)]
        if not others:
            return None
        longest = max(at.count for at in others)
        said = "is of this chain" if not ours else "of the same place is of this chain"
        return Finding(
            kind="begun anew", entry=1,
            text=f"Not every checkpoint {said}: {len(others)} tell of another one, with {longest:,} entries. Either "
            "the file is of another installation, or the chain was thrown away and begun anew.",
        )  # fmt: skip


_RECOMPUTED = (
    "Entry {} fits the one before it, but its seal is not that of the key: it was recomputed by somebody who did not "
    "have the key, or its seal was edited."
)


def number_of(body: str) -> int | None:
    """Return the place that an entry gives itself, None when it has none."""
    try:
        number = json.loads(body)["n"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return number if isinstance(number, int) else None


def _diagnosis(place: int, body: str, rest: Iterator[int | None]) -> Finding:
    """Say what was done at the first place that does not fit."""
    number = number_of(body)
    if number is None:
        return Finding(kind="unreadable", entry=place, text=f"Entry {place} is no entry of a chain.")
    if number == place:
        return Finding(
            kind="edited", entry=place, text=f"Entry {place} is not what was hashed: its text or its hash was edited."
        )
    following = next(rest, None)
    if following == place + 1:
        return Finding(kind="edited", entry=place, text=f"Entry {place} was edited: it calls itself entry {number}.")
    if number < place:
        return Finding(kind="swapped", entry=place, text=f"At place {place} stands entry {number}: copied, or moved.")
    if place in joined((following,), rest):
        return Finding(kind="swapped", entry=place, text=f"Entries {place} and {number} stand in each other's places.")
    return Finding(
        kind="deleted", entry=place,
        text=f"Entry {place} was deleted: entry {number} follows on {place - 1}, and {number - place} are missing.",
    )  # fmt: skip


def verdict_text(verdict: ChainVerdict) -> str:
    """Return a verdict as sentences for people."""
    if verdict.finding is not None:
        found = verdict.finding
        return f"NOT AS IT WAS WRITTEN, at entry {found.entry} ({found.kind}). {found.text}"
    seals = f"{verdict.sealed:,} seals fit the key" if verdict.sealed else "no key was given, so no seal was checked"
    kept = f"{verdict.checkpoints} checkpoints fit" if verdict.checkpoints else "no checkpoint was given"
    return " ".join([f"Whole: {verdict.entries:,} entries hang together, {seals}, {kept}.", *verdict.anew])


def main(argv: Sequence[str]) -> int:
    """Verify an export on its own; 0 when it is whole, 1 when it is not, 2 when it cannot be read."""
    parser = argparse.ArgumentParser(prog="chain.py", description="Verifies an export of opsterm's audit chain.")
    parser.add_argument("export", help="the file, - for standard input")
    parser.add_argument("--key", default="", help="file with the first key, - for standard input")
    parser.add_argument("--checkpoint", default="", help="file with checkpoints, a syslog for example")
    given = parser.parse_args(argv)
    try:
        keys = read_keys(_text(given.key)) if given.key else ()
        checkpoints = read_checkpoints(_text(given.checkpoint)) if given.checkpoint else ()
        if given.export == "-":
            verdict = verify(read_export(sys.stdin), keys=keys, checkpoints=checkpoints)
        else:
            with Path(given.export).open(encoding="utf-8") as lines:
                verdict = verify(read_export(lines), keys=keys, checkpoints=checkpoints)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for name, found in (("key", keys), ("checkpoint", checkpoints)):
        if getattr(given, name) and not found:
            sys.stderr.write(f"There is no {name} in {getattr(given, name)}.\n")
            return 2
    sys.stdout.write(verdict_text(verdict) + "\n")
    return 0 if verdict.finding is None else 1


def _text(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
