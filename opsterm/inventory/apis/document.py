"""A description's text, JSON or YAML, as a tree of what JSON carries; within limits, whoever wrote it.

YAML is read as JSON would be: keys are texts, `on` and a date stay what was written, tags of other languages are
refused. An alias is counted with all that stands behind it before anything is built, so that a few lines cannot
become a million nodes.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.events import Event

JSON_LIMIT = 32_000_000
YAML_LIMIT = 12_000_000
"""Bytes of a description. The largest that are well known have 12 MB; YAML takes ten times as long to read."""

DEPTH_LIMIT = 100
NODE_LIMIT = 3_000_000
"""Values in a description, those behind an alias once for each time they are met."""


def read_document(data: bytes) -> dict[str, Any]:
    """Return a description's tree. Cost: about 40 ms for 1 MB of JSON, 1 s for 1 MB of YAML.

    Raises:
        BadInput: it is neither JSON nor YAML, has no mapping at the top, or is larger than a description is.
    """
    if len(data) > JSON_LIMIT:
        raise _too_much(f"It has {len(data):,} bytes; {JSON_LIMIT:,} are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"Byte {error.start + 1} is not UTF-8 text.") from None
    tree = _json(text) if text.lstrip()[:1] in ("{", "[") else _yaml(text)
    if not isinstance(tree, dict):
        raise _unreadable("There is no mapping at the top.")
    return tree


def _json(text: str) -> object:
    try:
        tree: object = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _unreadable(f"It is not JSON: {error.msg.lower()}, line {error.lineno}, column {error.colno}.") from None
    except ValueError as error:  # NaN, or a number of more digits than Python reads
        raise _unreadable(f"It is not JSON: {clean_line(str(error), limit=200)}.") from None
    except RecursionError:
        raise _too_much(f"It is nested more than {DEPTH_LIMIT} deep.") from None
    _measure(tree)
    return tree


def _no_constant(word: str) -> NoReturn:
    msg = f"{word} is no number"
    raise ValueError(msg)


def _measure(tree: object) -> None:
    """Refuse a tree that is too deep or too large."""
    level, depth, count = [tree], 0, 0
    while level:
        count += len(level)
        if depth > DEPTH_LIMIT:
            raise _too_much(f"It is nested more than {DEPTH_LIMIT} deep.")
        if count > NODE_LIMIT:
            raise _too_much(f"It has more than {NODE_LIMIT:,} values.")
        below: list[object] = []
        for node in level:
            if isinstance(node, dict):
                below += node.values()
            elif isinstance(node, list):
                below += node
        level, depth = below, depth + 1


def _yaml(text: str) -> object:
    import yaml  # noqa: PLC0415 (only a description in YAML needs it)

    if len(text) > YAML_LIMIT:
        raise _too_much(f"It is YAML of {len(text):,} characters; {YAML_LIMIT:,} are read.")
    loader = _loader()
    try:
        _count(yaml.parse(text, Loader=loader))
        tree: object = yaml.load(text, Loader=loader)  # noqa: S506 (our loader makes only what JSON carries)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        said = clean_line(str(error.problem or error.context), limit=200)
        raise _unreadable(f"It is not YAML: {said}{line}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise _unreadable(f"It is not YAML: {clean_line(str(error), limit=200)}.") from None
    except RecursionError:
        raise _too_much(f"It is nested more than {DEPTH_LIMIT} deep.") from None
    return tree


def _count(events: Iterator[Event]) -> None:
    """Refuse a text whose tree would be too deep or too large, before it is built."""
    import yaml  # noqa: PLC0415 (as above)

    sizes: dict[str, int] = {}
    open_ones: list[tuple[str | None, int]] = [(None, 0)]  # anchor, values so far
    for event in events:
        size = 1
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionStartEvent):
            open_ones.append((anchor, 1))
            if len(open_ones) > DEPTH_LIMIT + 1:
                raise _too_much(f"It is nested more than {DEPTH_LIMIT} deep.")
            continue
        if isinstance(event, yaml.AliasEvent):
            if anchor not in sizes:
                raise _unreadable("An alias leads to what is not there, or into itself.")
            size = sizes[anchor]
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_ones.pop()
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if anchor is not None:
            sizes[anchor] = size
        around, before = open_ones[-1]
        open_ones[-1] = (around, before + size)
        if before + size > NODE_LIMIT:
            raise _too_much(f"It has more than {NODE_LIMIT:,} values, those behind aliases counted each time.")


@functools.cache
def _loader() -> Any:
    """Return the loader: a class, made when the first YAML is read."""
    import yaml  # noqa: PLC0415 (as above)

    parent: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    prefix = "tag:yaml.org,2002:"

    class JsonLikeLoader(parent):  # type: ignore[misc]  # the fast one where libyaml is there
        """Makes what JSON carries, and nothing else."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (the library's own shape)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 (as the library calls it)
            """Return a mapping whose keys are texts as they were written."""
            self.flatten_mapping(node)
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise yaml.constructor.ConstructorError(None, None, "a key is no text", key.start_mark)
            return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    for tag, pattern, first in (*_SCALARS, ("merge", "<<", "<")):
        JsonLikeLoader.add_implicit_resolver(prefix + tag, re.compile(f"(?:{pattern})$"), list(first))
    JsonLikeLoader.add_implicit_resolver(prefix + "null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
    made = parent.yaml_constructors
    kinds = ("null", "str", "seq", "map")
    JsonLikeLoader.yaml_constructors = {
        None: made[None],
        **{prefix + kind: made[prefix + kind] for kind in kinds},
        **{prefix + kind: functools.partial(_scalar, kind, re.compile(pattern)) for kind, pattern, _ in _SCALARS},
    }
    return JsonLikeLoader


_SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
)
"""Kinds of values that are no texts, how they are written, and what they begin with."""


def _scalar(kind: str, pattern: re.Pattern[str], loader: Any, node: Any) -> object:
    """Return a value; only one that is written as JSON would have it, whatever its tag says.

    The library's own takes `!!int 1:59:59…` for a number to the base of 60, which takes hours to work out.
    """
    text = str(loader.construct_scalar(node))
    if not pattern.fullmatch(text):
        msg = f"a tag says {kind}, and what follows is none"
        raise ValueError(msg)
    if kind == "bool":
        return text.lower() == "true"
    return int(text) if kind == "int" else float(text)


def _unreadable(why: str) -> BadInput:
    return BadInput(
        "The description cannot be read.", why=why, next_step="Give an OpenAPI 3 description, JSON or YAML."
    )


def _too_much(why: str) -> BadInput:
    return BadInput(
        "The description was not read: it is larger than a description is.", why=why,
        next_step="Take the operations that are needed into a smaller one.",
    )  # fmt: skip
