"""The five collections of what is known, and the items in them: texts that can be found by what they mean."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opsterm.core.errors import BadInput

BODY_LIMIT = 20_000
"""Characters of an item; what is longer is no item, but a document to be cut."""


class CollectionName(StrEnum):
    """Which collections there are."""

    KNOWLEDGE = "knowledge"
    PATTERNS = "patterns"
    SOLUTIONS = "solutions"
    INTERACTIONS = "interactions"
    SYSTEM_STATE = "system_state"


class Trust(StrEnum):
    """How far the words of an item may be believed."""

    REVIEWED = "reviewed"
    """Ships with the program."""

    SITE = "site"
    """Somebody of this site wrote it."""

    SAID = "said"
    """Somebody said it, or a model did."""

    OBSERVED = "observed"
    """It was read from targets: data, never orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRules:
    """What holds for a collection.

    Attributes:
        kinds: of items that it takes.
        owner: whose its items are: "all" are everybody's; "operator" are found by the one who made them alone;
            "program" are made anew from the tables, and everybody's.
        retention_d: days for which an item is kept after it was last written; None: until it is removed.
        trust: the most that its items may claim.
        about: what the field `about` of its items names.
    """

    kinds: tuple[str, ...]
    owner: str
    retention_d: float | None
    trust: Trust
    about: str


RULES: Mapping[CollectionName, CollectionRules] = {
    CollectionName.KNOWLEDGE: CollectionRules(
        kinds=("concept", "runbook"), owner="all", retention_d=None, trust=Trust.REVIEWED, about="the card"
    ),
    CollectionName.PATTERNS: CollectionRules(
        kinds=("error",), owner="all", retention_d=None, trust=Trust.REVIEWED, about="the card that explains it"
    ),
    CollectionName.SOLUTIONS: CollectionRules(
        kinds=("solution",), owner="all", retention_d=None, trust=Trust.REVIEWED, about="the card"
    ),
    CollectionName.INTERACTIONS: CollectionRules(
        kinds=("question",), owner="operator", retention_d=90.0, trust=Trust.SAID, about="what it was taken for"
    ),
    CollectionName.SYSTEM_STATE: CollectionRules(
        kinds=("target",), owner="program", retention_d=2.0, trust=Trust.OBSERVED, about="the target"
    ),
}
"""system_state is a view: how many there are of anything is asked of the tables, never of it."""

_RANKS = (Trust.REVIEWED, Trust.SITE, Trust.SAID, Trust.OBSERVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A text in a collection.

    Attributes:
        collection: where it is.
        name: unique in its collection.
        kind: one of those that the collection takes.
        owner: the operator whose it is, "" for everybody's.
        trust: how far it may be believed.
        about: see `CollectionRules.about`.
        title: one line.
        body: what is compared; masked.
        at: when it was written, epoch seconds.
    """

    collection: CollectionName
    name: str
    kind: str
    owner: str = ""
    trust: Trust
    about: str
    title: str
    body: str
    at: float

    @property
    def digest(self) -> str:
        """The SHA-256 of all but the time, in hex: the same text is not written twice."""
        parts = (self.collection, self.name, self.kind, self.owner, self.trust, self.about, self.title, self.body)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def expires_at(self) -> float | None:
        """When it is removed, None for never."""
        days = RULES[self.collection].retention_d
        return None if days is None else self.at + days * 86_400

    def check(self) -> None:
        """Insist on the rules of the collection. Raises BadInput."""
        rules = RULES[self.collection]
        faults = {
            f"it takes {', '.join(rules.kinds)}, and not {self.kind[:40]!r}": self.kind not in rules.kinds,
            "its items are each one operator's": (rules.owner == "operator") != bool(self.owner),
            f"nothing in it is more trusted than {rules.trust}": _RANKS.index(self.trust) < _RANKS.index(rules.trust),
            "it has no name or no text": not self.name or not self.body.strip(),
            f"its text is longer than {BODY_LIMIT:,} characters": len(self.body) > BODY_LIMIT,
        }
        if any(faults.values()):
            raise BadInput(
                f"{self.name[:60]!r} does not fit into the collection {self.collection}.",
                why=next(text for text, is_so in faults.items() if is_so) + ".",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionScope:
    """Which items are asked for; what is empty asks for nothing.

    Attributes:
        collections: at least one.
        asker: the operator who asks: their own items and everybody's are found.
        kinds: of items.
        about: what they are about.
        since: written at or after this, epoch seconds; 0 for any.
    """

    collections: Collection[CollectionName]
    asker: str
    kinds: Collection[str] = ()
    about: Collection[str] = ()
    since: float = 0.0

    def narrows(self, name: CollectionName) -> bool:
        """Whether it asks for less than all that is in a collection."""
        return bool(self.kinds or self.about or self.since) or RULES[name].owner == "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderStamp:
    """What made a vector: those of another stamp are never compared with it.

    Attributes:
        rung: "ollama", "onnx" or "hashed".
        name: of the model.
        version: of what runs it and of how texts are cut.
        digest: of the model's weights, "" where there are none.
        dimension: of its vectors.
    """

    rung: str
    name: str
    version: str
    digest: str
    dimension: int
    key: str = field(init=False)
    """Sixteen hex digits that stand for all of it."""

    def __post_init__(self) -> None:
        said = "\0".join((self.rung, self.name, self.version, self.digest, str(self.dimension)))
        object.__setattr__(self, "key", hashlib.sha256(said.encode()).hexdigest()[:16])

    @property
    def is_learnt(self) -> bool:
        """Whether it knows what words mean, and not only how they are spelt."""
        return self.rung != "hashed"
