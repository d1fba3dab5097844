"""A text that never prints."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a password, passphrase or token so that it cannot leak by accident.

    It has no text form: `str`, `repr`, f-strings, JSON and pickle show nothing of it. The one way to the text
    is `reveal`, which a reader of the code can search for.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; call it only where the text is handed to the thing that needs it."""
        return self._text

    def prefixed(self, text: str) -> Secret:
        """Return a secret of a text and this one behind it."""
        return Secret(text + self._text)

    def __repr__(self) -> str:
        return "Secret(hidden)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        # "surrogatepass": bytes that were no UTF-8 arrive as lone surrogates, and an error would show the text.
        mine = self._text.encode("utf-8", "surrogatepass")
        return isinstance(other, Secret) and hmac.compare_digest(mine, other._text.encode("utf-8", "surrogatepass"))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> NoReturn:
        msg = "a Secret is neither pickled nor copied"
        raise TypeError(msg)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()
