"""Which targets words such as "all network switches" or "cam-1 and cam-2" mean, by what the inventory says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.inventory.folding import natural_key, unfold
from opsterm.inventory.target import Target

_IGNORED = frozenset({
    "all", "the", "every", "each", "our", "my", "any", "network", "of", "these", "those", "devices", "device", "hosts",
    "targets", "ones", "both", "lan", "in", "at", "on", "from", "under",
})  # fmt: skip
_SPLIT = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+plus\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTargets:
    """What words came to.

    Attributes:
        targets: in natural order of their names.
        unknown: words for which nothing is there.
    """

    targets: tuple[Target, ...] = ()
    unknown: tuple[str, ...] = ()


def named_targets(words: str, fleet: Sequence[Target]) -> NamedTargets:
    """Return which targets words choose: names, and what groups, tags, sites and systems are called.

    Several words of one part have to hold at once, as in "axis cameras". A word that nothing is called by chooses
    nothing, and is told.

    Args:
        words: what was said.
        fleet: all targets.
    """
    found: dict[str, Target] = {}
    unknown: list[str] = []
    for part in _SPLIT.split(words.strip()):
        chosen = _named(part, fleet) or _called(part, fleet)
        found |= {target.name: target for target in chosen}
        if part and not chosen:
            unknown.append(part)
    return NamedTargets(
        targets=tuple(sorted(found.values(), key=lambda one: natural_key(one.name))), unknown=tuple(unknown)
    )  # fmt: skip


def _named(part: str, fleet: Sequence[Target]) -> list[Target]:
    try:
        names = set(unfold(part.replace(" ", "")))
    except BadInput:
        return []
    found = [target for target in fleet if target.name in names]
    return found if len(found) == len(names) else []


def _called(part: str, fleet: Sequence[Target]) -> list[Target]:
    words = [word for word in re.findall(r"[\w.:-]+", part.lower()) if word not in _IGNORED]
    if not words:
        return []
    return [target for target in fleet if all(_is_called(target, word) for word in words)]


def _is_called(target: Target, word: str) -> bool:
    """Return whether a target is called so: by a label, how its name begins, its site or environment, its system.

    What bears the name of a maker of cameras as its system is a camera.
    """
    forms = {word, word.removesuffix("s"), word.removesuffix("es")}
    labels = {one.lower() for one in (*target.tags, *target.groups, target.site, target.environment) if one}
    labels |= {label.removesuffix("s") for label in labels} | set(target.os.lower().split())
    labels.add(re.split(r"[^a-z]", target.name.lower(), maxsplit=1)[0])
    if "axis" in labels:
        labels.add("camera")
    return bool(forms & labels)
