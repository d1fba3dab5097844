"""XML from a target, read with limits: no document type, no entities of its own, nothing deep or endless.

The parser of the standard library builds on expat; with a document type refused there is nothing left in a text that
could grow (entity expansion) or reach outside (external entities).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.parsers import expat

LARGEST = 4_000_000
"""Bytes of one answer; what a target may send at once is 500 kB by default (MaxEnvelopeSizekb)."""
DEEPEST = 60
MOST_ELEMENTS = 100_000


class UnusableXml(ValueError):
    """A text that is no XML, or more than is taken from a target."""


def parse_xml(data: bytes) -> ET.Element:
    """Return the root; tags and attributes with a namespace as "{uri}name".

    Raises:
        UnusableXml: the text is not well-formed, has a document type, or is beyond a limit.
    """
    if len(data) > LARGEST:
        raise UnusableXml(f"It has {len(data)} bytes.")
    builder = ET.TreeBuilder()
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > DEEPEST or count > MOST_ELEMENTS:
            raise UnusableXml("It has too many elements, or too many inside one another.")
        builder.start(_named(tag), {_named(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(tag))

    def refuse(*_: object) -> None:
        raise UnusableXml("It has a document type.")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except UnusableXml:
        raise
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as error:  # the builder asserts that it is whole
        raise UnusableXml(f"It is no XML: {error}") from None


def _named(name: str) -> str:
    return "{" + name if "}" in name else name
