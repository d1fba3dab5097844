r"""The body of a form with files as a text that is read and approved: a line for each part, a file by its sha256.

    field "name" "rex"
    field "about" "{\"age\": 3}" application/json
    file "photo" "rex.png" image/png 20480 <64 hex digits>

Names and values are strings of JSON in ASCII, so that none is more than one line. What goes over the line is made of it
(RFC 7578): the boundary is a hash of the whole request, so no file in it can hold it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

MULTIPART = "multipart/form-data"
ANY_FILE = "application/octet-stream"

_STRING = r'"(?:[^"\\]|\\.)*"'
_MEDIA = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}"
_FIELD = re.compile(rf"field ({_STRING}) ({_STRING})(?: ({_MEDIA}))?")
_FILE = re.compile(rf"file ({_STRING}) ({_STRING}) ({_MEDIA}) ([0-9]{{1,15}}) ([0-9a-f]{{64}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a form.

    Attributes:
        name: of its field.
        value: text of a field; of a file its name, which is told to the server.
        media_type: what it is; "" for plain text of a field.
        size: bytes of a file.
        sha256: of a file, "" for a field.
    """

    name: str
    value: str
    media_type: str = ""
    size: int = 0
    sha256: str = ""

    @property
    def is_file(self) -> bool:
        """Whether its content is a file's."""
        return bool(self.sha256)

    @property
    def line(self) -> str:
        """The line that is approved."""
        named = f"{json.dumps(self.name)} {json.dumps(self.value)}"
        if self.is_file:
            return f"file {named} {self.media_type} {self.size} {self.sha256}"
        return f"field {named} {self.media_type}".rstrip()

    def head(self, boundary: str) -> bytes:
        """Return what stands before its content on the line."""
        named = f'; filename="{_quoted(self.value)}"' if self.is_file else ""
        kind = f"\r\nContent-Type: {self.media_type}" if self.media_type else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(self.name)}"{named}{kind}\r\n\r\n'
        return head.encode()


def _quoted(text: str) -> str:
    """Return a text as it stands in quotes of a header of a part, as browsers write it."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def parts_text(parts: Sequence[Part]) -> str:
    """Return the one text of parts."""
    return "\n".join(part.line for part in parts)


def parse_parts(text: str) -> tuple[Part, ...]:
    """Read a text of parts. Raises BadInput when it is not the one text for what it says."""
    parts = tuple(map(_part, text.split("\n")))
    if parts_text(parts) != text:
        raise _bad(text)
    return parts


def _part(line: str) -> Part:
    try:
        if field := _FIELD.fullmatch(line):
            return Part(name=_string(field[1]), value=_string(field[2]), media_type=field[3] or "")
        if file := _FILE.fullmatch(line):
            return Part(
                name=_string(file[1]), value=_string(file[2]), media_type=file[3], size=int(file[4]), sha256=file[5]
            )
    except ValueError:
        pass
    raise _bad(line)


def _string(written: str) -> str:
    """Return the text of a string of JSON that has a form in UTF-8. Raises ValueError."""
    text = str(json.loads(written))
    text.encode()
    return text


def _bad(line: str) -> BadInput:
    return BadInput(f"{clean_line(line, limit=100)!r} is no part of a form with files.")
