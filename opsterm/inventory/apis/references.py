"""References inside a description: `#/components/…`, followed within it and nowhere else."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.inventory.apis.description import Json

MOST_STEPS = 20
"""References that lead to another one before there is something."""


class Unusable(BadInput):
    """A part of a description that cannot be used; the rest of it can."""


class References:
    """Follows references in one description.

    Args:
        tree: the whole description.
    """

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = tree

    def schema(self, reference: str) -> Json:
        """Return the schema that a reference leads to. Raises Unusable."""
        node = self._at(reference)
        if not isinstance(node, dict | bool):
            raise _nowhere(reference)
        return node

    def mapping(self, node: Json, what: str) -> dict[str, Any]:
        """Return a mapping, or the one that a reference leads to.

        Args:
            node: what stands there.
            what: what it should be, for the error.

        Raises:
            Unusable: it is none, or its reference leads nowhere.
        """
        for _ in range(MOST_STEPS):
            if not isinstance(node, dict):
                raise Unusable(f"{what} is no mapping.")
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self._at(reference)
        raise Unusable(f"{what} is a reference that leads to references without end.")

    def _at(self, reference: str) -> Json:
        if not reference.startswith("#"):
            raise Unusable(
                f"It refers to another document, {clean_line(reference, limit=100)}.",
                next_step="Bundle it into one file first; only references inside the description are followed.",
            )
        node: Json = self._tree
        for step in unquote(reference[1:]).split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and name in node:
                node = node[name]
            elif isinstance(node, list) and re.fullmatch("[0-9]{1,5}", name) and int(name) < len(node):
                node = node[int(name)]
            else:
                raise _nowhere(reference)
        return node


def _nowhere(reference: str) -> Unusable:
    return Unusable(f"It refers to {clean_line(reference, limit=100)}, which is not there.")
