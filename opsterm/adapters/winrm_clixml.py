"""What PowerShell writes on standard error when that is no console: records as XML, made a text again.

A marker line "#< CLIXML", then one or more `<Objs>` documents (MS-PSRP 2.2.5, "CLIXML"). Errors and warnings become
what a console would show; progress is dropped. What cannot be read is passed on as it came.
"""

from __future__ import annotations

import re
from itertools import islice

from opsterm.adapters.winrm_xml import UnusableXml, parse_xml

MARK = b"#< CLIXML"
CLOSE = b"</Objs>"
LARGEST_DOCUMENT = 1_000_000
"""Bytes of one document that are gathered; a longer one is passed on as it came."""

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NAMES = {"warning": "WARNING: ", "verbose": "VERBOSE: ", "debug": "DEBUG: "}


class ErrorStream:
    """The standard error of one command, fed as it comes."""

    def __init__(self) -> None:
        self._waiting = b""
        self._inside = False

    def feed(self, data: bytes) -> bytes:
        """Return what can be shown so far."""
        self._waiting += data
        told = bytearray()
        while self._waiting:
            if not self._inside:
                place = self._waiting.find(MARK)
                if place < 0:
                    keep = _overlap(self._waiting)
                    told += self._waiting[: len(self._waiting) - keep]
                    self._waiting = self._waiting[len(self._waiting) - keep :]
                    break
                told += self._waiting[:place]
                self._waiting = self._waiting[place + len(MARK) :].lstrip(b"\r\n")
                self._inside = True
            elif not self._document(told):
                break
        return bytes(told)

    def _document(self, told: bytearray) -> bool:
        """Take one whole document off the front; False when more has to come first."""
        stripped = self._waiting.lstrip(b"\r\n")
        if not b"<Objs".startswith(stripped[:5]):  # no further document: a text again
            self._inside = False
            return True
        end = self._waiting.find(CLOSE)
        if end < 0:
            if len(self._waiting) <= LARGEST_DOCUMENT:
                return False
            told += self._waiting
            self._waiting, self._inside = b"", False
            return False
        end += len(CLOSE)
        told += text_of(self._waiting[:end])
        self._waiting = self._waiting[end:]
        return True

    def end(self) -> bytes:
        """Return what is left when nothing more comes."""
        rest, self._waiting = self._waiting, b""
        return rest


def _overlap(data: bytes) -> int:
    """Return how many of the last bytes could be the beginning of a mark."""
    return next((n for n in range(min(len(MARK) - 1, len(data)), 0, -1) if MARK.startswith(data[-n:])), 0)


def text_of(document: bytes) -> bytes:
    """Return the records of one `<Objs>` document as text, UTF-8; a document that cannot be read as it came."""
    try:
        root = parse_xml(document.strip())
    except UnusableXml:
        return document
    said = []
    begins_line = True
    for record in root:
        kind = (record.get("S") or "").lower()
        if kind == "progress":
            continue
        if record.tag.endswith("}S") or record.tag == "S":
            text = decoded(record.text or "")
        else:
            shown = (part.text or "" for part in record.iter() if part.tag.endswith("ToString"))
            text = "".join(decoded(one) + "\r\n" for one in islice(shown, 1))
        said.append((_NAMES.get(kind, "") if begins_line or kind in _NAMES else "") + text)
        begins_line = text.endswith("\n")
    return "".join(said).encode("utf-8", "replace")


def decoded(text: str) -> str:
    """Return a text with its escapes undone: _x000D_ is a carriage return, a pair of them one beyond 16 bits."""
    undone = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return undone.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
